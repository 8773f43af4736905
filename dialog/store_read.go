package dialog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// present is the state that a client is given as it attaches.
func (s *store) present(ctx context.Context, id string) (protocol.SessionState, error) {
	var state protocol.SessionState
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		b := &pgx.Batch{}
		finish := queuePresent(b, id, &state)
		if err := conn.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		return finish()
	})
	return state, wrap(err, "read the state of session %s", id)
}

// queuePresent adds the queries for the state; finish puts together what they found.
func queuePresent(b *pgx.Batch, id string, state *protocol.SessionState) (finish func() error) {
	var row sessionRow
	var cart []byte
	*state = protocol.SessionState{}
	b.Queue(selectSession, id).QueryRow(row.scan)
	b.Queue(`SELECT cart::text,
			(SELECT count(*) FROM messages WHERE session_id = s.id AND status = 'pending'),
			(SELECT count(*) FROM handoffs mine JOIN handoffs h ON h.status = 'queued' AND h.created_at <= mine.created_at
			 WHERE mine.session_id = s.id AND mine.status = 'queued'), read_customer, read_agent
		FROM sessions s WHERE id = $1`, id).
		QueryRow(func(r pgx.Row) error {
			return r.Scan(&cart, &state.Waiting, &state.QueuePosition, &state.ReadByCustomer, &state.ReadByAgent)
		})
	return func() error {
		state.Epoch, state.Seq, state.Oldest = row.Epoch, row.NextSeq-1, row.Oldest
		state.Owner, state.OwnerEpoch, state.Agent = row.Owner, row.OwnerEpoch, row.Agent
		state.Lang, state.Writing = shop.Lang(row.Lang), row.TurnMessage
		if len(cart) > 0 {
			if err := json.Unmarshal(cart, &state.Cart); err != nil {
				return final{fmt.Errorf("read stored cart: %w", err)}
			}
		}
		return nil
	}
}

// logPage is a piece of a log.
type logPage struct {
	Epoch  string
	Oldest int64
	Events []event
}

// page reads at most limit events from seq on.
func (s *store) page(ctx context.Context, id string, from int64, limit int) (logPage, error) {
	var page logPage
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		page = logPage{}
		b := &pgx.Batch{}
		page.queue(b, `SELECT seq, type, data::text, ts FROM events WHERE session_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3`, id, from, limit)
		return conn.SendBatch(ctx, b).Close()
	})
	return page, wrap(err, "read the log of session %s from %d", id, from)
}

// queue adds the query for the events, whose first argument is the session, and what tells whether they can be relied on.
func (p *logPage) queue(b *pgx.Batch, sql string, args ...any) {
	// The events are read first: what is trimmed in between then shows in oldest_seq.
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		p.Events, err = pgx.AppendRows(p.Events, rows, func(row pgx.CollectableRow) (event, error) {
			var e event
			var data string
			err := row.Scan(&e.Seq, &e.Type, &data, &e.TS)
			e.Data = json.RawMessage(data)
			return e, err
		})
		return err
	})
	b.Queue(`SELECT epoch, oldest_seq FROM sessions WHERE id = $1`, args[0]).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&p.Epoch, &p.Oldest)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSession
		}
		return err
	})
}

// whatIsThere is all that a reader needs as it attaches.
type whatIsThere struct {
	State protocol.SessionState
	// Page is the first page of what it missed.
	Page logPage
	// Writing is the answer being written.
	Writing written
}

// whatIsThere reads it in one round trip: what was missed from a position on, or all where it can't be continued.
func (s *store) whatIsThere(ctx context.Context, id string, from Position, limit int) (whatIsThere, error) {
	var w whatIsThere
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		w = whatIsThere{}
		b := &pgx.Batch{}
		finish := queuePresent(b, id, &w.State)
		w.Page.queue(b, `
			SELECT e.seq, e.type, e.data::text, e.ts FROM events e
			WHERE e.session_id = $1 AND e.seq >= (SELECT CASE WHEN s.epoch = $2 AND $3 >= s.oldest_seq THEN $3 ELSE s.oldest_seq END
				FROM sessions s WHERE s.id = $1)
			ORDER BY e.seq LIMIT $4`, id, from.Epoch, from.Seq+1, limit)
		w.Writing.queue(b, id)
		if err := conn.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		return finish()
	})
	return w, wrap(err, "read session %s from %d", id, from.Seq)
}

// written is an answer being written and its text as far as it is stored; no id where none is.
type written struct {
	ID   string
	Seq  int64
	Text string
}

func (w *written) queue(b *pgx.Batch, session string) {
	b.Queue(`
		SELECT m.id::text, m.seq, m.text FROM sessions s JOIN messages m ON m.id = s.turn_message_id
		WHERE s.id = $1 AND m.status = 'streaming'`, session).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&w.ID, &w.Seq, &w.Text)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
}

// writing is the answer being written in the session.
func (s *store) writing(ctx context.Context, session string) (w written, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		w = written{}
		b := &pgx.Batch{}
		w.queue(b, session)
		return conn.SendBatch(ctx, b).Close()
	})
	return w, wrap(err, "read the answer being written in session %s", session)
}

// progress is how far the sessions are; those that do not exist are left out.
func (s *store) progress(ctx context.Context, sessions []string) ([]progress, error) {
	var all []progress
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT s.id::text, s.epoch, s.next_seq - 1, coalesce(m.id::text, ''), coalesce(char_length(m.text), 0)
			FROM sessions s LEFT JOIN messages m ON m.id = s.turn_message_id WHERE s.id = ANY ($1)`, sessions)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (progress, error) {
			var p progress
			err := row.Scan(&p.Session, &p.Epoch, &p.Seq, &p.Writing, &p.Length)
			return p, err
		})
		return err
	})
	return all, wrap(err, "read how far %d sessions are", len(sessions))
}

// newsRow is a message as it is logged, and what is known of its session.
type newsRow struct {
	Customer, Epoch, Lang string
	ReadTo                int64
	Event                 event
}

func (s *store) newsRow(ctx context.Context, id string, seq int64) (row newsRow, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		row = newsRow{Event: event{Seq: seq}}
		var data string
		err := conn.QueryRow(ctx, `
			SELECT s.customer, s.epoch, s.lang, s.read_customer, e.type, e.data::text, e.ts
			FROM sessions s JOIN events e ON e.session_id = s.id WHERE s.id = $1 AND e.seq = $2`, id, seq).
			Scan(&row.Customer, &row.Epoch, &row.Lang, &row.ReadTo, &row.Event.Type, &data, &row.Event.TS)
		row.Event.Data = []byte(data)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSession
		}
		return err
	})
	return row, wrap(err, "read event %d of session %s", seq, id)
}
