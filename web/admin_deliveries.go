package web

import (
	"context"
	"net/http"

	"floorwalker/shop"
	"floorwalker/webhook"

	"github.com/danielgtaylor/huma/v2"
)

// mostDeliveries is how many deliveries a page lists.
const mostDeliveries = 200

type deliveriesInput struct {
	State string `query:"state" enum:"waiting,sent,seen,dead" doc:"Those of this state alone"`
}

// deliveriesBody are the newest messages that the shop's own server is told of.
type deliveriesBody struct {
	Told       bool               `json:"told" doc:"Whether the shop's own server is told at all (FLOORWALKER_WEBHOOK_URL)"`
	Counts     map[string]int     `json:"counts" doc:"How many are kept, by state"`
	Deliveries []webhook.Delivery `json:"deliveries" doc:"The newest 200"`
}

type replayInput struct {
	Body struct {
		IDs  []string `json:"ids,omitempty" maxItems:"200" doc:"Deliveries that have ended"`
		Dead bool     `json:"dead,omitempty" doc:"All that were given up"`
	}
}

type replayedBody struct {
	Replayed int `json:"replayed"`
}

// deliveryRoutes show what the shop's own server was told, and send it again.
func (s *Server) deliveryRoutes(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/deliveries", "deliveries", "Messages that the shop's own server is told of", http.StatusOK), s.deliveries)
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/deliveries/replay", "replayDeliveries", "Send deliveries again under their old ids", http.StatusOK), s.replay)
}

func (s *Server) deliveries(ctx context.Context, in *deliveriesInput) (*struct{ Body deliveriesBody }, error) {
	outbox := s.parts.Operator.Deliveries
	body := deliveriesBody{Told: outbox != nil, Counts: map[string]int{}, Deliveries: []webhook.Delivery{}}
	if outbox == nil {
		return &struct{ Body deliveriesBody }{body}, nil
	}
	var err error
	if body.Counts, err = outbox.Counts(ctx); err != nil {
		return nil, s.fail(ctx, "deliveries not counted", err)
	}
	if body.Deliveries, err = outbox.List(ctx, in.State, mostDeliveries); err != nil {
		return nil, s.fail(ctx, "deliveries not listed", err)
	}
	return &struct{ Body deliveriesBody }{body}, nil
}

func (s *Server) replay(ctx context.Context, in *replayInput) (*struct{ Body replayedBody }, error) {
	outbox := s.parts.Operator.Deliveries
	if outbox == nil {
		return nil, refuse(http.StatusConflict, shop.CodeConflict, "The shop's own server is told of nothing. Set FLOORWALKER_WEBHOOK_URL.")
	}
	if in.Body.Dead == (len(in.Body.IDs) > 0) {
		return nil, refuse(http.StatusBadRequest, shop.CodeBadRequest, "Name the deliveries, or say dead for all that were given up.")
	}
	n, err := outbox.Replay(ctx, in.Body.IDs)
	return answer(ctx, s, "deliveries not replayed", replayedBody{n}, err)
}
