package agent

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

var whichCue = regexp.MustCompile(`(?i)\b(?:which|what) (?:one|of (?:these|those|them)|would you|do you|should i)\b|\byour (?:favou?rite|pick|choice)\b|\b(?:best|better) of (?:these|those|them)\b|哪(?:个|款|一个|种|件|双)|(?:这|那)些(?:里|中)`)

// wantsAdvice reports whether the customer asks which of the shown products to take.
func (t *talk) wantsAdvice(m move) bool {
	return t.parse.Intent == shop.IntentRecommend && len(t.state.Shown) >= 2 && empty(m.said) && whichCue.MatchString(t.turn.Text)
}

// advise names one of the shown products: the first, which meets the need best, or the one that customers rate
// clearly higher.
func (t *talk) advise(ctx context.Context) error {
	products, err := t.shownProducts(ctx)
	if err != nil {
		return err
	}
	products = slices.DeleteFunc(products, func(p shop.Product) bool { return p.Stock == 0 })
	if len(products) == 0 {
		return t.say(ctx, "what_product")
	}
	best, occasion := products[0], "advise_match"
	for _, p := range products[1:] {
		if p.Rating >= best.Rating+clearlyBetter && best.Rating > 0 {
			best, occasion = p, "advise_rating"
		}
	}
	t.state.Focus = best.SKU
	var d draft
	d.add(t.fill(occasion, t.named(best)))
	return t.tell(ctx, "found", d)
}

// clearlyBetter is a difference of ratings that means something, in stars.
const clearlyBetter = 0.3

// mostOfACategory keeps recommendations mixed.
const mostOfACategory = 2

// recommend shows something to a customer who named no product: what meets the words that were said, where they
// say something, else what is rated best under the limits, mixed over the departments.
func (t *talk) recommend(ctx context.Context, need shop.Need) error {
	q := queryFor(need, t.lang, slices.Concat(t.state.Rejected, t.state.Seen))
	if q.Text == "" {
		q.Text = content(t.turn.Text)
		if t.lang == shop.Chinese {
			q.Lang, q.Text = shop.English, content(lexicon.ToEnglish(t.turn.Text))
		}
	}
	var r result
	var err error
	if q.Text != "" {
		if r, err = t.lookFor(ctx, q, need); err != nil {
			return err
		}
	}
	if q.Text == "" {
		if r, err = t.liked(ctx, q); err != nil {
			return err
		}
	}
	const enough = 3
	if len(r.shown) < enough && q.Text != "" && !t.aboutGift() {
		r = t.nearest(r)
	}
	if few := r; len(r.shown) < enough || q.Text == "" && limited(q.Filter) && len(r.shown) < t.c.Cards {
		if r, err = t.suggest(ctx, q, need); err != nil {
			return err
		}
		if q.Text == "" {
			r = t.before(few, r)
		}
	}
	if len(r.shown) == 0 {
		vocabulary, err := t.Search.Vocabulary(ctx)
		if err != nil {
			return err
		}
		return t.unmet(ctx, need, vocabulary)
	}
	if need.Sort == shop.SortRelevance {
		r = t.sponsor(ctx, r, q.Text)
	}
	if err := t.show(ctx, r); err != nil {
		return err
	}
	return t.tellFound(ctx, need, r, "")
}

var giftCue = regexp.MustCompile(`(?i)\b(?:gifts?|presents?|birthday|christmas|anniversary|valentine'?s?|(?:mother|father)'?s day|for (?:my|his|her|our) \w+)\b|礼物|礼品|送|生日`)

// nearlyFits is the share of the ranking's floor from which a product is worth showing to one who named a purpose
// ("something to keep coffee hot") and no thing.
const nearlyFits = 0.4

// nearest takes what comes nearest to a purpose, though under the floor for a named thing.
func (t *talk) nearest(r result) result {
	floor := nearlyFits * cmp.Or(t.c.Floor, r.ranking.Floor)
	var near []shop.Candidate
	for _, c := range r.ranking.Candidates {
		if c.Relevance >= floor && c.Product.Stock > 0 {
			near = append(near, c)
		}
	}
	r.all, r.shown = near, near[:min(len(near), t.c.Cards)]
	return r
}

// before puts the few products that meet both limits and taste before those that meet the limits.
func (t *talk) before(few, rest result) result {
	if len(few.all) == 0 {
		return rest
	}
	join := func(first, then []shop.Candidate) []shop.Candidate {
		all := slices.Clone(first)
		for _, c := range then {
			if !slices.ContainsFunc(first, func(f shop.Candidate) bool { return f.Product.SKU == c.Product.SKU }) {
				all = append(all, c)
			}
		}
		return all
	}
	shown := join(few.all, rest.shown)
	rest.all, rest.shown = join(few.all, rest.all), shown[:min(len(shown), t.c.Cards)]
	rest.ranking.Model = few.ranking.Model
	return rest
}

// aboutGift reports whether a present is looked for, in this utterance or one before, and no thing has been named since.
func (t *talk) aboutGift() bool {
	return giftCue.MatchString(strings.Join(t.state.History, " ; "))
}

// suggest takes what is nearest to the idea of a present, or what is rated best where none is spoken of, mixed over
// the departments.
func (t *talk) suggest(ctx context.Context, q shop.Query, need shop.Need) (result, error) {
	q.Text = ""
	if t.aboutGift() && q.Sort == shop.SortRelevance {
		q.Lang, q.Text = shop.English, strings.TrimSpace("gift set for "+cmp.Or(need.Audience, "everyone"))
		q.Limit = t.c.Candidates
		found, err := t.search(ctx, q)
		if err != nil {
			return result{}, err
		}
		ranking, err := t.rank(ctx, q, found)
		if err != nil {
			return result{}, err
		}
		in := preferred(ranking.Candidates, func(p shop.Product) bool { return p.Stock > 0 }, 1)
		return result{ranking, q.Text, q.Filter, in, mixed(in, t.c.Cards)}, nil
	}
	if q.Sort == shop.SortRelevance {
		q.Sort = shop.SortRating
	}
	r, err := t.lookFor(ctx, q, need)
	r.shown = mixed(r.all, t.c.Cards)
	return r, err
}

// mixed takes at most a few of each category, and fills up with the others.
func mixed(found []shop.Candidate, n int) []shop.Candidate {
	count := map[string]int{}
	var first, later []shop.Candidate
	for _, c := range found {
		if count[c.Product.Category]++; count[c.Product.Category] > mostOfACategory {
			later = append(later, c)
			continue
		}
		first = append(first, c)
	}
	first = append(first, later...)
	return first[:min(len(first), n)]
}
