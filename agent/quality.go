package agent

import (
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// Customers ask for qualities that no filter has: "sturdier ones", 轻便一点的. They are words to search by, added to what is
// looked for. Good quality itself stands in no listing: what other customers say of a thing comes nearest to it.

// goodQuality asks for it.
var goodQuality = regexp.MustCompile(`(?i)\b(?:good|better|best|high|higher|decent|great)[- ]quality\b|\bwell[- ]made\b|\b(?:any|some)thing better\b|\bbetter (?:ones?|options?|alternatives?)\b|(?:质量|品质|做工|质感)(?:要|得|能)?(?:再|更|比较|稍微)?(?:好|高|过硬|可靠|有保证|有保障)|(?:更|再)好(?:一?点|一?些)?的|^好一?点的`)

// quality adds to what is looked for the qualities that an utterance names and nothing else: the parser has no slot for them.
func (t *talk) quality(m move) move {
	before := t.state.Need.Product
	if before == "" || m.more || m.forget || m.cheaper || len(t.parse.Slots.Reference) > 0 || rejectsAll.MatchString(t.turn.Text) {
		return m
	}
	if t.lang == shop.Chinese && empty(m.said) && len(m.freed) == 0 && !unwanted.MatchString(t.turn.Text) {
		if said := described(t.turn.Text); said != "" {
			m.intent, m.said.Product = shop.IntentRefine, said
		}
	}
	named := m.said.Product != "" && !onlyQuality(m.said.Product) && !strings.HasSuffix(m.said.Product, before)
	if m.said.Sort == "" && !named && goodQuality.MatchString(t.turn.Text) {
		m.intent, m.said.Product, m.said.Sort = shop.IntentRefine, "", shop.SortRating
	}
	return m
}

// unwanted says that what is described is not wanted.
var unwanted = regexp.MustCompile(`不(?:要|用|需要|想要|必|是)|别`)

// asksAbout asks something, or points at what is shown.
var asksAbout = regexp.MustCompile(`[?？吗么呢哪谁几它]|多|是不是|能不能|会不会|这(?:个|款|件|双|台|条)|第`)

// onlyWishes reports whether a Chinese utterance says what is wanted and asks nothing: 结实耐用的那种.
func onlyWishes(text string) bool {
	wishes := false
	for _, word := range lexicon.Segment(text) {
		switch {
		case describing(word) && len([]rune(word)) > 1:
			wishes = true
		case lexicon.ClassOf(word) != lexicon.Function:
			return false
		}
	}
	return wishes && !asksAbout.MatchString(text)
}

// somewhat comes after a quality of one character: 轻一点.
var somewhat = regexp.MustCompile(`^(?:一?点儿?|一?些)`)

// described are the words of a Chinese utterance that describe a thing; one character describes only in the comparative.
func described(text string) string {
	var said []string
	for _, p := range lexicon.Parts(text) {
		word := text[p.From:p.To]
		if !describing(word) || len([]rune(word)) == 1 && !somewhat.MatchString(text[p.To:]) || slices.Contains(said, word) {
			continue
		}
		said = append(said, word)
	}
	return strings.Join(said, "")
}

// describing reports whether a Chinese word says what a thing is like, other than its colour, material or whom it is for.
func describing(word string) bool {
	_, color := lexicon.Color(word)
	_, material := lexicon.Material(word)
	_, audience := lexicon.Audience(word)
	return lexicon.ClassOf(word) == lexicon.Describing && lexicon.IsHan(word) && !color && !material && !audience
}

// withQuality is a product's name with a quality before it, once.
func withQuality(quality, product string) string {
	switch {
	case lexicon.IsHan(quality) && strings.Contains(product, quality), slices.Contains(lexicon.Words(product), strings.ToLower(quality)):
		return product
	case lexicon.IsHan(quality) && lexicon.IsHan(product):
		return quality + product
	}
	return strings.TrimSpace(quality + " " + product)
}

// addedQuality are the words that this utterance put before the name of what is looked for, and the need without them; ""
// where it put none.
func (t *talk) addedQuality(need shop.Need) (added string, without shop.Need) {
	before := t.turn.State.Need.Product
	added, ok := strings.CutSuffix(need.Product, before)
	if added = strings.TrimSpace(added); !ok || before == "" || added == "" {
		return "", need
	}
	without = need
	without.Product = before
	return added, without
}

// anySays reports whether any of the listings has a quality, where that is one that listings name.
func anySays(shown []shop.Candidate, quality string, need shop.Need) bool {
	firm := slices.DeleteFunc(singulars(inEnglish(quality)), func(w string) bool { return tastes[w] })
	k := readKind(need.Product)
	return slices.ContainsFunc(shown, func(c shop.Candidate) bool { return len(firm) == 0 || k.count(firm, c.Product) > 0 })
}
