package behaviour

import (
	"context"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// bought are purchases of what the conversations showed, each once, with the conversation that showed it last.
const bought = `WITH shown AS (SELECT session, client, sku, min(event_time) AS at FROM behaviour_events
		WHERE session = ANY ($1) AND action = 'impression' GROUP BY 1, 2, 3),
	bought AS (SELECT DISTINCT ON (p.session, p.event_id) s.session, p.sku, p.amount FROM shown s JOIN behaviour_events p
		ON p.client = s.client AND p.sku = s.sku AND p.action = 'purchase' AND p.event_time >= s.at AND p.event_time < s.at + $2
		ORDER BY p.session, p.event_id, s.at DESC) `

func (l *Log) funnelOf(ctx context.Context, sessions []string) (f Funnel, err error) {
	err = l.pool.QueryRow(ctx, `SELECT count(DISTINCT session) FILTER (WHERE action = 'impression'), count(DISTINCT session) FILTER (WHERE action = 'click'),
		count(DISTINCT session) FILTER (WHERE action = 'add_to_cart') FROM behaviour_events WHERE session = ANY ($1)`, sessions).Scan(&f.Shown, &f.Clicked, &f.Carted)
	if err != nil {
		return f, err
	}
	if err := l.pool.QueryRow(ctx, bought+`SELECT count(DISTINCT session) FROM bought`, sessions, soldWithin).Scan(&f.Bought); err != nil {
		return f, err
	}
	rows, err := l.pool.Query(ctx, bought+`SELECT sku, sum(greatest(amount, 1)) FROM bought GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10000`, sessions, soldWithin)
	if err != nil {
		return f, err
	}
	f.Sold, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Sold])
	return f, err
}

// sold are the pieces that were bought in the time, as the shop's own servers told them, by product and day.
func (l *Log) sold(ctx context.Context, from, to time.Time) ([]shop.Sales, error) {
	rows, err := l.pool.Query(ctx, `SELECT sku, date_trunc('day', event_time, 'UTC'), sum(greatest(amount, 1)), count(*)::float8 FROM behaviour_events
		WHERE event_time >= $1 AND event_time < $2 AND action = 'purchase' AND trusted AND sku <> '' GROUP BY 1, 2 ORDER BY 1, 2`, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s shop.Sales, err error) {
		err = row.Scan(&s.SKU, &s.Day, &s.Units, &s.Purchases)
		s.Day = s.Day.UTC()
		return s, err
	})
}

// Sales are the purchases of the touched products by those who touched them: within a time after the touch, each once and
// with its latest touch. Who touched a product is read where the click lies: it is the customer's after a login, and the
// visit's again where both were parted. Of who refuses advertising nothing is told.
func (l *Log) Sales(ctx context.Context, touches []shop.Touch, within time.Duration) ([]shop.Sale, error) {
	var sessions, rankings, skus []string
	var shown, clicked []time.Time
	for _, t := range touches {
		sessions, rankings, skus = append(sessions, t.Session), append(rankings, t.RankingID), append(skus, t.SKU)
		shown, clicked = append(shown, t.Shown), append(clicked, t.Clicked)
	}
	rows, err := l.pool.Query(ctx, `
		WITH touch AS (
			SELECT t.n, t.sku, e.client, greatest(t.shown, least(t.clicked, e.event_time)) AS at
			FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[]) WITH ORDINALITY AS t (session, ranking_id, sku, shown, clicked, n)
			JOIN LATERAL (SELECT client, platform, event_time FROM behaviour_events e WHERE e.session = t.session AND e.ranking_id = t.ranking_id AND e.sku = t.sku
				AND e.action = 'click' AND e.event_time BETWEEN t.clicked - $7::interval AND t.clicked + $8::interval ORDER BY event_time LIMIT 1) e ON true
			LEFT JOIN behaviour_consent c ON c.client = e.client AND c.platform = e.platform AND c.purpose = 'advertising'
			WHERE coalesce(c.granted, $9))
		SELECT DISTINCT ON (p.session, p.event_id) (touch.n - 1)::integer, p.client, greatest(p.amount, 1), p.event_time
		FROM touch JOIN behaviour_events p ON p.client = touch.client AND p.sku = touch.sku AND p.action = 'purchase'
			AND p.event_time >= touch.at AND p.event_time < touch.at + $6::interval
		ORDER BY p.session, p.event_id, touch.at DESC, touch.n DESC`, sessions, rankings, skus, shown, clicked, within, l.o.Late+l.o.Ahead, l.o.Ahead, !l.o.AskFirst)
	if err != nil {
		return nil, fmt.Errorf("read what followed %d clicks: %w", len(touches), err)
	}
	sales, err := pgx.CollectRows(rows, pgx.RowToStructByPos[shop.Sale])
	if err != nil {
		return nil, fmt.Errorf("read what followed %d clicks: %w", len(touches), err)
	}
	return sales, nil
}
