package evaluation

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"floorwalker/pricing"
	"floorwalker/shop"
)

// PriceTruth is a market whose elasticities are known: products of categories whose prices change now and then, and purchases
// that answer to them, to the season and to chance.
type PriceTruth struct {
	Products, Categories, Weeks int
	Seed                        uint64
}

// simulated is one product of it.
type simulated struct {
	past                    pricing.Past
	beta, cost, price, rate float64
}

// simulate draws the market. Elasticities are normal around their category's with 0.5, categories' around -2 with 0.6. A product
// is bought from once in three weeks to twenty times a week; its price changes every three months on the average, by up to a fifth. Each
// week scatters more than by chance (gamma, a quarter of the mean).
func (t PriceTruth) simulate() []simulated {
	random := rand.New(rand.NewPCG(t.Seed, 1))
	means := make([]float64, t.Categories)
	for c := range means {
		means[c] = -2 + 0.6*random.NormFloat64()
	}
	all := make([]simulated, t.Products)
	for i := range all {
		c := i % t.Categories
		s := simulated{beta: min(means[c]+0.5*random.NormFloat64(), -0.1), rate: math.Exp(math.Log(1.0/3) + random.Float64()*math.Log(60)), price: math.Round(500 * math.Exp(2*random.Float64()))}
		s.past = pricing.Past{SKU: fmt.Sprint("p", i), Category: fmt.Sprint("c", c)}
		s.cost = math.Round(s.price * (0.4 + 0.3*random.Float64()))
		usual, changes := s.price, random.Float64() < 0.7
		for w := range t.Weeks {
			if changes && random.Float64() < 1.0/13 {
				s.price = math.Round(usual * (0.8 + 0.4*random.Float64()))
			}
			season := 1 + 0.3*math.Sin(2*math.Pi*float64(w)/52)
			mean := s.rate * season * math.Exp(s.beta*math.Log(s.price/usual)) * gamma(random, 4)
			s.past.Cells = append(s.past.Cells, pricing.Cell{Week: w, Price: s.price, Days: 7, Purchases: poisson(random, mean)})
		}
		s.rate *= math.Exp(s.beta * math.Log(s.price/usual)) // at the last price
		all[i] = s
	}
	return all
}

// gamma is gamma distributed with mean 1 and so many degrees, as a sum of exponentials.
func gamma(random *rand.Rand, degrees int) (sum float64) {
	for range degrees {
		sum += random.ExpFloat64() / float64(degrees)
	}
	return sum
}

func poisson(random *rand.Rand, mean float64) (n float64) {
	for t := random.ExpFloat64(); t < mean; t += random.ExpFloat64() {
		n++
	}
	return n
}

// PriceReport is what `floorwalker eval prices` prints.
type PriceReport struct {
	Truth TruthFigures `json:"simulated"`
	Real  *RealFigures `json:"real,omitempty"`
}

// TruthFigures are against the known elasticities.
type TruthFigures struct {
	Seed     uint64 `json:"seed"`
	Products int    `json:"products"`
	// Changed are the products whose price changed; errors are of these, as roots of mean squares: shrunk (Floorwalker), each
	// product by itself, its category's for all, and the prior's mean for all.
	Changed  int     `json:"price_changed"`
	Shrunk   float64 `json:"error_shrunk"`
	Alone    float64 `json:"error_alone"`
	Category float64 `json:"error_category"`
	Prior    float64 `json:"error_prior"`
	// Covered is how often the truth lay in the interval of 90 in 100.
	Covered90 float64 `json:"covered_90"`
	// Proposed is how many prices were proposed, Gained the share that really bring more, and NotEnough of how many products it was
	// not enough to say.
	Proposed  int     `json:"proposed"`
	Gained    float64 `json:"really_gained"`
	NotEnough int     `json:"not_enough_to_say"`
	// Gain is what the proposals really bring, as a share of the contribution of all products; Best what knowing the truth would bring
	// inside the same guard rails, and Foretold what the proposals say that they bring.
	Gain     float64 `json:"gain"`
	Foretold float64 `json:"gain_foretold"`
	Best     float64 `json:"gain_with_the_truth"`
	// GainCovered is how often the real gain lay in the interval of 90 in 100 that the proposal told.
	GainCovered float64 `json:"gain_covered_90"`
}

// Prices measures on the simulated market.
func (t PriceTruth) Prices() TruthFigures {
	market := t.simulate()
	pasts := make([]pricing.Past, len(market))
	for i, s := range market {
		pasts[i] = s.past
	}
	learnt := pricing.Learn(pasts)
	f := TruthFigures{Seed: t.Seed, Products: t.Products}
	now := time.Unix(0, 0).AddDate(1, 0, 0).UTC()
	var shrunk, alone, category, prior, covered, gained, gainCovered []float64
	whole, gain, foretold, best := 0.0, 0.0, 0.0, 0.0
	for i, s := range market {
		a := learnt.Answers[i]
		if a.Prices > 1 {
			f.Changed++
			add := func(to *[]float64, estimate float64) { *to = append(*to, (estimate-s.beta)*(estimate-s.beta)) }
			add(&shrunk, a.Elasticity)
			add(&alone, a.Alone)
			add(&category, learnt.Categories[s.past.Category])
			add(&prior, pricing.PriorMean)
			covered = append(covered, truth(math.Abs(a.Elasticity-s.beta) <= 1.645*a.Deviation))
		}
		contribution := func(price float64) float64 {
			return (price - s.cost) * s.rate * math.Exp(s.beta*math.Log(price/s.price))
		}
		money := func(minor float64) shop.Money { return shop.Money{Minor: int64(minor), Currency: "GBP"} }
		c := pricing.Case{Product: shop.Product{SKU: s.past.SKU, Price: money(s.price), CostMinor: int64(s.cost), Stock: 1000}, Answer: a, Weekly: s.rate, CoverDays: 60, LeadDays: 14, Foretold: true}
		whole += contribution(s.price)
		known := c
		known.Answer = pricing.Answer{Elasticity: s.beta, Deviation: 1e-6, Seen: pricing.Seen{Purchases: 1e6, Prices: 2}}
		if o := pricing.Usual.Propose(known, now); o.Verdict == pricing.Proposed {
			best += contribution(float64(o.Proposed.Minor)) - contribution(s.price)
		}
		p := pricing.Usual.Propose(c, now)
		switch p.Verdict {
		case pricing.Proposed:
			f.Proposed++
			real := contribution(float64(p.Proposed.Minor)) - contribution(s.price)
			gain, foretold = gain+real, foretold+float64(p.Gain.Minor)
			gained = append(gained, truth(real > 0))
			gainCovered = append(gainCovered, truth(real >= float64(p.GainLow.Minor)-1 && real <= float64(p.GainHigh.Minor)+1))
		case pricing.Right, pricing.NoRoom, pricing.TooSoon:
		default:
			f.NotEnough++
		}
	}
	f.Shrunk, f.Alone, f.Category, f.Prior = math.Sqrt(mean(shrunk)), math.Sqrt(mean(alone)), math.Sqrt(mean(category)), math.Sqrt(mean(prior))
	f.Covered90, f.Gained, f.GainCovered = mean(covered), mean(gained), mean(gainCovered)
	f.Gain, f.Foretold, f.Best = gain/whole, foretold/whole, best/whole
	return f
}

func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// RealFigures are of real price changes: how well the purchases of the weeks after the cut are foretold by what was learnt before
// it, with and without answers to prices.
type RealFigures struct {
	Cut      string `json:"cut"`
	Lines    int    `json:"lines"`
	Products int    `json:"products"`
	// Judged have another price after the cut than before it, or several.
	Judged int `json:"judged"`
	// Mean is the shop's elasticity, Within how much products differ.
	Mean           float64 `json:"elasticity"`
	Within         float64 `json:"within"`
	Overdispersion float64 `json:"overdispersion"`
	// Gain is how much more likely what came is, in nats a product (negative binomial, each way with the spread that fitted it best before
	// the cut), than without answers to prices: for Floorwalker, one elasticity for all products, and each product by itself.
	Gain          float64    `json:"gain_nats"`
	GainCI95      [2]float64 `json:"gain_nats_ci95"`
	GainOne       float64    `json:"gain_nats_one_for_all"`
	GainOneCI95   [2]float64 `json:"gain_nats_one_for_all_ci95"`
	GainAlone     float64    `json:"gain_nats_alone"`
	GainAloneCI95 [2]float64 `json:"gain_nats_alone_ci95"`
	// NotEnough is the share of all products of which it would be not enough to say.
	NotEnough float64 `json:"not_enough_to_say"`
}

// RealPrices measures on real invoices. Lines without a customer are left out: this shop's have a price list of their own. The price of
// a day is the median line's, so that a large order at a discount does not pass for a lower price; what counts is how often a product
// was bought, not how many pieces. Each product is its own shop's only category: the invoices know none.
func RealPrices(read SalesRead, cut time.Time, weeks int) (RealFigures, error) {
	f := RealFigures{Cut: cut.Format(time.DateOnly)}
	end := cut.AddDate(0, 0, 7*weeks)
	begin := cut
	for _, l := range read.Lines {
		if l.Time.Before(begin) {
			begin = l.Time
		}
	}
	before := int(cut.Sub(begin).Hours()/24) / 7
	all := medianPriced(read.Lines)
	bySKU := map[string][]shop.Sales{}
	for _, s := range all {
		bySKU[s.SKU] = append(bySKU[s.SKU], s)
		f.Lines += int(s.Purchases)
	}
	var learnt, whole []pricing.Past
	for _, sku := range slices.Sorted(maps.Keys(bySKU)) {
		// Weeks are counted alike: those up to the cut come first in both.
		p := pricing.PastOf(sku, "", "GBP", bySKU[sku], nil, cut, before)
		if len(p.Cells) == 0 {
			continue
		}
		learnt = append(learnt, p)
		whole = append(whole, pricing.PastOf(sku, "", "GBP", bySKU[sku], nil, end, before+weeks))
	}
	if len(learnt) == 0 {
		return f, fmt.Errorf("nothing was bought before %s", f.Cut)
	}
	f.Products = len(learnt)
	market := pricing.Learn(learnt)
	f.Mean, f.Within, f.Overdispersion = market.Mean, market.Within, market.Overdispersion
	ways := []func(a pricing.Answer) float64{func(pricing.Answer) float64 { return 0 }, func(a pricing.Answer) float64 { return a.Elasticity },
		func(pricing.Answer) float64 { return market.Mean }, func(a pricing.Answer) float64 { return a.Alone }}
	likelihoods := make([][]float64, len(ways))
	season := seasonAfter(whole, before, before+weeks)
	for w, way := range ways {
		spread := bestSpread(learnt, market, way)
		for i, p := range whole {
			if answer := market.Answers[i]; changedAfter(p, before) {
				likelihoods[w] = append(likelihoods[w], heldOut(p, before, season, way(answer), spread))
			}
		}
	}
	f.Judged = len(likelihoods[0])
	difference := func(w int) (float64, [2]float64) {
		d := make([]float64, f.Judged)
		for i := range d {
			d[i] = likelihoods[w][i] - likelihoods[0][i]
		}
		return mean(d), interval95(d)
	}
	f.Gain, f.GainCI95 = difference(1)
	f.GainOne, f.GainOneCI95 = difference(2)
	f.GainAlone, f.GainAloneCI95 = difference(3)
	for _, a := range market.Answers {
		f.NotEnough += truth(a.Purchases < pricing.Usual.Purchases || a.Prices < pricing.Usual.Prices) / float64(len(market.Answers))
	}
	return f, nil
}

// medianPriced sums lines with a customer by product and day, at the median line's price.
func medianPriced(lines []SaleLine) []shop.Sales {
	prices := map[string][]int64{}
	key := func(l SaleLine) string { return l.SKU + l.Time.Format(time.DateOnly) }
	named := func(l SaleLine) bool { return l.Customer != "" }
	for _, l := range lines {
		if named(l) {
			prices[key(l)] = append(prices[key(l)], l.Price)
		}
	}
	all := daily(lines, named)
	for i := range all {
		s := &all[i]
		of := prices[s.SKU+s.Day.Format(time.DateOnly)]
		slices.Sort(of)
		s.Revenue.Minor, s.Priced = of[len(of)/2], 1
	}
	return all
}

// changedAfter is true for a product whose price after the cut is another than one before it, by three in a hundred.
func changedAfter(p pricing.Past, before int) bool {
	last := 0.0
	for _, c := range p.Cells {
		if c.Week < before {
			last = c.Price
		} else if last > 0 && math.Abs(math.Log(c.Price/last)) > 0.03 {
			return true
		}
	}
	return false
}

// seasonAfter is each week's purchases of all products, beside the mean of the last block before the cut. All ways are given the same.
func seasonAfter(whole []pricing.Past, before, weeks int) []float64 {
	season := make([]float64, weeks)
	level := 0.0
	for _, p := range whole {
		for _, c := range p.Cells {
			season[c.Week] += c.Purchases
			if c.Week >= before-levelWeeks && c.Week < before {
				level += c.Purchases / levelWeeks
			}
		}
	}
	for w := range season {
		season[w] /= max(level, 1)
	}
	return season
}

// levelWeeks are the weeks before the cut that a product's level is taken from.
const levelWeeks = 13

// heldOut is the log-likelihood of a product's purchases after the cut, by its level in the weeks before it.
func heldOut(p pricing.Past, before int, season []float64, beta, spread float64) float64 {
	n, due := 0.5, 0.5
	last := p.Cells[len(p.Cells)-1].Price
	weight := func(c pricing.Cell) float64 {
		return c.Days / 7 * season[c.Week] * math.Exp(beta*math.Log(c.Price/last))
	}
	for _, c := range p.Cells {
		if c.Week >= before-levelWeeks && c.Week < before {
			n, due = n+c.Purchases, due+weight(c)
		}
	}
	sum := 0.0
	for _, c := range p.Cells {
		if c.Week >= before {
			sum += negativeBinomial(c.Purchases, n/due*weight(c), spread)
		}
	}
	return sum
}

// negativeBinomial is the log of how likely n is at a mean, with a variance of mean + spread · mean².
func negativeBinomial(n, mean, spread float64) float64 {
	mean = max(mean, 1e-6)
	r := 1 / spread
	a, _ := math.Lgamma(n + r)
	b, _ := math.Lgamma(r)
	c, _ := math.Lgamma(n + 1)
	return a - b - c + r*math.Log(r/(r+mean)) + n*math.Log(mean/(r+mean))
}

// bestSpread is the spread with which a way foretells the last weeks before the cut best from those before them.
func bestSpread(learnt []pricing.Past, market pricing.Market, way func(pricing.Answer) float64) float64 {
	const held = 6
	before := 0
	for _, p := range learnt {
		for _, c := range p.Cells {
			before = max(before, c.Week+1)
		}
	}
	before -= held
	season := seasonAfter(learnt, before, before+held)
	type tried struct{ spread, sum float64 }
	var all []tried
	for _, spread := range []float64{0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2} {
		t := tried{spread: spread}
		for i, p := range learnt {
			t.sum += heldOut(p, before, season, way(market.Answers[i]), spread)
		}
		all = append(all, t)
	}
	return slices.MaxFunc(all, func(a, b tried) int { return cmp.Compare(a.sum, b.sum) }).spread
}
