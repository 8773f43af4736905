package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Outbox is the table webhook_deliveries. Times are PostgreSQL's.
type Outbox struct {
	pool  *pgxpool.Pool
	grace time.Duration
}

// NewOutbox keeps deliveries in a migrated database. grace is how long a customer has to come back, or to read, before
// the shop is told; 0 for 5 s.
func NewOutbox(pool *pgxpool.Pool, grace time.Duration) *Outbox {
	orElse(&grace, 5*time.Second)
	return &Outbox{pool, grace}
}

// Said notes a message to a customer with the statement that it queues, in the transaction that logs it as seq. Where
// live, a customer who is connected at the first look has it.
func (o *Outbox) Said(queue func(sql string, args ...any), sessionID string, seq int64, live bool) {
	queue(`INSERT INTO webhook_deliveries (session_id, seq, doubted, next_at) VALUES ($1, $2, $3, clock_timestamp() + $4::interval)`, sessionID, seq, live, o.grace)
}

// The states of a delivery.
const (
	StateWaiting = "waiting"
	StateSent    = "sent"
	// StateSeen: the customer had the message without us.
	StateSeen = "seen"
	// StateDead: given up.
	StateDead = "dead"
)

// Delivery is one message on its way to the receiver.
type Delivery struct {
	ID       string `json:"id"`
	Session  string `json:"session"`
	Seq      int64  `json:"seq"`
	State    string `json:"state"`
	Attempts int    `json:"attempts"`
	// Doubted is true where a customer who is connected at the next look has it.
	Doubted bool `json:"doubted"`
	// Replayed is true where an operator wants it sent, whoever is connected.
	Replayed  bool      `json:"replayed"`
	NextAt    time.Time `json:"next_at"`
	CreatedAt time.Time `json:"created_at"`
	LastError string    `json:"last_error,omitempty"`
}

const columns = `id::text, session_id::text, seq, state, attempts, doubted, replayed, next_at, created_at, last_error`

// List are the newest deliveries of a state, or of all where it is empty.
func (o *Outbox) List(ctx context.Context, state string, limit int) ([]Delivery, error) {
	rows, err := o.pool.Query(ctx, `SELECT `+columns+` FROM webhook_deliveries WHERE $1 IN ('', state) ORDER BY created_at DESC LIMIT $2`, state, limit)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return all, nil
}

// Counts says how many deliveries there are of each state.
func (o *Outbox) Counts(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	rows, err := o.pool.Query(ctx, `SELECT state, count(*) FROM webhook_deliveries GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	var state string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { counts[state] = n; return nil }); err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return counts, nil
}

// Replay has deliveries sent again under their old ids: those named, or, where none are, all dead ones. It returns how
// many there are.
func (o *Outbox) Replay(ctx context.Context, ids []string) (int, error) {
	tag, err := o.pool.Exec(ctx, `
		UPDATE webhook_deliveries SET state = 'waiting', ended_at = NULL, attempts = 0, replayed = true, next_at = clock_timestamp()
		WHERE state <> 'waiting' AND CASE WHEN cardinality($1::text[]) > 0 THEN id::text = ANY ($1) ELSE state = 'dead' END`, ids)
	if err != nil {
		return 0, fmt.Errorf("replay deliveries: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// take gives out what is due, to nobody else until the lease ends.
func (o *Outbox) take(ctx context.Context, limit int, lease time.Duration) ([]Delivery, error) {
	rows, err := o.pool.Query(ctx, `
		UPDATE webhook_deliveries SET next_at = clock_timestamp() + $2::interval
		WHERE id IN (SELECT id FROM webhook_deliveries WHERE state = 'waiting' AND next_at <= clock_timestamp()
		             ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED)
		RETURNING `+columns, limit, lease)
	if err != nil {
		return nil, fmt.Errorf("take deliveries: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("take deliveries: %w", err)
	}
	return due, nil
}

// end gives a delivery its final state.
func (o *Outbox) end(ctx context.Context, d Delivery, state, why string) error {
	_, err := o.pool.Exec(ctx, `UPDATE webhook_deliveries SET state = $2, ended_at = clock_timestamp(), attempts = $3, last_error = $4
		WHERE id = $1 AND state = 'waiting'`, d.ID, state, d.Attempts, why)
	if err != nil {
		return fmt.Errorf("end delivery %s: %w", d.ID, err)
	}
	return nil
}

// later has a delivery looked at again.
func (o *Outbox) later(ctx context.Context, d Delivery, after time.Duration, why string) error {
	_, err := o.pool.Exec(ctx, `UPDATE webhook_deliveries SET next_at = clock_timestamp() + $2::interval, attempts = $3, doubted = $4, last_error = $5
		WHERE id = $1 AND state = 'waiting'`, d.ID, after, d.Attempts, d.Doubted, why)
	if err != nil {
		return fmt.Errorf("put off delivery %s: %w", d.ID, err)
	}
	return nil
}

// forget deletes what ended long ago.
func (o *Outbox) forget(ctx context.Context, keep time.Duration) error {
	if _, err := o.pool.Exec(ctx, `DELETE FROM webhook_deliveries WHERE state <> 'waiting' AND ended_at < clock_timestamp() - $1::interval`, keep); err != nil {
		return fmt.Errorf("delete old deliveries: %w", err)
	}
	return nil
}
