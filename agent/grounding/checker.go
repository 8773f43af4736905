package grounding

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"floorwalker/shop"
)

// Sheet is what a model may say.
type Sheet struct {
	Lang shop.Lang
	// Facts are what the placeholders [1], [2], … stand for, as the customer reads them.
	Facts []string
	// Draft is the text that the model was asked to put in its own words: it may use all of its words and figures.
	Draft string
	// Heard are the customer's own words: they may be repeated, but for figures and promises.
	Heard string
	// Closed is for models that invent freely: they may use no words but the draft's and plain ones, each sentence is
	// held until it is whole, and one that does not say what the draft says is dropped.
	Closed bool
	// Sentences is how many are let through at most. 0 is 6.
	Sentences int
}

// Checker reads a model's answer and gives back what may be sent. Use one for one answer.
type Checker struct {
	sheet   Sheet
	draft   map[string]bool
	heard   map[string]bool
	bad     map[string]bool // Chinese terms that may not be said
	longest int             // characters of the longest of them

	raw     []byte // bytes of a character that has not come whole yet
	token   []rune // the word or figure that is being read
	early   int    // how many of its characters are sent already
	mark    rune   // a mark after the token that may be part of it, as in "3.5"
	bracket []rune // a placeholder that is being read, from its "["
	han     []rune // Chinese characters that may begin a bad term
	gap     bool   // white space came before what is read
	held    string // small words that are sent with what follows them, or not at all

	open      bool // a sentence has begun to be sent
	lead      int  // words at a sentence's beginning that are held
	last      rune // what was sent last, or is to be
	lastSent  rune // what was sent last by a sentence that was held
	skip      bool // the rest of the sentence is dropped
	lineStart bool
	sentences int
	sentence  strings.Builder // what was sent, or is to be sent, of the present sentence
	words     []string        // its words, in lower case
	placed    []int           // the facts in it, counted from 0
	before    string          // the sentence before
	total     int             // bytes sent
	removed   int
	used      []int
	facts     int // characters of facts sent
	out       strings.Builder
}

// NewChecker makes a checker for one answer.
func NewChecker(s Sheet) *Checker {
	if s.Sentences == 0 {
		s.Sentences = 6
	}
	c := &Checker{sheet: s, draft: wordSet(s.Draft), heard: wordSet(s.Heard), used: make([]int, len(s.Facts)), bad: map[string]bool{}, lineStart: true}
	if s.Lang == shop.Chinese {
		for _, term := range claimsChinese {
			if !strings.Contains(s.Draft, term) {
				c.bad[term] = true
				c.longest = max(c.longest, utf8.RuneCountInString(term))
			}
		}
	}
	return c
}

// Write takes the next piece of the model's answer and returns what can be sent now.
func (c *Checker) Write(piece string) string {
	c.raw = append(c.raw, piece...)
	for len(c.raw) > 0 && (utf8.FullRune(c.raw) || len(c.raw) >= utf8.UTFMax) {
		r, n := utf8.DecodeRune(c.raw)
		c.raw = c.raw[n:]
		c.read(r)
	}
	return c.take()
}

// Break ends an answer that its model did not finish and returns the rest of what can be sent: dots where a
// sentence had begun.
func (c *Checker) Break() string {
	c.raw, c.token, c.han, c.bracket, c.mark, c.held = nil, nil, nil, nil, 0, ""
	if c.sheet.Closed {
		c.skip = true
		c.endSentence(0)
		return c.take()
	}
	if c.open {
		c.skip, c.gap = false, false
		c.send("...", false)
		c.open = false
		c.sentences++
	}
	return c.take()
}

// Close ends the answer and returns the rest of what can be sent.
func (c *Checker) Close() string {
	if len(c.raw) > 0 {
		c.raw = nil
		c.read(utf8.RuneError)
	}
	if c.bracket != nil {
		c.readPlaceholder(utf8.RuneError)
	}
	c.flushHan()
	c.settle(' ')
	c.endSentence(0)
	return c.take()
}

// Removed counts the places where something was taken out.
func (c *Checker) Removed() int { return c.removed }

// Full reports whether as many sentences were let through as may be.
func (c *Checker) Full() bool { return c.sentences >= c.sheet.Sentences }

// Said reports whether the fact of a placeholder, counted from 1, was said.
func (c *Checker) Said(placeholder int) bool {
	return placeholder >= 1 && placeholder <= len(c.used) && c.used[placeholder-1] > 0
}

// FactRunes counts the characters of the facts that were put in.
func (c *Checker) FactRunes() int { return c.facts }

// Empty reports whether nothing was let through yet.
func (c *Checker) Empty() bool { return c.total == 0 }

func (c *Checker) take() string {
	s := c.out.String()
	c.out.Reset()
	return s
}

// read takes one character.
func (c *Checker) read(r rune) {
	if c.bracket != nil {
		c.readPlaceholder(r)
		return
	}
	han := unicode.Is(unicode.Han, r)
	if !han {
		c.flushHan()
	}
	if c.mark != 0 {
		if partOfToken(c.token, c.mark, r) {
			c.token, c.mark = append(c.token, c.mark, r), 0
			return
		}
		c.settle(r)
	}
	switch {
	case han:
		c.settle(r)
		c.readHan(r)
		return
	case isTokenRune(r):
		c.token = append(c.token, r)
		c.sendEarly()
		return
	case len(c.token) > 0 && strings.ContainsRune(innerMarks, r):
		c.mark = r
		return
	}
	c.settle(r)
	switch {
	case r == '\n' || r == '\r':
		c.endSentence(0)
		c.lineStart = true
	case unicode.IsSpace(r):
		c.gap = true
	case r == '[':
		c.bracket = []rune{}
	default:
		c.punctuate(r)
	}
}

// innerMarks may stand within a word or figure.
const innerMarks = ".,:'’-/@_"

// isTokenRune tells the characters of words and figures; signs of money and shares belong to the figure.
func isTokenRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '%' || unicode.Is(unicode.Sc, r) || unicode.Is(unicode.Mn, r)
}

// partOfToken reports whether mark and next go on with the token: "3.5", "don't", "shop.com", not "end. Next".
func partOfToken(token []rune, mark, next rune) bool {
	if !isTokenRune(next) || unicode.Is(unicode.Han, next) {
		return false
	}
	if mark == ',' || mark == ':' {
		return unicode.IsDigit(token[len(token)-1]) && unicode.IsDigit(next)
	}
	return true
}

// settle decides on what was read of a token, and on the mark after it.
func (c *Checker) settle(next rune) {
	mark := c.mark
	c.mark = 0
	if len(c.token) > 0 {
		token := string(c.token)
		switch {
		case c.numbering(token, mark, next):
			mark = 0
		case c.mayWord(token):
			c.sendWord(token)
		default:
			c.remove()
		}
		c.token, c.early = nil, 0
		c.lineStart = false
	}
	if mark != 0 {
		c.punctuate(mark)
	}
}

// numbering is the number of an item of a list at the beginning of a line, which is dropped without harm.
func (c *Checker) numbering(token string, mark, next rune) bool {
	n, err := strconv.Atoi(token)
	return c.lineStart && err == nil && n < 100 && (mark == '.' || next == ')' || mark == ':')
}

// sendEarly sends the first word of an answer as soon as it is known to be harmless, so that the answer begins
// no later than the model does.
func (c *Checker) sendEarly() {
	if c.sheet.Closed || c.total > 0 && c.early == 0 || c.skip || c.Full() || c.held != "" || c.sheet.Lang == shop.Chinese {
		return
	}
	if len(c.token) < shortestEarly || !starters[strings.ToLower(string(c.token))] {
		return
	}
	c.send(string(c.token[c.early:]), c.early == 0)
	c.early = len(c.token)
}

// shortestEarly keeps "I" and "a" back, which any name may begin with.
const shortestEarly = 3

// sendWord sends a word that may be said, or holds it where it leads up to another.
func (c *Checker) sendWord(word string) {
	c.words = append(c.words, straight(strings.ToLower(word)))
	if c.skip || c.Full() {
		c.gap = false
		return
	}
	if c.early > 0 {
		if rest := string([]rune(word)[c.early:]); rest != "" {
			c.send(rest, false)
		}
		return
	}
	switch {
	case !c.open && c.lead < c.longestLead():
		c.lead++
		c.hold(word)
	case (c.open || c.held != "") && leading[strings.ToLower(word)]:
		c.hold(word)
	default:
		c.send(word, true)
	}
}

// longestLead is how many words at a sentence's beginning are held back, so that one which goes wrong at once
// leaves no stump: fewer of the first sentence, because the customer waits for it.
func (c *Checker) longestLead() int {
	if c.total == 0 {
		return 1
	}
	return 3
}

func (c *Checker) hold(text string) {
	c.held += c.space() + text
	c.gap = false
}

// space is what goes between the last and the next piece. Between Chinese characters, where models like to put
// spaces, there is none.
func (c *Checker) space() string {
	before := c.last
	if c.held != "" {
		before, _ = utf8.DecodeLastRuneInString(c.held)
	}
	begins := !c.open && c.held == "" && c.total > 0
	switch {
	case before == 0 || !c.gap && !begins:
		return ""
	case c.sheet.Lang == shop.Chinese && (before > unicode.MaxLatin1 || unicode.IsPunct(before)):
		return ""
	}
	return " "
}

// send gives out what is held and the text; spaced says that white space read before it counts.
func (c *Checker) send(text string, spaced bool) {
	if spaced {
		text = c.space() + text
	}
	text = c.held + text
	c.held = ""
	if text == "" {
		return
	}
	c.sentence.WriteString(text)
	if !c.sheet.Closed {
		c.out.WriteString(text)
		c.total += len(text)
	}
	c.last, _ = utf8.DecodeLastRuneInString(text)
	c.gap, c.open, c.lead = false, true, 0
}

// remove drops what was read and the rest of its sentence.
func (c *Checker) remove() {
	if !c.skip && !c.Full() {
		c.removed++
	}
	c.held, c.skip, c.gap = "", true, false
}

// punctuate sends a mark, or ends the sentence by it.
func (c *Checker) punctuate(r rune) {
	switch {
	case strings.ContainsRune(".!?。！？…", r):
		c.endSentence(r)
	case c.skip || c.Full():
	case strings.ContainsRune(",;:，；：、", r):
		if c.open || c.held != "" {
			c.held += string(r)
			c.gap = false
		}
	case strings.ContainsRune("\"“”‘’'()（）《》-–—/&", r):
		// Marks that open something are sent with it, those that close something are sent at once.
		if r == '-' && !c.open && c.held == "" {
			return // the dash of a list
		}
		c.hold(string(r))
	case r == utf8.RuneError, unicode.IsLetter(r), strings.ContainsRune("<>{}\\=^+@", r):
		c.remove()
	}
}

// endSentence sends the stop, or one in its place where the sentence has none or was cut.
func (c *Checker) endSentence(stop rune) {
	c.lineStart = false
	if c.skip {
		c.held, stop = "", 0
	}
	c.held = strings.TrimRight(c.held, " ,;:，；：、-–—(（“‘《/&")
	if c.Full() {
		c.held = ""
	}
	if c.open || c.held != "" {
		if stop == 0 {
			if stop = '.'; c.sheet.Lang == shop.Chinese {
				stop = '。'
			}
		}
		c.gap = false
		c.send(string(stop), false)
		c.release()
	}
	c.sentence.Reset()
	c.words, c.placed = nil, nil
	c.open, c.skip, c.gap, c.lead = false, false, true, 0
}

// release takes a whole sentence for sent, and sends it where it was held.
func (c *Checker) release() {
	text := c.sentence.String()
	if c.sheet.Closed {
		if c.skip || !c.faithful() {
			if !c.skip {
				c.removed++
			}
			for _, n := range c.placed {
				c.used[n]--
				c.facts -= utf8.RuneCountInString(c.sheet.Facts[n])
			}
			c.last = c.lastSent
			return
		}
		c.lastSent = c.last
		c.out.WriteString(text)
		c.total += len(text)
	}
	c.sentences++
	// A model that says the same again goes on so for ever.
	said := strings.TrimSpace(text)
	if said == c.before {
		c.sentences = c.sheet.Sentences
	}
	c.before = said
}

// faithful reports whether a sentence of a model that invents freely says what the draft says: it holds a fact, or
// at least half of its words of meaning are the draft's; what it denies, it denies of a fact or as the draft does.
func (c *Checker) faithful() bool {
	meaning, shared, denies := 0, 0, false
	for _, w := range c.words {
		denies = denies || denials[w]
		if function[w] {
			continue
		}
		meaning++
		if c.draft[w] || c.formOfDraft(w) {
			shared++
		}
	}
	const extra = 2 // words of its own that a sentence with a fact may have
	switch placed := len(c.placed) > 0; {
	case placed:
		return meaning-shared <= extra || shared*3 >= meaning
	case meaning == 0 || denies && len(c.sheet.Facts) > 0:
		return meaning == 0 && len(c.sheet.Facts) == 0
	case denies:
		return shared*4 >= meaning*3
	}
	return shared*2 >= meaning
}

// readPlaceholder takes a character after "[".
func (c *Checker) readPlaceholder(r rune) {
	if r != ']' && len(c.bracket) < 4 && (unicode.IsDigit(r) || unicode.IsLetter(r) || r == ' ') {
		c.bracket = append(c.bracket, r)
		return
	}
	name := strings.TrimLeft(strings.TrimSpace(string(c.bracket)), "Pp")
	c.bracket = nil
	c.lineStart = false
	n, err := strconv.Atoi(name)
	if r != ']' || err != nil || n < 1 || n > len(c.sheet.Facts) || c.used[n-1] >= mostUses {
		c.remove()
		if r != ']' && r != utf8.RuneError {
			c.read(r)
		}
		return
	}
	if c.skip || c.Full() {
		return
	}
	c.used[n-1]++
	c.placed = append(c.placed, n-1)
	c.facts += utf8.RuneCountInString(c.sheet.Facts[n-1])
	c.send(c.sheet.Facts[n-1], true)
}

// mostUses is how often one fact may be said; models that repeat themselves go on for ever.
const mostUses = 2

// readHan takes a Chinese character: it is held while it may begin a term that must not be said.
func (c *Checker) readHan(r rune) {
	if c.sheet.Lang != shop.Chinese {
		c.remove()
		return
	}
	c.lineStart = false
	c.han = append(c.han, r)
	for len(c.han) > 0 {
		if c.bad[string(c.han)] {
			c.han = nil
			c.remove()
			return
		}
		if c.mayBecomeBad(string(c.han)) {
			return
		}
		c.sendHan(c.han[0])
		c.han = c.han[1:]
	}
}

func (c *Checker) mayBecomeBad(text string) bool {
	if utf8.RuneCountInString(text) >= c.longest {
		return false
	}
	for term := range c.bad {
		if strings.HasPrefix(term, text) {
			return true
		}
	}
	return false
}

func (c *Checker) sendHan(r rune) {
	if c.skip || c.Full() {
		return
	}
	c.gap = false
	c.send(string(r), false)
}

// flushHan sends the characters that no bad term came of.
func (c *Checker) flushHan() {
	for _, r := range slices.Clone(c.han) {
		c.sendHan(r)
	}
	c.han = nil
}
