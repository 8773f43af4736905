package retrieval

import (
	"context"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

const (
	newsEvery = time.Second
	// newsAtOnce is how many products are told of in one round.
	newsAtOnce = 200
	// newsLock keeps two replicas from telling the same.
	newsLock = 8_231_704_562
)

// News tells of products whose price or stock changed, or that are gone, until ctx ends: of each at least once, of
// several replicas by one. What changes again before it is told is told once, as it is then. An error of tell leaves
// the news for the next round.
func (s *Store) News(ctx context.Context, tell func(ctx context.Context, news []shop.ProductNews) error) error {
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for n := newsAtOnce; n == newsAtOnce && ctx.Err() == nil; {
			var err error
			if n, err = s.tellNews(ctx, tell); err != nil && ctx.Err() == nil {
				s.o.Logger.WarnContext(ctx, "changes of products are not told in the conversations now", "error", err)
			}
		}
	}
}

// tellNews does one round and says of how many products it told.
func (s *Store) tellNews(ctx context.Context, tell func(ctx context.Context, news []shop.ProductNews) error) (n int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(newsLock)).Scan(&mine); err != nil || !mine {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT sku, version, was_minor, was_stock, price_minor, currency, stock, gone
			FROM product_news ORDER BY sku LIMIT $1`, newsAtOnce)
		if err != nil {
			return err
		}
		news, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (shop.ProductNews, error) {
			var p shop.ProductNews
			err := row.Scan(&p.SKU, &p.Version, &p.Was.Minor, &p.WasStock, &p.Price.Minor, &p.Price.Currency, &p.Stock, &p.Gone)
			p.Was.Currency = p.Price.Currency
			return p, err
		})
		if n = len(news); err != nil || n == 0 {
			return err
		}
		if err := tell(ctx, news); err != nil {
			return err
		}
		// The rows were not locked while it was told. What changed again meanwhile stays, beside what is known now.
		told := &pgx.Batch{}
		for _, p := range news {
			told.Queue(`DELETE FROM product_news WHERE sku = $1 AND version = $2`, p.SKU, p.Version)
			told.Queue(`UPDATE product_news SET was_minor = $2, was_stock = $3 WHERE sku = $1`, p.SKU, p.Price.Minor, p.Stock)
		}
		return tx.SendBatch(ctx, told).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("tell of changed products: %w", err)
	}
	return n, nil
}
