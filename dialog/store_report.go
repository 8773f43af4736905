package dialog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// mostReported is how many conversations and how many lines of a list a report holds.
const (
	mostReportedSessions = 100_000
	mostReportedLines    = 50
)

// reported are the tables that every question of a report begins with: the chosen conversations, and the assistant's
// answers in them with what their final event says.
const reported = `
	CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
		SELECT s.id, s.created_at, EXISTS (SELECT FROM handoffs h WHERE h.session_id = s.id) AS handed
		FROM sessions s WHERE s.created_at >= $1 AND s.created_at < $2 AND ($3 = '' OR s.lang = $3)
			AND ($4 = '' OR (s.customer <> '') = ($4 = 'known'))
			AND EXISTS (SELECT FROM messages m WHERE m.session_id = s.id AND m.role = 'customer')
		ORDER BY s.created_at DESC LIMIT $5`

const reportedAnswers = `
	CREATE TEMPORARY TABLE answers ON COMMIT DROP AS
		SELECT m.session_id, m.id, m.status, coalesce(asked.text, '') AS asked, e.data->>'intent' AS intent, e.data->'slots'->>'product' AS product,
			e.data->'trace' AS trace
		FROM chosen c JOIN messages m ON m.session_id = c.id AND m.role = 'assistant' AND m.final_seq IS NOT NULL
			JOIN events e ON e.session_id = m.session_id AND e.seq = m.final_seq LEFT JOIN messages asked ON asked.id = m.reply_to`

// report reads everything at one moment.
func (s *store) report(ctx context.Context, q ReportQuery) (r Report, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, reported, q.From, q.To, q.Lang, q.Who, mostReportedSessions); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, reportedAnswers); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE answered), count(*) FILTER (WHERE answered AND handed), coalesce(array_agg(id::text), '{}')
			FROM (SELECT c.*, EXISTS (SELECT FROM answers a WHERE a.session_id = c.id) AS answered FROM chosen c) c`).
			Scan(&r.Conversations, &r.Answered, &r.HandedOver, &r.Sessions); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE status = 'complete'), count(*) FILTER (WHERE status = 'interrupted'),
			count(*) FILTER (WHERE status = 'failed') FROM answers`).Scan(&r.Complete, &r.Interrupted, &r.Failed); err != nil {
			return err
		}
		if r.Days, err = collect[ReportDay](ctx, tx, `SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*), count(*) FILTER (WHERE handed) FROM chosen GROUP BY 1 ORDER BY 1`); err != nil {
			return err
		}
		for _, list := range []struct {
			into *[]ReportCount
			sql  string
		}{
			{&r.Reasons, `SELECT h.reason, count(*) FROM chosen c JOIN handoffs h ON h.session_id = c.id GROUP BY 1`},
			{&r.Intents, `SELECT intent, count(*) FROM answers WHERE intent IS NOT NULL GROUP BY 1`},
			{&r.Rankers, `SELECT trace->>'ranker', count(*) FROM answers WHERE trace->>'ranker' <> '' GROUP BY 1`},
			{&r.Parsers, `SELECT trace->>'parser', count(*) FROM answers WHERE trace->>'parser' <> '' GROUP BY 1`},
			{&r.Answerers, `SELECT trace->>'answerer', count(*) FROM answers WHERE trace->>'answerer' <> '' GROUP BY 1`},
			{&r.Unmet, `SELECT lower(product), count(*) FROM answers a WHERE ` + unmet + ` GROUP BY 1 HAVING count(DISTINCT session_id) >= $1`},
			{&r.Questions, `SELECT lower(regexp_replace(asked, '[[:punct:][:space:]]+', ' ', 'g')), count(*) FROM answers WHERE intent = 'faq' AND asked <> ''
				GROUP BY 1 HAVING count(DISTINCT session_id) >= $1`},
		} {
			sql, arguments := `SELECT * FROM (`+list.sql+`) list (name, count) ORDER BY count DESC, name LIMIT $1`, []any{mostReportedLines}
			if list.into == &r.Unmet || list.into == &r.Questions {
				sql, arguments = `SELECT * FROM (`+list.sql+`) list (name, count) ORDER BY count DESC, name LIMIT $2`, []any{Fewest, mostReportedLines}
			}
			if *list.into, err = collect[ReportCount](ctx, tx, sql, arguments...); err != nil {
				return err
			}
		}
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM answers a WHERE `+unmet).Scan(&r.UnmetSearches); err != nil {
			return err
		}
		r.Stages, err = collect[ReportStage](ctx, tx, `SELECT stage->>'name', count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY us), percentile_cont(0.95) WITHIN GROUP (ORDER BY us),
			percentile_cont(0.99) WITHIN GROUP (ORDER BY us) FROM answers, json_array_elements(trace->'stages') stage, LATERAL (SELECT (stage->>'us')::float8 / 1000 AS us) t
			GROUP BY 1 ORDER BY 3, 1`)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("report on conversations: %w", err)
	}
	return r, nil
}

// unmet is true of an answer to a search that showed no card.
const unmet = `a.intent IN ('search', 'refine') AND a.product <> '' AND a.status = 'complete' AND NOT EXISTS (
	SELECT FROM events shown WHERE shown.session_id = a.session_id AND shown.type = 'recommendations.shown'
		AND shown.data->>'message_id' = a.id::text AND json_array_length(shown.data->'cards') > 0)`

func collect[T any](ctx context.Context, tx pgx.Tx, sql string, arguments ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, arguments...)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if all == nil {
		all = []T{}
	}
	return all, err
}
