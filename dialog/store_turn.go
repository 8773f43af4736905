package dialog

import (
	"context"
	"errors"
	"time"

	"floorwalker/protocol"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// question is what waits for its answer.
type question struct {
	// AnswerID is the message that will answer, ID the customer's.
	AnswerID, ID, Text, Locale string
	// Picture is the id of the one that goes along, or empty.
	Picture string
	// LessLike is the SKU of the card of which it wants less, or empty.
	LessLike string
}

const selectPending = `
SELECT r.id::text, q.id::text, q.text, q.locale, coalesce(q.picture->>'id', ''), q.less_like
FROM messages r JOIN messages q ON q.id = r.reply_to
WHERE r.session_id = $1 AND r.status = 'pending' ORDER BY r.asked_seq`

// answer is an answer that is being written: what is stored of it.
type answer struct {
	ID, ReplyTo, Text string
}

const selectStreaming = `
SELECT m.id::text, coalesce(m.reply_to::text, ''), m.text
FROM sessions s JOIN messages m ON m.id = s.turn_message_id WHERE s.id = $1 AND m.status = 'streaming'`

func (a *answer) scan(row pgx.Row) error {
	err := row.Scan(&a.ID, &a.ReplyTo, &a.Text)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

// posted is the newest message that is not the assistant's, and what became of its answer.
type posted struct {
	ID, Answer  string
	AnswerState protocol.State
	// Begun is true where the answer was begun, so that a turn may have changed the state.
	Begun bool
}

// selectLast names no message where the newest is a person's.
const selectLast = `
SELECT CASE WHEN q.role = 'customer' THEN q.id::text ELSE '' END, coalesce(r.id::text, ''), coalesce(r.status, ''), r.seq IS NOT NULL
FROM messages q LEFT JOIN messages r ON r.reply_to = q.id
WHERE q.session_id = $1 AND q.role <> 'assistant' AND q.seq IS NOT NULL ORDER BY q.seq DESC LIMIT 1`

func (p *posted) scan(row pgx.Row) error {
	*p = posted{}
	err := row.Scan(&p.ID, &p.Answer, &p.AnswerState, &p.Begun)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

const (
	insertMessage = `
INSERT INTO messages (id, session_id, role, client_msg_id, text, locale, status, seq, final_seq, ended_at, picture, less_like)
VALUES ($1, $2, 'customer', $3, $4, $5, 'complete', $6, $6, now(), $7, $8)`

	insertAnswer = `
INSERT INTO messages (id, session_id, role, reply_to, status, asked_seq) VALUES ($1, $2, 'assistant', $3, 'pending', $4)`

	beginAnswer = `UPDATE messages SET status = 'streaming', seq = $2, lease_token = $3 WHERE id = $1`

	finishAnswer = `
UPDATE messages SET status = $2, reason = $3, text = $4, final_seq = $5, ended_at = now()
WHERE id = $1 AND status IN ('pending', 'streaming')`

	// The session's updates: $1 the session, $2 its next_seq.
	takeLease = `
UPDATE sessions SET next_seq = $2, active_at = now(), state_before = state, turn_message_id = $3, lease_holder = $4, lease_token = $5,
       lease_expires_at = clock_timestamp() + $6::interval WHERE id = $1`

	endTurn = `
UPDATE sessions SET next_seq = $2, active_at = now(), turn_message_id = NULL, lease_expires_at = NULL,
       state = coalesce($3::json, state), lang = coalesce(nullif($4, ''), lang), owner = $5 WHERE id = $1`

	restoreState = `UPDATE sessions SET next_seq = $2, active_at = now(), state = coalesce(state_before, state) WHERE id = $1`

	// A turn that is ended by somebody else: the fencing token rises, so its writer can write no more.
	endTurnFencing = `
UPDATE sessions SET next_seq = $2, active_at = now(), turn_message_id = NULL, lease_expires_at = NULL,
       lease_token = lease_token + 1 WHERE id = $1`

	changeOwner = `
UPDATE sessions SET next_seq = $2, active_at = now(), turn_message_id = NULL, lease_expires_at = NULL,
       lease_token = lease_token + 1, owner = $3, owner_epoch = $4, agent = $5 WHERE id = $1`

	insertHandoff = `
INSERT INTO handoffs (id, session_id, message_id, reason, note, lang, status, agent, owner_epoch)
VALUES ($1, $2, nullif($3, '')::uuid, $4, $5, $6, $7, $8, $9)`

	insertOutbox = `INSERT INTO outbox (subject, msg_id, payload) VALUES ($1, $2, $3::json)`
)

// fence is what a turn must still hold for anything that it writes.
type fence struct {
	Session    string
	Message    string
	Token      int64
	OwnerEpoch int64
}

// holds is true while the locked session is still the turn's.
func (f fence) holds(row sessionRow) bool {
	return row.TurnMessage == f.Message && row.LeaseToken == f.Token && row.OwnerEpoch == f.OwnerEpoch
}

// appendFenced logs one event of a turn in one statement, and the cart with it where given. It returns
// errLeaseLost when the turn does not hold its session any more.
func (s *store) appendFenced(ctx context.Context, f fence, e event, cart []byte) (epoch string, seq int64, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		err := conn.QueryRow(ctx, `
			WITH s AS (
				UPDATE sessions SET next_seq = next_seq + 1, active_at = now(), cart = coalesce($8::json, cart)
				WHERE id = $1 AND turn_message_id = $2 AND lease_token = $3 AND owner_epoch = $4
				RETURNING next_seq - 1 AS seq, epoch)
			, e AS (
				INSERT INTO events (session_id, seq, type, data, ts)
				SELECT $1, s.seq, $5, $6::json, $7 FROM s)
			SELECT s.epoch, s.seq FROM s`,
			f.Session, f.Message, f.Token, f.OwnerEpoch, string(e.Type), string(e.Data), e.TS, cart).Scan(&epoch, &seq)
		if errors.Is(err, pgx.ErrNoRows) {
			return final{errLeaseLost}
		}
		if err != nil && !pgconnSafe(err) {
			return final{err}
		}
		return err
	})
	return epoch, seq, wrap(err, "log %s in session %s", e.Type, f.Session)
}

// storeText keeps the text so far of an answer being written, under the same fence.
func (s *store) storeText(ctx context.Context, f fence, text string) error {
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, `
			UPDATE messages m SET text = $5 FROM sessions s
			WHERE m.id = $2 AND m.status = 'streaming' AND m.lease_token = $3
			  AND s.id = $1 AND s.turn_message_id = $2 AND s.lease_token = $3 AND s.owner_epoch = $4`,
			f.Session, f.Message, f.Token, f.OwnerEpoch, text)
		if err == nil && tag.RowsAffected() == 0 {
			return final{errLeaseLost}
		}
		return err
	})
	return wrap(err, "store the text of %s", f.Message)
}

// beat renews the leases and says of each turn that still holds its own whether it was asked to stop.
func (s *store) beat(ctx context.Context, sessions []string, tokens []int64, lease time.Duration) (stop map[string]bool, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		stop = map[string]bool{}
		rows, err := conn.Query(ctx, `
			UPDATE sessions s SET lease_expires_at = clock_timestamp() + $3::interval
			FROM unnest($1::uuid[], $2::bigint[]) AS held (id, token)
			WHERE s.id = held.id AND s.lease_token = held.token AND s.turn_message_id IS NOT NULL
			RETURNING s.id::text, s.stop_token = s.lease_token`, sessions, tokens, lease)
		if err != nil {
			return err
		}
		var id string
		var asked bool
		_, err = pgx.ForEachRow(rows, []any{&id, &asked}, func() error { stop[id] = asked; return nil })
		return err
	})
	return stop, wrap(err, "renew %d leases", len(sessions))
}

// askStop marks the running turn of the session to be stopped; messageID limits it to that answer.
func (s *store) askStop(ctx context.Context, session, messageID string) (found bool, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, `
			UPDATE sessions SET stop_token = lease_token
			WHERE id = $1 AND turn_message_id IS NOT NULL AND ($2 = '' OR turn_message_id = nullif($2, '')::uuid)`, session, messageID)
		found = err == nil && tag.RowsAffected() > 0
		return err
	})
	return found, wrap(err, "ask the turn of session %s to stop", session)
}

// abandoned lists sessions whose turn lost its lease, and those where a question waits for at least age
// while nothing runs.
func (s *store) abandoned(ctx context.Context, age time.Duration, limit int) (expired, waiting []string, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		b := &pgx.Batch{}
		collect := func(into *[]string) func(pgx.Rows) error {
			return func(rows pgx.Rows) (err error) {
				*into, err = pgx.CollectRows(rows, pgx.RowTo[string])
				return err
			}
		}
		b.Queue(`
			SELECT id::text FROM sessions WHERE turn_message_id IS NOT NULL AND lease_expires_at < clock_timestamp()
			ORDER BY lease_expires_at LIMIT $1`, limit).Query(collect(&expired))
		b.Queue(`
			SELECT m.session_id::text FROM messages m JOIN sessions s ON s.id = m.session_id
			WHERE m.status = 'pending' AND s.turn_message_id IS NULL AND m.created_at < clock_timestamp() - $1::interval
			GROUP BY m.session_id ORDER BY min(m.created_at) LIMIT $2`, age, limit).Query(collect(&waiting))
		return conn.SendBatch(ctx, b).Close()
	})
	return expired, waiting, wrap(err, "look for abandoned turns")
}

// fingerprint says which database this is: the cluster, its timeline (which changes as a standby is
// promoted or a backup recovered), and the table (which a dump makes anew).
const fingerprint = `
(SELECT system_identifier FROM pg_control_system())
 || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' || 'events'::regclass::oid`

// renewEpochs gives every session a new epoch when this database is not the one that the log was written
// in: after a restore, positions that clients hold may lie in a future that is gone.
func (s *store) renewEpochs(ctx context.Context) (renewed int64, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var same bool
		err := conn.QueryRow(ctx, `SELECT coalesce((SELECT fingerprint FROM log_identity) = `+fingerprint+`, false)`).Scan(&same)
		if err != nil || same {
			return err
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			var now, stored string
			err := tx.QueryRow(ctx, `SELECT fingerprint, `+fingerprint+` FROM log_identity FOR UPDATE`).Scan(&stored, &now)
			if errors.Is(err, pgx.ErrNoRows) {
				_, err = tx.Exec(ctx, `INSERT INTO log_identity (fingerprint) SELECT `+fingerprint+` ON CONFLICT DO NOTHING`)
				return err
			}
			if err != nil || stored == now {
				return err
			}
			tag, err := tx.Exec(ctx, `UPDATE sessions SET epoch = left(md5(epoch || $1), 12)`, now)
			if err != nil {
				return err
			}
			renewed = tag.RowsAffected()
			_, err = tx.Exec(ctx, `UPDATE log_identity SET fingerprint = $1`, now)
			return err
		})
	})
	return renewed, wrap(err, "compare the database with the log's")
}

// endAnswer ends an answer in the transaction: its row, and message.completed as its one final event.
func (t *sessionTx) endAnswer(d protocol.MessageCompleted) (seq int64, err error) {
	if seq, err = t.append(protocol.TypeMessageCompleted, d); err != nil {
		return 0, err
	}
	reason := d.Reason
	if d.Error != nil {
		reason = d.Error.Code
	}
	t.queue(finishAnswer, d.MessageID, string(d.State), reason, d.Text, seq)
	return seq, nil
}
