package dialog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// newsFor is for how long after its last event a conversation is told of changes of what it shows.
	newsFor = 24 * time.Hour
	// mostTold is how many conversations are told of one batch of news at most, the latest first.
	mostTold = 10_000
)

// ProductsChanged logs a card.updated for each of the products in every conversation of the last day that showed it.
func (m *Manager) ProductsChanged(ctx context.Context, news []shop.ProductNews) error {
	updates, skus := map[string]protocol.CardUpdated{}, make([]string, 0, len(news))
	for _, n := range news {
		update := protocol.CardUpdated{SKU: n.SKU, Version: n.Version, Gone: n.Gone}
		if !n.Gone {
			update.Price, update.PriceText, update.Stock = &n.Price, n.Price.String(), &n.Stock
			update.Restocked = n.WasStock == 0 && n.Stock > 0
			if n.Price.Minor < n.Was.Minor {
				update.Was = &n.Was
			}
		}
		updates[n.SKU], skus = update, append(skus, n.SKU)
	}
	showing, err := m.store.showing(ctx, skus, m.now().Add(-newsFor), mostTold)
	if err != nil {
		return err
	}
	for _, s := range showing {
		err := m.change(ctx, s.ID, nil, func(t *sessionTx) error {
			// News keep no conversation open: active_at stays.
			t.set(`UPDATE sessions SET next_seq = $2 WHERE id = $1`)
			for _, sku := range s.SKUs {
				if _, err := t.append(protocol.TypeCardUpdated, updates[sku]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrNoSession) {
			return fmt.Errorf("tell a conversation of changed products: %w", err)
		}
	}
	return nil
}

// shownIn are products that a session showed.
type shownIn struct {
	ID   string
	SKUs []string
}

// showing are the sessions that were active since a time and showed some of the products, the latest first.
func (s *store) showing(ctx context.Context, skus []string, since time.Time, limit int) (all []shownIn, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `SELECT id::text, ARRAY(SELECT unnest(shown) INTERSECT SELECT unnest($1::text[]) ORDER BY 1)
			FROM sessions WHERE shown && $1 AND active_at > $2 ORDER BY active_at DESC LIMIT $3`, skus, since, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[shownIn])
		return err
	})
	return all, wrap(err, "find who was shown %d products", len(skus))
}
