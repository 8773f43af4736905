package web

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"floorwalker/dialog"
	"floorwalker/identity"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

// errStranger turns visitors away where the shop talks with known customers alone.
var errStranger = refuse(http.StatusUnauthorized, protocol.CodeIdentityRequired, "This shop talks with customers who are logged in. Log in to the shop and try again.")

var errorType = reflect.TypeFor[apiError]()

type openInput struct {
	Origin string `header:"Origin"`
	Body   struct {
		Key    string `json:"key,omitempty" doc:"The data-key of the page's tag, for pages of FLOORWALKER_SITE_KEYS"`
		Locale string `json:"locale,omitempty" enum:"en,zh" doc:"Language of the client's interface"`
		Token  string `json:"token,omitempty" maxLength:"8192" doc:"The shop's token of a known customer, whose session is then continued or opened"`
		// Platform keeps apart what the customer allows.
		Platform string `json:"platform,omitempty" default:"web" maxLength:"32" pattern:"^[a-z0-9][a-z0-9._-]*$" doc:"Where the client is: web, mobile, or the shop's own name of another of its platforms. What the customer allows holds on the platform where it was said"`
	}
}

// openOutput is a session and the secret that continues it.
type openOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         dialog.Opened
}

// deviceInput is what a device says that holds a session's secret.
type deviceInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Session string `json:"session" minLength:"1" maxLength:"64" doc:"The session's id"`
	}
}

// ticketInput is a device that wants to connect, from where.
type ticketInput struct {
	Origin        string `header:"Origin"`
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Key     string `json:"key,omitempty" doc:"The data-key of the page's tag, for pages of FLOORWALKER_SITE_KEYS"`
		Session string `json:"session" minLength:"1" maxLength:"64" doc:"The session's id"`
	}
}

type identifyInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Session string `json:"session" minLength:"1" maxLength:"64" doc:"The session's id"`
		Token   string `json:"token" minLength:"1" maxLength:"8192" doc:"The shop's token of the customer"`
	}
}

type ticketOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Ticket    string `json:"ticket" doc:"Goes into Sec-WebSocket-Protocol as ticket.<ticket>, beside floorwalker.v1"`
		ExpiresMS int64  `json:"expires_ms" doc:"For how many milliseconds it can be used, once"`
	}
}

type logoutOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Session string `json:"session,omitempty"`
		Secret  string `json:"secret,omitempty"`
		Epoch   string `json:"epoch,omitempty"`
	}
}

const (
	// maxSessionBody bounds in bytes what opens or continues a session, maxTokenBody what carries a token.
	maxSessionBody = 4 << 10
	maxTokenBody   = 16 << 10
)

// sessionRoutes let customers in and out.
func (s *Server) sessionRoutes(api huma.API) {
	open := s.operation(api, http.MethodPost, "/api/sessions", "openSession", "Open a session", http.StatusCreated)
	open.Description = "The secret is shown once. Keep it: it is what gets tickets, and history on return. With a token of the " +
		"shop the session is the customer's, the same on all of the customer's devices."
	open.MaxBodyBytes = maxTokenBody
	huma.Register(api, open, s.openSession)
	ticket := s.operation(api, http.MethodPost, "/api/tickets", "getTicket", "Get a ticket for one WebSocket", http.StatusCreated)
	login := s.operation(api, http.MethodPost, "/api/login", "login", "Say who the customer is", http.StatusOK)
	login.Description = "What was said and the cart become the customer's. The answer's session and secret take the place of those that the device had; its sockets are closed with 4201."
	logout := s.operation(api, http.MethodPost, "/api/logout", "logout", "Leave the customer's session", http.StatusOK)
	logout.Description = "The device's secret ends and its sockets are closed with 4201; other devices stay. The answer is a visitor's " +
		"new session; it is empty where visitors are not let in."
	for _, o := range []*huma.Operation{&ticket, &login, &logout} {
		o.MaxBodyBytes = maxSessionBody
		o.Security = []map[string][]string{{"session": {}}}
	}
	login.MaxBodyBytes = maxTokenBody
	huma.Register(api, ticket, s.getTicket)
	huma.Register(api, login, s.login)
	huma.Register(api, logout, s.logout)
}

func (s *Server) openSession(ctx context.Context, in *openInput) (*openOutput, error) {
	if !s.siteKeyHolds(in.Origin, in.Body.Key) {
		return nil, errSiteKey
	}
	var opened dialog.Opened
	var err error
	open := dialog.OpenRequest{Lang: shop.Lang(in.Body.Locale), Platform: in.Body.Platform}
	switch {
	case in.Body.Token != "":
		var customer identity.Customer
		if customer, err = s.verify(ctx, in.Body.Token, ""); err != nil {
			return nil, err
		}
		opened, err = s.parts.Sessions.OpenCustomer(ctx, customer.ID, open)
	case s.c.VerifiedOnly:
		return nil, errStranger
	default:
		opened, err = s.parts.Sessions.Open(ctx, open)
	}
	if err != nil {
		return nil, s.fail(ctx, "session not opened", err)
	}
	return &openOutput{CacheControl: "no-store", Body: opened}, nil
}

// verify says who the token speaks of. What is wrong with a token is 401, with the verifier's code.
func (s *Server) verify(ctx context.Context, token, sessionID string) (identity.Customer, error) {
	if s.parts.Identity == nil {
		return identity.Customer{}, refuse(http.StatusBadRequest, shop.CodeBadRequest, "This shop knows no customers here. Open a session without a token.")
	}
	customer, err := s.parts.Identity.Verify(ctx, token, sessionID)
	if code, message := shop.CodeOf(err); err != nil && code != shop.CodeInternal {
		return customer, refuse(http.StatusUnauthorized, code, message)
	}
	if err != nil {
		return customer, s.fail(ctx, "token not verified", err)
	}
	return customer, nil
}

// authenticate is the session whose secret the request carries.
func (s *Server) authenticate(ctx context.Context, authorization, sessionID string) (dialog.Session, error) {
	secret := bearer(authorization)
	if secret == "" {
		return dialog.Session{}, refuse(http.StatusUnauthorized, shop.CodeForbidden, "Send Authorization: Bearer and the session's secret.")
	}
	session, err := s.parts.Sessions.Authenticate(ctx, sessionID, secret)
	if errors.Is(err, dialog.ErrForbidden) || errors.Is(err, dialog.ErrNoSession) {
		// Which of the two it was would tell a stranger what sessions there are.
		return session, refuse(http.StatusUnauthorized, shop.CodeForbidden, "This session is unknown or its secret does not fit. Open a new one.")
	}
	if err != nil {
		return session, s.fail(ctx, "session not authenticated", err)
	}
	return session, nil
}

func (s *Server) getTicket(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	if !s.siteKeyHolds(in.Origin, in.Body.Key) { // a key may have been withdrawn since the session was opened
		return nil, errSiteKey
	}
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	if s.c.VerifiedOnly && session.Customer == "" {
		return nil, errStranger
	}
	who := session.Customer
	orElse(&who, session.ID)
	if !s.ticketRate.allow(who) {
		return nil, refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "This conversation is opened too often. Wait a little and connect again.")
	}
	ticket, err := s.tickets.issue(ctx, holder{session.ID, session.Device, session.Platform})
	if err != nil {
		return nil, s.fail(ctx, "ticket not issued", err)
	}
	out := &ticketOutput{CacheControl: "no-store"}
	out.Body.Ticket, out.Body.ExpiresMS = ticket, s.c.TicketLife.Milliseconds()
	return out, nil
}

func (s *Server) login(ctx context.Context, in *identifyInput) (*openOutput, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	customer, err := s.verify(ctx, in.Body.Token, session.ID)
	if err != nil {
		return nil, err
	}
	opened, err := s.parts.Sessions.Identify(ctx, session.ID, dialog.Device{ID: session.Device, Platform: session.Platform}, customer.ID)
	if err != nil {
		return nil, s.fail(ctx, "customer not identified", err)
	}
	s.showCart(ctx, opened.SessionID, customer.ID)
	return &openOutput{CacheControl: "no-store", Body: opened}, nil
}

// showCart shows the customer's devices what the cart holds after a visitor's came into it.
func (s *Server) showCart(ctx context.Context, sessionID, customer string) {
	if s.parts.Carts == nil {
		return
	}
	const patience = 2 * time.Second // a login does not wait for a shop that is slow
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cart, err := s.parts.Carts.Get(ctx, customer)
	if err == nil && len(cart.Lines) > 0 {
		err = s.parts.Sessions.CartChanged(ctx, sessionID, cart)
	}
	if err != nil {
		s.log.Warn("the cart is not shown after a login; its next change shows it", "session", sessionID, "error", err)
	}
}

func (s *Server) logout(ctx context.Context, in *deviceInput) (*logoutOutput, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	out := &logoutOutput{CacheControl: "no-store"}
	if err := s.parts.Sessions.SignOut(ctx, session.ID, session.Device); err != nil {
		return nil, s.fail(ctx, "device not signed out", err)
	}
	if s.c.VerifiedOnly {
		return out, nil
	}
	opened, err := s.parts.Sessions.Open(ctx, dialog.OpenRequest{Lang: session.Lang, Platform: session.Platform})
	if err != nil {
		return nil, s.fail(ctx, "session not opened", err)
	}
	out.Body.Session, out.Body.Secret, out.Body.Epoch = opened.SessionID, opened.Secret, opened.Epoch
	return out, nil
}
