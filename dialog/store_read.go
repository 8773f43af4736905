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
		var row sessionRow
		var cart []byte
		state = protocol.SessionState{}
		b := &pgx.Batch{}
		b.Queue(selectSession, id).QueryRow(row.scan)
		b.Queue(`SELECT cart::text,
				(SELECT count(*) FROM messages WHERE session_id = s.id AND status = 'pending'),
				(SELECT count(*) FROM handoffs mine JOIN handoffs h ON h.status = 'queued' AND h.created_at <= mine.created_at
				 WHERE mine.session_id = s.id AND mine.status = 'queued'), read_customer, read_agent
			FROM sessions s WHERE id = $1`, id).
			QueryRow(func(r pgx.Row) error {
				return r.Scan(&cart, &state.Waiting, &state.QueuePosition, &state.ReadByCustomer, &state.ReadByAgent)
			})
		if err := conn.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		state.Epoch, state.Seq, state.Oldest = row.Epoch, row.NextSeq-1, row.Oldest
		state.Owner, state.OwnerEpoch, state.Agent = row.Owner, row.OwnerEpoch, row.Agent
		state.Lang, state.Writing = shop.Lang(row.Lang), row.TurnMessage
		if len(cart) > 0 {
			if err := json.Unmarshal(cart, &state.Cart); err != nil {
				return final{fmt.Errorf("read stored cart: %w", err)}
			}
		}
		return nil
	})
	return state, wrap(err, "read the state of session %s", id)
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
		// The events are read first: what is trimmed in between then shows in oldest_seq.
		b.Queue(`SELECT seq, type, data::text, ts FROM events WHERE session_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3`,
			id, from, limit).Query(func(rows pgx.Rows) (err error) {
			page.Events, err = pgx.AppendRows(page.Events, rows, func(row pgx.CollectableRow) (event, error) {
				var e event
				var data string
				err := row.Scan(&e.Seq, &e.Type, &data, &e.TS)
				e.Data = json.RawMessage(data)
				return e, err
			})
			return err
		})
		b.Queue(`SELECT epoch, oldest_seq FROM sessions WHERE id = $1`, id).QueryRow(func(r pgx.Row) error {
			err := r.Scan(&page.Epoch, &page.Oldest)
			if errors.Is(err, pgx.ErrNoRows) {
				return ErrNoSession
			}
			return err
		})
		return conn.SendBatch(ctx, b).Close()
	})
	return page, wrap(err, "read the log of session %s from %d", id, from)
}

// writing is the answer being written in the session and its text as far as it is stored; no id when none is.
func (s *store) writing(ctx context.Context, session string) (id string, seq int64, text string, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		err := conn.QueryRow(ctx, `
			SELECT m.id::text, m.seq, m.text FROM sessions s JOIN messages m ON m.id = s.turn_message_id
			WHERE s.id = $1 AND m.status = 'streaming'`, session).Scan(&id, &seq, &text)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return id, seq, text, wrap(err, "read the answer being written in session %s", session)
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
