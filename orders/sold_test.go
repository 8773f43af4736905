package orders_test

import (
	"strings"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWasOrderedIsCountedByDay(t *testing.T) {
	book := orders.NewOrders(pgtest.New(t))
	line := func(sku, quantity, minor, currency string) string {
		return `{"sku":"` + sku + `","title":"x","quantity":` + quantity + `,"price":{"minor":` + minor + `,"currency":"` + currency + `"}}`
	}
	order := func(id, status, day string, lines ...string) string {
		return `{"id":"` + id + `","status":"` + status + `","lines":[` + strings.Join(lines, ",") + `],"total":{"minor":1,"currency":"USD"},"placed_at":"` + day + `"}` + "\n"
	}
	_, err := book.Import(t.Context(), strings.NewReader(
		order("1", "shipped", "2026-05-01", line("mug", "2", "750", "USD"), line("tent", "1", "9900", "USD"))+
			order("2", "returned", "2026-05-01T22:00:00Z", line("mug", "3", "700", "USD"))+
			order("3", "cancelled", "2026-05-01", line("mug", "50", "700", "USD"))+
			order("4", "Canceled by the customer", "2026-05-01", line("mug", "50", "700", "USD"))+
			order("5", "delivered", "2026-05-01", line("mug", "1", "9", "EUR"))+
			order("6", "delivered", "2026-05-04", line("mug", "9", "700", "USD"))+
			order("7", "delivered", "last week", line("mug", "9", "700", "USD"))+
			order("8", "delivered", "2026-05-99", line("mug", "9", "700", "USD"))+
			order("9", "delivered", "", line("mug", "9", "700", "USD"))+
			order("10", "delivered", "2026-04-30", line("mug", "9", "700", "USD"))))
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) time.Time { return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC) }
	got, err := book.Sold(t.Context(), day(1), day(4))
	want := []shop.Sales{{SKU: "mug", Day: day(1), Units: 6, Purchases: 3, Revenue: shop.Money{Minor: 3600, Currency: "USD"}, Priced: 5},
		{SKU: "tent", Day: day(1), Units: 1, Purchases: 1, Revenue: shop.Money{Minor: 9900, Currency: "USD"}, Priced: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
