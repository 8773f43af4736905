package pricing

import (
	"math"
)

// Answer is how often a product is bought as its price changes: by a hundredth of Elasticity for one in a hundred. It is known up
// to a standard deviation of Deviation.
type Answer struct {
	SKU                   string
	Elasticity, Deviation float64
	// Own is how much of it the product's own past says, from 0 (all of it is its category's) to 1; Alone is what it says by itself, and
	// the category's where it says nothing.
	Own, Alone float64
	Seen
}

// Market is how a shop's products answer to their prices.
type Market struct {
	Answers []Answer
	// Mean is the shop's elasticity, Categories those of categories; Within is how much products of one category differ, Between how
	// much categories do, as standard deviations.
	Mean            float64
	Categories      map[string]float64
	Within, Between float64
	// Season is the demand of each week beside the mean, by the number of the week.
	Season []float64
	// Overdispersion is how many times as much as chance alone purchases scatter.
	Overdispersion float64

	products   []*product
	categories []*category
}

// What is believed before anything is seen: elasticities of consumer goods have a mean of -2.6 and a median of -2.2 over 1,851
// studies (Bijmolt, van Heerde and Pieters 2005). It counts as much as few products do.
const (
	PriorMean      = -2.2
	priorDeviation = 2.0
	priorSpread    = 0.5
	priorProducts  = 4.0
)

// block is how many weeks are compared with each other: what makes a product's demand drift over longer does not pass for its
// price.
const block = 13

// stratum are cells of one product and one block.
type stratum struct {
	x, base, n []float64 // log price, days × season, purchases
	total      float64
}

type product struct {
	past   *Past
	strata []stratum
	beta   float64
	// scatter is how many times as much as chance its purchases scatter.
	scatter       float64
	variance, own float64
	category      *category
}

type category struct {
	name           string
	mean, variance float64
	members        []*product
}

// Learn learns the elasticities of products together. Given how often a product was bought in a quarter, in which of its weeks is
// a question of days, season and price: purchases are Poisson with a logarithm that is linear in that of the price (scattering
// more than that counts less), conditioned on each quarter's sum. Elasticities are normal around their category's, categories' around
// the shop's; both spreads are learnt from the products themselves (empirical Bayes, by EM with Laplace's approximation).
func Learn(pasts []Past) Market {
	const rounds, steps = 3, 40
	m := Market{Mean: PriorMean, Categories: map[string]float64{}, Within: priorSpread, Between: priorSpread, Overdispersion: 1}
	byName := map[string]*category{}
	for i := range pasts {
		c := byName[pasts[i].Category]
		if c == nil {
			c = &category{name: pasts[i].Category, mean: m.Mean}
			byName[c.name], m.categories = c, append(m.categories, c)
		}
		p := &product{past: &pasts[i], scatter: 1, category: c, beta: m.Mean}
		c.members = append(c.members, p)
		m.products = append(m.products, p)
	}
	for range rounds {
		m.season()
		for _, p := range m.products {
			p.stratify(m.Season)
		}
		m.scatter()
		for range steps {
			m.step()
		}
	}
	for _, c := range m.categories {
		m.Categories[c.name] = c.mean
	}
	for _, p := range m.products {
		if len(p.strata) == 0 {
			p.beta, p.variance = p.category.mean, m.Within*m.Within
		}
		// What is not known of the category is not known of the product, as far as it is taken from there.
		borrowed := (1 / (m.Within * m.Within)) * p.variance
		deviation := math.Sqrt(p.variance + borrowed*borrowed*p.category.variance)
		m.Answers = append(m.Answers, Answer{SKU: p.past.SKU, Elasticity: p.beta, Deviation: deviation, Own: p.own, Alone: p.alone(), Seen: p.past.Seen()})
	}
	return m
}

// season fits each week's demand over all products, beside each product's own level (iterative proportional fitting), at what
// their prices do to it.
func (m *Market) season() {
	weeks := 0
	for _, p := range m.products {
		for _, c := range p.past.Cells {
			weeks = max(weeks, c.Week+1)
		}
	}
	season := make([]float64, weeks)
	for w := range season {
		season[w] = 1
	}
	const rounds, prior = 10, 1.0
	for range rounds {
		bought, due := make([]float64, weeks), make([]float64, weeks)
		for _, p := range m.products {
			n, base := 0.0, 0.0
			for _, c := range p.past.Cells {
				n += c.Purchases
				base += p.weight(c) * season[c.Week]
			}
			if base <= 0 {
				continue
			}
			for _, c := range p.past.Cells {
				bought[c.Week] += c.Purchases
				due[c.Week] += p.weight(c) * n / base
			}
		}
		for w := range season {
			season[w] = (bought[w] + prior) / (due[w] + prior)
		}
	}
	m.Season = season
}

// weight is what days and price make of a cell.
func (p *product) weight(c Cell) float64 {
	return c.Days * math.Exp(p.beta*math.Log(c.Price/p.past.Cells[len(p.past.Cells)-1].Price))
}

// stratify makes strata of the cells, of which those with one price say nothing.
func (p *product) stratify(season []float64) {
	p.strata = p.strata[:0]
	var s stratum
	at := -1
	close := func() {
		lowest, highest := math.Inf(1), math.Inf(-1)
		for _, x := range s.x {
			lowest, highest = min(lowest, x), max(highest, x)
		}
		if s.total > 0 && highest-lowest > 0.005 {
			p.strata = append(p.strata, s)
		}
		s = stratum{}
	}
	for _, c := range p.past.Cells {
		if b := c.Week / block; b != at {
			close()
			at = b
		}
		s.x, s.base, s.n = append(s.x, math.Log(c.Price)), append(s.base, c.Days*season[c.Week]), append(s.n, c.Purchases)
		s.total += c.Purchases
	}
	close()
}

// alone is the elasticity that fits the product's own past best, inside of what any has.
func (p *product) alone() float64 {
	const most = 10.0
	beta := p.beta
	for range 50 {
		score, info := p.slope(beta)
		if info < 1e-9 {
			break
		}
		beta = max(-most, min(most, beta+max(-1, min(1, score/info))))
	}
	return beta
}

// expected are the shares of a stratum's purchases at an elasticity.
func (s stratum) expected(beta float64, shares []float64) []float64 {
	shares = shares[:0]
	sum := 0.0
	for j, x := range s.x {
		w := s.base[j] * math.Exp(beta*(x-s.x[0]))
		shares = append(shares, w)
		sum += w
	}
	for j := range shares {
		shares[j] /= sum
	}
	return shares
}

// slope is the score and the information of the product's purchases at an elasticity.
func (p *product) slope(beta float64) (score, info float64) {
	var shares []float64
	for _, s := range p.strata {
		shares = s.expected(beta, shares)
		mean, square := 0.0, 0.0
		for j, share := range shares {
			mean += share * s.x[j]
			square += share * s.x[j] * s.x[j]
		}
		for j, n := range s.n {
			score += n * (s.x[j] - mean)
		}
		info += s.total * max(square-mean*mean, 0)
	}
	return score / p.scatter, info / p.scatter
}

// scatter learns how much more than by chance purchases scatter, of each product and drawn towards what all do.
func (m *Market) scatter() {
	const prior = 20 // cells
	var pearson, free []float64
	all, allFree := 0.0, 0.0
	var shares []float64
	for _, p := range m.products {
		of, n := 0.0, 0.0
		for _, s := range p.strata {
			shares = s.expected(p.beta, shares)
			for j, share := range shares {
				due := s.total * share
				of += (s.n[j] - due) * (s.n[j] - due) / max(due, 1e-9)
			}
			n += float64(len(shares) - 1)
		}
		pearson, free = append(pearson, of), append(free, n)
		all, allFree = all+of, allFree+n
	}
	m.Overdispersion = max(1, all/max(allFree, 1))
	for i, p := range m.products {
		p.scatter = max(1, (pearson[i]+prior*m.Overdispersion)/(free[i]+prior))
	}
}

// telling is how much of a product's elasticity its own past must say for it to say how much products differ: of one that is nearly
// its category's, what is not known would pass for a difference.
const telling = 0.3

// step moves products, categories and the shop once.
func (m *Market) step() {
	within, between := m.Within*m.Within, m.Between*m.Between
	prior := priorSpread * priorSpread
	squares, n := priorProducts*prior, priorProducts
	categorySquares, categoryN := priorProducts*prior, priorProducts
	sum, weight := PriorMean/(priorDeviation*priorDeviation), 1/(priorDeviation*priorDeviation)
	for _, c := range m.categories {
		seen, precision := 0.0, 0.0
		for _, p := range c.members {
			if len(p.strata) == 0 {
				p.beta, p.variance, p.own = c.mean, within, 0
				continue
			}
			score, info := p.slope(p.beta)
			p.variance = 1 / (info + 1/within)
			// As if the past had told an elasticity of its own, exact up to its information.
			if info > 1e-9 {
				told, w := p.beta+max(-2, min(2, score/info)), 1/(within+1/info)
				seen, precision = seen+w*told, precision+w
			}
			move := (score - (p.beta-c.mean)/within) * p.variance
			p.beta += max(-0.5, min(0.5, move))
			if p.own = info * p.variance; p.own > telling {
				squares, n = squares+(p.beta-c.mean)*(p.beta-c.mean)+p.variance, n+1
			}
		}
		c.variance = 1 / (precision + 1/between)
		c.mean = (seen + m.Mean/between) * c.variance
		if precision > 0 {
			w := 1 / (between + 1/precision)
			sum, weight = sum+w*seen/precision, weight+w
			categorySquares, categoryN = categorySquares+(c.mean-m.Mean)*(c.mean-m.Mean)+c.variance, categoryN+1
		}
	}
	m.Mean = sum / weight
	m.Within, m.Between = math.Sqrt(squares/n), math.Sqrt(categorySquares/categoryN)
}
