package pricing

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"floorwalker/shop"
)

// Rules are the guard rails of a proposal.
type Rules struct {
	// LeastMargin is how much more than it costs the shop a piece must bring, as a share of the cost.
	LeastMargin float64
	// MostChange is how far a price may go from the present one, as a share of it.
	MostChange float64
	// Endings are the digits that a price in minor units must end with, one of them; none where all will do.
	Endings []string
	// Every is how long a price stays at least, and how long a product is left alone after a decision.
	Every time.Duration
	// Keeping is what it costs to keep a piece for a year, as a share of its cost, and Plenty from how many days of stock on that
	// counts.
	Keeping float64
	Plenty  float64
	// Sure is how likely a proposal must be to bring more than the present price, LeastGain by how much at least on the average, as a
	// share of what the product brings now.
	Sure, LeastGain float64
	// Purchases and Prices are how many a product must have seen for its price to be looked at.
	Purchases float64
	Prices    int
}

// Usual are the rules where a shop says nothing.
var Usual = Rules{LeastMargin: 0.1, MostChange: 0.1, Endings: []string{"9", "5"}, Every: 14 * 24 * time.Hour, Keeping: 0.25, Plenty: 120, Sure: 0.9, LeastGain: 0.01, Purchases: 20, Prices: 2}

// Case is a product whose price is looked at.
type Case struct {
	Product shop.Product
	Answer  Answer
	// Weekly is how many pieces a week are expected at the present price, CoverDays how long the stock lasts then (negative: for
	// ever), LeadDays after how many days new goods arrive. Foretold is false where there is no forecast.
	Weekly, CoverDays float64
	LeadDays          int
	Foretold          bool
	// Changed is when the price changed last, Decided when a proposal for the product was; zero for never.
	Changed, Decided time.Time
}

// Verdict is what was found for a product.
type Verdict string

// The verdicts. All but Proposed leave the price as it is.
const (
	Proposed Verdict = "proposed"
	// Right: no price inside the guard rails is worth a change.
	Right Verdict = "right"
	// The others are "not enough to say", each with its reason: the cost is not known, the product was bought too seldom, its price
	// never changed, no forecast is there, or the data bears out neither a higher nor a lower price.
	NoCost       Verdict = "no_cost"
	FewPurchases Verdict = "few_purchases"
	OnePrice     Verdict = "one_price"
	NoForecast   Verdict = "no_forecast"
	Unsure       Verdict = "unsure"
	// TooSoon: the price changed, or was decided on, lately. NoRoom: the guard rails leave no other price.
	TooSoon Verdict = "too_soon"
	NoRoom  Verdict = "no_room"
)

// Reasons of a proposal.
const (
	// Overstock: the stock lasts so long that keeping it costs. Scarce: it is used up before new goods arrive, so a lower price would
	// sell no more. AtLimit: the rules keep the price from going further.
	Overstock = "overstock"
	Scarce    = "scarce"
	AtLimit   = "at_limit"
)

// Finding is what was found for a product, with the price that is proposed where one is.
type Finding struct {
	SKU     string     `json:"sku"`
	Verdict Verdict    `json:"verdict" enum:"proposed,right,no_cost,few_purchases,one_price,no_forecast,unsure,too_soon,no_room"`
	Price   shop.Money `json:"price"`
	// Proposed is zero where nothing is.
	Proposed shop.Money `json:"proposed"`
	// Elasticity is how many hundredths more are bought for each hundredth that the price rises; 90 in 100 that it is from Low to
	// High.
	Elasticity float64 `json:"elasticity"`
	Low        float64 `json:"elasticity_low"`
	High       float64 `json:"elasticity_high"`
	// Weekly are the pieces a week at the present price, After those at the proposed one.
	Weekly float64 `json:"weekly"`
	After  float64 `json:"weekly_after"`
	// Now is what the product brings a week above its cost at the present price; Gain how much more at the proposed one, on the average,
	// GainLow to GainHigh in 90 of 100 cases; Sure is how likely it is more at all.
	Now      shop.Money `json:"contribution"`
	Gain     shop.Money `json:"gain"`
	GainLow  shop.Money `json:"gain_low"`
	GainHigh shop.Money `json:"gain_high"`
	Sure     float64    `json:"sure"`
	// CoverDays is how long the stock lasts; negative: for ever.
	CoverDays float64  `json:"cover_days"`
	Purchases float64  `json:"purchases" doc:"Purchases that were looked at"`
	Prices    int      `json:"prices" doc:"Different prices that were seen"`
	Reasons   []string `json:"reasons"`
}

// draws are as many elasticities, evenly likely, over which what a price does is averaged.
const draws = 39

// mostTried bounds how many prices are tried.
const mostTried = 400

// Propose finds the price with the best expected contribution inside the guard rails, if it is likely enough to be better than the
// present one.
func (r Rules) Propose(c Case, now time.Time) Finding {
	a, p := c.Answer, c.Product
	f := Finding{SKU: p.SKU, Price: p.Price, Proposed: shop.Money{Currency: p.Price.Currency}, Elasticity: a.Elasticity, Low: a.at(0.05), High: a.at(0.95), Weekly: c.Weekly, CoverDays: c.CoverDays,
		Purchases: a.Purchases, Prices: a.Prices, Reasons: []string{}, After: c.Weekly}
	money := func(minor float64) shop.Money {
		return shop.Money{Minor: int64(math.Round(minor)), Currency: p.Price.Currency}
	}
	f.Gain, f.GainLow, f.GainHigh = money(0), money(0), money(0)
	f.Now = money(float64(p.Price.Minor-p.CostMinor) * c.Weekly)
	switch {
	case p.CostMinor <= 0 || p.Price.Minor <= 0:
		f.Verdict, f.Now = NoCost, money(0)
	case !c.Foretold:
		f.Verdict = NoForecast
	case a.Purchases < r.Purchases:
		f.Verdict = FewPurchases
	case a.Prices < r.Prices:
		f.Verdict = OnePrice
	case now.Sub(c.Changed) < r.Every || now.Sub(c.Decided) < r.Every:
		f.Verdict = TooSoon
	}
	if f.Verdict != "" {
		return f
	}
	w := r.weigh(c)
	prices := r.prices(p, w.scarce)
	if len(prices) == 0 {
		f.Verdict = NoRoom
		return f
	}
	f.Verdict = Right
	best := outcome{}
	worth := max(r.LeastGain*math.Abs(float64(f.Now.Minor)), 1)
	for _, price := range prices {
		o := w.outcome(price)
		switch {
		case o.mean < worth:
		case o.sure < r.Sure:
			if f.Verdict == Right {
				f.Verdict = Unsure
			}
		case o.mean > best.mean:
			best = o
		}
	}
	if best.price == 0 {
		return f
	}
	f.Verdict, f.Proposed, f.After, f.Sure = Proposed, money(float64(best.price)), best.weekly, best.sure
	f.Gain, f.GainLow, f.GainHigh = money(best.mean), money(best.low), money(best.high)
	if w.kept > 0 {
		f.Reasons = append(f.Reasons, Overstock)
	}
	if w.scarce {
		f.Reasons = append(f.Reasons, Scarce)
	}
	if best.price == prices[0] || best.price == prices[len(prices)-1] {
		f.Reasons = append(f.Reasons, AtLimit)
	}
	return f
}

// at is the elasticity under which it is with the probability.
func (a Answer) at(p float64) float64 {
	return a.Elasticity + a.Deviation*math.Sqrt2*math.Erfinv(2*p-1)
}

// prices are those that the rules allow, the lowest first, without the present one.
func (r Rules) prices(p shop.Product, scarce bool) (all []int64) {
	present := float64(p.Price.Minor)
	lowest := math.Ceil(max(present*(1-r.MostChange), float64(p.CostMinor)*(1+r.LeastMargin)))
	if scarce {
		lowest = max(lowest, present)
	}
	highest := math.Floor(present * (1 + r.MostChange))
	for price := int64(lowest); price <= int64(highest); price++ {
		if price != p.Price.Minor && r.ends(price) {
			all = append(all, price)
		}
	}
	if step := len(all)/mostTried + 1; step > 1 {
		kept := all[:0]
		for i, price := range all {
			if i%step == 0 || i == len(all)-1 {
				kept = append(kept, price)
			}
		}
		all = kept
	}
	return all
}

func (r Rules) ends(price int64) bool {
	digits := strconv.FormatInt(price, 10)
	return len(r.Endings) == 0 || slices.ContainsFunc(r.Endings, func(ending string) bool { return strings.HasSuffix(digits, ending) })
}

// weighing knows what a price does, for each of the draws.
type weighing struct {
	price, cost float64
	weekly      float64
	betas       [draws]float64
	// most is how many pieces a week there are to be sold, kept what keeping a piece costs.
	most, kept float64
	scarce     bool
}

func (r Rules) weigh(c Case) weighing {
	w := weighing{price: float64(c.Product.Price.Minor), cost: float64(c.Product.CostMinor), weekly: c.Weekly, most: math.Inf(1)}
	for i := range w.betas {
		w.betas[i] = c.Answer.at((float64(i) + 0.5) / draws)
	}
	if c.CoverDays >= 0 && c.CoverDays < float64(c.LeadDays) {
		w.scarce, w.most = true, float64(c.Product.Stock)*7/float64(c.LeadDays)
	}
	const longest = 365
	excess := longest - 0.0
	if c.CoverDays >= 0 {
		excess = min(max(c.CoverDays-r.Plenty, 0), longest)
	}
	if c.Product.Stock > 0 {
		w.kept = r.Keeping * w.cost * excess / 365
	}
	return w
}

// outcome is what a price does.
type outcome struct {
	price           int64
	mean, low, high float64
	sure, weekly    float64
}

func (w weighing) outcome(price int64) outcome {
	o := outcome{price: price}
	var gains [draws]float64
	before := (w.price - w.cost + w.kept) * min(w.weekly, w.most)
	for i, beta := range w.betas {
		units := min(w.weekly*math.Exp(beta*math.Log(float64(price)/w.price)), w.most)
		gains[i] = (float64(price)-w.cost+w.kept)*units - before
		o.mean += gains[i] / draws
		o.weekly += units / draws
		if gains[i] > 0 {
			o.sure += 1.0 / draws
		}
	}
	slices.Sort(gains[:])
	o.low, o.high = gains[draws/20], gains[draws-1-draws/20]
	return o
}

// String says a finding in plain words.
func (f Finding) String() string {
	switch f.Verdict {
	case Right:
		return "The price is right: no other inside the guard rails is expected to bring more."
	case NoCost:
		return "Not enough to say: what a piece costs the shop is not known."
	case FewPurchases:
		return fmt.Sprintf("Not enough to say: it was bought %.0f times.", f.Purchases)
	case OnePrice:
		return "Not enough to say: its price never changed for long enough."
	case NoForecast:
		return "Not enough to say: there is no forecast of what is bought."
	case Unsure:
		return fmt.Sprintf("Not enough to say: what is known of how demand answers to the price (%.1f to %.1f) bears out no change.", f.Low, f.High)
	case TooSoon:
		return "The price changed, or was decided on, too short a time ago."
	case NoRoom:
		return "The guard rails leave no other price."
	}
	text := fmt.Sprintf("At %s instead of %s about %.1f pieces a week are expected instead of %.1f, and %s a week above cost more than the %s of now (90 of 100: %s to %s; more at all: %.0f of 100). "+
		"When the price rises by 1 %%, %.1f %% fewer are bought (%.1f to %.1f), by %.0f purchases at %d prices and by its category.",
		f.Proposed, f.Price, f.After, f.Weekly, f.Gain, f.Now, f.GainLow, f.GainHigh, 100*f.Sure, -f.Elasticity, -f.High, -f.Low, f.Purchases, f.Prices)
	for _, reason := range f.Reasons {
		switch reason {
		case Overstock:
			if f.CoverDays < 0 {
				text += " Hardly any is bought now, and keeping the stock costs."
			} else {
				text += fmt.Sprintf(" The stock lasts %.0f days, and keeping it costs: what that saves is in the figures.", f.CoverDays)
			}
		case Scarce:
			text += fmt.Sprintf(" The stock lasts %.0f days, less than new goods need, so a lower price would sell no more.", f.CoverDays)
		case AtLimit:
			text += " The guard rails stop it here."
		}
	}
	return text
}
