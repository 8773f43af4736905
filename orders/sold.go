package orders

import (
	"context"
	"fmt"
	"time"

	"floorwalker/shop"
)

// soldRow is what orders of one day have of a product in one currency.
type soldRow struct {
	SKU, Day, Currency string
	Units, Purchases   float64
	Revenue            int64
}

// Sold is what was ordered from one day to before another, by product and day. Cancelled orders are left out; what was sent back
// later was wanted all the same. An order without a day as in 2026-05-01 is passed over.
func (o *Orders) Sold(ctx context.Context, from, to time.Time) ([]shop.Sales, error) {
	rows, err := o.sold(ctx, from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("read what was ordered: %w", err)
	}
	var all []shop.Sales
	for _, r := range rows {
		day, err := time.Parse(time.DateOnly, r.Day)
		if err != nil {
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].SKU == r.SKU && all[last].Day.Equal(day) {
			// In another currency too: all pieces count, and the price is that of the currency that most of them were paid in.
			if r.Units > all[last].Priced {
				all[last].Revenue, all[last].Priced = shop.Money{Minor: r.Revenue, Currency: r.Currency}, r.Units
			}
			all[last].Units += r.Units
			all[last].Purchases += r.Purchases
			continue
		}
		all = append(all, shop.Sales{SKU: r.SKU, Day: day, Units: r.Units, Purchases: r.Purchases, Revenue: shop.Money{Minor: r.Revenue, Currency: r.Currency}, Priced: r.Units})
	}
	return all, nil
}
