package web

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

const (
	// subprotocol is what clients offer in Sec-WebSocket-Protocol and the server chooses.
	subprotocol = "floorwalker.v1"
	// ticketPrefix begins the other offer, which carries the ticket and is never chosen.
	ticketPrefix = "ticket."
	// closeWait is how long a closed socket may take to answer the close frame.
	closeWait = 2 * time.Second
	// kernelBuffer bounds, in bytes, what the kernel keeps for a reader that does not read.
	kernelBuffer = 256 << 10
)

// socket is one line to a client, from its handshake to its end: a WebSocket, or where that is blocked a stream. Whoever waits costs a goroutine and its stack, so a
// silent socket has one: read waits for frames and does what they say. The writer (write) and what moves a
// session's events into its queue (pump) live only while there is something for them to do, and the server
// looks after all sockets at once (tend) instead of each having timers. Whoever wants the socket closed says
// close; the writer sends what is queued and then the code.
type socket struct {
	s *Server
	// conn is what a WebSocket is read from, wire what is written to. listen reads until the socket ends; its error
	// says why it did.
	conn   *websocket.Conn
	wire   wire
	listen func() error
	// caller is whose frames come; but for a name of its own empty where the socket is a console.
	caller

	ctx    context.Context
	cancel context.CancelFunc
	// works are the writer, the pumps and, at a console, what watches the desk.
	works sync.WaitGroup
	// began is the server's age when the socket was opened.
	began time.Duration
	// said is when anything but pings last went either way, in Unix nanoseconds of the server's clock.
	said atomic.Int64
	// pumping is how many pumps are at work.
	pumping atomic.Int32
	// shut is set with the code that the socket is to be closed with: from then on frames are read past.
	shut atomic.Bool
	// resuming is true once the client has asked to resume: from then on it is not its fault when nothing comes
	// of it. resumed is true once it reads its session.
	resuming, resumed atomic.Bool

	mu sync.Mutex
	// writable is true from the upgrade until the close frame, or until the socket is of no more use.
	writable bool
	// writing is true while the writer is at work.
	writing bool
	// out are the frames that wait for the writer. space, where somebody waits for room among them, is closed
	// when there is some.
	out   [][]byte
	space chan struct{}
	// ping is true when one is due; pinged is the server's age when the last one was.
	ping   bool
	pinged time.Duration
	// code is what the socket is to be closed with, closed what it was closed with; the zero code where nobody
	// wants it closed, the client left or the line broke.
	code, closed protocol.CloseCode
	// cutter ends the socket when the close frame stays without an answer.
	cutter *time.Timer

	// Only read touches what follows.
	frames *rate.Limiter
	sub    *dialog.Subscription
	// desk is set where the socket is an agent's console.
	desk          *deskSide
	bad, overrate int
}

// serveBrowser upgrades requests of pages whose origin is on the list.
func (s *Server) serveBrowser(w http.ResponseWriter, r *http.Request) {
	if !s.allowedOrigin(r) {
		s.turnSocketAway(w, "origin", refuse(http.StatusForbidden, shop.CodeForbidden,
			"This page's origin is not on the list. The shop adds it to the server's origins."))
		return
	}
	s.upgrade(w, r, "browser")
}

// serveApp upgrades requests of native apps. Browsers always send an Origin, and are refused here.
func (s *Server) serveApp(w http.ResponseWriter, r *http.Request) {
	if len(r.Header.Values("Origin")) > 0 {
		s.turnSocketAway(w, "origin", refuse(http.StatusForbidden, shop.CodeForbidden, "Pages connect at /ws; this route is for native apps."))
		return
	}
	s.upgrade(w, r, "app")
}

func (s *Server) turnSocketAway(w http.ResponseWriter, why string, err error) {
	s.metrics.refused.WithLabelValues(why).Inc()
	writeError(w, err)
}

// upgrade uses the ticket up, makes the socket and runs it to its end.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, route string) {
	ticket, err := offeredTicket(r)
	if err != nil {
		s.turnSocketAway(w, "handshake", err)
		return
	}
	c, why, err := s.redeem(r, ticket)
	if err != nil {
		s.turnSocketAway(w, why, err)
		return
	}
	s.accept(w, r, &socket{s: s, caller: c, frames: s.c.Limits.Frames.limiter()}, route)
}

// redeem uses a ticket up and says who comes with it, or why nobody does.
func (s *Server) redeem(r *http.Request, ticket string) (c caller, why string, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.c.Times.Handshake)
	defer cancel()
	by, err := s.tickets.redeem(ctx, ticket)
	if code, message := shop.CodeOf(err); err != nil && code == shop.CodeForbidden {
		return c, "ticket", refuse(http.StatusUnauthorized, protocol.CloseTicketExpired.Name, message)
	}
	if err != nil {
		return c, "ticket", s.fail(ctx, "ticket not redeemed", err)
	}
	session, err := s.parts.Sessions.Session(ctx, by.session)
	if err != nil {
		return c, "session", s.fail(ctx, "session not read", err)
	}
	session.Device, session.Platform = by.device, by.platform
	return s.callerOf(r, session), "", nil
}

// readBuffer is how many bytes each socket reads ahead: a customer's message mostly, and the head of larger ones,
// which are read past the buffer.
const readBuffer = 512

func (s *Server) newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{HandshakeTimeout: s.c.Times.Handshake, ReadBufferSize: readBuffer, WriteBufferSize: 4 << 10,
		WriteBufferPool: &sync.Pool{}, Subprotocols: []string{subprotocol}, EnableCompression: false,
		// The routes have checked the Origin already.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			writeError(w, refuse(status, shop.CodeBadRequest, sentence(strings.TrimPrefix(reason.Error(), "websocket: "))))
		}}
}

// accept upgrades the request; the socket then runs to its end by itself. It is false where there is no socket.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, k *socket, route string) bool {
	if err := s.sockets.enter(k); err != nil {
		s.turnSocketAway(w, "full", err)
		return false
	}
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.sockets.leave(k)
		s.metrics.refused.WithLabelValues("handshake").Inc()
		return false
	}
	s.metrics.accepted.WithLabelValues(route).Inc()
	s.metrics.sockets.Inc()
	if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(kernelBuffer) //nolint:errcheck // an optimisation
	}
	k.conn, k.listen = conn, k.read
	k.begin(webSocket{conn})
	// A goroutine of its own: the request's keeps the buffers and the stack of HTTP as long as it lives.
	go func() {
		defer s.sockets.leave(k)
		defer s.metrics.sockets.Dec()
		k.run()
	}()
	return true
}

// offeredTicket reads Sec-WebSocket-Protocol.
func offeredTicket(r *http.Request) (string, error) {
	if !websocket.IsWebSocketUpgrade(r) {
		return "", refuse(http.StatusUpgradeRequired, shop.CodeBadRequest, "Connect with a WebSocket.")
	}
	offers := websocket.Subprotocols(r)
	at := slices.IndexFunc(offers, func(o string) bool { return strings.HasPrefix(o, ticketPrefix) })
	if !slices.Contains(offers, subprotocol) || at < 0 {
		return "", refuse(http.StatusBadRequest, shop.CodeBadRequest,
			"Offer "+subprotocol+" and "+ticketPrefix+"<ticket> in Sec-WebSocket-Protocol. POST /api/tickets gives a ticket.")
	}
	return strings.TrimPrefix(offers[at], ticketPrefix), nil
}

// begin makes the socket usable. It may have been told to close already.
func (k *socket) begin(w wire) {
	k.ctx, k.cancel = context.WithCancel(k.s.base)
	k.began = k.s.age()
	k.spoke()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wire, k.writable, k.pinged = w, true, k.began
	if k.code.Code != 0 {
		k.wakeLocked()
	}
}

// run is the socket's life. It returns when everything that works on it has.
func (k *socket) run() {
	if k.desk != nil {
		k.beginDesk()
	}
	err := k.listen()
	k.cancel()
	if k.sub != nil {
		k.sub.Close()
	}
	if k.desk != nil {
		k.desk.close()
	}
	k.end()
	k.works.Wait()
	k.wire.Close()
	if k.cutter != nil {
		k.cutter.Stop()
	}
	code := k.closed
	if code.Code == 0 {
		code.Name = "by_client"
	}
	k.s.metrics.closed.WithLabelValues(code.Name).Inc()
	k.s.log.Debug("socket closed", "session", k.session, "code", code.Name, "after", k.s.age()-k.began, "cause", err)
}

// close asks for the socket to be closed with a code. It never waits; the first code stays.
func (k *socket) close(code protocol.CloseCode) {
	if !k.shut.CompareAndSwap(false, true) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.code = code
	k.wakeLocked()
}

// cut ends the socket without good manners.
func (k *socket) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.wire != nil {
		k.wire.Close()
	}
}

// spoke notes that something was said.
func (k *socket) spoke() { k.said.Store(k.s.c.Now().UnixNano()) }

// tend does what is due at the server's age.
func (k *socket) tend(age time.Duration) {
	t := k.s.c.Times
	k.mu.Lock()
	open := k.writable
	if open && age-k.pinged >= t.Ping {
		k.ping, k.pinged = true, age
		k.wakeLocked()
	}
	k.mu.Unlock()
	switch {
	case !open:
	case age-k.began >= t.MaxAge:
		k.close(protocol.CloseMaxAge)
	case time.Duration(k.s.c.Now().UnixNano()-k.said.Load()) > t.Idle:
		k.close(protocol.CloseIdle)
	case k.desk != nil, k.resumed.Load(), age-k.began < t.Handshake:
		// A console may listen without watching a conversation.
	case k.resuming.Load():
		k.close(protocol.CloseInternal)
	default:
		k.close(protocol.CloseNotResumed)
	}
}
