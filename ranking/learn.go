package ranking

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Lesson is one list that was shown, in the order of its places, with what the customer took up.
type Lesson struct {
	// Features are those of shop.Candidate, one row a product.
	Features [][]float64
	// Taken says of each product whether the customer took it up: clicked it, bought it.
	Taken []bool
}

// Learnt is what lessons have taught.
type Learnt struct {
	Weights Weights
	// Seen is how likely each place is to be looked at, that of the first place being 1.
	Seen []float64
	// Lists and Taken are how many lists, and products taken up, were learnt from.
	Lists, Taken int

	serving, learnt clicks
}

// ErrNothingLearnt says that lessons do not tell how to rank.
var ErrNothingLearnt = errors.New("nothing to learn from")

const (
	// leastTaken is under how many products taken up nothing is learnt.
	leastTaken = 50
	// believed is how strongly the weights that serve are held to, as information (inverse variance).
	believed = 20.0
	// roundsBefore and rounds are how often is estimated what the weights that serve, and others, would have moved. A round of
	// the first is cheap, and places and products come apart slowly.
	roundsBefore, rounds = 300, 100
	// mostMoved is by how much one lesson may change a feature's share of the relevance: the floor was chosen for the shares
	// that serve, and a log that is wrong must not turn the shop around at once.
	mostMoved = 0.1
	// mostBusiness keeps a feature of business smaller than what separates a product that fits from one that doesn't.
	mostBusiness = 0.1
	// leastSeen keeps a place that nobody clicked from being one that nobody looks at.
	leastSeen = 0.01
)

// relevant are the features that make up the relevance, and learnable all whose weight customers can teach. What a shop
// earns by a product and what it has in stock are its own concern: their weights stay.
var (
	relevant  = []int{semanticFeature, wordsFeature, kindFeature, crossFeature}
	learnable = append(slices.Clone(relevant), textFeature, ratingFeature, freshnessFeature, deliveryFeature, personalFeature)
)

// Learn finds the weights by which products would have been taken up as they were. A product is taken up when it is
// seen, which depends on its place alone, and fits, which depends on its score; both are estimated together by
// regression-based expectation maximisation (Wang, Golbandi, Bendersky, Metzler and Najork: Position Bias Estimation for
// Unbiased Learning to Rank in Personal Search, WSDM 2018). So a product is not held to be better because the ranker
// has put it first. The weights that serve are the prior: few lessons change little.
func Learn(lessons []Lesson, serving Weights) (Learnt, error) {
	e := &estimate{prior: serving.linear(), value: serving.linear(), slope: 5, bias: -1}
	e.read(lessons)
	if e.taken < leastTaken {
		return Learnt{}, fmt.Errorf("%w: %d products were taken up, %d are needed", ErrNothingLearnt, e.taken, leastTaken)
	}
	for range roundsBefore { // how steeply the score that serves moves people
		e.expect()
		e.climb(false)
	}
	for i := range e.prior {
		e.prior[i] *= e.slope
		e.value[i] = e.prior[i]
	}
	e.slope = 1
	l := Learnt{Lists: e.lists, Taken: e.taken, serving: e.clicks(e.prior)}
	for range rounds { // what would have moved them more
		e.expect()
		e.climb(true)
	}
	var err error
	if l.Weights, err = serving.withLinear(e.value); err != nil {
		return Learnt{}, err
	}
	scale := 0.0
	for _, i := range relevant {
		scale += e.value[i]
	}
	value := l.Weights.linear()
	for i := range value {
		value[i] *= scale
	}
	l.Seen, l.learnt = e.seen, e.clicks(value)
	return l, nil
}

// linear are what the features count in the score, in the order of FeatureNames; the relevance, a sum of others, counts 0.
func (w Weights) linear() []float64 {
	all := make([]float64, features)
	rest := (1 - w.Cross) / (w.Semantic + w.Words + w.Kind)
	all[semanticFeature], all[wordsFeature], all[kindFeature], all[crossFeature] = rest*w.Semantic, rest*w.Words, rest*w.Kind, w.Cross
	all[textFeature], all[ratingFeature], all[stockFeature] = w.Text, w.Rating, w.InStock
	all[marginFeature], all[freshnessFeature], all[deliveryFeature] = w.Margin, w.Freshness, w.Delivery
	all[personalFeature] = w.Personal
	return all
}

// Learnable are the weights that Learn may change, by name.
func (w Weights) Learnable() map[string]float64 {
	return map[string]float64{"semantic": w.Semantic, "words": w.Words, "kind": w.Kind, "cross": w.Cross, "text": w.Text, "rating": w.Rating,
		"freshness": w.Freshness, "delivery": w.Delivery, "personal": w.Personal}
}

// withLinear are the weights of which linear gives the value, up to its scale, but for what is not learnable.
func (w Weights) withLinear(value []float64) (Weights, error) {
	scale := 0.0
	for _, i := range relevant {
		scale += value[i]
	}
	if rest := scale - value[crossFeature]; !(rest > 0) {
		return w, fmt.Errorf("%w: what was taken up has nothing to do with what was asked for", ErrNothingLearnt)
	}
	before := w.linear()
	share := make([]float64, len(value))
	whole := 0.0
	for _, i := range relevant {
		share[i] = min(max(value[i]/scale, before[i]-mostMoved), before[i]+mostMoved)
		whole += share[i]
	}
	w.Cross = share[crossFeature] / whole
	rest := whole - share[crossFeature] // above 0: of features that count, some can't have moved to 0 at once
	w.Semantic, w.Words, w.Kind = share[semanticFeature]/rest, share[wordsFeature]/rest, share[kindFeature]/rest
	business := func(i int) float64 { return min(value[i]/scale, mostBusiness) }
	w.Text, w.Rating, w.Freshness, w.Delivery = business(textFeature), business(ratingFeature), business(freshnessFeature), business(deliveryFeature)
	w.Personal = business(personalFeature)
	return w, nil
}

// estimate is a state of the estimation. The logit of fitting is slope x (value . features) + bias.
type estimate struct {
	rows  [][]float64
	place []int
	took  []bool
	// fits is the probability that each product fits, given what is known of it; logit is by the present value.
	fits, logit  []float64
	lists, taken int

	prior, value []float64
	slope, bias  float64
	// seen is by place, from 0.
	seen []float64
}

// clicks is the model with the value, at the present state.
func (e *estimate) clicks(value []float64) clicks {
	return clicks{slices.Clone(value), e.bias, slices.Clone(e.seen)}
}

// read takes in the products whose features are known.
func (e *estimate) read(lessons []Lesson) {
	for _, l := range lessons {
		e.lists++
		for i, row := range l.Features {
			if row = whole(row); row == nil {
				continue
			}
			for len(e.seen) <= i {
				e.seen = append(e.seen, 1/float64(len(e.seen)+1))
			}
			e.rows, e.place, e.took = append(e.rows, filled(row, e.prior)), append(e.place, i), append(e.took, l.Taken[i])
			if l.Taken[i] {
				e.taken++
			}
		}
	}
	e.fits, e.logit = make([]float64, len(e.rows)), make([]float64, len(e.rows))
}

// whole is a row with all features; nil where it has too few. Lists from before a customer's liking was a feature lack that
// alone.
func whole(row []float64) []float64 {
	switch len(row) {
	case features:
		return row
	case personalFeature:
		return append(slices.Clone(row), 0)
	}
	return nil
}

// filled puts in place of what is not known what the others say, which is what the blend does when it shares a weight.
func filled(row, weights []float64) []float64 {
	out := slices.Clone(row)
	mean := func(of []int) float64 {
		var sum, whole float64
		for _, i := range of {
			if !math.IsNaN(row[i]) {
				sum, whole = sum+weights[i]*row[i], whole+weights[i]
			}
		}
		if whole == 0 {
			return 0
		}
		return sum / whole
	}
	apart := mean(relevant[:3])
	for i, v := range out {
		if !math.IsNaN(v) {
			continue
		}
		if out[i] = apart; !slices.Contains(relevant, i) {
			out[i] = 0
		}
	}
	return out
}

// expect says how likely each product fits, and each place was seen, given what was taken up.
func (e *estimate) expect() {
	looked, shown := make([]float64, len(e.seen)), make([]float64, len(e.seen))
	for n, row := range e.rows {
		e.logit[n] = e.slope*dotOf(e.value, row) + e.bias
		fits, seen, k := sigmoid(e.logit[n]), e.seen[e.place[n]], e.place[n]
		shown[k]++
		if e.took[n] {
			e.fits[n] = 1
			looked[k]++
			continue
		}
		not := 1 - seen*fits
		e.fits[n] = fits * (1 - seen) / max(not, 1e-9)
		looked[k] += seen * (1 - fits) / max(not, 1e-9)
	}
	for k := range e.seen {
		if shown[k] > 0 {
			e.seen[k] = looked[k] / shown[k]
		}
	}
	first := max(e.seen[0], leastSeen)
	for k := range e.seen { // only their proportions can be known
		e.seen[k] = min(max(e.seen[k]/first, leastSeen), 1)
	}
}

// climb improves the logits towards what is expected: each weight, or the slope alone, and the bias, in turn by a step of
// Newton's. Weights don't fall below 0.
func (e *estimate) climb(each bool) {
	step := func(x func(row []float64) float64, strength, away float64) float64 {
		gradient, curve := strength*away, strength
		for n, row := range e.rows {
			p, v := sigmoid(e.logit[n]), x(row)
			gradient += (p - e.fits[n]) * v
			curve += p * (1 - p) * v * v
		}
		return -gradient / max(curve, 1e-9)
	}
	move := func(by float64, x func(row []float64) float64) {
		for n, row := range e.rows {
			e.logit[n] += by * x(row)
		}
	}
	one := func([]float64) float64 { return 1 }
	by := step(one, 0, 0)
	e.bias += by
	move(by, one)
	if !each {
		score := func(row []float64) float64 { return dotOf(e.value, row) }
		by := max(step(score, 1e-3, e.slope), 0.1-e.slope) // a score that people follow at all
		e.slope += by
		move(by, score)
		return
	}
	for _, i := range learnable {
		feature := func(row []float64) float64 { return row[i] }
		by := max(step(feature, believed, e.value[i]-e.prior[i]), -e.value[i])
		e.value[i] += by
		move(by, feature)
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func dotOf(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// clicks is a model of what is taken up: a product that is seen and fits.
type clicks struct {
	value []float64
	bias  float64
	seen  []float64
}

// perplexity is how surprised a model is by what was taken up: 1 would be never, 2 as by the toss of a coin.
func (c clicks) perplexity(lessons []Lesson) float64 {
	var surprise float64
	products := 0
	for _, l := range lessons {
		for i, row := range l.Features {
			if row = whole(row); row == nil || i >= len(c.seen) {
				continue
			}
			p := c.seen[i] * sigmoid(dotOf(c.value, filled(row, c.value))+c.bias)
			if !l.Taken[i] {
				p = 1 - p
			}
			surprise -= math.Log2(max(p, 1e-9))
			products++
		}
	}
	return math.Exp2(surprise / float64(max(products, 1)))
}

// Perplexity is how surprising it is what was taken up of lists that were not learnt from, if the weights that serve were
// right, and if those that were learnt are.
func (l Learnt) Perplexity(lessons []Lesson) (serving, learnt float64) {
	return l.serving.perplexity(lessons), l.learnt.perplexity(lessons)
}
