package lexicon

import (
	_ "embed" // the list of words
	"slices"
	"strings"
	"sync"
)

// englishWords are the whole words of BERT's vocabulary (Apache-2.0) with four letters or more, one a line: what is
// written often enough to be no slip of the finger. The most frequent come first.
//
//go:embed words/english.txt
var englishWords string

// ranks are the places of the words in the list, from 1.
var ranks = sync.OnceValue(func() map[string]int {
	ranks := make(map[string]int, 20_500)
	for w := range strings.Lines(englishWords) {
		ranks[strings.TrimSuffix(w, "\n")] = len(ranks) + 1
	}
	return ranks
})

// frequent is the rank down to which a word is one that everybody uses.
const frequent = 5_000

// IsEnglish reports whether a word in lower case is an English one, or the plural of one.
func IsEnglish(word string) bool {
	r := ranks()
	return r[word]+r[strings.TrimSuffix(word, "s")]+r[strings.TrimSuffix(word, "es")]+r[strings.TrimSuffix(word, "'s")] > 0
}

// IsFrequent reports whether a word in lower case is among the English ones that everybody uses.
func IsFrequent(word string) bool { rank := ranks()[word]; return rank > 0 && rank <= frequent }

// Speller mends misspelled words by those that a catalogue and the lexicon use. It is safe for concurrent use.
type Speller struct {
	// known holds how often the catalogue uses a word; the lexicon's own count once.
	known map[string]int
	// byFirst are the words that a misspelled one may be, by their first letter.
	byFirst map[byte][]string
}

// Bounds of what is mended: shorter words are too near to others.
const (
	shortestMended = 5
	longestMended  = 24
	// twoSlips is the length from which two slips are forgiven.
	twoSlips = 9
	// oftenUsed is how many products a catalogue's word must stand in before others are mended to it: a
	// catalogue has slips of its own.
	oftenUsed = 3
)

// NewSpeller makes a speller over how often a catalogue uses each word, in lower case.
func NewSpeller(catalogue map[string]int) *Speller {
	s := &Speller{known: make(map[string]int, len(catalogue)), byFirst: map[byte][]string{}}
	target := func(word string, count int) {
		if len(word) < shortestMended-1 || len(word) > longestMended || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
			return
		}
		if !slices.Contains(s.byFirst[word[0]], word) {
			s.byFirst[word[0]] = append(s.byFirst[word[0]], word)
		}
		s.known[word] = max(s.known[word], count)
	}
	for _, terms := range [][]string{Terms(Kind), Terms(Describing), keys(colors.words), keys(fabrics.words), keys(audiences.words)} {
		for _, term := range terms {
			for _, w := range Words(term) {
				target(w, 1)
			}
		}
	}
	for first := range s.byFirst {
		slices.Sort(s.byFirst[first])
	}
	often := map[byte][]string{}
	for word, count := range catalogue {
		if s.known[word] == 0 && count >= oftenUsed && len(word) >= shortestMended-1 && len(word) <= longestMended {
			often[word[0]] = append(often[word[0]], word)
		}
		s.known[word] = max(s.known[word], count)
	}
	for first, words := range often {
		slices.Sort(words)
		s.byFirst[first] = append(s.byFirst[first], words...)
	}
	return s
}

func keys(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}

// Mend is the word that a misspelled one in lower case means; ok is false where it is none, or nothing is near.
// The first letter must be right, and a word that differs in its ending alone is another form, no slip; of the
// shortest words only letters left out, doubled or swapped are mended.
func (s *Speller) Mend(word string) (mended string, ok bool) {
	if len(word) < shortestMended || len(word) > longestMended || strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) ||
		s.isWord(word) {
		return "", false
	}
	most := 1
	if len(word) >= twoSlips {
		most = 2
	}
	best := most + 1
	stem := strings.TrimSuffix(word, "s")
	for _, w := range s.byFirst[word[0]] {
		for _, said := range []string{word, stem} {
			if d := len(w) - len(said); d > most || -d > most {
				continue
			}
			if len(said) == len(w) && (said[:len(w)-1] == w[:len(w)-1] || len(w) == shortestMended && !sameLetters(said, w)) {
				continue
			}
			d := Edits(said, w)
			if d < best || d == best && d <= most && s.known[w] > s.known[strings.TrimSuffix(mended, "s")] {
				best, mended = d, w
				if said != word {
					mended += "s"
				}
			}
		}
	}
	return mended, best <= most
}

// isWord reports whether a word, or what it is a form of, is one that the catalogue or the language has.
func (s *Speller) isWord(word string) bool {
	has := func(w string) bool { return s.known[w] > 0 || IsEnglish(w) }
	if has(word) {
		return true
	}
	for _, ending := range []string{"s", "es", "ing", "ed", "er", "est", "ers", "ly"} {
		if stem, ok := strings.CutSuffix(word, ending); ok && len(stem) >= 3 && (has(stem) || ending != "s" && has(stem+"e")) {
			return true
		}
	}
	return false
}

// sameLetters reports whether two words are made of the same letters.
func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// MendPhrase mends the words of an English phrase; the others stay as they are.
func (s *Speller) MendPhrase(phrase string) string {
	words := strings.Fields(phrase)
	changed := false
	for i, w := range words {
		if mended, ok := s.Mend(strings.ToLower(w)); ok {
			words[i], changed = mended, true
		}
	}
	if !changed {
		return phrase
	}
	return strings.Join(words, " ")
}

// Edits is the optimal string alignment distance: insert, delete, replace, swap neighbours.
func Edits(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, last, before := rows[2], rows[1], rows[0]
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = last, now, before
	}
	return rows[1][len(b)]
}
