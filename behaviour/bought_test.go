package behaviour_test

import (
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWasBoughtIsCountedByDay(t *testing.T) {
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	log := behaviour.NewLog(pgtest.New(t), behaviour.Options{Now: func() time.Time { return now }})
	event := func(id string, action behaviour.Action, sku string, at time.Time, pieces float64, trusted bool) behaviour.Event {
		return behaviour.Event{ID: id, Action: action, Session: "s", Time: at, Trusted: trusted, Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}, Quantity: pieces}}
	}
	day := now.Truncate(24 * time.Hour)
	if r, err := log.Add(t.Context(), []behaviour.Event{
		event("1", behaviour.Purchase, "mug", day.Add(-time.Second), 2, true), event("2", behaviour.Purchase, "mug", day.Add(-20*time.Hour), 0, true),
		event("3", behaviour.Purchase, "mug", day, 5, true), event("4", behaviour.Purchase, "tent", day.Add(-time.Hour), 1, true),
		event("5", behaviour.Purchase, "mug", day.Add(-time.Hour), 90, false), event("6", behaviour.AddToCart, "mug", day.Add(-time.Hour), 90, true),
	}); err != nil || r.Accepted != 6 {
		t.Fatalf("%+v, %v", r, err)
	}
	got, err := log.Bought(t.Context(), day.AddDate(0, 0, -2), day)
	yesterday := day.AddDate(0, 0, -1)
	want := []shop.Sales{{SKU: "mug", Day: yesterday, Units: 3, Purchases: 2}, {SKU: "tent", Day: yesterday, Units: 1, Purchases: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
