package behaviour

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// impressionRow is an impression with what the customer did with the product.
type impressionRow struct {
	RankingID, Query, Model string
	Time                    time.Time
	SKU                     string
	Position                int32
	Features                []float32
	Actions                 []string
	Amounts                 []float64
}

// deedsOf are the actions on an impression i within a day: those that name the list, and carts and purchases, which name none.
const deedsOf = `LEFT JOIN LATERAL (SELECT array_agg(e.action) actions, array_agg(e.amount) amounts FROM behaviour_events e
	WHERE e.session = i.session AND e.sku = i.sku AND e.action IN ('click', 'add_to_cart', 'purchase', 'share', 'rating', 'dwell')
		AND e.ranking_id IN (i.ranking_id, '') AND e.event_time BETWEEN i.event_time AND i.event_time + interval '1 day') d ON true`

func (l *Log) impressions(ctx context.Context, since, until time.Time, n int) ([]impressionRow, error) {
	rows, err := l.pool.Query(ctx, `SELECT i.ranking_id, i.message, i.model, i.event_time, i.sku, i.position, i.features,
			coalesce(d.actions, '{}'), coalesce(d.amounts, '{}')
		FROM (SELECT ranking_id, max(event_time) at FROM behaviour_events
			WHERE features IS NOT NULL AND ranking_id <> '' AND event_time >= $1 AND event_time < $2 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $3) latest
		JOIN behaviour_events i ON i.ranking_id = latest.ranking_id AND i.action = 'impression' AND i.trusted AND i.features IS NOT NULL
			AND i.event_time >= $1 AND i.event_time < $2
		LEFT JOIN behaviour_consent c ON c.client = i.client AND c.platform = i.platform AND c.purpose = 'learning' `+deedsOf+`
		WHERE coalesce(c.granted, $4) ORDER BY latest.at, i.ranking_id, i.position`, since, until, n, !l.o.AskFirst)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[impressionRow])
}

func (l *Log) storeShadow(ctx context.Context, s Shadow) error {
	_, err := l.pool.Exec(ctx, `INSERT INTO ranker_shadows (ranking_id, noted_at, served, shadow, degraded, served_skus, shadow_skus, served_ms, shadow_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		s.RankingID, l.o.Now(), s.Served, s.Shadow, s.Degraded, orNone(s.ServedSKUs), orNone(s.ShadowSKUs), s.ServedMillis, s.ShadowMillis)
	return err
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// keepShadows is for how long comparisons are kept.
const keepShadows = 31 * 24 * time.Hour

func (l *Log) dropShadows(ctx context.Context, before time.Time) error {
	_, err := l.pool.Exec(ctx, `DELETE FROM ranker_shadows WHERE noted_at < $1`, before)
	return err
}

func (l *Log) shadows(ctx context.Context, since time.Time) (found []ShadowOutcome, err error) {
	rows, err := l.pool.Query(ctx, `SELECT s.ranking_id, s.served, s.shadow, s.degraded, s.served_skus, s.shadow_skus, s.served_ms, s.shadow_ms,
			i.sku, coalesce(d.actions, '{}'), coalesce(d.amounts, '{}')
		FROM ranker_shadows s LEFT JOIN behaviour_events i ON i.ranking_id = s.ranking_id AND i.action = 'impression' AND i.trusted
			AND i.event_time BETWEEN s.noted_at - interval '1 hour' AND s.noted_at + interval '1 hour' `+deedsOf+`
		WHERE s.noted_at >= $1 ORDER BY s.noted_at, s.ranking_id`, since)
	if err != nil {
		return nil, err
	}
	var s Shadow
	var sku *string
	var actions []string
	var amounts []float64
	_, err = pgx.ForEachRow(rows, []any{&s.RankingID, &s.Served, &s.Shadow, &s.Degraded, &s.ServedSKUs, &s.ShadowSKUs, &s.ServedMillis, &s.ShadowMillis,
		&sku, &actions, &amounts}, func() error {
		if len(found) == 0 || found[len(found)-1].RankingID != s.RankingID {
			found = append(found, ShadowOutcome{Shadow: s, Gains: map[string]float64{}})
		}
		for i, action := range actions {
			if gain := says(Action(action), amounts[i]); gain > 0 {
				gains := found[len(found)-1].Gains
				gains[*sku] = max(gains[*sku], gain)
			}
		}
		return nil
	})
	return found, err
}
