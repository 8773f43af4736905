package ranking

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"floorwalker/shop"
)

// matches are the words of the query that stand in each candidate.
func (r *Ranker) matches(q shop.Query, candidates []shop.Candidate) []match {
	words, chinese := queryTerms(r.english(q)), terms{}
	if q.Lang == shop.Chinese {
		chinese = queryTerms(q.Text)
	}
	matches := make([]match, len(candidates))
	for i, c := range candidates {
		m := words.matchIn(c.Product)
		if len(chinese.words) > 0 && c.Product.Titles[string(shop.Chinese)] != "" {
			if own := chinese.matchIn(inChinese(c.Product)); own.found > m.found {
				m = own
			}
		}
		m.named, m.empty = words.head != "", len(words.words) == 0 && len(chinese.words) == 0
		matches[i] = m
	}
	return matches
}

// blend gives each candidate its relevance, its score and the reasons, which sum up to the score.
func (r *Ranker) blend(candidates []shop.Candidate, signals []signal, matches []match) []shop.Candidate {
	var best float64
	parts := make([][]shop.Reason, len(candidates))
	for i, c := range candidates {
		best = max(best, c.TextScore)
		parts[i] = r.relevance(signals[i], matches[i])
	}
	now := r.options.Now()
	ranked := slices.Clone(candidates)
	for i := range ranked {
		c := &ranked[i]
		f := featuresOf(*c, signals[i], matches[i], best, now)
		c.Relevance = sum(parts[i])
		c.Reasons = append(parts[i], r.options.Weights.business(f)...)
		f[relevanceFeature] = c.Relevance
		c.Features = f[:]
		settle(c)
	}
	return ranked
}

// settle drops reasons that moved nothing, puts the others in order and sums them up.
func settle(c *shop.Candidate) {
	c.Reasons = slices.DeleteFunc(c.Reasons, func(x shop.Reason) bool { return x.Weight == 0 })
	slices.SortStableFunc(c.Reasons, func(a, b shop.Reason) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	c.Score = sum(c.Reasons)
}

// inChinese is the product with its Chinese texts in place of the English ones.
func inChinese(p shop.Product) shop.Product {
	return shop.Product{Brand: p.Brand, Title: p.TitleIn(shop.Chinese), Description: p.Descriptions[string(shop.Chinese)]}
}

// reasonsOfWords are the reasons that matched words can give, in a fixed order.
var reasonsOfWords = []string{"brand", "title_match", "category", "details", "color", "audience"}

// relevance splits the estimate into its parts. Where a model's signal is unknown, or the query names no thing,
// the other features share the weight. Where nothing but limits was asked for, every candidate fits.
func (r *Ranker) relevance(s signal, m match) []shop.Reason {
	if m.empty {
		return []shop.Reason{{Code: "filter", Weight: 1}}
	}
	w := r.options.Weights
	semantic, rest := w.Semantic, 1.0
	if math.IsNaN(s.semantic) {
		semantic, s.semantic = 0, 0
	}
	var reasons []shop.Reason
	if !math.IsNaN(s.cross) {
		reasons = append(reasons, shop.Reason{Code: "semantic", Weight: w.Cross * s.cross})
		rest = 1 - w.Cross
	}
	kind := w.Kind
	if !m.named {
		kind = 0
	}
	whole := semantic + w.Words + kind
	if whole == 0 {
		return reasons
	}
	scale := rest / whole
	if part := scale * semantic * s.semantic; len(reasons) > 0 {
		reasons[0].Weight += part
	} else {
		reasons = append(reasons, shop.Reason{Code: "semantic", Weight: part})
	}
	if m.kind && kind > 0 {
		reasons = append(reasons, shop.Reason{Code: "kind", Weight: scale * kind})
	}
	matched := 0
	for _, found := range m.in {
		matched += len(found)
	}
	for _, code := range reasonsOfWords {
		if found := m.in[code]; len(found) > 0 {
			share := m.found * float64(len(found)) / float64(matched)
			reasons = append(reasons, shop.Reason{Code: code, Weight: scale * w.Words * share, Detail: strings.Join(found, " ")})
		}
	}
	return reasons
}

func sum(reasons []shop.Reason) (total float64) {
	for _, x := range reasons {
		total += x.Weight
	}
	return total
}

// order sorts by the asked key, products that are not what was asked for last; else by score. Ties are
// broken by score and then by SKU.
func order(candidates []shop.Candidate, by shop.Sort, floor float64) {
	slices.SortStableFunc(candidates, func(a, b shop.Candidate) int {
		byScore := cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Product.SKU, b.Product.SKU))
		if by == shop.SortRelevance || a.Relevance < floor && b.Relevance < floor {
			return byScore
		}
		if below := cmp.Compare(side(a, floor), side(b, floor)); below != 0 {
			return below
		}
		switch by {
		case shop.SortPriceAsc:
			return cmp.Or(cmp.Compare(a.Product.Price.Minor, b.Product.Price.Minor), byScore)
		case shop.SortPriceDesc:
			return cmp.Or(cmp.Compare(b.Product.Price.Minor, a.Product.Price.Minor), byScore)
		case shop.SortRating:
			return cmp.Or(cmp.Compare(b.Product.Rating, a.Product.Rating), byScore)
		case shop.SortNewest:
			return cmp.Or(b.Product.ReleasedAt.Compare(a.Product.ReleasedAt), byScore)
		}
		return byScore
	})
}

func side(c shop.Candidate, floor float64) int {
	if c.Relevance < floor {
		return 1
	}
	return 0
}

// keepOrder makes the scores fall in the order in which retrieval gave the candidates, so that whoever
// sorts by score later finds the same order. The reasons then explain the relevance alone.
func keepOrder(candidates []shop.Candidate) {
	for i := range candidates {
		candidates[i].Score = 1 / float64(i+1)
		candidates[i].Reasons = []shop.Reason{{Code: "retrieval", Weight: candidates[i].Score}}
	}
}
