package dialog

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"floorwalker/protocol"
)

// Position is where a reader stands in a session's log: the last event it applied. The zero value reads
// from the beginning.
type Position struct {
	Epoch string
	Seq   int64
}

// Subscription is one reader of a session. One goroutine at a time calls Next or Take; Close may come from any.
//
// What happens here is pushed into a bounded inbox; Next compares it with where the reader stands, and
// reads PostgreSQL wherever something is missing in between. So what is pushed may be lost, repeated or
// out of order, and the reader still gets each event once and in order.
type Subscription struct {
	m    *Manager
	room *room
	// by is whose right it reads by; empty for those who need none.
	by Device

	mu       sync.Mutex
	inbox    []item
	catching bool
	err      error
	// notify is told when Take may have something.
	notify func()

	// Only Take touches what follows.
	waits chan struct{} // Next's, made on its first call
	epoch string
	// next is the seq of the next event to give out.
	next int64
	// ready are frames to give out before anything else.
	ready []protocol.Envelope
	// behind is true while the log holds more than was given out, as far as known.
	behind bool
	// live is true once the first replay is through.
	live bool
	// writing is the answer whose pieces are given out, have how many code points of it were; ended is
	// the answer that was completed last.
	writing, ended string
	have           int
	// looked is when the stored text was last read because of a gap.
	looked time.Time
}

// item is one thing pushed to a reader; one field is set.
type item struct {
	event   *event
	epoch   string
	delta   *protocol.MessageDelta
	passing *protocol.Envelope
	look    *progress
}

// progress is how far a session is, as another replica or the poll says.
type progress struct {
	Session string
	Epoch   string
	Seq     int64
	// Writing is the answer being written, Length how many code points of it are stored.
	Writing string
	Length  int
}

// replayPage is how many events one look into the log brings: those of some 100 questions and answers.
const replayPage = 400

// Attach reads the session from a position on. The first frame is session.opened, session.resumed or
// session.reset, then exactly what was missed, then the text so far of an answer being written, then live.
// A position in the future is ErrPositionAhead.
func (m *Manager) Attach(ctx context.Context, sessionID string, from Position) (*Subscription, error) {
	return m.AttachDevice(ctx, sessionID, Device{}, from)
}

// Device is a customer's browser or app that authenticated.
type Device struct {
	ID string
	// Network is where it is, as limits count it; may be empty.
	Network string
	// Platform is which of the shop's platforms it is on; empty is shop.PlatformWeb.
	Platform string
}

// AttachDevice attaches a device that authenticated. Its subscription ends with ErrSignedOut as soon as the
// device has no right to the session any more.
func (m *Manager) AttachDevice(ctx context.Context, sessionID string, by Device, from Position) (*Subscription, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return nil, err
	}
	if err := (&protocol.SessionResume{Epoch: from.Epoch, Seq: from.Seq}).Check(); err != nil {
		return nil, err
	}
	s := &Subscription{m: m, room: m.hub.hold(id), by: by, catching: true, behind: true}
	// It listens before it looks, so nothing falls between.
	m.hub.enter(s.room, s)
	if by.ID != "" {
		err = m.Authorise(ctx, by.ID)
	}
	if err == nil {
		err = s.open(ctx, from)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Subscription) open(ctx context.Context, from Position) error {
	there, err := s.m.store.whatIsThere(ctx, s.room.session, from, replayPage)
	if err != nil {
		return err
	}
	state := there.State
	if desk := s.m.o.Desk; desk != nil && state.Owner == protocol.OwnerQueued {
		place, ok, err := desk.Place(ctx, s.room.session)
		if err != nil {
			return err
		}
		if ok {
			state.QueuePosition, state.QueueEstimateSeconds = place.Position, place.EstimateSeconds
		}
	}
	typ := protocol.TypeSessionResumed
	switch {
	case from.Epoch == "":
		typ, from.Seq = protocol.TypeSessionOpened, state.Oldest-1
	case from.Epoch != state.Epoch || from.Seq < state.Oldest-1:
		typ, from.Seq = protocol.TypeSessionReset, state.Oldest-1
	case from.Seq > state.Seq:
		return ErrPositionAhead
	}
	if err := s.head(typ, state, from.Seq+1); err != nil {
		return err
	}
	if page := there.Page; page.Epoch != s.epoch || page.Oldest > s.next {
		return nil // it changed in between; the next look tells what to do
	}
	return s.replay(ctx, there.Page, &there.Writing)
}

// head gives out the frame before a replay from the event next on.
func (s *Subscription) head(typ protocol.Type, state protocol.SessionState, next int64) error {
	state.From = next
	env, err := protocol.New(typ, state, s.m.now())
	if err != nil {
		return err
	}
	env.Session, env.Epoch = s.room.session, state.Epoch
	s.ready = append(s.ready, env)
	s.epoch, s.next = state.Epoch, next
	s.writing, s.ended, s.have = "", "", 0
	s.behind, s.live = true, false
	if status := s.m.hub.announced(); status != nil {
		s.ready = append(s.ready, s.address(*status))
	}
	return nil
}

// Take is the next frame where there is one; ok is false where there is none now, and Notify's function is called
// when there may be. ErrSlowReader and ErrSignedOut end the subscription: close the socket with
// protocol.CloseSlowReader or CloseIdentityChanged. After Close it returns ErrClosed. A failed read of PostgreSQL is
// returned and may be tried again.
func (s *Subscription) Take(ctx context.Context) (env protocol.Envelope, ok bool, err error) {
	for {
		if err := s.Err(); err != nil {
			return protocol.Envelope{}, false, err
		}
		if len(s.ready) > 0 {
			env := s.ready[0]
			s.ready = s.ready[1:]
			return env, true, nil
		}
		s.ready = nil
		if s.behind {
			if err := s.catchUp(ctx); err != nil {
				return protocol.Envelope{}, false, err
			}
			continue
		}
		it, ok := s.take()
		if !ok {
			return protocol.Envelope{}, false, nil
		}
		if err := s.handle(ctx, it); err != nil {
			return protocol.Envelope{}, false, err
		}
	}
}

// Notify has f called now, and from now on whenever Take may have something or the subscription has ended. So a
// reader that waits costs no goroutine. f is called from any goroutine and must not wait.
func (s *Subscription) Notify(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = f
	f()
}

// Next waits for the next frame: Take and Notify for who has a goroutine to spare.
func (s *Subscription) Next(ctx context.Context) (protocol.Envelope, error) {
	if s.waits == nil {
		waits := make(chan struct{}, 1)
		s.waits = waits
		s.Notify(func() {
			select {
			case waits <- struct{}{}:
			default:
			}
		})
	}
	for {
		env, ok, err := s.Take(ctx)
		if ok || err != nil {
			return env, err
		}
		select {
		case <-s.waits:
		case <-ctx.Done():
			return protocol.Envelope{}, ctx.Err()
		}
	}
}

// Err is why the subscription ended, nil while it has not.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the subscription; it may be called twice and from any goroutine.
func (s *Subscription) Close() {
	s.mu.Lock()
	first := !errors.Is(s.err, ErrClosed)
	s.err, s.inbox = ErrClosed, nil
	s.toldLocked()
	s.mu.Unlock()
	if first {
		s.m.hub.leave(s.room, s)
		s.m.hub.release(s.room)
	}
}

// endLocked ends the subscription, unless it has ended.
func (s *Subscription) endLocked(err error) {
	if s.err == nil {
		s.err, s.inbox = err, nil
		s.toldLocked()
	}
}

// signOut ends the subscription if it is one of the devices'.
func (s *Subscription) signOut(devices []string) {
	if slices.Contains(devices, s.by.ID) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.endLocked(ErrSignedOut)
	}
}

// push puts an item into the inbox and never waits. A reader whose inbox is full is slow and ends, unless
// it still replays: then it reads the log anyway and needs none of it.
func (s *Subscription) push(it item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	if len(s.inbox) >= s.m.o.MaxQueue {
		if !s.catching {
			s.endLocked(ErrSlowReader)
			return
		}
		s.inbox = s.inbox[:0]
		it = item{look: &progress{Seq: everything}}
	}
	s.inbox = append(s.inbox, it)
	s.toldLocked()
}

func (s *Subscription) toldLocked() {
	if s.notify != nil {
		s.notify()
	}
}

// everything is a seq that no log reaches: a look at it reads whatever there is.
const everything = 1 << 62

func (s *Subscription) take() (item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.inbox) == 0 {
		return item{}, false
	}
	it := s.inbox[0]
	s.inbox = s.inbox[1:]
	if len(s.inbox) == 0 {
		// An idle reader keeps no memory for what once waited.
		s.inbox = nil
	}
	return it, true
}

func (s *Subscription) handle(ctx context.Context, it item) error {
	switch {
	case it.event != nil:
		switch {
		case it.epoch != s.epoch, it.event.Seq > s.next:
			s.behind = true
		case it.event.Seq == s.next:
			return s.deliver(*it.event)
		}
	case it.look != nil:
		if it.look.Seq >= s.next || it.look.Epoch != "" && it.look.Epoch != s.epoch {
			s.behind = true
		} else if it.look.Writing != "" && it.look.Writing == s.writing && it.look.Length > s.have {
			return s.textSoFar(ctx, nil)
		}
	case it.delta != nil:
		return s.piece(ctx, *it.delta)
	case it.passing != nil:
		s.ready = append(s.ready, s.address(*it.passing))
	}
	return nil
}

func (s *Subscription) address(env protocol.Envelope) protocol.Envelope {
	env.Session, env.Epoch = s.room.session, s.epoch
	return env
}

// deliver gives out the event that is next, and keeps in mind which answer is being written.
func (s *Subscription) deliver(e event) error {
	env := e.envelope(s.room.session, s.epoch)
	s.ready = append(s.ready, env)
	s.next = e.Seq + 1
	switch e.Type {
	case protocol.TypeMessageCreated:
		var d struct {
			MessageID string         `json:"message_id"`
			State     protocol.State `json:"state"`
		}
		if err := env.Into(&d); err != nil {
			return err
		}
		if d.State == protocol.StateStreaming {
			s.writing, s.have = d.MessageID, 0
		}
	case protocol.TypeMessageCompleted:
		var d struct {
			MessageID string `json:"message_id"`
		}
		if err := env.Into(&d); err != nil {
			return err
		}
		s.ended = d.MessageID
		if s.writing == d.MessageID {
			s.writing, s.have = "", 0
		}
	}
	return nil
}

// catchUp reads one page of the log.
func (s *Subscription) catchUp(ctx context.Context) error {
	page, err := s.m.store.page(ctx, s.room.session, s.next, replayPage)
	if err != nil {
		return err
	}
	if page.Epoch != s.epoch || page.Oldest > s.next {
		state, err := s.m.store.present(ctx, s.room.session)
		if err != nil {
			return err
		}
		return s.head(protocol.TypeSessionReset, state, state.Oldest)
	}
	return s.replay(ctx, page, nil)
}

// replay gives out the page of the log that comes next. After the last one comes the answer being written, which is
// read where it is not known.
func (s *Subscription) replay(ctx context.Context, page logPage, known *written) error {
	for _, e := range page.Events {
		if err := s.deliver(e); err != nil {
			return err
		}
	}
	if len(page.Events) == replayPage {
		return nil
	}
	s.behind = false
	if !s.live {
		s.live = true
		s.mu.Lock()
		s.catching = false
		s.mu.Unlock()
		return s.textSoFar(ctx, known)
	}
	return nil
}
