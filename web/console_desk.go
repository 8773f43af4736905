package web

import (
	"context"
	"net/http"

	"floorwalker/desk"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

// answer wraps what a call of the desk returned.
func answer[T any](ctx context.Context, s *Server, what string, value T, err error) (*struct{ Body T }, error) {
	if err != nil {
		return nil, s.fail(ctx, what, err)
	}
	return &struct{ Body T }{value}, nil
}

type awayInput struct {
	Body struct {
		Away bool `json:"away"`
	}
}

type ticketsBody struct {
	Tickets []desk.Ticket `json:"tickets"`
}

type repliesBody struct {
	Replies []desk.Canned `json:"replies"`
}

type queuesBody struct {
	Queues []desk.Queue `json:"queues"`
}

type agentsBody struct {
	Agents []agentBody `json:"agents"`
}

type auditBody struct {
	Entries []desk.Entry `json:"entries"`
}

type replyPut struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Lang  string `json:"lang,omitempty" maxLength:"2" doc:"en or zh; empty for any"`
		Title string `json:"title" maxLength:"200"`
		Text  string `json:"text" maxLength:"16000" doc:"May hold {agent}, {customer}, {product}, {queue}, {order}, {order_status}, {order_eta} and {order_tracking}"`
	}
}

type queuePut struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Name       string     `json:"name" maxLength:"200"`
		Department string     `json:"department,omitempty" maxLength:"80"`
		Langs      []string   `json:"langs,omitempty" maxItems:"10"`
		Topics     []string   `json:"topics,omitempty" maxItems:"40" doc:"Reasons and intents that go here; none takes all"`
		Timezone   string     `json:"timezone,omitempty" maxLength:"64"`
		Hours      desk.Hours `json:"hours,omitempty" doc:"{\"mon\":[[\"09:00\",\"18:00\"]]}; no day at all is always open"`
		Patience   int        `json:"patience_seconds,omitempty" doc:"After how long a contact form is offered; 300 where absent"`
	}
}

// deskRoutes are what an agent does beside conversations.
func (s *Server) deskRoutes(api huma.API) {
	d := s.parts.Desk
	get := func(path, id, summary string) huma.Operation {
		return s.operation(api, http.MethodGet, consoleAPI+path, id, summary, http.StatusOK)
	}
	change := func(method, path, id, summary string) huma.Operation {
		return s.operation(api, method, consoleAPI+path, id, summary, http.StatusNoContent)
	}
	huma.Register(api, change(http.MethodPost, "/away", "away", "Want new conversations, or not just now"), func(ctx context.Context, in *awayInput) (*struct{}, error) {
		return nil, s.failed(ctx, "not noted", d.SetAway(ctx, loginOf(ctx).Agent, in.Body.Away))
	})
	huma.Register(api, get("/products", "searchProducts", "Search products to send as cards"), s.searchProducts)
	huma.Register(api, get("/overview", "overview", "For supervisors: who waits how long, who has how much"), func(ctx context.Context, _ *struct{}) (*struct{ Body desk.Overview }, error) {
		o, err := d.Overview(ctx, loginOf(ctx).Agent)
		return answer(ctx, s, "overview not read", o, err)
	})
	huma.Register(api, get("/tickets", "tickets", "Open tickets of the contact form"), func(ctx context.Context, _ *struct{}) (*struct{ Body ticketsBody }, error) {
		all, err := d.Tickets(ctx, loginOf(ctx).Agent)
		return answer(ctx, s, "tickets not read", ticketsBody{all}, err)
	})
	huma.Register(api, change(http.MethodPost, "/tickets/{id}/close", "closeTicket", "The ticket was answered"), func(ctx context.Context, in *struct {
		ID int64 `path:"id"`
	}) (*struct{}, error) {
		return nil, s.failed(ctx, "ticket not closed", d.CloseTicket(ctx, loginOf(ctx).Agent, in.ID))
	})
	huma.Register(api, get("/replies", "replies", "Canned replies, variables as they are"), func(ctx context.Context, _ *struct{}) (*struct{ Body repliesBody }, error) {
		all, err := d.Replies(ctx)
		return answer(ctx, s, "replies not read", repliesBody{all}, err)
	})
	if s.parts.Suggestions != nil {
		huma.Register(api, get("/conversations/{session}/suggestions", "suggestionsFor", "Products that the assistant would show this customer now"), s.suggestionsFor)
	}
	huma.Register(api, get("/conversations/{session}/replies", "repliesFor", "Canned replies in the conversation's language, filled in"), s.repliesFor)
	huma.Register(api, change(http.MethodPut, "/replies/{id}", "putReply", "For supervisors: make or change a canned reply"), func(ctx context.Context, in *replyPut) (*struct{}, error) {
		c := desk.Canned{ID: in.ID, Lang: in.Body.Lang, Title: in.Body.Title, Text: in.Body.Text}
		return nil, s.failed(ctx, "reply not kept", d.PutReply(ctx, loginOf(ctx).Agent, c))
	})
	huma.Register(api, change(http.MethodDelete, "/replies/{id}", "deleteReply", "For supervisors: take a canned reply away"), func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		return nil, s.failed(ctx, "reply not deleted", d.DeleteReply(ctx, loginOf(ctx).Agent, in.ID))
	})
	huma.Register(api, get("/queues", "queues", "All queues with their business hours"), func(ctx context.Context, _ *struct{}) (*struct{ Body queuesBody }, error) {
		all, err := d.Queues(ctx)
		return answer(ctx, s, "queues not read", queuesBody{all}, err)
	})
	huma.Register(api, change(http.MethodPut, "/queues/{id}", "putQueue", "For admins: make or change a queue"), func(ctx context.Context, in *queuePut) (*struct{}, error) {
		b := in.Body
		q := desk.Queue{ID: in.ID, Name: b.Name, Department: b.Department, Langs: b.Langs, Topics: b.Topics, Timezone: b.Timezone, Hours: b.Hours, Patience: b.Patience}
		return nil, s.failed(ctx, "queue not kept", d.PutQueue(ctx, loginOf(ctx).Agent, q))
	})
	huma.Register(api, get("/audit", "audit", "For supervisors: who saw and did what, newest first"), func(ctx context.Context, in *struct {
		Agent   string `query:"agent" maxLength:"64"`
		Session string `query:"session" maxLength:"64"`
		Before  int64  `query:"before" minimum:"0"`
	}) (*struct{ Body auditBody }, error) {
		all, err := d.AuditLog(ctx, loginOf(ctx).Agent, in.Agent, in.Session, in.Before)
		return answer(ctx, s, "audit log not read", auditBody{all}, err)
	})
	s.accountRoutes(api)
}

// accountRoutes keep the accounts of the desk.
func (s *Server) accountRoutes(api huma.API) {
	d := s.parts.Desk
	huma.Register(api, s.operation(api, http.MethodGet, consoleAPI+"/agents", "agents", "For supervisors: all accounts", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*struct{ Body agentsBody }, error) {
			if !loginOf(ctx).Agent.Supervises() {
				return nil, refuse(http.StatusForbidden, shop.CodeForbidden, "Supervisors see the accounts.")
			}
			all, err := d.Agents(ctx)
			body := agentsBody{Agents: []agentBody{}}
			for _, a := range all {
				body.Agents = append(body.Agents, agentOf(a))
			}
			return answer(ctx, s, "accounts not read", body, err)
		})
	huma.Register(api, s.operation(api, http.MethodPost, consoleAPI+"/agents/{id}/disable", "disableAgent", "For admins: close or open an account", http.StatusNoContent),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"64"`
			Body struct {
				Disabled bool `json:"disabled"`
			}
		}) (*struct{}, error) {
			if loginOf(ctx).Agent.Role != desk.RoleAdmin {
				return nil, refuse(http.StatusForbidden, shop.CodeForbidden, "Admins close accounts.")
			}
			return nil, s.failed(ctx, "account not closed", d.Disable(ctx, in.ID, in.Body.Disabled))
		})
}

// repliesFor fills the canned replies with what is known, the customer's latest order too.
func (s *Server) repliesFor(ctx context.Context, in *conversationInput) (*struct{ Body repliesBody }, error) {
	session, err := s.parts.Sessions.Session(ctx, in.Session)
	if err != nil {
		return nil, s.fail(ctx, "session not read", err)
	}
	var latest *shop.Order
	if s.parts.Purchases != nil && session.Customer != "" {
		orders, err := s.parts.Purchases.Of(ctx, session.Customer)
		if code, _ := shop.CodeOf(err); err != nil && code != shop.CodeUnavailable { // the replies then lack the order
			return nil, s.fail(ctx, "orders not read", err)
		}
		if len(orders) > 0 {
			latest = &orders[0]
		}
	}
	all, err := s.parts.Desk.RepliesFor(ctx, loginOf(ctx).Agent, in.Session, latest)
	return answer(ctx, s, "replies not read", repliesBody{all}, err)
}

// suggestionsFor proposes products for a customer; those are shown to nobody before the agent sends them.
func (s *Server) suggestionsFor(ctx context.Context, in *conversationInput) (*struct{ Body cardsBody }, error) {
	turn, err := s.parts.Desk.Turn(ctx, loginOf(ctx).Agent, in.Session)
	if err != nil {
		return nil, s.fail(ctx, "conversation not read", err)
	}
	cards, err := s.parts.Suggestions.Suggest(ctx, turn)
	if cards.Cards == nil {
		cards.Cards = []shop.Card{}
	}
	return answer(ctx, s, "nothing suggested", cardsBody{cards.Cards}, err)
}

type cardsBody struct {
	Cards []shop.Card `json:"cards"`
}

func (s *Server) searchProducts(ctx context.Context, in *struct {
	Text string `query:"q" required:"true" minLength:"1" maxLength:"300"`
	Lang string `query:"lang" enum:"en,zh" default:"en"`
}) (*struct{ Body cardsBody }, error) {
	const most = 12
	found, err := s.parts.Catalogue.Search(ctx, shop.Query{Text: in.Text, Lang: shop.Lang(in.Lang), Limit: most})
	if err != nil {
		return nil, s.fail(ctx, "catalogue not searched", err)
	}
	var products []shop.Product
	var skus []string
	for _, c := range found {
		products, skus = append(products, c.Product), append(skus, c.Product.SKU)
	}
	return &struct{ Body cardsBody }{cardsBody{cardsOf(products, skus, shop.Lang(in.Lang))}}, nil
}
