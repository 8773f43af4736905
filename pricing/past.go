package pricing

import (
	"math"
	"slices"
	"time"

	"floorwalker/shop"
)

// Cell is a week, or a part of one, in which a product cost the same.
type Cell struct {
	// Week is counted from the same day for all products.
	Week int
	// Price is of one piece in minor units.
	Price float64
	// Days is for how many days of the week it could be bought at that price.
	Days float64
	// Purchases is how often it was.
	Purchases float64
}

// Past is what one product cost and how often it was bought.
type Past struct {
	SKU, Category string
	Cells         []Cell
}

const day = 24 * time.Hour

// PastOf makes cells of one product's sales and offers in one currency, each in the order of their times, for so many weeks up to
// a midnight. The price of a day is that of its offer at noon; where none is known, what was paid on the average, and on days without
// a sale what was paid last. What was before the first price is left out.
func PastOf(sku, category, currency string, sales []shop.Sales, offers []shop.Offer, until time.Time, weeks int) Past {
	p := Past{SKU: sku, Category: category}
	begin := until.AddDate(0, 0, -7*weeks)
	purchases, paid := make([]float64, 7*weeks), make([]float64, 7*weeks)
	for _, s := range sales {
		i := int(s.Day.Sub(begin) / day)
		if i < 0 || i >= len(paid) || s.Day.Before(begin) {
			continue
		}
		purchases[i] += s.Purchases
		if s.Priced > 0 && s.Revenue.Currency == currency {
			paid[i] = float64(s.Revenue.Minor) / s.Priced
		}
	}
	listed, last := 0.0, 0.0 // the offer's price, and what was paid last
	priced, next, open := 0, 0, true
	for i := range paid {
		at := begin.AddDate(0, 0, i)
		noon, end := at.Add(day/2), at.Add(day)
		for ; priced < len(offers) && !offers[priced].At.After(noon); priced++ {
			if offers[priced].Price.Currency == currency {
				listed = float64(offers[priced].Price.Minor)
			}
		}
		if paid[i] > 0 {
			last = paid[i]
		}
		price := listed
		if price == 0 {
			price = last
		}
		share := 0.0 // of the day on which it could be bought
		for ; next < len(offers) && offers[next].At.Before(end); next++ {
			if o := offers[next]; o.At.After(at) {
				if open {
					share += float64(o.At.Sub(at)) / float64(day)
				}
				at = o.At
			}
			open = offers[next].Open
		}
		if open {
			share += float64(end.Sub(at)) / float64(day)
		}
		if price > 0 && (share > 0 || purchases[i] > 0) {
			p.add(i/7, price, max(share, 1.0/24), purchases[i])
		}
	}
	return p
}

func (p *Past) add(week int, price, days, purchases float64) {
	for i := len(p.Cells) - 1; i >= 0 && p.Cells[i].Week == week; i-- {
		if same(p.Cells[i].Price, price) {
			p.Cells[i].Days += days
			p.Cells[i].Purchases += purchases
			return
		}
	}
	p.Cells = append(p.Cells, Cell{week, price, days, purchases})
}

// same is true for prices that differ by less than what rounding does.
func same(a, b float64) bool { return math.Abs(a-b) < 0.5 || math.Abs(a-b) < 0.005*a }

// Seen is what a product's past can say about its price.
type Seen struct {
	// Purchases are all, Prices how many prices at least three in a hundred apart were there for a week in all.
	Purchases float64 `json:"purchases"`
	Prices    int     `json:"prices"`
	// Lowest and Highest of them, in minor units.
	Lowest  float64 `json:"lowest"`
	Highest float64 `json:"highest"`
}

// Seen looks at the cells.
func (p Past) Seen() (s Seen) {
	cells := slices.Clone(p.Cells)
	slices.SortFunc(cells, func(a, b Cell) int {
		switch {
		case a.Price < b.Price:
			return -1
		case a.Price > b.Price:
			return 1
		}
		return 0
	})
	const apart, longEnough = 1.03, 7.0
	days, from := 0.0, 0.0
	close := func(price float64) {
		if days >= longEnough {
			s.Prices++
			if s.Lowest == 0 {
				s.Lowest = from
			}
			s.Highest = price
		}
	}
	last := 0.0
	for _, c := range cells {
		s.Purchases += c.Purchases
		if from == 0 || c.Price >= from*apart {
			close(last)
			days, from = 0, c.Price
		}
		days += c.Days
		last = c.Price
	}
	close(last)
	return s
}
