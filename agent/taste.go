package agent

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"floorwalker/shop"
)

// Taste knows what customers like by what they did. It names SKUs, best first, and none where nothing is known.
type Taste interface {
	// For is what a customer may like; the session is the one that is going on.
	For(ctx context.Context, customer, session string, n int) ([]string, error)
	// GoesWith is what others took up together with a product.
	GoesWith(ctx context.Context, sku string, n int) ([]string, error)
}

// enoughOfTaste is how many products a customer's taste must offer before they are shown.
const enoughOfTaste = 3

// liked is what a customer who set no limits and named nothing may like, by what he did. It is empty where too little
// is known of him.
func (t *talk) liked(ctx context.Context, q shop.Query) (result, error) {
	limits := q.Filter
	limits.ExcludeSKUs = nil
	if t.Taste == nil || q.Text != "" || q.Sort != shop.SortRelevance || !reflect.ValueOf(limits).IsZero() || giftCue.MatchString(t.turn.Text) {
		return result{}, nil
	}
	// What was shown, is sold out or does not exist any more is left out; so more are asked for than are shown.
	skus, err := t.Taste.For(ctx, t.turn.Customer, t.turn.SessionID, 4*t.c.Cards)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "a customer's taste is not known now", "error", err)
		return result{}, nil
	}
	r, err := t.inOrder(ctx, q, skus)
	if len(r.all) < enoughOfTaste {
		return result{}, err
	}
	return r, err
}

var goesWithCue = regexp.MustCompile(`(?i)\b(?:goes?|going) (?:well |along )?with\b|\bbought (?:together )?with\b|\bothers? (?:chose|bought|took)\b|搭配|配套|一起买`)

// goesWith shows what others took up together with the product that is spoken of; false where that is not asked, or
// nothing is known of it.
func (t *talk) goesWith(ctx context.Context) (bool, error) {
	if t.Taste == nil || !goesWithCue.MatchString(t.turn.Text) {
		return false, nil
	}
	products, _, err := t.referred(ctx)
	if err != nil || len(products) != 1 {
		return false, err
	}
	skus, err := t.Taste.GoesWith(ctx, products[0].SKU, 4*t.c.Cards)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "what goes with a product is not known now", "error", err)
		return false, nil
	}
	left := append(slices.Clone(t.state.Rejected), products[0].SKU)
	r, err := t.inOrder(ctx, shop.Query{Lang: t.lang, Filter: shop.Filter{ExcludeSKUs: left}}, skus)
	if err != nil || len(r.shown) == 0 {
		return false, err
	}
	if err := t.show(ctx, r); err != nil {
		return true, err
	}
	return true, t.tellFound(ctx, shop.Need{}, r, "")
}

// inOrder shows products in the given order, in stock and without those that the query leaves out. The ranker gives the
// list its name and the reasons.
func (t *talk) inOrder(ctx context.Context, q shop.Query, skus []string) (result, error) {
	skus = slices.DeleteFunc(slices.Clone(skus), func(sku string) bool { return slices.Contains(q.Filter.ExcludeSKUs, sku) })
	if len(skus) == 0 {
		return result{}, nil
	}
	products, err := t.products(ctx, skus)
	if err != nil {
		return result{}, err
	}
	var found []shop.Candidate
	for _, p := range products {
		if p.Stock > 0 {
			found = append(found, shop.Candidate{Product: p})
		}
	}
	if len(found) == 0 {
		return result{}, nil
	}
	ranking, err := t.Rank.Rank(ctx, q, found)
	if err != nil {
		return result{}, fmt.Errorf("rank what a customer may like: %w", err)
	}
	ranking.Model = "taste"
	place := map[string]int{}
	for i, sku := range skus {
		place[sku] = i
	}
	slices.SortStableFunc(ranking.Candidates, func(a, b shop.Candidate) int { return place[a.Product.SKU] - place[b.Product.SKU] })
	good := ranking.Candidates
	return result{ranking: ranking, filter: q.Filter, all: good, shown: good[:min(len(good), t.c.Cards)]}, nil
}
