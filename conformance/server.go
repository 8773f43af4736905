package conformance

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"floorwalker/protocol"

	"github.com/gorilla/websocket"
)

// shop is the test server of one point: one conversation that behaves as the script says.
type shop struct {
	mu sync.Mutex
	// session and secret are what the client was given last; empty before.
	session, secret string
	// gone are sessions that are known no more.
	gone    map[string]bool
	tickets map[string]bool
	epoch   string
	log     []protocol.Envelope
	line    *line
	// resumes are those that came, ended is when the line last ended, refusals are when requests were broken off.
	resumes  []resumed
	ended    time.Time
	refusals []time.Time
	asked    int
	sent     []sentFrame
	accepted map[string]protocol.Acknowledgement
	trouble  []string
	// What the script asked for.
	unreachable    int
	ahead, blocked bool
	acknowledge    string
	clock          time.Duration
	changed        chan struct{}
}

type resumed struct {
	at       time.Time
	session  string
	position protocol.SessionResume
	way      string
}

type sentFrame struct{ text, id string }

// line is one connection of the client.
type line struct {
	way     string
	resumed bool
	// frames are what is to be written; closed ends it.
	frames chan []byte
	end    func(c wantClose)
	cut    func()
}

func newShop() *shop {
	return &shop{gone: map[string]bool{}, tickets: map[string]bool{}, epoch: "e1", accepted: map[string]protocol.Acknowledgement{},
		acknowledge: "yes", changed: make(chan struct{})}
}

// happened wakes whoever waits for the shop. The caller holds mu.
func (s *shop) happened() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *shop) blame(format string, args ...any) {
	s.trouble = append(s.trouble, fmt.Sprintf(format, args...))
	s.happened()
}

// routes are those of the protocol that a client uses.
func (s *shop) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/sessions", s.open)
	mux.HandleFunc("POST /api/tickets", s.ticket)
	mux.HandleFunc("GET /ws", s.socket)
	mux.HandleFunc("GET /ws/app", s.socket)
	mux.HandleFunc("POST /api/stream", s.stream)
	mux.HandleFunc("POST /api/frames", s.post)
}

// broken breaks the request off where the server is not to be reached.
func (s *shop) broken(w http.ResponseWriter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	defer s.happened()
	if s.unreachable == 0 {
		return false
	}
	s.unreachable--
	s.refusals = append(s.refusals, time.Now())
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
	return true
}

func (s *shop) open(w http.ResponseWriter, _ *http.Request) {
	if s.broken(w) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session, s.secret = rand.Text(), rand.Text()
	answer(w, http.StatusCreated, map[string]string{"session": s.session, "secret": s.secret, "epoch": s.epoch})
}

func (s *shop) ticket(w http.ResponseWriter, r *http.Request) {
	if s.broken(w) {
		return
	}
	var in struct{ Session string }
	err := json.NewDecoder(io.LimitReader(r.Body, protocol.MaxFrame)).Decode(&in)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || !s.allowed(r, in.Session) {
		refuse(w, http.StatusUnauthorized, "forbidden")
		return
	}
	ticket := rand.Text()
	s.tickets[ticket] = true
	answer(w, http.StatusCreated, map[string]any{"ticket": ticket, "expires_ms": 30000})
}

// allowed is true for who shows the session's secret. The caller holds mu.
func (s *shop) allowed(r *http.Request, session string) bool {
	return session != "" && session == s.session && !s.gone[session] && r.Header.Get("Authorization") == "Bearer "+s.secret
}

// redeem uses a ticket up. The caller holds mu.
func (s *shop) redeem(ticket string) bool {
	fresh, known := s.tickets[ticket]
	if known && !fresh {
		s.blame("a ticket was used twice")
	}
	s.tickets[ticket] = false
	return known && fresh
}

func (s *shop) socket(w http.ResponseWriter, r *http.Request) {
	offers := websocket.Subprotocols(r)
	at := slices.IndexFunc(offers, func(o string) bool { return strings.HasPrefix(o, "ticket.") })
	s.mu.Lock()
	if r.URL.RawQuery != "" {
		s.blame("the socket's address has a query: no ticket or secret belongs there")
	}
	refused := s.blocked || at < 0 || !slices.Contains(offers, "floorwalker.v1") || !s.redeem(strings.TrimPrefix(offers[max(at, 0)], "ticket."))
	s.mu.Unlock()
	if refused {
		refuse(w, http.StatusForbidden, "forbidden")
		return
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{"floorwalker.v1"}, CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	l := &line{way: "socket", frames: make(chan []byte, 256)}
	var writing sync.Mutex
	l.cut = func() { conn.NetConn().Close() }
	l.end = func(c wantClose) {
		writing.Lock()
		defer writing.Unlock()
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(c.Code, c.Reason), time.Now().Add(time.Second))
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	}
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case frame := <-l.frames:
				writing.Lock()
				err := conn.WriteMessage(websocket.TextMessage, frame)
				writing.Unlock()
				if err != nil {
					return
				}
			case <-over:
				return
			}
		}
	}()
	s.enter(l)
	defer s.leave(l)
	defer conn.Close()
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.hear(l, raw, func(env protocol.Envelope) { l.say(env) })
	}
}

func (s *shop) stream(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, protocol.MaxFrame))
	s.mu.Lock()
	held := err == nil && s.redeem(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	s.mu.Unlock()
	if !held {
		refuse(w, http.StatusUnauthorized, "ticket_expired")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	c := http.NewResponseController(w)
	over, bye := make(chan struct{}), make(chan wantClose, 1)
	var once sync.Once
	l := &line{way: "stream", frames: make(chan []byte, 256), cut: func() { once.Do(func() { close(over) }) }, end: func(c wantClose) { bye <- c }}
	s.enter(l)
	defer s.leave(l)
	s.hear(l, raw, func(env protocol.Envelope) { l.say(env) })
	for {
		select {
		case frame := <-l.frames:
			fmt.Fprintf(w, "data: %s\n\n", frame)
		case c := <-bye:
			fmt.Fprintf(w, "event: close\ndata: {\"code\":%d,\"reason\":%q}\n\n", c.Code, c.Reason)
			return
		case <-over:
			if conn, _, err := c.Hijack(); err == nil {
				conn.Close()
			}
			return
		case <-r.Context().Done():
			return
		}
		if c.Flush() != nil {
			return
		}
	}
}

func (s *shop) post(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, protocol.MaxFrame))
	env, _, bad := protocol.DecodeClient(raw)
	s.mu.Lock()
	allowed, l := s.allowed(r, env.Session), s.line
	s.mu.Unlock()
	if err != nil || bad != nil || !allowed {
		refuse(w, http.StatusUnauthorized, "forbidden")
		return
	}
	frames := []protocol.Envelope{}
	s.hear(l, raw, func(env protocol.Envelope) { frames = append(frames, env) })
	answer(w, http.StatusOK, map[string]any{"frames": frames})
}

func (s *shop) enter(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = l
	s.happened()
}

func (s *shop) leave(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == l {
		s.line = nil
	}
	s.ended = time.Now()
	s.happened()
}

// say sends an envelope; a line that takes no more loses it, and the client then finds the gap.
func (l *line) say(env protocol.Envelope) {
	raw, err := env.Encode()
	if err != nil {
		return
	}
	select {
	case l.frames <- raw:
	default:
	}
}

// hear takes one frame of the client's; reply answers it.
func (s *shop) hear(l *line, raw []byte, reply func(protocol.Envelope)) {
	env, data, err := protocol.DecodeClient(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.happened()
	if err != nil {
		s.blame("the client sent what can't be read: %v", err)
		return
	}
	resume, resuming := data.(*protocol.SessionResume)
	if !resuming && (l == nil || !l.resumed && l.way == "socket") {
		s.blame("%s came before session.resume was answered", env.Type)
		return
	}
	switch d := data.(type) {
	case *protocol.SessionResume:
		s.resume(l, *resume)
	case *protocol.MessageSend:
		s.send(env.ClientMsgID, d.Text, reply)
	case *protocol.Ping:
		reply(s.envelope(protocol.TypePong, protocol.Pong{}))
	}
}

func (s *shop) resume(l *line, at protocol.SessionResume) {
	s.resumes = append(s.resumes, resumed{at: time.Now(), session: s.session, position: at, way: l.way})
	if s.ahead && at.Epoch != "" {
		s.ahead = false
		l.say(s.envelope(protocol.TypeError, protocol.Error{Code: protocol.CodePositionAhead, Message: "The position lies in the future."}))
		return
	}
	typ, from := protocol.TypeSessionResumed, at.Seq
	switch {
	case at.Epoch == "":
		typ, from = protocol.TypeSessionOpened, 0
	case at.Epoch != s.epoch || from > int64(len(s.log)):
		typ, from = protocol.TypeSessionReset, 0
	}
	s.begin(l, typ, from)
}

// begin says how the line stands, and gives it the log after from.
func (s *shop) begin(l *line, typ protocol.Type, from int64) {
	l.resumed = true
	l.say(s.envelope(typ, protocol.SessionState{Epoch: s.epoch, Seq: int64(len(s.log)), Oldest: 1, From: from + 1, Owner: protocol.OwnerAssistant, OwnerEpoch: 1}))
	for _, event := range s.log[from:] {
		l.say(event)
	}
}

// send stores a message once and acknowledges it, as the script wants it.
func (s *shop) send(id, text string, reply func(protocol.Envelope)) {
	s.sent = append(s.sent, sentFrame{text, id})
	refusal := ""
	switch s.acknowledge {
	case "never":
		return
	case "yes":
	case "busy-once":
		refusal, s.acknowledge = "busy", "yes"
	default:
		refusal = s.acknowledge
	}
	if refusal != "" {
		env := s.envelope(protocol.TypeError, protocol.Error{Code: refusal, Message: "Not now.", ClientMsgID: id, Type: protocol.TypeMessageSend})
		env.ClientMsgID = id
		reply(env)
		return
	}
	ack, known := s.accepted[id]
	if !known {
		ack = protocol.Acknowledgement{ClientMsgID: id, MessageID: rand.Text(), Seq: int64(len(s.log)) + 1}
		s.accepted[id] = ack
		s.append(protocol.TypeMessageCreated, protocol.MessageCreated{MessageID: ack.MessageID, Role: protocol.RoleCustomer, State: protocol.StateComplete, Text: text, ClientMsgID: id}, true)
	}
	reply(protocol.AcceptedEnvelope(ack, s.session, s.now()))
}

func (s *shop) now() time.Time { return time.Now().Add(s.clock) }

func (s *shop) envelope(typ protocol.Type, data any) protocol.Envelope {
	env, err := protocol.New(typ, data, s.now())
	if err != nil {
		s.blame("write %s: %v", typ, err)
	}
	env.Session, env.Epoch = s.session, s.epoch
	return env
}

// append adds an event to the log, and tells a living line where told. The caller holds mu.
func (s *shop) append(typ protocol.Type, data any, told bool) {
	env := s.envelope(typ, data)
	env.Seq = int64(len(s.log)) + 1
	env.ID = fmt.Sprintf("%s-%d", s.epoch, env.Seq)
	s.log = append(s.log, env)
	if told && s.line != nil && s.line.resumed {
		s.line.say(env)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errcheck // the client has gone
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"code": code, "message": "The conformance server refuses this."})
}
