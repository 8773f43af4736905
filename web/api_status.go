package web

import (
	"context"
	"net/http"
	"unicode"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// Readiness is whether the shop can answer, and what each part of it does.
type Readiness struct {
	// Ready is true when customers can be answered, be it without a language model.
	Ready bool `json:"ready"`
	// Components by name: postgres, nats, llm, ranker, catalogue.
	Components map[string]Component `json:"components"`
}

// Component is one part of the shop.
type Component struct {
	// State is ready, starting, building (being fetched or built; the shop works without it meanwhile), absent
	// (not there or not wanted) or failed.
	State string `json:"state"`
	// Detail is for people: a version, a count, a progress. Never an address or a secret.
	Detail string `json:"detail,omitempty"`
}

// StateReady is the state of a component that works.
const StateReady = "ready"

// ComponentLLM is the name of the language model among the components.
const ComponentLLM = "llm"

// capabilities is what clients may count on.
type capabilities struct {
	Version   string           `json:"version,omitempty" doc:"Version of the server"`
	Protocol  int              `json:"protocol" doc:"Version of the wire protocol"`
	Limits    capabilityLimits `json:"limits"`
	Languages []shop.Lang      `json:"languages"`
	Filters   []string         `json:"filters" doc:"Limits that a search can hold to"`
	Sorts     []shop.Sort      `json:"sorts"`
	LLM       Component        `json:"llm" doc:"Whether the language model is up. Answers come either way."`
	// Catalogues are the sources of the products that are there.
	Catalogues  []string `json:"catalogues"`
	LinkOrigins []string `json:"link_origins" doc:"Where links in what the assistant and people at the desk write may lead; other addresses stay text"`
}

type capabilityLimits struct {
	FrameBytes   int `json:"frame_bytes"`
	FrameDepth   int `json:"frame_depth"`
	TextChars    int `json:"text_chars"`
	ClientMsgID  int `json:"client_msg_id_bytes"`
	CartQuantity int `json:"cart_quantity"`
}

type healthOutput struct {
	Body struct {
		OK bool `json:"ok"`
	}
}

type statusOutput struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         Readiness
}

type articleOutput struct {
	Body struct {
		Slug  string    `json:"slug"`
		Topic string    `json:"topic"`
		Lang  shop.Lang `json:"lang"`
		Title string    `json:"title"`
		Text  string    `json:"text"`
	}
}

// statusRoutes say what is up and what clients may count on.
func (s *Server) statusRoutes(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodGet, "/healthz", "health", "Is the process alive?", http.StatusOK),
		func(context.Context, *struct{}) (*healthOutput, error) {
			out := &healthOutput{}
			out.Body.OK = true
			return out, nil
		})
	huma.Register(api, s.operation(api, http.MethodGet, "/readyz", "readiness", "What is up? 503 while customers can't be answered", http.StatusOK), s.ready)
	huma.Register(api, s.operation(api, http.MethodGet, "/capabilities", "capabilities", "What clients may count on", http.StatusOK), s.capable)
	huma.Register(api, s.operation(api, http.MethodGet, "/api/articles/{slug}", "getArticle", "Read an article that an answer cites", http.StatusOK), s.article)
}

func (s *Server) ready(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	r := s.parts.Status(ctx)
	if s.stopping.Load() {
		r.Ready = false
	}
	out := &statusOutput{Status: http.StatusOK, CacheControl: "no-store", Body: r}
	if !r.Ready {
		out.Status = http.StatusServiceUnavailable
	}
	return out, nil
}

func (s *Server) capable(ctx context.Context, _ *struct{}) (*struct{ Body capabilities }, error) {
	sources, err := s.parts.Catalogue.Catalogues(ctx)
	if err != nil {
		return nil, s.fail(ctx, "catalogues not listed", err)
	}
	if sources == nil {
		sources = []string{}
	}
	llm := s.parts.Status(ctx).Components[ComponentLLM]
	orElse(&llm.State, "absent")
	c := capabilities{Version: s.c.Version, LLM: llm, Protocol: protocol.Version, Languages: []shop.Lang{shop.English, shop.Chinese}, Catalogues: sources, LinkOrigins: s.links,
		Filters: []string{"audience", "brand", "category", "color", "exclude", "in_stock", "material", "price_max", "price_min", "size"},
		Sorts:   []shop.Sort{shop.SortPriceAsc, shop.SortPriceDesc, shop.SortRating, shop.SortNewest},
		Limits: capabilityLimits{FrameBytes: protocol.MaxFrame, FrameDepth: protocol.MaxDepth, TextChars: protocol.MaxText,
			ClientMsgID: protocol.MaxClientMsgID, CartQuantity: protocol.MaxQuantity}}
	return &struct{ Body capabilities }{c}, nil
}

func (s *Server) article(ctx context.Context, in *struct {
	Slug string `path:"slug" maxLength:"200"`
	Lang string `query:"lang" enum:"en,zh" default:"en"`
}) (*articleOutput, error) {
	none := refuse(http.StatusNotFound, shop.CodeNotFound, "There is no article of this name.")
	if s.parts.Articles == nil {
		return nil, none
	}
	a, err := s.parts.Articles.Article(ctx, in.Slug)
	if err != nil {
		return nil, s.fail(ctx, "article not read", err)
	}
	out := &articleOutput{}
	b := &out.Body
	b.Slug, b.Topic, b.Lang = a.Slug, a.Topic, shop.Lang(in.Lang)
	if a.Titles[in.Lang] == "" {
		b.Lang = shop.English
	}
	b.Title, b.Text = a.Titles[string(b.Lang)], a.Bodies[string(b.Lang)]
	if b.Title == "" {
		return nil, none
	}
	return out, nil
}
