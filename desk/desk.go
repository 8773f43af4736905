package desk

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Sessions is the session manager, *dialog.Manager.
type Sessions interface {
	Within(ctx context.Context, sessionID string, read func(b *pgx.Batch), work func(tx *dialog.Tx) error) error
	PostPerson(ctx context.Context, sessionID string, r dialog.PersonPost) (protocol.Acknowledgement, error)
	Session(ctx context.Context, sessionID string) (dialog.Session, error)
	Memory(ctx context.Context, sessionID string, limit int, types ...protocol.Type) (shop.State, []protocol.Envelope, error)
	Summary(ctx context.Context, sessionID string) (dialog.Summary, error)
	Transcript(ctx context.Context, sessionID string, limit int) ([]dialog.Said, error)
	Latest(b *pgx.Batch, sessions []string) map[string]string
	TellHere(sessionID string, typ protocol.Type, data any) error
}

var _ Sessions = (*dialog.Manager)(nil)

// Options tune a Desk. The zero value works.
type Options struct {
	// Wake tells other replicas to look again; nil polls PostgreSQL instead.
	Wake dialog.Wake
	// Logger gets what operators need; never a customer's text. Default: discard.
	Logger *slog.Logger
	// Now is the clock for time stamps that are shown and for business hours. Leases go by PostgreSQL's clock.
	// Default time.Now.
	Now func() time.Time
	// Lease is how long a claim lives without a sign of its agent. Default 45 s.
	Lease time.Duration
	// Sweep is how often lost conversations and impatient customers are looked for. Default 1 s.
	Sweep time.Duration
	// Poll is how often the live view looks without being told to, Calm while a Wake is up. Defaults 1 s and 5 s.
	Poll, Calm time.Duration
	// Key encrypts the secrets that must be read again (those of second factors) before they are stored: 32 bytes, the same for
	// all servers of a database. Without it no account has a second factor.
	Key []byte
	// Idle ends a login that did nothing for so long, Life any. Defaults 2 h and 12 h.
	Idle, Life time.Duration
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Desk is the desk of one process. All methods are safe for concurrent use.
type Desk struct {
	o        Options
	store    *store
	sessions Sessions
	log      *slog.Logger
	feed     *feed
	// hashing bounds how many passwords are hashed at once: each takes 19 MiB.
	hashing chan struct{}

	mu sync.Mutex
	// present counts the consoles of each agent that are open in this process.
	present map[string]int
}

var _ dialog.Desk = (*Desk)(nil)

// New makes a desk over a migrated database. Join it to a session manager before anything else.
func New(pool *pgxpool.Pool, o Options) *Desk {
	o.Logger = or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Lease, o.Sweep = or(o.Lease, 45*time.Second), or(o.Sweep, time.Second)
	o.Poll, o.Calm = or(o.Poll, time.Second), or(o.Calm, 5*time.Second)
	o.Idle, o.Life = or(o.Idle, 2*time.Hour), or(o.Life, 12*time.Hour)
	const hashers = 2
	d := &Desk{o: o, store: &store{pool}, log: o.Logger, hashing: make(chan struct{}, hashers), present: map[string]int{}}
	d.feed = newFeed(d)
	return d
}

// Join gives the desk its session manager, whose Options.Desk it is.
func (d *Desk) Join(m Sessions) { d.sessions = m }

// Run keeps presence and the live view, and sweeps, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { d.feed.run(ctx) })
	wg.Go(func() { every(ctx, d.o.Lease/3, d.renew) })
	wg.Go(func() { every(ctx, d.o.Sweep, d.sweep) })
	wg.Wait()
	return nil
}

func every(ctx context.Context, pause time.Duration, f func(ctx context.Context)) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Changed makes every live view look, on all replicas. session, which may be empty, is the conversation that it is about.
func (d *Desk) Changed(session string) { d.feed.changed(session) }

// renew keeps the agents whose consoles are open here present, and their claims alive.
func (d *Desk) renew(ctx context.Context) {
	d.mu.Lock()
	ids := make([]string, 0, len(d.present))
	for id := range d.present {
		ids = append(ids, id)
	}
	d.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	if err := d.store.renew(ctx, ids, d.o.Lease); err != nil {
		d.warn(ctx, "presence not renewed", err)
	}
}

// arrive and depart count an agent's open consoles.
func (d *Desk) arrive(ctx context.Context, agentID string) error {
	d.mu.Lock()
	d.present[agentID]++
	d.mu.Unlock()
	return d.store.renew(ctx, []string{agentID}, d.o.Lease)
}

func (d *Desk) depart(agentID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.present[agentID]--; d.present[agentID] <= 0 {
		delete(d.present, agentID)
	}
}

// sweepBatch is how many cases one sweep takes on.
const sweepBatch = 100

// sweep returns conversations whose agent is gone, and offers the contact form where nobody came in time.
func (d *Desk) sweep(ctx context.Context) {
	lost, impatient, err := d.store.overdue(ctx, sweepBatch)
	if err != nil {
		d.warn(ctx, "overdue cases not looked for", err)
		return
	}
	for _, session := range lost {
		if err := d.takeBack(ctx, session); err != nil {
			d.warn(ctx, "a lost conversation is not back in its queue yet", err)
		}
	}
	for _, session := range impatient {
		if err := d.offerForm(ctx, session); err != nil {
			d.warn(ctx, "the contact form is not offered yet", err)
		}
	}
	if err := d.store.forgetLogins(ctx); err != nil {
		d.warn(ctx, "old logins not deleted", err)
	}
}

func (d *Desk) warn(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && !errors.Is(err, dialog.ErrOwnerChanged) {
		d.log.Warn(what, "error", err)
	}
}
