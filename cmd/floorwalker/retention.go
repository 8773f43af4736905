package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/experiments"
	"floorwalker/pricing"
	"floorwalker/retrieval"
	"floorwalker/sponsored"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// keeping says for how long conversations are kept. 0 is for as long as nobody erases them.
type keeping struct {
	KeepSessions time.Duration `help:"For how long a conversation in which nothing happens is kept, with all that hangs on it; 0: until it is erased." default:"0s" env:"FLOORWALKER_KEEP_SESSIONS"`
	KeepMessages time.Duration `help:"For how long what was said is kept where the conversation goes on, notes and answered tickets too; 0: as long as the conversation." default:"0s" env:"FLOORWALKER_KEEP_MESSAGES"`
	KeepAudit    time.Duration `help:"For how long the desk's audit log is kept; 0: for ever." default:"0s" env:"FLOORWALKER_KEEP_AUDIT"`
	// The figures of what is deleted are gone from reports; what campaigns have spent stays.
	KeepSponsored   time.Duration `help:"For how long it is kept which paid card was shown to whom; 0: until they are erased." default:"0s" env:"FLOORWALKER_KEEP_SPONSORED"`
	KeepExperiments time.Duration `help:"For how long after an experiment's end it is kept who was exposed to what; 0: until they are erased." default:"0s" env:"FLOORWALKER_KEEP_EXPERIMENTS"`
}

// check refuses times so short that they would end conversations that go on.
func (k keeping) check() error {
	const shortest = 24 * time.Hour
	for name, d := range map[string]time.Duration{"sessions": k.KeepSessions, "messages": k.KeepMessages, "audit": k.KeepAudit,
		"sponsored": k.KeepSponsored, "experiments": k.KeepExperiments} {
		if d != 0 && d < shortest {
			return fmt.Errorf("--keep-%s is %v; give %v or more, or 0", name, d, shortest)
		}
	}
	return nil
}

// retention deletes what is older than it may be, in small batches. One replica does it at a time.
type retention struct {
	keeping
	pool     *pgxpool.Pool
	sessions *dialog.Manager
	now      func() time.Time
	// batch is how many things one transaction deletes.
	batch int
	log   *slog.Logger
}

const (
	keepEvery = time.Hour
	keepBatch = 100
	// keepOffers is for how long it is known what products cost and when they were sold out: nothing looks further back.
	keepOffers = 3 * 365 * 24 * time.Hour
	// keepPause lets others in between two batches.
	keepPause = 50 * time.Millisecond
	// keepLock is held by the replica that is at it.
	keepLock = 8_231_704_570
)

// run looks at once and then every hour, until ctx ends.
func (r *retention) run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := r.pass(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("what is old is not deleted yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// pass deletes everything that is too old now; nothing where another replica is at it.
func (r *retention) pass(ctx context.Context) error {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Release()
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(keepLock)).Scan(&mine); err != nil || !mine {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(keepLock)) //nolint:errcheck // a broken connection has let go of it
	if err := r.drain(ctx, "offers of products", keepOffers, retrieval.ForgetOffers); err != nil {
		return err
	}
	if err := r.forgetSessions(ctx); err != nil {
		return err
	}
	if err := r.forgetMessages(ctx); err != nil {
		return err
	}
	for _, rule := range []struct {
		what   string
		keep   time.Duration
		delete func(context.Context, *pgxpool.Pool, time.Time, int) (int64, error)
	}{
		{"lines of the audit log", r.KeepAudit, desk.ForgetAudit},
		{"decisions on prices", r.KeepAudit, pricing.Forget},
		{"paid placements", r.KeepSponsored, sponsored.Forget},
		{"exposures to experiments", r.KeepExperiments, experiments.Forget},
	} {
		if rule.keep == 0 {
			continue
		}
		if err := r.drain(ctx, rule.what, rule.keep, rule.delete); err != nil {
			return err
		}
	}
	return nil
}

// forgetSessions deletes conversations that have been idle for too long. One with a ticket that nobody answered stays.
func (r *retention) forgetSessions(ctx context.Context) error {
	if r.KeepSessions == 0 {
		return nil
	}
	before := r.now().Add(-r.KeepSessions)
	const most = 100_000
	idle, err := dialog.Idle(ctx, r.pool, before, most)
	if err != nil {
		return err
	}
	gone := 0
	for batch := range slices.Chunk(idle, r.batch) {
		err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
			sessions, err := dialog.LockIdle(ctx, tx, before, batch)
			if err != nil {
				return err
			}
			awaited, err := desk.Awaited(ctx, tx, sessions)
			if err != nil {
				return err
			}
			sessions = slices.DeleteFunc(sessions, func(id string) bool { return slices.Contains(awaited, id) })
			gone += len(sessions)
			return eraseSessions(ctx, tx, "", sessions)
		})
		if err != nil {
			return fmt.Errorf("delete idle conversations: %w", err)
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
	r.deleted("conversations", int64(gone))
	return nil
}

// forgetMessages deletes what was said long ago in conversations that go on.
func (r *retention) forgetMessages(ctx context.Context) error {
	if r.KeepMessages == 0 {
		return nil
	}
	before := r.now().Add(-r.KeepMessages)
	var events int64
	for after := ""; ; {
		aged, err := r.sessions.Aged(ctx, before, after, r.batch)
		if err != nil {
			return err
		}
		if len(aged) == 0 {
			break
		}
		after = aged[len(aged)-1]
		for _, id := range aged {
			gone, err := r.sessions.TrimBefore(ctx, id, before)
			if err != nil {
				return err
			}
			events += gone
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
	r.deleted("events", events)
	return r.drain(ctx, "notes, tickets and scores", r.KeepMessages, desk.ForgetWords)
}

// drain calls delete until it finds nothing more.
func (r *retention) drain(ctx context.Context, what string, keep time.Duration, delete func(context.Context, *pgxpool.Pool, time.Time, int) (int64, error)) error {
	before, all := r.now().Add(-keep), int64(0)
	for {
		n, err := delete(ctx, r.pool, before, r.batch)
		if err != nil {
			return err
		}
		if all += n; n == 0 {
			break
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
	r.deleted(what, all)
	return nil
}

func (r *retention) deleted(what string, n int64) {
	if n > 0 {
		r.log.Info("what was kept long enough is deleted", "what", what, "number", n)
	}
}

// rest is a short wait that ends with ctx.
func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(keepPause):
		return nil
	}
}
