package dialog

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"floorwalker/protocol"

	"github.com/nats-io/nats.go"
)

// Wake carries "look again" between replicas. It may lose, repeat and reorder notices: whoever gets one
// reads PostgreSQL.
type Wake interface {
	// Publish tells every subscriber of the session, the caller's own process included.
	Publish(sessionID string, n Notice) error
	// Subscribe calls each for every notice of the session from now on, one at a time, until stop.
	Subscribe(sessionID string, each func(Notice)) (stop func(), err error)
	// Up is false while notices are certainly lost; readers then poll faster.
	Up() bool
}

// Notice is what one replica tells the others of a session.
type Notice struct {
	// From is the replica that tells.
	From string `json:"from"`
	// Seq, when not 0, says that the log reaches at least that far.
	Seq int64 `json:"seq,omitempty"`
	// Delta is a piece of an answer being written; who finds a gap before it reads PostgreSQL.
	Delta *protocol.MessageDelta `json:"delta,omitempty"`
	// Passing is a frame that is not logged (typing).
	Passing *protocol.Envelope `json:"passing,omitempty"`
	// SignedOut are devices that have no right to the session any more.
	SignedOut []string `json:"signed_out,omitempty"`
	// Stop asks whoever runs a turn of the session to look whether it should go on.
	Stop bool `json:"stop,omitempty"`
	// Who asks whether any replica has a reader of the session; Here answers that one has.
	Who  bool `json:"who,omitempty"`
	Here bool `json:"here,omitempty"`
}

// WakeSubject is the NATS core subject of a session's notices.
func WakeSubject(sessionID string) string { return "floorwalker.session." + sessionID }

// NATSOptions are how a connection is to be set up: however long NATS is away, it is found again.
func NATSOptions() []nats.Option {
	return []nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond)}
}

// natsWake is a Wake over NATS core: no store, no acknowledgement, since a lost notice is only a delay.
// All subscriptions share one channel and one goroutine, which lives while there is a subscription: a
// goroutine each would cost more memory than the rest of an idle reader.
type natsWake struct {
	nc       *nats.Conn
	mu       sync.Mutex
	each     map[*nats.Subscription]func(Notice)
	messages chan *nats.Msg
	quit     chan struct{}
}

var _ Wake = (*natsWake)(nil)

// backlog is how many notices may wait; beyond it NATS drops them, and readers find the gap.
const backlog = 4096

// flushWait is how long a new subscription waits for the server to have it.
const flushWait = 250 * time.Millisecond

// NewNATSWake carries notices over a NATS connection, which stays the caller's to close.
func NewNATSWake(nc *nats.Conn) Wake {
	return &natsWake{nc: nc, each: map[*nats.Subscription]func(Notice){}}
}

func (w *natsWake) Up() bool { return w.nc.IsConnected() }

func (w *natsWake) Publish(sessionID string, n Notice) error {
	if !w.nc.IsConnected() {
		// While it reconnects the client library would keep notices and send them late, all at once.
		return errors.New("wake session: NATS is not connected")
	}
	raw, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	if err := w.nc.Publish(WakeSubject(sessionID), raw); err != nil {
		return fmt.Errorf("wake session %s: %w", sessionID, err)
	}
	return nil
}

func (w *natsWake) Subscribe(sessionID string, each func(Notice)) (func(), error) {
	sub, err := w.join(sessionID, each)
	if err != nil {
		return nil, fmt.Errorf("subscribe to session %s: %w", sessionID, err)
	}
	// Once the server has it, nothing is missed between here and the reader's look at PostgreSQL. Where the
	// server does not answer, the poll finds what was missed.
	_ = w.nc.FlushTimeout(flushWait)
	var once sync.Once
	return func() {
		once.Do(func() {
			_ = sub.Unsubscribe()
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.each, sub)
			if len(w.each) == 0 {
				close(w.quit)
			}
		})
	}, nil
}

func (w *natsWake) join(sessionID string, each func(Notice)) (*nats.Subscription, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	messages := w.messages
	if len(w.each) == 0 {
		messages = make(chan *nats.Msg, backlog)
	}
	sub, err := w.nc.ChanSubscribe(WakeSubject(sessionID), messages)
	if err != nil {
		return nil, err
	}
	if len(w.each) == 0 {
		w.messages, w.quit = messages, make(chan struct{})
		go w.dispatch(w.messages, w.quit)
	}
	w.each[sub] = each
	return sub, nil
}

func (w *natsWake) dispatch(messages <-chan *nats.Msg, quit <-chan struct{}) {
	for {
		select {
		case <-quit:
			return
		case msg := <-messages:
			w.mu.Lock()
			each := w.each[msg.Sub]
			w.mu.Unlock()
			var n Notice
			if each != nil && json.Unmarshal(msg.Data, &n) == nil {
				each(n)
			}
		}
	}
}
