package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const queueColumns = `id, name, department, langs, topics, timezone, hours, extract(epoch FROM patience)::int`

func scanQueue(row pgx.CollectableRow) (q Queue, err error) {
	var hours []byte
	if err = row.Scan(&q.ID, &q.Name, &q.Department, &q.Langs, &q.Topics, &q.Timezone, &hours, &q.Patience); err != nil {
		return q, err
	}
	return q, json.Unmarshal(hours, &q.Hours)
}

func (s *store) queues(ctx context.Context) ([]Queue, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+queueColumns+` FROM desk_queues ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanQueue)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	return all, nil
}

func (s *store) queue(ctx context.Context, id string) (Queue, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+queueColumns+` FROM desk_queues WHERE id = $1`, id)
	if err != nil {
		return Queue{}, fmt.Errorf("read queue %s: %w", id, err)
	}
	q, err := pgx.CollectExactlyOneRow(rows, scanQueue)
	if errors.Is(err, pgx.ErrNoRows) {
		return q, errNoQueue
	}
	if err != nil {
		return q, fmt.Errorf("read queue %s: %w", id, err)
	}
	return q, nil
}

func (s *store) putQueue(ctx context.Context, q Queue) error {
	hours, err := json.Marshal(q.Hours)
	if err != nil {
		return fmt.Errorf("write hours: %w", err)
	}
	if q.Hours == nil {
		hours = []byte("{}")
	}
	_, err = s.pool.Exec(ctx, `
		INSERT INTO desk_queues (id, name, department, langs, topics, timezone, hours, patience)
		VALUES ($1, $2, $3, coalesce($4, '{}'::text[]), coalesce($5, '{}'::text[]), $6, $7::jsonb, make_interval(secs => $8))
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, department = excluded.department, langs = excluded.langs,
			topics = excluded.topics, timezone = excluded.timezone, hours = excluded.hours, patience = excluded.patience`,
		q.ID, q.Name, q.Department, q.Langs, q.Topics, q.Timezone, string(hours), q.Patience)
	if err != nil {
		return fmt.Errorf("store queue %s: %w", q.ID, err)
	}
	return nil
}

// queueLines adds what reads every queue and how fast it moves: by the latest 20 claims of the last week.
func queueLines(b *pgx.Batch, each func([]line)) {
	b.Queue(`
		SELECT ` + queueColumns + `, waiting, present, samples, per_place FROM desk_queues q,
		LATERAL (SELECT count(*) AS waiting FROM desk_cases WHERE queue_id = q.id AND status = 'queued') AS w,
		LATERAL (SELECT count(*) AS present FROM desk_agents WHERE present_until > clock_timestamp() AND NOT away AND NOT disabled
		         AND (role <> 'agent' OR '*' = ANY (queues) OR q.id = ANY (queues))) AS p,
		LATERAL (SELECT count(*) AS samples, coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0) AS per_place
		         FROM (SELECT extract(epoch FROM first_claim - asked_at) / greatest(place, 1) AS seconds FROM desk_cases
		               WHERE queue_id = q.id AND first_claim > clock_timestamp() - interval '7 days' ORDER BY first_claim DESC LIMIT 20) AS latest) AS s
		ORDER BY id`).Query(func(rows pgx.Rows) error {
		lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l line, err error) {
			var hours []byte
			var seconds float64
			q := &l.Queue
			err = row.Scan(&q.ID, &q.Name, &q.Department, &q.Langs, &q.Topics, &q.Timezone, &hours, &q.Patience,
				&l.waiting, &l.present, &l.samples, &seconds)
			if err != nil {
				return l, err
			}
			l.perPlace = time.Duration(seconds * float64(time.Second))
			return l, json.Unmarshal(hours, &q.Hours)
		})
		if err == nil {
			each(lines)
		}
		return err
	})
}

// place is where a session stands in line; no handoff where it does not.
type place struct {
	HandoffID, Queue string
	Position         int
}

func (p *place) queue(b *pgx.Batch, session string) {
	b.Queue(`
		SELECT mine.handoff_id::text, mine.queue_id, (SELECT count(*) FROM desk_cases c WHERE c.queue_id = mine.queue_id AND c.status = 'queued'
			AND (NOT c.urgent, c.waiting_since, c.handoff_id) <= (NOT mine.urgent, mine.waiting_since, mine.handoff_id))
		FROM desk_cases mine WHERE mine.session_id = $1 AND mine.status = 'queued'`, session).QueryRow(func(row pgx.Row) error {
		return none(row.Scan(&p.HandoffID, &p.Queue, &p.Position))
	})
}
