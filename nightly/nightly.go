package nightly

import (
	"context"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	day = 24 * time.Hour
	// longest is how long one night's work may take, and waiting for another replica's.
	longest = time.Hour
)

// Work is done once a night, by one of several replicas. All fields are needed.
type Work struct {
	// Lock is the number of the advisory lock, in PostgreSQL, that is held by the replica that is at it.
	Lock int64
	// Due is how long after midnight, UTC, it may be begun.
	Due time.Duration
	// Now is the clock.
	Now func() time.Time
	// Last is when it was done last; a time long ago where it never was.
	Last func(ctx context.Context) (time.Time, error)
	// Do does it.
	Do func(ctx context.Context) error
}

// Once does the work where it was not done since it was due last. Of several replicas one does it; the others wait for it.
func (w Work) Once(ctx context.Context, pool *pgxpool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, w.Lock); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, w.Lock) //nolint:errcheck // a broken connection has let go of it
	last, err := w.Last(ctx)
	if err != nil {
		return err
	}
	if due := w.Now().UTC().Add(-w.Due).Truncate(day).Add(w.Due); !last.Before(due) {
		return nil
	}
	return w.Do(ctx)
}

// Entitle gives each of all its product's title, which is empty where products knows none. of says which SKU one has, and where its
// title stands.
func Entitle[T any](ctx context.Context, products func(ctx context.Context, skus []string) ([]shop.Product, error), all []T, of func(*T) (sku string, title *string)) error {
	skus := make([]string, len(all))
	for i := range all {
		skus[i], _ = of(&all[i])
	}
	found, err := products(ctx, skus)
	if err != nil {
		return fmt.Errorf("name %d products: %w", len(skus), err)
	}
	titles := map[string]string{}
	for _, p := range found {
		titles[p.SKU] = p.Title
	}
	for i := range all {
		sku, title := of(&all[i])
		*title = titles[sku]
	}
	return nil
}
