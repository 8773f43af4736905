package behaviour

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floorwalker/experiments"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// deedRow is an event that says something about taste.
type deedRow struct {
	Client, Session, SKU string
	Action               Action
	Amount               float64
	Time                 time.Time
}

// selectHistory is the latest 500 things that a client did, $1 with his session $2, where he lets it be used: nothing of a platform on
// which he does not, and nothing at all on platform $3 where he does not. $4 says what silence means. Two parameters and a
// constant limit, in place of an array and a parameter, let PostgreSQL see that a plan for all clients is as good as one for
// this client: it plans the partitions of a year once a connection, which takes four times as long as reading them.
const selectHistory = `
WITH said AS MATERIALIZED (SELECT coalesce(array_agg(platform) FILTER (WHERE yes), '{}') AS granted, coalesce(array_agg(platform) FILTER (WHERE NOT yes), '{}') AS refused
	FROM (SELECT platform, bool_and(granted) AS yes FROM behaviour_consent WHERE client IN ($1, $2) AND purpose = 'personalisation' GROUP BY platform) c)
SELECT client, session, sku, action, amount, event_time FROM behaviour_events e
WHERE client IN ($1, $2) AND sku <> '' AND action NOT IN ('impression', 'view', 'hover')
	AND (e.platform = ANY ((SELECT granted FROM said)::text[]) OR $4 AND e.platform <> ALL ((SELECT refused FROM said)::text[]))
	AND ($3 = ANY ((SELECT granted FROM said)::text[]) OR $4 AND $3 <> ALL ((SELECT refused FROM said)::text[]))
ORDER BY event_time DESC LIMIT 500`

func (l *Log) queueHistory(b *pgx.Batch, s shop.Shopper, rows *[]deedRow) {
	b.Queue(selectHistory, s.Client, s.Session, platformOf(s.Platform), !l.o.AskFirst).Query(func(r pgx.Rows) (err error) {
		*rows, err = pgx.CollectRows(r, pgx.RowToStructByPos[deedRow])
		return err
	})
}

// deeds are what a client did, as far as it may be used, the latest first.
func (l *Log) deeds(ctx context.Context, s shop.Shopper) (rows []deedRow, err error) {
	b := &pgx.Batch{}
	l.queueHistory(b, s, &rows)
	return rows, l.pool.SendBatch(ctx, b).Close()
}

// history is deeds, and what is popular.
func (l *Log) history(ctx context.Context, s shop.Shopper) (rows []deedRow, popular []Scored, err error) {
	b := &pgx.Batch{}
	l.queueHistory(b, s, &rows)
	b.Queue(`SELECT sku, score FROM item_popularity ORDER BY score DESC, sku LIMIT 100`).Query(func(r pgx.Rows) error {
		popular, err = pgx.CollectRows(r, pgx.RowToStructByPos[Scored])
		return err
	})
	return rows, popular, l.pool.SendBatch(ctx, b).Close()
}

func (l *Log) neighboursOf(ctx context.Context, skus []string) (map[string][]Scored, error) {
	rows, err := l.pool.Query(ctx, `SELECT sku, others, weights FROM item_neighbours WHERE sku = ANY($1)`, skus)
	if err != nil {
		return nil, err
	}
	found := map[string][]Scored{}
	var sku string
	var others []string
	var weights []float32
	_, err = pgx.ForEachRow(rows, []any{&sku, &others, &weights}, func() error {
		all := make([]Scored, len(others))
		for i := range others {
			all[i] = Scored{others[i], float64(weights[i])}
		}
		found[sku] = all
		return nil
	})
	return found, err
}

// evidence is what all clients did since a time. What a page claims counts where the server itself showed that session
// the product: who clicks what was never shown is a program. Nothing is learnt from what its client keeps out of that.
func (l *Log) evidence(ctx context.Context, since time.Time) ([]deedRow, error) {
	rows, err := l.pool.Query(ctx, `SELECT e.client, session, sku, action, amount, event_time FROM behaviour_events e
			LEFT JOIN behaviour_consent c ON c.client = e.client AND c.platform = e.platform AND c.purpose = 'learning'
		WHERE event_time >= $1 AND sku <> '' AND action IN ('purchase', 'add_to_cart', 'share', 'click', 'rating', 'dwell') AND coalesce(c.granted, $2)
			AND (trusted OR EXISTS (SELECT FROM behaviour_events i
				WHERE i.session = e.session AND i.sku = e.sku AND i.action = 'impression' AND i.trusted AND i.event_time >= $1))`, since, !l.o.AskFirst)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[deedRow])
}

var errLearning = errors.New("another replica learns already")

// learnLock keeps two replicas from replacing what was learnt at once.
const learnLock = 8_231_704_561

func (l *Log) storeLore(ctx context.Context, lore Lore, responses []response) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(learnLock)).Scan(&mine); err != nil {
			return err
		}
		if !mine {
			return errLearning
		}
		// Deleted, not truncated: who reads meanwhile sees what was learnt before.
		if _, err := tx.Exec(ctx, `DELETE FROM item_neighbours`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM item_popularity`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM item_responses`); err != nil {
			return err
		}
		var pairs, scores, shown [][]any
		for _, r := range responses {
			shown = append(shown, []any{r.SKU, r.Shown, r.Taken})
		}
		for sku, others := range lore.Neighbours {
			names, weights := make([]string, len(others)), make([]float32, len(others))
			for i, o := range others {
				names[i], weights[i] = o.SKU, float32(o.Score)
			}
			pairs = append(pairs, []any{sku, names, weights})
		}
		for _, p := range lore.Popular {
			scores = append(scores, []any{p.SKU, float32(p.Score)})
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"item_neighbours"}, []string{"sku", "others", "weights"}, pgx.CopyFromRows(pairs)); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"item_popularity"}, []string{"sku", "score"}, pgx.CopyFromRows(scores)); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"item_responses"}, []string{"sku", "shown", "taken"}, pgx.CopyFromRows(shown))
		return err
	})
}

// shown are, by product and place, in how many sessions the server showed it since a time, and in how many of those it was
// clicked, put into the cart or bought. A session counts once however often it clicks.
func (l *Log) shown(ctx context.Context, since time.Time) ([]experiments.Cell, error) {
	rows, err := l.pool.Query(ctx, `WITH seen AS (
			SELECT session, sku, min(position) FILTER (WHERE action = 'impression') AS position, bool_or(action <> 'impression') AS taken
			FROM behaviour_events e LEFT JOIN behaviour_consent c ON c.client = e.client AND c.platform = e.platform AND c.purpose = 'learning'
			WHERE event_time >= $1 AND sku <> '' AND action IN ('impression', 'click', 'add_to_cart', 'purchase') AND coalesce(c.granted, $2)
			GROUP BY session, sku HAVING bool_or(action = 'impression' AND trusted))
		SELECT sku, position, count(*)::float8, count(*) FILTER (WHERE taken)::float8 FROM seen GROUP BY sku, position ORDER BY sku, position`, since, !l.o.AskFirst)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[experiments.Cell])
}

// responsesTo reads what was learnt of how customers take to products, and of all together as "".
func (l *Log) responsesTo(ctx context.Context, skus []string) ([]response, error) {
	rows, err := l.pool.Query(ctx, `SELECT sku, shown, taken FROM item_responses WHERE sku = ANY($1) OR sku = ''`, skus)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[response])
}

// Taken is what clients, or sessions, clicked, put into the cart or bought since a time, by whom of them it was.
func (l *Log) Taken(ctx context.Context, who []string, since time.Time) ([]experiments.Taken, error) {
	rows, err := l.pool.Query(ctx, `SELECT CASE WHEN client = ANY($1) THEN client ELSE session END, sku, event_time FROM behaviour_events
		WHERE event_time >= $2 AND (client = ANY($1) OR session = ANY($1)) AND sku <> '' AND action IN ('click', 'add_to_cart', 'purchase') ORDER BY event_time`, who, since)
	if err != nil {
		return nil, fmt.Errorf("read what %d clients took: %w", len(who), err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[experiments.Taken])
}
