package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"floorwalker/shop"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within || math.IsNaN(got) {
		t.Errorf("%s is %.4f, want %.4f", what, got, want)
	}
}

// weeksOf repeats a pattern.
func weeksOf(n int, pattern ...float64) []float64 {
	weeks := make([]float64, n)
	for i := range weeks {
		weeks[i] = pattern[i%len(pattern)]
	}
	return weeks
}

func last(levels []float64) float64 { return levels[len(levels)-1] }

func TestMethodsAsTheLiteratureHasThem(t *testing.T) {
	every := weeksOf(300, 0, 0, 6) // six pieces every third week
	near(t, "Croston", last(croston(0.1, 1)(every)), 2, 0.01)
	near(t, "SBA", last(croston(0.1, 0.95)(every)), 1.9, 0.01)
	near(t, "TSB", last(tsb(0.1, 0.05)(every)), 2, 0.15)
	near(t, "the mean", last(average(math.MaxInt)(every)), 2, 0)
	near(t, "three weeks", last(average(3)(every)), 2, 1e-9)
	// By hand: after eight weeks of 10 the level is 10, then 10 + 0.5·(20−10), then 15 + 0.5·(20−15).
	near(t, "exponential smoothing", last(smoothing(0.5)(append(weeksOf(8, 10), 20, 20))), 17.5, 1e-9)
	ended := append(weeksOf(40, 4), weeksOf(40, 0)...)
	near(t, "Croston's memory of what is bought no more", last(croston(0.1, 1)(ended)), 4, 0.01)
	near(t, "TSB's", last(tsb(0.1, 0.1)(ended)), 4*math.Pow(0.9, 40), 0.01)
	// Weeks of which nothing is known change nothing.
	for _, m := range methods {
		holes := append(weeksOf(30, 3, 5), math.NaN(), math.NaN())
		levels := m.levels(holes)
		if a, b := levels[29], levels[31]; a != b || math.IsNaN(a) {
			t.Errorf("%s: %.3f before and %.3f after weeks of which nothing is known", m.name, a, b)
		}
		if early := m.levels([]float64{4})[0]; early != 4 {
			t.Errorf("%s foretells %.2f from one week of 4", m.name, early)
		}
	}
}

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// sold is so many pieces on each of n days from Monday on.
func sold(n int, pieces func(day int) float64) (all []shop.Sales) {
	for i := range n {
		if units := pieces(i); units > 0 {
			all = append(all, shop.Sales{SKU: "mug", Day: monday.AddDate(0, 0, i), Units: units, Purchases: 1})
		}
	}
	return all
}

func TestAWeekInWhichItWasSoldOutIsNoWeekWithoutDemand(t *testing.T) {
	sales := sold(28, func(day int) float64 {
		if day >= 11 && day < 21 { // from Friday of the second week on, for ten days
			return 0
		}
		return 2
	})
	until := DayOf(monday) + 27
	naive := DemandOf("mug", sales, nil, DemandOptions{Until: until})
	if naive.Weeks[2] != 0 || naive.Weeks[1] != 8 {
		t.Fatalf("without a history of stock the weeks are %v", naive.Weeks)
	}
	offers := []shop.Offer{{SKU: "mug", At: monday.AddDate(0, 0, 11), Open: false}, {SKU: "mug", At: monday.AddDate(0, 0, 21), Open: true}}
	d := DemandOf("mug", sales, offers, DemandOptions{Until: until})
	near(t, "the first week", d.Weeks[0], 14, 1e-9)
	near(t, "the week that was cut short", d.Weeks[1], 14, 1e-9)
	if !math.IsNaN(d.Weeks[2]) {
		t.Errorf("the week without stock is %v, which is not known", d.Weeks[2])
	}
	near(t, "the last week", d.Weeks[3], 14, 1e-9)
	near(t, "days without stock", d.SoldOut, 10, 1e-9)
	near(t, "what was lost where it can be told", d.Lost, 6, 1e-9)
	if d.Weekdays[0] != 3 || d.Weekdays[4] != 2 {
		t.Errorf("days of sale by weekday: %v", d.Weekdays)
	}
	// A beginning that is no whole week, and what comes after the last day, are left out.
	d = DemandOf("mug", sold(40, func(int) float64 { return 1 }), nil, DemandOptions{Until: DayOf(monday) + 16})
	if len(d.Weeks) != 2 || d.Weeks[0] != 7 || d.Weeks[1] != 7 {
		t.Errorf("17 days are weeks of %v", d.Weeks)
	}
	if d := DemandOf("mug", sold(3, func(int) float64 { return 1 }), nil, DemandOptions{Until: DayOf(monday) + 2}); len(d.Weeks) != 0 {
		t.Errorf("three days are weeks of %v", d.Weeks)
	}
	if got := DayOf(monday).weekday(); got != 0 {
		t.Errorf("Monday is the weekday %d", got)
	}
}

func TestQuantilesAreThoseOfTheNegativeBinomial(t *testing.T) {
	for _, c := range []struct {
		spread
		p, want float64
	}{
		{spread{3, 0}, 0.5, 3}, {spread{3, 0}, 0.95, 6}, // Poisson
		{spread{10, 0.1}, 0.05, 4}, {spread{10, 0.1}, 0.95, 18}, // r = 10, p = 0.5
		{spread{0, 0}, 0.99, 0}, {spread{0.01, 2}, 0.95, 0},
	} {
		if got := c.quantile(c.p); got != c.want {
			t.Errorf("%v: %v is enough with %.2f, want %v", c.spread, got, c.p, c.want)
		}
	}
	// What is counted in packs has the quantiles that it has by pieces: of a gamma of shape 4, 0.95 is 1.938 times the mean.
	near(t, "0.95 of a million", spread{1e6, 0.25}.quantile(0.95)/1e6, 1.938, 0.01)
	atMost, fewer := spread{3, 0}.atMost(2)
	near(t, "at most two", atMost, 0.4232, 1e-4)
	near(t, "fewer than two", fewer, 0.1991, 1e-4)
}

// shopOf is n products whose weeks are negative binomial, from one in ten weeks to fifty a week.
func shopOf(n, weeks int, random *rand.Rand) (all []Demand, means []float64) {
	for range n {
		mean := math.Exp(math.Log(0.1) + random.Float64()*math.Log(500))
		d := Demand{SKU: "p" + string(rune('a'+len(all)%26)), Weeks: make([]float64, weeks)}
		for w := range d.Weeks {
			rate, count := mean*(random.ExpFloat64()+random.ExpFloat64())/2, 0.0
			for t := random.ExpFloat64(); t < rate; t += random.ExpFloat64() {
				count++
			}
			d.Weeks[w] = count
		}
		d.Weeks[0] += 1 // it has been bought
		d.Weekdays[0] = 1
		all, means = append(all, d), append(means, mean)
	}
	return all, means
}

func TestIntervalsHoldWhatTheyPromise(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	all, means := shopOf(400, 60, random)
	known := make([]Demand, len(all))
	for i, d := range all {
		known[i] = d
		known[i].Weeks = d.Weeks[:56]
	}
	outlooks := Foresee(known)
	in, weeks, inFour, off, whole := 0.0, 0.0, 0.0, 0.0, 0.0
	for i, o := range outlooks {
		low, high := o.Quantile(0.05, 7), o.Quantile(0.95, 7)
		total := 0.0
		for _, y := range all[i].Weeks[56:] {
			total += y
			weeks++
			if y >= low && y <= high {
				in++
			}
		}
		if total <= o.Quantile(0.9, 28) {
			inFour++
		}
		off, whole = off+math.Abs(o.Weekly-means[i]), whole+means[i]
	}
	// Small counts make steps, so that a little more than asked for is in.
	if share := in / weeks; share < 0.88 || share > 0.97 {
		t.Errorf("%.3f of the weeks are in the interval of 0.9", share)
	}
	if share := inFour / 400; share < 0.86 || share > 0.96 {
		t.Errorf("%.3f of four weeks are at most what should be enough for 0.9", share)
	}
	if off/whole > 0.2 {
		t.Errorf("means are off by %.2f of themselves", off/whole)
	}
	near(t, "the chance of more than what is enough with 0.9", outlooks[0].Above(outlooks[0].Quantile(0.9, 28), 28), 0.1, 0.1)
	again := Foresee(known)
	for i := range again {
		if again[i].Weekly != outlooks[i].Weekly || again[i].Quantile(0.95, 21) != outlooks[i].Quantile(0.95, 21) {
			t.Fatal("the same past foretells something else")
		}
	}
}

func TestEachProductGetsWhatServedIt(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	all, _ := shopOf(100, 60, random)
	ended := Demand{SKU: "ended", Weeks: append(weeksOf(40, 20, 22, 18), weeksOf(20, 0)...), Weekdays: [7]float64{40}}
	risen := Demand{SKU: "risen", Weeks: append(weeksOf(30, 5), weeksOf(30, 50)...), Weekdays: [7]float64{0, 60}}
	all = append(all, ended, risen, Demand{SKU: "new", Weeks: []float64{3}, Weekdays: [7]float64{2}}, Demand{SKU: "never there", Weeks: []float64{math.NaN()}})
	found := map[string]Outlook{}
	for _, o := range Foresee(all) {
		found[o.SKU] = o
	}
	if o := found["ended"]; o.Weekly > 1 {
		t.Errorf("what is bought no more has %.2f a week by %s", o.Weekly, o.Methods)
	}
	near(t, "what sells more since half a year", found["risen"].Weekly, 50, 3)
	near(t, "a week of Tuesdays", found["risen"].Day(DayOf(monday)+1).Mean+found["risen"].Day(DayOf(monday)).Mean, found["risen"].Weekly, 1)
	if o := found["risen"]; o.Day(DayOf(monday)+1).Mean < 3*o.Day(DayOf(monday)+2).Mean {
		t.Errorf("a Tuesday has %.1f, a Wednesday %.1f of what is bought on Tuesdays", o.Day(DayOf(monday)+1).Mean, o.Day(DayOf(monday)+2).Mean)
	}
	if o := found["new"]; math.Abs(o.Weekly-3) > 0.5 || !math.IsNaN(o.Error) || o.Quantile(0.95, 7) <= 3 {
		t.Errorf("of a new product %+v is foretold", o)
	}
	if _, ok := found["never there"]; ok {
		t.Error("what was never there is foretold")
	}
}

func TestTheReorderPointLastsUntilNewGoodsCome(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	all, _ := shopOf(300, 60, random)
	steady := Demand{SKU: "steady", Weeks: weeksOf(60, 9, 10, 11, 10), Weekdays: [7]float64{60, 60, 60, 60, 60, 60, 60}}
	outlooks := Foresee(append(all, steady))
	o := outlooks[len(outlooks)-1]
	p := Policy{Lead: 14, Review: 7, Service: 0.95}
	low := p.Supply(o, 5)
	if low.ReorderPoint < 20 || low.Order <= low.ReorderPoint-5 || low.Risk < 0.9 || low.SafetyStock != low.ReorderPoint-20 {
		t.Errorf("with 5 pieces of 10 a week: %+v", low)
	}
	near(t, "the cover", low.CoverDays, 3.5, 0.3)
	if s := p.Supply(o, low.ReorderPoint); s.Order == 0 || s.Risk > 0.2 {
		t.Errorf("at the reorder point: %+v", s)
	}
	if s := p.Supply(o, low.ReorderPoint+1); s.Order != 0 {
		t.Errorf("above the reorder point: %+v", s)
	}
	if s := p.Supply(Outlook{SKU: "dead", maps: o.maps}, 50); s.CoverDays != -1 || s.Order != 0 || s.Risk != 0 {
		t.Errorf("what is bought no more: %+v", s)
	}
}

func TestAShopThatRisesLiftsWhatIsForetold(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	all, means := shopOf(300, 60, random)
	for i := range all {
		for w := 48; w < 60; w++ { // all sell twice as much since twelve weeks
			all[i].Weeks[w] *= 2
		}
	}
	foretold, due := 0.0, 0.0
	for i, o := range Foresee(all) {
		foretold, due = foretold+o.Weekly/means[i], due+2
	}
	near(t, "what is foretold, of what it is", foretold/due, 1, 0.08)
}
