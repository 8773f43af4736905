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

// Bounds of a comparison.
const (
	mostCompared = 3
	mostRows     = 7
	longestCell  = 60
)

// bestCue asks for one of all that are shown, not for a table.
var bestCue = regexp.MustCompile(`(?i)^(?:ok |so |and )*which (?:one |of (?:these|them) )?(?:is|would be|do you think is) (?:the )?best\b[^,]{0,12}$|^(?:这些|它们)?哪(?:个|款|一个|一款)最好[？?]*$`)

// compare sets products side by side: price, rating and the attributes that differ, then a verdict.
func (t *talk) compare(ctx context.Context) error {
	if bestCue.MatchString(t.turn.Text) && len(t.parse.Slots.Reference) == 0 && len(t.state.Shown) > 1 {
		return t.advise(ctx)
	}
	if len(t.parse.Slots.Reference) == 0 && len(t.state.Shown) > 2 && ofAll.MatchString(t.turn.Text) {
		if done, err := t.superlative(ctx); done || err != nil {
			return err
		}
	}
	if done, err := t.cheapestOfAll(ctx); done || err != nil {
		return err
	}
	products, err := t.compared(ctx)
	if err != nil {
		return err
	}
	if len(products) < 2 {
		return t.say(ctx, "compare_which")
	}
	var d draft
	rows := t.rows(products)
	names := make([]string, len(products))
	for i, p := range products {
		names[i] = p.TitleIn(t.lang)
	}
	table := "\n" + strings.Join(names, " | ")
	for _, row := range rows {
		table += "\n" + row
	}
	d.add(t.fill("compare_head", table+"\n"))
	if len(rows) < 2 {
		d.add(t.fill("compare_same", strings.Join(names, " / ")))
	}
	t.judge(&d, products)
	return t.tell(ctx, "compare", d)
}

// whichCheapest asks for the one of the lowest or highest price, and for no table.
var whichCheapest = regexp.MustCompile(`(?i)^(?:and |so |ok,? )*(?:which|what)(?: one|'s| of (?:these|those|them))?(?: is| are| costs)?(?: the)? (cheapest|least expensive|lowest[- ]priced|least|most expensive|dearest|priciest|most)(?: one)?[?!. ]*$|^(?:这些里?|其中)?(?:哪(?:个|款|一个|一款|件|双))?最(便宜|贵)的?(?:是哪(?:个|款|一个)|呢)?[？?！。 ]*$`)

// cheapestOfAll answers which of all that is shown costs least or most.
func (t *talk) cheapestOfAll(ctx context.Context) (done bool, err error) {
	g := whichCheapest.FindStringSubmatch(t.turn.Text)
	if g == nil || len(t.state.Shown) < 2 {
		return false, nil
	}
	products, err := t.shownProducts(ctx)
	if err != nil || len(products) == 0 {
		return false, err
	}
	occasion, by := "cheapest", func(a, b shop.Product) int { return cmp.Compare(a.Price.Minor, b.Price.Minor) }
	if said := strings.ToLower(g[1] + g[2]); strings.HasPrefix(said, "most") || said == "dearest" || said == "priciest" || said == "贵" {
		occasion, by = "dearest", func(a, b shop.Product) int { return cmp.Compare(b.Price.Minor, a.Price.Minor) }
	}
	one := slices.MinFunc(products, by)
	t.state.Focus = one.SKU
	return true, t.say(ctx, occasion, t.named(one))
}

// compared are the products that are meant: those referred to, and where fewer than two are, the first ones shown.
func (t *talk) compared(ctx context.Context) ([]shop.Product, error) {
	focus := t.state.Focus
	products, _, err := t.referred(ctx)
	if err == nil && len(products) == 1 && focus != "" && focus != products[0].SKU && pronoun.MatchString(t.turn.Text) {
		// "compare it with the first": what was spoken of before, and what is pointed at.
		products, err = t.products(ctx, []string{focus, products[0].SKU})
	}
	if err != nil || len(products) >= 2 {
		return products[:min(len(products), mostCompared)], err
	}
	var skus []string
	for _, p := range products {
		skus = append(skus, p.SKU)
	}
	for _, s := range t.state.Shown {
		if len(skus) < 2 && !slices.Contains(skus, s.SKU) {
			skus = append(skus, s.SKU)
		}
	}
	if len(skus) < 2 {
		return nil, nil
	}
	return t.products(ctx, skus)
}

// rows are the lines of the table: the price always, the rest where they differ.
func (t *talk) rows(products []shop.Product) []string {
	line := func(name string, cell func(shop.Product) string) string {
		cells := make([]string, len(products))
		for i, p := range products {
			if cells[i] = strings.TrimSpace(cell(p)); cells[i] == "" {
				cells[i] = t.phrase("not_said")
			}
		}
		return t.format("row", name, strings.Join(cells, " | "))
	}
	rows := []string{line(t.phrase("row_price"), func(p shop.Product) string { return p.Price.String() })}
	rating := func(p shop.Product) string {
		if p.Rating == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f", p.Rating)
	}
	if differ(products, rating) {
		rows = append(rows, line(t.phrase("row_rating"), rating))
	}
	names := map[string]int{}
	for _, p := range products {
		for name, value := range p.Attributes {
			if len(value) <= longestCell {
				names[name]++
			}
		}
	}
	// What all of them say comes first.
	order := sortedCounts(names)
	if by := askedBy(t.turn.Text); by != nil {
		first := by.attributes(products)
		order = append(first, slices.DeleteFunc(order, func(name string) bool { return slices.Contains(first, name) })...)
	}
	for _, name := range order {
		cell := func(p shop.Product) string { return short(p.Attributes[name]) }
		if len(rows) < mostRows && names[name]*2 > len(products) && differ(products, cell) {
			rows = append(rows, line(capital(strings.ReplaceAll(name, "_", " ")), cell))
		}
	}
	return rows
}

func short(value string) string {
	if runes := []rune(value); len(runes) > longestCell {
		return string(runes[:longestCell]) + "…"
	}
	return value
}

func sortedCounts(names map[string]int) []string {
	order := make([]string, 0, len(names))
	for name := range names {
		order = append(order, name)
	}
	slices.SortFunc(order, func(a, b string) int {
		if names[a] != names[b] {
			return names[b] - names[a]
		}
		return strings.Compare(a, b)
	})
	return order
}

func differ(products []shop.Product, cell func(shop.Product) string) bool {
	for _, p := range products[1:] {
		if !strings.EqualFold(strings.TrimSpace(cell(p)), strings.TrimSpace(cell(products[0]))) {
			return true
		}
	}
	return false
}

// judge adds the verdict: by what the customer asked to compare by, else by what was looked for, else by ratings, and by
// price.
func (t *talk) judge(d *draft, products []shop.Product) {
	if by := askedBy(t.turn.Text); by != nil {
		switch best, name := by.most(products); len(best) {
		case 0:
			d.add(t.fill("compare_silent"))
		case 1:
			d.add(t.fill("compare_need", best[0].TitleIn(t.lang), t.attributeSays(best[0], name)))
			return
		case len(products):
			d.add(t.fill("compare_alike", t.attributeSays(best[0], name)))
		}
	}
	if p, says, ok := t.meetsNeed(products); ok {
		d.add(t.fill("compare_need", p.TitleIn(t.lang), says))
		return
	}
	best, cheap := products[0], products[0]
	priced := true
	for _, p := range products[1:] {
		if p.Rating > best.Rating {
			best = p
		}
		if p.Price.Minor < cheap.Price.Minor {
			cheap = p
		}
		priced = priced && p.Price.Currency == cheap.Price.Currency
	}
	rated := !slices.ContainsFunc(products, func(p shop.Product) bool {
		return p.Rating == 0 || p.SKU != best.SKU && p.Rating > best.Rating-clearlyBetter
	})
	if rated {
		d.add(t.fill("compare_rating", best.TitleIn(t.lang)))
	}
	equal := !slices.ContainsFunc(products, func(p shop.Product) bool { return p.Price != cheap.Price })
	switch {
	case !priced:
	case equal:
		d.add(t.fill("compare_equal"))
	default:
		d.add(t.fill("compare_price", t.named(cheap)))
	}
}

// meetsNeed finds the one product whose listing says what the customer asked for beside the kind ("waterproof").
func (t *talk) meetsNeed(products []shop.Product) (meets shop.Product, says string, ok bool) {
	wanted := readKind(t.state.Need.Product).qualities
	for _, w := range spokenWords(t.turn.Text) {
		if qualities[w] {
			wanted = append(wanted, w)
		}
	}
	for _, quality := range wanted {
		var with []shop.Product
		for _, p := range products {
			if slices.Contains(singulars(everything(p)), quality) {
				with = append(with, p)
			}
		}
		if len(with) == 1 {
			return with[0], t.qualityWord(quality), true
		}
	}
	return meets, "", false
}

// qualityWord is a quality in the answer's language, where the customer's words have it.
func (t *talk) qualityWord(quality string) string {
	if t.lang == shop.Chinese {
		for _, w := range lexicon.Segment(t.turn.Text + t.state.Need.Product) {
			if lexicon.ToEnglish(w) == quality {
				return w
			}
		}
	}
	return quality
}

// spokenWords are the English words of an utterance in its order.
func spokenWords(text string) []string {
	if lexicon.IsHan(text) {
		text = lexicon.ToEnglish(text)
	}
	return singulars(text)
}

// capital writes the first letter large.
func capital(text string) string {
	runes := []rune(text)
	if len(runes) == 0 {
		return ""
	}
	return strings.ToUpper(string(runes[:1])) + string(runes[1:])
}
