package dialog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
)

// SessionsOf locks a customer's sessions in the caller's transaction and lists them.
func SessionsOf(ctx context.Context, tx pgx.Tx, customer string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT id::text FROM sessions WHERE customer = $1 ORDER BY id FOR UPDATE`, customer)
	if err != nil {
		return nil, fmt.Errorf("look for a customer's sessions: %w", err)
	}
	sessions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for a customer's sessions: %w", err)
	}
	return sessions, nil
}

// Export is what is stored of the sessions, table by table.
func Export(ctx context.Context, tx pgx.Tx, sessions []string) (map[string][]json.RawMessage, error) {
	all := map[string][]json.RawMessage{}
	for table, sql := range map[string]string{
		"sessions": `SELECT row_to_json(t) FROM (SELECT id, customer, lang, owner, agent, state, cart, declined, page_product, page_title, created_at, active_at
			FROM sessions WHERE id = ANY ($1::uuid[]) ORDER BY created_at) t`,
		"devices": `SELECT row_to_json(t) FROM (SELECT id, session_id, created_at, nullif(expires_at, 'infinity') AS expires_at
			FROM session_devices WHERE session_id = ANY ($1::uuid[]) ORDER BY created_at) t`,
		"messages": `SELECT row_to_json(t) FROM (SELECT id, session_id, role, text, picture, less_like, locale, status, reason, seq, created_at, ended_at
			FROM messages WHERE session_id = ANY ($1::uuid[]) ORDER BY session_id, seq) t`,
		"events": `SELECT row_to_json(t) FROM (SELECT session_id, seq, type, data, ts
			FROM events WHERE session_id = ANY ($1::uuid[]) ORDER BY session_id, seq) t`,
		"summaries": `SELECT row_to_json(t) FROM conversation_summaries t WHERE session_id = ANY ($1::uuid[]) ORDER BY session_id`,
		"handoffs": `SELECT row_to_json(t) FROM (SELECT id, session_id, reason, note, lang, status, agent, created_at, changed_at
			FROM handoffs WHERE session_id = ANY ($1::uuid[]) ORDER BY created_at) t`,
	} {
		rows, err := tx.Query(ctx, sql, sessions)
		if err == nil {
			all[table], err = pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", table, err)
		}
	}
	return all, nil
}

// Erase deletes the sessions and everything that hangs on them in the caller's transaction. What other systems were
// told of them is taken out of NATS by the relay, as soon as NATS is there; those systems' own copies are theirs.
func Erase(ctx context.Context, tx pgx.Tx, customer string, sessions []string) error {
	for _, sql := range []string{
		`INSERT INTO outbox_erased (msg_id, stream_seq)
			SELECT msg_id, stream_seq FROM outbox WHERE stream_seq IS NOT NULL
			AND (payload->>'session' = ANY ($2) OR $1 <> '' AND payload->>'customer' = $1) ON CONFLICT DO NOTHING`,
		`DELETE FROM outbox WHERE payload->>'session' = ANY ($2) OR $1 <> '' AND payload->>'customer' = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, customer, sessions); err != nil {
			return fmt.Errorf("erase what other systems were told: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE id = ANY ($1::uuid[])`, sessions); err != nil {
		return fmt.Errorf("erase sessions: %w", err)
	}
	return nil
}

// eraseBatch is how many messages the relay takes out of the stream in one round.
const eraseBatch = 100

// forget takes out of the stream what belongs to customers who were erased.
func (r *Relay) forget(ctx context.Context, js jetstream.JetStream) error {
	rows, err := r.pool.Query(ctx, `SELECT msg_id, stream_seq FROM outbox_erased LIMIT $1`, eraseBatch)
	if err != nil {
		return fmt.Errorf("look what is erased: %w", err)
	}
	type message struct {
		ID  string
		Seq int64
	}
	erased, err := pgx.CollectRows(rows, pgx.RowToStructByPos[message])
	if err != nil || len(erased) == 0 {
		return err
	}
	stream, err := js.Stream(ctx, r.o.Stream)
	if err != nil {
		return fmt.Errorf("open stream %s: %w", r.o.Stream, err)
	}
	for _, m := range erased {
		// A stream that was made anew has something else at that place, or nothing.
		there, err := stream.GetMsg(ctx, uint64(m.Seq))
		if err == nil && there.Header.Get(jetstream.MsgIDHeader) == m.ID {
			err = stream.SecureDeleteMsg(ctx, uint64(m.Seq))
		}
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("take a message out of stream %s: %w", r.o.Stream, err)
		}
		if _, err := r.pool.Exec(ctx, `DELETE FROM outbox_erased WHERE msg_id = $1`, m.ID); err != nil {
			return fmt.Errorf("note what is erased: %w", err)
		}
	}
	return nil
}
