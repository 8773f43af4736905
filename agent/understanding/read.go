package understanding

import (
	"regexp"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"

	"golang.org/x/text/unicode/norm"
)

// maxText is how many characters of an utterance are looked at.
const maxText = 1_000

// reading is an utterance while it is read: each extractor marks what it understood, so that nothing is read twice.
type reading struct {
	lang shop.Lang
	// full is the text in lower case; original keeps the capitals; lower has zero bytes where something was
	// understood. All three have the same length, so that a place means the same in each.
	full, original, lower string
	marks                 []mark
	shown                 []shop.ShownProduct
	history               []string
	summary               string
	slots                 shop.Slots
}

// mark is a stretch that was understood.
type mark struct {
	from, to int
	as       meaning
}

// meaning is what an extractor found.
type meaning byte

// The meanings, as they stand for words in the features of the classifier.
const (
	asPrice    meaning = 'P'
	asSize     meaning = 'Z'
	asOrder    meaning = 'O'
	asSort     meaning = 'S'
	asPosition meaning = 'R'
)

// plain makes typographic forms plain that NFKC leaves alone.
var plain = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "\u200b", "", "\u200d", "", "。", ".", "、", ",", "～", "~", "\x00", " ")

// read normalises an utterance: full-width forms become plain, white space single, and it is cut to maxText.
func read(u shop.Utterance) *reading {
	text := u.Text
	if len(text) > 8*maxText {
		text = text[:8*maxText]
	}
	text = norm.NFKC.String(strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(plain.Replace(text)), " ")
	if r := []rune(text); len(r) > maxText {
		text = string(r[:maxText])
	}
	lower := strings.ToLower(text)
	if len(lower) != len(text) { // a letter whose lower case is longer: places would differ
		text = lower
	}
	return &reading{lang: lexicon.DetectLang(text), original: text, lower: lower, full: lower, shown: u.Shown, history: u.History, summary: u.Summary}
}

// take finds the pattern, marks the match and returns its groups (the whole first), or nil.
func (r *reading) take(p *regexp.Regexp, as meaning) []string {
	at := p.FindStringSubmatchIndex(r.lower)
	if at == nil {
		return nil
	}
	g := groups(r.lower, at)
	r.cut(at[0], at[1], as)
	return g
}

// cut marks a stretch as understood, without the white space around it.
func (r *reading) cut(from, to int, as meaning) {
	for from < to && r.lower[from] == ' ' {
		from++
	}
	for to > from && r.lower[to-1] == ' ' {
		to--
	}
	if from == to {
		return
	}
	r.marks = append(r.marks, mark{from, to, as})
	r.lower = r.lower[:from] + strings.Repeat("\x00", to-from) + r.lower[to:]
}

// has reports whether the whole utterance matches.
func (r *reading) has(p *regexp.Regexp) bool { return p.MatchString(r.full) }

func pattern(p string) *regexp.Regexp { return regexp.MustCompile(p) }

// groups are the texts of a match's groups; a group that took no part is empty.
func groups(text string, at []int) []string {
	g := make([]string, len(at)/2)
	for i := range g {
		if at[2*i] >= 0 {
			g[i] = text[at[2*i]:at[2*i+1]]
		}
	}
	return g
}
