package retrieval

import (
	"cmp"
	"strings"
	"unicode"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// kinds finds out what products are that come without a category: of the categories that other products of the
// same file have, the longest that the title names, else the description; else the noun that such categories
// end in ("cable", "printer").
type kinds struct {
	// names are categories in words, heads their last words; each with how many products have it.
	names, heads map[string]int
	// spelled is a category as it was first written, by its words.
	spelled map[string]string
}

const (
	// minKind is how many products make a category worth giving to others, minHead a noun.
	minKind = 3
	minHead = 10
	// maxKinds bounds what is counted, maxKindWords the longest name.
	maxKinds     = 50_000
	maxKindWords = 5
)

func newKinds() *kinds {
	return &kinds{names: map[string]int{}, heads: map[string]int{}, spelled: map[string]string{}}
}

// learn counts the category of a product.
func (k *kinds) learn(p shop.Product) {
	if p.Category == "" || len(k.names) >= maxKinds {
		return
	}
	name := kindWords(p.Category)
	if len(name) == 0 || len(name) > maxKindWords {
		return
	}
	key := strings.Join(name, " ")
	if k.names[key]++; k.names[key] == 1 {
		k.spelled[key] = p.Category
	}
	if head := name[len(name)-1]; len(head) > 2 {
		k.heads[head]++
	}
}

// of is the product's kind; empty where none is found.
func (k *kinds) of(p shop.Product) string {
	for _, text := range []string{p.Title, p.Description} {
		text = untilFor(text)
		if kind := named(text, k.names, minKind); kind != "" {
			return k.spelled[kind]
		}
		if kind := named(text, k.heads, minHead); kind != "" {
			return cmp.Or(k.spelled[kind], kind)
		}
	}
	return ""
}

// named is the known kind in a text: the longest, and of those the last. A name that another noun follows is
// part of a longer name: a "mouse wrist pillow" is no mouse.
func named(text string, known map[string]int, least int) string {
	var all []string
	var open []bool // whether the name may end before this word
	for field := range strings.FieldsSeq(text) {
		words := kindWords(field)
		for i, w := range words {
			all = append(all, w)
			open = append(open, i == 0 && !noun(field))
		}
		if len(words) == 0 || strings.HasSuffix(field, ",") { // a dash, the end of a phrase
			open = append(open, true)
			all = append(all, "")
		}
		if len(all) > 80 {
			break
		}
	}
	for size := min(maxKindWords, len(all)); size > 0; size-- {
		for i := len(all) - size; i >= 0; i-- {
			if end := i + size; end == len(all) || open[end] {
				if kind := strings.Join(all[i:end], " "); known[kind] >= least {
					return kind
				}
			}
		}
	}
	return ""
}

// noun reports whether a word may go on with the name before it: not a colour, a number, a code, an acronym.
func noun(word string) bool {
	word = strings.Trim(word, ".,;:!")
	if _, isColor := lexicon.Color(word); isColor || len(word) < 3 {
		return false
	}
	capitals := 0
	for _, r := range word {
		if !unicode.IsLetter(r) && r != '-' {
			return false
		}
		if unicode.IsUpper(r) {
			capitals++
		}
	}
	switch strings.ToLower(word) {
	case "original", "and", "from", "without", "set", "new", "rev", "type-a", "type-c":
		return false
	}
	return capitals < 2
}

// kindWords are the words of a name in lower case and in the singular, so that "Laptop Bags" is "laptop bag".
func kindWords(text string) []string {
	raw := rawWords(text)
	for i, w := range raw {
		raw[i] = lexicon.Singular(w)
	}
	return raw[:min(len(raw), 80)]
}

// untilFor cuts what follows "for" or "with": a bag for laptops is no laptop.
func untilFor(text string) string {
	lower := strings.ToLower(text)
	end := len(text)
	for _, sign := range []string{" for ", " with ", " without ", " compatible ", " f/", " w/", " incl", "("} {
		if i := strings.Index(lower, sign); i > 0 && i < end && len(lower) == len(text) {
			end = i
		}
	}
	return text[:end]
}
