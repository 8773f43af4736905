package understanding

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// scene is everything that is known of an utterance when its intent is decided.
type scene struct {
	r      *reading
	w      *words
	tokens []token
	tags   []tag
	topics []string
}

// see reads an utterance with everything but its intent.
func see(u shop.Utterance, w *words, m *model) *scene {
	r := read(u)
	r.orderNumber()
	r.prices()
	r.sort()
	r.positions()
	r.size()
	s := &scene{r: r, w: w, topics: r.topicWords()}
	s.tokens = r.tokens(w)
	s.tags = m.tagger.tags(s.tokens)
	return s
}

// span is a run of tokens with one tag.
type span struct{ from, to int } // tokens, to is exclusive

// spans are the runs of a tag, in their order.
func (s *scene) spans(want tag) []span {
	var found []span
	for i := 0; i < len(s.tags); i++ {
		if s.tags[i] != want {
			continue
		}
		j := i + 1
		for j < len(s.tags) && s.tags[j] == want {
			j++
		}
		found = append(found, span{i, j})
		i = j - 1
	}
	return found
}

// said is the text of a run of tokens, as the customer wrote it.
func (s *scene) said(x span) string {
	return strings.Trim(s.r.original[s.tokens[x.from].from:s.tokens[x.to-1].to], " -'\"")
}

// first is the text of the first run of a tag.
func (s *scene) first(t tag) string {
	if all := s.spans(t); len(all) > 0 {
		return s.said(all[0])
	}
	return ""
}

// product is the phrase that names what is wanted: the first, but none that is taken back where another is named.
func (s *scene) product() string {
	all := s.spans(tagProduct)
	kept := slices.DeleteFunc(slices.Clone(all), s.takenBack)
	if len(kept) == 0 {
		kept = all
	}
	for _, x := range kept {
		said := strings.TrimSuffix(s.said(s.model(x)), "'s")
		if lexicon.IsHan(said) && utf8Len(said) < 2 && lexicon.ClassOf(said) != lexicon.Kind {
			continue // a single character says too little
		}
		if said != "" {
			return said
		}
	}
	return ""
}

var (
	// backTaken comes before what is not wanted any more: "forget headphones, a webcam".
	backTaken = pattern(`(?:\b(?:forget(?: about)?|instead of|rather than|not|no|without|don't (?:want|need)|no longer (?:want|need))(?: the| an?| any| those)?|不要|不想要|不想买|不买|不看|不用|别|而不是)\s*$`)
	beginsOff = pattern(`^(?:forget|not|no|instead)$`)
)

// takenBack reports whether the words before a phrase, or its own first, say that it is not wanted.
func (s *scene) takenBack(x span) bool {
	return backTaken.MatchString(s.r.full[:s.tokens[x.from].from]) || x.to-x.from > 1 && beginsOff.MatchString(s.tokens[x.from].text)
}

// modelWords are words that name a model of a make after its name: "iphone 15 pro max".
var modelWords = listed(`pro max plus ultra mini air lite note fold flip gen`)

// model is a phrase with the number and the variants of a model that follow it.
func (s *scene) model(x span) span {
	to := x.to
	for to < len(s.tokens) && to-x.to < 4 {
		t := s.tokens[to]
		if t.as != 0 || s.tags[to] != tagNone || t.is&isPunctuation != 0 || s.tokens[to-1].to+1 != t.from {
			break
		}
		number := t.is&isNumber != 0 && strings.ContainsAny(t.text, "0123456789")
		if !number && !modelWords[t.text] || !number && to == x.to && !strings.ContainsAny(s.said(x), "0123456789") {
			break
		}
		to++
	}
	if last := s.tokens[to-1]; to > x.to && last.is&isNumber != 0 && notAPrice.MatchString(s.r.full[last.to:]) {
		return x // a number of something: "mouse 2 pieces"
	}
	return span{x.from, to}
}

// mentioned reports whether the last word of a phrase was said before or stands in what is shown.
func (s *scene) mentioned(phrase string) bool {
	phrase = strings.ToLower(phrase)
	head := phrase
	if !lexicon.IsHan(phrase) {
		fields := strings.Fields(phrase)
		if len(fields) == 0 {
			return false
		}
		head = lexicon.Singular(fields[len(fields)-1])
	}
	for _, h := range s.r.history {
		if strings.Contains(strings.ToLower(h), head) {
			return true
		}
	}
	for _, p := range s.r.shown {
		if strings.Contains(strings.ToLower(p.Title), head) {
			return true
		}
	}
	return false
}

var (
	inThatOrder   = pattern(`\bfirst[\s.!?]*(?:please)?[\s.!?]*$|\b(?:sort|order|rank|arrange)(?:ed)?\b|排(?:序|列|一?排|一下)|从.{1,2}到.{1,2}`)
	whatItCosts   = pattern(`\b(?:how much|what|price|costs?|charge|fees?|free)\b.{0,20}\b(?:shipping|delivery|postage|deliver|ship)\b|\b(?:shipping|delivery|postage) (?:costs?|fees?|charges?|price)\b|(?:运费|邮费|快递费|配送费)`)
	cheapestAlone = pattern(`^最(?:便宜|贵)的(?:那|这)?一?(?:` + hanPiece + `)?(?:呢|吧|是哪个)?[.!?]*$`)
	inCartPattern = pattern(`\b(?:cart|basket|trolley|bag)\b|购物车`)
)

// doYouSell asks for a kind of thing.
var doYouSell = pattern(`^(?:(?:and|so|ok|hi|hello)[, ]+)*(?:do|have|would) you (?:also |happen to )?(?:have|got|sell|carry|stock)\b|^(?:你们)?(?:有没有|有卖|卖不卖)`)

// certainty is the confidence in what no weighing can change.
const certainty = 0.9

// certain is the intent of an utterance that can mean nothing else, whatever the conversation was about; "" where the
// classifier decides: an order for what is on the screen, a list that was there before, and what shipping costs.
func (s *scene) certain() shop.Intent {
	r := s.r
	switch {
	case r.slots.Sort != "" && len(r.shown)+len(r.history) > 0 && s.product() == "" && r.has(inThatOrder) && !r.has(inCartPattern):
		return shop.IntentRefine
	case len(r.shown) > 1 && r.has(cheapestAlone):
		return shop.IntentRefine
	case len(r.shown)+len(r.history) > 0 && lexicon.AsksBack(r.full):
		return shop.IntentRefine
	case r.has(whatItCosts) && r.slots.OrderID == "" && s.product() == "":
		return shop.IntentFAQ
	}
	return ""
}

// features are what the classifier weighs, as hashes: the words with what was understood put in place of its words,
// cues, and what the conversation looks like.
func (s *scene) features() []uint32 {
	var f []uint32
	add := func(name string, values ...string) { f = append(f, hashStrings(name, values...)) }
	grams := s.grams()
	for i, g := range grams {
		add("1", g)
		if i+1 < len(grams) {
			add("2", g, grams[i+1])
		}
		if i+2 < len(grams) {
			add("3", g, grams[i+1], grams[i+2])
		}
		if i+2 < len(grams) {
			add("1_1", g, grams[i+2])
		}
		if len(g) > 5 && !lexicon.IsHan(g) {
			add("pre", g[:4])
		}
	}
	if s.r.lang == shop.Chinese {
		runes := []rune(s.r.full)
		for i := range runes {
			add("h1", string(runes[i]))
			if i+1 < len(runes) {
				add("h2", string(runes[i:i+2]))
			}
		}
	}
	context := s.context()
	for _, fact := range s.facts() {
		add("f", fact)
		add("fc", fact, context)
	}
	add("ctx", context)
	if len(grams) > 2 {
		add("ctx^", context, grams[1])
	}
	slices.Sort(f)
	return slices.Compact(f)
}

// context says what the customer can point at.
func (s *scene) context() string {
	switch n := len(s.r.shown); {
	case n > 1:
		return "several"
	case n == 1:
		return "one"
	case len(s.r.history) > 0:
		return "talk"
	}
	return "new"
}

// grams are the words with placeholders for what was understood.
func (s *scene) grams() []string {
	grams := []string{"^"}
	for i, t := range s.tokens {
		g := t.text
		switch tg := s.tags[i]; {
		case tg != tagNone:
			g = "§" + tagNames[tg]
		case t.is&isNumber != 0:
			g = "#"
		}
		if g == grams[len(grams)-1] && strings.HasPrefix(g, "§") {
			continue
		}
		grams = append(grams, g)
	}
	return append(grams, "$")
}

// facts are what else was understood.
func (s *scene) facts() []string {
	var facts []string
	add := func(fact string) { facts = append(facts, fact) }
	for _, c := range cues {
		if c.p.MatchString(s.r.full) {
			add("cue " + c.name)
		}
	}
	for _, t := range s.topics {
		add("topic " + t)
	}
	if len(s.topics) > 0 {
		add("topic")
	}
	x := s.r.slots
	product := s.product()
	limits := x.PriceMin != nil || x.PriceMax != nil || x.Sort != "" || x.Size != ""
	for _, t := range []tag{tagBrand, tagColor, tagMaterial, tagAudience, tagExclude} {
		if len(s.spans(t)) > 0 {
			add("has " + tagNames[t])
			limits = true
		}
	}
	switch {
	case product == "" && limits:
		add("limits alone")
	case product == "":
		add("neither")
	case s.mentioned(product):
		add("known product")
	default:
		add("new product")
		if s.knownNoun() {
			add("new product known")
		}
	}
	if x.PriceMin != nil || x.PriceMax != nil {
		add("price")
	}
	if x.Sort != "" {
		add("sort " + string(x.Sort))
	}
	if x.Size != "" {
		add("size")
	}
	if x.OrderID != "" {
		add("order")
	}
	add("positions " + strconv.Itoa(min(len(x.Reference), 2)))
	if s.shownBrand() {
		add("shown brand")
	}
	if s.shownTitle() {
		add("shown title")
	}
	if s.r.has(theOne) {
		add("the one")
	}
	if s.r.has(thisOne) || s.r.has(thisHan) {
		add("this")
	}
	if cheapWord.MatchString(s.r.full) || cheapHan.MatchString(s.r.full) {
		add("superlative")
	}
	if strings.ContainsAny(s.r.full, "?") || s.r.lang == shop.Chinese && strings.ContainsAny(s.r.full, "吗么呢") {
		add("question")
	}
	if strings.Contains(s.r.full, "!") {
		add("exclaims")
	}
	if s.r.cartCount() > 0 {
		add("count")
	}
	n := len(s.tokens)
	for _, limit := range []int{1, 2, 3, 5, 8, 12, 20} {
		if n <= limit {
			add("length " + strconv.Itoa(limit))
			break
		}
	}
	common, unknown := 0, 0
	for i, t := range s.tokens {
		switch {
		case t.is&isCommon != 0:
			common++
		case t.as == 0 && s.tags[i] == tagNone && t.is&^isName == 0:
			unknown++
		}
	}
	if common == n {
		add("common alone")
	}
	if unknown > 0 {
		add("unknown words")
	}
	if unknown > 2 {
		add("many unknown words")
	}
	return facts
}

// knownNoun reports whether the product's phrase holds a word for a kind of product.
func (s *scene) knownNoun() bool {
	for _, x := range s.spans(tagProduct) {
		for _, t := range s.tokens[x.from:x.to] {
			if t.is&(isHead|isNoun) != 0 || s.w.known[t.text] > 0 && t.is&isCommon == 0 {
				return true
			}
		}
	}
	return false
}

// speaksOfKind reports whether any word names a kind of product, tagged or not.
func (s *scene) speaksOfKind() bool {
	return slices.ContainsFunc(s.tokens, func(t token) bool { return t.as == 0 && t.is&(isHead|isNoun) != 0 && t.is&isCommon == 0 })
}

// beginsWithKind reports whether the utterance begins with the name of a kind of product, and goes on with what it is for or
// with a mark: "case for an iphone".
func (s *scene) beginsWithKind() bool {
	for i, t := range s.tokens[:min(len(s.tokens), 4)] {
		switch {
		case t.as != 0 || t.is&isPunctuation != 0:
			return false
		case t.is&isHead != 0 && t.is&isCommon == 0:
			next := i + 1
			return next == len(s.tokens) || s.tokens[next].is&isPunctuation != 0 || s.tokens[next].text == "for" || s.tokens[next].text == "with" || s.tokens[next].text == "in"
		case t.is&isCommon != 0 && t.text != "a" && t.text != "an" && t.text != "some" && t.text != "any":
			return false
		}
	}
	return false
}

// modelName is the utterance without an article, where it is nothing but what may be the name of a model, as in "a galaxy s24
// ultra": two to five words with a number among them, and no common one.
func (s *scene) modelName() string {
	words := strings.Fields(strings.ToLower(s.r.full))
	if len(words) > 0 && (words[0] == "a" || words[0] == "an" || words[0] == "the") {
		words = words[1:]
	}
	if len(words) < 2 || len(words) > 5 || !unicode.IsLetter([]rune(words[0])[0]) {
		return ""
	}
	other := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' }
	name := strings.Join(words, " ")
	if slices.ContainsFunc(words, func(word string) bool { return commonWords[word] || strings.ContainsFunc(word, other) }) || !strings.ContainsFunc(name, unicode.IsDigit) {
		return ""
	}
	return name
}

// shownBrand reports whether a brand on the screen is named.
func (s *scene) shownBrand() bool {
	for _, p := range s.r.shown {
		for _, b := range brandNames(p.Brand) {
			if b != "" && containsWord(s.r.full, b) {
				return true
			}
		}
	}
	return false
}

// shownTitle reports whether a word of a title on the screen is named.
func (s *scene) shownTitle() bool {
	return slices.ContainsFunc(s.tokens, func(t token) bool { return t.is&isShown != 0 && t.is&isCommon == 0 })
}

// containsWord reports whether the word stands in text by itself; a Chinese word may stand anywhere.
func containsWord(text, word string) bool {
	if lexicon.IsHan(word) {
		return strings.Contains(text, word)
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if !letterAt(text, i-1) && !letterAt(text, end) {
			return true
		}
		from = end
	}
}

func letterAt(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}
