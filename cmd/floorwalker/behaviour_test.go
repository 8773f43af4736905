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
	if err != nil || r.Clicks != 0 || !r.Few || r.Spent.Minor < 1 || r.Spent.Minor > 500 {
		t.Errorf("a report on one customer, of whom it tells what was spent alone: %+v, %v", r, err)
	}
	var clicked, charged int
	if err := pool.QueryRow(t.Context(), `SELECT count(clicked_at), count(*) FILTER (WHERE charged) FROM sponsored_placements`).Scan(&clicked, &charged); err != nil || clicked != 1 || charged != 1 {
		t.Errorf("%d clicks, %d charged, %v", clicked, charged, err)
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
		taste, err := comparedTaste{events, book, log}.For(t.Context(), shop.Shopper{Client: "ann", Session: "visit"}, 3)
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
	if taste, err := (comparedTaste{events, newBook(pool, events, log), log}).For(t.Context(), shop.Shopper{Client: "ann", Session: "visit"}, 3); err != nil || taste.Model != armTaste {
		t.Errorf("%+v, %v", taste, err)
	}
	if _, err := pool.Exec(t.Context(), `ALTER TABLE experiments RENAME TO gone`); err != nil {
		t.Fatal(err)
	}
	if taste, err := (comparedTaste{events, newBook(pool, events, log), log}).For(context.WithoutCancel(t.Context()), shop.Shopper{Client: "ann", Session: "visit"}, 3); err != nil || taste.Model != armTaste {
		t.Errorf("%+v, %v", taste, err)
	}
}

// TestAPurchaseIsTheCampaignsThatWasClickedLast has customers click the card of one campaign, some of them later that of
// another, and buy the product, one of them after a login, one too late.
func TestAPurchaseIsTheCampaignsThatWasClickedLast(t *testing.T) {
	pool := pgtest.New(t)
	now := time.Now().Add(-10 * 24 * time.Hour).UTC().Truncate(time.Millisecond)
	clock := func() time.Time { return now }
	events := behaviour.NewLog(pool, behaviour.Options{Now: clock})
	ads := sponsored.New(pool, sponsored.Options{Predict: events.Shares, Sales: events.Sales, Weight: 0.9, Now: clock})
	told := chargedEvents{events, ads, slog.New(slog.DiscardHandler)}
	usd := func(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }
	start := now
	begin := func(id string) {
		t.Helper()
		if err := ads.Add(t.Context(), sponsored.Campaign{ID: id, SKUs: []string{"d"}, Bid: usd(500), Budget: usd(100_000), Cap: 3, Starts: now.Add(-time.Hour), Ends: start.Add(20 * 24 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	clicks := func(list, customer string) {
		t.Helper()
		shelf := shop.Shelf{RankingID: list + " of " + customer, Session: customer, Client: customer, Shown: 4}
		for _, sku := range []string{"a", "b", "c", "d"} {
			shelf.Candidates = append(shelf.Candidates, shop.Candidate{Relevance: 0.8, Product: shop.Product{SKU: sku, Stock: 1}})
		}
		if cards, err := ads.Place(t.Context(), shelf); err != nil || !cards[2].Sponsored {
			t.Fatalf("%+v, %v", cards, err)
		}
		if _, err := told.Add(t.Context(), []behaviour.Event{{ID: list, Action: behaviour.Click, Session: customer, QueryID: shelf.RankingID, Time: now,
			Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "d"}}}}); err != nil {
			t.Fatal(err)
		}
	}
	buys := func(order, client string) {
		t.Helper()
		if r, err := events.Add(t.Context(), []behaviour.Event{{ID: "line", Action: behaviour.Purchase, Session: order, Client: client, Time: now, Trusted: true,
			Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "d"}, Quantity: 2}}}); err != nil || len(r.Refused) > 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	name := func(n int) string { return "customer-" + string(rune('a'+n)) }
	purchases := func(id string) *sponsored.Purchases {
		t.Helper()
		r, err := ads.Report(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return r.Purchases
	}
	begin("first")
	buys("early", name(2)) // before the click
	now = now.Add(time.Minute)
	for n := range 13 {
		clicks("first list", name(n))
	}
	if err := ads.Pause(t.Context(), "first", true); err != nil {
		t.Fatal(err)
	}
	begin("second")
	now = now.Add(time.Hour)
	for n := range 2 {
		clicks("second list", name(n))
	}
	now = now.Add(time.Hour)
	if err := events.Claim(t.Context(), name(3), "ann"); err != nil {
		t.Fatal(err)
	}
	for n := range 12 {
		who := name(n)
		if n == 3 {
			who = "ann"
		}
		buys("order of "+who, who)
		buys("order of "+who, who) // told twice
	}
	buys("another order", name(2))
	buys("of somebody who clicked nothing", "stranger")
	now = start.Add(8*24*time.Hour + time.Hour)
	buys("late", name(12))
	p := purchases("first")
	if p == nil || p.Orders != 11 || p.Pieces != 22 || p.Share != 10.0/13 || p.CostMinor <= 0 {
		t.Fatalf("the first campaign led to %+v", p)
	}
	if p := purchases("second"); p != nil {
		t.Errorf("two customers are told of: %+v", p)
	}
	// What is parted from a customer is hers no more: nine customers are too few to speak of.
	if _, err := events.Unclaim(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if p := purchases("first"); p != nil {
		t.Errorf("after ann and her visit were parted: %+v", p)
	}
}

func TestWhoRefusesAdvertisingIsShownNothingPaidFor(t *testing.T) {
	pool := pgtest.New(t)
	events := behaviour.NewLog(pool, behaviour.Options{})
	ads := allowedAds{sponsored.New(pool, sponsored.Options{Predict: events.Shares, Weight: 0.9}), events}
	now := time.Now()
	if err := ads.Add(t.Context(), sponsored.Campaign{ID: "c", SKUs: []string{"d"}, Bid: shop.Money{Minor: 500, Currency: "USD"}, Budget: shop.Money{Minor: 1000, Currency: "USD"},
		Cap: 30, Starts: now.Add(-time.Hour), Ends: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	paid := func(list, platform string) bool {
		t.Helper()
		shelf := shop.Shelf{RankingID: list, Session: "visit", Client: "ann", Platform: platform, Shown: 4}
		for _, sku := range []string{"a", "b", "c", "d", "e"} {
			shelf.Candidates = append(shelf.Candidates, shop.Candidate{Relevance: 0.8, Product: shop.Product{SKU: sku, Stock: 1}})
		}
		cards, err := ads.Place(t.Context(), shelf)
		if err != nil || len(cards) != 4 {
			t.Fatalf("%d cards, %v", len(cards), err)
		}
		return cards[2].Sponsored
	}
	if !paid("1", "web") || !paid("2", "mobile") {
		t.Error("nothing is placed before one who refused nothing")
	}
	if err := events.Allow(t.Context(), shop.Shopper{Client: "ann", Platform: "mobile"}, behaviour.Consent{behaviour.Advertising: false}); err != nil {
		t.Fatal(err)
	}
	if !paid("3", "web") || paid("4", "mobile") {
		t.Error("the refusal does not hold where it was said, and there alone")
	}
}
