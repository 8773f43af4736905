package agent_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
	"floorwalker/sponsored"
)

// TestAPaidCardStandsThirdAndSaysSo pays for the product that a search for backpacks puts last.
func TestAPaidCardStandsThirdAndSaysSo(t *testing.T) {
	s := openShop(t)
	const ask = "show me backpacks"
	organic := strings.Fields(s.customer(t).says(ask).skus())
	if len(organic) != 4 {
		t.Fatalf("found are %v", organic)
	}
	last := organic[len(organic)-1]
	ads := sponsored.New(pgtest.New(t), sponsored.Options{Weight: 0.9, Floor: 0.01, Predict: func(_ context.Context, skus []string) (map[string]float64, error) {
		shares := map[string]float64{}
		for _, sku := range skus {
			shares[sku] = 0.5
		}
		return shares, nil
	}})
	now := time.Now()
	usd := func(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }
	if err := ads.Add(t.Context(), sponsored.Campaign{ID: "packs", SKUs: organic, Words: []string{"backpacks", "backpack"}, Bid: usd(200), Budget: usd(20_000), Cap: 9,
		Starts: now.Add(-time.Hour), Ends: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	s.parts.Sponsored = ads
	c := s.customer(t)
	for i, card := range c.says(ask).cards {
		if card.Sponsored != (i == 2) || (i == 2) != (card.SKU == last) || card.Position != i+1 {
			t.Errorf("card %d: %s at %d, sponsored %v; by themselves they stand as %v", i, card.SKU, card.Position, card.Sponsored, organic)
		}
	}
	if c.state.Shown[2].SKU != last {
		t.Errorf("what is remembered is %v", c.state.Shown)
	}
	for _, card := range s.customer(t).says("show me laptops").cards {
		if card.Sponsored {
			t.Errorf("%s is paid for, by nobody", card.SKU)
		}
	}
}
