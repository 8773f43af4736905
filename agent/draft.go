package agent

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"floorwalker/shop"
)

// An answer is drafted from templates, with every fact (a name with its price, a count, an article's words) between
// two marks. Without a model the draft is the answer. With one, the model says the draft in its own words: it sees
// each fact as a number in brackets, and the server puts the facts in.
const (
	factBegin = "\x02"
	factEnd   = "\x03"
)

// draft is an answer sentence by sentence.
type draft struct{ sentences []string }

// add appends what phrase or fill made; an empty sentence is none.
func (d *draft) add(sentence string) {
	if s := strings.TrimSpace(sentence); s != "" {
		d.sentences = append(d.sentences, s)
	}
}

// fact marks a piece of text as the server's own.
func fact(text string) string { return factBegin + unmarked(text) + factEnd }

func unmarked(text string) string {
	return strings.NewReplacer(factBegin, "", factEnd, "").Replace(text)
}

// piece is a part of a draft: a fact, or words between facts.
type piece struct {
	text string
	fact bool
}

// pieces parts a marked text.
func pieces(text string) []piece {
	var all []piece
	for text != "" {
		words, rest, found := strings.Cut(text, factBegin)
		if words != "" {
			all = append(all, piece{text: words})
		}
		if !found {
			break
		}
		inner, after, _ := strings.Cut(rest, factEnd)
		all = append(all, piece{inner, true})
		text = after
	}
	return all
}

// number writes a marked sentence with each fact as [1], [2], … and appends the facts.
func number(sentence string, facts []string) (string, []string) {
	var b strings.Builder
	for _, p := range pieces(sentence) {
		if !p.fact {
			b.WriteString(p.text)
			continue
		}
		facts = append(facts, p.text)
		fmt.Fprintf(&b, "[%d]", len(facts))
	}
	return b.String(), facts
}

// phrase picks the template for the occasion; the same message always gets the same one.
func (t *talk) phrase(occasion string) string {
	several := phrases[t.lang][occasion]
	if len(several) == 0 {
		return ""
	}
	h := fnv.New32a()
	h.Write([]byte(t.turn.MessageID + occasion)) //nolint:errcheck // a hash takes everything
	return several[int(h.Sum32()%uint32(len(several)))]
}

// fill writes the template for the occasion with its values, each marked as a fact.
func (t *talk) fill(occasion string, values ...any) string {
	marked := make([]any, len(values))
	for i, v := range values {
		marked[i] = fact(fmt.Sprint(v))
	}
	return t.format(occasion, marked...)
}

// format writes the template with its values as they are.
func (t *talk) format(occasion string, values ...any) string {
	p := t.phrase(occasion)
	if len(values) == 0 {
		return p
	}
	return fmt.Sprintf(p, values...)
}

// say answers with one template.
func (t *talk) say(ctx context.Context, occasion string, values ...any) error {
	var d draft
	d.add(t.fill(occasion, values...))
	return t.tell(ctx, actOf[occasion], d)
}

var phrases = map[shop.Lang]map[string][]string{shop.English: english, shop.Chinese: chinese}

// sortedKeys are a map's keys in order, so that the same facts always make the same sentence.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
