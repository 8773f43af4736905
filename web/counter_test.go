package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/protocol"
	"floorwalker/retrieval"
	"floorwalker/shop"
	"floorwalker/web"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The embedded PostgreSQL lives until the test process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

const (
	pageOrigin = "https://shop.example"
	adminToken = "correct horse battery staple"
)

// script is an assistant that does what its function says.
type script func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)

func (f script) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return f(ctx, turn, out)
}

func understood(turn shop.Turn) shop.Outcome {
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English, Parser: "local"}, State: turn.State,
		Trace: shop.Trace{Parser: "local", Answerer: "template", TemplateShare: 1, Stages: []shop.Stage{{Name: "parse", Micros: 900}}}}
}

var shoe = shop.Card{Position: 1, SKU: "S1", Version: 3, Title: "Trail shoe", Price: shop.Money{Minor: 7499, Currency: "USD"},
	PriceText: "$74.99", Stock: 4, Why: []string{"The name fits what you asked for"}}

// clerk shows one shoe and says what it was asked, word by word.
var clerk = script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	if err := out.Show(ctx, shop.Cards{RankingID: "r-1", Model: "m", Cards: []shop.Card{shoe}}); err != nil {
		return shop.Outcome{}, err
	}
	for _, word := range []string{"You ", "said: ", turn.Text} {
		if err := out.Say(ctx, word); err != nil {
			return shop.Outcome{}, err
		}
	}
	return understood(turn), nil
})

// counter is a whole shop behind a real listener: PostgreSQL, session manager, carts and the web server.
type counter struct {
	t       testing.TB
	pool    *pgxpool.Pool
	manager *dialog.Manager
	url     string
	// stop ends the server as a signal does, and waits.
	stop func() error
}

type setup struct {
	assistant dialog.Assistant
	dialog    dialog.Options
	config    web.Config
	parts     func(*web.Parts)
	pool      *pgxpool.Pool
	listen    string
}

func open(t testing.TB, s setup) *counter {
	t.Helper()
	c := &counter{t: t, pool: s.pool}
	if c.pool == nil {
		c.pool = pgtest.New(t)
	}
	if s.assistant == nil {
		s.assistant = clerk
	}
	if os.Getenv("WEB_LOG") != "" {
		s.config.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s.dialog.Logger = s.config.Logger
	}
	s.dialog.SweepEvery = 100 * time.Millisecond
	c.manager = dialog.NewManager(c.pool, s.assistant, s.dialog)
	catalogue := retrieval.NewStore(c.pool, nil, retrieval.Options{})
	parts := web.Parts{Sessions: c.manager, Catalogue: catalogue, Carts: orders.NewCarts(c.pool, shelf{}, orders.CartOptions{}), Pool: c.pool,
		Drain: c.manager.Drain, Metrics: prometheus.NewRegistry(),
		Status: func(context.Context) web.Readiness {
			return web.Readiness{Ready: true, Components: map[string]web.Component{"postgres": {State: "ready"}, "llm": {State: "building", Detail: "40 %"}}}
		}}
	if s.parts != nil {
		s.parts(&parts)
	}
	if s.config.Origins == nil {
		s.config.Origins = []string{pageOrigin}
	}
	s.config.AdminToken = adminToken
	server := web.New(parts, s.config)
	if s.listen == "" {
		s.listen = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		t.Fatal(err)
	}
	c.url = "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	working, stopWorking := context.WithCancel(context.Background())
	served, worked := make(chan error, 1), make(chan struct{})
	go func() { served <- server.Serve(ctx, listener) }()
	go func() {
		defer close(worked)
		if err := c.manager.Run(working); err != nil {
			t.Errorf("run the session manager: %v", err)
		}
	}()
	stopped := false
	c.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-served
		stopWorking()
		<-worked
		http.DefaultClient.CloseIdleConnections()
		return err
	}
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}

// shelf is a catalogue of one product, for carts.
type shelf struct{}

func (shelf) Products(_ context.Context, skus []string) (found []shop.Product, err error) {
	for _, sku := range skus {
		if sku == shoe.SKU {
			found = append(found, shop.Product{SKU: sku, Title: shoe.Title, Price: shoe.Price, Stock: shoe.Stock})
		}
	}
	return found, nil
}

// customer connects a client.
func (c *counter) customer(o client.Options) *client.Client {
	c.t.Helper()
	k, err := client.Dial(within(c.t, 10*time.Second), c.url, o)
	if err != nil {
		c.t.Fatalf("dial: %v", err)
	}
	c.t.Cleanup(func() { k.Close() })
	return k
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// answer is an HTTP answer whose body was read.
type answer struct {
	Status     string
	StatusCode int
	Header     http.Header
}

// call makes one HTTP request and reads its JSON answer.
func (c *counter) call(method, path, body string, headers map[string]string, into any) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(within(c.t, 10*time.Second), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			c.t.Fatalf("%s %s: %v in %q", method, path, err, raw)
		}
	}
	return answer{response.Status, response.StatusCode, response.Header}
}

type opened struct{ Session, Secret, Epoch string }

func (c *counter) open() opened {
	c.t.Helper()
	var o opened
	if r := c.call("POST", "/api/sessions", "{}", nil, &o); r.StatusCode != http.StatusCreated {
		c.t.Fatalf("open a session: %s", r.Status)
	}
	return o
}

func (c *counter) ticket(o opened) string {
	c.t.Helper()
	var t struct{ Ticket string }
	r := c.call("POST", "/api/tickets", `{"session":"`+o.Session+`"}`, map[string]string{"Authorization": "Bearer " + o.Secret}, &t)
	if r.StatusCode != http.StatusCreated || t.Ticket == "" {
		c.t.Fatalf("get a ticket: %s", r.Status)
	}
	return t.Ticket
}

// handshake opens a socket by hand; the status is that of a refusal.
func (c *counter) handshake(path, ticket string, header http.Header) (*line, int) {
	c.t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, EnableCompression: true, Subprotocols: []string{"floorwalker.v1", "ticket." + ticket}}
	if ticket == "" {
		dialer.Subprotocols = []string{"floorwalker.v1"}
	}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+path, header)
	if response == nil {
		c.t.Fatalf("handshake: %v", err)
	}
	defer response.Body.Close()
	if err != nil {
		return nil, response.StatusCode
	}
	c.t.Cleanup(func() { conn.Close() })
	return &line{conn, c.t, response.Header}, http.StatusSwitchingProtocols
}

// line is a socket worked by hand.
type line struct {
	*websocket.Conn
	t         testing.TB
	handshake http.Header
}

// app opens a resumed socket of a new session.
func (c *counter) app() *line {
	c.t.Helper()
	l, status := c.handshake("/ws/app", c.ticket(c.open()), nil)
	if l == nil {
		c.t.Fatalf("handshake refused: %d", status)
	}
	l.say(`{"v":1,"type":"session.resume"}`)
	l.until(protocol.TypeSessionOpened)
	return l
}

func (l *line) say(frame string) {
	l.t.Helper()
	if err := l.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		l.t.Fatalf("write: %v", err)
	}
}

// until reads up to the first frame of the type.
func (l *line) until(typ protocol.Type) protocol.Envelope {
	l.t.Helper()
	for {
		if err := l.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			l.t.Fatal(err)
		}
		_, frame, err := l.ReadMessage()
		if err != nil {
			l.t.Fatalf("waiting for %s: %v", typ, err)
		}
		env, _, err := protocol.DecodeServer(frame)
		if err != nil {
			l.t.Fatal(err)
		}
		if env.Type == typ {
			return env
		}
		if env.Type == protocol.TypeError {
			l.t.Fatalf("waiting for %s: %s", typ, env.Data)
		}
	}
}

// refused is the code of the next error frame.
func (l *line) refused() protocol.Error {
	l.t.Helper()
	var e protocol.Error
	if err := l.until(protocol.TypeError).Into(&e); err != nil {
		l.t.Fatal(err)
	}
	return e
}

// closed reads to the end and returns the close frame's code and reason.
func (l *line) closed() (code int, reason string) {
	l.t.Helper()
	for {
		if err := l.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
			l.t.Fatal(err)
		}
		if _, _, err := l.ReadMessage(); err != nil {
			if e, ok := err.(*websocket.CloseError); ok {
				return e.Code, e.Text
			}
			l.t.Fatalf("closed without a code: %v", err)
		}
	}
}
