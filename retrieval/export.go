package retrieval

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// exportBatch is how many products are read from the database at a time.
const exportBatch = 500

// Export writes every product in the import format, one a line, by SKU: what Import of the same file gives back.
func (s *Store) Export(ctx context.Context, w io.Writer) (products int, err error) {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for last := ""; ; {
		rows, err := s.pool.Query(ctx, `SELECT `+productColumns+` FROM products WHERE sku > $1 ORDER BY sku LIMIT $2`, last, exportBatch)
		if err != nil {
			return products, fmt.Errorf("export products after %q: %w", last, err)
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (shop.Product, error) { return scanProduct(row) })
		if err != nil {
			return products, fmt.Errorf("export products after %q: %w", last, err)
		}
		for _, p := range found {
			if err := lines.Encode(recordOf(p)); err != nil {
				return products, fmt.Errorf("write product %s: %w", p.SKU, err)
			}
		}
		products += len(found)
		if len(found) < exportBatch {
			return products, nil
		}
		last = found[len(found)-1].SKU
	}
}

func recordOf(p shop.Product) record {
	r := record{SKU: p.SKU, Title: p.Title, Brand: p.Brand, Category: p.Category, Description: p.Description,
		PriceMinor: &p.Price.Minor, Currency: p.Price.Currency, Stock: &p.Stock, ImageURL: p.ImageURL, Rating: p.Rating,
		Attributes: map[string]any{}, Titles: p.Titles, Descriptions: p.Descriptions, CostMinor: p.CostMinor, DeliveryDays: p.DeliveryDays}
	for name, value := range p.Attributes {
		r.Attributes[name] = value
	}
	if p.Was != nil {
		r.WasMinor = p.Was.Minor
	}
	if !p.ReleasedAt.IsZero() {
		r.ReleasedAt = p.ReleasedAt.UTC().Format(time.RFC3339)
	}
	return r
}
