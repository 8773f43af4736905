package agent

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// pronoun are words for what was just spoken of.
var pronoun = regexp.MustCompile(`(?i)\b(?:it|its|it's|this|that|this one|that one)\b|它|这(?:个|款|件|双|台|条)?|那(?:个|款|件|双|台|条)?`)

// referred finds the products that the utterance means: by position, else by its words among what was shown, else
// the only one shown. What was deleted meanwhile is left out; missing then says so.
func (t *talk) referred(ctx context.Context) (products []shop.Product, missing bool, err error) {
	var skus []string
	for _, n := range t.parse.Slots.Reference {
		if n >= 1 && n <= len(t.state.Shown) {
			skus = append(skus, t.state.Shown[n-1].SKU)
		}
	}
	if len(skus) == 0 && len(t.parse.Slots.Reference) == 0 {
		if sku := t.namedAmong(t.state.Shown); sku != "" {
			skus = []string{sku}
		} else if t.state.Focus != "" && pronoun.MatchString(t.turn.Text) {
			skus = []string{t.state.Focus}
		} else if len(t.state.Shown) == 1 {
			skus = []string{t.state.Shown[0].SKU}
		}
	}
	if len(skus) == 0 {
		return nil, false, nil
	}
	if len(skus) == 1 {
		t.state.Focus = skus[0]
	}
	products, err = t.products(ctx, skus)
	return products, len(products) == 0 && err == nil, err
}

// products reads products in the asked order; what does not exist any more is left out.
func (t *talk) products(ctx context.Context, skus []string) ([]shop.Product, error) {
	products, err := t.Search.Products(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read what was referred to: %w", err)
	}
	return products, nil
}

// namedAmong is the one of several products whose title, brand or colour the utterance names best; "" where none
// or two do.
func (t *talk) namedAmong(shown []shop.ShownProduct) string {
	best, second, sku := 0, 0, ""
	said := spoken(t.turn.Text + " " + t.parse.Slots.Product + " " + t.parse.Slots.Color + " " + t.parse.Slots.Brand)
	for _, s := range shown {
		score := 0
		seen := map[string]bool{}
		for _, w := range singulars(s.Title + " " + s.Brand + " " + s.Color) {
			if len(w) > 2 && said[w] && !seen[w] && !idle[w] {
				score++
			}
			if lexicon.IsHan(w) && strings.Contains(t.turn.Text, w) {
				score++
			}
			seen[w] = true
		}
		if score > best {
			best, second, sku = score, best, s.SKU
		} else {
			second = max(second, score)
		}
	}
	if best == second {
		return ""
	}
	return sku
}

// spoken are the words of an utterance, singular, with the English of Chinese ones and the families of colours.
func spoken(text string) map[string]bool {
	if lexicon.IsHan(text) {
		text += " " + lexicon.ToEnglish(text)
	}
	set := map[string]bool{}
	for _, w := range singulars(text) {
		set[w] = true
		if color, ok := lexicon.Color(w); ok {
			set[color] = true
		}
	}
	return set
}
