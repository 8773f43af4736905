package pictures

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// store owns the table of pictures. A picture goes when its session does.
type store struct{ pool *pgxpool.Pool }

// insert keeps a picture where the session has fewer than most of the last day and all together stay under total bytes.
func (s store) insert(ctx context.Context, id, session string, p shop.Picture, jpeg []byte, most int, total int64) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// Uploads of one session wait for each other, so that none slips past the count.
		var there bool
		if err := tx.QueryRow(ctx, `SELECT true FROM sessions WHERE id = $1 FOR NO KEY UPDATE`, session).Scan(&there); err != nil {
			return err
		}
		var ofSession int
		var bytes int64
		err := tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE session_id = $1 AND created_at > now() - interval '1 day'), coalesce(sum(size), 0) FROM pictures`,
			session).Scan(&ofSession, &bytes)
		switch {
		case err != nil:
			return err
		case ofSession >= most:
			return errMany
		case bytes+int64(len(jpeg)) > total:
			return errFull
		}
		_, err = tx.Exec(ctx, `INSERT INTO pictures (id, session_id, width, height, size, jpeg) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, session, p.Width, p.Height, len(jpeg), jpeg)
		return err
	})
}

func (s store) send(ctx context.Context, session, id string) (p shop.Picture, err error) {
	p.ID = id
	err = s.pool.QueryRow(ctx, `UPDATE pictures SET sent = true WHERE id = $1 AND session_id = $2 RETURNING width, height`, id, session).
		Scan(&p.Width, &p.Height)
	return p, found(err)
}

func (s store) read(ctx context.Context, session, id string) (jpeg []byte, err error) {
	err = s.pool.QueryRow(ctx, `SELECT jpeg FROM pictures WHERE id = $1 AND session_id = $2`, id, session).Scan(&jpeg)
	return jpeg, found(err)
}

// dropUnsent deletes what was kept before the time and never sent.
func (s store) dropUnsent(ctx context.Context, before time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM pictures WHERE NOT sent AND created_at < $1`, before)
	return err
}

// found makes no row an error for people.
func found(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return errNone
	}
	return err
}

// Export is the pictures of the sessions, each with its JPEG in base64.
func Export(ctx context.Context, tx pgx.Tx, sessions []string) (map[string][]json.RawMessage, error) {
	rows, err := tx.Query(ctx, `SELECT row_to_json(t) FROM (SELECT id, session_id, width, height, size, sent, created_at, encode(jpeg, 'base64') AS jpeg
		FROM pictures WHERE session_id = ANY ($1::uuid[]) ORDER BY created_at) t`, sessions)
	if err != nil {
		return nil, fmt.Errorf("export pictures: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
	if err != nil {
		return nil, fmt.Errorf("export pictures: %w", err)
	}
	return map[string][]json.RawMessage{"pictures": all}, nil
}
