package agent

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"floorwalker/shop"
)

// Taste knows what customers like by what they did. It names SKUs, best first, and none where nothing is known.
type Taste interface {
	// For is what a customer may like; the session is the one that is going on.
	For(ctx context.Context, customer, session string, n int) (shop.Taste, error)
	// Explore chooses one of the products by chance, the likelier the better customers take to it, and says how likely
	// that was. The same seed chooses the same.
	Explore(ctx context.Context, seed string, skus []string) (sku string, propensity float64, err error)
	// GoesWith is what others took up together with a product.
	GoesWith(ctx context.Context, sku string, n int) ([]string, error)
}

const (
	// enoughOfTaste is how many products a customer's taste must offer before they are shown.
	enoughOfTaste = 3
	// explored is among how many products, the last that is shown and those that come after it, the last place is drawn.
	explored = 8
)

// liked is what a customer who set no limits and named nothing may like, by what he did. It is empty where too little
// is known of him.
func (t *talk) liked(ctx context.Context, q shop.Query) (result, error) {
	limits := q.Filter
	limits.ExcludeSKUs = nil
	if t.Taste == nil || q.Text != "" || q.Sort != shop.SortRelevance || !reflect.ValueOf(limits).IsZero() || giftCue.MatchString(t.turn.Text) {
		return result{}, nil
	}
	// What was shown, bought, is sold out or does not exist any more is left out; so more are asked for than are shown.
	taste, err := t.Taste.For(ctx, t.turn.Customer, t.turn.SessionID, 6*t.c.Cards)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "a customer's taste is not known now", "error", err)
		return result{}, nil
	}
	bought, err := t.boughtOnce(ctx, taste)
	if err != nil {
		return result{}, err
	}
	skus := make([]string, 0, len(taste.Products))
	for _, s := range taste.Products {
		skus = append(skus, s.SKU)
	}
	r, err := t.inOrder(ctx, q, skus, func(p shop.Product) bool { return !bought[p.SKU] || t.consumable(p) })
	if err != nil || len(r.all) < enoughOfTaste {
		return result{}, err
	}
	r.ranking.Model = taste.Model
	return t.explore(ctx, r), nil
}

// boughtOnce are the products that the customer bought, by the events and by the orders.
func (t *talk) boughtOnce(ctx context.Context, taste shop.Taste) (map[string]bool, error) {
	bought := map[string]bool{}
	for _, s := range taste.Products {
		bought[s.SKU] = s.Bought
	}
	if !t.turn.Verified || len(taste.Products) == 0 {
		return bought, nil
	}
	orders, err := t.Orders.Of(ctx, t.turn.Customer)
	if err != nil {
		return nil, fmt.Errorf("read what a customer bought: %w", err)
	}
	for _, o := range orders {
		for _, line := range o.Lines {
			bought[line.SKU] = true
		}
	}
	return bought, nil
}

// consumable reports whether who bought the product needs it again.
func (t *talk) consumable(p shop.Product) bool {
	return slices.ContainsFunc(t.c.Consumables, func(c string) bool { return c == "*" || strings.EqualFold(c, p.Category) })
}

// explore draws the last of the shown products among itself and those that come next, so that what was never shown gets
// its turn. All before it stand where they stood.
func (t *talk) explore(ctx context.Context, r result) result {
	last := len(r.shown) - 1
	if len(r.all) <= len(r.shown) || len(r.shown) < t.c.Cards {
		return r
	}
	var skus []string
	for _, c := range r.all[last:min(len(r.all), last+explored)] {
		skus = append(skus, c.Product.SKU)
	}
	sku, propensity, err := t.Taste.Explore(ctx, t.turn.MessageID, skus)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "nothing is explored now", "error", err)
		return r
	}
	r.shown = slices.Clone(r.shown)
	r.shown[last] = r.all[last+slices.Index(skus, sku)]
	r.shown[last].Propensity = propensity
	return r
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
	r, err := t.inOrder(ctx, shop.Query{Lang: t.lang, Filter: shop.Filter{ExcludeSKUs: left}}, skus, func(shop.Product) bool { return true })
	if err != nil || len(r.shown) == 0 {
		return false, err
	}
	if err := t.show(ctx, r); err != nil {
		return true, err
	}
	return true, t.tellFound(ctx, shop.Need{}, r, "")
}

// inOrder shows products in the given order, in stock, that pass, without those that the query leaves out. The ranker
// gives the list its name and the reasons.
func (t *talk) inOrder(ctx context.Context, q shop.Query, skus []string, pass func(shop.Product) bool) (result, error) {
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
		if p.Stock > 0 && pass(p) {
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
	good, err := t.leastLike(ctx, ranking.Candidates, q.Sort)
	if err != nil {
		return result{}, err
	}
	return result{ranking: ranking, filter: q.Filter, all: good, shown: good[:min(len(good), t.c.Cards)]}, nil
}
