package behaviour

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Deed is a piece of evidence of taste: a client took up a product.
type Deed struct {
	// Client is who did it; a purchase of nobody known has its basket's name here, so that it still says what goes
	// with what.
	Client string
	// Basket groups what was done together: an invoice, an order, a session.
	Basket string
	SKU    string
	Time   time.Time
	// Weight is how much it says, 1 for a purchase.
	Weight float64
}

// Scored is a product with a figure to order by, higher first.
type Scored struct {
	SKU   string
	Score float64
}

// Lore is what was learnt from all clients together.
type Lore struct {
	// Neighbours are what goes with a product, best first.
	Neighbours map[string][]Scored
	// Popular are the products of which nobody's history needs to be known, best first.
	Popular []Scored
}

// The figures below were chosen on a month of purchases before the one that docs/behaviour.md reports.
const (
	// trendHalfLife is after how long a deed says half as much of what is liked now, pairHalfLife of what goes together.
	trendHalfLife = 14 * 24 * time.Hour
	pairHalfLife  = 180 * 24 * time.Hour
	// mostOfClient caps what one client adds to a product or a pair, in deeds: who clicks a thousand times, or a
	// program that does, counts as little more than one who buys once.
	mostOfClient = 2.0
	// significance is how many clients must have taken a pair up before half of its similarity is believed.
	significance = 10.0
	// mostNeighbours and mostPopular bound what is kept.
	mostNeighbours = 100
	mostPopular    = 500
	// longestBasket is the size above which a basket says nothing of pairs: nobody chose so many things together.
	longestBasket = 400
	// basketDecay is how much an earlier basket counts of the next later one, in a client's own taste.
	basketDecay = 0.9
	// pairShare and trendShare are how much neighbours and popularity count beside the client's own habit.
	pairShare  = 0.6
	trendShare = 0.3
)

func decay(age, halfLife time.Duration) float64 {
	return math.Exp2(-max(age.Hours(), 0) / halfLife.Hours())
}

// Learn finds what goes with what, and what is liked, in the deeds of all clients before now.
//
// Pairs are counted over baskets, less for long baskets and old ones, capped by client; the cosine of the counts is
// shrunk by the number of clients behind a pair, since two who agree may do so by chance. What is liked is a product's
// share of the latest baskets, by its lower confidence bound (Wilson, 90 %): where little was sold, popularity proves
// little beside a client's own taste.
func Learn(deeds []Deed, now time.Time) Lore {
	t := tally(deeds, now)
	return Lore{Neighbours: t.neighbours(now), Popular: t.popular(now)}
}

// basket is what one client did together, each product once.
type basket struct {
	client  int
	time    time.Time
	items   []int
	weights []float64
}

// counts are the deeds by index instead of by name.
type counts struct {
	skus    []string
	baskets []basket
	// of are the baskets that hold an item, in the clients' order.
	of      [][]int
	clients int
}

func tally(deeds []Deed, now time.Time) *counts {
	c := &counts{}
	skus, clients, index := map[string]int{}, map[string]int{}, map[[2]string]int{}
	for _, d := range deeds {
		if d.Time.After(now) || d.Weight <= 0 {
			continue
		}
		sku, ok := skus[d.SKU]
		if !ok {
			sku = len(skus)
			skus[d.SKU], c.skus = sku, append(c.skus, d.SKU)
		}
		client, ok := clients[d.Client]
		if !ok {
			client = len(clients)
			clients[d.Client] = client
		}
		key := [2]string{d.Client, d.Basket}
		at, ok := index[key]
		if !ok {
			at = len(c.baskets)
			index[key], c.baskets = at, append(c.baskets, basket{client: client, time: d.Time})
		}
		b := &c.baskets[at]
		if i := slices.Index(b.items, sku); i >= 0 {
			b.weights[i] = max(b.weights[i], d.Weight)
			continue
		}
		b.items, b.weights = append(b.items, sku), append(b.weights, d.Weight)
	}
	c.clients = len(clients)
	slices.SortStableFunc(c.baskets, func(a, b basket) int { return cmp.Compare(a.client, b.client) })
	c.of = make([][]int, len(c.skus))
	for n, b := range c.baskets {
		for _, i := range b.items {
			c.of[i] = append(c.of[i], n)
		}
	}
	return c
}

// row sums up in how many baskets the others stood beside item i, into sum and clients, and names those touched. An item's
// own entry is its norm.
func (c *counts) row(i int, now time.Time, sum, clients []float64) (touched []int) {
	mine, inMine := map[int]float64{}, -1
	flush := func() {
		for j, w := range mine {
			if sum[j] == 0 {
				touched = append(touched, j)
			}
			sum[j] += min(w, mostOfClient)
			clients[j]++
		}
		clear(mine)
	}
	for _, n := range c.of[i] {
		b := c.baskets[n]
		if len(b.items) > longestBasket {
			continue
		}
		if b.client != inMine {
			flush()
			inMine = b.client
		}
		w := decay(now.Sub(b.time), pairHalfLife) / math.Log2(2+float64(len(b.items)))
		wi := b.weights[slices.Index(b.items, i)]
		for k, j := range b.items {
			mine[j] += w * min(wi, b.weights[k])
		}
	}
	flush()
	return touched
}

func (c *counts) neighbours(now time.Time) map[string][]Scored {
	sum, clients := make([]float64, len(c.skus)), make([]float64, len(c.skus))
	norm := make([]float64, len(c.skus))
	type pair struct {
		other        int
		sum, clients float64
	}
	rows := make([][]pair, len(c.skus))
	for i := range c.skus {
		touched := c.row(i, now, sum, clients)
		for _, j := range touched {
			if j == i {
				norm[i] = sum[j]
			} else if clients[j] > 1 {
				rows[i] = append(rows[i], pair{j, sum[j], clients[j]})
			}
			sum[j], clients[j] = 0, 0
		}
	}
	all := make(map[string][]Scored, len(c.skus))
	for i, row := range rows {
		found := make([]Scored, 0, len(row))
		for _, p := range row {
			cosine := p.sum / math.Sqrt(norm[i]*norm[p.other])
			found = append(found, Scored{c.skus[p.other], cosine * p.clients / (p.clients + significance)})
		}
		sortScored(found)
		if found = found[:min(len(found), mostNeighbours)]; len(found) > 0 {
			all[c.skus[i]] = slices.Clone(found)
		}
	}
	return all
}

// popular is the lower bound of each item's share of the baskets, the latest counting most.
func (c *counts) popular(now time.Time) []Scored {
	trials := 0.0
	for _, b := range c.baskets {
		trials += decay(now.Sub(b.time), trendHalfLife)
	}
	found := make([]Scored, 0, len(c.skus))
	for i, baskets := range c.of {
		taken, mine, inMine := 0.0, 0.0, -1
		for _, n := range baskets {
			b := c.baskets[n]
			if b.client != inMine {
				taken, mine, inMine = taken+min(mine, mostOfClient), 0, b.client
			}
			mine += decay(now.Sub(b.time), trendHalfLife) * b.weights[slices.Index(b.items, i)]
		}
		taken += min(mine, mostOfClient)
		found = append(found, Scored{c.skus[i], lowerBound(taken, trials)})
	}
	sortScored(found)
	return slices.Clone(found[:min(len(found), mostPopular)])
}

// lowerBound is Wilson's lower bound, at 90 %, of a share of which taken in trials were seen.
func lowerBound(taken, trials float64) float64 {
	if trials <= 0 {
		return 0
	}
	const z = 1.2816
	p := min(taken/trials, 1)
	centre := p + z*z/(2*trials)
	spread := z * math.Sqrt(p*(1-p)/trials+z*z/(4*trials*trials))
	return max(0, (centre-spread)/(1+z*z/trials))
}

func sortScored(found []Scored) {
	slices.SortFunc(found, func(a, b Scored) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.SKU, b.SKU)) })
}

// habit is how much of a client's baskets each product was in, the latest counting most: the recency-aware frequency of
// UP-CF (Faggioli et al., 2020) and TIFU-kNN (Hu et al., 2020).
func habit(history []Deed) map[string]float64 {
	latest := map[string]time.Time{}
	for _, d := range history {
		if at, ok := latest[d.Basket]; !ok || d.Time.After(at) {
			latest[d.Basket] = d.Time
		}
	}
	baskets := make([]string, 0, len(latest))
	for b := range latest {
		baskets = append(baskets, b)
	}
	slices.SortFunc(baskets, func(a, b string) int { return cmp.Or(latest[b].Compare(latest[a]), cmp.Compare(a, b)) })
	share, sum, w := map[string]float64{}, 0.0, 1.0
	for _, b := range baskets {
		share[b] = w
		sum += w
		w *= basketDecay
	}
	best := map[[2]string]float64{}
	for _, d := range history {
		key := [2]string{d.Basket, d.SKU}
		best[key] = max(best[key], d.Weight)
	}
	taste := map[string]float64{}
	for key, weight := range best {
		taste[key[1]] += share[key[0]] / sum * weight
	}
	return taste
}

// Recommend orders what a client of this history may want next, best first: what the client takes again and again, what
// goes with it, and what is liked by all. Without a history it is what is liked.
func (l Lore) Recommend(history []Deed) []Scored {
	parts := l.parts(history)
	found := make([]Scored, 0, len(parts))
	for sku, p := range parts {
		found = append(found, Scored{sku, p.score()})
	}
	sortScored(found)
	return found
}

// parts are what speaks for a product: the client's habit, what goes with it, and what is liked by all.
type parts struct{ habit, goesWith, liked float64 }

func (p parts) score() float64 { return p.habit + pairShare*p.goesWith + trendShare*p.liked }

func (l Lore) parts(history []Deed) map[string]parts {
	taste := habit(history)
	all := map[string]parts{}
	var sum float64
	for _, w := range taste {
		sum += w
	}
	for sku, w := range taste {
		p := all[sku]
		p.habit = w
		all[sku] = p
		for _, n := range l.Neighbours[sku] {
			p := all[n.SKU]
			p.goesWith += w * n.Score / math.Sqrt(max(sum, 1))
			all[n.SKU] = p
		}
	}
	for _, s := range l.Popular {
		p := all[s.SKU]
		p.liked = s.Score
		all[s.SKU] = p
	}
	return all
}
