package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floorwalker/protocol"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// store owns the tables of the desk. Leases go by PostgreSQL's clock.
type store struct{ pool *pgxpool.Pool }

// Statements that run in a session's transaction.
const (
	// $1 handoff, $2 session, $3 queue, $4 lang, $5 reason, $6 note, $7 customer, $8 owner epoch, $9 place, $10 form offered
	insertCase = `
INSERT INTO desk_cases (handoff_id, session_id, queue_id, lang, reason, note, customer, status, owner_epoch, place, form_offered)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, $10)`

	claimCase = `
UPDATE desk_cases SET status = 'claimed', agent_id = $2, lease_until = clock_timestamp() + $3::interval, owner_epoch = $4,
       urgent = false, claimed_at = clock_timestamp(), first_claim = coalesce(first_claim, clock_timestamp()) WHERE handoff_id = $1`

	renewCase = `UPDATE desk_cases SET lease_until = clock_timestamp() + $2::interval WHERE handoff_id = $1 AND status = 'claimed'`

	requeueCase = `
UPDATE desk_cases SET status = 'queued', queue_id = $2, urgent = $3, owner_epoch = $4, agent_id = NULL, lease_until = NULL,
       waiting_since = clock_timestamp() WHERE handoff_id = $1`

	closeCase = `
UPDATE desk_cases SET status = $2, owner_epoch = $3, lease_until = NULL, closed_at = clock_timestamp() WHERE handoff_id = $1`

	insertNote = `
INSERT INTO desk_notes (id, session_id, agent_id, author, client_msg_id, text) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (session_id, agent_id, client_msg_id) DO NOTHING`

	insertAudit = `INSERT INTO desk_audit (agent_id, action, session_id, detail, address) VALUES ($1, $2, nullif($3, '')::uuid, $4, $5)`

	selectOpen = `
SELECT handoff_id::text, session_id::text, queue_id, lang, reason, note, customer, status, urgent, coalesce(agent_id, ''), owner_epoch,
       asked_at, waiting_since, coalesce(lease_until < clock_timestamp(), false)
FROM desk_cases WHERE session_id = $1 AND status IN ('queued', 'claimed')`
)

// selectCases are those that are open, and of $2 also those that are not any more.
const selectCases = `
SELECT handoff_id::text, session_id::text, queue_id, lang, reason, note, customer, status, urgent,
       CASE WHEN status = 'queued' THEN row_number() OVER (PARTITION BY queue_id, status ORDER BY urgent DESC, waiting_since, handoff_id) ELSE 0 END,
       coalesce(agent_id, ''), owner_epoch, asked_at, waiting_since
FROM desk_cases WHERE status IN ('queued', 'claimed') OR handoff_id = ANY ($2::uuid[])
ORDER BY urgent DESC, waiting_since, handoff_id LIMIT $1`

func none(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}

func newID() string { return uuid.NewString() }

// queueCases adds what reads the cases that are open, at most limit, and how those of known are that were.
func queueCases(b *pgx.Batch, limit int, known []string, into *[]protocol.Case) {
	b.Queue(selectCases, limit, known).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c protocol.Case, err error) {
			err = row.Scan(&c.HandoffID, &c.Session, &c.Queue, &c.Lang, &c.Reason, &c.Note, &c.Customer, &c.Status, &c.Urgent,
				&c.Position, &c.AgentID, &c.OwnerEpoch, &c.AskedAt, &c.WaitingSince)
			c.AskedAt, c.WaitingSince = protocol.Stamp(c.AskedAt), protocol.Stamp(c.WaitingSince)
			return c, err
		})
		return err
	})
}

// send does all that is queued in one round trip.
func (s *store) send(ctx context.Context, b *pgx.Batch) error {
	return s.pool.SendBatch(ctx, b).Close()
}

// overdue lists sessions whose claim ran out, and those that waited longer than their queue's patience.
func (s *store) overdue(ctx context.Context, limit int) (lost, impatient []string, err error) {
	b := &pgx.Batch{}
	collect := func(into *[]string) func(pgx.Rows) error {
		return func(rows pgx.Rows) (err error) {
			*into, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		}
	}
	b.Queue(`SELECT session_id::text FROM desk_cases WHERE status = 'claimed' AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT $1`, limit).
		Query(collect(&lost))
	b.Queue(`
		SELECT c.session_id::text FROM desk_cases c JOIN desk_queues q ON q.id = c.queue_id
		WHERE c.status = 'queued' AND NOT c.form_offered AND c.waiting_since + q.patience < clock_timestamp() LIMIT $1`, limit).
		Query(collect(&impatient))
	if err := s.send(ctx, b); err != nil {
		return nil, nil, fmt.Errorf("look for overdue cases: %w", err)
	}
	return lost, impatient, nil
}

// renew keeps agents present and their claims alive.
func (s *store) renew(ctx context.Context, agents []string, lease time.Duration) error {
	b := &pgx.Batch{}
	b.Queue(`UPDATE desk_agents SET present_until = clock_timestamp() + $2::interval WHERE id = ANY ($1) AND NOT disabled`, agents, lease)
	b.Queue(`
		UPDATE desk_cases c SET lease_until = clock_timestamp() + $2::interval FROM desk_agents a
		WHERE a.id = c.agent_id AND c.agent_id = ANY ($1) AND c.status = 'claimed' AND NOT a.disabled`, agents, lease)
	if err := s.send(ctx, b); err != nil {
		return fmt.Errorf("renew the presence of %d agents: %w", len(agents), err)
	}
	return nil
}
