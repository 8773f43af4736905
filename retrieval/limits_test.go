package retrieval

import (
	"strings"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// TestValuesOfLimitsAreParameters gives every limit a value that would do harm as a part of a statement.
func TestValuesOfLimitsAreParameters(t *testing.T) {
	s := NewStore(pgtest.New(t), nil, Options{Rates: shop.Rates{"USD": 1, "EUR": 1.1}})
	const harm = `x' OR true); DROP TABLE products; --`
	amount := shop.Money{Minor: 1, Currency: harm}
	f := shop.Filter{Brands: []string{harm}, Category: harm, Color: harm, Material: harm, Size: harm, Audience: harm, PriceMin: &amount, PriceMax: &amount,
		InStock: true, Exclude: []string{harm}, ExcludeSKUs: []string{harm}}
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		where, args, err := s.where(t.Context(), tx, f, []any{harm})
		if err != nil {
			return err
		}
		if strings.Contains(strings.ToLower(where), "drop") || strings.Contains(where, "OR true") {
			t.Errorf("a value stands in the statement: %s", where)
		}
		if len(args) < 12 {
			t.Errorf("%d parameters for all limits", len(args))
		}
		_, err = tx.Exec(t.Context(), `SELECT FROM products p WHERE $1 <> '' AND `+where, args...)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
