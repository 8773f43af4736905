package agent

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"floorwalker/shop"
)

// unlikeCue asks for less like something that is shown: "less like the second one".
var unlikeCue = regexp.MustCompile(`(?i)\b(?:less|fewer|not so (?:much|many)) (?:ones? |things? |products? )?(?:like|similar to) (?:this|that|these|those|the|number|it)\b|少(?:来|推荐|给我)(?:一点|点|些)?(?:像|跟|和|这|那|类似)`)

const (
	// mostLessLike is of how many products it is remembered that less like them is wanted.
	mostLessLike = 16
	// enoughOthers is how many cards that were not seen yet answer "less like this" alone.
	enoughOthers = 3
	// weightOfLike is how often a product that has all in common with what less is wanted of falls behind a whole list: a
	// third in common outweighs the best place.
	weightOfLike = 3
)

// lessWanted is the product that the customer's words point at and want less like; empty where they want something else.
func (t *talk) lessWanted() string {
	if !unlikeCue.MatchString(t.turn.Text) {
		return ""
	}
	for _, n := range t.parse.Slots.Reference {
		if n >= 1 && n <= len(t.state.Shown) {
			return t.state.Shown[n-1].SKU
		}
	}
	return t.state.Focus
}

// lessLike puts the product aside and shows others for the same need, those first that are least like it.
func (t *talk) lessLike(ctx context.Context, sku string) error {
	t.parse.Intent, t.parse.Slots = shop.IntentRefine, shop.Slots{}
	t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	t.turn.Text = "" // all of it is understood
	unlike := append(slices.DeleteFunc(slices.Clone(t.state.LessLike), func(s string) bool { return s == sku }), sku)
	t.state.LessLike = unlike[max(0, len(unlike)-mostLessLike):]
	if !slices.Contains(t.state.Rejected, sku) {
		t.state.Rejected = append(slices.Clone(t.state.Rejected), sku)
	}
	need := t.state.Need
	switch {
	case len(t.state.Beside) > 0:
		return t.findSeveral(ctx, append([]shop.Need{need}, t.state.Beside...))
	case need.Product == "":
		return t.recommend(ctx, need)
	}
	r, err := t.look(ctx, need, slices.Concat(t.state.Rejected, t.state.Seen))
	if err == nil && len(r.shown) < enoughOthers {
		r, err = t.look(ctx, need, t.state.Rejected)
	}
	if err != nil {
		return err
	}
	if len(r.shown) == 0 {
		return t.say(ctx, "no_more")
	}
	if err := t.show(ctx, r); err != nil {
		return err
	}
	return t.tellFound(ctx, need, r, t.fill("less_like"))
}

// leastLike moves those back that are like what the customer wants less of. An order that the customer asked for stays as
// it is.
func (t *talk) leastLike(ctx context.Context, found []shop.Candidate, by shop.Sort) ([]shop.Candidate, error) {
	if len(t.state.LessLike) == 0 || len(found) < 2 || by != shop.SortRelevance {
		return found, nil
	}
	unlike, err := t.products(ctx, t.state.LessLike)
	if err != nil {
		return nil, err
	}
	type place struct {
		shop.Candidate
		back float64
	}
	places := make([]place, len(found))
	for i, c := range found {
		alike := 0.0
		for _, p := range unlike {
			alike = max(alike, inCommon(c.Product, p))
		}
		places[i] = place{c, float64(i)/float64(len(found)) + weightOfLike*alike}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.back, b.back) })
	moved := make([]shop.Candidate, len(places))
	for i, p := range places {
		moved[i] = p.Candidate
	}
	return moved, nil
}

// inCommon is how much two products have in common, from 0 to 1: the mean over the words of their names, and brand,
// category and attributes where both say them.
func inCommon(a, b shop.Product) float64 {
	sum, n := 0.0, 0
	add := func(share float64) { sum, n = sum+share, n+1 }
	same := func(x, y string) {
		if x != "" && y != "" {
			add(map[bool]float64{true: 1}[x == y])
		}
	}
	words, others := map[string]bool{}, map[string]bool{}
	for _, w := range singulars(a.Title) {
		words[w] = true
	}
	both := 0
	for _, w := range singulars(b.Title) {
		if words[w] && !others[w] {
			both++
		}
		others[w] = true
	}
	if all := len(words) + len(others) - both; all > 0 {
		add(float64(both) / float64(all))
	}
	same(a.Brand, b.Brand)
	same(a.Category, b.Category)
	equal, said := 0, 0
	for name, value := range a.Attributes {
		if other, ok := b.Attributes[name]; ok {
			said++
			if value == other {
				equal++
			}
		}
	}
	if said > 0 {
		add(float64(equal) / float64(said))
	}
	return sum / float64(max(1, n))
}
