package agent

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"floorwalker/shop"
)

func TestACardSaysWhyAndKeepsTheShopsOwnConcernsToItself(t *testing.T) {
	c := shop.Candidate{Product: shop.Product{SKU: "mug", Title: "Mug", CostMinor: 123, DeliveryDays: 1, Price: shop.Money{Minor: 900, Currency: "USD"}},
		Features: []float64{0.77}, Reasons: []shop.Reason{{Code: "margin", Weight: 0.5},
			{Code: "kind", Weight: 0.3}, {Code: "delivery", Weight: 0.1}, {Code: "freshness", Weight: 0.05}, {Code: "in_stock", Weight: 0.03}, {Code: "diversity", Weight: -0.02}}}
	got := card(1, c, shop.English)
	if !slices.Equal(got.Why, []string{"The kind of thing you asked for", "Arrives within a week", "New on the market"}) {
		t.Errorf("why: %q", got.Why)
	}
	sent, err := json.Marshal(shop.Cards{Query: "secret wish", Cards: []shop.Card{got}})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"margin", "123", "0.77", "secret wish"} {
		if strings.Contains(string(sent), secret) {
			t.Errorf("%s is sent: %s", secret, sent)
		}
	}
	if len(got.Reasons) != 5 || len(got.Features) != 1 {
		t.Errorf("%d reasons, %d features", len(got.Reasons), len(got.Features))
	}
	if got := card(1, c, shop.Chinese); len(got.Why) != 3 || got.Why[1] != "一周内送达" {
		t.Errorf("in Chinese: %q", got.Why)
	}
}
