package web

import (
	"context"
	"net/http"

	"floorwalker/ranking"

	"github.com/danielgtaylor/huma/v2"
)

// rankingRoutes tell operators why products stand where they do.
func (s *Server) rankingRoutes(api huma.API) {
	if s.parts.Rankings == nil {
		return
	}
	explain := s.operation(api, http.MethodGet, "/api/rankings/explanation", "explainRanking", "Say what put a product where it stands", http.StatusOK)
	explain.Description = "Searches and ranks as for a customer, and gives each feature's exact share of the score and what each word did to the model's. " +
		"It runs the model once a word."
	explain.Security = []map[string][]string{{"admin": {}}}
	huma.Register(api, explain, s.explainRanking)
}

func (s *Server) explainRanking(ctx context.Context, in *struct {
	Authorization string `header:"Authorization" doc:"Bearer and the admin token"`
	Query         string `query:"query" required:"true" minLength:"1" maxLength:"300" doc:"What was asked, in search words"`
	SKU           string `query:"sku" required:"true" minLength:"1" maxLength:"200" doc:"The product"`
}) (*struct{ Body ranking.Explanation }, error) {
	if err := s.admit(in.Authorization); err != nil {
		return nil, err
	}
	explained, err := s.parts.Rankings.Explain(ctx, in.Query, in.SKU)
	if err != nil {
		return nil, s.fail(ctx, "ranking not explained", err)
	}
	return &struct{ Body ranking.Explanation }{explained}, nil
}
