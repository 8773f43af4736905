package forecast

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Outlook is what is to be expected of a product.
type Outlook struct {
	SKU string
	// Methods are those that foretold the product's own past best; Weekly is the mean of what they say of a week.
	Methods string
	Weekly  float64
	// Weeks is how many weeks are known of it, Error how far the methods were off in four weeks on the average, as a share of
	// what was bought; NaN where the product is too new to tell.
	Weeks int
	Error float64
	// Weekdays is the share of each day of a week, from Monday.
	Weekdays [7]float64

	excess [len(horizons)]float64
	maps   [len(horizons)]calibration
}

// horizons are for how many weeks to come the spread is learnt; between them it is interpolated.
var horizons = [...]int{1, 4}

// Settings of the choice, none of them tuned.
const (
	// origins is how many of the latest weeks each method must have foretold from.
	origins = 26
	// chosen is how many methods are averaged.
	chosen = 3
	// trust is how many weeks of a product's own weigh as much as what served all products.
	trust = 13
)

// Mean is how many pieces are wanted in so many days, on the average.
func (o Outlook) Mean(days float64) float64 { return o.Weekly * days / 7 }

// Quantile is how many pieces are enough for so many days with the probability.
func (o Outlook) Quantile(p, days float64) float64 {
	s, c := o.spread(days)
	return s.quantile(c.level(p))
}

// Above is how likely more than n pieces are wanted in so many days.
func (o Outlook) Above(n, days float64) float64 {
	s, c := o.spread(days)
	atMost, _ := s.atMost(n)
	return 1 - c.probability(atMost)
}

// Daily is what is to be expected of one day.
type Daily struct {
	Mean   float64
	spread spread
	level  func(p float64) float64
}

// Quantile is how many pieces are enough for the day with the probability.
func (d Daily) Quantile(p float64) float64 { return d.spread.quantile(d.level(p)) }

// Day foretells one day by its weekday. A week scatters as seven days do that know nothing of each other.
func (o Outlook) Day(day Day) Daily {
	mean := o.Weekly * o.Weekdays[day.weekday()]
	return Daily{mean, spread{mean, 7 * o.excess[0]}, o.maps[0].level}
}

func (o Outlook) spread(days float64) (spread, calibration) {
	weeks := days / 7
	first, last := float64(horizons[0]), float64(horizons[len(horizons)-1])
	x := min(max((weeks-first)/(last-first), 0), 1)
	nearest := o.maps[0]
	if x >= 0.5 {
		nearest = o.maps[len(horizons)-1]
	}
	return spread{o.Mean(days), o.excess[0] + x*(o.excess[len(horizons)-1]-o.excess[0])}, nearest
}

// trial is what the methods foretold of one product's past.
type trial struct {
	demand *Demand
	levels [][]float64
	// losses are the mean absolute errors over four weeks by method, as shares of what was bought; tried is from how many weeks.
	losses []float64
	tried  int
}

// Foresee looks ahead for each product that has a week of its own. How far a method is trusted for a product goes by the
// product's own past (rolling origins), and by what served all of them the less there is of it; so does how much it scatters.
func Foresee(all []Demand) []Outlook {
	var trials []trial
	for i := range all {
		if slices.ContainsFunc(all[i].Weeks, func(y float64) bool { return !math.IsNaN(y) }) {
			trials = append(trials, try(&all[i]))
		}
	}
	served := make([]float64, len(methods))
	told := 0.0
	for _, t := range trials {
		if t.tried > 0 {
			told++
			for m, loss := range t.losses {
				served[m] += loss
			}
		}
	}
	for m := range served {
		served[m] /= max(told, 1)
	}
	outlooks, pasts := make([]Outlook, len(trials)), make([][]float64, len(trials))
	for i, t := range trials {
		outlooks[i], pasts[i] = t.choose(served)
	}
	lift(outlooks, trials, pasts)
	shareWeekdays(outlooks, trials)
	for h, weeks := range horizons {
		learnSpread(outlooks, trials, pasts, h, weeks)
	}
	return outlooks
}

// try lets every method foretell from each of the latest weeks.
func try(d *Demand) trial {
	t := trial{demand: d, losses: make([]float64, len(methods))}
	longest := horizons[len(horizons)-1]
	scale := meanKnown(d.Weeks) * float64(longest)
	for m, way := range methods {
		levels := way.levels(d.Weeks)
		t.levels = append(t.levels, levels)
		t.tried = 0
		eachOrigin(d.Weeks, longest, func(at int, total float64) {
			t.losses[m] += math.Abs(total-levels[at]*float64(longest)) / scale
			t.tried++
		})
		t.losses[m] /= float64(max(t.tried, 1))
	}
	return t
}

// eachOrigin visits the latest weeks after which so many weeks are known, with what was bought in them.
func eachOrigin(weeks []float64, ahead int, visit func(at int, total float64)) {
	for at := max(warm-1, len(weeks)-ahead-origins); at+ahead < len(weeks); at++ {
		total := 0.0
		for _, y := range weeks[at+1 : at+1+ahead] {
			total += y
		}
		if !math.IsNaN(total) {
			visit(at, total)
		}
	}
}

func meanKnown(weeks []float64) float64 {
	sum, n := 0.0, 0.0
	for _, y := range weeks {
		if !math.IsNaN(y) {
			sum += y
			n++
		}
	}
	return sum / max(n, 1)
}

// choose averages the methods with the least loss, and says what they would have foretold after each week.
func (t trial) choose(served []float64) (Outlook, []float64) {
	order := make([]int, len(methods))
	score := make([]float64, len(methods))
	for m := range methods {
		order[m] = m
		score[m] = (float64(t.tried)*t.losses[m] + trust*served[m]) / (float64(t.tried) + trust)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	o := Outlook{SKU: t.demand.SKU, Error: math.NaN()}
	past := make([]float64, len(t.demand.Weeks))
	var names []string
	for _, m := range order[:chosen] {
		names = append(names, methods[m].name)
		for at, level := range t.levels[m] {
			past[at] += level / chosen
		}
		if t.tried > 0 && math.IsNaN(o.Error) {
			o.Error = 0
		}
		o.Error += t.losses[m] / chosen
	}
	o.Methods, o.Weekly = strings.Join(names, ", "), past[len(past)-1]
	for _, y := range t.demand.Weeks {
		if !math.IsNaN(y) {
			o.Weeks++
		}
	}
	return o, past
}

// lift raises, or lowers, what is foretold of all products by how far all of them together were off lately: methods that look at one
// product at a time come late when the whole shop rises. Each product counts alike, and each week by what was known before it.
func lift(outlooks []Outlook, trials []trial, pasts [][]float64) {
	const lately, prior = 8, 100.0
	came, told := make([]float64, origins+2*lately), make([]float64, origins+2*lately)
	for i, t := range trials {
		weeks := t.demand.Weeks
		scale := meanKnown(weeks)
		for at := warm; at < len(weeks); at++ {
			if ago := len(weeks) - 1 - at; ago < len(came) && !math.IsNaN(weeks[at]) && scale > 0 {
				came[ago] += weeks[at] / scale
				told[ago] += pasts[i][at-1] / scale
			}
		}
	}
	by := func(ago int) float64 {
		c, f := prior, prior
		for k := ago; k < min(ago+lately, len(came)); k++ {
			c, f = c+came[k], f+told[k]
		}
		return c / f
	}
	for i, past := range pasts {
		for at := range past {
			past[at] *= by(len(past) - 1 - at)
		}
		outlooks[i].Weekly = past[len(past)-1]
	}
}

// shareWeekdays parts a week into days as the product was bought, or as all were the less often it was.
func shareWeekdays(outlooks []Outlook, trials []trial) {
	const prior = 30 // days of sale
	var all [7]float64
	total := 0.0
	for _, t := range trials {
		for d, n := range t.demand.Weekdays {
			all[d] += n
			total += n
		}
	}
	for i, t := range trials {
		own := 0.0
		for _, n := range t.demand.Weekdays {
			own += n
		}
		for d, n := range t.demand.Weekdays {
			outlooks[i].Weekdays[d] = (n + prior*all[d]/total) / (own + prior)
		}
	}
}

// learnSpread learns how much what was bought scatters around what was foretold, for one horizon: of each product, drawn
// towards what is usual where its past is short, and calibrated by where everything that came lay.
func learnSpread(outlooks []Outlook, trials []trial, pasts [][]float64, h, weeks int) {
	own, tried := make([]float64, len(trials)), make([]float64, len(trials))
	var known []float64
	for i, t := range trials {
		squares, means := 0.0, 0.0
		eachOrigin(t.demand.Weeks, weeks, func(at int, total float64) {
			mean := pasts[i][at] * float64(weeks)
			squares += (total-mean)*(total-mean) - mean
			means += mean * mean
			tried[i]++
		})
		if means > 0 {
			own[i] = max(squares/means, 0)
			known = append(known, own[i])
		} else {
			tried[i] = 0
		}
	}
	usual := 1.0 // nothing is known: as far off as the mean itself
	if len(known) > 0 {
		slices.Sort(known)
		usual = known[len(known)/2]
	}
	random := rand.New(rand.NewPCG(1, uint64(weeks)))
	var levels []float64
	for i, t := range trials {
		excess := (tried[i]*own[i] + trust*usual) / (tried[i] + trust)
		outlooks[i].excess[h] = excess
		eachOrigin(t.demand.Weeks, weeks, func(at int, total float64) {
			s := spread{pasts[i][at] * float64(weeks), excess}
			atMost, fewer := s.atMost(total)
			levels = append(levels, fewer+random.Float64()*(atMost-fewer))
		})
	}
	c := calibrate(levels)
	for i := range outlooks {
		outlooks[i].maps[h] = c
	}
}
