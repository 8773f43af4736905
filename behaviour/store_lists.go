package behaviour

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// shownRow is one impression with what came of it.
type shownRow struct {
	RankingID, Query, Model, SKU string
	Time                         time.Time
	Position                     int
	Clicked, Carted, Bought      bool
	Dwell                        float64
	Features                     []float32
}

// shownSince reads the impressions that the server itself made for a query, list by list. What was done under another
// list's id is not this one's, nothing is read of who keeps it out of what is learnt; a cart and a purchase name no list, and count for the session's or the client's.
func (l *Log) shownSince(ctx context.Context, since time.Time, each func(shownRow) error) error {
	rows, err := l.pool.Query(ctx, `
		SELECT i.ranking_id, i.message, i.model, i.sku, i.event_time, i.position,
			EXISTS (SELECT FROM behaviour_events e WHERE e.session = i.session AND e.sku = i.sku AND e.action = 'click'
				AND e.ranking_id IN ('', i.ranking_id) AND e.event_time >= i.event_time AND e.event_time < i.event_time + $2),
			EXISTS (SELECT FROM behaviour_events e WHERE e.session = i.session AND e.sku = i.sku AND e.action = 'add_to_cart'
				AND e.event_time >= i.event_time AND e.event_time < i.event_time + $3),
			EXISTS (SELECT FROM behaviour_events e WHERE e.client = i.client AND e.sku = i.sku AND e.action = 'purchase'
				AND e.event_time >= i.event_time AND e.event_time < i.event_time + $3),
			(SELECT coalesce(sum(e.amount), 0) FROM behaviour_events e WHERE e.session = i.session AND e.sku = i.sku AND e.action = 'dwell'
				AND e.ranking_id IN ('', i.ranking_id) AND e.event_time >= i.event_time AND e.event_time < i.event_time + $2),
			coalesce(i.features, '{}')
		FROM behaviour_events i LEFT JOIN behaviour_consent c ON c.client = i.client AND c.platform = i.platform AND c.purpose = 'learning'
		WHERE i.event_time >= $1 AND i.action = 'impression' AND i.trusted AND i.message <> '' AND i.ranking_id <> '' AND coalesce(c.granted, $4)
		ORDER BY i.event_time, i.ranking_id, i.position`, since, listClicks, listSales, !l.o.AskFirst)
	if err != nil {
		return err
	}
	var r shownRow
	_, err = pgx.ForEachRow(rows, []any{&r.RankingID, &r.Query, &r.Model, &r.SKU, &r.Time, &r.Position, &r.Clicked, &r.Carted, &r.Bought, &r.Dwell, &r.Features},
		func() error { return each(r) })
	return err
}
