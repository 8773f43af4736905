package web_test

import (
	"net/http"
	"testing"

	"floorwalker/web"
)

// Browsers ask in a preflight whether a page of another origin may call; only pages on the list may, and only what the widget needs.
func TestTheWidgetsCallsAreSharedWithTheOriginsOfTheListAlone(t *testing.T) {
	const known, stranger = "https://shop.example", "https://stranger.example"
	c := open(t, setup{config: web.Config{Origins: []string{known}}})
	for _, call := range []struct {
		method, path, origin, allowed string
		status                        int
	}{
		{http.MethodOptions, "/api/sessions", known, known, http.StatusNoContent},
		{http.MethodOptions, "/api/tickets", known, known, http.StatusNoContent},
		{http.MethodOptions, "/api/login", known, known, http.StatusNoContent},
		{http.MethodOptions, "/api/logout", known, known, http.StatusNoContent},
		{http.MethodGet, "/capabilities", known, known, http.StatusOK},
		{http.MethodOptions, "/api/look", known, known, http.StatusNoContent},
		{http.MethodOptions, "/api/events", known, known, http.StatusNoContent},
		{http.MethodOptions, "/api/consent", known, known, http.StatusNoContent},
		{http.MethodOptions, "/api/pictures", known, known, http.StatusNoContent},
		{http.MethodGet, "/capabilities", stranger, "", http.StatusOK},
		{http.MethodOptions, "/api/sessions", stranger, "", http.StatusForbidden},
		{http.MethodOptions, "/api/sessions", "null", "", http.StatusForbidden},
		{http.MethodOptions, "/api/products/x", known, "", http.StatusMethodNotAllowed},
		{http.MethodGet, "/readyz", known, "", http.StatusOK},
	} {
		r := c.call(call.method, call.path, "", map[string]string{"Origin": call.origin, "Access-Control-Request-Method": http.MethodPost}, nil)
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != call.allowed || r.StatusCode != call.status || r.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s from %s: %s, allowed %q", call.method, call.path, call.origin, r.Status, got)
		}
	}
}
