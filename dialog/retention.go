package dialog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// idle is what holds of a session that may go: nothing happened since $1, no question is open, and no person has it.
const idle = `
s.active_at < $1 AND s.owner <> 'agent' AND s.turn_message_id IS NULL
AND NOT EXISTS (SELECT FROM messages m WHERE m.session_id = s.id AND m.status = 'pending')`

// Idle lists sessions that nothing happened in since the time and that nobody answers in, at most limit.
func Idle(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT s.id::text FROM sessions s WHERE `+idle+` LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("look for idle sessions: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for idle sessions: %w", err)
	}
	return all, nil
}

// LockIdle locks those of the sessions that are idle still, in the caller's transaction. What somebody else works on is
// left out.
func LockIdle(ctx context.Context, tx pgx.Tx, before time.Time, sessions []string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT s.id::text FROM sessions s WHERE `+idle+` AND s.id = ANY ($2::uuid[]) ORDER BY s.id FOR UPDATE SKIP LOCKED`,
		before, sessions)
	if err != nil {
		return nil, fmt.Errorf("lock idle sessions: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("lock idle sessions: %w", err)
	}
	return all, nil
}

// Aged lists sessions whose log begins before the time, at most limit, in the order of their ids after the one given
// ("" for the first).
func (m *Manager) Aged(ctx context.Context, before time.Time, after string, limit int) (all []string, err error) {
	err = m.store.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT s.id::text FROM sessions s JOIN LATERAL (
				SELECT ts FROM events e WHERE e.session_id = s.id ORDER BY seq LIMIT 1) first ON first.ts < $1
			WHERE $2 = '' OR s.id > nullif($2, '')::uuid ORDER BY s.id LIMIT $3`, before, after, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return all, wrap(err, "look for old messages")
}

// TrimBefore deletes the session's events and messages of before the time; what is not answered yet stays, and all that
// came after it. It says how many events went.
func (m *Manager) TrimBefore(ctx context.Context, sessionID string, before time.Time) (gone int64, err error) {
	id, err := canonical(sessionID)
	if err != nil {
		return 0, err
	}
	var keep int64
	read := func(b *pgx.Batch) {
		b.Queue(`
			SELECT least(coalesce((SELECT min(seq) FROM events WHERE session_id = $1 AND ts >= $2), s.next_seq),
				(SELECT min(coalesce(asked_seq, seq)) FROM messages WHERE session_id = $1 AND final_seq IS NULL))
			FROM sessions s WHERE id = $1`, id, before).QueryRow(func(row pgx.Row) error { return row.Scan(&keep) })
	}
	err = m.change(ctx, id, read, func(t *sessionTx) error {
		gone = max(0, keep-t.row.Oldest)
		t.trim(keep)
		return nil
	})
	return gone, err
}

// trim deletes events before seq keep, and messages that ended before it. A question stays as long as its answer.
func (t *sessionTx) trim(keep int64) {
	keep = min(max(keep, t.row.Oldest), t.row.NextSeq)
	t.queue(`DELETE FROM events WHERE session_id = $1 AND seq < $2`, t.row.ID, keep)
	t.queue(`DELETE FROM messages m WHERE session_id = $1 AND final_seq < $2
		AND NOT EXISTS (SELECT FROM messages r WHERE r.reply_to = m.id AND coalesce(r.final_seq, $2) >= $2)`, t.row.ID, keep)
	t.set(`UPDATE sessions SET next_seq = $2, oldest_seq = $3 WHERE id = $1`, keep)
}
