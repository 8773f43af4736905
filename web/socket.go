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

// socket is one WebSocket, from its handshake to its end. Three goroutines work on it: run reads frames and
// does what they say, write alone writes, pump moves the session's events to write's queue. Whoever wants it
// closed says close; write sends what is queued and then the code.
type socket struct {
	s       *Server
	conn    *websocket.Conn
	session string
	// by is whose right it has, and where that device is; empty where the socket is a console.
	by dialog.Device
	// owner is whose cart it is: the verified customer, else the session.
	owner string

	ctx    context.Context
	cancel context.CancelFunc
	out    chan []byte
	// closing holds the code that the socket is to be closed with; the first one stays. shut is set with it:
	// from then on frames are read past.
	closing chan protocol.CloseCode
	shut    atomic.Bool
	// cutter ends the socket when the close frame stays without an answer.
	cutter *time.Timer
	// resuming is true once the client has asked to resume: from then on it is not its fault when nothing comes of it.
	resuming atomic.Bool
	// said is when anything but pings last went either way, in Unix nanoseconds.
	said atomic.Int64

	frames *rate.Limiter
	// Only run touches what follows.
	sub *dialog.Subscription
	// desk is set where the socket is an agent's console.
	desk          *deskSide
	pumps         sync.WaitGroup
	bad, overrate int
}

var writeBuffers sync.Pool

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
	ctx, cancel := context.WithTimeout(r.Context(), s.c.Times.Handshake)
	defer cancel()
	by, err := s.tickets.redeem(ctx, ticket)
	if err != nil {
		if code, message := shop.CodeOf(err); code == shop.CodeForbidden {
			err = refuse(http.StatusUnauthorized, protocol.CloseTicketExpired.Name, message)
		} else {
			err = s.fail(ctx, "ticket not redeemed", err)
		}
		s.turnSocketAway(w, "ticket", err)
		return
	}
	session, err := s.parts.Sessions.Session(ctx, by.session)
	if err != nil {
		s.turnSocketAway(w, "session", s.fail(ctx, "session not read", err))
		return
	}
	k := &socket{s: s, session: session.ID, by: dialog.Device{ID: by.device, Network: addressKey(s.clientAddress(r))},
		owner: session.Customer, out: make(chan []byte, s.c.Limits.Queue),
		closing: make(chan protocol.CloseCode, 1), frames: s.c.Limits.Frames.limiter()}
	orElse(&k.owner, session.ID)
	s.accept(w, r, k, route)
}

// accept upgrades the request and runs the socket to its end.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, k *socket, route string) {
	if err := s.sockets.enter(k); err != nil {
		s.turnSocketAway(w, "full", err)
		return
	}
	defer s.sockets.leave(k)
	upgrader := websocket.Upgrader{HandshakeTimeout: s.c.Times.Handshake, ReadBufferSize: 2 << 10, WriteBufferSize: 4 << 10,
		WriteBufferPool: &writeBuffers, Subprotocols: []string{subprotocol}, EnableCompression: false,
		// The routes have checked the Origin already.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			writeError(w, refuse(status, shop.CodeBadRequest, sentence(strings.TrimPrefix(reason.Error(), "websocket: "))))
		}}
	var err error
	if k.conn, err = upgrader.Upgrade(w, r, nil); err != nil {
		s.metrics.refused.WithLabelValues("handshake").Inc()
		return
	}
	s.metrics.accepted.WithLabelValues(route).Inc()
	s.metrics.sockets.Inc()
	defer s.metrics.sockets.Dec()
	k.run()
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

// run is the socket's life. It returns when everything that works on it has.
func (k *socket) run() {
	k.ctx, k.cancel = context.WithCancel(k.s.base)
	if tcp, ok := k.conn.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(kernelBuffer) //nolint:errcheck // an optimisation
	}
	k.spoke()
	began := k.s.c.Now()
	written := make(chan protocol.CloseCode, 1)
	go func() { written <- k.write() }()
	if k.desk != nil {
		k.beginDesk()
	}
	err := k.read()
	k.cancel()
	if k.sub != nil {
		k.sub.Close()
	}
	if k.desk != nil {
		k.desk.close()
	}
	k.pumps.Wait()
	code := <-written
	if k.cutter != nil {
		k.cutter.Stop()
	}
	k.conn.Close()
	if code.Code == 0 {
		code.Name = "by_client"
	}
	k.s.metrics.closed.WithLabelValues(code.Name).Inc()
	k.s.log.Debug("socket closed", "session", k.session, "code", code.Name, "after", k.s.c.Now().Sub(began), "cause", err)
}

// close asks for the socket to be closed with a code. It never waits; the first code stays.
func (k *socket) close(code protocol.CloseCode) {
	if k.shut.CompareAndSwap(false, true) {
		k.closing <- code
	}
}

// cut ends the socket without good manners.
func (k *socket) cut() { k.conn.Close() }

// spoke notes that something was said.
func (k *socket) spoke() { k.said.Store(k.s.c.Now().UnixNano()) }

// send queues an envelope for the client. It waits for the writer, and no longer than the socket lives: a
// client that sends more than it reads is so held up itself.
func (k *socket) send(env protocol.Envelope) {
	frame, err := env.Encode()
	if err != nil {
		k.s.log.Error("frame not written", "session", k.session, "type", env.Type, "error", err)
		return
	}
	select {
	case k.out <- frame:
		k.s.metrics.frames.WithLabelValues("out", string(env.Type)).Inc()
	case <-k.ctx.Done():
	}
}
