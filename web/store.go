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

func (s ticketStore) insert(ctx context.Context, hash []byte, h holder, life time.Duration) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO socket_tickets (ticket_hash, session_id, device_id, expires_at)
		SELECT $1, $2, id, now() + $4::interval FROM session_devices WHERE id = $3`, hash, h.session, h.device, life)
	return err
}

// take deletes the ticket and returns whose it is: of two who come with one ticket, one gets it.
func (s ticketStore) take(ctx context.Context, hash []byte) (h holder, err error) {
	var valid bool
	err = s.pool.QueryRow(ctx, `DELETE FROM socket_tickets WHERE ticket_hash = $1 RETURNING session_id, device_id::text, expires_at > now(),
		coalesce((SELECT platform FROM session_devices WHERE id = device_id), '')`, hash).Scan(&h.session, &h.device, &valid, &h.platform)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !valid {
		return holder{}, errTicket
	}
	return h, err
}

// sweep passes over what another replica sweeps at the same time.
func (s ticketStore) sweep(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM socket_tickets WHERE ticket_hash IN (
		SELECT ticket_hash FROM socket_tickets WHERE expires_at < now() FOR UPDATE SKIP LOCKED)`)
	return err
}
