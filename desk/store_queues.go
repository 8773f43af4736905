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

// pace reads how fast a queue moves: from the latest 20 claims of the last week.
func (s *store) pace(ctx context.Context, queue string) (pace, error) {
	var p pace
	var seconds float64
	err := s.pool.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM desk_cases WHERE queue_id = $1 AND status = 'queued'),
		       (SELECT count(*) FROM desk_agents WHERE present_until > clock_timestamp() AND NOT away AND NOT disabled
		        AND (role <> 'agent' OR '*' = ANY (queues) OR $1 = ANY (queues))),
		       count(*), coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY per_place), 0)
		FROM (SELECT extract(epoch FROM first_claim - asked_at) / greatest(place, 1) AS per_place FROM desk_cases
		      WHERE queue_id = $1 AND first_claim > clock_timestamp() - interval '7 days' ORDER BY first_claim DESC LIMIT 20) latest`, queue).
		Scan(&p.waiting, &p.present, &p.samples, &seconds)
	if err != nil {
		return p, fmt.Errorf("read the pace of queue %s: %w", queue, err)
	}
	p.perPlace = time.Duration(seconds * float64(time.Second))
	return p, nil
}

// place is where the session stands in line; no handoff where it does not.
func (s *store) place(ctx context.Context, session string) (handoff, queue string, position int, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT mine.handoff_id::text, mine.queue_id, (SELECT count(*) FROM desk_cases c WHERE c.queue_id = mine.queue_id AND c.status = 'queued'
			AND (NOT c.urgent, c.waiting_since, c.handoff_id) <= (NOT mine.urgent, mine.waiting_since, mine.handoff_id))
		FROM desk_cases mine WHERE mine.session_id = $1 AND mine.status = 'queued'`, session).Scan(&handoff, &queue, &position)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", 0, nil
	}
	if err != nil {
		return "", "", 0, fmt.Errorf("find the place of session %s: %w", session, err)
	}
	return handoff, queue, position, nil
}
