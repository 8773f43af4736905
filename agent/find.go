package agent

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// find searches, shows what is good enough, and says what was found.
func (t *talk) find(ctx context.Context) error {
	vocabulary, err := t.Search.Vocabulary(ctx)
	if err != nil {
		return fmt.Errorf("read vocabulary: %w", err)
	}
	m := readMove(t.parse, t.turn.Text, func(v float64, currency string) *shop.Money { return t.inCurrency(v, currency, vocabulary.Currency) })
	if t.wantsAdvice(m) {
		return t.advise(ctx)
	}
	m = t.quality(t.unnamed(m, vocabulary))
	m.said.Color, m.said.Material = t.mend(m.said.Color), t.mend(m.said.Material)
	if searched(m.said.Product, t.rules(ctx)) == m.said.Product { // a word that the shop has a meaning for is no mistake
		m.said.Product = t.mend(m.said.Product)
	}
	m.said = brandApart(m.said, vocabulary)
	if needs, err := t.parts(ctx, m, vocabulary); err != nil {
		return err
	} else if len(needs) > 1 {
		t.state.Rejected = nil
		return t.findSeveral(ctx, needs)
	}
	need, fresh := m.apply(t.state.Need)
	if fresh || m.forget {
		t.state.Rejected = nil
	}
	t.reject()
	if rejectsAll.MatchString(t.turn.Text) && len(t.state.Shown) > 0 && len(t.parse.Slots.Reference) == 0 {
		for _, s := range t.state.Shown {
			t.state.Rejected = append(slices.Clone(t.state.Rejected), s.SKU)
		}
		m.more = true
	}
	beside := m.applyBeside(t.state.Beside)
	t.state.Need, t.state.Beside = need, beside
	switch {
	case len(beside) > 0 && !m.more && !m.cheaper:
		return t.findSeveral(ctx, append([]shop.Need{need}, beside...))
	case need.Product == "" && (t.parse.Intent == shop.IntentRecommend || !empty(need) && need.Brand == "" && t.aboutGift()):
		return t.recommend(ctx, need)
	case empty(need) && m.forget:
		return t.say(ctx, "forgotten")
	case empty(need):
		return t.say(ctx, "what_product")
	}
	return t.findNeed(ctx, need, m, vocabulary)
}

// brandApart parts "HP LaserJet P2015", said as one name, into the brand that the shop sells and the name of the thing.
func brandApart(said shop.Need, v shop.Vocabulary) shop.Need {
	words := strings.Fields(said.Brand)
	if len(words) < 2 || sells(v, said.Brand) {
		return said
	}
	for n := len(words) - 1; n > 0; n-- {
		if brand := strings.Join(words[:n], " "); sells(v, brand) {
			said.Brand, said.Product = brand, strings.TrimSpace(strings.Join(words[n:], " ")+" "+said.Product)
			return said
		}
	}
	return said
}

var purposeCue = regexp.MustCompile(`(?i)\b(?:for|with|to|that|which|made|good|suitable)\b`)

// unnamed reads what a parser found no slot in: "something for the kitchen", "wireless". Words for a purpose and
// words that describe refine what is looked for; a kind of thing, or what the catalogue has never heard of, is
// another search.
func (t *talk) unnamed(m move, v shop.Vocabulary) move {
	words := content(t.turn.Text)
	if !empty(m.said) || m.more || m.forget || rejectsAll.MatchString(t.turn.Text) || len(m.freed) > 0 || len(t.parse.Slots.Reference) > 0 || words == "" || t.lang != shop.English ||
		t.parse.Intent == shop.IntentRecommend {
		return m
	}
	before, k := t.state.Need.Product, readKind(words)
	describes := onlyQuality(words) || purposeCue.MatchString(t.turn.Text) || m.intent == shop.IntentRefine && v.Words[k.head] > 0 && !kindNouns[k.head]
	if m.said.Product = words; before != "" && describes {
		m.intent, m.said.Product = shop.IntentRefine, words+" "+before
		return m
	}
	m.intent = shop.IntentSearch
	return m
}

// findNeed looks for the need and answers.
func (t *talk) findNeed(ctx context.Context, need shop.Need, m move, vocabulary shop.Vocabulary) error {
	left := slices.Clone(t.state.Rejected)
	if m.more {
		left = append(left, t.state.Seen...)
	}
	ask := need
	if m.cheaper {
		ask.PriceMax = t.below(need.PriceMax)
	}
	r, err := t.look(ctx, ask, left)
	if err != nil {
		return err
	}
	opening := ""
	if len(r.shown) == 0 && m.cheaper {
		// Nothing is cheaper than what was shown: the cheapest there is, and that is said.
		opening = t.fill("nothing_cheaper")
		if r, err = t.look(ctx, need, left); err != nil {
			return err
		}
	}
	if added, without := t.addedQuality(need); added != "" && !anySays(r.shown, added, need) {
		other, err := t.look(ctx, without, left)
		if err != nil {
			return err
		}
		if len(other.shown) > 0 {
			r, opening, need, t.state.Need = other, t.fill("quality_unsaid", added), without, without
		}
	}
	if len(r.shown) == 0 && m.more && t.aboutGift() {
		rest := need
		rest.Product = ""
		return t.recommend(ctx, rest) // other presents, where those for the occasion have all been seen
	}
	if len(r.shown) == 0 && m.more {
		return t.say(ctx, "no_more")
	}
	if len(r.shown) == 0 {
		return t.unmet(ctx, need, vocabulary)
	}
	if need.Sort == shop.SortRelevance {
		r = t.sponsor(ctx, r, need.Product)
	}
	if m.said.Sort == shop.SortRating && !slices.ContainsFunc(r.shown, func(c shop.Candidate) bool { return c.Product.Rating > 0 }) {
		opening = t.fill("unrated")
	}
	if err := t.show(ctx, r); err != nil {
		return err
	}
	if m.said.Sort != "" {
		t.state.Focus = r.shown[0].Product.SKU // "the cheapest one" is the one that "it" means next
	}
	return t.tellFound(ctx, need, r, opening)
}

// result is what one search came to.
type result struct {
	ranking shop.Ranking
	query   string
	filter  shop.Filter
	// all are the products that may be shown, shown the first Config.Cards of them.
	all, shown []shop.Candidate
}

// look searches for a need and chooses.
func (t *talk) look(ctx context.Context, need shop.Need, left []string) (result, error) {
	need.Product = searched(need.Product, t.rules(ctx))
	r, err := t.lookFor(ctx, queryFor(need, t.lang, left), need)
	if one := oneOf(need.Product); err == nil && len(r.shown) == 0 && one != need.Product {
		need.Product = one // the ranker reads "tablets" and "Tablet PC" as less alike than they are
		return t.lookFor(ctx, queryFor(need, t.lang, left), need)
	}
	return r, err
}

// oneOf is the name of a thing in the singular; as it is where it is no plural.
func oneOf(product string) string {
	at := strings.LastIndexByte(product, ' ') + 1
	last := strings.ToLower(product[at:])
	if one := singular(last); one != last && !lexicon.IsHan(product) {
		return product[:at] + one
	}
	return product
}

// searchDepth is how many times Config.Candidates are searched for, since most of what is near in meaning may be of
// another kind ("printer" and all that belongs to printers).
const searchDepth = 4

func (t *talk) lookFor(ctx context.Context, q shop.Query, need shop.Need) (result, error) {
	q.Limit = searchDepth * t.c.Candidates
	found, err := t.search(ctx, q)
	if err != nil {
		return result{}, err
	}
	asked := readKind(need.Product)
	if need.Product != "" {
		found = asked.selected(found)
	}
	ranking, err := t.rank(ctx, q, t.personalise(ctx, found[:min(len(found), t.c.Candidates)]))
	if err != nil {
		return result{}, err
	}
	ranking = boosted(ranking, t.rules(ctx))
	good, err := t.leastLike(ctx, t.choose(ranking, q, need, asked), q.Sort)
	if err != nil {
		return result{}, err
	}
	return result{ranking, q.Text, q.Filter, good, good[:min(len(good), t.c.Cards)]}, nil
}

func (t *talk) search(ctx context.Context, q shop.Query) ([]shop.Candidate, error) {
	defer t.timer.Step("search")()
	found, err := t.Search.Search(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

func (t *talk) rank(ctx context.Context, q shop.Query, found []shop.Candidate) (shop.Ranking, error) {
	defer t.timer.Step("rank")()
	ranking, err := t.Rank.Rank(ctx, q, found)
	if err != nil {
		return ranking, fmt.Errorf("rank: %w", err)
	}
	t.Trace.Ranker = ranking.Model
	return ranking, nil
}

// choose takes what may be shown, best first: above the floor, with the qualities and the measure that were asked
// for; what is sold out only where nothing else is left.
func (t *talk) choose(ranking shop.Ranking, q shop.Query, need shop.Need, asked kind) []shop.Candidate {
	floor := cmp.Or(t.c.Floor, ranking.Floor)
	var good []shop.Candidate
	for _, c := range ranking.Candidates {
		if (q.Text == "" || c.Relevance >= floor || ranking.Degraded) && (!measured.MatchString(need.Size) || hasMeasure(c.Product, need.Size)) {
			good = append(good, c)
		}
	}
	if need.Product != "" {
		good = asked.qualified(good)
	}
	good = preferred(good, func(p shop.Product) bool { return p.Stock > 0 }, 1)
	if len(need.Exclude) > 0 {
		good = preferred(good, func(p shop.Product) bool { return !speaksOf(p.Description, need.Exclude) }, enoughNamed)
	}
	if need.Color != "" {
		colors := colorsOf(need)
		good = preferred(good, func(p shop.Product) bool { return !otherColor(p.Title, colors) }, 1)
		good = preferred(good, func(p shop.Product) bool { return saysColor(p.Title+" ; "+p.Description, colors) }, enoughNamed)
	}
	if young[need.Audience] {
		good = firstThose(good, func(p shop.Product) bool { return madeFor(p, need.Audience) })
	}
	return diverse(sortBy(good, q.Sort), q.Sort)
}

// speaksOf reports whether a description names what the customer does not want: no hard limit, since "goes with white
// shirts" is no white shoe, but such products come last.
func speaksOf(description string, unwanted []string) bool {
	words := singulars(description)
	return slices.ContainsFunc(unwanted, func(x string) bool {
		said := singulars(inEnglish(x))
		return len(said) > 0 && slices.ContainsFunc(words, func(w string) bool { return w == said[len(said)-1] })
	})
}

// otherColor reports whether a title names colours, and none of the wished ones: its listing may have that of a part.
func otherColor(title string, colors []string) bool {
	return len(lexicon.ColorsIn(title)) > 0 && !saysColor(title, colors)
}

// saysColor reports whether a text names one of the colours, or another word of its family.
func saysColor(text string, colors []string) bool {
	return slices.ContainsFunc(colors, func(color string) bool {
		family, ok := lexicon.Color(color)
		if !ok {
			return strings.Contains(strings.ToLower(text), strings.ToLower(color))
		}
		return slices.Contains(lexicon.ColorsIn(text), family)
	})
}

// young are audiences for whom a listing that names nobody is the second choice.
var young = map[string]bool{"kids": true, "boys": true, "girls": true, "baby": true}

func madeFor(p shop.Product, audience string) bool {
	for _, a := range lexicon.AudiencesIn(p.Title + " " + p.Description + " " + p.Attributes["audience"]) {
		if a == audience || a == "kids" && audience != "baby" || audience == "kids" && (a == "boys" || a == "girls") {
			return true
		}
	}
	return false
}

// namesAudience reports whether a listing says for whom a thing is.
func namesAudience(p shop.Product) bool {
	return p.Attributes["audience"] != "" || len(lexicon.AudiencesIn(p.Title)) > 0
}

// firstThose moves those that pass before the others.
func firstThose(found []shop.Candidate, pass func(shop.Product) bool) []shop.Candidate {
	var first, later []shop.Candidate
	for _, c := range found {
		if pass(c.Product) {
			first = append(first, c)
		} else {
			later = append(later, c)
		}
	}
	return append(first, later...)
}

// preferred keeps those that pass where at least enough do, and all else.
func preferred(found []shop.Candidate, pass func(shop.Product) bool, enough int) []shop.Candidate {
	var passed []shop.Candidate
	for _, c := range found {
		if pass(c.Product) {
			passed = append(passed, c)
		}
	}
	if len(passed) >= enough {
		return passed
	}
	return found
}

var (
	figure = regexp.MustCompile(`\d+(?:\.\d+)?`)
	// units are the ways to write a unit of measure.
	units = [][]string{{"inch", "inches", "in", `"`, "”", "''"}, {"cm", "centimeter", "centimetre"}, {"mm", "millimeter"}, {"gb", "gigabyte"}, {"tb", "terabyte"},
		{"kg", "kilo", "kilogram"}, {"g", "gram"}, {"l", "liter", "litre", "liters", "litres"}, {"ml", "milliliter"}, {"m", "meter", "metre", "meters", "metres"}, {"ft", "feet", "foot"},
		{"w", "watt", "watts"}, {"person", "persons", "people", "man"}, {"lb", "lbs", "pound"}, {"oz", "ounce"}}
)

// hasMeasure reports whether the listing holds the figure of a measure followed by its unit.
func hasMeasure(p shop.Product, measure string) bool {
	n, unit := splitMeasure(measure)
	if unit == "tb" {
		for _, in := range []string{"1000", "1024"} {
			if n == "1" && hasMeasure(p, in+" GB") {
				return true
			}
		}
	}
	text := strings.ToLower(p.Title + " ; " + p.Description)
	for _, name := range sortedKeys(p.Attributes) {
		text += " ; " + strings.ToLower(p.Attributes[name]) + " ; " + strings.ToLower(name)
	}
	for _, at := range figure.FindAllStringIndex(text, -1) {
		if text[at[0]:at[1]] != n {
			continue
		}
		after := strings.TrimLeft(text[at[1]:], " -")
		for _, u := range spellings(unit) {
			if rest, ok := strings.CutPrefix(after, u); ok && (rest == "" || !isLetter(rest[0])) {
				return true
			}
		}
	}
	return false
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' }

// splitMeasure parts "27英寸" into "27" and "inch".
func splitMeasure(measure string) (n, unit string) {
	n = figure.FindString(measure)
	unit = strings.Trim(strings.Replace(measure, n, "", 1), " -")
	if lexicon.IsHan(unit) {
		unit = map[string]string{"英寸": "inch", "寸": "inch", "厘米": "cm", "公分": "cm", "毫升": "ml", "升": "l", "瓦": "w", "公斤": "kg", "克": "g", "人": "person", "人份": "person"}[unit]
	}
	return n, strings.ToLower(unit)
}

func spellings(unit string) []string {
	for _, several := range units {
		if slices.Contains(several, unit) {
			return several
		}
	}
	return []string{unit}
}

// sortBy orders by the customer's wish; ties keep the order of relevance.
func sortBy(found []shop.Candidate, by shop.Sort) []shop.Candidate {
	compare := map[shop.Sort]func(a, b shop.Product) int{
		shop.SortPriceAsc:  func(a, b shop.Product) int { return cmp.Compare(a.Price.Minor, b.Price.Minor) },
		shop.SortPriceDesc: func(a, b shop.Product) int { return cmp.Compare(b.Price.Minor, a.Price.Minor) },
		shop.SortRating:    func(a, b shop.Product) int { return cmp.Compare(b.Rating, a.Rating) },
		shop.SortNewest:    func(a, b shop.Product) int { return b.ReleasedAt.Compare(a.ReleasedAt) },
	}[by]
	if compare != nil {
		slices.SortStableFunc(found, func(a, b shop.Candidate) int { return compare(a.Product, b.Product) })
	}
	return found
}

// mostAlike is how many products of almost the same name stand together at the top.
const mostAlike = 2

// diverse moves the third and further of products that differ by colour or size alone behind the others. An order
// that the customer asked for stays as it is.
func diverse(found []shop.Candidate, by shop.Sort) []shop.Candidate {
	if by != shop.SortRelevance {
		return found
	}
	count := map[string]int{}
	var first, later []shop.Candidate
	for _, c := range found {
		name := nameWithoutVariant(c.Product)
		if count[name]++; count[name] > mostAlike {
			later = append(later, c)
			continue
		}
		first = append(first, c)
	}
	return append(first, later...)
}

// nameWithoutVariant is a title without colours and figures.
func nameWithoutVariant(p shop.Product) string {
	words := slices.DeleteFunc(singulars(p.Title), func(w string) bool { return knownColor(w) || strings.ContainsAny(w, "0123456789") })
	return strings.Join(words, " ")
}

// below is the bound under which "cheaper" looks: under what was referred to, else under the middle of what is
// shown, and no higher than the customer's own limit.
func (t *talk) below(limit *shop.Money) *shop.Money {
	var prices []shop.Money
	for _, n := range t.parse.Slots.Reference {
		if n >= 1 && n <= len(t.state.Shown) {
			prices = append(prices, t.state.Shown[n-1].Price)
		}
	}
	if len(prices) == 0 {
		for _, s := range t.state.Shown {
			prices = append(prices, s.Price)
		}
	}
	if len(prices) == 0 {
		return limit
	}
	slices.SortFunc(prices, func(a, b shop.Money) int { return cmp.Compare(a.Minor, b.Minor) })
	bound := prices[len(prices)/2]
	bound.Minor--
	if limit != nil && limit.Currency == bound.Currency && limit.Minor < bound.Minor {
		return limit
	}
	return &bound
}

var rejectCue = regexp.MustCompile(`(?i)\b(?:not|don't (?:like|want)|do not (?:like|want)|dislike|hate|except|without|anything but|other than)\b|不(?:喜欢|要|想要)|除了`)

// rejectsAll turns down all that is shown: "I don't like any of these".
var rejectsAll = regexp.MustCompile(`(?i)\b(?:none of (?:these|those|them)|not any of (?:these|those|them)|don't (?:like|want) (?:any of )?(?:these|those|them)|do not (?:like|want) (?:any of )?(?:these|those|them)|neither of (?:these|those|them)|(?:nothing|not) like (?:this|that|these|those)|not what i (?:want|wanted|meant|need|mean|am looking for|was looking for))\b|没有(?:我)?(?:想要|喜欢|合适|满意)的|(?:都|一个也|一个都)不(?:喜欢|要|想要|合适|满意)`)

// reject notes what the customer turned down: "not the second one".
func (t *talk) reject() {
	if t.parse.Intent != shop.IntentRefine || !rejectCue.MatchString(t.turn.Text) {
		return
	}
	for _, n := range t.parse.Slots.Reference {
		if n >= 1 && n <= len(t.state.Shown) && !slices.Contains(t.state.Rejected, t.state.Shown[n-1].SKU) {
			t.state.Rejected = append(slices.Clone(t.state.Rejected), t.state.Shown[n-1].SKU)
		}
	}
}

// mostSeen bounds what is remembered as shown.
const mostSeen = 64

// show sends the cards and remembers them.
func (t *talk) show(ctx context.Context, r result) error {
	cards := shop.Cards{RankingID: r.ranking.ID, Model: r.ranking.Model, Degraded: r.ranking.Degraded, Query: r.query, Filter: r.filter}
	cards.Filter.ExcludeSKUs = nil
	var shown []shop.ShownProduct
	seen := slices.Clone(t.state.Seen)
	for i, c := range r.shown {
		cards.Cards = append(cards.Cards, card(i+1, c, t.lang))
		shown = append(shown, shop.ShownProduct{SKU: c.Product.SKU, Title: c.Product.TitleIn(t.lang), Brand: c.Product.Brand,
			Price: c.Product.Price, Color: colorOf(c.Product)})
		if !slices.Contains(seen, c.Product.SKU) {
			seen = append(seen, c.Product.SKU)
		}
	}
	if err := t.out.Show(ctx, cards); err != nil {
		return err
	}
	t.timer.Mark("first_card")
	t.leave(shown)
	t.state.Shown, t.state.Seen, t.state.Focus = shown, seen[max(0, len(seen)-mostSeen):], ""
	return nil
}

// colorOf is the product's colour as its listing names it, else as its title does. "Colour printing: double sided" is none.
func colorOf(p shop.Product) string {
	for _, name := range sortedKeys(p.Attributes) {
		words := singulars(strings.ReplaceAll(name, "_", " "))
		if len(words) == 0 || len(lexicon.ColorsIn(p.Attributes[name])) == 0 {
			continue
		}
		if last := words[len(words)-1]; last == "color" || last == "colour" {
			return p.Attributes[name]
		}
	}
	if named := lexicon.ColorsIn(p.Title); len(named) > 0 {
		return named[0]
	}
	return ""
}

// named is a product as an answer names it: one fact, so that no name stands with another's price.
func (t *talk) named(p shop.Product) string {
	if t.lang == shop.Chinese {
		return p.TitleIn(t.lang) + "（" + p.Price.String() + "）"
	}
	return p.TitleIn(t.lang) + " (" + p.Price.String() + ")"
}

// tellFound describes what is on the screen, after an opening sentence where there is one.
func (t *talk) tellFound(ctx context.Context, need shop.Need, r result, opening string) error {
	shown := r.shown
	count, one := t.phrase("products_one"), "_one"
	if len(shown) > 1 {
		count, one = t.format("products_many", len(shown)), ""
	}
	if need.Audience != "" && !slices.ContainsFunc(r.all, func(c shop.Candidate) bool { return namesAudience(c.Product) }) {
		need.Audience = "" // a laptop for a daughter is no laptop for girls
	}
	what, limits := need.Product, t.limits(need)
	if t.lang == shop.English && what != "" {
		what = `"` + inEnglish(what) + `"`
	}
	var d draft
	d.add(opening)
	switch {
	case what != "" && limits != "":
		d.add(t.fill("found_limits"+one, count, what, limits))
	case what != "":
		d.add(t.fill("found"+one, count, what))
	case limits != "":
		d.add(t.fill("found_only"+one, count, limits))
	default:
		d.add(t.fill("found_any"+one, count))
	}
	d.add(t.fill(highlight(need.Sort, shown[0].Product), t.named(shown[0].Product)))
	switch {
	case !slices.ContainsFunc(shown, func(c shop.Candidate) bool { return c.Product.Stock > 0 }):
		d.add(t.fill("all_sold_out"))
	case len(shown) > 1:
		d.add(cmp.Or(t.clarify(need, r.all), t.fill("refine_hint")))
	}
	return t.tell(ctx, "found", d)
}

// highlight is what is said of the first product. What nobody rated is not called the best rated.
func highlight(by shop.Sort, first shop.Product) string {
	switch {
	case by == shop.SortPriceAsc:
		return "cheapest"
	case by == shop.SortPriceDesc:
		return "dearest"
	case by == shop.SortRating && first.Rating > 0:
		return "best_rated"
	case by == shop.SortNewest && !first.ReleasedAt.IsZero():
		return "newest"
	}
	return "best"
}
