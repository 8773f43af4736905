package web

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/identity"
	"floorwalker/protocol"
	"floorwalker/ranking"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// Sessions is the session manager, *dialog.Manager.
type Sessions interface {
	doors
	talk
	changes
}

// doors lets customers in.
type doors interface {
	Open(ctx context.Context, r dialog.OpenRequest) (dialog.Opened, error)
	OpenCustomer(ctx context.Context, customer string, r dialog.OpenRequest) (dialog.Opened, error)
	Identify(ctx context.Context, sessionID string, by dialog.Device, customer string) (dialog.Opened, error)
	SignOut(ctx context.Context, sessionID, device string) error
	Authenticate(ctx context.Context, sessionID, secret string) (dialog.Session, error)
	Authorise(ctx context.Context, device string) error
	AttachDevice(ctx context.Context, sessionID string, by dialog.Device, from dialog.Position) (*dialog.Subscription, error)
	Attach(ctx context.Context, sessionID string, from dialog.Position) (*dialog.Subscription, error)
}

// talk is what customers do while they write.
type talk interface {
	Post(ctx context.Context, sessionID string, r dialog.PostRequest) (protocol.Acknowledgement, error)
	Interrupt(ctx context.Context, sessionID, messageID string) error
	AskPerson(ctx context.Context, sessionID string, reason, note string) (handoffID string, err error)
	Read(ctx context.Context, sessionID string, role protocol.Role, seq int64) error
	Typing(ctx context.Context, sessionID string, role protocol.Role, name string, started bool) error
}

// changes is what customers do beside writing.
type changes interface {
	Session(ctx context.Context, sessionID string) (dialog.Session, error)
	Decline(ctx context.Context, sessionID string, d protocol.CardDecline) error
	SetPage(ctx context.Context, sessionID string, p shop.Page) error
	CartChanged(ctx context.Context, sessionID string, cart shop.Cart) error
}

var _ Sessions = (*dialog.Manager)(nil)

// Catalogue keeps the shop's products.
type Catalogue interface {
	Put(ctx context.Context, p shop.Product) (shop.Product, error)
	Delete(ctx context.Context, sku string) error
	Products(ctx context.Context, skus []string) ([]shop.Product, error)
	Search(ctx context.Context, q shop.Query) ([]shop.Candidate, error)
	// Catalogues names the sources of the products that are there.
	Catalogues(ctx context.Context) ([]string, error)
}

// Carts sets absolute quantities; the owner is the verified customer, else the session.
type Carts interface {
	Set(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error)
	Get(ctx context.Context, owner string) (shop.Cart, error)
}

// Purchases are orders made earlier.
type Purchases interface {
	Of(ctx context.Context, customer string) ([]shop.Order, error)
}

// Customers are those who have an account; shop.CodeNotFound where nobody has this id.
type Customers interface {
	Customer(ctx context.Context, id string) (shop.Customer, error)
}

// Articles reads the shop's knowledge by slug; shop.CodeNotFound where there is none.
type Articles interface {
	Article(ctx context.Context, slug string) (shop.Article, error)
}

// Rankings explains where a search puts a product; shop.CodeNotFound where there is no such product.
type Rankings interface {
	Explain(ctx context.Context, query, sku string) (ranking.Explanation, error)
}

// Suggestions proposes products to a person who serves a customer; *agent.Agent.
type Suggestions interface {
	Suggest(ctx context.Context, turn shop.Turn) (shop.Cards, error)
}

// Identity says who a customer is, by a token of the shop that is used up by that; *identity.Verifier. sessionID is
// where the token is to be used; empty where that session is still to be opened.
type Identity interface {
	Verify(ctx context.Context, token, sessionID string) (identity.Customer, error)
}

// Parts are what a Server works with. Sessions, Catalogue, Pool and Status are needed.
type Parts struct {
	Sessions  Sessions
	Catalogue Catalogue
	// Pool keeps tickets, so that any replica can redeem them.
	Pool *pgxpool.Pool
	// Status says what is up. It is called often and must not wait for long.
	Status func(ctx context.Context) Readiness
	// Carts may be nil; cart.set is then refused.
	Carts Carts
	// Identity lets known customers in; nil where all are visitors.
	Identity Identity
	// Desk is where people answer; nil where nobody does: there is no console then.
	Desk *desk.Desk
	// Behaviour keeps what customers did; nil where nothing does: there are no routes for events then.
	Behaviour Behaviour
	// Pictures keeps what customers send to be looked at; nil where no pictures are taken.
	Pictures Pictures
	// Purchases may be nil; agents then see no orders.
	Purchases Purchases
	// Customers may be nil; agents then see a customer's id alone.
	Customers Customers
	// Articles may be nil; citations then lead nowhere.
	Articles Articles
	// Operator is what admins work with at /admin; nil where there is none.
	Operator *Operator
	// Forecasts are what is expected to be bought; nil where nothing foretells it.
	Forecasts Forecasts
	// Prices are proposals of prices; nil where nothing proposes any.
	Prices Prices
	// Suggestions proposes products to the desk; nil where nothing does.
	Suggestions Suggestions
	// Rankings explains to operators why a product stands where it does; nil where nobody can.
	Rankings Rankings
	// Images serves GET /images/{sku} and, for the demo's products, /demo/images/{sku}. What it answers with
	// 404, and everything while it is nil, gets a drawn placeholder.
	Images http.Handler
	// Drain, where given, is called as the server stops, between "no new sockets" and closing the old ones,
	// so that answers being written reach their readers: dialog.Manager.Drain.
	Drain func(ctx context.Context) error
	// Metrics, where given, gets the server's metrics and is served at /metrics to the admin token.
	Metrics *prometheus.Registry
}

// Config tunes a Server. The zero value lets no browser in and closes the products API; all else has defaults.
type Config struct {
	// Origins are the exact origins (scheme, host, port) of pages that may connect: "https://shop.example".
	Origins []string
	// ConsoleOrigins are those of the agents' console; Origins where empty. Where they are given, the console is
	// answered under their hosts alone, apart from the customers' pages.
	ConsoleOrigins []string
	// VerifiedOnly keeps visitors out: sessions are opened with a token of the shop alone. It needs Parts.Identity.
	VerifiedOnly bool
	// AdminToken opens the products API and /metrics; empty closes both.
	AdminToken string
	// ImageHosts are the origins that product pictures may come from, besides our own.
	ImageHosts []string
	// SiteKeys are the public keys of the shop's sites, each with the origins of the pages that are let in under it. Pages of
	// Origins need none.
	SiteKeys map[string][]string
	// LinkHosts are the origins that links in what is written to customers may lead to, beside Origins.
	LinkHosts []string
	// Version is shown in /capabilities.
	Version string
	// TicketLife is how long a ticket can be redeemed. Default 30 s.
	TicketLife time.Duration
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// HSTS is sent as Strict-Transport-Security where set: for deployments behind TLS.
	HSTS   string
	Limits Limits
	Times  Times
	Logger *slog.Logger
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Random spreads reconnects. Default seeded by the system.
	Random *rand.Rand
}

// Limits bound what clients may do. Each zero field has the default that stands beside it.
type Limits struct {
	// Sessions and Connects are per client address and second, with a burst. Defaults 10 (200) and 20 (200).
	Sessions, Connects Rate
	// Messages are per customer, or visitor's session, Frames per socket, or device where they come by POST. Defaults
	// 5 (20) and 30 (120) a second.
	Messages, Frames Rate
	// Tickets, of which each connection needs one, are per customer, or visitor's session. Default 2 (60) a second.
	Tickets Rate
	// AddressMessages are per client address, whatever sessions they are in. Default 200 (2,000) a second: many people
	// may be behind one address.
	AddressMessages Rate
	// Events are batches of events per session. Default 2 (20) a second.
	Events Rate
	// Requests are other HTTP requests per client address. Default 50 (400) a second.
	Requests Rate
	// MaxSockets is how many sockets this process holds. Default 20,000.
	MaxSockets int
	// MaxSocketsPerSession is how many devices and tabs one session may have. Default 16.
	MaxSocketsPerSession int
	// MaxAddresses is how many client addresses, and how many customers, each limit remembers. Default 50,000.
	MaxAddresses int
	// BadFrames is how many unreadable frames in a row close a socket. Default 20.
	BadFrames int
	// MaxDiscard is the largest message, in bytes, that is read past (and answered with too_large) instead
	// of closing the socket. Default 16 MiB.
	MaxDiscard int64
	// Queue is how many frames may wait for a socket's writer. Default 64.
	Queue int
}

// Rate is a steady rate a second with a burst above it.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Times bound how long things may take. Each zero field has the default that stands beside it.
type Times struct {
	// Handshake bounds the upgrade and the wait for session.resume. Default 10 s.
	Handshake time.Duration
	// Message bounds the arrival of one message once it began. Default 20 s.
	Message time.Duration
	// Write bounds one frame's way out. Default 10 s.
	Write time.Duration
	// Ping is how often a ping goes out, Pong how long anything may take to come back. Defaults 25 s and 60 s.
	Ping, Pong time.Duration
	// Idle closes a socket on which nothing was said for so long in either direction. Default 1 h.
	Idle time.Duration
	// MaxAge closes a socket for good manners to load balancers. Default 12 h.
	MaxAge time.Duration
	// Request bounds one call of the session manager made for a frame. Default 10 s.
	Request time.Duration
	// Stop bounds the whole of stopping, and Drain the wait for answers being written. Defaults 20 s and 10 s.
	Stop, Drain time.Duration
}

func orElse[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

func (c Config) withDefaults() Config {
	l, t := &c.Limits, &c.Times
	orElse(&l.Sessions, Rate{10, 200})
	orElse(&l.Connects, Rate{20, 200})
	orElse(&l.Messages, Rate{5, 20})
	orElse(&l.Frames, Rate{30, 120})
	orElse(&l.Tickets, Rate{2, 60})
	orElse(&l.AddressMessages, Rate{200, 2000})
	orElse(&l.Events, Rate{2, 20})
	orElse(&l.Requests, Rate{50, 400})
	orElse(&l.MaxSockets, 20_000)
	orElse(&l.MaxSocketsPerSession, 16)
	orElse(&l.MaxAddresses, 50_000)
	orElse(&l.BadFrames, 20)
	orElse(&l.MaxDiscard, 16<<20)
	orElse(&l.Queue, 64)
	orElse(&t.Handshake, 10*time.Second)
	orElse(&t.Message, 20*time.Second)
	orElse(&t.Write, 10*time.Second)
	orElse(&t.Ping, 25*time.Second)
	orElse(&t.Pong, 60*time.Second)
	orElse(&t.Idle, time.Hour)
	orElse(&t.MaxAge, 12*time.Hour)
	orElse(&t.Request, 10*time.Second)
	orElse(&t.Stop, 20*time.Second)
	orElse(&t.Drain, 10*time.Second)
	orElse(&c.TicketLife, 30*time.Second)
	orElse(&c.Logger, slog.New(slog.DiscardHandler))
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return c
}

// Server is the shop's HTTP and WebSocket server. It is an http.Handler; Serve runs it on a listener.
type Server struct {
	parts   Parts
	c       Config
	log     *slog.Logger
	origins map[string]bool
	// sites are the keys under which the pages of an origin are let in, of those that need one.
	sites map[string][]string
	// links are the origins that links may lead to, sorted.
	links []string
	// images are the origins that pictures may come from besides our own.
	images []string
	// consoleOrigins are those that consoles may come from; consoleHosts, where not empty, those that they are
	// served under.
	consoleOrigins, consoleHosts map[string]bool

	tickets  tickets
	looks    lookStore
	upgrader websocket.Upgrader
	handler  http.Handler
	metrics  *metrics
	// api and deskAPI describe the routes, patterns are all that there are; deskAPI is nil without a desk.
	api, deskAPI *huma.OpenAPI
	patterns     []string

	sessionRate, connectRate, requestRate *keyedLimiter
	messageRate, addressMessageRate       *keyedLimiter
	ticketRate, loginRate, eventRate      *keyedLimiter
	// frameRate is per device, for frames that come by POST.
	frameRate   *keyedLimiter
	pictureRate *keyedLimiter

	randomMu sync.Mutex
	stopping atomic.Bool
	// made is when the server was made, with the monotonic clock: what sockets wait for goes by its age.
	made time.Time
	// base ends when sockets must end.
	base    context.Context
	endBase context.CancelFunc
	sockets *register
}

// New puts the routes together. It starts nothing.
func New(p Parts, c Config) *Server {
	c = c.withDefaults()
	s := &Server{parts: p, c: c, log: c.Logger, origins: map[string]bool{}, metrics: newMetrics(p.Metrics), made: time.Now(),
		tickets: tickets{store: ticketStore{p.Pool}, life: c.TicketLife}, looks: lookStore{p.Pool}}
	s.openTo(c)
	s.consoleOrigins, s.consoleHosts = s.origins, map[string]bool{}
	if len(c.ConsoleOrigins) > 0 {
		s.consoleOrigins = map[string]bool{}
	}
	for _, given := range c.ConsoleOrigins {
		origin, err := CleanOrigin(given)
		if err != nil {
			s.log.Warn("an origin of the console is passed over: no browser sends it", "origin", given, "error", err)
			continue
		}
		s.consoleOrigins[origin] = true
		_, host, _ := strings.Cut(origin, "://")
		s.consoleHosts[host] = true
	}
	l := c.Limits
	s.loginRate = newKeyedLimiter(Rate{0.2, 10}, l.MaxAddresses, c.Now)
	s.sessionRate = newKeyedLimiter(l.Sessions, l.MaxAddresses, c.Now)
	s.connectRate = newKeyedLimiter(l.Connects, l.MaxAddresses, c.Now)
	s.requestRate = newKeyedLimiter(l.Requests, l.MaxAddresses, c.Now)
	s.ticketRate = newKeyedLimiter(l.Tickets, l.MaxAddresses, c.Now)
	s.addressMessageRate = newKeyedLimiter(l.AddressMessages, l.MaxAddresses, c.Now)
	s.eventRate = newKeyedLimiter(l.Events, l.MaxAddresses, c.Now)
	s.frameRate = newKeyedLimiter(l.Frames, l.MaxAddresses, c.Now)
	s.pictureRate = newKeyedLimiter(Rate{0.5, 6}, l.MaxAddresses, c.Now)
	s.messageRate = newKeyedLimiter(l.Messages, l.MaxAddresses, c.Now)
	s.base, s.endBase = context.WithCancel(context.Background())
	s.sockets = newRegister(l.MaxSockets, l.MaxSocketsPerSession)
	s.upgrader = s.newUpgrader()
	s.handler = s.routes()
	return s
}

// age is how long ago the server was made. It never jumps.
func (s *Server) age() time.Duration { return time.Since(s.made) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Routes are all that the server answers, as patterns of http.ServeMux.
func (s *Server) Routes() []string { return slices.Clone(s.patterns) }

// OpenAPI describes the HTTP API: that of clients and the shop, and that of the agents' console, nil without a desk.
func (s *Server) OpenAPI() (public, console *huma.OpenAPI) { return s.api, s.deskAPI }

// closeReason is what a close frame of the code says, with the advised wait drawn at random.
func (s *Server) closeReason(code protocol.CloseCode) string {
	s.randomMu.Lock()
	defer s.randomMu.Unlock()
	return code.Reason(s.c.Random)
}
