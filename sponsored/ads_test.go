package sponsored_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
	"floorwalker/sponsored"

	"github.com/jackc/pgx/v5/pgxpool"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func usd(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }

// shelf has n products, p0 the most relevant; eight are shown.
func shelf(ranking, client string, n int) shop.Shelf {
	s := shop.Shelf{RankingID: ranking, Session: client, Client: client, Text: "red shoes", Lang: shop.English, Shown: 8}
	for i := range n {
		s.Candidates = append(s.Candidates, shop.Candidate{Relevance: 0.9 - 0.01*float64(i),
			Product: shop.Product{SKU: fmt.Sprint("p", i), Category: "Shoes", Stock: 5}})
	}
	return s
}

// half foretells that one in two clicks, but for p19, of which one in ten does.
func half(_ context.Context, skus []string) (map[string]float64, error) {
	shares := map[string]float64{}
	for _, sku := range skus {
		shares[sku] = 0.5
		if sku == "p19" {
			shares[sku] = 0.1
		}
	}
	return shares, nil
}

func campaign(id, sku string, bid int64) sponsored.Campaign {
	return sponsored.Campaign{ID: id, SKUs: []string{sku}, Bid: usd(bid), Budget: usd(100_000), Cap: 1000,
		Starts: noon.Add(-12 * time.Hour), Ends: noon.Add(12 * time.Hour)}
}

func open(t *testing.T, weight float64, all ...sponsored.Campaign) (*sponsored.Ads, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t)
	a := sponsored.New(pool, sponsored.Options{Predict: half, Weight: weight, Now: func() time.Time { return noon }})
	for _, c := range all {
		if err := a.Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return a, pool
}

func place(t *testing.T, a *sponsored.Ads, s shop.Shelf) (skus, paid []string) {
	t.Helper()
	cards, err := a.Place(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cards {
		skus = append(skus, c.Product.SKU)
		if c.Sponsored {
			paid = append(paid, c.Product.SKU)
		}
	}
	return skus, paid
}

func priceOf(t *testing.T, pool *pgxpool.Pool, campaign string) (price int64) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT price_minor FROM sponsored_placements WHERE campaign = $1`, campaign).Scan(&price); err != nil {
		t.Fatal(err)
	}
	return price
}

func TestOneCardInFourIsPaidForAndSaysSo(t *testing.T) {
	a, _ := open(t, 0.5, campaign("a", "p10", 40), campaign("b", "p11", 30), campaign("c", "p12", 20))
	skus, paid := place(t, a, shelf("r", "ann", 20))
	if want := []string{"p0", "p1", "p10", "p2", "p3", "p4", "p11", "p5"}; !slices.Equal(skus, want) || !slices.Equal(paid, []string{"p10", "p11"}) {
		t.Errorf("%v with %v paid for", skus, paid)
	}
	for shown, most := range map[int]int{3: 0, 4: 1, 7: 1, 8: 2} {
		s := shelf(fmt.Sprint("r", shown), "bob", 20)
		s.Shown = shown
		if skus, paid := place(t, a, s); len(paid) != most || len(skus) != shown {
			t.Errorf("of %d cards %v are paid for: %v", shown, paid, skus)
		}
	}
}

// TestAClickCostsTheSecondPrice has the weight of revenue 0.5 and 20 minor units that count as full relevance, so that a
// place is worth (relevance + share·bid/20)/2.
func TestAClickCostsTheSecondPrice(t *testing.T) {
	t.Run("against the next offer", func(t *testing.T) {
		a, pool := open(t, 0.5, campaign("a", "p10", 40), campaign("b", "p11", 30))
		s := shelf("r", "ann", 20)
		s.Shown = 4
		if _, paid := place(t, a, s); !slices.Equal(paid, []string{"p10"}) {
			t.Fatalf("%v", paid)
		}
		// 0.8 + 0.5·x/20 = 0.79 + 0.5·30/20, so x = 29.6
		if price := priceOf(t, pool, "a"); price != 30 {
			t.Errorf("a click costs %d", price)
		}
	})
	t.Run("against what stood there", func(t *testing.T) {
		a, pool := open(t, 0.5, campaign("a", "p10", 40))
		place(t, a, shelf("r", "ann", 20))
		// 0.8 + 0.5·x/20 = 0.88, so x = 3.2
		if price := priceOf(t, pool, "a"); price != 4 {
			t.Errorf("a click costs %d", price)
		}
	})
	t.Run("never more than the bid", func(t *testing.T) {
		for _, bid := range []int64{1, 2, 3, 4, 5} {
			a, _ := open(t, 0.5, campaign("a", "p10", bid))
			s := shelf("r", "ann", 20)
			s.Shown = 4
			if _, paid := place(t, a, s); (len(paid) == 1) != (bid > 3) {
				t.Errorf("a bid of %d places %v", bid, paid)
			}
		}
	})
	t.Run("by what is likely to be clicked", func(t *testing.T) {
		a, _ := open(t, 0.5, campaign("a", "p19", 60), campaign("b", "p11", 30)) // 0.1·60 < 0.5·30
		s := shelf("r", "ann", 20)
		s.Shown = 4
		if _, paid := place(t, a, s); !slices.Equal(paid, []string{"p11"}) {
			t.Errorf("%v", paid)
		}
	})
}

func TestTheWeightTradesTheCustomersValueForRevenue(t *testing.T) {
	value, revenue := math.Inf(1), math.Inf(-1)
	for _, weight := range []float64{0, 0.005, 0.02, 0.3, 1} {
		a, pool := open(t, weight, campaign("a", "p8", 2), campaign("b", "p12", 12), campaign("c", "p18", 60))
		cards, err := a.Place(t.Context(), shelf("r", "ann", 20))
		if err != nil {
			t.Fatal(err)
		}
		v, r := 0.0, 0.0
		for _, c := range cards {
			v += c.Relevance
		}
		if err := pool.QueryRow(t.Context(), `SELECT coalesce(sum(share * bid_minor), 0)::float8 FROM sponsored_placements p JOIN sponsored_campaigns c ON c.id = campaign`).Scan(&r); err != nil {
			t.Fatal(err)
		}
		t.Logf("weight %.3f: value %.2f, bids won %.1f", weight, v, r)
		if v > value || r < revenue || weight == 0 && r != 0 {
			t.Errorf("at weight %v the customer's value is %.3f after %.3f, bids won %.2f after %.2f", weight, v, value, r, revenue)
		}
		value, revenue = v, r
	}
	if revenue <= 0 {
		t.Error("nothing was ever placed")
	}
}

func TestWhoIsNotPlaced(t *testing.T) {
	with := func(change func(*sponsored.Campaign)) sponsored.Campaign {
		c := campaign("a", "p10", 40)
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		campaign sponsored.Campaign
		placed   bool
	}{
		"one that fits":               {with(func(c *sponsored.Campaign) {}), true},
		"one for these words":         {with(func(c *sponsored.Campaign) { c.Words = []string{"boots", "Shoes"} }), true},
		"one for a part of a word":    {with(func(c *sponsored.Campaign) { c.Words = []string{"shoe"} }), false},
		"one for other words":         {with(func(c *sponsored.Campaign) { c.Words = []string{"boots"} }), false},
		"one for this category":       {with(func(c *sponsored.Campaign) { c.Categories = []string{"shoes"} }), true},
		"one for another category":    {with(func(c *sponsored.Campaign) { c.Categories = []string{"bags"} }), false},
		"one for another language":    {with(func(c *sponsored.Campaign) { c.Langs = []string{"zh"} }), false},
		"one that has not begun":      {with(func(c *sponsored.Campaign) { c.Starts = noon.Add(time.Hour) }), false},
		"one that is over":            {with(func(c *sponsored.Campaign) { c.Ends = noon }), false},
		"one that is paused":          {with(func(c *sponsored.Campaign) { c.Paused = true }), false},
		"one that is not on the list": {with(func(c *sponsored.Campaign) { c.SKUs = []string{"elsewhere"} }), false},
		"one that is shown anyway":    {with(func(c *sponsored.Campaign) { c.SKUs = []string{"p1"} }), false},
		"one far less relevant":       {with(func(c *sponsored.Campaign) { c.SKUs = []string{"p39"}; c.Bid = usd(1000) }), false},
		"one that is sold out":        {with(func(c *sponsored.Campaign) { c.SKUs = []string{"p9"} }), false},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := open(t, 0.5, c.campaign)
			s := shelf("r", "ann", 40) // p39 has a relevance of 0.51 where the best has 0.9
			s.Candidates[9].Product.Stock = 0
			if _, paid := place(t, a, s); (len(paid) > 0) != c.placed {
				t.Errorf("paid for are %v", paid)
			}
		})
	}
}

func TestACustomerIsShownACampaignAFewTimesADay(t *testing.T) {
	now := noon
	pool := pgtest.New(t)
	a := sponsored.New(pool, sponsored.Options{Predict: half, Weight: 0.5, Now: func() time.Time { return now }})
	c := campaign("a", "p10", 40)
	c.Cap, c.Ends = 2, noon.Add(72*time.Hour)
	if err := a.Add(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	shown := func(client string) (n int) {
		for i := range 4 {
			_, paid := place(t, a, shelf(fmt.Sprint(client, i, now), client, 20))
			n += len(paid)
		}
		return n
	}
	if ann, bob := shown("ann"), shown("bob"); ann != 2 || bob != 2 {
		t.Errorf("ann was shown it %d times, bob %d times", ann, bob)
	}
	now = noon.Add(25 * time.Hour)
	if n := shown("ann"); n != 2 {
		t.Errorf("a day later %d times", n)
	}
}

func TestTheBudgetIsSpentEvenly(t *testing.T) {
	now := noon
	a := sponsored.New(pgtest.New(t), sponsored.Options{Predict: half, Weight: 0.5, Now: func() time.Time { return now }})
	c := campaign("a", "p10", 10)
	c.Starts, c.Ends, c.Budget = noon, noon.Add(100*time.Hour), usd(1000)
	if err := a.Add(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for hour := range 100 {
		now = noon.Add(time.Duration(hour) * time.Hour)
		for n := range 5 { // far more than the pace allows
			ranking := fmt.Sprint(hour, "-", n)
			if _, paid := place(t, a, shelf(ranking, ranking, 20)); len(paid) > 0 {
				if err := a.Clicked(t.Context(), ranking, ranking, "p10"); err != nil {
					t.Fatal(err)
				}
			}
		}
		all, err := a.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pace := float64(hour+1) / 100 * 1000 // with an hour of slack
		if spent := float64(all[0].Spent.Minor); spent > pace+10 || spent < min(0.9*pace, 4*4*float64(hour)) {
			t.Fatalf("after %d hours %v are spent, the pace is %v", hour, spent, pace)
		}
	}
}

// TestTheBudgetHoldsOverTwoReplicas lets many customers of two servers, each with a pool of its own, click at once: some of
// them again and again, some on what they were never shown.
func TestTheBudgetHoldsOverTwoReplicas(t *testing.T) {
	address := pgtest.URL(t)
	var replicas []*sponsored.Ads
	var pools []*pgxpool.Pool
	for range 2 {
		pool, err := pgxpool.New(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		pools = append(pools, pool)
		replicas = append(replicas, sponsored.New(pool, sponsored.Options{Predict: half, Weight: 0.5, Now: func() time.Time { return noon }}))
	}
	// A click costs 29 or 30, so that the budget is no multiple of the price.
	a, b := campaign("a", "p10", 40), campaign("b", "p11", 30)
	a.Budget, a.Starts, a.Ends = usd(1000), noon.Add(-time.Hour), noon.Add(time.Minute)
	for _, c := range []sponsored.Campaign{a, b} {
		if err := replicas[0].Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	const customers, each = 32, 5
	for n := range customers {
		all.Go(func() {
			own, other := replicas[n%2], replicas[(n+1)%2]
			for i := range each {
				name := fmt.Sprint(n, "-", i)
				s := shelf(name, name, 20)
				s.Shown = 4
				if _, err := own.Place(t.Context(), s); err != nil {
					t.Error(err)
				}
				for _, r := range []*sponsored.Ads{own, other, own} { // a retry to another replica costs nothing
					if err := r.Clicked(t.Context(), name, name, "p10"); err != nil {
						t.Error(err)
					}
				}
				if err := own.Clicked(t.Context(), "somebody else", name, "p11"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	r, err := replicas[1].Report(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var charged, sum int64
	if err := pools[0].QueryRow(t.Context(), `SELECT count(*), coalesce(sum(price_minor), 0)::bigint FROM sponsored_placements WHERE campaign = 'a' AND charged`).Scan(&charged, &sum); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cards shown, %d clicks, %d unpaid, %s of %s spent", r.Shown, r.Clicks, r.Unpaid, r.Spent, r.Budget)
	if r.Spent.Minor != sum || r.Spent.Minor > 1000 || r.Spent.Minor < 1000-40 {
		t.Errorf("spent %v in %d clicks of %d altogether; the budget is 1000", r.Spent, charged, sum)
	}
	if r.Clicks != r.Shown || r.Clicks-r.Unpaid != charged {
		t.Errorf("%+v", r)
	}
	if other, err := replicas[0].Report(t.Context(), "b"); err != nil || other.Spent.Minor != 0 {
		t.Errorf("what another session clicked was charged: %+v, %v", other, err)
	}
}

func TestAReportSpeaksOfNoFewCustomers(t *testing.T) {
	now := noon
	a := sponsored.New(pgtest.New(t), sponsored.Options{Predict: half, Weight: 0.5, Now: func() time.Time { return now }})
	c := campaign("a", "p10", 40)
	c.Ends = noon.Add(200 * time.Hour)
	if err := a.Add(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for day, customers := range []int{sponsored.KAnonymous, sponsored.KAnonymous - 1, 3} {
		now = noon.Add(time.Duration(24*day) * time.Hour)
		for n := range customers {
			for look := range 2 {
				ranking := fmt.Sprint(day, n, look)
				s := shelf(ranking, fmt.Sprint("customer ", day, n), 20)
				if _, paid := place(t, a, s); len(paid) != 1 {
					t.Fatalf("%v", paid)
				}
				if look == 0 {
					if err := a.Clicked(t.Context(), s.Session, ranking, "p10"); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	r, err := a.Report(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	const price = 4
	want := []sponsored.Day{{"2026-03-15", 20, 10, 10 * price}, {"other", 24, 12, 12 * price}}
	if !slices.Equal(r.Days, want) || r.Shown != 44 || r.Clicks != 22 || r.Spent.Minor != 22*price || r.MeanPrice != price {
		t.Errorf("%+v", r)
	}
	few := campaign("few", "p11", 40)
	few.Ends = noon.Add(200 * time.Hour)
	if err := a.Add(t.Context(), few); err != nil {
		t.Fatal(err)
	}
	for n := range sponsored.KAnonymous - 1 {
		s := shelf(fmt.Sprint("few", n), fmt.Sprint("customer ", n), 20)
		s.Candidates = slices.Delete(s.Candidates, 10, 11) // p10, which pays as much
		if _, paid := place(t, a, s); !slices.Equal(paid, []string{"p11"}) {
			t.Fatalf("%v", paid)
		}
		if err := a.Clicked(t.Context(), s.Session, s.RankingID, "p11"); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := a.Report(t.Context(), "few"); err != nil || !r.Few || r.Shown != 0 || r.Clicks != 0 || len(r.Days) != 0 || r.Spent.Minor == 0 {
		t.Errorf("of %d customers is told %+v, %v", sponsored.KAnonymous-1, r, err)
	}
	if _, err := a.Report(t.Context(), "none"); err == nil {
		t.Error("a report on nothing")
	}
}

func TestBadCampaignsAreRefused(t *testing.T) {
	a, _ := open(t, 0.5, campaign("a", "p10", 40))
	for name, change := range map[string]func(*sponsored.Campaign){
		"the same id":       func(c *sponsored.Campaign) { c.ID = "a" },
		"no id":             func(c *sponsored.Campaign) { c.ID = "" },
		"no product":        func(c *sponsored.Campaign) { c.SKUs = nil },
		"no bid":            func(c *sponsored.Campaign) { c.Bid.Minor = 0 },
		"a small budget":    func(c *sponsored.Campaign) { c.Budget.Minor = 39 },
		"two currencies":    func(c *sponsored.Campaign) { c.Bid.Currency = "EUR" },
		"another currency":  func(c *sponsored.Campaign) { c.Bid.Currency, c.Budget.Currency = "EUR", "EUR" },
		"no end":            func(c *sponsored.Campaign) { c.Ends = c.Starts },
		"no cap":            func(c *sponsored.Campaign) { c.Cap = 0 },
		"a NUL in a word":   func(c *sponsored.Campaign) { c.Words = []string{"a\x00"} },
		"an endless target": func(c *sponsored.Campaign) { c.Words = make([]string, 1001) },
	} {
		c := campaign("b", "p10", 40)
		change(&c)
		if err := a.Add(t.Context(), c); err == nil {
			t.Errorf("%s is taken", name)
		} else if code, _ := shop.CodeOf(err); code == shop.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.Pause(t.Context(), "none", true); err == nil {
		t.Error("paused what is not there")
	}
}
