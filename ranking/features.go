package ranking

import (
	"math"
	"time"

	"floorwalker/shop"
)

// FeatureNames names shop.Candidate.Features, in their order. Relevance is what the ranker made of the first four; all
// others are what Weights weighs.
var FeatureNames = []string{"semantic", "words", "kind", "cross", "text", "rating", "in_stock", "margin", "freshness", "delivery", "relevance", "personal"}

// The places of features that are spoken of by name.
const (
	semanticFeature = iota
	wordsFeature
	kindFeature
	crossFeature
	textFeature
	ratingFeature
	stockFeature
	marginFeature
	freshnessFeature
	deliveryFeature
	relevanceFeature
	personalFeature
	features
)

// featuresOf is what is known of a candidate, but for its relevance. What is not known is NaN where it takes part in the
// relevance, and neutral, 0, among the features of business.
func featuresOf(c shop.Candidate, s signal, m match, bestText float64, now time.Time) (f [features]float64) {
	f[semanticFeature], f[wordsFeature], f[kindFeature], f[crossFeature] = s.semantic, m.found, math.NaN(), s.cross
	switch {
	case m.empty:
		f[wordsFeature] = math.NaN()
	case m.named && m.kind:
		f[kindFeature] = 1
	case m.named:
		f[kindFeature] = 0
	}
	p := c.Product
	if bestText > 0 && c.TextScore > 0 {
		f[textFeature] = c.TextScore / bestText
	}
	if p.Rating > 0 {
		f[ratingFeature] = (min(p.Rating, 5) - 3) / 2
	}
	if p.Stock > 0 {
		f[stockFeature] = 1
	}
	if p.CostMinor > 0 && p.Price.Minor > 0 {
		f[marginFeature] = max(0, 1-float64(p.CostMinor)/float64(p.Price.Minor))
	}
	if !p.ReleasedAt.IsZero() {
		const year = 365 * 24 * time.Hour
		f[freshnessFeature] = max(0, 1-max(now.Sub(p.ReleasedAt), 0).Hours()/year.Hours())
	}
	if p.DeliveryDays > 0 {
		const slow = 8 // days
		f[deliveryFeature] = max(0, float64(slow-p.DeliveryDays)/(slow-1))
	}
	f[personalFeature] = max(-1, min(c.Personal, 1))
	return f
}

// business are what orders products of like relevance.
func (w Weights) business(f [features]float64) []shop.Reason {
	return []shop.Reason{{Code: "text", Weight: w.Text * f[textFeature]}, {Code: "rating", Weight: w.Rating * f[ratingFeature]},
		{Code: "in_stock", Weight: w.InStock * f[stockFeature]}, {Code: "margin", Weight: w.Margin * f[marginFeature]},
		{Code: "freshness", Weight: w.Freshness * f[freshnessFeature]}, {Code: "delivery", Weight: w.Delivery * f[deliveryFeature]},
		{Code: "personal", Weight: w.Personal * f[personalFeature]}}
}
