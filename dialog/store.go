package dialog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// store owns the tables of 0002_sessions.sql. Ids are canonical UUID strings; times come from PostgreSQL's
// clock where they decide something, from the manager's where they are only shown.
type store struct {
	pool *pgxpool.Pool
	now  func() time.Time
	// wait bounds one transaction, the wait for a free connection included.
	wait time.Duration
}

// event is one row of the log before it has an envelope around it.
type event struct {
	Seq  int64
	Type protocol.Type
	Data json.RawMessage
	TS   time.Time
}

// envelope dresses an event as clients see it. It depends on nothing but the row, the session and its
// epoch, so that what was live and what is replayed are the same bytes.
func (e event) envelope(session, epoch string) protocol.Envelope {
	return protocol.Envelope{V: protocol.Version, Type: e.Type, ID: fmt.Sprintf("%s-%d", epoch, e.Seq),
		Session: session, Seq: e.Seq, Epoch: epoch, TS: protocol.Stamp(e.TS), Data: e.Data}
}

// sessionRow is the session as it is while its row is locked.
type sessionRow struct {
	ID         string
	Customer   string
	Epoch      string
	NextSeq    int64
	Oldest     int64
	Owner      protocol.Owner
	OwnerEpoch int64
	Agent      string
	Lang       string
	State      []byte
	Declined   []string
	// Page is what the customer looks at.
	Page shop.Page
	// Platform is where the customer last wrote from.
	Platform    string
	TurnMessage string
	LeaseToken  int64
	// Expired is true when no lease holds the session any more.
	Expired  bool
	OpenedAt time.Time
}

const selectSession = `
SELECT id::text, customer, epoch, next_seq, oldest_seq, owner, owner_epoch, agent, lang, state::text, declined, page_product, page_title, platform,
       coalesce(turn_message_id::text, ''), lease_token, coalesce(lease_expires_at < clock_timestamp(), true), created_at
FROM sessions WHERE id = $1`

func (r *sessionRow) scan(row pgx.Row) error {
	err := row.Scan(&r.ID, &r.Customer, &r.Epoch, &r.NextSeq, &r.Oldest, &r.Owner, &r.OwnerEpoch, &r.Agent, &r.Lang,
		&r.State, &r.Declined, &r.Page.Product, &r.Page.Title, &r.Platform, &r.TurnMessage, &r.LeaseToken, &r.Expired, &r.OpenedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoSession
	}
	return err
}

// session is the row without a lock.
func (s *store) session(ctx context.Context, id string) (sessionRow, error) {
	var row sessionRow
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return row.scan(conn.QueryRow(ctx, selectSession, id))
	})
	return row, wrap(err, "read session %s", id)
}

// sessionTx is one transaction over one locked session. Its writes are gathered and go out together with
// the commit: two round trips in all.
type sessionTx struct {
	row    sessionRow
	now    time.Time
	events []event
	batch  pgx.Batch
	// update must set next_seq to $2 where id is $1; more arguments follow from $3.
	update     string
	updateArgs []any
	// commit is false when the transaction only read.
	commit bool
}

const advanceSeq = `UPDATE sessions SET next_seq = $2, active_at = now() WHERE id = $1`

// append adds an event to the log; it gets the next seq.
func (t *sessionTx) append(typ protocol.Type, data any) (seq int64, err error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return 0, fmt.Errorf("write data of %s: %w", typ, err)
	}
	seq = t.row.NextSeq
	t.row.NextSeq++
	t.events = append(t.events, event{Seq: seq, Type: typ, Data: raw, TS: protocol.Stamp(t.now)})
	t.commit = true
	return seq, nil
}

// queue adds a statement to what goes out with the commit.
func (t *sessionTx) queue(sql string, args ...any) { t.batch.Queue(sql, args...); t.commit = true }

// set replaces the update of the session's row.
func (t *sessionTx) set(sql string, args ...any) { t.update, t.updateArgs, t.commit = sql, args, true }

const insertEvents = `
INSERT INTO events (session_id, seq, type, data, ts)
SELECT $1, e.seq, e.type, e.data::json, e.ts
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) AS e (seq, type, data, ts)`

// change runs one transaction over the locked session: the lock and what read queues in one round trip,
// then work, then everything that work gathered with the commit in a second one. It returns the events
// that are now in the log. Nothing of it happened when it returns an error, except where the connection
// was lost at the commit: then it may have, which errAmbiguous says.
func (s *store) change(ctx context.Context, id string, read func(b *pgx.Batch), work func(t *sessionTx) error) ([]event, error) {
	var done []event
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		t := &sessionTx{update: advanceSeq}
		// A connection inside a transaction is thrown away at its release, so a failed rollback harms nobody.
		defer func() {
			if status := conn.Conn().PgConn().TxStatus(); status != 'I' {
				_, _ = conn.Exec(ctx, "rollback")
			}
		}()
		first := &pgx.Batch{}
		first.Queue("begin")
		first.Queue(selectSession+" FOR UPDATE", id).QueryRow(t.row.scan)
		if read != nil {
			read(first)
		}
		if err := conn.SendBatch(ctx, first).Close(); err != nil {
			return err
		}
		// The clock is read under the lock, so that a later event has no earlier time.
		t.now = s.now()
		if err := work(t); err != nil {
			return final{err}
		}
		if !t.commit {
			return nil
		}
		t.batch.Queue(t.update, append([]any{id, t.row.NextSeq}, t.updateArgs...)...)
		if len(t.events) > 0 {
			seqs, types, datas, times := columns(t.events)
			t.batch.Queue(insertEvents, id, seqs, types, datas, times)
		}
		t.batch.Queue("commit")
		if err := conn.SendBatch(ctx, &t.batch).Close(); err != nil {
			if _, answered := errors.AsType[*pgconn.PgError](err); answered && conn.Conn().PgConn().TxStatus() == 'E' {
				return err
			}
			return final{fmt.Errorf("%w: %w", errAmbiguous, err)}
		}
		done = t.events
		return nil
	})
	return done, wrap(err, "change session %s", id)
}

func columns(events []event) (seqs []int64, types, datas []string, times []time.Time) {
	for _, e := range events {
		seqs = append(seqs, e.Seq)
		types = append(types, string(e.Type))
		datas = append(datas, string(e.Data))
		times = append(times, e.TS)
	}
	return seqs, types, datas, times
}

// errAmbiguous says that a commit may or may not have happened.
var errAmbiguous = errors.New("the commit may have happened")

// final marks an error that must not be tried again.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// retry runs f on a connection, within the store's time limit. It runs it again after a serialisation
// failure, a deadlock, or a connection that was lost; f marks as final what must not be repeated.
func (s *store) retry(ctx context.Context, f func(ctx context.Context, conn *pgxpool.Conn) error) error {
	const tries = 4
	ctx, cancel := context.WithTimeout(ctx, s.wait)
	defer cancel()
	var err error
	for try := range tries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return err
			case <-time.After(time.Duration(try*try) * 5 * time.Millisecond):
			}
		}
		err = s.once(ctx, f)
		if f, ok := errors.AsType[final](err); ok {
			return f.error
		}
		if err == nil || ctx.Err() != nil || !transient(err) {
			return err
		}
	}
	return err
}

func (s *store) once(ctx context.Context, f func(ctx context.Context, conn *pgxpool.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return &shop.Error{Code: shop.CodeBusy, Message: "The shop is very busy. Send again in a moment.",
				Cause: fmt.Errorf("no free connection to PostgreSQL: %w", err)}
		}
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Release()
	return f(ctx, conn)
}

// transient is true for errors after which the same transaction may succeed.
func transient(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case "40001", "40P01", "57P01", "57P02", "57P03":
			return true
		}
		return false
	}
	if _, ours := errors.AsType[*shop.Error](err); ours {
		return false
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*shop.Error](err); ours {
		return err
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// pgconnSafe is true when the statement certainly did not take effect.
func pgconnSafe(err error) bool {
	if _, answered := errors.AsType[*pgconn.PgError](err); answered {
		return true
	}
	return pgconn.SafeToRetry(err)
}
