package retrieval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Embedder turns English texts into vectors of length one.
type Embedder interface {
	// Embed returns one vector of 384 numbers a text, in their order.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Options tune a Store. The zero value works.
type Options struct {
	// Rates convert price limits into the currencies of the catalogue.
	Rates shop.Rates
	// Logger gets what operators need. Default: discard.
	Logger *slog.Logger
	// MaxPostings is how many postings the text leg reads to find products: in a large catalogue common words
	// only order what rarer ones found. Default 100,000, about 40 ms.
	MaxPostings int
	// Background marks a context as that of work which customers go before: the embedding of products. Default: nothing.
	Background func(context.Context) context.Context
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Store is the catalogue. It is safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	embed Embedder
	o     Options
	// model names the embedder and its version: vectors of different models don't compare.
	model   string
	stemmer stemmer
	words   vocabularyCache
	rules   rulesCache
}

// NewStore makes a store over a migrated database.
func NewStore(pool *pgxpool.Pool, embed Embedder, o Options) *Store {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Background == nil {
		o.Background = func(ctx context.Context) context.Context { return ctx }
	}
	if o.MaxPostings == 0 {
		o.MaxPostings = 100_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{pool: pool, embed: embed, o: o}
	if named, ok := embed.(interface{ Name() string }); ok {
		s.model = named.Name()
	}
	if versioned, ok := embed.(interface{ Version() string }); ok {
		s.model += "@" + versioned.Version()
	}
	return s
}

// productColumns is what scanProduct reads, in its order.
const productColumns = `sku, title, brand, category, description, price_minor, currency, stock, image_url, rating,
	attributes, titles, descriptions, released_at, cost_minor, delivery_days, catalogue, version, updated_at, was_minor`

func scanProduct(row pgx.CollectableRow, more ...any) (shop.Product, error) {
	var p shop.Product
	var attributes, titles, descriptions []byte
	var released *time.Time
	var was int64
	into := []any{&p.SKU, &p.Title, &p.Brand, &p.Category, &p.Description, &p.Price.Minor, &p.Price.Currency, &p.Stock,
		&p.ImageURL, &p.Rating, &attributes, &titles, &descriptions, &released, &p.CostMinor, &p.DeliveryDays, &p.Catalogue, &p.Version, &p.UpdatedAt, &was}
	if err := row.Scan(append(into, more...)...); err != nil {
		return p, err
	}
	if released != nil {
		p.ReleasedAt = released.UTC()
	}
	p.UpdatedAt = p.UpdatedAt.UTC()
	if was > 0 {
		p.Was = &shop.Money{Minor: was, Currency: p.Price.Currency}
	}
	return p, errors.Join(json.Unmarshal(attributes, &p.Attributes), json.Unmarshal(titles, &p.Titles),
		json.Unmarshal(descriptions, &p.Descriptions))
}

// Products returns the products with these SKUs in the asked order; what does not exist is left out.
func (s *Store) Products(ctx context.Context, skus []string) ([]shop.Product, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+productColumns+` FROM products WHERE sku = ANY($1)`, skus)
	if err != nil {
		return nil, fmt.Errorf("read %d products: %w", len(skus), err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (shop.Product, error) { return scanProduct(row) })
	if err != nil {
		return nil, fmt.Errorf("read %d products: %w", len(skus), err)
	}
	bySKU := make(map[string]shop.Product, len(found))
	for _, p := range found {
		bySKU[p.SKU] = p
	}
	products := make([]shop.Product, 0, len(found))
	for _, sku := range skus {
		if p, ok := bySKU[sku]; ok {
			products = append(products, p)
		}
	}
	return products, nil
}

// Latest names the n products that were changed last, the latest first.
func (s *Store) Latest(ctx context.Context, n int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT sku FROM products ORDER BY updated_at DESC, sku LIMIT $1`, n)
	if err != nil {
		return nil, fmt.Errorf("list the latest products: %w", err)
	}
	skus, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the latest products: %w", err)
	}
	return skus, nil
}

// Catalogues names the sources that products come from, sorted.
func (s *Store) Catalogues(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT catalogue FROM products ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	return names, nil
}

// Count is how many products there are.
func (s *Store) Count(ctx context.Context) (n int, err error) {
	if err := s.pool.QueryRow(ctx, `SELECT products FROM catalogue_state`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count products: %w", err)
	}
	return n, nil
}

// Version changes with every write to the catalogue.
func (s *Store) Version(ctx context.Context) (v int64, err error) {
	if err := s.pool.QueryRow(ctx, `SELECT version FROM catalogue_state`).Scan(&v); err != nil {
		return 0, fmt.Errorf("read catalogue version: %w", err)
	}
	return v, nil
}
