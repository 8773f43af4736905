package agent

import (
	"context"

	"floorwalker/shop"
)

// The cosine of two products' texts from which they have something in common, and from which they are of a kind.
const (
	unlike = 0.3
	alike  = 0.9
)

// personalise says of each candidate how near it is to what the customer likes now, and to what he turned down, by what the
// texts mean: so it holds for products that nobody has bought yet. It changes no limit and no relevance. Where little is
// known, or it can't be asked, the candidates stay as they are.
func (t *talk) personalise(ctx context.Context, found []shop.Candidate) []shop.Candidate {
	if len(found) == 0 {
		return found
	}
	defer t.timer.Step("personal")()
	likes := t.likes(ctx)
	if len(likes) == 0 {
		return found
	}
	skus, others := make([]string, len(found)), make([]string, len(likes))
	for i, c := range found {
		skus[i] = c.Product.SKU
	}
	for i, l := range likes {
		others[i] = l.SKU
	}
	cosines, err := t.Search.Alike(ctx, skus, others)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "what a customer likes is not compared now", "error", err)
		return found
	}
	personal := make([]shop.Candidate, len(found))
	for i, c := range found {
		near, off := 0.0, 0.0
		for _, l := range likes {
			shared := max(0, min((cosines[c.Product.SKU][l.SKU]-unlike)/(alike-unlike), 1))
			if l.Weight < 0 {
				off = max(off, -l.Weight*shared)
			} else {
				near = max(near, l.Weight*shared)
			}
		}
		c.Personal = near - off
		personal[i] = c
	}
	return personal
}

// mostTurnedDown is how many of the products that were turned down in the conversation are looked at, the latest of them.
const mostTurnedDown = 20

// likes are the customer's, with what he turned down in this conversation: that counts at once, whatever may be remembered of
// him.
func (t *talk) likes(ctx context.Context) []shop.Liking {
	var likes []shop.Liking
	if t.Taste != nil {
		var err error
		if likes, err = t.Taste.Likes(ctx, t.shopper()); err != nil {
			t.c.Logger.WarnContext(ctx, "a customer's taste is not known now", "error", err)
		}
	}
	turned := map[string]bool{}
	for _, sku := range t.state.Rejected[max(0, len(t.state.Rejected)-mostTurnedDown):] {
		turned[sku] = true
	}
	kept := likes[:0]
	for _, l := range likes {
		if !turned[l.SKU] {
			kept = append(kept, l)
		}
	}
	for _, sku := range t.state.Rejected {
		if turned[sku] {
			kept = append(kept, shop.Liking{SKU: sku, Weight: -1})
			turned[sku] = false
		}
	}
	return kept
}
