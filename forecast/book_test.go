package forecast_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/forecast"
	"floorwalker/shop"
)

var today = time.Date(2026, 3, 16, 9, 30, 0, 0, time.UTC)

// fake is a shop that sells mugs every day, a tent a fortnight, and has sold a chair that is gone.
type fake struct {
	stock map[string]int
	asked int
}

func (f *fake) sales(_ context.Context, from, to time.Time) (all []shop.Sales, err error) {
	f.asked++
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		n := int(forecast.DayOf(day))
		all = append(all, shop.Sales{SKU: "mug", Day: day, Units: float64(3 + n%3), Purchases: 2}, shop.Sales{SKU: "gone chair", Day: day, Units: 1, Purchases: 1})
		if n%14 == 0 {
			all = append(all, shop.Sales{SKU: "tent", Day: day, Units: 1, Purchases: 1})
		}
	}
	return all, nil
}

func (f *fake) products(_ context.Context, skus []string) (all []shop.Product, err error) {
	for _, sku := range skus {
		if n, ok := f.stock[sku]; ok {
			all = append(all, shop.Product{SKU: sku, Title: "A " + sku, Category: "Camping", Stock: n})
		}
	}
	return all, nil
}

func noOffers(context.Context, []string, time.Time) ([]shop.Offer, error) { return nil, nil }

func open(t *testing.T) (*forecast.Book, *fake, func(now time.Time) *forecast.Book) {
	t.Helper()
	f, pool := &fake{stock: map[string]int{"mug": 20, "tent": 90}}, pgtest.New(t)
	at := func(now time.Time) *forecast.Book {
		return forecast.New(pool, forecast.Options{Sales: f.sales, Offers: noOffers, Products: f.products, LeadOf: map[string]int{"Tents": 60}, Now: func() time.Time { return now }})
	}
	return at(today), f, at
}

func TestForecastsAreMadeAndListed(t *testing.T) {
	b, _, _ := open(t)
	if n, err := b.Make(t.Context()); n != 2 || err != nil {
		t.Fatalf("%d forecasts, %v: the chair is in no catalogue", n, err)
	}
	mug, err := b.One(t.Context(), "mug")
	if err != nil || mug.Title != "A mug" || mug.Weekly < 26 || mug.Weekly > 30 || mug.Low > 28 || mug.High < 28 || mug.Weeks < 100 || len(mug.Days) != 7 || mug.Days[0] < 3 || mug.Days[0] > 5 {
		t.Fatalf("%+v, %v", mug, err)
	}
	if mug.CoverDays < 4.5 || mug.CoverDays > 5.5 || mug.Risk < 0.95 || mug.Order < 50 || mug.LeadDays != 14 || !mug.MadeAt.Equal(today) {
		t.Errorf("of 20 mugs: %+v", mug)
	}
	for order, first := range map[forecast.Order]string{forecast.ByRisk: "mug", forecast.ByCover: "tent", forecast.ByDemand: "mug"} {
		all, err := b.List(t.Context(), forecast.Query{Order: order, Limit: 10})
		if err != nil || len(all) != 2 || all[0].SKU != first || all[0].Title == "" {
			t.Errorf("by %s: %+v, %v", order, all, err)
		}
	}
	if all, err := b.List(t.Context(), forecast.Query{Order: forecast.ByRisk, Limit: 10, Offset: 1}); err != nil || len(all) != 1 || all[0].SKU != "tent" {
		t.Errorf("from the second on: %+v, %v", all, err)
	}
	for _, bad := range []forecast.Query{{Order: forecast.ByRisk}, {Order: "sku", Limit: 1}, {Order: forecast.ByRisk, Limit: 1001}, {Order: forecast.ByRisk, Limit: 1, Offset: -1}} {
		if _, err := b.List(t.Context(), bad); codeOf(err) != shop.CodeBadRequest {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := b.One(t.Context(), "gone chair"); codeOf(err) != shop.CodeNotFound {
		t.Errorf("the chair: %v", err)
	}
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*shop.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestForecastsAreMadeOnceANight(t *testing.T) {
	_, f, at := open(t)
	runOn := func(now time.Time, want int) {
		t.Helper()
		before := f.asked
		if err := at(now).Night(t.Context()); err != nil {
			t.Error(err)
		}
		if n := f.asked - before; n != want {
			t.Errorf("at %v forecasts are made %d times, want %d", now, n, want)
		}
	}
	runOn(today, 1)
	runOn(today.Add(10*time.Hour), 0)
	runOn(time.Date(2026, 3, 17, 1, 59, 0, 0, time.UTC), 0) // before two in the night
	runOn(time.Date(2026, 3, 17, 2, 1, 0, 0, time.UTC), 1)
}
