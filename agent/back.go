package agent

import (
	"context"
	"regexp"
	"slices"

	"floorwalker/shop"
)

// backCue asks for a list that was on the screen before.
var backCue = regexp.MustCompile(`(?i)\b(?:back to|return to|(?:show|see|give|have|list|bring)\b.{0,20})\s*(?:the |those |these |my |your )?(?:earlier|previous|prior|former|old|last|first|original|other)\b\s*(?:\w+\s+)?(?:ones|list|results?|products|options|items|selection|page|search|suggestions|choices)\b|` +
	`\b(?:ones|list|results|products|options|items|suggestions)\b (?:that )?(?:(?:you|i|we) )?(?:(?:just )?(?:showed|saw|had|looked at|were looking at) )?(?:me |us )?(?:before|earlier|previously|a moment ago)\b|` +
	`^(?:(?:ok|okay|no|hm+|actually|sorry|please|well|oh|can (?:you|we)|could (?:you|we)|let'?s|i want to|go)[ ,]+)*go back(?: please| (?:one|a) (?:step|page)| to (?:the )?(?:earlier|previous) .{0,20})?[.!?]*$|` +
	`(?:回到|返回|退回(?:到)?|再看看?|看回|还是看)(?:一下)?(?:刚才|之前|前面|上一?(?:次|页|批|组)|最初|开始|原来)的?(?:那|这)?(?:几|些|个|一?[批组页])?(?:款|个|件|双|台|种)?|^(?:返回|上一页|上一批|刚才(?:那|的)(?:几|些)?(?:个|款|件|双|台|种)?(?:呢|吧)?)[。！!？?]*$`)

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
// done is false where nothing of a list before is left.
func (t *talk) goBack(ctx context.Context) (done bool, err error) {
	if !backCue.MatchString(t.turn.Text) || t.parse.Intent == shop.IntentReturnRefund {
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
	return false, nil
}
