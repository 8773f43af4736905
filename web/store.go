package web

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ticketStore is the table socket_tickets. Lives go by PostgreSQL's clock, so replicas need not agree on theirs.
type ticketStore struct{ pool *pgxpool.Pool }

func (s ticketStore) insert(ctx context.Context, hash []byte, sessionID string, life time.Duration) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO socket_tickets (ticket_hash, session_id, expires_at) VALUES ($1, $2, now() + $3::interval)`,
		hash, sessionID, life)
	return err
}

// take deletes the ticket and returns its session: of two who come with one ticket, one gets it.
func (s ticketStore) take(ctx context.Context, hash []byte) (sessionID string, err error) {
	var valid bool
	err = s.pool.QueryRow(ctx, `DELETE FROM socket_tickets WHERE ticket_hash = $1 RETURNING session_id, expires_at > now()`, hash).
		Scan(&sessionID, &valid)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !valid {
		return "", errTicket
	}
	return sessionID, err
}

// sweep passes over what another replica sweeps at the same time.
func (s ticketStore) sweep(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM socket_tickets WHERE ticket_hash IN (
		SELECT ticket_hash FROM socket_tickets WHERE expires_at < now() FOR UPDATE SKIP LOCKED)`)
	return err
}
