package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"floorwalker/desk"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// The console's cookie. Behind TLS it is bound to the host and never sent without; the plain one is for
// http on the agent's own machine.
const (
	secureCookie = "__Host-floorwalker-desk"
	plainCookie  = "floorwalker-desk"
	consoleAPI   = "/console/api"
	csrfHeader   = "X-CSRF-Token"
)

// consoleRoutes serve agents: their page, its API, and the socket that is live.
func (s *Server) consoleRoutes(mux *router) {
	if s.parts.Desk == nil {
		return
	}
	inner := newRouter()
	c := huma.DefaultConfig("Floorwalker desk", "1")
	c.Info.Description = "What the agents' console uses. Log in first; every call but GET carries X-CSRF-Token and an Origin of the list."
	c.DocsPath, c.SchemasPath, c.CreateHooks, c.OpenAPIPath = "", "", nil, consoleAPI+"/openapi"
	c.Transformers = append(c.Transformers, ownError)
	api := humago.New(inner, c)
	s.loginRoutes(api)
	s.conversationRoutes(api)
	s.deskRoutes(api)
	s.adminRoutes(api)
	s.deskAPI = api.OpenAPI()
	mux.Handle(consoleAPI+"/", s.consoleDoor(inner))
	describe(api, huma.Operation{OperationID: "consoleSocket", Method: http.MethodGet, Path: "/console/ws", Summary: "Open the console's WebSocket",
		Description: "The console's cookie opens it; docs/asyncapi.json describes what goes over it.", Responses: map[string]*huma.Response{"101": {Description: "The WebSocket is open"}}})
	mux.HandleFunc("GET /console/ws", s.serveConsole)
	mux.patterns = append(mux.patterns, inner.patterns...)
	servePage(mux, "console", "/console/static/", "/console", "/console/{$}")
	if s.parts.Operator != nil {
		servePage(mux, "admin", "/console/admin/static/", "/admin", "/console/admin")
	}
}

// consoleHost is false for a host that the console is not served under.
func (s *Server) consoleHost(r *http.Request) bool {
	return len(s.consoleHosts) == 0 || s.consoleHosts[strings.ToLower(r.Host)]
}

type loginKey struct{}

// loginOf is the login that consoleDoor found.
func loginOf(ctx context.Context) desk.Login {
	l, _ := ctx.Value(loginKey{}).(desk.Login)
	return l
}

type requestKey struct{}

// consoleDoor lets in who is logged in. What changes something must come from a page of the console, with the
// token that only such a page can know.
func (s *Server) consoleDoor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		origins := r.Header.Values("Origin")
		known := len(origins) == 1 && s.consoleOrigins[origins[0]]
		if !known && (!reads || len(origins) > 0) {
			writeError(w, refuse(http.StatusForbidden, shop.CodeForbidden, "This page's origin is not on the console's list."))
			return
		}
		ctx := context.WithValue(r.Context(), requestKey{}, r)
		if r.URL.Path != consoleAPI+"/login" {
			l, err := s.parts.Desk.Resume(ctx, cookieOf(r))
			if errors.Is(err, desk.ErrNoLogin) {
				code, message := shop.CodeOf(err)
				writeError(w, refuse(http.StatusUnauthorized, code, message))
				return
			}
			if err != nil {
				writeError(w, s.fail(ctx, "login not found", err))
				return
			}
			if !reads && !l.CheckCSRF(r.Header.Get(csrfHeader)) {
				writeError(w, refuse(http.StatusForbidden, "csrf", "Send the csrf token of your login in X-CSRF-Token. Reload the page."))
				return
			}
			if strings.HasPrefix(r.URL.Path, adminAPI+"/") && l.Agent.Role != desk.RoleAdmin {
				writeError(w, refuse(http.StatusForbidden, shop.CodeForbidden, "Admins work here. Ask one of them for the role."))
				return
			}
			ctx = context.WithValue(ctx, loginKey{}, l)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func cookieOf(r *http.Request) string {
	for _, name := range []string{secureCookie, plainCookie} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return c.Value
		}
	}
	return ""
}

// cookie is the console's cookie for a page under this scheme.
func (s *Server) cookie(r *http.Request, token string, life int) *http.Cookie {
	c := &http.Cookie{Name: plainCookie, Value: token, Path: "/console", MaxAge: life, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://") {
		c.Name, c.Path, c.Secure = secureCookie, "/", true
	}
	return c
}

type loginInput struct {
	Body struct {
		ID       string `json:"id" maxLength:"64"`
		Password string `json:"password" maxLength:"800"`
		Code     string `json:"code,omitempty" maxLength:"10" doc:"Second factor, where one is set; asked for with totp_required"`
	}
}

type loginBody struct {
	Agent agentBody `json:"agent"`
	CSRF  string    `json:"csrf" doc:"Goes into X-CSRF-Token of every call but GET"`
}

type agentBody struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Role     string   `json:"role" enum:"agent,supervisor,admin"`
	Queues   []string `json:"queues" doc:"The queues that the agent may see; * is all"`
	Capacity int      `json:"capacity"`
	Away     bool     `json:"away"`
	Disabled bool     `json:"disabled,omitempty"`
	Present  bool     `json:"present"`
	TOTP     bool     `json:"totp"`
}

func agentOf(a desk.Agent) agentBody {
	return agentBody{a.ID, a.Name, string(a.Role), a.Queues, a.Capacity, a.Away, a.Disabled, a.Present, a.TOTP}
}

type loginOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      loginBody
}

func (s *Server) loginRoutes(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodPost, consoleAPI+"/login", "login", "Log in", http.StatusOK), s.logIn)
	huma.Register(api, s.operation(api, http.MethodPost, consoleAPI+"/logout", "logout", "Log out", http.StatusNoContent), s.logOut)
	huma.Register(api, s.operation(api, http.MethodGet, consoleAPI+"/me", "me", "Who am I? Also gives the csrf token", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*loginOutput, error) {
			l := loginOf(ctx)
			return &loginOutput{Body: loginBody{agentOf(l.Agent), l.CSRF}}, nil
		})
}

func requestOf(ctx context.Context) *http.Request { return ctx.Value(requestKey{}).(*http.Request) }

func (s *Server) addressOf(ctx context.Context) string {
	return s.clientAddress(requestOf(ctx)).String()
}

func (s *Server) logIn(ctx context.Context, in *loginInput) (*loginOutput, error) {
	r := requestOf(ctx)
	if !s.loginRate.allow(addressKey(s.clientAddress(r))) {
		return nil, refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "Too many attempts from your address. Wait a minute and try again.")
	}
	l, err := s.parts.Desk.Login(ctx, desk.Credentials{ID: strings.ToLower(strings.TrimSpace(in.Body.ID)), Password: in.Body.Password, Code: in.Body.Code,
		Address: s.addressOf(ctx)})
	if errors.Is(err, desk.ErrLogin) || errors.Is(err, desk.ErrCode) {
		code, message := shop.CodeOf(err)
		return nil, refuse(http.StatusUnauthorized, code, message)
	}
	if err != nil {
		return nil, s.fail(ctx, "login failed", err)
	}
	out := &loginOutput{Body: loginBody{agentOf(l.Agent), l.CSRF}}
	out.SetCookie = []http.Cookie{*s.cookie(r, l.Token, int(l.Expires.Sub(s.c.Now()).Seconds()))}
	return out, nil
}

func (s *Server) logOut(ctx context.Context, _ *struct{}) (*struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}, error) {
	if err := s.parts.Desk.Logout(ctx, loginOf(ctx)); err != nil {
		return nil, s.fail(ctx, "logout failed", err)
	}
	return &struct {
		SetCookie []http.Cookie `header:"Set-Cookie"`
	}{[]http.Cookie{*s.cookie(requestOf(ctx), "", -1)}}, nil
}
