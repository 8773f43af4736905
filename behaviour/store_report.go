package behaviour

import (
	"context"
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
