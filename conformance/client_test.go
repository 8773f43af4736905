package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/conformance"
	"floorwalker/protocol"
)

// adapter does what the kit says with a client, as adapters in any language do.
type adapter struct {
	url    string
	client interface {
		do(ctx context.Context, what, text string)
		events() []event
	}
}

type event struct {
	Type protocol.Type `json:"type"`
	Seq  int64         `json:"seq"`
}

// run does what the kit says until it says end.
func (a adapter) run(ctx context.Context, name string) error {
	if err := a.call(ctx, http.MethodPost, "hello", map[string]any{"client": name}, nil); err != nil {
		return err
	}
	for {
		var command struct {
			N        int
			Do, Text string
		}
		if err := a.call(ctx, http.MethodGet, "next", nil, &command); err != nil {
			return err
		}
		a.client.do(ctx, command.Do, command.Text)
		done := map[string]any{"n": command.N}
		if command.Do == "report" {
			done["events"] = a.client.events()
		}
		if err := a.call(ctx, http.MethodPost, "done", done, nil); err != nil || command.Do == "end" {
			return err
		}
	}
}

func (a adapter) call(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, a.url+"/conformance/"+path, strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// handed are the events that a client has handed on.
type handed struct {
	mu  sync.Mutex
	all []event
}

func (h *handed) add(e event) { h.mu.Lock(); defer h.mu.Unlock(); h.all = append(h.all, e) }

func (h *handed) events() []event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]event{}, h.all...)
}

// goClient is package client's.
type goClient struct {
	handed
	t   *testing.T
	url string
	c   *client.Client
	// at and creds are what an app keeps while it is in the background.
	at    client.Position
	creds client.Credentials
}

func (g *goClient) dial(ctx context.Context) {
	c, err := client.Dial(ctx, g.url, client.Options{Credentials: g.creds, Position: g.at, Each: func(e client.Event) { g.add(event{e.Type, e.Seq}) }})
	if err != nil {
		g.t.Errorf("dial: %v", err)
		return
	}
	g.c = c
}

func (g *goClient) do(ctx context.Context, what, text string) {
	switch what {
	case "start":
		g.all, g.at, g.creds = nil, client.Position{}, client.Credentials{}
		g.dial(ctx)
	case "send":
		c := g.c
		go func() { _, _ = c.Send(ctx, text) }() //nolint:errcheck // the kit sees what is sent
	case "background":
		g.c.Close()
		g.at, g.creds = g.c.Position(), g.c.Credentials()
	case "foreground":
		g.dial(ctx)
	case "stop":
		g.c.Close()
	}
}

// listen opens a kit for the test.
func listen(t *testing.T) *conformance.Kit {
	t.Helper()
	kit, err := conformance.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kit.Close() })
	return kit
}

func TestGoClientPassesEveryPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("the points take two minutes, most of it waiting")
	}
	points, err := conformance.Script()
	if err != nil {
		t.Fatal(err)
	}
	kit := listen(t)
	ended := make(chan error, 1)
	go func() {
		ended <- adapter{kit.URL(), &goClient{t: t, url: kit.URL()}}.run(t.Context(), "floorwalker-go")
	}()
	c, err := kit.Await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range points {
		r := kit.Play(t.Context(), c, p)
		if r.Err != nil {
			t.Errorf("%s: %v", p.Name, r.Err)
		}
		if r.Skipped != (p.Needs != "") {
			t.Errorf("%s is passed over", p.Name)
		}
		t.Logf("%-16s %6.1f s, passed over: %t", p.Name, r.Took.Seconds(), r.Skipped)
	}
	if err := kit.End(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the adapter: %v", err)
	}
}

// TestTheKitSeesWhatIsWrong has each point meet a client that breaks just that.
func TestTheKitSeesWhatIsWrong(t *testing.T) {
	points, err := conformance.Script()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		point string
		wrong wrong
		why   string
	}{
		{"resume", wrong{forgets: true}, "it resumes from"},
		{"deduplication", wrong{repeats: true}, "it has handed on"},
		{"gap", wrong{overlooksGaps: true}, "it does not resume"},
		{"reset", wrong{ignoresReset: true}, "it has handed on"},
		{"close-1012", wrong{}, "it comes back after"},
		{"close-4502", wrong{}, "it comes back"},
		{"unknown", wrong{reusesTickets: true}, "used twice"},
	} {
		t.Run(test.point, func(t *testing.T) {
			kit := listen(t)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- adapter{kit.URL(), &careless{url: kit.URL(), wrong: test.wrong}}.run(ctx, "careless") }()
			named, err := kit.Await(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if r := kit.Play(ctx, named, point(t, points, test.point)); r.Err == nil || !strings.Contains(r.Err.Error(), test.why) {
				t.Errorf("the kit says %v", r.Err)
			}
			if err := errors.Join(kit.End(ctx), <-ended); err != nil {
				t.Error(err)
			}
		})
	}
}

func point(t *testing.T, points []conformance.Point, name string) conformance.Point {
	t.Helper()
	for _, p := range points {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no point %s", name)
	return conformance.Point{}
}
