package forecast

import "math"

// Policy says how a shop gets new goods.
type Policy struct {
	// Lead is after how many days ordered goods arrive, Review how often goods are ordered, in days.
	Lead, Review int
	// Service is how likely the stock lasts until what is ordered next arrives, below 1.
	Service float64
}

// Supply is what the policy makes of an outlook and a stock.
type Supply struct {
	// ReorderPoint is the stock at which, or below, new goods are to be ordered: enough until they arrive. SafetyStock is what of
	// it is meant for more than the average.
	ReorderPoint int `json:"reorder_point"`
	SafetyStock  int `json:"safety_stock"`
	// Order is how many pieces to order now; 0 while the stock is above the reorder point.
	Order int `json:"order"`
	// CoverDays is how long the stock lasts on the average; negative where nothing is bought any more.
	CoverDays float64 `json:"cover_days"`
	// Risk is how likely it is used up before goods that are ordered now arrive.
	Risk float64 `json:"risk"`
}

// leastDaily is how many pieces a day are none: one in a bit less than three years.
const leastDaily = 0.001

// Supply says what to order. What is on its way already is not known here.
func (p Policy) Supply(o Outlook, stock int) Supply {
	lead, both := float64(p.Lead), float64(p.Lead+p.Review)
	s := Supply{ReorderPoint: pieces(o.Quantile(p.Service, lead)), CoverDays: -1, Risk: o.Above(float64(stock), lead)}
	s.SafetyStock = max(0, s.ReorderPoint-pieces(math.Round(o.Mean(lead))))
	if daily := o.Mean(1); daily >= leastDaily {
		s.CoverDays = float64(stock) / daily
	}
	if upTo := pieces(o.Quantile(p.Service, both)); stock <= s.ReorderPoint && upTo > stock {
		s.Order = upTo - stock
	}
	return s
}

// pieces is a number of pieces as the database takes it.
func pieces(n float64) int { return int(min(n, math.MaxInt32)) }
