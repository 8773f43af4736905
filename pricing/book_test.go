package pricing

import (
	"context"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
)

func TestPricesAreLookedAtOnceANight(t *testing.T) {
	pool, looked := pgtest.New(t), 0
	for _, at := range []struct {
		now  time.Time
		want int
	}{
		{monday.Add(9 * time.Hour), 1},
		{monday.Add(19 * time.Hour), 1},
		{monday.Add(24*time.Hour + 179*time.Minute), 1}, // before three in the night
		{monday.Add(24*time.Hour + 181*time.Minute), 2},
	} {
		book := New(pool, Options{
			Sales: func(context.Context, time.Time, time.Time) ([]shop.Sales, error) {
				looked++
				return []shop.Sales{{SKU: "mug", Day: monday.AddDate(0, 0, -3), Units: 1, Purchases: 1}}, nil
			},
			Offers: func(context.Context, []string, time.Time) ([]shop.Offer, error) { return nil, nil },
			Products: func(context.Context, []string) ([]shop.Product, error) {
				return []shop.Product{{SKU: "mug", Price: gbp(1000), CostMinor: 600}}, nil
			},
			Stock: func(context.Context, []string) (map[string]Stock, error) { return nil, nil },
			Now:   func() time.Time { return at.now },
		})
		if err := book.Night(t.Context()); err != nil || looked != at.want {
			t.Errorf("at %v prices were looked at %d times so far, want %d; %v", at.now, looked, at.want, err)
		}
	}
}
