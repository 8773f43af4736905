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
	// For is what a customer may like, at most n products.
	For(ctx context.Context, s shop.Shopper, n int) (shop.Taste, error)
	// Likes are the products that say most of what the customer likes now, and those that he turned down.
	Likes(ctx context.Context, s shop.Shopper) ([]shop.Liking, error)
	// Explore chooses one of the products by chance, the likelier the better customers take to it, and says how likely
	// that was. The same seed chooses the same.
	Explore(ctx context.Context, seed string, skus []string) (sku string, propensity float64, err error)
	// GoesWith is what others took up together with a product.
	GoesWith(ctx context.Context, sku string, n int) ([]string, error)
}

const (
	// enoughOfTaste is how many products a customer's taste must offer before they are shown.
	enoughOfTaste = 3
	// deepTaste is how many products of a taste are looked through where limits leave few of them.
	deepTaste = 500
	// turnedDown is the Personal from which a product is too near to what was turned down to stand where taste puts it.
	turnedDown = -0.5
	// explored is among how many products, the last that is shown and those that come after it, the last place is drawn.
	explored = 8
)

// shopper is whose taste is asked for.
func (t *talk) shopper() shop.Shopper {
	return shop.Shopper{Client: t.turn.Customer, Session: t.turn.SessionID, Platform: t.turn.Platform}
}

// limited reports whether a filter has limits of the customer's.
func limited(f shop.Filter) bool {
	f.ExcludeSKUs = nil
	return !reflect.ValueOf(f).IsZero()
}

// liked is what a customer who named nothing may like under his limits, by what he did. It is empty where too little is
// known of him; under limits it may hold fewer than are enough.
func (t *talk) liked(ctx context.Context, q shop.Query) (result, error) {
	if t.Taste == nil || q.Text != "" || q.Sort != shop.SortRelevance || giftCue.MatchString(t.turn.Text) {
		return result{}, nil
	}
	// What was shown, bought, is sold out or does not exist any more is left out; so more are asked for than are shown.
	n := 6 * t.c.Cards
	if limited(q.Filter) {
		n = deepTaste
	}
	taste, err := t.Taste.For(ctx, t.shopper(), n)
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
	if err != nil || len(r.all) == 0 || len(r.all) < enoughOfTaste && !limited(q.Filter) {
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
	r, err := t.withIt(ctx, products[0].SKU)
	if err != nil || len(r.shown) == 0 {
		return false, err
	}
	if err := t.show(ctx, r); err != nil {
		return true, err
	}
	return true, t.tellFound(ctx, shop.Need{}, r, "")
}

// meeting reads the products that meet the filter's limits.
func (t *talk) meeting(ctx context.Context, f shop.Filter, skus []string) ([]shop.Product, error) {
	if !limited(f) {
		return t.products(ctx, skus)
	}
	f.SKUs = skus
	found, err := t.search(ctx, shop.Query{Filter: f, Limit: len(skus)})
	if err != nil {
		return nil, err
	}
	products := make([]shop.Product, len(found))
	for i, c := range found {
		products[i] = c.Product
	}
	return products, nil
}

// inOrder shows products in the given order, in stock, that meet the limits and pass, without those that the query leaves
// out. The ranker gives the list its name and the reasons.
func (t *talk) inOrder(ctx context.Context, q shop.Query, skus []string, pass func(shop.Product) bool) (result, error) {
	skus = slices.DeleteFunc(slices.Clone(skus), func(sku string) bool { return slices.Contains(q.Filter.ExcludeSKUs, sku) })
	if len(skus) == 0 {
		return result{}, nil
	}
	products, err := t.meeting(ctx, q.Filter, skus)
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
	if len(t.state.Rejected) > 0 {
		found = t.personalise(ctx, found)
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
	for _, c := range ranking.Candidates {
		if c.Personal <= turnedDown {
			place[c.Product.SKU] += len(skus)
		}
	}
	slices.SortStableFunc(ranking.Candidates, func(a, b shop.Candidate) int { return place[a.Product.SKU] - place[b.Product.SKU] })
	good, err := t.leastLike(ctx, ranking.Candidates, q.Sort)
	if err != nil {
		return result{}, err
	}
	return result{ranking: ranking, filter: q.Filter, all: good, shown: good[:min(len(good), t.c.Cards)]}, nil
}
