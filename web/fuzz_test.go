package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/retrieval"
	"floorwalker/web"

	"github.com/gorilla/websocket"
)

// operation is one call of a description by OpenAPI.
type operation struct {
	method, path string
	// body has the properties that its JSON may have.
	body map[string]json.RawMessage
	// query are the names of its parameters.
	query []string
}

// operations lists the calls that a description holds, in a fixed order.
func operations(t testing.TB, description []byte) (all []operation) {
	t.Helper()
	var api struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
			}
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(description, &api); err != nil {
		t.Fatal(err)
	}
	for path, calls := range api.Paths {
		for method, call := range calls {
			o := operation{method: strings.ToUpper(method), path: path}
			for _, p := range call.Parameters {
				if p.In == "query" {
					o.query = append(o.query, p.Name)
				}
			}
			if content, ok := call.RequestBody.Content["application/json"]; ok {
				s := content.Schema
				if name := strings.TrimPrefix(s.Ref, "#/components/schemas/"); s.Ref != "" {
					s = api.Components.Schemas[name]
				}
				o.body = s.Properties
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

type schema struct {
	Ref        string `json:"$ref"`
	Properties map[string]json.RawMessage
}

// seeds are bodies that give each property something that it may not be ready for.
func (o operation) seeds(session string) (all []string) {
	for _, value := range []string{`"a"`, `"\u0000"`, `"` + session + `"`, `-1`, `1e300`, `null`, `[]`, `[{}]`, `{"a":"\u0000"}`, `["\u0000"]`, `{"mon":[["00:00","24:00"]]}`} {
		var fields []string
		for name := range o.body {
			fields = append(fields, `"`+name+`":`+value)
		}
		slices.Sort(fields)
		all = append(all, "{"+strings.Join(fields, ",")+"}")
	}
	return append(all, "", "[]", "{", "\xff")
}

// request is the call with a body, and with arg for what its path and query name.
func (o operation) request(t *testing.T, at, session, arg string, body []byte) *http.Request {
	t.Helper()
	path := strings.ReplaceAll(o.path, "{session}", session)
	for strings.Contains(path, "{") {
		from, to := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:from] + url.PathEscape(arg) + path[to+1:]
	}
	query := url.Values{}
	for _, name := range o.query {
		query.Set(name, arg)
	}
	r, err := http.NewRequestWithContext(t.Context(), o.method, at+path+"?"+query.Encode(), strings.NewReader(string(body)))
	if err != nil {
		t.Skip(err) // no client could send it
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", pageOrigin)
	return r
}

// told checks that a call was done, or refused in a sentence: whatever was sent, it is no failure of the server's.
func told(t *testing.T, client *http.Client, r *http.Request, body []byte) {
	t.Helper()
	answer, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s with %q: %v", r.Method, r.URL, body, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode < 300 {
		return
	}
	var said struct{ Code, Message string }
	if err := json.Unmarshal(raw, &said); answer.StatusCode >= 500 || err != nil || said.Code == "" || said.Code == "internal" || said.Message == "" {
		t.Errorf("%s %s with %q: %s %s", r.Method, r.URL, body, answer.Status, raw)
	}
}

var unlimited = web.Rate{PerSecond: 1e9, Burst: 1e9}

var noLimits = web.Limits{Sessions: unlimited, Connects: unlimited, Messages: unlimited, Frames: unlimited, Tickets: unlimited, AddressMessages: unlimited,
	Events: unlimited, Requests: unlimited}

// level is an embedder to which all texts mean the same.
type level struct{}

func (level) Embed(_ context.Context, texts []string) ([][]float32, error) {
	all := make([][]float32, len(texts))
	for i := range all {
		all[i] = make([]float32, 384)
		all[i][0] = 1
	}
	return all, nil
}

// Every call that customers, pages and the shop's own systems can make, with any body.
func FuzzCalls(f *testing.F) {
	c := open(f, setup{config: web.Config{Limits: noLimits}, parts: func(p *web.Parts) {
		p.Behaviour = behaviour.NewLog(p.Pool, behaviour.Options{})
		p.Catalogue = retrieval.NewStore(p.Pool, level{}, retrieval.Options{})
	}})
	var description json.RawMessage
	c.call("GET", "/openapi.json", "", nil, &description)
	calls, o := operations(f, description), c.open()
	for i, call := range calls {
		for _, body := range call.seeds(o.Session) {
			f.Add(uint(i), "S1", []byte(body))
		}
		f.Add(uint(i), "\x00", []byte("{}"))
		f.Add(uint(i), "\xff/..", []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, which uint, arg string, body []byte) {
		call := calls[which%uint(len(calls))]
		r := call.request(t, c.url, o.Session, arg, body)
		r.Header.Set("Authorization", "Bearer "+o.Secret)
		if strings.HasPrefix(call.path, "/api/products") {
			r.Header.Set("Authorization", "Bearer "+adminToken)
		}
		told(t, http.DefaultClient, r, body)
	})
}

// Every call of the agents' console, with any body.
func FuzzConsoleCalls(f *testing.F) {
	floor := openFloor(f, floorSetup{web: web.Config{Limits: noLimits}})
	boss, v := floor.logIn(0, "boss"), floor.customer(0)
	v.say("a person please")
	v.until(protocol.TypeHandoffQueued)
	session := v.session()
	_, description := boss.request("GET", "openapi.json", nil)
	calls := operations(f, description)
	// Those end the login that the others need.
	calls = slices.DeleteFunc(calls, func(o operation) bool {
		return strings.HasSuffix(o.path, "/logout") || strings.HasSuffix(o.path, "/disable") || strings.HasSuffix(o.path, "/login")
	})
	for i, call := range calls {
		for _, body := range call.seeds(session) {
			f.Add(uint(i), "general", []byte(body))
		}
		f.Add(uint(i), "\x00", []byte("{}"))
		f.Add(uint(i), "9223372036854775807", []byte("{}"))
	}
	f.Fuzz(func(t *testing.T, which uint, arg string, body []byte) {
		call := calls[which%uint(len(calls))]
		r := call.request(t, boss.url, session, arg, body)
		r.Header.Set("X-CSRF-Token", boss.csrf)
		told(t, boss.http, r, body)
	})
}

// Any bytes on a socket, after the handshake: the socket may end, and nothing else does.
func FuzzFrames(f *testing.F) {
	c := open(f, setup{config: web.Config{Limits: noLimits, Times: web.Times{Message: 200 * time.Millisecond}}})
	frame := func(head byte, text string) []byte {
		return append([]byte{head, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	}
	for _, seed := range [][]byte{
		frame(0x81, `{"v":1,"type":"ping"}`), frame(0x81, `{"v":1,"type":"message.send","data":{"text":"a"},"client_msg_id":"\u0000"}`), frame(0x82, "{}"), frame(0x88, "\x03\xe8"),
		frame(0x88, "\xff\xff"), frame(0x89, "x"), frame(0x01, "{"), frame(0x80, "}"), frame(0xc1, "{}"), {0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {0x81, 2, '{', '}'}, {0},
		frame(0x81, `{"v":1,"type":"session.resume","data":{"epoch":"\u0000","seq":1}}`), frame(0x81, `{"v":1,"type":"contact.send","client_msg_id":"a","data":{"handoff_id":"\u0000"}}`),
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	o := c.open()
	witness, err := client.Dial(within(f, 10*time.Second), c.url, client.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { witness.Close() })
	f.Fuzz(func(t *testing.T, bytes []byte, resumed bool) {
		here := *c
		here.t = t
		l, status := here.handshake("/ws/app", here.ticket(o), nil)
		if l == nil {
			t.Fatalf("handshake refused: %d", status)
		}
		if resumed {
			l.say(`{"v":1,"type":"session.resume"}`)
			l.until(protocol.TypeSessionOpened)
		}
		_, _ = l.NetConn().Write(bytes) //nolint:errcheck // the server may have cut it short
		if err := l.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_ = l.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second)) //nolint:errcheck // the socket may have ended
		for {
			_, answer, err := l.ReadMessage()
			if err != nil {
				break
			}
			env, data, err := protocol.DecodeServer(answer)
			if err != nil {
				t.Errorf("after %q comes what is no frame: %v", bytes, err)
			}
			if e, ok := data.(*protocol.Error); ok && e.Code == "internal" {
				t.Errorf("after %q: %s %s", bytes, env.Type, env.Data)
			}
		}
		if err := witness.Err(); err != nil {
			t.Fatalf("another customer's socket ended: %v", err)
		}
	})
}

// An origin as an operator writes it: what is taken is one scheme and host, and stays as it is.
func FuzzCleanOrigin(f *testing.F) {
	for _, seed := range []string{"https://Shop.example:443/", "http://[::1]:80", "https://*.example", "https://a@b", "//x", "https://shop.example?", "https://a:b", "http://\x00", " https://a ", "https://a;sandbox"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		origin, err := web.CleanOrigin(text)
		if err != nil {
			return
		}
		again, err := web.CleanOrigin(origin)
		if err != nil || again != origin {
			t.Errorf("%q is %q, and that %q, %v", text, origin, again, err)
		}
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(origin, "http://"), "https://"); strings.ContainsAny(rest, "/?#@* ;,'\"") || !ok && !strings.HasPrefix(origin, "http://") {
			t.Errorf("%q is taken as the origin %q", text, origin)
		}
	})
}
