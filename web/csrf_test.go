package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"floorwalker/protocol"
	"floorwalker/web"
	"floorwalker/web/webtest"

	"github.com/gorilla/websocket"
)

// forged is a call of the console's API as another page would have the agent's browser make it: with the agent's cookie.
func (s *seat) forged(method, path string, header http.Header) (status int, code string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(`{}`))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var said struct{ Code string }
	_ = json.Unmarshal(raw, &said) // an answer without a code is judged by its status
	return answer.StatusCode, said.Code
}

// TestTheConsoleDoesNothingThatAnotherPageAsksFor tries every call of the console's own description.
func TestTheConsoleDoesNothingThatAnotherPageAsksFor(t *testing.T) {
	f := openFloor(t, floorSetup{})
	s, other := f.logIn(0, "boss"), f.logIn(0, "kim")
	v := f.customer(0)
	v.say("a person please")
	v.until(protocol.TypeHandoffQueued)
	var described struct {
		Paths map[string]map[string]json.RawMessage
	}
	s.do("GET", "openapi.json", nil, &described)
	forgeries := []struct {
		what, code string
		header     http.Header
	}{
		{"no token", "csrf", http.Header{"Origin": {pageOrigin}}},
		{"a token that is made up", "csrf", http.Header{"Origin": {pageOrigin}, "X-Csrf-Token": {"AAAA"}}},
		{"a colleague's token", "csrf", http.Header{"Origin": {pageOrigin}, "X-Csrf-Token": {other.csrf}}},
		{"another page", "forbidden", http.Header{"Origin": {"https://evil.example"}, "X-Csrf-Token": {s.csrf}}},
		{"a page without a name", "forbidden", http.Header{"Origin": {"null"}, "X-Csrf-Token": {s.csrf}}},
		{"no page", "forbidden", http.Header{"X-Csrf-Token": {s.csrf}}},
		{"two pages", "forbidden", http.Header{"Origin": {pageOrigin, "https://evil.example"}, "X-Csrf-Token": {s.csrf}}},
	}
	changing := 0
	for path, calls := range described.Paths {
		path = strings.NewReplacer("{session}", v.session(), "{id}", "general").Replace(path)
		for method := range calls {
			method = strings.ToUpper(method)
			if method == http.MethodGet {
				if status, code := s.forged(method, path, forgeries[3].header); status != http.StatusForbidden {
					t.Errorf("another page reads %s: %d %s", path, status, code)
				}
				continue
			}
			changing++
			for _, try := range forgeries {
				if strings.HasSuffix(path, "/login") && try.code == "csrf" {
					continue // who logs in has no token yet; the page's origin is looked at
				}
				if status, code := s.forged(method, path, try.header); status != http.StatusForbidden || code != try.code {
					t.Errorf("%s %s with %s: %d %s, want 403 %s", method, path, try.what, status, code, try.code)
				}
			}
		}
	}
	if changing < 10 {
		t.Errorf("only %d calls change something: the description is not what it was", changing)
	}
	var done int
	f.pool.get(t, `SELECT count(*) FROM desk_audit WHERE action <> 'login' AND action <> 'account_added'`, nil, &done)
	if done != 0 {
		t.Errorf("%d things were done", done)
	}
	// With the page's own token the same call is done.
	if status, raw := s.request("POST", "away", map[string]bool{"away": true}); status/100 != 2 {
		t.Errorf("the console's own page: %d %s", status, raw)
	}
	// A socket can't carry the token, so the page's origin decides.
	at, err := http.NewRequest("GET", s.url+"/console/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.http.Jar.Cookies(at.URL) {
		at.AddCookie(c)
	}
	dialer := websocket.Dialer{Subprotocols: []string{"floorwalker.v1"}}
	for _, origin := range []string{"https://evil.example", "null", ""} {
		header := http.Header{"Cookie": at.Header["Cookie"]}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, answer, err := dialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/console/ws", header)
		if err == nil {
			conn.Close()
		}
		if err == nil || answer == nil || answer.StatusCode != http.StatusForbidden {
			t.Errorf("a socket of %q: %v %+v", origin, err, answer)
		}
	}
}

// TestTheConsolesCookieGoesToNoOtherPage holds what keeps browsers from sending it along.
func TestTheConsolesCookieGoesToNoOtherPage(t *testing.T) {
	const plain = "http://desk.example"
	f := openFloor(t, floorSetup{web: web.Config{Origins: []string{plain}}})
	for origin, want := range map[string]struct {
		name, path string
		secure     bool
	}{
		plain:      {"floorwalker-desk", "/console", false},
		pageOrigin: {"__Host-floorwalker-desk", "/", true},
	} {
		r, err := http.NewRequest("POST", f.servers[0].url+"/console/api/login", strings.NewReader(`{"id":"kim","password":"`+webtest.AgentPassword+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Origin": {origin}, "Content-Type": {"application/json"}}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		cookies := answer.Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %d, %d cookies", origin, answer.StatusCode, len(cookies))
		}
		c := cookies[0]
		if c.Name != want.name || c.Path != want.path || c.Secure != want.secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Domain != "" {
			t.Errorf("%s: %+v", origin, c)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
