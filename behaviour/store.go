package behaviour

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// insert adds what is not there yet, by session and id, and says how much that was. The time bound keeps the look for
// an earlier event under another time to the partitions where one can be; two senders of one event under two times at
// the same instant are the sender's own fault.
func (l *Log) insert(ctx context.Context, events []Event) (int, error) {
	var times []time.Time
	var clients, sessions, ids, actions, skus, rankings, models, messages []string
	var features []*string
	var platforms []string
	var positions []int32
	var propensities []float32
	var amounts []float64
	var trusted []bool
	oldest := events[0].Time
	for _, e := range events {
		a := e.Attributes
		if e.Time.Before(oldest) {
			oldest = e.Time
		}
		times, clients, sessions, ids = append(times, e.Time), append(clients, e.Client), append(sessions, e.Session), append(ids, e.ID)
		actions, skus, rankings = append(actions, string(e.Action)), append(skus, a.Object.ID), append(rankings, e.QueryID)
		models, messages, positions = append(models, a.Model), append(messages, e.Message), append(positions, int32(a.Position.Ordinal))
		propensities, amounts, trusted = append(propensities, float32(a.Propensity)), append(amounts, e.amount()), append(trusted, e.Trusted)
		features, platforms = append(features, realArray(e.Features)), append(platforms, e.Platform)
	}
	since := oldest.Add(-l.o.Late)
	tag, err := l.pool.Exec(ctx, `
		INSERT INTO behaviour_events (event_time, client, session, event_id, action, sku, ranking_id, model, position, propensity, amount, message, trusted, features, platform)
		SELECT event_time, client, session, event_id, action, sku, ranking_id, model, position, propensity, amount, message, trusted, features::real[], platform
		FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
			$9::integer[], $10::real[], $11::double precision[], $12::text[], $13::boolean[], $15::text[], $16::text[])
			AS g (event_time, client, session, event_id, action, sku, ranking_id, model, position, propensity, amount, message, trusted, features, platform)
		WHERE NOT EXISTS (SELECT FROM behaviour_events e WHERE e.session = g.session AND e.event_id = g.event_id AND e.event_time >= $14)
		ON CONFLICT DO NOTHING`,
		times, clients, sessions, ids, actions, skus, rankings, models, positions, propensities, amounts, messages, trusted, since, features, platforms)
	return int(tag.RowsAffected()), err
}

// realArray writes numbers as PostgreSQL reads an array, since unnest would flatten an array of arrays; nil is NULL.
func realArray(values []float64) *string {
	if values == nil {
		return nil
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.FormatFloat(v, 'g', 7, 32) // NaN is written as PostgreSQL knows it
	}
	text := "{" + strings.Join(parts, ",") + "}"
	return &text
}

// partitionLock keeps two replicas from making or dropping partitions at once.
const partitionLock = 8_231_704_560

const partitionPrefix = "behaviour_events_"

// makePartition makes a month's partition where it is missing. A name in a statement can't be a parameter; this one is
// made of digits.
func (l *Log) makePartition(ctx context.Context, month time.Time) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(partitionLock)); err != nil {
			return err
		}
		const day = "2006-01-02 00:00:00+00"
		_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s PARTITION OF behaviour_events FOR VALUES FROM ('%s') TO ('%s')`,
			pgx.Identifier{partitionPrefix + month.Format("2006_01")}.Sanitize(), month.Format(day), month.AddDate(0, 1, 0).Format(day)))
		return err
	})
}

// dropBefore drops the partitions that end before the time, and names their months.
func (l *Log) dropBefore(ctx context.Context, before time.Time) (dropped []time.Time, err error) {
	err = pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(partitionLock)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'behaviour_events'::regclass ORDER BY c.relname`)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			month, err := time.Parse(partitionPrefix+"2006_01", name)
			if err != nil || month.AddDate(0, 1, 0).After(before) {
				continue
			}
			if _, err := tx.Exec(ctx, `DROP TABLE `+pgx.Identifier{name}.Sanitize()); err != nil {
				return err
			}
			dropped = append(dropped, month)
		}
		return nil
	})
	return dropped, err
}

func (l *Log) erase(ctx context.Context, who string) (n int, err error) {
	err = pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		n, err = Erase(ctx, tx, who)
		return err
	})
	return n, err
}

func (l *Log) claim(ctx context.Context, session, customer string) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE behaviour_events SET client = $2, merged = true WHERE session = $1 AND client = $1 AND merged IS NULL`, session, customer); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, adoptConsent, session, customer)
		return err
	})
}

func (l *Log) unclaim(ctx context.Context, customer string) (int, error) {
	tag, err := l.pool.Exec(ctx, `UPDATE behaviour_events SET client = session, merged = false WHERE client = $1 AND merged`, customer)
	return int(tag.RowsAffected()), err
}
