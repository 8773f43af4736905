package understanding

import (
	_ "embed"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

//go:embed brands.txt
var publicBrands string

// words is what the grammar knows of brands and kinds of products: the catalogue's own and well-known ones.
type words struct {
	// brands maps each brand in lower case to true when it is the catalogue's.
	brands map[string]bool
	// fuzzy holds the brands that are long enough for a spelling mistake, by first letter.
	fuzzy map[byte][]string
	// nouns are phrases that name products, heads the last words of them.
	nouns, heads map[string]bool
	// known counts the words of titles.
	known map[string]int
	// speller mends misspelled words for kinds of products and what describes them.
	speller *lexicon.Speller
}

// ordinary are brands that are everyday words too: they count only where the sentence speaks of a brand.
var ordinary = listed(`trust coach stanley polar omega sharp pilot parker gap fossil ninja weber zebra target shark black the one home set best
	generic other smart pro sigma wilson vans amazon diamond kids green orange next on giant dove tiger victor beats garnier vivo champion guess
	brother apple converse columbia thermos north face arlo realme mango express boss swatch crocs pandora camel philosophy pure
	simple visa bench jaguar ranger galaxy bush tower signature classic essentials basics nature origins fresh supreme diesel
	barbie disney 兄弟 苹果 北面 潘多拉 虎牌 百得 派克 百事 奔驰 宝马 晨光 美的 一加 博士`)

func listed(text string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}

// publicWords is what is known without any catalogue; catalogues add to copies of it.
var publicWords = func() *words {
	w := &words{brands: map[string]bool{}, fuzzy: map[byte][]string{}, nouns: map[string]bool{}, heads: map[string]bool{}}
	for line := range strings.Lines(publicBrands) {
		if line = strings.ToLower(strings.TrimSpace(line)); line != "" && line[0] != '#' {
			w.brands[line] = false
		}
	}
	for _, b := range lexicon.Brands() {
		w.brands[strings.ToLower(b)] = false
	}
	for _, term := range lexicon.Terms(lexicon.Kind) {
		w.addNoun(term)
	}
	return w
}()

// newWords joins what is public and the catalogue's own words.
func newWords(v shop.Vocabulary) *words {
	w := &words{brands: map[string]bool{}, fuzzy: map[byte][]string{}, nouns: map[string]bool{}, heads: map[string]bool{}, known: v.Words, speller: lexicon.NewSpeller(v.Words)}
	for b := range publicWords.brands {
		w.brands[b] = false
	}
	for n := range publicWords.nouns {
		w.nouns[n] = true
	}
	for h := range publicWords.heads {
		w.heads[h] = true
	}
	for _, b := range v.Brands {
		if b = strings.ToLower(strings.TrimSpace(b)); utf8.RuneCountInString(b) > 1 {
			w.brands[b] = true
		}
	}
	for b := range w.brands {
		if len(b) >= 5 && !lexicon.IsHan(b) && !ordinary[b] {
			w.fuzzy[b[0]] = append(w.fuzzy[b[0]], b)
		}
	}
	for _, c := range v.Categories {
		if c = strings.Join(lexicon.Words(c), " "); len(c) > 2 && len(strings.Fields(c)) <= longestPhrase {
			w.addNoun(lexicon.Singular(c))
		}
	}
	return w
}

// addNoun knows a kind of product in singular and plural, and its last word as a head.
func (w *words) addNoun(term string) {
	head := term[strings.LastIndexByte(term, ' ')+1:]
	w.nouns[term], w.nouns[lexicon.Plural(term)] = true, true
	if !commonWords[head] {
		w.heads[head], w.heads[lexicon.Plural(head)] = true, true
	}
}

// isBrand reports whether a phrase in lower case is a brand's name.
func (w *words) isBrand(phrase string) bool { _, ok := w.brands[phrase]; return ok }

// classes looks a phrase up in every list.
func (w *words) classes(phrase string) class {
	var c class
	if _, ok := lexicon.Color(phrase); ok {
		c |= isColor
	}
	if _, ok := lexicon.Material(phrase); ok {
		c |= isMaterial
	}
	name := strings.TrimSuffix(phrase, "'s")
	if _, ok := lexicon.Audience(phrase); ok {
		c |= isAudience
	} else if _, ok := lexicon.Audience(name); ok {
		c |= isAudience
	}
	if w.isBrand(name) {
		c |= isBrand
		if ordinary[name] {
			c |= isOrdinary
		}
	}
	if w.nouns[phrase] {
		c |= isNoun | isHead
	} else if w.heads[phrase] {
		c |= isHead
	}
	switch lexicon.ClassOf(phrase) {
	case lexicon.Kind:
		c |= isNoun | isHead
	case lexicon.Describing:
		c |= isDescribing
	}
	return c
}

// nearBrand finds the brand that a word misspells, "" where there is none.
func (w *words) nearBrand(said string) string {
	if len(said) < 5 || w.heads[said] || w.known[said] > 2 || commonWords[said] || lexicon.IsFrequent(said) || lexicon.IsHan(said) || lexicon.ClassOf(said) != lexicon.Unknown {
		return ""
	}
	if one := strings.TrimSuffix(said, "s"); one != said && w.isBrand(one) && !ordinary[one] {
		return one // "nikes"
	}
	best, distance := "", 3
	for _, b := range w.fuzzy[said[0]] {
		if d := len(b) - len(said); d > 2 || d < -2 {
			continue
		}
		d := lexicon.Edits(said, b)
		if d > 1 && (d > 2 || len(b) < 8) {
			continue
		}
		if d < distance || d == distance && b < best {
			best, distance = b, d
		}
	}
	return best
}

// current holds the words in use; they are swapped as a whole when the catalogue changes.
type current struct{ p atomic.Pointer[words] }
