package dialog

import (
	"log/slog"
	"sync"
	"time"

	"floorwalker/protocol"
)

// hub knows who in this process listens to which session, and joins it to the other replicas by the Wake.
// Everything in it is a shortcut: a reader that is told nothing still finds everything in PostgreSQL.
type hub struct {
	replica string
	wake    Wake
	log     *slog.Logger

	mu     sync.Mutex
	rooms  map[string]*room
	status *protocol.Envelope
}

// room is one session in this process: its readers and the turn that runs here.
type room struct {
	session string
	holds   int

	join     sync.Once
	stopWake func()

	// The hub's mutex guards these.
	readers []*Subscription
	turn    *turn
	// heard is when another replica last said that it has a reader.
	heard time.Time
}

func newHub(replica string, wake Wake, log *slog.Logger) *hub {
	return &hub{replica: replica, wake: wake, log: log, rooms: map[string]*room{}}
}

// hold keeps a session's room, and with it the subscription to its notices, until release.
func (h *hub) hold(session string) *room {
	h.mu.Lock()
	r := h.rooms[session]
	if r == nil {
		r = &room{session: session}
		h.rooms[session] = r
	}
	r.holds++
	h.mu.Unlock()
	r.join.Do(func() {
		if h.wake == nil {
			return
		}
		stop, err := h.wake.Subscribe(session, func(n Notice) { h.noticed(r, n) })
		if err != nil {
			h.log.Warn("no wake-ups for a session, polling finds its news", "session", session, "error", err)
			return
		}
		r.stopWake = stop
	})
	return r
}

func (h *hub) release(r *room) {
	h.mu.Lock()
	r.holds--
	last := r.holds == 0
	if last {
		delete(h.rooms, r.session)
	}
	h.mu.Unlock()
	if last && r.stopWake != nil {
		r.stopWake()
	}
}

func (h *hub) enter(r *room, s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.readers = append(r.readers, s)
}

func (h *hub) leave(r *room, s *Subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range r.readers {
		if other == s {
			r.readers = append(r.readers[:i:i], r.readers[i+1:]...)
			return
		}
	}
}

// begin and end say which turn of the session runs in this process.
func (h *hub) begin(r *room, t *turn) { h.mu.Lock(); r.turn = t; h.mu.Unlock() }
func (h *hub) end(r *room)            { h.mu.Lock(); r.turn = nil; h.mu.Unlock() }

// running is the turn of the session that runs in this process, or nil.
func (h *hub) running(session string) *turn {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[session]; r != nil {
		return r.turn
	}
	return nil
}

// attached is true when the session has a reader in this process.
func (h *hub) attached(session string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[session]
	return r != nil && len(r.readers) > 0
}

// network is where a device is that reads the session here; "" where none does.
func (h *hub) network(session string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[session]; r != nil {
		for _, s := range r.readers {
			if s.by.Network != "" {
				return s.by.Network
			}
		}
	}
	return ""
}

// heardSince is true when another replica said after t that it has a reader.
func (h *hub) heardSince(r *room, t time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return r.heard.After(t)
}

// logged tells everybody of events that are committed.
func (h *hub) logged(session, epoch string, events []event) {
	if len(events) == 0 {
		return
	}
	h.push(session, func(s *Subscription) {
		for i := range events {
			s.push(item{event: &events[i], epoch: epoch})
		}
	})
	h.tell(session, Notice{Seq: events[len(events)-1].Seq})
}

// delta tells everybody of the next piece of an answer. A private one does not go over NATS: the readers of other
// replicas find its text in PostgreSQL, at the next look or with the answer's end.
func (h *hub) delta(session string, d protocol.MessageDelta, private bool) {
	h.push(session, func(s *Subscription) { s.push(item{delta: &d}) })
	if !private {
		h.tell(session, Notice{Delta: &d})
	}
}

// passing tells everybody something that is not logged.
func (h *hub) passing(session string, env protocol.Envelope) {
	h.push(session, func(s *Subscription) { s.push(item{passing: &env}) })
	h.tell(session, Notice{Passing: &env})
}

// announce tells every reader of this process, and each that comes later.
func (h *hub) announce(env protocol.Envelope) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = &env
	for _, r := range h.rooms {
		for _, s := range r.readers {
			s.push(item{passing: &env})
		}
	}
}

func (h *hub) announced() *protocol.Envelope {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.status
}

// signOut ends the readers of the session's devices, on every replica.
func (h *hub) signOut(session string, devices []string) {
	if len(devices) == 0 {
		return
	}
	h.push(session, func(s *Subscription) { s.signOut(devices) })
	h.tell(session, Notice{SignedOut: devices})
}

// devices lists those that have readers in this process.
func (h *hub) devices() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		for _, s := range r.readers {
			if s.by.ID != "" {
				all = append(all, s.by.ID)
			}
		}
	}
	return all
}

// endDevices ends the readers of the devices in this process.
func (h *hub) endDevices(devices []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		for _, s := range r.readers {
			s.signOut(devices)
		}
	}
}

// look makes the session's readers look whether the log reaches seq; writing and length are the answer
// being written and how many code points of it are stored.
func (h *hub) look(session string, p progress) {
	h.push(session, func(s *Subscription) { s.push(item{look: &p}) })
}

// watched lists the sessions that have readers in this process.
func (h *hub) watched() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	sessions := make([]string, 0, len(h.rooms))
	for id, r := range h.rooms {
		if len(r.readers) > 0 {
			sessions = append(sessions, id)
		}
	}
	return sessions
}

func (h *hub) push(session string, each func(s *Subscription)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[session]; r != nil {
		for _, s := range r.readers {
			each(s)
		}
	}
}

// tell passes a notice to the other replicas. A lost one only delays.
func (h *hub) tell(session string, n Notice) {
	if h.wake == nil {
		return
	}
	n.From = h.replica
	if err := h.wake.Publish(session, n); err != nil {
		h.log.Debug("notice not sent", "session", session, "error", err)
	}
}

// noticed handles what another replica told.
func (h *hub) noticed(r *room, n Notice) {
	if n.From == h.replica {
		return
	}
	switch {
	case n.Seq > 0:
		h.look(r.session, progress{Seq: n.Seq})
	case n.Delta != nil:
		h.push(r.session, func(s *Subscription) { s.push(item{delta: n.Delta}) })
	case n.Passing != nil:
		h.push(r.session, func(s *Subscription) { s.push(item{passing: n.Passing}) })
	case n.SignedOut != nil:
		h.push(r.session, func(s *Subscription) { s.signOut(n.SignedOut) })
	case n.Stop:
		if t := h.running(r.session); t != nil {
			t.check()
		}
	case n.Who:
		if h.attached(r.session) {
			h.tell(r.session, Notice{Here: true})
		}
	case n.Here:
		h.mu.Lock()
		r.heard = time.Now()
		h.mu.Unlock()
	}
}
