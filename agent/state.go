package agent

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// The dialogue's state machine. The need is what the customer looks for; every utterance moves it by these rules,
// and by no others:
//
//	forget    "forget that", "start over" empty the need before the rest is read
//	replace   a search for another kind of thing keeps nothing but what it says itself
//	keep      a refinement, and a search for the same kind or for none, keep every limit that they don't change
//	swap      "a belt instead" puts another kind in place; limits stay, but for the size, which was the other's
//	change    a limit said anew replaces the old one of its kind; a bound that contradicts a new one falls
//	either    "red or blue" is one limit with two values; a colour, brand or material said anew replaces them all, and an
//	          exclusion of one leaves the other
//	exclude   exclusions add up; excluding what was wished for withdraws the wish, and the other way round
//	give up   "any colour", "price doesn't matter", "forget the colour" remove one limit
//	several   "a tent and two sleeping bags" are needs side by side; a refinement that names no kind moves all of them
//	recommend a recommendation for somebody begins anew; one that says nothing of its own keeps the need
//
// Intents other than search, refine and recommend leave the need alone. Nothing else may change it: a limit that
// the customer named holds until one of these rules takes it away.
type move struct {
	intent shop.Intent
	said   shop.Need
	// forget, swap and more are "forget that", "instead" and "show me others".
	forget, swap, more bool
	// cheaper asks for less than what is shown.
	cheaper bool
	// freed names the limits that the customer gives up.
	freed []string
}

var (
	forgetCue = regexp.MustCompile(`(?i)\b(?:forget (?:it|that|this|about)|start (?:over|again|afresh)|never ?mind|scratch that|from scratch|something (?:completely|totally|entirely) (?:different|else))\b|算了|重新(?:来|开始|找|搜)|从头(?:来|开始)|不找了|忘(?:了|掉)(?:它|这个|那个|刚才)`)
	swapCue   = regexp.MustCompile(`(?i)\b(?:instead|rather|in place of)\b|换成|改成|改为|而不是`)
	moreCue   = regexp.MustCompile(`(?i)\b(?:(?:show|see|give|got|have|list|any)\b.{0,12}\b(?:more|others?|another)\b|(?:any|some)(?:thing)? (?:else|others?|more)|what else|other (?:ones|options|models|products|choices|suggestions)|different ones|next (?:page|ones)|more (?:options|results|choices|of (?:these|those|them)|like (?:this|these|that)))|^(?:more|others?|next)[.!? ]*$|还有(?:别的|其他|吗|没有|没|哪些)|其他的?|别的|换一批|更多|下一页|再来(?:一些|几个|点)|有没有别的`)
	lessCue   = regexp.MustCompile(`(?i)\b(?:cheaper|less expensive|more affordable|lower[- ]priced|lower price|too (?:expensive|pricey|dear|much)|costs? less|a bit (?:cheaper|less))\b|便宜(?:一?点|些)|更便宜|再便宜|太贵|有点贵|低一?点`)
	// dropped comes before the name of a limit that is given up.
	dropped  = `(?:forget|scrap|drop|never ?mind|skip|ignore|lose|leave out|remove|take off|without)(?: about)? (?:the |any |my )?(?:%s)(?: thing| limit| filter| restriction)?(?:[.,!?]|$| (?:then|now|please|and|instead))|(?:不用?管|别管|去掉|取消|忽略)(?:%s)|(?:%s)(?:不用管|就算了)`
	freeCues = map[string]*regexp.Regexp{
		"color":    regexp.MustCompile(`(?i)\b(?:any|whatever|whichever) colou?r\b|\bcolou?r (?:does not|doesn't|isn't|is not|don't) (?:matter|important)|\bdon't care about (?:the )?colou?r|颜色(?:无所谓|不限|都(?:行|可以)|不重要|随便)|什么颜色都|` + fmt.Sprintf(dropped, `colou?r`, `颜色`, `颜色`)),
		"brand":    regexp.MustCompile(`(?i)\b(?:any|whatever|whichever|other) brands?\b|\bbrand (?:does not|doesn't|isn't|is not) (?:matter|important)|品牌(?:无所谓|不限|都(?:行|可以)|不重要|随便)|什么牌子都|别的牌子|其他品牌|` + fmt.Sprintf(dropped, `brand`, `品牌|牌子`, `品牌|牌子`)),
		"size":     regexp.MustCompile(`(?i)\b(?:any|whatever|whichever) size\b|\bsize (?:does not|doesn't|isn't|is not) (?:matter|important)|(?:尺寸|尺码|大小)(?:无所谓|不限|都(?:行|可以)|不重要|随便)|` + fmt.Sprintf(dropped, `size`, `尺寸|尺码`, `尺寸|尺码`)),
		"material": regexp.MustCompile(`(?i)\b(?:any|whatever|whichever) (?:material|fabric)\b|\bmaterial (?:does not|doesn't|isn't|is not) (?:matter|important)|(?:材质|材料|面料)(?:无所谓|不限|都(?:行|可以)|不重要|随便)|` + fmt.Sprintf(dropped, `material|fabric`, `材质|材料`, `材质|材料`)),
		"price":    regexp.MustCompile(`(?i)\b(?:any price|whatever (?:the|it) (?:price|costs?))\b|\b(?:price|cost|money|budget) (?:does not|doesn't|isn't|is not|is no) (?:matter|important|an? issue|object|problem|limit)|\bno (?:budget|price limit)\b|(?:价格|价钱|预算|钱)(?:无所谓|不限|都(?:行|可以)|不重要|随便|不是问题)|不限(?:价格|预算)|多少钱都|` + fmt.Sprintf(dropped, `price|budget`, `价格|预算`, `价格|预算`)),
	}
)

// readMove reads a move from what the parser found and from the words themselves.
func readMove(p shop.Parse, text string, money func(float64, string) *shop.Money) move {
	s := p.Slots
	m := move{intent: p.Intent, forget: forgetCue.MatchString(text), swap: swapCue.MatchString(text),
		said: shop.Need{Product: bare(s.Product), Brand: s.Brand, Color: s.Color, Size: s.Size, Material: s.Material, Audience: s.Audience,
			Sort: s.Sort, Exclude: slices.Clone(s.Exclude), Others: p.Others}}
	if twoTone.MatchString(text) {
		m.said.Color = "" // how something prints or looks, and none of the two
	}
	if c := m.said.Color; c != "" && onlyQuality(m.said.Product) && alsoThings[strings.ToLower(c)] {
		m.said.Product, m.said.Color = m.said.Product+" "+c, "" // "fresh salmon"
	}
	if s.PriceMin != nil {
		m.said.PriceMin = money(*s.PriceMin, s.Currency)
	}
	if s.PriceMax != nil {
		m.said.PriceMax = money(*s.PriceMax, s.Currency)
	}
	for limit, cue := range freeCues {
		if cue.MatchString(text) {
			m.freed = append(m.freed, limit)
		}
	}
	slices.Sort(m.freed)
	// "Forget the colour" forgets nothing else.
	m.forget = m.forget && len(m.freed) == 0
	if slices.Contains(m.freed, "brand") {
		m.said.Brand = ""
	}
	for _, l := range valued(&m.said) {
		l.set(l.values())
	}
	silent := m.said
	silent.Sort = ""
	m.more = empty(m.said) && len(m.freed) == 0 && moreCue.MatchString(text)
	m.cheaper = m.said.Sort == shop.SortPriceAsc && empty(silent) && lessCue.MatchString(text)
	return m
}

// twoTone is black and white, which is neither.
var twoTone = regexp.MustCompile(`(?i)\bblack[ -](?:and|&|n|'n'|n')[ -]white\b|\bb ?(?:&|/) ?w\b|黑白`)

// alsoThings are colours that are things as well.
var alsoThings = wordSet("salmon rose orange olive peach plum chocolate cream coffee lemon lime mint lavender violet cherry apricot pearl gold silver copper bronze wine mustard")

// bare takes words off a noun phrase that name nothing: "wireless ones", "one".
func bare(product string) string {
	words := strings.Fields(product)
	for len(words) > 0 && slices.Contains([]string{"one", "ones", "thing", "things", "stuff", "something", "anything", "product", "products", "item", "items"},
		strings.ToLower(words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// valueLimit is a limit with one value or several, each of which will do.
type valueLimit struct {
	first  *string
	others *[]string
}

// valued are those limits of a need.
func valued(n *shop.Need) []valueLimit {
	return []valueLimit{{&n.Brand, &n.Others.Brands}, {&n.Color, &n.Others.Colors}, {&n.Material, &n.Others.Materials}}
}

// values are all that will do; none where the limit is not set.
func (l valueLimit) values() []string {
	if *l.first == "" {
		return nil
	}
	return append([]string{*l.first}, *l.others...)
}

// set makes the limit that one of the values, and no limit where there is none.
func (l valueLimit) set(values []string) {
	*l.first, *l.others = "", nil
	if len(values) > 0 {
		*l.first = values[0]
	}
	if len(values) > 1 {
		*l.others = values[1:]
	}
}

// apply moves the need. fresh is true where another thing is looked for than before.
func (m move) apply(need shop.Need) (moved shop.Need, fresh bool) {
	if m.forget {
		need, fresh = shop.Need{}, true
	}
	switch m.intent {
	case shop.IntentSearch, shop.IntentRefine, shop.IntentRecommend:
	default:
		return need, fresh
	}
	need.Exclude = slices.Clone(need.Exclude)
	before := need.Product
	switch {
	case m.said.Product == "":
		if m.intent == shop.IntentRecommend && m.said.Audience != "" {
			need, fresh = shop.Need{}, true
		}
	case before == "":
		need.Product = m.said.Product
	case onlyQuality(m.said.Product) && m.intent == shop.IntentRefine:
		need.Product = withQuality(m.said.Product, before)
	case sameKind(m.said.Product, before):
		// "the mouse under 20" after "wireless mouse" says less, and takes nothing back.
		if m.intent == shop.IntentSearch || len(lexicon.Words(m.said.Product)) > 1 || lexicon.IsHan(m.said.Product) != lexicon.IsHan(before) {
			need.Product = m.said.Product
		}
	case m.intent == shop.IntentRefine || m.swap:
		need.Product, need.Size, fresh = m.said.Product, "", true
	default:
		need, fresh = shop.Need{Product: m.said.Product}, true
	}
	for _, limit := range m.freed {
		need = without(need, limit)
	}
	return m.limit(need), fresh
}

// applyBeside moves the further needs of an utterance that asked for several kinds of things: a refinement that names
// no kind holds for all of them, whatever else is looked for ends them.
func (m move) applyBeside(needs []shop.Need) []shop.Need {
	if m.forget || m.intent != shop.IntentRefine || m.said.Product != "" && !onlyQuality(m.said.Product) {
		return nil
	}
	moved := make([]shop.Need, len(needs))
	for i, n := range needs {
		moved[i], _ = m.apply(n)
	}
	return moved
}

// limit lays the limits that were said over the need.
func (m move) limit(need shop.Need) shop.Need {
	said := m.said
	limits, now := valued(&need), valued(&said)
	var replaced, wishes []string
	for i, l := range limits {
		replaced, wishes = append(replaced, l.values()...), append(wishes, now[i].values()...)
		if *now[i].first != "" {
			l.set(now[i].values())
		}
	}
	if said.Size != "" {
		need.Size = said.Size
	}
	if said.Audience != "" {
		need.Audience = said.Audience
	}
	if said.PriceMin != nil {
		need.PriceMin = said.PriceMin
	}
	if said.PriceMax != nil {
		need.PriceMax = said.PriceMax
	}
	if low, high := need.PriceMin, need.PriceMax; low != nil && high != nil && low.Currency == high.Currency && low.Minor > high.Minor {
		switch {
		case said.PriceMin == nil:
			need.PriceMin = nil
		case said.PriceMax == nil:
			need.PriceMax = nil
		default: // both said at once, in the wrong order
			need.PriceMin, need.PriceMax = high, low
		}
	}
	if said.Sort != "" {
		need.Sort = said.Sort
	}
	wished := func(x string) bool { return slices.ContainsFunc(wishes, func(w string) bool { return same(w, x) }) }
	need.Exclude = slices.DeleteFunc(need.Exclude, wished)
	for _, x := range said.Exclude {
		// "blue instead of red" takes the wish for red back, and is no aversion to it.
		swapped := m.swap && (len(wishes) > 0 || slices.ContainsFunc(replaced, func(old string) bool { return same(old, x) }))
		known := slices.ContainsFunc(need.Exclude, func(old string) bool { return same(old, x) })
		if x != "" && !swapped && !known && !wished(x) {
			need.Exclude = append(need.Exclude, x)
		}
		if wished(x) {
			continue
		}
		for _, l := range limits {
			l.set(slices.DeleteFunc(l.values(), func(wish string) bool { return same(wish, x) }))
		}
	}
	if len(need.Exclude) == 0 {
		need.Exclude = nil
	}
	return need
}

// without is the need without one of its limits: brand, color, size, material, audience, price or exclude.
func without(need shop.Need, limit string) shop.Need {
	switch limit {
	case "brand":
		need.Brand, need.Others.Brands = "", nil
		need.Exclude = slices.DeleteFunc(slices.Clone(need.Exclude), func(x string) bool { return !colorOrMaterial(x) })
		if len(need.Exclude) == 0 {
			need.Exclude = nil
		}
	case "color":
		need.Color, need.Others.Colors = "", nil
		need.Exclude = withoutThose(need.Exclude, lexicon.Color)
	case "size":
		need.Size = ""
	case "material":
		need.Material, need.Others.Materials = "", nil
		need.Exclude = withoutThose(need.Exclude, lexicon.Material)
	case "audience":
		need.Audience = ""
	case "price":
		need.PriceMin, need.PriceMax = nil, nil
	case "exclude":
		need.Exclude = nil
	}
	return need
}

// withoutThose are the exclusions that are none of a family: who takes any colour takes the excluded one too.
func withoutThose(exclude []string, family func(string) (string, bool)) []string {
	kept := slices.DeleteFunc(slices.Clone(exclude), func(x string) bool { _, ok := family(x); return ok })
	if len(kept) == 0 {
		return nil
	}
	return kept
}

func colorOrMaterial(word string) bool {
	_, color := lexicon.Color(word)
	_, material := lexicon.Material(word)
	return color || material
}

// limitsOf names the limits that a need has, in the order in which a customer would rather give them up.
func limitsOf(n shop.Need) []string {
	var all []string
	for _, x := range []struct {
		name string
		set  bool
	}{{"color", n.Color != ""}, {"material", n.Material != ""}, {"brand", n.Brand != ""}, {"size", n.Size != ""}, {"exclude", len(n.Exclude) > 0},
		{"audience", n.Audience != ""}, {"price", n.PriceMin != nil || n.PriceMax != nil}} {
		if x.set {
			all = append(all, x.name)
		}
	}
	return all
}

// same reports whether two words mean the same brand, colour or material.
func same(a, b string) bool {
	if strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) {
		return true
	}
	for _, family := range []func(string) (string, bool){lexicon.Color, lexicon.Material} {
		x, ok1 := family(a)
		y, ok2 := family(b)
		if ok1 && ok2 && x == y {
			return true
		}
	}
	return false
}

func empty(n shop.Need) bool {
	return n.Product == "" && n.Sort == "" && len(limitsOf(n)) == 0
}
