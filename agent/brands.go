package agent

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floorwalker/shop"
)

// brandsCue asks which brands there are.
var brandsCue = regexp.MustCompile(`(?i)\b(?:which|what) (?:other )?(?:brands?|makes?|manufacturers?)\b.{0,20}\b(?:have|sell|carry|stock|there|offer|got)\b|有(?:哪些|什么|啥)(?:品牌|牌子)|(?:哪些|什么)(?:品牌|牌子)`)

// brandWords are words for brands, which name no kind of thing.
var brandWords = wordSet("brand make manufacturer label")

// mostBrands is how many brands an answer names.
const mostBrands = 6

// brands names the brands of the thing that is named or looked for, the most frequent first, else those of the shop.
func (t *talk) brands(ctx context.Context) error {
	need, said := without(t.state.Need, "brand"), t.mend(bare(t.parse.Slots.Product))
	t.parse.Intent, t.parse.Slots = shop.IntentProductQuestion, shop.Slots{}
	t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	vocabulary, err := t.Search.Vocabulary(ctx)
	if err != nil {
		return fmt.Errorf("read vocabulary: %w", err)
	}
	if namesKind(said, vocabulary) && !brandWords[readKind(said).head] {
		need = shop.Need{Product: said}
	}
	names := vocabulary.Brands
	if need.Product != "" {
		r, err := t.look(ctx, need, nil)
		if err != nil {
			return err
		}
		count := map[string]int{}
		names = nil
		for _, c := range r.all {
			if b := c.Product.Brand; b != "" {
				if count[b]++; count[b] == 1 {
					names = append(names, b)
				}
			}
		}
		slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	}
	if len(names) == 0 {
		return t.say(ctx, "brands_none")
	}
	if need.Product == "" {
		return t.say(ctx, "brands", strings.Join(names[:min(len(names), mostBrands)], t.comma()))
	}
	return t.say(ctx, "brands_for", t.what(need), strings.Join(names[:min(len(names), mostBrands)], t.comma()))
}
