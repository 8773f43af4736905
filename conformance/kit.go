package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"floorwalker/protocol"
)

// Kit plays points against one client.
type Kit struct {
	server   *http.Server
	listener net.Listener
	hello    chan Client
	commands chan command
	done     chan report

	mu   sync.Mutex
	shop *shop
	n    int
}

// Client is what an adapter says of the client under test.
type Client struct {
	Client string `json:"client"`
	// Can lists what not every client can: stream.
	Can []string `json:"can"`
}

// command is what an adapter is told.
type command struct {
	N     int    `json:"n"`
	Do    string `json:"do"`
	Text  string `json:"text,omitempty"`
	Point string `json:"point"`
	// URL is where the client is to find its server.
	URL string `json:"url"`
}

// report is an adapter's answer.
type report struct {
	N int `json:"n"`
	// Events are those that the client has handed on since start.
	Events []struct {
		Type protocol.Type `json:"type"`
		Seq  int64         `json:"seq"`
	} `json:"events"`
}

// Result is what came of a point.
type Result struct {
	Point Point
	// Skipped is true where the client does not claim what the point needs.
	Skipped bool
	// Err is nil where the client passed.
	Err  error
	Took time.Duration
}

// Listen opens the test server on the address.
func Listen(address string) (*Kit, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	k := &Kit{listener: listener, hello: make(chan Client, 1), commands: make(chan command), done: make(chan report), shop: newShop()}
	k.server = &http.Server{Handler: http.HandlerFunc(k.serve), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = k.server.Serve(listener) }()
	return k, nil
}

// URL is the server's address.
func (k *Kit) URL() string { return "http://" + k.listener.Addr().String() }

// Close ends the server.
func (k *Kit) Close() error { return k.server.Close() }

func (k *Kit) serve(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /conformance/hello", k.serveHello)
	mux.HandleFunc("GET /conformance/next", k.serveNext)
	mux.HandleFunc("POST /conformance/done", k.serveDone)
	k.mu.Lock()
	shop := k.shop
	k.mu.Unlock()
	shop.routes(mux)
	mux.ServeHTTP(w, r)
}

func (k *Kit) serveHello(w http.ResponseWriter, r *http.Request) {
	var c Client
	if err := json.NewDecoder(io.LimitReader(r.Body, protocol.MaxFrame)).Decode(&c); err != nil {
		refuse(w, http.StatusBadRequest, "bad_json")
		return
	}
	select {
	case k.hello <- c:
		answer(w, http.StatusOK, struct{}{})
	default:
		refuse(w, http.StatusConflict, "conflict")
	}
}

func (k *Kit) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case c := <-k.commands:
		answer(w, http.StatusOK, c)
	case <-r.Context().Done():
	}
}

func (k *Kit) serveDone(w http.ResponseWriter, r *http.Request) {
	var d report
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&d); err != nil {
		refuse(w, http.StatusBadRequest, "bad_json")
		return
	}
	select {
	case k.done <- d:
		answer(w, http.StatusOK, struct{}{})
	case <-r.Context().Done():
	}
}

// adapterWait is how long an adapter may take for anything.
const adapterWait = 60 * time.Second

// Await waits for an adapter to say hello.
func (k *Kit) Await(ctx context.Context) (Client, error) {
	select {
	case c := <-k.hello:
		return c, nil
	case <-ctx.Done():
		return Client{}, fmt.Errorf("no adapter says hello at %s/conformance/hello: %w", k.URL(), ctx.Err())
	}
}

// End tells the adapter that it was all.
func (k *Kit) End(ctx context.Context) error {
	_, err := k.tell(ctx, command{Do: "end"})
	return err
}

// tell has the adapter do something, and waits until it has.
func (k *Kit) tell(ctx context.Context, c command) (report, error) {
	ctx, cancel := context.WithTimeout(ctx, adapterWait)
	defer cancel()
	k.n++
	c.N, c.URL = k.n, k.URL()
	select {
	case k.commands <- c:
	case <-ctx.Done():
		return report{}, fmt.Errorf("the adapter does not ask what to do: %w", ctx.Err())
	}
	for {
		select {
		case d := <-k.done:
			if d.N == c.N {
				return d, nil
			}
		case <-ctx.Done():
			return report{}, fmt.Errorf("the adapter is not done with %q: %w", c.Do, ctx.Err())
		}
	}
}

// Play tries one point.
func (k *Kit) Play(ctx context.Context, c Client, p Point) Result {
	began := time.Now()
	if p.Needs != "" && !slices.Contains(c.Can, p.Needs) {
		return Result{Point: p, Skipped: true}
	}
	s := newShop()
	k.mu.Lock()
	k.shop = s
	k.mu.Unlock()
	player := &player{kit: k, shop: s, point: p.Name}
	var err error
	for i, step := range p.Steps {
		if err = player.play(ctx, step); err != nil {
			err = fmt.Errorf("step %d: %w", i+1, err)
		}
		if wrong := s.verdict(); wrong != nil {
			err = wrong
		}
		if err != nil {
			break
		}
	}
	if player.started {
		_, stopped := k.tell(ctx, command{Do: "stop", Point: p.Name})
		err = errors.Join(err, stopped)
	}
	s.mu.Lock()
	if s.line != nil {
		s.line.cut()
	}
	s.mu.Unlock()
	return Result{Point: p, Err: err, Took: time.Since(began)}
}

// verdict is what the client did that no client may.
func (s *shop) verdict() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.trouble) > 0 {
		return errors.New(s.trouble[0])
	}
	return nil
}
