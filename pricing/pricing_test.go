package pricing

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"floorwalker/shop"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func gbp(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "GBP"} }

func TestCellsHavePriceDaysAndPurchases(t *testing.T) {
	paid := func(day int, units, purchases float64, minor int64) shop.Sales {
		return shop.Sales{SKU: "mug", Day: monday.AddDate(0, 0, day), Units: units, Purchases: purchases, Priced: units, Revenue: gbp(minor)}
	}
	// Nothing is known of its price before Wednesday. From the second Tuesday noon on the catalogue tells it; on the third Monday it is
	// sold out for the week.
	sales := []shop.Sales{paid(2, 2, 1, 1000), paid(3, 3, 2, 1500), paid(9, 4, 1, 99), {SKU: "mug", Day: monday.AddDate(0, 0, 12), Units: 1, Purchases: 1},
		paid(13, 1, 1, 1_000_000)}
	offers := []shop.Offer{{SKU: "mug", At: monday.Add(8*day + 12*time.Hour), Price: gbp(450), Open: true}, {SKU: "mug", At: monday.Add(12*day + 18*time.Hour), Price: gbp(400), Open: true},
		{SKU: "mug", At: monday.Add(14 * day), Price: gbp(400), Open: false}}
	got := PastOf("mug", "Mugs", "GBP", sales, offers, monday.AddDate(0, 0, 21), 3)
	want := []Cell{{0, 500, 5, 3}, {1, 500, 1, 0}, {1, 450, 5, 2}, {1, 400, 1, 1}}
	if fmt.Sprint(got.Cells) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got.Cells, want)
	}
	s := got.Seen()
	if s.Purchases != 6 || s.Prices != 0 {
		t.Errorf("no price was there for a week: %+v", s)
	}
	two := Past{Cells: []Cell{{0, 500, 7, 3}, {1, 505, 7, 2}, {2, 450, 4, 1}, {3, 450, 4, 1}, {4, 300, 2, 1}}}
	if s := two.Seen(); s.Prices != 2 || s.Lowest != 450 || s.Highest != 505 {
		t.Errorf("%+v", s)
	}
}

// market is products of two categories of known elasticities, the second without price changes but for one product.
func market(random *rand.Rand) (pasts []Past, truth []float64) {
	for i := range 120 {
		c := i % 2
		beta := -1.0
		if c == 1 {
			beta = -3
		}
		beta += 0.3 * random.NormFloat64()
		p := Past{SKU: fmt.Sprint(i), Category: fmt.Sprint("c", c)}
		price, rate := 1000.0, 2+18*random.Float64()
		for w := range 78 {
			if c == 0 && w%6 == 5 || c == 1 && i < 60 && w%13 == 9 {
				price = math.Round(1000 * (0.8 + 0.4*random.Float64()))
			}
			n, mean := 0.0, rate*(1+0.5*math.Sin(float64(w)/8))*math.Exp(beta*math.Log(price/1000))
			for at := random.ExpFloat64(); at < mean; at += random.ExpFloat64() {
				n++
			}
			p.Cells = append(p.Cells, Cell{w, price, 7, n})
		}
		pasts, truth = append(pasts, p), append(truth, beta)
	}
	return pasts, truth
}

func TestElasticitiesAreFoundAndDrawnTowardsTheCategory(t *testing.T) {
	pasts, truth := market(rand.New(rand.NewPCG(1, 1)))
	m := Learn(pasts)
	if a, b := m.Categories["c0"], m.Categories["c1"]; math.Abs(a+1) > 0.25 || math.Abs(b+3) > 0.35 {
		t.Errorf("categories of -1 and -3 are found as %.2f and %.2f", a, b)
	}
	if m.Within < 0.15 || m.Within > 0.6 || m.Overdispersion > 1.3 {
		t.Errorf("products differ by 0.3 and scatter by chance; found %.2f and %.2f", m.Within, m.Overdispersion)
	}
	covered, shrunk, alone, changed := 0.0, 0.0, 0.0, 0.0
	for i, a := range m.Answers {
		if a.SKU != pasts[i].SKU {
			t.Fatal("answers are in another order")
		}
		if a.Own == 0 {
			if a.Elasticity != m.Categories[pasts[i].Category] || a.Deviation < m.Within {
				t.Errorf("a product whose price never changed: %+v", a)
			}
			continue
		}
		changed++
		if math.Abs(a.Elasticity-truth[i]) <= 1.645*a.Deviation {
			covered++
		}
		shrunk += (a.Elasticity - truth[i]) * (a.Elasticity - truth[i])
		alone += (a.Alone - truth[i]) * (a.Alone - truth[i])
	}
	if share := covered / changed; share < 0.8 || changed != 90 {
		t.Errorf("%.2f of %.0f truths are in the interval of 0.9", share, changed)
	}
	if shrunk >= alone {
		t.Errorf("errors %.3f with the category, %.3f without", shrunk, alone)
	}
	again := Learn(pasts)
	for i := range again.Answers {
		if again.Answers[i] != m.Answers[i] {
			t.Fatal("the same past teaches something else")
		}
	}
	for _, none := range [][]Past{nil, {{SKU: "empty"}}, {{SKU: "one", Cells: []Cell{{0, 500, 7, 3}}}}} {
		for _, a := range Learn(none).Answers {
			if math.IsNaN(a.Elasticity) || math.IsNaN(a.Deviation) || a.Own != 0 {
				t.Errorf("of %v is learnt %+v", none, a)
			}
		}
	}
}

// typical is a product at 10.00 that costs 6.00: at an elasticity of -4, 8.00 would be best.
func typical() Case {
	return Case{Product: shop.Product{SKU: "mug", Price: gbp(1000), CostMinor: 600, Stock: 100}, Weekly: 20, CoverDays: 35, LeadDays: 14, Foretold: true,
		Answer: Answer{SKU: "mug", Elasticity: -4, Deviation: 0.3, Own: 0.9, Seen: Seen{Purchases: 400, Prices: 4, Lowest: 850, Highest: 1100}}}
}

func TestProposalsKeepInsideTheGuardRails(t *testing.T) {
	now := monday
	for name, c := range map[string]struct {
		change func(*Case, *Rules)
		want   Verdict
		price  int64 // 0: any
		says   string
	}{
		"cheaper, as far as the rules let it":      {func(*Case, *Rules) {}, Proposed, 905, "guard rails stop it"},
		"dearer where demand hardly answers":       {func(c *Case, _ *Rules) { c.Answer.Elasticity = -0.8 }, Proposed, 1099, "instead of £10.00"},
		"the price is right":                       {func(c *Case, _ *Rules) { c.Answer.Elasticity, c.Answer.Deviation = -2.5, 0.05 }, Right, 0, "price is right"},
		"too uncertain":                            {func(c *Case, _ *Rules) { c.Answer.Elasticity, c.Answer.Deviation = -3.2, 1.2 }, Unsure, 0, "Not enough to say"},
		"the cost is unknown":                      {func(c *Case, _ *Rules) { c.Product.CostMinor = 0 }, NoCost, 0, "Not enough to say"},
		"bought too seldom":                        {func(c *Case, _ *Rules) { c.Answer.Purchases = 19 }, FewPurchases, 0, "19 times"},
		"one price":                                {func(c *Case, _ *Rules) { c.Answer.Prices = 1 }, OnePrice, 0, "never changed"},
		"no forecast":                              {func(c *Case, _ *Rules) { c.Foretold = false }, NoForecast, 0, "no forecast"},
		"changed ten days ago":                     {func(c *Case, _ *Rules) { c.Changed = now.AddDate(0, 0, -10) }, TooSoon, 0, "too short"},
		"decided ten days ago":                     {func(c *Case, _ *Rules) { c.Decided = now.AddDate(0, 0, -10) }, TooSoon, 0, "too short"},
		"changed three weeks ago":                  {func(c *Case, _ *Rules) { c.Changed = now.AddDate(0, 0, -21) }, Proposed, 905, ""},
		"never under cost and margin":              {func(c *Case, _ *Rules) { c.Product.CostMinor = 900; c.Answer.Elasticity = -30 }, Proposed, 995, ""},
		"dearer where it brings less than it must": {func(c *Case, _ *Rules) { c.Product.CostMinor = 980; c.Answer.Elasticity = -3 }, Proposed, 1099, ""},
		"no price ends so":                         {func(_ *Case, r *Rules) { r.Endings = []string{"777"} }, NoRoom, 0, "no other price"},
		"any ending":                               {func(_ *Case, r *Rules) { r.Endings = nil }, Proposed, 900, ""},
		"a fifth":                                  {func(_ *Case, r *Rules) { r.MostChange = 0.2 }, Proposed, 805, ""},
		"scarce goods are not marked down":         {func(c *Case, _ *Rules) { c.CoverDays, c.Product.Stock = 7, 20 }, Proposed, 0, "less than new goods need"},
		"nothing is sold":                          {func(c *Case, _ *Rules) { c.Weekly, c.CoverDays = 0, -1 }, Right, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			given, rules := typical(), Usual
			c.change(&given, &rules)
			f := rules.Propose(given, now)
			if f.Verdict != c.want || c.price != 0 && f.Proposed != gbp(c.price) || !strings.Contains(f.String(), c.says) {
				t.Fatalf("%+v\n%s", f, f)
			}
			if f.Verdict != Proposed {
				if f.Proposed.Minor != 0 || f.Gain.Minor != 0 {
					t.Errorf("%s, but %+v", f.Verdict, f)
				}
				return
			}
			p := float64(f.Proposed.Minor)
			if p < 1000*(1-rules.MostChange) || p > 1000*(1+rules.MostChange) || p < float64(given.Product.CostMinor)*(1+rules.LeastMargin) || f.GainLow.Minor > f.Gain.Minor || f.GainHigh.Minor < f.Gain.Minor || f.Sure < rules.Sure {
				t.Errorf("outside of the rules: %+v", f)
			}
		})
	}
}

func TestOverstockMarksDownAndScarcityDoesNot(t *testing.T) {
	c := typical()
	c.Answer.Elasticity, c.Answer.Deviation = -2.5, 0.1 // the price is right at what it costs
	if f := Usual.Propose(c, monday); f.Verdict != Right {
		t.Fatalf("%+v", f)
	}
	c.CoverDays = 600
	f := Usual.Propose(c, monday)
	if f.Verdict != Proposed || f.Proposed.Minor >= 1000 || !strings.Contains(f.String(), "lasts 600 days") {
		t.Errorf("with stock for 600 days: %+v", f)
	}
	c.CoverDays, c.Product.Stock = 5, 14
	if f := Usual.Propose(c, monday); f.Verdict == Proposed && f.Proposed.Minor <= 1000 {
		t.Errorf("with stock for 5 days: %+v", f)
	}
}

// TestNoRuleIsBrokenByAnyCase draws cases by chance.
func TestNoRuleIsBrokenByAnyCase(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	proposed := 0
	for range 3000 {
		c := typical()
		c.Product.Price.Minor = 1 + int64(math.Exp(12*random.Float64()))
		c.Product.CostMinor = int64(float64(c.Product.Price.Minor) * 1.3 * random.Float64())
		c.Answer.Elasticity, c.Answer.Deviation = 2-7*random.Float64(), 2*random.Float64()
		c.Weekly, c.CoverDays, c.Product.Stock = 100*random.Float64(), 400*random.Float64()-10, random.IntN(500)
		f := Usual.Propose(c, monday)
		if f.Verdict != Proposed {
			continue
		}
		proposed++
		price, p := c.Product.Price.Minor, f.Proposed.Minor
		digits := fmt.Sprint(p)
		if p == price || float64(p) < 0.9*float64(price) || float64(p) > 1.1*float64(price) || float64(p) < 1.1*float64(c.Product.CostMinor) || !strings.ContainsAny(digits[len(digits)-1:], "59") ||
			f.Sure < 0.9 || f.Gain.Minor < 1 || c.CoverDays >= 0 && c.CoverDays < 14 && p < price {
			t.Fatalf("%+v\n%+v", c, f)
		}
	}
	if proposed < 200 {
		t.Errorf("only %d proposals were looked at", proposed)
	}
}
