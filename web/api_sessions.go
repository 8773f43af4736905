package web

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"floorwalker/dialog"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

var errorType = reflect.TypeFor[apiError]()

type openInput struct {
	Body struct {
		Locale string `json:"locale,omitempty" enum:"en,zh" doc:"Language of the client's interface"`
	}
}

type openOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         dialog.Opened
}

type ticketInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Session string `json:"session" minLength:"1" maxLength:"64" doc:"The session's id"`
	}
}

type ticketOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Ticket    string `json:"ticket" doc:"Goes into Sec-WebSocket-Protocol as ticket.<ticket>, beside floorwalker.v1"`
		ExpiresMS int64  `json:"expires_ms" doc:"For how many milliseconds it can be used, once"`
	}
}

// sessionRoutes let customers in.
func (s *Server) sessionRoutes(api huma.API) {
	open := s.operation(api, http.MethodPost, "/api/sessions", "openSession", "Open an anonymous session", http.StatusCreated)
	open.Description = "The secret is shown once. Keep it: it is what gets tickets, and history on return."
	open.MaxBodyBytes = 4 << 10
	huma.Register(api, open, s.openSession)
	ticket := s.operation(api, http.MethodPost, "/api/tickets", "getTicket", "Get a ticket for one WebSocket", http.StatusCreated)
	ticket.MaxBodyBytes = 4 << 10
	ticket.Security = []map[string][]string{{"session": {}}}
	huma.Register(api, ticket, s.getTicket)
}

func (s *Server) openSession(ctx context.Context, in *openInput) (*openOutput, error) {
	opened, err := s.parts.Sessions.Open(ctx, dialog.OpenRequest{Lang: shop.Lang(in.Body.Locale)})
	if err != nil {
		return nil, s.fail(ctx, "session not opened", err)
	}
	return &openOutput{CacheControl: "no-store", Body: opened}, nil
}

func (s *Server) getTicket(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	secret := bearer(in.Authorization)
	if secret == "" {
		return nil, refuse(http.StatusUnauthorized, shop.CodeForbidden, "Send Authorization: Bearer and the session's secret.")
	}
	session, err := s.parts.Sessions.Authenticate(ctx, in.Body.Session, secret)
	if errors.Is(err, dialog.ErrForbidden) || errors.Is(err, dialog.ErrNoSession) {
		// Which of the two it was would tell a stranger what sessions there are.
		return nil, refuse(http.StatusUnauthorized, shop.CodeForbidden, "This session is unknown or its secret does not fit. Open a new one.")
	}
	if err != nil {
		return nil, s.fail(ctx, "session not authenticated", err)
	}
	ticket, err := s.tickets.issue(ctx, session.ID)
	if err != nil {
		return nil, s.fail(ctx, "ticket not issued", err)
	}
	out := &ticketOutput{CacheControl: "no-store"}
	out.Body.Ticket, out.Body.ExpiresMS = ticket, s.c.TicketLife.Milliseconds()
	return out, nil
}
