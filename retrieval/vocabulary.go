package retrieval

import (
	"context"
	"fmt"
	"sync"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// vocabularyCache holds what was read last.
type vocabularyCache struct {
	mu         sync.Mutex
	vocabulary shop.Vocabulary
	// version is the words_version it was read at; -1 before the first.
	version int64
	at      time.Time
	// took is how long reading took.
	took time.Duration
}

// WordsVersion changes whenever the vocabulary may have: cheap to ask often.
func (s *Store) WordsVersion(ctx context.Context) (v int64, err error) {
	if err := s.pool.QueryRow(ctx, `SELECT words_version FROM catalogue_state`).Scan(&v); err != nil {
		return 0, fmt.Errorf("read the vocabulary's version: %w", err)
	}
	return v, nil
}

// Vocabulary is what the catalogue calls things. It is read again only when words changed, and then at most
// during a tenth of the time, so that a stream of changes to a large catalogue does not keep it reading: what
// is returned may be as old as ten readings. The caller must not change it.
func (s *Store) Vocabulary(ctx context.Context) (shop.Vocabulary, error) {
	version, err := s.WordsVersion(ctx)
	if err != nil {
		return shop.Vocabulary{}, err
	}
	c := &s.words
	c.mu.Lock()
	defer c.mu.Unlock()
	began := s.o.Now()
	if !c.at.IsZero() && (c.version == version || c.took > 100*time.Millisecond && began.Sub(c.at) < 10*c.took) {
		return c.vocabulary, nil
	}
	v, err := s.readVocabulary(ctx)
	if err != nil {
		return v, fmt.Errorf("read vocabulary: %w", err)
	}
	c.vocabulary, c.version, c.at = v, version, s.o.Now()
	c.took = c.at.Sub(began)
	return v, nil
}

func (s *Store) readVocabulary(ctx context.Context) (shop.Vocabulary, error) {
	v := shop.Vocabulary{Words: map[string]int{}}
	for _, l := range []struct {
		into  *[]string
		query string
	}{
		// Of several spellings of one brand, the most frequent.
		{&v.Brands, `SELECT mode() WITHIN GROUP (ORDER BY brand) FROM products WHERE brand <> '' GROUP BY brand_key ORDER BY count(*) DESC, 1`},
		{&v.Categories, `SELECT category FROM products WHERE category <> '' GROUP BY 1 ORDER BY count(*) DESC, 1`},
		{&v.Colors, `SELECT c FROM products, unnest(colors) c GROUP BY 1 ORDER BY count(*) DESC, 1`},
		{&v.Materials, `SELECT m FROM products, unnest(materials) m GROUP BY 1 ORDER BY count(*) DESC, 1`},
	} {
		rows, err := s.pool.Query(ctx, l.query)
		if err != nil {
			return v, err
		}
		if *l.into, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return v, err
		}
	}
	rows, err := s.pool.Query(ctx, `SELECT title, category FROM products`)
	if err != nil {
		return v, err
	}
	var title, category string
	seen := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&title, &category}, func() error {
		v.Products++
		clear(seen)
		for _, word := range append(rawWords(title), rawWords(category)...) {
			if !seen[word] {
				seen[word] = true
				v.Words[word]++
			}
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	err = s.pool.QueryRow(ctx, `SELECT coalesce((SELECT currency FROM products GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1), 'USD')`).Scan(&v.Currency)
	return v, err
}
