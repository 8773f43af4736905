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

// All reads every article, by slug.
func (s *Store) All(ctx context.Context) ([]shop.Article, error) {
	rows, err := s.pool.Query(ctx, `SELECT slug, topic, titles, bodies FROM articles ORDER BY slug`)
	if err != nil {
		return nil, fmt.Errorf("read articles: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a shop.Article, err error) {
		err = row.Scan(&a.Slug, &a.Topic, &a.Titles, &a.Bodies)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read articles: %w", err)
	}
	return all, nil
}

// Delete takes an article away; shop.CodeNotFound where there is none.
func (s *Store) Delete(ctx context.Context, slug string) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM articles WHERE slug = $1`, slug)
	if err != nil {
		return fmt.Errorf("delete article %s: %w", slug, err)
	}
	if tag.RowsAffected() == 0 {
		return shop.Errorf(shop.CodeNotFound, "There is no article of this name.")
	}
	return nil
}
