package agent

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// Several kinds of things may be asked for at once: "a tent and two sleeping bags". Each is a need of its own, with
// what was said of it; a price that ends the sentence holds for all of them.

// mostNeeds is how many kinds of things one utterance may ask for.
const mostNeeds = 3

var (
	parting    = regexp.MustCompile(`(?i)\s*(?:,\s*(?:and\s+|plus\s+)?|\band\s+(?:also\s+)?|\bplus\s+|\bas well as\s+|&)\s*|还有|以及|、|，|和|跟|及`)
	determined = regexp.MustCompile(`(?i)^(?:an?|some|the|one|two|three|four|five|six|\d{1,2}|also|maybe|a pair of|a set of)\s`)
	// beginsWithMeasure is a piece that tells a property of what was named before.
	beginsWithMeasure = regexp.MustCompile(`(?i)^\d+(?:\.\d+)?\s*-?(?:inch(?:es)?|"|cm|mm|gb|tb|mb|kg|lbs?|oz|l|ml|mah|hz|mp|w|watts?|ft|feet|英寸|寸|厘米|公分|毫升|升|瓦|公斤|克)`)
	purpose           = regexp.MustCompile(`(?i)\b(?:for|with|of|to|that|which)\b`)
)

// parts reads the needs of an utterance; nil where it names one kind of thing or none.
func (t *talk) parts(ctx context.Context, m move, v shop.Vocabulary) ([]shop.Need, error) {
	if m.intent != shop.IntentSearch && m.intent != shop.IntentRecommend || m.said.Product == "" || m.swap || parting.MatchString(m.said.Product) {
		return nil, nil
	}
	pieces := parting.Split(t.turn.Text, mostNeeds+1)
	if len(pieces) < 2 || len(pieces) > mostNeeds {
		return nil, nil
	}
	var needs []shop.Need
	for i, piece := range pieces {
		piece = strings.TrimSpace(piece)
		// "a case for phones and tablets" is one thing; "a case for my phone and a charger" are two.
		if i > 0 && t.lang != shop.Chinese && purpose.MatchString(pieces[i-1]) && !determined.MatchString(piece) {
			return nil, nil
		}
		if i > 0 && beginsWithMeasure.MatchString(piece) {
			return nil, nil // "a laptop, 16 GB of memory": what it shall have
		}
		parse, err := t.Parser.Parse(ctx, shop.Utterance{Text: piece})
		if err != nil {
			return nil, fmt.Errorf("parse a part: %w", err)
		}
		said := readMove(parse, "", func(amount float64, currency string) *shop.Money { return t.inCurrency(amount, currency, v.Currency) }).said
		said.Product, said.Color, said.Material = t.mend(said.Product), t.mend(said.Color), t.mend(said.Material)
		if said.Product == "" && t.lang == shop.English && onlyQuality(content(piece)) {
			said.Product = content(piece)
		}
		if i > 0 && i == len(pieces)-1 && len(needs) > 1 && (said.Product == "" && !empty(said) || said.Product != "" && onlyQuality(said.Product)) {
			return allOf(needs, said), nil // "a keyboard and a mouse, wireless"
		}
		if !namesKind(said.Product, v) {
			return nil, nil
		}
		if slices.ContainsFunc(needs, func(n shop.Need) bool { return sameKind(n.Product, said.Product) }) {
			return nil, nil
		}
		needs = append(needs, said)
	}
	last := needs[len(needs)-1]
	for i := range needs {
		if needs[i].PriceMin == nil && needs[i].PriceMax == nil {
			needs[i].PriceMin, needs[i].PriceMax = last.PriceMin, last.PriceMax
		}
		needs[i].Sort = m.said.Sort
	}
	return needs, nil
}

// allOf are needs with what was said of all of them at the end.
func allOf(needs []shop.Need, said shop.Need) []shop.Need {
	quality := said.Product
	said.Product = ""
	for i := range needs {
		needs[i] = move{said: said}.limit(needs[i])
		needs[i].Product = strings.TrimSpace(quality + " " + needs[i].Product)
	}
	return needs
}

// namesKind reports whether a phrase ends in a word for a kind of thing, by what the language or the catalogue knows.
func namesKind(product string, v shop.Vocabulary) bool {
	k := readKind(product)
	if k.head == "" || onlyQuality(product) {
		return false
	}
	return kindNouns[k.head] || lexicon.ClassOf(k.head) == lexicon.Kind || lexicon.ClassOf(strings.Join(k.words, " ")) == lexicon.Kind ||
		v.Words[k.head] > 0 || v.Words[k.head+"s"] > 0
}

// findSeveral looks for each of the needs, shows some of each, and says what was found and what was not.
func (t *talk) findSeveral(ctx context.Context, needs []shop.Need) error {
	t.state.Need, t.state.Beside = needs[0], needs[1:]
	var all result
	var found, none, best []string
	each := t.c.Cards / len(needs)
	for _, need := range needs {
		r, err := t.look(ctx, need, t.state.Rejected)
		if err != nil {
			return err
		}
		n := min(len(r.shown), each)
		if n == 0 {
			none = append(none, t.what(need))
			continue
		}
		if len(all.shown) == 0 {
			all.ranking = r.ranking
		}
		all.shown = append(all.shown, r.shown[:n]...)
		found = append(found, t.counted(n, need))
		best = append(best, t.named(r.shown[0].Product))
	}
	if len(all.shown) > 0 {
		if err := t.show(ctx, all); err != nil {
			return err
		}
	}
	var d draft
	if len(found) > 0 {
		d.add(t.fill("found_each", strings.Join(found, t.comma())))
		occasion := "best"
		if len(best) > 1 {
			occasion = "best_each"
		}
		d.add(t.fill(occasion, strings.Join(best, t.comma())))
	}
	for _, what := range none {
		d.add(t.fill("none", what))
	}
	if len(found) == 0 {
		d.add(t.fill("none_hint"))
		return t.tell(ctx, "none", d)
	}
	return t.tell(ctx, "found", d)
}

// counted is how many products there are for a need, as an answer says it.
func (t *talk) counted(n int, need shop.Need) string {
	count := t.phrase("products_one")
	if n > 1 {
		count = t.format("products_many", n)
	}
	return t.format("count_for", count, t.what(need))
}

// mend mends the misspelled words of a product's name.
func (t *talk) mend(product string) string {
	if t.Spelling == nil || product == "" || lexicon.IsHan(product) {
		return product
	}
	return t.Spelling.Mend(product)
}
