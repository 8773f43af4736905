package understanding

import (
	"cmp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

var ordinals = map[string]int{"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "sixth": 6, "6th": 6,
	"seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "ninth": 9, "9th": 9, "tenth": 10, "10th": 10, "last": -1, "final": -1}

const hanPiece = `(?:个|款|件|种|双|台|条|样|项|把|只|部|本|张|套|瓶|盒|辆|顶|块|副|支)`

var (
	firstFew     = pattern(`\b(?:the |these |those )?(first|top|last) (two|three|four|five|2|3|4|5|couple)\b`)
	ordinal      = pattern(`\b(?:the )?(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|[1-9](?:st|nd|rd|th)|10th)\b(?:\s+(?:one|ones|item|product|option|choice|result|pick|pair)\b)?`)
	numbered     = pattern(`\b(?:number|no\.?|option|item|product|result|nr\.?)\s*#?\s*(\d{1,2}|one|two|three|four|five|six)\b|#\s?(\d{1,2})\b|\b(\d)号`)
	pairOfDigits = pattern(`(?:^|[^\d.,$€£¥])\b(\d|one|two|three|four|five|six)\b\s*(?:and|vs\.?|versus|with|to|or|&|\+|和|跟|与|比|还是|,)\s*(?:number |the )?\b(\d|one|two|three|four|five|six)\b(?:[^\d.%a-z-]|$)`)
	hanPair      = pattern(`(?:^|[^第\d])([一二三四五六\d])号?(?:和|跟|与|比|还是)([一二三四五六\d])号?(?:哪|比|的|有|对|谁|怎|$)`)
	bothAll      = pattern(`\b(both|all (?:of )?(?:them|these|those|three|four|five)|them all|all (?:two|three|four|five|six)|(?:these|those|the) (?:two|three|four|five)|of the (?:two|three))\b`)
	firstFewHan  = pattern(`(前|头|最后|后)([两俩二三四五六2-6])(?:` + hanPiece + `)?`)
	ordinalHan   = pattern(`第([一二三四五六七八九十两\d]{1,2})` + hanPiece + `?`)
	lastHan      = pattern(`最后(?:一)?` + hanPiece)
	theseHan     = pattern(`(?:这|那|它们)?([两俩三四五])` + hanPiece + `?(?:都|全)?`)
	cheapWord    = pattern(`\b(?:the )?(?:(two|three) )?(cheapest|cheaper|least expensive|lowest[- ]priced|most affordable|most expensive|more expensive|expensive|priciest|dearest)\b`)
	cheapHan     = pattern(`最?(便宜|贵)的?(?:那|这)?` + hanPiece + `?`)
	notOrdinal   = pattern(`\b(?:first|last|second) (?:time|order|week|month|year|name|night|purchase|aid|step|day|hand)|\bat (?:first|last)\b|\bfirst of all\b|\bone second\b|\b(?:a|just a) second\b|\bfirst,|第[一二三四]次`)
	thisOne      = pattern(`\b(?:it|its|this|that|they|them|these|those)\b`)
	thisHan      = pattern(`它|(?:这|那)(?:一)?` + hanPiece + `|^这|把这|就这`)
)

// positions reads ordinals and numbers that point at what is shown.
func (r *reading) positions() {
	n := len(r.shown)
	if notOrdinal.MatchString(r.lower) {
		return
	}
	add := func(positions ...int) {
		for _, p := range positions {
			if p == -1 {
				p = n
			}
			if p >= 1 && (n == 0 || p <= n) && !slices.Contains(r.slots.Reference, p) {
				r.slots.Reference = append(r.slots.Reference, p)
			}
		}
	}
	run := func(last bool, size int) {
		for i := 1; i <= size && i <= 20; i++ {
			if last {
				add(n - size + i)
			} else {
				add(i)
			}
		}
	}
	if g := r.take(firstFew, asPosition); g != nil {
		size, _ := count(g[2])
		run(g[1] == "last", size)
	}
	if g := r.take(firstFewHan, asPosition); g != nil {
		size, _ := count(g[2])
		run(g[1] != "前" && g[1] != "头", size)
	}
	for g := r.take(ordinal, asPosition); g != nil; g = r.take(ordinal, asPosition) {
		add(ordinals[g[1]])
	}
	if n > 0 {
		for g := r.take(numbered, asPosition); g != nil; g = r.take(numbered, asPosition) {
			if p, ok := count(cmp.Or(g[1], g[2], g[3])); ok {
				add(p)
			}
		}
		if at := pairOfDigits.FindStringSubmatchIndex(r.lower); at != nil && len(r.slots.Reference) == 0 {
			r.pair(add, at)
		}
		if at := hanPair.FindStringSubmatchIndex(r.lower); at != nil && len(r.slots.Reference) == 0 {
			r.pair(add, at)
		}
		if r.take(lastHan, asPosition) != nil {
			add(n)
		}
	}
	for g := r.take(ordinalHan, asPosition); g != nil; g = r.take(ordinalHan, asPosition) {
		if p, ok := count(g[1]); ok {
			add(p)
		}
	}
	slices.Sort(r.slots.Reference)
}

// pair adds the two positions of "1 and 3", if both are on the screen.
func (r *reading) pair(add func(...int), at []int) {
	a, _ := count(r.lower[at[2]:at[3]])
	b, _ := count(r.lower[at[4]:at[5]])
	if a >= 1 && b >= 1 && a <= len(r.shown) && b <= len(r.shown) && a != b {
		add(a, b)
		r.cut(at[4], at[5], asPosition)
		r.cut(at[2], at[3], asPosition)
	}
}

// point resolves what the utterance points at by description, once its intent is known: by price, by name, and
// "this" where only one is shown.
func (s *scene) point(intent shop.Intent) {
	r := s.r
	n := len(r.shown)
	if len(r.slots.Reference) > 1 && intent != shop.IntentCompare && oneOfThem.MatchString(r.full) {
		s.byPriceAmong()
		return
	}
	if n == 0 || len(r.slots.Reference) > 1 || len(r.slots.Reference) == 1 && intent != shop.IntentCompare && intent != shop.IntentAddToCart {
		return
	}
	add := func(p int) {
		if p > 0 && !slices.Contains(r.slots.Reference, p) {
			r.slots.Reference = append(r.slots.Reference, p)
		}
	}
	defer func() { slices.Sort(r.slots.Reference) }()
	if several := intent == shop.IntentCompare || intent == shop.IntentAddToCart; several {
		if len(r.slots.Reference) == 0 && s.all(add, intent) {
			return
		}
		for _, part := range s.alternatives() {
			add(s.described(part, intent))
			s.byPrice(part, add)
		}
	}
	// What is in the cart need not be on the screen: "take the backpack out" names a product.
	if len(r.slots.Reference) == 0 && (intent != shop.IntentRemoveFromCart || r.has(theOne) || s.first(tagBrand) != "") {
		whole := part{0, len(r.full)}
		s.byPrice(whole, add)
		if len(r.slots.Reference) == 0 {
			add(s.described(whole, intent))
		}
	}
	if len(r.slots.Reference) == 0 && n == 1 && intent != shop.IntentRemoveFromCart && intent != shop.IntentCompare && s.speaksOfIt() {
		add(1)
	}
}

// oneOfThem asks for one by its price among those that are pointed at: "the cheaper one of the first two".
var oneOfThem = pattern(`\b(?:cheap\w*|(?:less|least|more|most) expensive|priciest|dearest)\b(?: one)?,? (?:of|among|out of|between|from)\b|(?:里|中|当中|里面)(?:最|更|比较)?(?:便宜|贵)|(?:便宜|贵)的?那`)

// byPriceAmong leaves the cheapest or dearest of the positions that were said.
func (s *scene) byPriceAmong() {
	among := slices.Clone(s.r.slots.Reference)
	if slices.ContainsFunc(among, func(p int) bool { return p < 1 || p > len(s.r.shown) }) {
		return
	}
	price := func(p int) int64 { return s.r.shown[p-1].Price.Minor }
	best := slices.MinFunc(among, func(a, b int) int { return cmp.Compare(price(a), price(b)) })
	if dear.MatchString(s.r.full) {
		best = slices.MaxFunc(among, func(a, b int) int { return cmp.Compare(price(a), price(b)) })
	}
	s.r.slots.Reference = []int{best}
}

var dear = pattern(`\b(?:more|most) expensive\b|\bpriciest\b|\bdearest\b|贵`)

// speaksOfIt reports whether the utterance means the one product on the screen: it says "it", or names no other.
func (s *scene) speaksOfIt() bool {
	if s.r.has(thisOne) || s.r.has(thisHan) {
		return true
	}
	return s.product() == "" && s.r.lang == shop.English
}

// all reads "both", "all three", 两个都.
func (s *scene) all(add func(int), intent shop.Intent) bool {
	n, size := len(s.r.shown), 0
	if g := bothAll.FindStringSubmatch(s.r.full); g != nil {
		switch {
		case strings.Contains(g[1], "both"), strings.HasSuffix(g[1], "two"):
			size = 2
		case strings.HasSuffix(g[1], "three"):
			size = 3
		case strings.HasSuffix(g[1], "four"):
			size = 4
		default:
			size = n
		}
	} else if s.r.lang == shop.Chinese {
		if strings.Contains(s.r.full, "全部") || strings.Contains(s.r.full, "全都") {
			size = n
		}
		if g := theseHan.FindStringSubmatch(s.r.full); g != nil && size == 0 && (intent == shop.IntentCompare || strings.Contains(s.r.full, "都")) {
			size, _ = count(g[1])
		} else if strings.Contains(s.r.full, "都") && intent == shop.IntentAddToCart && n == 2 {
			size = 2
		}
	}
	if cheapWord.MatchString(s.r.full) || size < 2 || size > n {
		return false
	}
	for i := range size {
		add(i + 1)
	}
	return true
}

// part is a stretch of the utterance.
type part struct{ from, to int }

var parting = pattern(`\b(?:and|or|vs\.?|versus|with|to|than|against|from|between|over|instead of|rather than|&)\b|,|和|跟|与|还是|比|、`)

// alternatives parts the utterance where it sets things beside each other.
func (s *scene) alternatives() []part {
	var parts []part
	at := 0
	for _, cut := range parting.FindAllStringIndex(s.r.full, -1) {
		parts = append(parts, part{at, cut[0]})
		at = cut[1]
	}
	return append(parts, part{at, len(s.r.full)})
}

// byPrice adds the cheapest or dearest, where the part speaks of them.
func (s *scene) byPrice(p part, add func(int)) {
	text := s.r.full[p.from:p.to]
	size, cheap := 1, false
	if g := cheapWord.FindStringSubmatch(text); g != nil {
		if g[1] != "" {
			size, _ = count(g[1])
		}
		cheap = strings.Contains(g[2], "cheap") || strings.Contains(g[2], "least") || strings.Contains(g[2], "lowest") || strings.Contains(g[2], "affordable")
	} else if g := cheapHan.FindStringSubmatch(text); g != nil && (strings.HasPrefix(g[0], "最") || strings.ContainsAny(g[0], "那这")) {
		cheap = g[1] == "便宜"
	} else {
		return
	}
	order := make([]int, len(s.r.shown))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		c := cmp.Compare(s.r.shown[a].Price.Minor, s.r.shown[b].Price.Minor)
		if !cheap {
			c = -c
		}
		return c
	})
	for _, i := range order[:min(size, len(order))] {
		add(i + 1)
	}
}

var (
	theOne    = pattern(`\b(?:the|that|this|those|these)\s+(?:[\p{L}\d'\-]+\s+){0,3}?(?:ones?|pair|version|model)\b`)
	colorOnes = pattern(`\b(?:ones?|the|that|this)\b`)
	hanOne    = pattern(`(?:那|这)` + hanPiece + `?|的`)
)

// described finds the one shown product whose brand, colour or title the part names best; 0 where none or several
// do. A colour alone counts where it is pointed with: "the green one".
func (s *scene) described(p part, intent shop.Intent) int {
	r := s.r
	text := r.full[p.from:p.to]
	said := map[string]bool{}
	for _, t := range s.tokens {
		if t.from < p.from || t.to > p.to || t.as != 0 {
			continue
		}
		said[t.text] = true
		said[lexicon.Singular(t.text)] = true
		if english, ok := lexicon.Translate(t.text); ok {
			for _, w := range strings.Fields(strings.ToLower(english)) {
				said[w] = true
			}
		}
	}
	pointsByColor := r.lang == shop.English && colorOnes.MatchString(text) || r.lang == shop.Chinese && (hanOne.MatchString(text) || intent == shop.IntentCompare) ||
		intent == shop.IntentCompare
	named := intent != shop.IntentProductQuestion || theOne.MatchString(text) || strings.Contains(text, "the ") || strings.Contains(text, "this ") || r.lang == shop.Chinese
	best, second, at := 0.0, 0.0, 0
	for i, shown := range r.shown {
		score := 0.0
		for _, b := range brandNames(shown.Brand) {
			if b != "" && (said[b] || strings.Contains(b, " ") && strings.Contains(text, b) || lexicon.IsHan(b) && strings.Contains(text, b) || s.brandSaid(p) == b) {
				score += 3
				break
			}
		}
		if pointsByColor {
			own, ok := lexicon.Color(shown.Color)
			for _, c := range s.colorsIn(p) {
				if ok && own == c || !ok && slices.Contains(lexicon.ColorsIn(shown.Title), c) {
					score += 2
				}
			}
		}
		if named {
			for _, w := range lexicon.Segment(strings.ToLower(shown.Title)) {
				if utf8Len(w) > 1 && !strings.EqualFold(w, shown.Brand) && !commonWords[w] && (said[w] || said[lexicon.Singular(w)] || lexicon.IsHan(w) && strings.Contains(text, w)) {
					score++
				}
			}
		}
		if score > best {
			best, second, at = score, best, i+1
		} else {
			second = max(second, score)
		}
	}
	if best > second && best >= 1 {
		return at
	}
	return 0
}

func utf8Len(s string) int { return len([]rune(s)) }

// colorsIn are the colours that the part names.
func (s *scene) colorsIn(p part) []string {
	var found []string
	for _, t := range s.tokens {
		if t.from >= p.from && t.to <= p.to && t.is&isColor != 0 {
			if c, ok := lexicon.Color(t.text); ok {
				found = append(found, c)
			}
		}
	}
	return found
}

// brandSaid is the brand tagged in the part, in lower case and mended where it is misspelled.
func (s *scene) brandSaid(p part) string {
	for i, t := range s.tokens {
		if s.tags[i] == tagBrand && t.from >= p.from && t.to <= p.to {
			if near := s.w.nearBrand(t.text); near != "" {
				return near
			}
			return t.text
		}
	}
	return ""
}
