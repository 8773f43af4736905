package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// The size of the world.
const (
	clusters = 8
	products = 240
	places   = 8
	// reach is among how many products, from the last place on, the last place is drawn.
	reach = 20
	// seenAs is how often a customer's cluster is seen for what it is.
	seenAs = 0.85
)

// world is a shop whose truth is known: customers of taste clusters whose shares drift, products whose quality drifts, and
// places that are looked at less the further down they are.
type world struct {
	random *rand.Rand
	// before and after are each product's quality at the first and the last session.
	before, after [products]float64
	home          [products]int
	examined      [places]float64
}

func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 8))}
	for p := range products {
		w.home[p] = p % clusters
		w.before[p] = w.quality()
		w.after[p] = w.before[p]
		if p%2 == 0 {
			w.after[p] = w.quality()
		}
	}
	for k := range places {
		w.examined[k] = math.Pow(float64(k+1), -0.7)
	}
	return w
}

// quality is skewed: few products are very good.
func (w *world) quality() float64 { return 0.02 + 0.5*math.Pow(w.random.Float64(), 3) }

// attracts is how likely a customer of the cluster clicks the product that he looks at, at a time from 0 to 1.
func (w *world) attracts(cluster, product int, time float64) float64 {
	q := w.before[product] + time*(w.after[product]-w.before[product])
	if w.home[product] != cluster {
		q *= 0.15
	}
	return q
}

// visitor draws a customer's cluster, and what it is taken for. The first clusters are the largest at first, the last ones
// at the end.
func (w *world) visitor(time float64) (cluster, seen int) {
	at, sum := w.random.Float64(), 0.0
	share := func(c int) float64 {
		return ((1-time)*float64(clusters-c) + time*float64(c+1)) / (clusters * (clusters + 1) / 2)
	}
	for c := range clusters {
		if sum += share(c); at < sum || c == clusters-1 {
			cluster = c
			break
		}
	}
	if seen = cluster; w.random.Float64() > seenAs {
		seen = w.random.IntN(clusters)
	}
	return cluster, seen
}

// session is one list that was shown, and what was clicked.
type session struct {
	time          float64
	cluster, seen int
	// shown are the products by place; candidates those of which the last place was drawn, with the chance of each.
	shown      [places]int
	clicked    [places]bool
	candidates [reach]int
	chances    [reach]float64
	// drawn is which of the candidates it was.
	drawn int
}

// log is n sessions under a ranker that knows the products' quality with noise and the cluster as it is seen, and that draws
// its last place, the better ones more often.
func (w *world) log(n int) []session {
	var guess [products]float64
	for p := range products {
		guess[p] = w.before[p] * math.Exp(0.5*w.random.NormFloat64())
	}
	all := make([]session, n)
	for i := range all {
		s := &all[i]
		s.time = float64(i) / float64(n)
		s.cluster, s.seen = w.visitor(s.time)
		order := make([]int, products)
		var score [products]float64
		for p := range products {
			order[p] = p
			score[p] = guess[p] * math.Exp(0.4*w.random.NormFloat64())
			if w.home[p] != s.seen {
				score[p] *= 0.15
			}
		}
		slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, score[b]-score[a])) })
		copy(s.shown[:], order[:places])
		sum := 0.0
		for k := range reach {
			s.candidates[k] = order[places-1+k]
			s.chances[k] = math.Sqrt(score[s.candidates[k]]) + 0.02
			sum += s.chances[k]
		}
		at := w.random.Float64()
		s.drawn = reach - 1
		for k := range reach {
			s.chances[k] /= sum
		}
		for k := range reach {
			if at -= s.chances[k]; at < 0 {
				s.drawn = k
				break
			}
		}
		s.shown[places-1] = s.candidates[s.drawn]
		for k, p := range s.shown {
			s.clicked[k] = w.random.Float64() < w.examined[k]*w.attracts(s.cluster, p, s.time)
		}
	}
	return all
}

func sku(p int) string { return fmt.Sprint("p", p) }
