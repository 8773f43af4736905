package knowledge

import (
	"context"
	"errors"
	"fmt"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// Article reads a whole article by its slug, as citations lead to it; shop.CodeNotFound where there is none.
func (s *Store) Article(ctx context.Context, slug string) (shop.Article, error) {
	a := shop.Article{Slug: slug}
	err := s.pool.QueryRow(ctx, `SELECT topic, titles, bodies FROM articles WHERE slug = $1`, slug).Scan(&a.Topic, &a.Titles, &a.Bodies)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, shop.Errorf(shop.CodeNotFound, "There is no article of this name.")
	}
	if err != nil {
		return a, fmt.Errorf("read article %s: %w", slug, err)
	}
	return a, nil
}
