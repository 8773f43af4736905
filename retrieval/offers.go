package retrieval

import (
	"context"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Offers are the changes of what these products cost and whether they could be bought, by product and time: those since a time,
// and each one's last before it. Whatever changes a product leaves its offer in the same transaction.
func (s *Store) Offers(ctx context.Context, skus []string, since time.Time) ([]shop.Offer, error) {
	rows, err := s.pool.Query(ctx, `SELECT sku, at, price_minor, currency, open FROM product_offers o
		WHERE sku = ANY ($1) AND at >= coalesce((SELECT max(at) FROM product_offers b WHERE b.sku = o.sku AND b.at < $2), '-infinity') ORDER BY sku, at`, skus, since)
	if err != nil {
		return nil, fmt.Errorf("read offers of %d products: %w", len(skus), err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o shop.Offer, err error) {
		err = row.Scan(&o.SKU, &o.At, &o.Price.Minor, &o.Price.Currency, &o.Open)
		o.At = o.At.UTC()
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("read offers of %d products: %w", len(skus), err)
	}
	return all, nil
}

// ForgetOffers deletes offers that ended before the time, at most limit, and says how many those were. What a product's offer was
// at that time stays known.
func ForgetOffers(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) (int64, error) {
	tag, err := pool.Exec(ctx, `DELETE FROM product_offers WHERE (sku, at) IN (SELECT sku, at FROM product_offers o
		WHERE at < $1 AND EXISTS (SELECT FROM product_offers n WHERE n.sku = o.sku AND n.at > o.at AND n.at <= $1) ORDER BY at LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("delete old offers: %w", err)
	}
	return tag.RowsAffected(), nil
}
