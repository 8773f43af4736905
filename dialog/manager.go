package dialog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Assistant answers one turn. It returns when the answer is said or ctx ends; an error of out ends the turn
// and is returned as it is. The outcome's state is stored where it names an intent, also with an error: so
// an interrupted answer keeps what it showed.
type Assistant interface {
	Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)
}

// Carts keeps what customers have chosen.
type Carts interface {
	// Take moves a visitor's cart into a customer's, with the statements that it queues. Visitors' carts are under
	// the session's id.
	Take(queue func(sql string, args ...any), visitor, customer string)
}

// Options tune a Manager. The zero value works.
type Options struct {
	// Replica names this process in leases and notices; random by default. Two processes never share one.
	Replica string
	// Wake tells other replicas to look again, and is told by them; nil polls PostgreSQL instead.
	Wake Wake
	// Relay, where given, is poked as soon as something for it is committed.
	Relay *Relay
	// Push hears of what is said to customers who are not connected; nil where nobody is told.
	Push Push
	// Carts moves a visitor's cart to the customer at login; nil where nobody keeps carts.
	Carts Carts
	// Summariser tells what long conversations are about; nil where nobody does.
	Summariser Summariser
	// Desk keeps the queues that people answer from; nil where nobody does.
	Desk Desk
	// Logger gets what operators need; never a customer's text at info level. Default: discard.
	Logger *slog.Logger
	// Now is the clock for time stamps that are shown. Leases go by PostgreSQL's clock. Default time.Now.
	Now func() time.Time
	// Random is where ids and secrets come from. Default crypto/rand.
	Random io.Reader

	// Workers is how many turns run at once in this process. Default 8.
	Workers int
	// MaxWaiting is how many sessions may wait for a worker; beyond it Post answers busy. Default 1,000.
	MaxWaiting int
	// MaxPending is how many questions of one session may wait behind the running one. Default 8.
	MaxPending int
	// MaxText is the longest message, MaxAnswer the longest answer, in Unicode code points.
	// Defaults protocol.MaxText and 16,000.
	MaxText, MaxAnswer int
	// TurnTimeout is the longest that a turn may take. Default 90 s.
	TurnTimeout time.Duration
	// LeaveGrace is how long a turn goes on after the last device left. Default 700 ms.
	LeaveGrace time.Duration
	// Lease is how long a turn's lease lives without a heartbeat. Default 6 s.
	Lease time.Duration
	// Heartbeat is how often leases are renewed. Default 1 s, at most a third of Lease.
	Heartbeat time.Duration
	// FlushEvery is how often the text of a running answer is stored. Default 200 ms.
	FlushEvery time.Duration
	// SweepEvery is how often expired leases and forgotten questions are looked for. Default 2 s.
	SweepEvery time.Duration
	// PollEvery is how often attached sessions are looked at while no Wake is up, PollCalm while one is.
	// Defaults 500 ms and 15 s.
	PollEvery, PollCalm time.Duration
	// MaxQueue is how many frames may wait for one reader before it is closed as slow. Default 256.
	MaxQueue int
	// DeviceLife is how long a known customer's device may come back by its secret before it needs a token
	// of the shop again. Default 30 days.
	DeviceLife time.Duration
	// DatabaseWait is the longest that one transaction may take, the wait for a connection included. Default 5 s.
	DatabaseWait time.Duration
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func (o Options) withDefaults() Options {
	o.Logger = or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	o.Workers, o.MaxWaiting, o.MaxPending = or(o.Workers, 8), or(o.MaxWaiting, 1000), or(o.MaxPending, 8)
	o.MaxText, o.MaxAnswer, o.MaxQueue = or(o.MaxText, protocol.MaxText), or(o.MaxAnswer, 16_000), or(o.MaxQueue, 256)
	o.TurnTimeout, o.LeaveGrace = or(o.TurnTimeout, 90*time.Second), or(o.LeaveGrace, 700*time.Millisecond)
	o.Lease = or(o.Lease, 6*time.Second)
	o.Heartbeat = min(or(o.Heartbeat, time.Second), o.Lease/3)
	o.FlushEvery, o.SweepEvery = or(o.FlushEvery, 200*time.Millisecond), or(o.SweepEvery, 2*time.Second)
	o.PollEvery, o.PollCalm = or(o.PollEvery, 500*time.Millisecond), or(o.PollCalm, 15*time.Second)
	o.DeviceLife = or(o.DeviceLife, 30*24*time.Hour)
	o.DatabaseWait = or(o.DatabaseWait, 5*time.Second)
	return o
}

// Manager is the session manager of one process. All methods are safe for concurrent use.
type Manager struct {
	o         Options
	store     *store
	assistant Assistant
	hub       *hub
	line      *line
	log       *slog.Logger

	random   sync.Mutex
	draining atomic.Bool
	// turns are those running here.
	turnsMu sync.Mutex
	turns   map[*turn]struct{}
	beatNow chan struct{}
	// toSummarise are sessions whose summary is asked for.
	toSummarise chan string
}

// NewManager makes a manager over a migrated database. It starts nothing; turns run while Run does.
func NewManager(pool *pgxpool.Pool, assistant Assistant, o Options) *Manager {
	o = o.withDefaults()
	m := &Manager{o: o, assistant: assistant, log: o.Logger, turns: map[*turn]struct{}{}, beatNow: make(chan struct{}, 1), toSummarise: make(chan string, mostToSummarise),
		store: &store{pool: pool, now: o.Now, wait: o.DatabaseWait}, line: newLine(o.MaxWaiting)}
	if m.o.Replica == "" {
		m.o.Replica = m.newID()
	}
	m.hub = newHub(m.o.Replica, o.Wake, o.Logger)
	return m
}

// The errors that callers look for with errors.Is. Each is a *shop.Error with a code and a sentence.
var (
	ErrNoSession error = shop.Errorf(shop.CodeNotFound, "This conversation does not exist. Open a new one.")
	ErrForbidden error = shop.Errorf(shop.CodeForbidden, "This secret does not fit the conversation. Open a new one.")
	// ErrSignedOut ends what a device does after the customer logged in or out on it, or its time was over.
	ErrSignedOut     error = shop.Errorf(protocol.CodeSignedOut, "You were signed in or out here. Connect again.")
	ErrPositionAhead error = shop.Errorf(protocol.CodePositionAhead, "The position lies in the future. Resume with an empty position.")
	ErrConflict      error = shop.Errorf(protocol.CodeDuplicateConflict, "This client_msg_id was used for another text. Use a new one.")
	// ErrTooLate says that a message can't be replaced any more, ErrAnswering that it can't be yet.
	ErrTooLate    error = shop.Errorf(shop.CodeConflict, "This message can't be changed any more. Write a new one.")
	ErrAnswering  error = shop.Errorf(shop.CodeBusy, "This message is being answered. Stop the answer and send it again.")
	ErrBusy       error = shop.Errorf(shop.CodeBusy, "Too many questions wait for an answer. Wait for one, then send again.")
	ErrDraining   error = shop.Errorf(protocol.CodeDraining, "This server is going down. Connect again.")
	ErrSlowReader error = shop.Errorf(protocol.CodeSlowReader, "You read too slowly. Connect again and resume.")
	// ErrOwnerChanged says that somebody else took the conversation in the meantime.
	ErrOwnerChanged error = shop.Errorf(shop.CodeConflict, "Somebody else has this conversation now. Look again.")
	// ErrClosed is what Next returns after Close.
	ErrClosed = errors.New("subscription closed")
)

// Why a turn ends before its answer is complete; the words are the reasons of message.completed.
var (
	errStopped   = errors.New("stopped")
	errLeft      = errors.New("left")
	errTakenOver = errors.New("taken_over")
	errRestarted = errors.New("restarted")
	errDrained   = errors.New("drained")
	// errLeaseLost ends a turn whose message somebody else has ended already.
	errLeaseLost = errors.New("the turn's lease is lost")
	errLate      = shop.Errorf(protocol.CodeLate, "The answer took too long. Ask again, perhaps in simpler words.")
)

func (m *Manager) now() time.Time { return m.o.Now() }

// newID is a random UUID.
func (m *Manager) newID() string {
	m.random.Lock()
	defer m.random.Unlock()
	id, err := uuid.NewRandomFromReader(m.o.Random)
	if err != nil {
		// Without randomness no id is safe to give out; crypto/rand never fails.
		panic("dialog: the random source failed: " + err.Error())
	}
	return id.String()
}

// newSecret is n random bytes in hexadecimal.
func (m *Manager) newSecret(n int) string {
	m.random.Lock()
	defer m.random.Unlock()
	raw := make([]byte, n)
	if _, err := io.ReadFull(m.o.Random, raw); err != nil {
		panic("dialog: the random source failed: " + err.Error())
	}
	return hex.EncodeToString(raw)
}

// canonical is a session's or message's id as it is stored; ErrNoSession for what can't be one.
func canonical(id string) (string, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return "", ErrNoSession
	}
	return parsed.String(), nil
}
