package retrieval

import (
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"floorwalker/shop"
)

// What a product may hold at most.
const (
	maxSKU         = 200     // bytes
	maxTitle       = 1_000   // characters
	maxDescription = 200_000 // characters
	maxAttributes  = 500
	maxAttribute   = 10_000 // characters
	maxLanguages   = 50
	maxPrice       = 1_000_000_000_00
	maxDelivery    = 365 // days
)

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// CodeInvalidProduct is the code of a product that can't be taken.
const CodeInvalidProduct = "invalid_product"

// validate checks a product and trims it; the error says what to mend.
func validate(p *shop.Product) error {
	p.SKU, p.Title, p.Brand, p.Category = strings.TrimSpace(p.SKU), strings.TrimSpace(p.Title), strings.TrimSpace(p.Brand), strings.TrimSpace(p.Category)
	p.Description = strings.TrimSpace(p.Description)
	p.Price.Currency = strings.ToUpper(strings.TrimSpace(p.Price.Currency))
	if p.Was != nil {
		p.Was = &shop.Money{Minor: p.Was.Minor, Currency: p.Price.Currency}
	}
	bad := func(format string, args ...any) error { return shop.Errorf(CodeInvalidProduct, format, args...) }
	switch {
	case p.SKU == "":
		return bad("sku is missing")
	case len(p.SKU) > maxSKU:
		return bad("sku is longer than %d bytes", maxSKU)
	case p.Title == "":
		return bad("title is missing")
	case utf8.RuneCountInString(p.Title) > maxTitle:
		return bad("title is longer than %d characters", maxTitle)
	case len(p.Brand) > maxSKU*2 || len(p.Category) > maxSKU*2:
		return bad("brand or category is longer than %d bytes", maxSKU*2)
	case utf8.RuneCountInString(p.Description) > maxDescription:
		return bad("description is longer than %d characters", maxDescription)
	case p.Price.Minor < 0:
		return bad("price_minor is negative")
	case p.Was != nil && (p.Was.Minor < 0 || p.Was.Minor > maxPrice):
		return bad("was_minor is out of its range")
	case len(p.Titles) > maxLanguages || len(p.Descriptions) > maxLanguages:
		return bad("more than %d languages", maxLanguages)
	case p.Price.Minor > maxPrice:
		return bad("price_minor is too large")
	case !currencyCode.MatchString(p.Price.Currency):
		return bad("currency must be three letters, as in USD")
	case p.Stock < 0:
		return bad("stock is negative")
	case p.Stock > math.MaxInt32:
		return bad("stock is too large")
	case p.CostMinor < 0 || p.CostMinor > maxPrice:
		return bad("cost_minor must be 0 or more, and no larger than a price")
	case p.DeliveryDays < 0 || p.DeliveryDays > maxDelivery:
		return bad("delivery_days must be from 1 to %d, or 0 where it is not known", maxDelivery)
	case math.IsNaN(p.Rating) || p.Rating < 0 || p.Rating > 5:
		return bad("rating must be from 0 to 5")
	case len(p.Attributes) > maxAttributes:
		return bad("more than %d attributes", maxAttributes)
	case p.ImageURL != "" && !strings.HasPrefix(p.ImageURL, "/") && !strings.HasPrefix(p.ImageURL, "https://") && !strings.HasPrefix(p.ImageURL, "http://"):
		return bad("image_url must be an http address or a path")
	}
	if p.Was != nil && p.Was.Minor <= p.Price.Minor {
		p.Was = nil // it is not cheaper now
	}
	texts := []string{p.SKU, p.Title, p.Brand, p.Category, p.Description, p.ImageURL}
	for _, part := range []struct {
		what    string
		texts   map[string]string
		longest int
	}{{"attribute", p.Attributes, maxAttribute}, {"title", p.Titles, maxTitle}, {"description", p.Descriptions, maxDescription}} {
		for k, v := range part.texts {
			if utf8.RuneCountInString(v) > part.longest || len(k) > maxSKU {
				return bad("%s %q is longer than %d characters", part.what, shorten(k), part.longest)
			}
			texts = append(texts, k, v)
		}
	}
	for _, t := range texts {
		if !utf8.ValidString(t) {
			return bad("the text is not valid UTF-8")
		}
		if strings.ContainsRune(t, 0) {
			return bad("the text holds a NUL character")
		}
	}
	return nil
}

// shorten keeps a name readable in a sentence.
func shorten(name string) string {
	if len(name) > 60 {
		return strings.ToValidUTF8(name[:60], "") + "…"
	}
	return name
}
