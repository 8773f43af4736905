package ranking

import (
	"slices"
	"strings"
	"unicode"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// stopWords say nothing about a product.
var stopWords = wordSet(`a am an and any are as at be best by can could do does either find from get good give have
	i id if im in into is it its just like looking made me my need nice of on one or our please pls really show
	so some than that the their them then there these they thing this those to under us want was we
	which will would you your`)

// vague are the words that stand for a thing without naming it: "something warm", "gift for a fisherman".
var vague = wordSet(`something anything thing things stuff item items product products gift gifts present presents
	idea ideas`)

// afterHead are the words that end the name of a thing: "case | for iphone", "mug | with lid".
var afterHead = wordSet("for with without under below over above from that which made suitable compatible")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// terms are the words that a query is matched by.
type terms struct {
	// words in the order of the query, stemmed, without stop words and doubles.
	words []string
	// head is the last word of the thing's name; empty where the query names no thing.
	head string
}

// queryTerms reads a query's words.
func queryTerms(text string) terms {
	var t terms
	named := true
	for _, w := range splitWords(text) {
		switch {
		case vague[w]:
			if t.head == "" {
				named = false
			}
			continue
		case afterHead[w]:
			if t.head != "" {
				named = false
			}
			continue
		case stopWords[w]:
			continue
		}
		w = stem(w)
		if named {
			t.head = w
		}
		if !slices.Contains(t.words, w) {
			t.words = append(t.words, w)
		}
	}
	return t
}

// together joins neighbouring words of a query that the candidates' names write as one word more often than as two:
// "head set" among headsets. Otherwise the text stays as it is.
func together(text string, candidates []shop.Candidate) string {
	words := splitWords(text)
	if len(words) < 2 || len(words) > mostJoined {
		return text
	}
	balance := make([]int, len(words)) // of the word and the next one: products that join them less those that don't
	for _, c := range candidates {
		name := append(stems(c.Product.Title), stems(c.Product.Category)...)
		for i := range len(words) - 1 {
			if joined := stem(words[i] + words[i+1]); slices.Contains(name, joined) {
				balance[i]++
			}
			first, second := stem(words[i]), stem(words[i+1])
			for n := range len(name) - 1 {
				if name[n] == first && name[n+1] == second {
					balance[i]--
					break
				}
			}
		}
	}
	var out []string
	for i := 0; i < len(words); i++ {
		if balance[i] > 0 {
			words[i+1] = words[i] + words[i+1]
			continue
		}
		out = append(out, words[i])
	}
	if len(out) == len(words) {
		return text
	}
	return strings.Join(out, " ")
}

// said are the ways in which listings may say a query: as it is, and with one word said otherwise, "notebook" for "laptop".
func said(text string) []string {
	ways, words := []string{text}, splitWords(text)
	for i, word := range words {
		for _, other := range lexicon.Synonyms(word) {
			if len(ways) == mostSaid {
				return ways
			}
			otherwise := slices.Clone(words)
			otherwise[i] = other
			ways = append(ways, strings.Join(otherwise, " "))
		}
	}
	return ways
}

// mostSaid bounds the ways, each of which the cross-encoder reads.
const mostSaid = 6

// mostJoined bounds the words of a query in which neighbours are looked for.
const mostJoined = 12

// splitWords cuts text into lower-case runs of letters and digits; Han characters stand alone.
func splitWords(text string) []string {
	var words []string
	start := -1
	text = strings.ToLower(text)
	for i, r := range text {
		han := unicode.Is(unicode.Han, r)
		if !han && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && (r != '\'' && r != '’') {
			words, start = append(words, trimWord(text[start:i])), -1
		}
		if han {
			words = append(words, string(r))
		}
	}
	if start >= 0 {
		words = append(words, trimWord(text[start:]))
	}
	return words
}

// trimWord drops the possessive: "women's" and "women" are one word.
func trimWord(w string) string {
	w = strings.ReplaceAll(w, "’", "'")
	w = strings.TrimRight(strings.TrimSuffix(w, "'s"), "'")
	return strings.ReplaceAll(w, "'", "")
}

// stem takes off the plural, the one ending that separates "mouse pads" from "mouse pad".
func stem(w string) string {
	n := len(w)
	switch {
	case n > 4 && strings.HasSuffix(w, "ies"):
		return w[:n-3] + "y"
	case n > 4 && (strings.HasSuffix(w, "sses") || strings.HasSuffix(w, "xes") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "shes")):
		return w[:n-2]
	case n > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us"):
		return w[:n-1]
	}
	return w
}

// field is one place of a product where words stand, with the reason that a match there gives.
type field struct {
	reason string
	// words are stems, in the order of the text.
	words []string
}

// fields are the places of a product in the order in which a match is credited.
func fields(p shop.Product) []field {
	var details strings.Builder
	details.WriteString(p.Description)
	for _, value := range p.Attributes {
		details.WriteString(" | ")
		details.WriteString(value)
	}
	return []field{{"brand", stems(p.Brand)}, {"title_match", stems(p.Title)}, {"category", stems(p.Category)},
		{"details", stems(details.String())}}
}

// longestRead bounds how many bytes of a field are read.
const longestRead = 4000

func stems(text string) []string {
	words := splitWords(text[:min(len(text), longestRead)])
	for i, w := range words {
		words[i] = stem(w)
	}
	return words
}

// has reports whether the word stands in the field, as one word or as two: "headset" in "head set".
func (f field) has(word string) bool {
	for i, w := range f.words {
		if w == word {
			return true
		}
		if i > 0 && len(f.words[i-1])+len(w) == len(word) && strings.HasPrefix(word, f.words[i-1]) && strings.HasSuffix(word, w) {
			return true
		}
	}
	return false
}

// match says which of the query's words stand where in a product.
type match struct {
	// in holds the matched words by reason.
	in map[string][]string
	// found is the share of the words that were found, from 0 to 1.
	found float64
	// kind is true where the head was found, or where the query names no thing.
	kind bool
	// named: the query names a thing; empty: it has no word to match by.
	named, empty bool
}

// What a word counts that was found otherwise than as it is written.
const (
	misspelled = 0.8
	// offKind: "purple" in a sweater, when a purple spaceship was asked for.
	offKind = 0.5
)

func (t terms) matchIn(p shop.Product) match {
	m := match{in: map[string][]string{}, kind: t.head == ""}
	if len(t.words) == 0 {
		return m
	}
	places := fields(p)
	hits := 0.0
	for i, w := range t.words {
		code, worth := t.place(i, places)
		if code == "" {
			code, worth = family(w, p), 1
		}
		if code == "" {
			continue
		}
		m.in[code] = append(m.in[code], w)
		m.kind = m.kind || w == t.head
		hits += worth
	}
	m.found = hits / float64(len(t.words))
	if !m.kind {
		m.found *= offKind
	}
	return m
}

// place finds word i in the first place that has it, alone or run together with a neighbour, or else
// by another word for the same thing, or misspelled by one letter.
func (t terms) place(i int, places []field) (reason string, worth float64) {
	w := t.words[i]
	for _, f := range places {
		if f.has(w) || i > 0 && slices.Contains(f.words, t.words[i-1]+w) || i+1 < len(t.words) && slices.Contains(f.words, w+t.words[i+1]) {
			return f.reason, 1
		}
	}
	for _, other := range lexicon.Synonyms(w) {
		for _, f := range places {
			if f.has(stem(other)) {
				return f.reason, 1
			}
		}
	}
	for _, f := range places {
		if slices.ContainsFunc(f.words, func(other string) bool { return oneLetterOff(w, other) }) {
			return f.reason, misspelled
		}
	}
	return "", 0
}

// oneLetterOff reports whether two words of five letters or more differ by one letter that is missing, added,
// changed, or swapped with its neighbour. The first letter is rarely wrong, so it must be the same.
func oneLetterOff(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 5 || len(b)-len(a) > 1 || a[0] != b[0] || !letters(a) || !letters(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return i == len(a) || a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// letters is false for article numbers, where one letter makes another thing.
func letters(w string) bool {
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return false
		}
	}
	return true
}

// family finds a word by another of its family: "navy" in a blue shirt, "ladies" in women's shoes.
func family(word string, p shop.Product) (reason string) {
	text := func() string {
		return p.Title + " | " + p.Category + " | " + p.Description + " | " + p.Attributes["color"] + " | " + p.Attributes["colour"]
	}
	if color, ok := lexicon.Color(word); ok && slices.Contains(lexicon.ColorsIn(text()), color) {
		return "color"
	}
	if audience, ok := lexicon.Audience(word); ok && slices.Contains(lexicon.AudiencesIn(text()), audience) {
		return "audience"
	}
	return ""
}
