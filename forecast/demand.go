package forecast

import (
	"cmp"
	"math"
	"slices"
	"time"

	"floorwalker/shop"
)

// Day counts days from 1970-01-01, UTC.
type Day int

// DayOf is the day that a time is in.
func DayOf(t time.Time) Day { return Day(math.Floor(float64(t.Unix()) / 86_400)) }

// Time is the day's midnight.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86_400, 0).UTC() }

// weekday counts from Monday.
func (d Day) weekday() int { return ((int(d)+3)%7 + 7) % 7 }

// Demand is what was wanted of a product, by week.
type Demand struct {
	SKU string
	// Weeks are pieces, the oldest week first; the last one ends with the last complete day. NaN is a week in which the
	// product could hardly be bought, so that nothing is known of what was wanted. A week in which it was sold out for a part
	// is filled up from the other part.
	Weeks []float64
	// Weekdays are on how many days it was bought, from Monday.
	Weekdays [7]float64
	// SoldOut is how many days of the last 13 weeks it could not be bought, Lost an estimate of what would have been bought
	// on them.
	SoldOut, Lost float64
}

// DemandOptions say what is made of sales.
type DemandOptions struct {
	// Until is the last complete day.
	Until Day
	// Most is how many weeks back is looked. Default 104.
	Most int
}

const (
	// leastOpen is the share of a week that a product must have been there for the week to say something.
	leastOpen = 2.0 / 7
	// recent is over how many weeks stock-outs are told.
	recent = 13
)

// DemandOf makes weeks of one product's sales and offers, each in the order of their times. What was before the first offer
// counts as offered. The product's life begins with its first sale, and a beginning that is no whole week is left out.
func DemandOf(sku string, sales []shop.Sales, offers []shop.Offer, o DemandOptions) Demand {
	d := Demand{SKU: sku}
	most := cmp.Or(o.Most, 104)
	first := o.Until + 1
	for _, s := range sales {
		if day := DayOf(s.Day); s.Units > 0 && day <= o.Until {
			first = min(first, day)
		}
	}
	weeks := min(int(o.Until+1-first)/7, most)
	if weeks <= 0 {
		return d
	}
	begin := o.Until + 1 - Day(7*weeks)
	bought, open := make([]float64, weeks), openShares(offers, begin, 7*weeks)
	for _, s := range sales {
		day := DayOf(s.Day)
		if day < begin || day > o.Until || s.Units <= 0 {
			continue
		}
		bought[(day-begin)/7] += s.Units
		d.Weekdays[day.weekday()]++
	}
	d.Weeks = make([]float64, weeks)
	for w := range d.Weeks {
		share := 0.0
		for _, day := range open[7*w : 7*w+7] {
			share += day
		}
		share /= 7
		switch {
		case share < leastOpen && bought[w] > 0:
			d.Weeks[w] = bought[w] / leastOpen
		case share < leastOpen:
			d.Weeks[w] = math.NaN()
		default:
			d.Weeks[w] = bought[w] / share
		}
		if w >= weeks-recent {
			d.SoldOut += 7 * (1 - share)
			if share >= leastOpen {
				d.Lost += d.Weeks[w] - bought[w]
			}
		}
	}
	return d
}

// openShares says for each of n days from begin on for which share of it the product could be bought.
func openShares(offers []shop.Offer, begin Day, n int) []float64 {
	open := make([]float64, n)
	for i := range open {
		open[i] = 1
	}
	const day = 24 * time.Hour
	end := (begin + Day(n)).Time()
	for i, o := range offers {
		if o.Open {
			continue
		}
		from, until := o.At, end
		if i+1 < len(offers) && offers[i+1].At.Before(end) {
			until = offers[i+1].At
		}
		if from.Before(begin.Time()) {
			from = begin.Time()
		}
		for from.Before(until) {
			d := DayOf(from)
			next := (d + 1).Time()
			if until.Before(next) {
				next = until
			}
			open[d-begin] -= float64(next.Sub(from)) / float64(day)
			from = next
		}
	}
	for i := range open {
		open[i] = max(open[i], 0)
	}
	return open
}

// Demands makes the demand of every product that was bought, by SKU.
func Demands(sales []shop.Sales, offers []shop.Offer, o DemandOptions) []Demand {
	bySKU, offered := map[string][]shop.Sales{}, map[string][]shop.Offer{}
	for _, s := range sales {
		bySKU[s.SKU] = append(bySKU[s.SKU], s)
	}
	for _, f := range offers {
		if bySKU[f.SKU] != nil {
			offered[f.SKU] = append(offered[f.SKU], f)
		}
	}
	all := make([]Demand, 0, len(bySKU))
	for sku, of := range bySKU {
		all = append(all, DemandOf(sku, of, offered[sku], o))
	}
	slices.SortFunc(all, func(a, b Demand) int { return cmp.Compare(a.SKU, b.SKU) })
	return all
}
