package dialog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// read notes how far a role has read; fresh is false where it had read so far already, or the log does not
// reach there.
func (s *store) read(ctx context.Context, session string, role protocol.Role, seq int64) (fresh bool, err error) {
	sql := `UPDATE sessions SET read_customer = $2 WHERE id = $1 AND read_customer < $2 AND next_seq > $2`
	if role == protocol.RoleAgent {
		sql = `UPDATE sessions SET read_agent = $2 WHERE id = $1 AND read_agent < $2 AND next_seq > $2`
	}
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, sql, session, seq)
		fresh = err == nil && tag.RowsAffected() > 0
		return err
	})
	return fresh, wrap(err, "note what was read of session %s", session)
}

// setPage notes what the customer looks at.
func (s *store) setPage(ctx context.Context, session string, p shop.Page) error {
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, `UPDATE sessions SET page_product = $2, page_title = $3
			WHERE id = $1 AND (page_product, page_title) <> ($2, $3)`, session, p.Product, p.Title)
		return err
	})
	return wrap(err, "note the page of session %s", session)
}

func (s *store) transcript(ctx context.Context, session string, limit int) (all []Said, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT id::text, role, text, status, seq FROM messages
			WHERE session_id = $1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT $2`, session, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Said])
		return err
	})
	slices.Reverse(all)
	return all, wrap(err, "read the transcript of session %s", session)
}

func (s *store) memory(ctx context.Context, session string, limit int, types []protocol.Type) (state shop.State, events []protocol.Envelope, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		state, events = shop.State{}, nil
		var raw, epoch string
		var declined []string
		err := conn.QueryRow(ctx, `SELECT state::text, epoch, declined FROM sessions WHERE id = $1`, session).Scan(&raw, &epoch, &declined)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSession
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(raw), &state); err != nil {
			return final{fmt.Errorf("read stored state: %w", err)}
		}
		for _, sku := range declined {
			if !slices.Contains(state.Rejected, sku) {
				state.Rejected = append(state.Rejected, sku)
			}
		}
		rows, err := conn.Query(ctx, `
			SELECT seq, type, data::text, ts FROM events WHERE session_id = $1 AND type = ANY ($2)
			ORDER BY seq DESC LIMIT $3`, session, types, limit)
		if err != nil {
			return err
		}
		events, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (protocol.Envelope, error) {
			var e event
			var data string
			err := row.Scan(&e.Seq, &e.Type, &data, &e.TS)
			e.Data = json.RawMessage(data)
			return e.envelope(session, epoch), err
		})
		return err
	})
	slices.Reverse(events)
	return state, events, wrap(err, "read what is remembered of session %s", session)
}

// latestLength is how much of a customer's newest message lists show, in code points.
const latestLength = 160

func queueLatest(b *pgx.Batch, sessions []string) map[string]string {
	all := map[string]string{}
	b.Queue(`
		SELECT s.id::text, left(m.text, $2) FROM unnest($1::uuid[]) AS s (id) JOIN LATERAL (
			SELECT text FROM messages WHERE session_id = s.id AND final_seq IS NOT NULL AND role = 'customer'
			ORDER BY final_seq DESC LIMIT 1) m ON true`, sessions, latestLength).Query(func(rows pgx.Rows) error {
		var id, text string
		_, err := pgx.ForEachRow(rows, []any{&id, &text}, func() error { all[id] = text; return nil })
		return err
	})
	return all
}
