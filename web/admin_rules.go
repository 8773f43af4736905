package web

import (
	"context"
	"net/http"

	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

type rulesBody struct {
	Rules []shop.SearchRule `json:"rules" maxItems:"1000"`
}

type tryInput struct {
	Body struct {
		Text  string            `json:"text" minLength:"1" maxLength:"4000"`
		Rules []shop.SearchRule `json:"rules" maxItems:"1000"`
	}
}

// triedBody are the cards for an utterance under the rules that hold and under those that are tried.
type triedBody struct {
	Before []shop.Card `json:"before"`
	After  []shop.Card `json:"after"`
}

// ruleRoutes keep what the shop says about its search.
func (s *Server) ruleRoutes(api huma.API) {
	rules := s.parts.Operator.Rules
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/rules", "rules", "Synonyms and boosts of the search", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*struct{ Body rulesBody }, error) {
			all, err := rules.Rules(ctx)
			return answer(ctx, s, "rules not read", rulesBody{all}, err)
		})
	huma.Register(api, s.operation(api, http.MethodPut, adminAPI+"/rules", "setRules", "Put these rules in place of those that hold", http.StatusNoContent),
		func(ctx context.Context, in *struct{ Body rulesBody }) (*struct{}, error) {
			return nil, s.failed(ctx, "rules not kept", rules.SetRules(ctx, in.Body.Rules))
		})
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/rules/try", "tryRules", "What an utterance shows before and after; nothing is stored", http.StatusOK), s.tryRules)
}

func (s *Server) tryRules(ctx context.Context, in *tryInput) (*struct{ Body triedBody }, error) {
	clean, err := retrieval.CleanRules(in.Body.Rules)
	if err != nil {
		return nil, s.fail(ctx, "rules not tried", err)
	}
	turn := playgroundTurn(ctx, in.Body.Text)
	before, err := s.parts.Operator.Playground.Inspect(ctx, turn)
	if err != nil {
		return nil, s.fail(ctx, "rules not tried", err)
	}
	after, err := s.parts.Operator.Playground.InspectUnder(ctx, turn, clean)
	if err != nil {
		return nil, s.fail(ctx, "rules not tried", err)
	}
	return &struct{ Body triedBody }{triedBody{shownCards(before), shownCards(after)}}, nil
}

func shownCards(told shop.Inspection) []shop.Card {
	cards := []shop.Card{}
	for _, list := range told.Shown {
		cards = append(cards, list.Cards...)
	}
	return cards
}
