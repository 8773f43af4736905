package shop

// SearchRule is what the shop says about its search.
type SearchRule struct {
	// Kind is "synonym", "brand", "category" or "sku".
	Kind string `json:"kind" enum:"synonym,brand,category,sku"`
	// Subject is the word, brand, category or SKU that the rule is about. Case does not matter, but for SKUs.
	Subject string `json:"subject" maxLength:"200"`
	// Means is what a synonym's word is searched as.
	Means string `json:"means,omitempty" maxLength:"200"`
	// Boost is added to the score that products of the brand or category, or the SKU, are ordered by: -1 to 1.
	Boost float64 `json:"boost,omitempty" minimum:"-1" maximum:"1"`
}

// The kinds of search rules.
const (
	RuleSynonym  = "synonym"
	RuleBrand    = "brand"
	RuleCategory = "category"
	RuleSKU      = "sku"
)
