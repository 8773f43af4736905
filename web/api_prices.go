package web

import (
	"context"
	"net/http"

	"floorwalker/pricing"

	"github.com/danielgtaylor/huma/v2"
)

// Prices are proposals of prices, and decisions on them; *pricing.Book.
type Prices interface {
	Proposals(ctx context.Context, q pricing.Query) ([]pricing.Proposal, error)
	Finding(ctx context.Context, sku string) (pricing.Finding, error)
	Count(ctx context.Context) (pricing.Made, error)
	Accept(ctx context.Context, id int64, by pricing.Who) error
	Reject(ctx context.Context, id int64, by pricing.Who) error
}

type proposalsBody struct {
	Proposals []pricing.Proposal `json:"proposals"`
	Verdicts  pricing.Made       `json:"verdicts" doc:"How many products there are of each verdict"`
}

// ProposalsQuery is a part of the proposals.
type ProposalsQuery struct {
	State  string `query:"state" enum:"open,accepted,rejected" doc:"All where absent: open ones first, by what they bring"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Offset int    `query:"offset" minimum:"0" maximum:"1000000"`
}

type proposalsInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the admin token"`
	ProposalsQuery
}

type proposalInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the admin token"`
	ID            int64  `path:"id" minimum:"1"`
}

// deskProposalInput is one whose agent is known by the login.
type deskProposalInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type findingBody struct {
	pricing.Finding
	Words string `json:"words" doc:"The explanation, in plain words"`
}

// priceRoutes tell the shop's own systems what prices are proposed, and take decisions.
func (s *Server) priceRoutes(api huma.API) {
	if s.parts.Prices == nil {
		return
	}
	admin := []map[string][]string{{"admin": {}}}
	list := s.operation(api, http.MethodGet, "/api/prices", "proposals", "Prices that are proposed", http.StatusOK)
	list.Description = "Prices are proposed, and never set by themselves."
	one := s.operation(api, http.MethodGet, "/api/prices/products/{sku}", "priceFinding", "What was found for a product's price", http.StatusOK)
	accept := s.operation(api, http.MethodPost, "/api/prices/{id}/accept", "acceptPrice", "Make the proposed price the product's", http.StatusNoContent)
	reject := s.operation(api, http.MethodPost, "/api/prices/{id}/reject", "rejectPrice", "Leave the price as it is", http.StatusNoContent)
	list.Security, one.Security, accept.Security, reject.Security = admin, admin, admin, admin
	huma.Register(api, list, func(ctx context.Context, in *proposalsInput) (*struct{ Body proposalsBody }, error) {
		if err := s.admit(in.Authorization); err != nil {
			return nil, err
		}
		return s.proposals(ctx, in.ProposalsQuery)
	})
	huma.Register(api, one, func(ctx context.Context, in *productInput) (*struct{ Body findingBody }, error) {
		if err := s.admit(in.Authorization); err != nil {
			return nil, err
		}
		f, err := s.parts.Prices.Finding(ctx, in.SKU)
		return answer(ctx, s, "finding not read", findingBody{f, f.String()}, err)
	})
	by := pricing.Who{Name: "admin token"}
	huma.Register(api, accept, func(ctx context.Context, in *proposalInput) (*struct{}, error) {
		if err := s.admit(in.Authorization); err != nil {
			return nil, err
		}
		return nil, s.failed(ctx, "price not accepted", s.parts.Prices.Accept(ctx, in.ID, by))
	})
	huma.Register(api, reject, func(ctx context.Context, in *proposalInput) (*struct{}, error) {
		if err := s.admit(in.Authorization); err != nil {
			return nil, err
		}
		return nil, s.failed(ctx, "price not rejected", s.parts.Prices.Reject(ctx, in.ID, by))
	})
}

// priceDeskRoutes let operators decide.
func (s *Server) priceDeskRoutes(api huma.API) {
	if s.parts.Prices == nil {
		return
	}
	who := func(ctx context.Context) pricing.Who {
		return pricing.Who{Name: loginOf(ctx).Agent.ID, Address: s.addressOf(ctx)}
	}
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/prices", "prices", "Prices that are proposed, or were decided on", http.StatusOK),
		func(ctx context.Context, in *ProposalsQuery) (*struct{ Body proposalsBody }, error) {
			return s.proposals(ctx, *in)
		})
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/prices/{id}/accept", "accept", "Make the proposed price the product's", http.StatusNoContent),
		func(ctx context.Context, in *deskProposalInput) (*struct{}, error) {
			return nil, s.failed(ctx, "price not accepted", s.parts.Prices.Accept(ctx, in.ID, who(ctx)))
		})
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/prices/{id}/reject", "reject", "Leave the price as it is", http.StatusNoContent),
		func(ctx context.Context, in *deskProposalInput) (*struct{}, error) {
			return nil, s.failed(ctx, "price not rejected", s.parts.Prices.Reject(ctx, in.ID, who(ctx)))
		})
}

func (s *Server) proposals(ctx context.Context, q ProposalsQuery) (*struct{ Body proposalsBody }, error) {
	all, err := s.parts.Prices.Proposals(ctx, pricing.Query{State: pricing.State(q.State), Limit: q.Limit, Offset: q.Offset})
	if err != nil {
		return nil, s.fail(ctx, "proposals not read", err)
	}
	count, err := s.parts.Prices.Count(ctx)
	return answer(ctx, s, "proposals not counted", proposalsBody{all, count}, err)
}

var _ Prices = (*pricing.Book)(nil)
