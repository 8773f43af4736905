package agent

import (
	"context"
	"slices"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// mostBefore is how many earlier lists are remembered.
const mostBefore = 3

// leave remembers the list that makes way for another.
func (t *talk) leave(next []shop.ShownProduct) {
	old := t.turn.State
	skus := skusOf(old.Shown)
	if len(skus) == 0 || slices.Equal(skus, skusOf(next)) {
		return
	}
	before := append(slices.Clone(t.state.Before), shop.Screen{Need: old.Need, Beside: old.Beside, SKUs: skus})
	t.state.Before = before[max(0, len(before)-mostBefore):]
}

func skusOf(shown []shop.ShownProduct) []string {
	skus := make([]string, len(shown))
	for i, s := range shown {
		skus[i] = s.SKU
	}
	return skus
}

// goBack puts the list before on the screen again, and what was looked for then. What is not sold any more is left out;
// done is false where that was not asked, or nothing was shown.
func (t *talk) goBack(ctx context.Context) (done bool, err error) {
	if !lexicon.AsksBack(t.turn.Text) || t.parse.Intent == shop.IntentReturnRefund {
		return false, nil
	}
	for len(t.state.Before) > 0 {
		last := len(t.state.Before) - 1
		screen := t.state.Before[last]
		t.state.Before = slices.Clone(t.state.Before[:last])
		products, err := t.products(ctx, screen.SKUs)
		if err != nil {
			return false, err
		}
		if len(products) == 0 {
			continue
		}
		found := make([]shop.Candidate, len(products))
		for i, p := range products {
			found[i].Product = p
		}
		ranking, err := t.rank(ctx, queryFor(screen.Need, t.lang, nil), found)
		if err != nil {
			return false, err
		}
		// The order is the one that the customer saw: "the second one" must mean the same.
		place := func(c shop.Candidate) int { return slices.Index(screen.SKUs, c.Product.SKU) }
		again := slices.SortedFunc(slices.Values(ranking.Candidates), func(a, b shop.Candidate) int { return place(a) - place(b) })
		before := t.state.Before
		t.parse.Intent, t.parse.Slots = shop.IntentRefine, shop.Slots{}
		t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
		t.state.Need, t.state.Beside = screen.Need, screen.Beside
		if err := t.show(ctx, result{ranking: ranking, all: again, shown: again}); err != nil {
			return false, err
		}
		t.state.Before = before // going back twice goes back further
		return true, t.say(ctx, "back", t.named(again[0].Product))
	}
	if len(t.state.Shown) == 0 {
		return false, nil
	}
	t.parse.Intent, t.parse.Slots = shop.IntentRefine, shop.Slots{}
	t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	return true, t.say(ctx, "back_none")
}
