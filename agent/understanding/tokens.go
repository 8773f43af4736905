package understanding

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// token is a word, a punctuation mark, or a stretch that an extractor understood.
type token struct {
	from, to int
	// text is the word in lower case and well spelled; for an understood stretch a placeholder, "§P".
	text string
	is   class
	// as is what an extractor understood here, 0 where none did.
	as meaning
}

// class is what word lists know of a token.
type class uint16

const (
	isColor class = 1 << iota
	isMaterial
	isAudience
	isBrand
	// isNoun is part of a phrase that names a kind of product, isHead can be the last word of one.
	isNoun
	isHead
	isDescribing
	isCommon
	isNumber
	isPunctuation
	// isOrdinary marks a brand that is an everyday word too.
	isOrdinary
	// isShown stands in the brand or title of a product on the screen.
	isShown
	// isName has a capital inside a sentence.
	isName
)

// tokens parts the utterance into words and looks each up.
func (r *reading) tokens(w *words) []token {
	slices.SortFunc(r.marks, func(a, b mark) int { return a.from - b.from })
	var all []token
	at := 0
	for _, m := range r.marks {
		all = r.plainTokens(all, w, at, m.from)
		all = append(all, token{from: m.from, to: m.to, text: "§" + string(rune(m.as)), as: m.as})
		at = m.to
	}
	all = r.plainTokens(all, w, at, len(r.full))
	r.classify(all, w)
	return all
}

// plainTokens adds the words and punctuation marks between two places.
func (r *reading) plainTokens(all []token, w *words, from, to int) []token {
	if from >= to {
		return all
	}
	add := func(from, to int) { all = append(all, token{from: from, to: to, text: r.full[from:to]}) }
	last := from
	punctuation := func(to int) {
		for i, c := range r.full[last:to] {
			if !unicode.IsSpace(c) && c != 0 && c != '\'' {
				add(last+i, last+i+utf8.RuneLen(c))
			}
		}
	}
	for _, p := range lexicon.Parts(r.full[from:to]) {
		a, b := from+p.From, from+p.To
		punctuation(a)
		last = b
		if cut := w.cutHan(r.full[a:b]); cut > 0 {
			add(a, a+cut)
			a += cut
		}
		add(a, b)
	}
	punctuation(to)
	return all
}

// cutHan is where a Chinese term that begins with a brand, a group of people, a colour or a material parts: 儿童|自行车. 0 where it
// is one word.
func (w *words) cutHan(term string) int {
	if !lexicon.IsHan(term) {
		return 0
	}
	runes := []rune(term)
	for size := len(runes) - 2; size >= 2; size-- {
		first, rest := string(runes[:size]), string(runes[size:])
		_, group := lexicon.Audience(first)
		_, material := lexicon.Material(first)
		_, color := lexicon.Color(first)
		if (group || material || color || w.isBrand(first)) && lexicon.ClassOf(rest) == lexicon.Kind {
			return len(first)
		}
	}
	return 0
}

// longestPhrase is how many words a phrase of a word list has at most.
const longestPhrase = 4

// classify looks up single tokens and phrases of several.
func (r *reading) classify(tokens []token, w *words) {
	seen := r.shownWords()
	for i := range tokens {
		t := &tokens[i]
		if t.as != 0 {
			continue
		}
		c, _ := utf8.DecodeRuneInString(t.text)
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			t.is |= isPunctuation
			continue
		case unicode.IsDigit(c):
			t.is |= isNumber
		}
		if _, ok := count(t.text); ok && t.text != "a" && t.text != "an" && t.text != "pair" && t.text != "couple" {
			t.is |= isNumber
		}
		if commonWords[t.text] || lexicon.ClassOf(t.text) == lexicon.Function {
			t.is |= isCommon
		}
		if seen[t.text] || seen[strings.TrimSuffix(t.text, "s")] {
			t.is |= isShown
		}
		if t.is&(isCommon|isNumber) == 0 {
			t.is |= w.mend(t)
		}
		if o := r.original[t.from:t.to]; o != t.text && i > 0 && tokens[i-1].is&isPunctuation == 0 {
			t.is |= isName
		}
	}
	for i := range tokens {
		if tokens[i].as != 0 || tokens[i].is&isPunctuation != 0 {
			continue
		}
		for size := min(longestPhrase, len(tokens)-i); size > 0; size-- {
			phrase, ok := join(tokens[i : i+size])
			if !ok {
				continue
			}
			found := w.classes(phrase)
			if size == 1 && strings.Contains(tokens[i].text, "-") {
				found |= w.classes(tokens[i].text)
			}
			for j := i; j < i+size; j++ {
				if j < i+size-1 {
					tokens[j].is |= found &^ isHead
				} else {
					tokens[j].is |= found
				}
			}
		}
	}
}

// mend reads a misspelled word as the one that it means. Where that is a brand the word stays, and its class says so.
func (w *words) mend(t *token) class {
	if w.nearBrand(t.text) != "" {
		return isBrand
	}
	if mended, ok := w.speller.Mend(t.text); ok && !w.isBrand(t.text) {
		t.text = mended
	}
	return 0
}

// join is the phrase of neighbouring words; ok is false where something understood or a mark stands between.
func join(tokens []token) (string, bool) {
	if len(tokens) == 1 {
		return tokens[0].text, true
	}
	var b strings.Builder
	for i, t := range tokens {
		if t.as != 0 || t.is&isPunctuation != 0 && t.text != "&" || lexicon.IsHan(t.text) {
			return "", false
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ReplaceAll(t.text, "-", " "))
	}
	return b.String(), true
}

// shownWords are the words of what is on the screen.
func (r *reading) shownWords() map[string]bool {
	seen := map[string]bool{}
	for _, s := range r.shown {
		for _, w := range lexicon.Segment(strings.ToLower(s.Title + " " + s.Brand)) {
			if len(w) > 2 && !commonWords[w] {
				seen[w] = true
			}
		}
		if r.lang == shop.Chinese && s.Brand != "" {
			for _, b := range brandNames(s.Brand) {
				seen[b] = true
			}
		}
	}
	return seen
}

// brandNames are the spellings of a brand in lower case, Latin and Chinese.
func brandNames(brand string) []string {
	names := []string{strings.ToLower(brand)}
	name, ok := lexicon.Brand(brand)
	if !ok {
		return names
	}
	for _, b := range lexicon.Brands() {
		if other, _ := lexicon.Brand(b); other == name && !strings.EqualFold(b, brand) {
			names = append(names, strings.ToLower(b))
		}
	}
	return names
}
