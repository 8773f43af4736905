package retrieval

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"floorwalker/shop"
)

// record is a product in the import format.
type record struct {
	SKU          string            `json:"sku"`
	Title        string            `json:"title"`
	Brand        string            `json:"brand,omitempty"`
	Category     string            `json:"category,omitempty"`
	Description  string            `json:"description,omitempty"`
	PriceMinor   *int64            `json:"price_minor"`
	WasMinor     int64             `json:"was_minor,omitempty"`
	Currency     string            `json:"currency"`
	Stock        *int              `json:"stock"`
	ImageURL     string            `json:"image_url,omitempty"`
	Rating       float64           `json:"rating,omitempty"`
	Attributes   map[string]any    `json:"attributes,omitempty"`
	Titles       map[string]string `json:"titles,omitempty"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	ReleasedAt   string            `json:"released_at,omitempty"`
	CostMinor    int64             `json:"cost_minor,omitempty"`
	DeliveryDays int               `json:"delivery_days,omitempty"`
}

func jsonProduct(line []byte, o ImportOptions) (shop.Product, error) {
	if !utf8.Valid(line) {
		return shop.Product{}, errors.New("the text is not valid UTF-8")
	}
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return shop.Product{}, fmt.Errorf("not a product in JSON: %w", err)
	}
	return r.product(o)
}

func (r record) product(o ImportOptions) (shop.Product, error) {
	if r.PriceMinor == nil {
		return shop.Product{SKU: r.SKU}, errors.New("price_minor is missing")
	}
	p := shop.Product{SKU: r.SKU, Title: r.Title, Brand: r.Brand, Category: r.Category, Description: r.Description,
		Price: shop.Money{Minor: *r.PriceMinor, Currency: r.Currency}, ImageURL: r.ImageURL, Rating: r.Rating,
		Attributes: map[string]string{}, Titles: r.Titles, Descriptions: r.Descriptions, CostMinor: r.CostMinor, DeliveryDays: r.DeliveryDays}
	if p.Price.Currency == "" {
		p.Price.Currency = o.Currency
	}
	if r.WasMinor != 0 {
		p.Was = &shop.Money{Minor: r.WasMinor, Currency: p.Price.Currency}
	}
	if r.Stock == nil {
		r.Stock = o.Stock
	}
	if r.Stock == nil {
		return p, errors.New("stock is missing")
	}
	p.Stock = *r.Stock
	for k, v := range r.Attributes {
		if text := attributeValue(v); text != "" {
			p.Attributes[k] = text
		}
	}
	if r.ReleasedAt != "" {
		at, err := parseTime(r.ReleasedAt)
		if err != nil {
			return p, fmt.Errorf("released_at: %w", err)
		}
		p.ReleasedAt = at
	}
	return p, nil
}

// attributeValue writes a JSON value as a listing would: numbers without needless digits, lists with commas.
func attributeValue(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, 0, len(v))
		for _, e := range v {
			if t := attributeValue(e); t != "" {
				parts = append(parts, t)
			}
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date as in 2026-05-01", text)
}
