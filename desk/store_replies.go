package desk

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

func (s *store) replies(ctx context.Context) ([]Canned, error) {
	rows, err := s.pool.Query(ctx, `SELECT id, lang, title, text FROM desk_replies ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list canned replies: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Canned, err error) {
		return c, row.Scan(&c.ID, &c.Lang, &c.Title, &c.Text)
	})
	if err != nil {
		return nil, fmt.Errorf("list canned replies: %w", err)
	}
	return all, nil
}

func (s *store) putReply(ctx context.Context, c Canned) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO desk_replies (id, lang, title, text) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET lang = excluded.lang, title = excluded.title, text = excluded.text, updated_at = now()`,
		c.ID, c.Lang, c.Title, c.Text)
	if err != nil {
		return fmt.Errorf("store canned reply %s: %w", c.ID, err)
	}
	return nil
}

func (s *store) deleteReply(ctx context.Context, id string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM desk_replies WHERE id = $1`, id); err != nil {
		return fmt.Errorf("delete canned reply %s: %w", id, err)
	}
	return nil
}

func (s *store) scores(ctx context.Context) ([]Score, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT agent_id, avg(score)::float8, count(*) FROM desk_satisfaction WHERE created_at > now() - interval '7 days'
		GROUP BY agent_id ORDER BY agent_id`)
	if err != nil {
		return nil, fmt.Errorf("read the scores: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Score])
	if err != nil {
		return nil, fmt.Errorf("read the scores: %w", err)
	}
	if all == nil {
		all = []Score{}
	}
	return all, nil
}

func (s *store) satisfactionOf(ctx context.Context, sessions []string) (mean float64, n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(avg(score)::float8, 0), count(*) FROM desk_satisfaction WHERE session_id = ANY ($1::uuid[])`, sessions).Scan(&mean, &n)
	if err != nil {
		return 0, 0, fmt.Errorf("read the scores of conversations: %w", err)
	}
	return mean, n, nil
}

// mostEntries is how many lines of the audit log are read at once.
const mostEntries = 200

func (s *store) entries(ctx context.Context, by, session string, before int64) ([]Entry, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, at, agent_id, action, coalesce(session_id::text, ''), detail, address FROM desk_audit
		WHERE ($1 = '' OR agent_id = $1) AND ($2 = '' OR session_id::text = $2) AND ($3::bigint = 0 OR id < $3) ORDER BY id DESC LIMIT $4`,
		by, session, before, mostEntries)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Entry])
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	if all == nil {
		all = []Entry{}
	}
	return all, nil
}
