package dialog

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// device is who holds a secret of a session.
type device struct {
	id   string
	hash []byte
	// secret and life are known as it is made. No life is a visitor's: as long as the session's.
	secret string
	life   time.Duration
	// platform is where it is.
	platform string
}

const (
	selectDevices = `SELECT id::text FROM session_devices WHERE session_id = $1`

	insertDevice = `
INSERT INTO session_devices (id, session_id, secret_hash, expires_at, platform)
VALUES ($1, $2, $3, CASE WHEN $4::interval = '0' THEN 'infinity' ELSE now() + $4::interval END, $5)`

	dropOldDevices = `
DELETE FROM session_devices WHERE session_id = $1 AND id NOT IN (
	SELECT id FROM session_devices WHERE session_id = $1 ORDER BY created_at DESC, id LIMIT $2)`

	// claimCustomer is the session of the customer, which becomes $2 where there was none.
	claimCustomer = `
INSERT INTO customer_sessions (customer, session_id) VALUES ($1, $2)
ON CONFLICT (customer) DO UPDATE SET customer = excluded.customer RETURNING session_id::text`
)

// insertSession makes a session with an empty log and its first device. Where it is a customer's who has one
// already, it makes none and returns that one.
func (s *store) insertSession(ctx context.Context, id, epoch, customer, lang string, d device) (theirs string, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, `
			WITH c AS (
				INSERT INTO customer_sessions (customer, session_id) SELECT $4, $1::uuid WHERE $4 <> ''
				ON CONFLICT (customer) DO UPDATE SET customer = excluded.customer RETURNING session_id)
			, mine AS (SELECT coalesce((SELECT session_id FROM c), $1::uuid) AS id)
			, s AS (
				INSERT INTO sessions (id, epoch, lang, customer, platform) SELECT $1::uuid, $2, $3, $4, $8 FROM mine WHERE id = $1::uuid
				ON CONFLICT (id) DO NOTHING)
			, d AS (
				INSERT INTO session_devices (id, session_id, secret_hash, expires_at, platform)
				SELECT $5, $1::uuid, $6, CASE WHEN $7::interval = '0' THEN 'infinity' ELSE now() + $7::interval END, $8
				FROM mine WHERE id = $1::uuid ON CONFLICT (id) DO NOTHING)
			SELECT id::text FROM mine`, id, epoch, lang, customer, d.id, d.hash, d.life, d.platform).Scan(&theirs)
	})
	return theirs, wrap(err, "insert session")
}

// devices are those whose secrets open the session now.
func (s *store) devices(ctx context.Context, session string) (all []device, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT d.id::text, d.secret_hash, coalesce(d.platform, '') FROM sessions s LEFT JOIN session_devices d ON d.session_id = s.id AND d.expires_at > now()
			WHERE s.id = $1`, session)
		if err != nil {
			return err
		}
		all = nil
		var id *string
		var hash []byte
		var platform string
		tag, err := pgx.ForEachRow(rows, []any{&id, &hash, &platform}, func() error {
			if id != nil {
				all = append(all, device{id: *id, hash: hash, platform: platform})
			}
			return nil
		})
		if err == nil && tag.RowsAffected() == 0 {
			return ErrNoSession
		}
		return err
	})
	return all, wrap(err, "read the devices of session %s", session)
}

// signedOut lists those of the devices that have no right to their session any more.
func (s *store) signedOut(ctx context.Context, devices []string) (gone []string, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `
			SELECT asked.id::text FROM unnest($1::uuid[]) AS asked (id)
			WHERE NOT EXISTS (SELECT FROM session_devices d WHERE d.id = asked.id AND d.expires_at > now())`, devices)
		if err != nil {
			return err
		}
		gone, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return gone, wrap(err, "look whether %d devices are signed in", len(devices))
}

// dropDevice takes the device's right to the session away.
func (s *store) dropDevice(ctx context.Context, session, device string) error {
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, `DELETE FROM session_devices WHERE session_id = $1 AND id = $2`, session, device)
		return err
	})
	return wrap(err, "sign a device out of session %s", session)
}
