package agent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"floorwalker/shop"
)

// unmet says honestly that nothing meets the need, which limit stands in the way, and asks before it shows what
// breaks that limit. It never shows such products by itself.
func (t *talk) unmet(ctx context.Context, need shop.Need, v shop.Vocabulary) error {
	var d draft
	what := t.what(need)
	if brands := brandsOf(need); len(brands) > 0 && !slices.ContainsFunc(brands, func(b string) bool { return sells(v, b) }) {
		d.add(t.fill("no_brand", strings.Join(brands, t.comma())))
		if other, err := t.look(ctx, without(need, "brand"), t.state.Rejected); err != nil {
			return err
		} else if len(other.shown) > 0 && need.Product != "" {
			d.add(t.fill("offer_brands", what))
			t.state.Offer = offerDrop + "brand"
		}
		return t.tell(ctx, "none", d)
	}
	limits := limitsOf(need)
	if len(limits) > 0 {
		d.add(t.fill("none_limits", what, t.limits(need)))
	} else {
		d.add(t.fill("none", what))
	}
	for _, limit := range limits {
		rest := without(need, limit)
		if empty(rest) {
			continue
		}
		if limit == "price" {
			rest.Sort = shop.SortPriceAsc
			if need.PriceMax == nil {
				rest.Sort = shop.SortPriceDesc
			}
		}
		r, err := t.look(ctx, rest, t.state.Rejected)
		if err != nil {
			return err
		}
		if len(r.shown) == 0 {
			continue
		}
		if limit == "price" {
			occasion := "nearest_above"
			if need.PriceMax == nil {
				occasion = "nearest_below"
			}
			d.add(t.fill(occasion, t.named(r.shown[0].Product)))
		}
		d.add(t.fill("offer_without", t.limitName(limit)))
		t.state.Offer = offerDrop + limit
		return t.tell(ctx, "none", d)
	}
	if len(limits) > 1 && need.Product != "" {
		if r, err := t.look(ctx, shop.Need{Product: need.Product}, t.state.Rejected); err != nil {
			return err
		} else if len(r.shown) > 0 {
			d.add(t.fill("offer_all", what))
			t.state.Offer = offerDrop + "all"
			return t.tell(ctx, "none", d)
		}
	}
	d.add(t.fill("none_hint"))
	return t.tell(ctx, "none", d)
}

// what is the customer's word for the thing, or a general one.
func (t *talk) what(need shop.Need) string {
	switch {
	case need.Product == "":
		return t.phrase("anything")
	case t.lang == shop.English:
		return inEnglish(need.Product)
	}
	return need.Product
}

// sells reports whether the catalogue has the brand, or at least names it.
func sells(v shop.Vocabulary, brand string) bool {
	wanted := brandLetters(inEnglish(brand))
	return slices.ContainsFunc(v.Brands, func(b string) bool { return brandLetters(b) == wanted })
}

// brandLetters is a brand without case, spaces and marks: "TP-Link" and "tp link" are one.
func brandLetters(brand string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, brand)
}

// What a plain "yes" takes up.
const (
	offerDrop   = "drop:"
	offerPerson = "person"
	offerReturn = "return"
	// offerWith offers to show what others take together with the product whose SKU follows.
	offerWith = "with "
)

// accept does what was offered.
func (t *talk) accept(ctx context.Context, offer string) error {
	if offer == offerReturn {
		return t.sendReturn(ctx)
	}
	t.state.Return = nil
	if sku, ok := strings.CutPrefix(offer, offerWith); ok {
		return t.showWithIt(ctx, sku)
	}
	limit, ok := strings.CutPrefix(offer, offerDrop)
	if !ok {
		t.Handoff = &shop.HandoffRequest{Reason: "customer_asked"}
		if t.turn.State.Misses >= mostMisses {
			t.Handoff.Reason = "misunderstood"
		}
		return t.say(ctx, "handoff")
	}
	need := without(t.state.Need, limit)
	if limit == "all" {
		need = shop.Need{Product: need.Product}
	}
	t.parse.Intent, t.Outcome.Parse.Intent = shop.IntentRefine, shop.IntentRefine
	t.state.Need = need
	vocabulary, err := t.Search.Vocabulary(ctx)
	if err != nil {
		return fmt.Errorf("read vocabulary: %w", err)
	}
	return t.findNeed(ctx, need, move{intent: shop.IntentRefine}, vocabulary)
}
