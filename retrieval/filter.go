package retrieval

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// noLimits is the condition of an empty filter.
const noLimits = "true"

// conditions gathers SQL conditions with their parameters.
type conditions struct {
	sql  []string
	args []any
}

// add appends a condition; each ? in it is the value.
func (c *conditions) add(condition string, value any) {
	c.args = append(c.args, value)
	c.sql = append(c.sql, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(c.args))))
}

// where writes the hard limits as a condition over products p, with its parameters after those given.
func (s *Store) where(ctx context.Context, q querier, f shop.Filter, args []any) (string, []any, error) {
	c := &conditions{args: args}
	if len(f.Brands) > 0 {
		keys := make([]string, len(f.Brands))
		for i, b := range f.Brands {
			keys[i] = brandKey(b)
		}
		c.add("p.brand_key = ANY(?)", keys)
	}
	if f.Category != "" {
		stems, err := s.stemmer.stems(ctx, q, lexicon.ToEnglish(f.Category))
		if err != nil {
			return "", nil, err
		}
		if len(stems) > 0 {
			c.add("p.category_words @> ?", stems)
		} else { // a category named in Chinese that the lexicon does not know
			c.add("p.category = ?", f.Category)
		}
	}
	if f.Color != "" {
		c.add("p.colors && ?", canonicals(f.Color, f.OtherColors, lexicon.Color))
	}
	if f.Material != "" {
		c.add("p.materials && ?", canonicals(f.Material, f.OtherMaterials, lexicon.Material))
	}
	if f.Size != "" {
		c.add("p.sizes @> ?", []string{sizeKey(f.Size)})
		// What names no sizes has its measure in the title: "27 inch monitor".
		if inTitle := words(f.Size); len(inTitle) > 0 {
			last := len(c.sql) - 1
			c.args = append(c.args, inTitle)
			c.sql[last] = fmt.Sprintf("(%s OR p.sizes = '{}' AND p.title_words @> $%d)", c.sql[last], len(c.args))
		}
	}
	if f.Audience != "" {
		// A listing that names nobody is for everybody.
		c.add("(p.audiences = '{}' OR p.audiences && ?)", audienceWithin(canonical(f.Audience, lexicon.Audience)))
	}
	if f.PriceMin != nil {
		s.price(c, ">=", *f.PriceMin)
	}
	if f.PriceMax != nil {
		s.price(c, "<=", *f.PriceMax)
	}
	if f.InStock {
		c.sql = append(c.sql, "p.stock > 0")
	}
	for _, word := range f.Exclude {
		if err := s.exclude(ctx, q, c, word); err != nil {
			return "", nil, err
		}
	}
	if len(f.ExcludeSKUs) > 0 {
		c.add("p.sku <> ALL(?)", f.ExcludeSKUs)
	}
	if len(f.SKUs) > 0 {
		c.add("p.sku = ANY(?)", f.SKUs)
	}
	if len(c.sql) == 0 {
		return noLimits, c.args, nil
	}
	return strings.Join(c.sql, " AND "), c.args, nil
}

// audienceWithin are the audiences of products that suit one.
func audienceWithin(audience string) []string {
	switch audience {
	case "kids":
		return []string{"kids", "boys", "girls", "unisex"}
	case "boys", "girls":
		return []string{audience, "kids", "unisex"}
	}
	return []string{audience, "unisex"}
}

// price limits by the amount in each currency that a rate is known for; a product in another currency does not
// meet the limit, because nobody can tell.
func (s *Store) price(c *conditions, operator string, limit shop.Money) {
	limits := map[string]int64{}
	for currency := range s.o.Rates {
		if m, ok := s.o.Rates.Convert(limit, currency); ok {
			limits[currency] = m.Minor
		}
	}
	limits[limit.Currency] = limit.Minor
	// Every limit has its own comparison, so that the planner can use what it knows of prices.
	var either []string
	for _, currency := range slices.Sorted(maps.Keys(limits)) {
		c.args = append(c.args, currency, limits[currency])
		either = append(either, fmt.Sprintf("p.currency = $%d AND p.price_minor %s $%d", len(c.args)-1, operator, len(c.args)))
	}
	c.sql = append(c.sql, "("+strings.Join(either, " OR ")+")")
}

// exclude keeps out products whose brand, colours, materials, title or category are or hold the word.
func (s *Store) exclude(ctx context.Context, q querier, c *conditions, word string) error {
	if color, ok := lexicon.Color(word); ok {
		c.add("NOT p.colors @> ?", []string{color})
	}
	if material, ok := lexicon.Material(word); ok {
		c.add("NOT p.materials @> ?", []string{material})
	}
	if pairs := chineseTerms(word, false); len(pairs) > 0 {
		c.add("NOT p.title_words @> ?", pairs)
	}
	if key := brandKey(word); key != "" {
		c.add("p.brand_key <> ?", key)
	}
	stems, err := s.stemmer.stems(ctx, q, lexicon.ToEnglish(word))
	if err != nil {
		return err
	}
	if len(stems) > 0 {
		c.add("NOT (p.title_words @> ? OR p.category_words @> ?)", stems)
	}
	return nil
}

// canonical is the lexicon's word for one, or the word itself in lower case.
func canonical(word string, in func(string) (string, bool)) string {
	if c, ok := in(word); ok {
		return c
	}
	return strings.ToLower(strings.TrimSpace(word))
}

// canonicals are a word and others that will do as well, each as the lexicon writes it.
func canonicals(word string, others []string, in func(string) (string, bool)) []string {
	all := []string{canonical(word, in)}
	for _, other := range others {
		all = append(all, canonical(other, in))
	}
	return all
}
