package ranking

import (
	"slices"
	"strings"

	"floorwalker/shop"
)

// Rule is the shop's own say: products that it names score higher or lower. A product must meet everything that is
// given; a rule that gives nothing meets none.
type Rule struct {
	// Name is what the reason says, to operators.
	Name string `json:"name"`
	// SKUs, Brands and Categories: one of each, brands and categories without regard to case.
	SKUs       []string `json:"skus,omitempty"`
	Brands     []string `json:"brands,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Title are words that must all stand in the title.
	Title string `json:"title,omitempty"`
	// Query are words that must all stand in the query; empty is every query.
	Query string `json:"query,omitempty"`
	// Boost is added to the score: 0.1 overtakes what fits as well, 1 nearly everything that fits. Below 0 it puts back.
	// A product below the floor stays below it, whatever its score.
	Boost float64 `json:"boost"`
}

// ruled are the reasons that the shop's rules give for a product; query are the query's stems.
func (r *Ranker) ruled(p shop.Product, query []string) (reasons []shop.Reason) {
	for _, rule := range r.options.Rules {
		if rule.meets(p) && standIn(rule.Query, query) {
			reasons = append(reasons, shop.Reason{Code: "rule", Weight: rule.Boost, Detail: rule.Name})
		}
	}
	return reasons
}

func (r Rule) meets(p shop.Product) bool {
	fold := func(list []string, value string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, value) })
	}
	given := len(r.SKUs) + len(r.Brands) + len(r.Categories) + len(r.Title)
	return given > 0 && (len(r.SKUs) == 0 || slices.Contains(r.SKUs, p.SKU)) && fold(r.Brands, p.Brand) && fold(r.Categories, p.Category) &&
		standIn(r.Title, stems(p.Title))
}

// standIn reports whether all words of a text stand among the stems.
func standIn(text string, among []string) bool {
	for _, w := range stems(text) {
		if !slices.Contains(among, w) {
			return false
		}
	}
	return true
}
