package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Options tune a Client. The zero value works.
type Options struct {
	// Origin makes the client connect as a page of that origin does; empty connects as a native app.
	Origin string
	// Locale is the language of the interface, "en" or "zh".
	Locale shop.Lang
	// Platform is where the client is: "web" where it is empty, "mobile", or the shop's own name of another. What the customer
	// allows holds there alone.
	Platform string
	// Credentials continue an earlier session; the zero value opens a new one.
	Credentials Credentials
	// Token, where given, is the shop's token of a known customer: it opens that customer's session, once.
	Token string
	// Position is the last event that the caller has of that session.
	Position Position
	// HTTP makes sessions and tickets. Default http.DefaultClient.
	HTTP *http.Client
	// Timeout bounds one HTTP request and one handshake. Default 15 s.
	Timeout time.Duration
	// Each, where given, is called with every event from the first on, once and in order, before Events gives it out. It
	// must not wait, nor call the client.
	Each func(Event)
	// NoReconnect makes the first lost line the end.
	NoReconnect bool
	// Logger gets reconnects. Default: discard.
	Logger *slog.Logger
	// Random spreads reconnects. Default seeded by the system.
	Random *rand.Rand
	// Now is the clock of Reply's times. Default time.Now.
	Now func() time.Time
}

// Credentials are what a session is continued with. Keep Secret secret.
type Credentials struct {
	Session string `json:"session"`
	Secret  string `json:"secret"`
}

// Position is the last event of the session's log that was applied.
type Position struct {
	Epoch string
	Seq   int64
}

// Event is one frame of the server.
type Event struct {
	protocol.Envelope
	// Body is a pointer to the type's struct of package protocol; nil for a type that this version does not know.
	Body any
	// At is when it arrived.
	At time.Time
}

// Errors that end a client.
var (
	ErrClosed = errors.New("client closed")
	// ErrSessionGone says that the server knows the session no more.
	ErrSessionGone = errors.New("the session does not exist any more")
)

// CloseError says that the server closed the socket for good.
type CloseError struct{ protocol.CloseCode }

func (e *CloseError) Error() string {
	return fmt.Sprintf("closed by the server: %d %s", e.Code, e.Name)
}

// Client is one conversation. Its methods may be called from any goroutine.
type Client struct {
	o    Options
	base *address

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
	ready  chan struct{} // closed at the first resume

	mu    sync.Mutex
	creds Credentials
	at    Position
	state protocol.SessionState
	cart  *shop.Cart
	conn  *websocket.Conn
	// resumed is true from the answer to session.resume until the line is lost.
	resumed    bool
	events     chan Event
	pending    []*pending
	replies    map[string]*Reply
	order      []string
	reconnects int

	writing sync.Mutex
}

// pending is a message that is not acknowledged yet.
type pending struct {
	id     string
	data   protocol.MessageSend
	sent   time.Time
	answer chan acknowledged
}

type acknowledged struct {
	ack protocol.Acknowledgement
	err error
}

// Dial opens a session, or continues the one of Options.Credentials, connects and resumes. baseURL is the
// server's address as http, https, ws or wss; a path that ends in /ws or /ws/app is understood too. ctx bounds
// the dialling alone.
func Dial(ctx context.Context, baseURL string, o Options) (*Client, error) {
	base, err := parseAddress(baseURL)
	if err != nil {
		return nil, err
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Random == nil {
		o.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o, base: base, creds: o.Credentials, at: o.Position, done: make(chan struct{}), ready: make(chan struct{}),
		replies: map[string]*Reply{}}
	if c.creds.Session == "" {
		if c.creds, err = c.openSession(ctx); err != nil {
			return nil, fmt.Errorf("open a session at %s: %w", base.http, err)
		}
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	conn, err := c.connect(ctx)
	if err != nil {
		c.cancel(ErrClosed)
		return nil, fmt.Errorf("connect to %s: %w", base.socket(o.Origin != ""), err)
	}
	go c.run(conn)
	select {
	case <-c.ready:
		return c, nil
	case <-c.done:
		return nil, context.Cause(c.ctx)
	case <-ctx.Done():
		c.Close()
		return nil, fmt.Errorf("resume: %w", ctx.Err())
	}
}

// Credentials are what continues this session later.
func (c *Client) Credentials() Credentials { return c.creds }

// Position is the last event that arrived.
func (c *Client) Position() Position {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// State is what the server said at the last resume.
func (c *Client) State() protocol.SessionState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Cart is what the cart holds, as far as the server has said.
func (c *Client) Cart() shop.Cart {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cart == nil {
		return shop.Cart{}
	}
	return *c.cart
}

// Reconnects counts how often the line was lost and had again.
func (c *Client) Reconnects() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reconnects
}

// Events gives out every frame from now on. Who asks for it must read it: the client reads no further while
// 256 events wait. It is closed when the client ends.
func (c *Client) Events() <-chan Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events == nil {
		c.events = make(chan Event, 256)
		if c.ctx.Err() != nil {
			close(c.events)
		}
	}
	return c.events
}

// Send posts a message and returns when it is committed. The message survives lost lines: it is sent again
// with the same id until it is acknowledged or ctx ends. What the server asks to send again later (it is busy,
// or the client is too fast) is sent again; other errors are returned as *shop.Error.
func (c *Client) Send(ctx context.Context, text string) (protocol.Acknowledgement, error) {
	return c.SendMessage(ctx, protocol.MessageSend{Text: text})
}

// SendMessage is Send for a message with more than text: a picture, the card of which less is wanted, the message
// that it replaces. Without a locale it has that of the options.
func (c *Client) SendMessage(ctx context.Context, m protocol.MessageSend) (protocol.Acknowledgement, error) {
	ack, _, err := c.send(ctx, m)
	return ack, err
}

func (c *Client) send(ctx context.Context, m protocol.MessageSend) (protocol.Acknowledgement, *pending, error) {
	m.Locale = cmp.Or(m.Locale, c.o.Locale)
	p := &pending{id: uuid.NewString(), data: m, answer: make(chan acknowledged, 1)}
	c.mu.Lock()
	c.pending = append(c.pending, p)
	c.mu.Unlock()
	defer c.forget(p)
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 4*time.Second) {
		c.transmit(p)
		select {
		case got := <-p.answer:
			if !again(got.err) {
				return got.ack, p, got.err
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return protocol.Acknowledgement{}, p, errors.Join(ctx.Err(), got.err)
			}
		case <-ctx.Done():
			return protocol.Acknowledgement{}, p, ctx.Err()
		case <-c.done:
			return protocol.Acknowledgement{}, p, context.Cause(c.ctx)
		}
	}
}

// again is true for errors that a later try may not meet.
func again(err error) bool {
	code, _ := shop.CodeOf(err)
	return err != nil && protocol.Again(code)
}

// Stop asks for the answer being written to end; messageID limits it to that one.
func (c *Client) Stop(messageID string) error {
	return c.Frame(protocol.TypeTurnStop, protocol.TurnStop{MessageID: messageID}, "")
}

// SetCart sets how many pieces of a product the cart holds; cart.updated answers.
func (c *Client) SetCart(sku string, quantity int) error {
	return c.Frame(protocol.TypeCartSet, protocol.CartSet{SKU: sku, Quantity: quantity}, "")
}

// Frame sends one frame as it is, now or not at all.
func (c *Client) Frame(t protocol.Type, data any, clientMsgID string) error {
	env, err := protocol.New(t, data, c.o.Now())
	if err != nil {
		return err
	}
	env.ClientMsgID = clientMsgID
	frame, err := env.Encode()
	if err != nil {
		return err
	}
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return errors.New("not connected")
	}
	return c.write(conn, frame)
}

// Drop ends the present line without a word, as a phone in a lift does; the client then comes back.
func (c *Client) Drop() {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		conn.NetConn().Close()
	}
}

// Close ends the client and waits for what it started. It may be called twice.
func (c *Client) Close() error {
	c.cancel(ErrClosed)
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		deadline := time.Now().Add(time.Second)
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline)
		_ = conn.SetReadDeadline(deadline)
	}
	<-c.done
	return nil
}

// Err is why the client ended, nil while it lives.
func (c *Client) Err() error {
	select {
	case <-c.done:
		return context.Cause(c.ctx)
	default:
		return nil
	}
}
