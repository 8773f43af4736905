package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"floorwalker/shop"

	"github.com/gorilla/websocket"
)

// contentPolicy lets the page load its own scripts, styles and pictures and talk to its own server, and
// nothing else. No script or style stands in the page itself.
func contentPolicy(imageHosts []string) string {
	pictures := strings.Join(append([]string{"'self'", "data:"}, imageHosts...), " ")
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src " + pictures + "; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// routes puts everything behind the headers that every answer carries.
func (s *Server) routes() http.Handler {
	mux := newRouter()
	api := s.newAPI(mux)
	s.api = api.OpenAPI()
	s.sessionRoutes(api)
	s.eventRoutes(api)
	s.pictureRoutes(api)
	s.productRoutes(api)
	s.statusRoutes(api)
	s.lookRoute(api)
	s.siteRoute(api)
	s.plainRoutes(mux, api)
	s.rankingRoutes(api)
	s.forecastRoutes(api)
	s.priceRoutes(api)
	s.pageRoutes(mux)
	s.consoleRoutes(mux)
	s.referenceRoutes(mux)
	s.patterns = mux.patterns
	return s.guard(mux)
}

// guard sets the security headers, keeps foreign pages and floods out, and a panic inside its request.
func (s *Server) guard(next http.Handler) http.Handler {
	policy := contentPolicy(s.images)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.log.Error("a request panicked", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			writeError(w, refuse(http.StatusInternalServerError, shop.CodeInternal, "Something went wrong on our side. Please try again in a moment."))
		}()
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.c.HSTS != "" {
			h.Set("Strict-Transport-Security", s.c.HSTS)
		}
		if why, err := s.turnAway(r); err != nil {
			s.metrics.refused.WithLabelValues(why).Inc()
			h.Set("Retry-After", "5")
			writeError(w, err)
			return
		}
		if s.share(w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

// turnAway says why a request is refused before anything is done for it.
func (s *Server) turnAway(r *http.Request) (why string, err error) {
	key := addressKey(s.clientAddress(r))
	upgrades := websocket.IsWebSocketUpgrade(r)
	if connects := upgrades || r.Method == http.MethodPost && r.URL.Path == streamPath; connects {
		if s.stopping.Load() {
			return "stopping", refuse(http.StatusServiceUnavailable, "draining", "This server is going down. Connect again.")
		}
		if !s.connectRate.allow(key) {
			return "connect_rate", refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "Too many connections from your address. Wait a little and connect again.")
		}
	}
	if upgrades {
		return "", nil
	}
	if !s.requestRate.allow(key) {
		return "request_rate", refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "Too many requests from your address. Wait a little and try again.")
	}
	if !legible(r.URL) {
		return "illegible", refuse(http.StatusBadRequest, shop.CodeBadRequest, "The address holds what is no text. Encode it as UTF-8, without NUL.")
	}
	if desk := strings.HasPrefix(r.URL.Path, "/console") || r.URL.Path == "/admin"; desk && !s.consoleHost(r) {
		return "host", refuse(http.StatusNotFound, shop.CodeNotFound, "There is nothing here.")
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		return "", nil
	}
	if s.foreignPage(r) {
		return "origin", refuse(http.StatusForbidden, shop.CodeForbidden, "This page's origin is not on the list. The shop adds it to the server's origins.")
	}
	opens := r.Method == http.MethodPost && (r.URL.Path == "/api/sessions" || r.URL.Path == "/api/logout")
	if opens && !s.sessionRate.allow(key) {
		return "session_rate", refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "Too many conversations from your address. Wait a little and try again.")
	}
	return "", nil
}

// legible is true for an address that is text as PostgreSQL takes it, in its path and in its query.
func legible(u *url.URL) bool {
	texts := []string{u.Path}
	for name, values := range u.Query() {
		texts = append(append(texts, name), values...)
	}
	return !slices.ContainsFunc(texts, func(t string) bool { return !utf8.ValidString(t) || strings.ContainsRune(t, 0) })
}

// writeError answers with an error of the API outside of it.
func writeError(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		e = &apiError{status: http.StatusInternalServerError}
		e.Code, e.Message = shop.CodeOf(err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(e) //nolint:errcheck // the client has gone
}
