package sponsored

import (
	"math"

	"floorwalker/shop"
)

// every is among how many cards one may be paid for; it stands in the third place of each such group, so that what is
// shown first is never paid for.
const (
	every = 4
	place = 2 // from 0
)

// offer is a campaign's product that may stand on a shelf.
type offer struct {
	campaign Campaign
	// at is the product's place among the shelf's candidates, from 0.
	at int
	// value is its relevance, share how likely a customer who is shown it clicks.
	value, share float64
}

// score is what a place is worth with the offer in it when a click costs bid: the customer's value and the revenue, by
// the weight of revenue.
func (o offer) score(weight, bid, full float64) float64 {
	return (1-weight)*o.value + weight*o.share*bid/full
}

// won is an offer that has a place.
type won struct {
	offer
	// slot is the place among the cards, from 0; price what a click costs, in minor units, never more than the bid.
	slot  int
	price int64
}

// auction gives the places for paid products to the offers that make them worth most, each for the second price: the least
// bid with which it would still have its place, be it against the next offer or against the product that stood there
// (Edelman, Ostrovsky and Schwarz, 2007, with the quality score of a joint objective). full is the revenue a card, in minor
// units, that counts as much as full relevance. A campaign gets one place of a shelf.
func auction(s shop.Shelf, offers []offer, weight, full float64) []won {
	var placed []won
	taken := map[string]bool{}
	for slot := place; slot < s.Shown && slot-place+every <= s.Shown; slot += every {
		best, second := -1, math.Inf(-1)
		for i, o := range offers {
			// What stands at or before the place by itself need not be paid for.
			if taken[o.campaign.ID] || o.at <= slot {
				continue
			}
			score := o.score(weight, float64(o.campaign.Bid.Minor), full)
			switch {
			case best < 0:
				best = i
			case score > offers[best].score(weight, float64(offers[best].campaign.Bid.Minor), full):
				best, second = i, max(second, offers[best].score(weight, float64(offers[best].campaign.Bid.Minor), full))
			default:
				second = max(second, score)
			}
		}
		if best < 0 || weight <= 0 {
			return placed
		}
		o := offers[best]
		second = max(second, (1-weight)*s.Candidates[slot].Relevance)
		if o.score(weight, float64(o.campaign.Bid.Minor), full) <= second || o.share <= 0 {
			continue
		}
		price := math.Ceil((second - (1-weight)*o.value) * full / (weight * o.share))
		placed = append(placed, won{o, slot, min(max(int64(price), 1), o.campaign.Bid.Minor)})
		taken[o.campaign.ID] = true
	}
	return placed
}

// arrange is what is shown: the organic order with the won products in their places.
func arrange(s shop.Shelf, placed []won) []shop.Candidate {
	paid := map[int]bool{}
	at := map[int]won{}
	for _, w := range placed {
		paid[w.at], at[w.slot] = true, w
	}
	var cards []shop.Candidate
	next := 0
	for slot := range s.Shown {
		if w, ok := at[slot]; ok {
			c := s.Candidates[w.at]
			c.Sponsored = true
			cards = append(cards, c)
			continue
		}
		for paid[next] {
			next++
		}
		cards = append(cards, s.Candidates[next])
		next++
	}
	return cards
}
