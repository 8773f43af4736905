package shop

import "time"

// Product is one article of the catalogue, found by its SKU.
type Product struct {
	SKU         string `json:"sku"`
	Title       string `json:"title"`
	Brand       string `json:"brand,omitempty"`
	Category    string `json:"category,omitempty"`
	Description string `json:"description,omitempty"`
	Price       Money  `json:"price"`
	// Was is what it cost before, in the same currency, where it costs less now; nil where it does not.
	Was *Money `json:"was,omitempty"`
	// Stock is how many pieces can be sold now; 0 is sold out.
	Stock    int    `json:"stock"`
	ImageURL string `json:"image_url,omitempty"`
	// Rating is the mean customer rating from 0 to 5; 0 means not rated.
	Rating float64 `json:"rating,omitempty"`
	// Attributes are the typed facts of the listing, as text: {"colour":"black","screen size":"27 inch"}.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Titles and Descriptions hold translations by language code ("zh"); English is in Title and Description.
	Titles       map[string]string `json:"titles,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	// ReleasedAt is when the product came to market, for "newest first"; zero when unknown.
	ReleasedAt time.Time `json:"released_at,omitzero"`
	// Catalogue names the source the product was imported from ("demo", "icecat").
	Catalogue string `json:"catalogue,omitempty"`
	// CostMinor is what a piece costs the shop, in minor units of the price's currency; 0 is unknown. It orders products
	// and is never shown to a customer.
	CostMinor int64 `json:"cost_minor,omitempty"`
	// DeliveryDays is after how many days a piece that is ordered now arrives, from 1; 0 is unknown.
	DeliveryDays int `json:"delivery_days,omitempty"`
	// Version rises with every change of the product; a card says which version it shows.
	Version   int64     `json:"version,omitempty"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// TitleIn is the title in the language, or the English one.
func (p Product) TitleIn(lang Lang) string {
	if t := p.Titles[string(lang)]; t != "" {
		return t
	}
	return p.Title
}

// DescriptionIn is the description in the language, or the English one.
func (p Product) DescriptionIn(lang Lang) string {
	if d := p.Descriptions[string(lang)]; d != "" {
		return d
	}
	return p.Description
}

// Query is what retrieval is asked for: words, hard limits and an order.
type Query struct {
	// Text is the need in search words, in the customer's language: "running shoes".
	Text string
	Lang Lang
	// Filter is never weakened silently: what does not meet it is not returned.
	Filter Filter
	// Sort is "" for relevance.
	Sort Sort
	// Limit is how many candidates are wanted.
	Limit int
}

// Filter holds the hard limits of a search. Empty fields do not limit.
type Filter struct {
	// Brands: one of these, compared without case.
	Brands []string `json:"brands,omitempty"`
	// Color, Material, Size and Audience are canonical English words ("green", "leather", "44", "women").
	Color    string `json:"color,omitempty"`
	Material string `json:"material,omitempty"`
	// OtherColors and OtherMaterials will do as well as Color and Material.
	OtherColors    []string `json:"other_colors,omitempty"`
	OtherMaterials []string `json:"other_materials,omitempty"`
	Size           string   `json:"size,omitempty"`
	Audience       string   `json:"audience,omitempty"`
	Category       string   `json:"category,omitempty"`
	// PriceMin and PriceMax are inclusive, in the catalogue's currency.
	PriceMin *Money `json:"price_min,omitempty"`
	PriceMax *Money `json:"price_max,omitempty"`
	InStock  bool   `json:"in_stock,omitempty"`
	// Exclude are words that must stand neither in brand, title, colours nor materials ("leather", "HP").
	Exclude []string `json:"exclude,omitempty"`
	// ExcludeSKUs are products that the customer rejected or that must not be shown again.
	ExcludeSKUs []string `json:"exclude_skus,omitempty"`
	// SKUs: one of these, which are no limit of the customer's: they are looked at for another reason.
	SKUs []string `json:"-"`
}

// Sort is an order other than relevance.
type Sort string

// The orders a customer can ask for.
const (
	SortRelevance Sort = ""
	SortPriceAsc  Sort = "price_asc"
	SortPriceDesc Sort = "price_desc"
	SortRating    Sort = "rating"
	SortNewest    Sort = "newest"
)

// Candidate is a product that a search found, with the scores it got on the way.
type Candidate struct {
	Product Product
	// TextScore is the full-text score (0 when the text leg did not find it), VectorScore the cosine
	// similarity from -1 to 1, Fused the reciprocal rank fusion of both legs.
	TextScore, VectorScore, Fused float64
	// Personal is how near the product is to what this customer likes, from -1 for what he turned down to 1; 0 where nothing
	// is known of him.
	Personal float64
	// Relevance is the ranker's estimate from 0 to 1 that the product meets the need.
	Relevance float64
	// Score is what the final order goes by; ties are broken by SKU.
	Score float64
	// Reasons say what moved the score, strongest first.
	Reasons []Reason
	// Sponsored is true where its place in the list was paid for.
	Sponsored bool
	// Propensity is how likely the product was to get its place in the list; 0 stands for 1, an order without chance.
	Propensity float64
	// Features are what the ranker knew, in the order of ranking.FeatureNames; NaN is unknown. Rankers learn from them.
	Features []float64
}

// Reason is one contribution to a candidate's score, for "why this".
type Reason struct {
	// Code is stable: "semantic", "kind", "title_match", "brand", "category", "details", "color", "audience", "filter",
	// "text", "rating", "in_stock", "margin", "freshness", "delivery", "personal", "take_up", "rule", "diversity", "retrieval".
	Code string `json:"code"`
	// Weight is the exact contribution to Score.
	Weight float64 `json:"weight"`
	// Detail is the matched value, as data: "running shoes".
	Detail string `json:"detail,omitempty"`
}

// Ranking is the outcome of ranking candidates once; its ID goes with every card that came of it.
type Ranking struct {
	ID         string
	Model      string
	Candidates []Candidate
	// Degraded is true when the ranker failed or was late and the order is retrieval's.
	Degraded bool
	// Floor is the relevance below which a candidate should not be shown: it is not what was asked for.
	Floor float64
}

// ProductNews is what changed of a product.
type ProductNews struct {
	SKU     string
	Version int64
	// Price and Stock are those of now, Was and WasStock those that were told last.
	Price, Was      Money
	Stock, WasStock int
	// Gone is true where it is not sold any more.
	Gone bool
}
