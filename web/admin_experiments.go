package web

import (
	"bytes"
	"context"
	"net/http"

	"floorwalker/experiments"

	"github.com/danielgtaylor/huma/v2"
)

type experimentsBody struct {
	Experiments []experiments.Experiment `json:"experiments"`
}

type experimentInput struct {
	ID string `path:"id" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$"`
}

type drawnOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Policy       string `header:"Content-Security-Policy"`
	Body         []byte
}

// experimentRoutes show what came of experiments, as figures and as a picture.
func (s *Server) experimentRoutes(api huma.API) {
	book := s.parts.Operator.Experiments
	if book == nil {
		return
	}
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/experiments", "experiments", "All experiments, the latest first", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*struct{ Body experimentsBody }, error) {
			all, err := book.List(ctx)
			if all == nil {
				all = []experiments.Experiment{}
			}
			return answer(ctx, s, "experiments not read", experimentsBody{all}, err)
		})
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/experiments/{id}", "experimentResults", "What came of an experiment so far; looking at it, however often, spoils nothing", http.StatusOK),
		func(ctx context.Context, in *experimentInput) (*struct{ Body experiments.Results }, error) {
			results, err := book.Results(ctx, in.ID)
			return answer(ctx, s, "experiment not read", results, err)
		})
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/experiments/{id}/picture", "experimentPicture", "The same as a picture (SVG)", http.StatusOK),
		func(ctx context.Context, in *experimentInput) (*drawnOutput, error) {
			results, err := book.Results(ctx, in.ID)
			var drawn bytes.Buffer
			if err == nil {
				err = results.Picture(&drawn)
			}
			if err != nil {
				return nil, s.fail(ctx, "experiment not drawn", err)
			}
			return &drawnOutput{ContentType: "image/svg+xml", CacheControl: "no-store", Policy: picturePolicy, Body: drawn.Bytes()}, nil
		})
}
