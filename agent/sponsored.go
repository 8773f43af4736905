package agent

import (
	"context"
	"slices"

	"floorwalker/shop"
)

// Sponsored puts paid products among those that are shown, and marks them.
type Sponsored interface {
	// Place is what the shelf shows then. On an error it is what it would show without.
	Place(ctx context.Context, s shop.Shelf) ([]shop.Candidate, error)
}

// sponsor lets paid products have their places in what is shown. They are of those that met every limit and the floor;
// an order that the customer asked for is left alone.
func (t *talk) sponsor(ctx context.Context, r result, text string) result {
	if t.Sponsored == nil || len(r.shown) == 0 || r.ranking.Degraded {
		return r
	}
	defer t.timer.Step("sponsored")()
	shelf := shop.Shelf{RankingID: r.ranking.ID, Session: t.turn.SessionID, Client: t.turn.Customer, Platform: t.turn.Platform, Text: text, Lang: t.lang,
		Candidates: slices.Clone(r.shown), Shown: len(r.shown)}
	if shelf.Client == "" {
		shelf.Client = t.turn.SessionID
	}
	for _, c := range r.all {
		if !slices.ContainsFunc(r.shown, func(s shop.Candidate) bool { return s.Product.SKU == c.Product.SKU }) {
			shelf.Candidates = append(shelf.Candidates, c)
		}
	}
	if text == "" {
		// Without words no relevance was read: the place in the list says what a product is worth.
		for i := range shelf.Candidates {
			shelf.Candidates[i].Relevance = 1 - float64(i)/float64(2*len(shelf.Candidates))
		}
	}
	shown, err := t.Sponsored.Place(ctx, shelf)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "nothing is sponsored now", "error", err)
	}
	r.shown = shown
	return r
}
