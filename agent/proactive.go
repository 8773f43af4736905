package agent

import (
	"context"
	"slices"

	"floorwalker/shop"
)

// mostWelcome is how many products a greeting comes with at most.
const mostWelcome = 4

// welcome shows a customer of whom something is known a few products to his taste as he is greeted, where nothing was shown
// yet; false where nothing is.
func (t *talk) welcome(ctx context.Context) (bool, error) {
	if t.Taste == nil || len(t.state.Seen) > 0 || !slices.ContainsFunc(t.likes(ctx), func(l shop.Liking) bool { return l.Weight > 0 }) {
		return false, nil
	}
	r, err := t.liked(ctx, shop.Query{Lang: t.lang, Filter: shop.Filter{ExcludeSKUs: slices.Clone(t.state.Rejected)}})
	if err != nil || len(r.shown) == 0 {
		return false, err
	}
	r.shown = r.shown[:min(len(r.shown), mostWelcome)]
	return true, t.show(ctx, r)
}

// withIt is what others took up together with a product and is in stock, without what is left out.
func (t *talk) withIt(ctx context.Context, sku string, left ...string) (result, error) {
	skus, err := t.Taste.GoesWith(ctx, sku, 4*t.c.Cards)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "what goes with a product is not known now", "error", err)
		return result{}, nil
	}
	left = slices.Concat(t.state.Rejected, []string{sku}, left)
	return t.inOrder(ctx, shop.Query{Lang: t.lang, Filter: shop.Filter{ExcludeSKUs: left}}, skus, func(shop.Product) bool { return true })
}

// offerWithIt names what others take most together with a product that went into the cart, and offers to show all of it.
func (t *talk) offerWithIt(ctx context.Context, d *draft, sku string, cart shop.Cart) error {
	if t.Taste == nil {
		return nil
	}
	var have []string
	for _, line := range cart.Lines {
		have = append(have, line.SKU)
	}
	r, err := t.withIt(ctx, sku, have...)
	if err != nil || len(r.shown) == 0 {
		return err
	}
	d.add(t.fill("offer_with", t.named(r.shown[0].Product)))
	t.state.Offer = offerWith + sku
	return nil
}

// showWithIt shows what was offered.
func (t *talk) showWithIt(ctx context.Context, sku string) error {
	if t.Taste == nil {
		return t.say(ctx, "none_hint")
	}
	r, err := t.withIt(ctx, sku)
	if err != nil {
		return err
	}
	if len(r.shown) == 0 {
		return t.say(ctx, "none_hint")
	}
	if err := t.show(ctx, r); err != nil {
		return err
	}
	return t.tellFound(ctx, shop.Need{}, r, "")
}
