package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/experiments"
	"floorwalker/shop"
	"floorwalker/sponsored"
)

func TestAClickOnASponsoredCardIsChargedOnce(t *testing.T) {
	pool := pgtest.New(t)
	events := behaviour.NewLog(pool, behaviour.Options{})
	ads := sponsored.New(pool, sponsored.Options{Predict: events.Shares, Weight: 0.9})
	usd := func(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }
	now := time.Now()
	if err := ads.Add(t.Context(), sponsored.Campaign{ID: "c", SKUs: []string{"d"}, Bid: usd(500), Budget: usd(1000), Cap: 3, Starts: now.Add(-time.Hour), Ends: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	shelf := shop.Shelf{RankingID: "r", Session: "s", Client: "s", Shown: 4}
	for _, sku := range []string{"a", "b", "c", "d"} {
		shelf.Candidates = append(shelf.Candidates, shop.Candidate{Relevance: 0.8, Product: shop.Product{SKU: sku, Stock: 1}})
	}
	if cards, err := ads.Place(t.Context(), shelf); err != nil || !cards[2].Sponsored || cards[2].Product.SKU != "d" {
		t.Fatalf("%+v, %v", cards, err)
	}
	told := chargedEvents{events, ads, slog.New(slog.DiscardHandler)}
	click := func(id, sku string) behaviour.Event {
		return behaviour.Event{ID: id, Action: behaviour.Click, Session: "s", QueryID: "r", Time: now, Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}}}
	}
	for range 2 { // a page that got no answer tells again
		if _, err := told.Add(t.Context(), []behaviour.Event{click("1", "d"), click("2", "a"), click("3", "d")}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := ads.Report(t.Context(), "c")
	if err != nil || r.Clicks != 1 || r.Spent.Minor < 1 || r.Spent.Minor > 500 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestAnExperimentDecidesWhatIsRecommended has mugs liked by all, and a customer who takes tents.
func TestAnExperimentDecidesWhatIsRecommended(t *testing.T) {
	pool := pgtest.New(t)
	log := slog.New(slog.DiscardHandler)
	events := behaviour.NewLog(pool, behaviour.Options{})
	var all []behaviour.Event
	for n, sku := range []string{"mug", "mug", "mug", "tent", "mug", "mat", "mug", "tent"} {
		who := string(rune('a' + n))
		for _, sku := range []string{sku, "lamp"} {
			all = append(all, behaviour.Event{ID: sku, Action: behaviour.Purchase, Session: who, Client: who, Time: time.Now().Add(-time.Hour), Trusted: true,
				Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}}})
		}
	}
	all = append(all, behaviour.Event{ID: "1", Action: behaviour.Click, Session: "visit", Client: "ann", Time: time.Now(), Trusted: true,
		Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "tent"}}})
	if _, err := events.Add(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := events.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []experiments.Kind{experiments.AB, experiments.Bandit, experiments.Interleaving} {
		book := newBook(pool, events, log)
		if err := book.Start(t.Context(), experiments.Experiment{ID: string(kind), Kind: kind, Arms: []string{armTaste, armPopularity}}); err != nil {
			t.Fatal(err)
		}
		taste, err := comparedTaste{events, book, log}.For(t.Context(), "ann", "visit", 3)
		if err != nil || len(taste.Products) != 3 {
			t.Fatalf("%s: %+v, %v", kind, taste, err)
		}
		var arm string
		if err := pool.QueryRow(t.Context(), `SELECT arm FROM experiment_exposures WHERE experiment = $1 AND unit = 'ann'`, kind).Scan(&arm); err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{armTaste: armTaste, armPopularity: armPopularity, "both": "interleaved"}[arm]; taste.Model != want {
			t.Errorf("%s: exposed to %q, recommended by %q", kind, arm, taste.Model)
		}
		if err := book.Stop(t.Context(), string(kind)); err != nil {
			t.Fatal(err)
		}
	}
	// Without an experiment, and where none can be read, the customer's taste is it.
	if taste, err := (comparedTaste{events, newBook(pool, events, log), log}).For(t.Context(), "ann", "visit", 3); err != nil || taste.Model != armTaste {
		t.Errorf("%+v, %v", taste, err)
	}
	if _, err := pool.Exec(t.Context(), `ALTER TABLE experiments RENAME TO gone`); err != nil {
		t.Fatal(err)
	}
	if taste, err := (comparedTaste{events, newBook(pool, events, log), log}).For(context.WithoutCancel(t.Context()), "ann", "visit", 3); err != nil || taste.Model != armTaste {
		t.Errorf("%+v, %v", taste, err)
	}
}
