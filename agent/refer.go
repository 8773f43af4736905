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

// pronoun are words for what was just spoken of.
var pronoun = regexp.MustCompile(`(?i)\b(?:it|its|it's|this|that|those|them|these)\b|它(?:们)?|这(?:个|款|件|双|台|条)?|那(?:个|款|件|双|台|条)?`)

// oneMore is one more of what was spoken of; severalMeant points at more than one.
var (
	oneMore      = regexp.MustCompile(`(?i)\b(?:one|two|three|\d) more\b|\banother (?:one|of)\b|再(?:加|来|要|买)`)
	severalMeant = regexp.MustCompile(`(?i)\b(?:these|those|they|them|which|any)\b|哪|这些|那些|它们|都`)
)

// referred finds the products that the utterance means: by position, else by its words or its price among what is
// shown, else by its name among what was shown earlier, else the one spoken of before or the only one shown. What was deleted meanwhile is left out; missing then says so.
func (t *talk) referred(ctx context.Context) (products []shop.Product, missing bool, err error) {
	var skus []string
	if skus = t.amongNamed(); len(skus) > 0 {
		t.parse.Slots.Reference = nil
	}
	for _, n := range t.parse.Slots.Reference {
		if n >= 1 && n <= len(t.state.Shown) {
			skus = append(skus, t.state.Shown[n-1].SKU)
		}
	}
	if len(skus) == 0 && len(t.parse.Slots.Reference) == 0 {
		sku, err := t.meant(ctx)
		if err != nil {
			return nil, false, err
		}
		if sku != "" {
			skus = []string{sku}
		}
	}
	if len(skus) == 0 {
		return nil, false, nil
	}
	if len(skus) == 1 {
		t.state.Focus = skus[0]
	}
	products, err = t.products(ctx, skus)
	return products, len(products) == 0 && err == nil, err
}

// placed finds "the first mouse", "the cheapest D-Link one": a place or a price, and what it is counted among.
var placed = regexp.MustCompile(`(?i)\b(?:the\s+)?(first|second|third|last|1st|2nd|3rd|cheapest|least expensive|most expensive|dearest)\s+((?:[\p{L}\d'-]+\s+){0,2}?[\p{L}\d'-]+?)(?:\s+(?:ones?|to|in|into|from|please|and|with|has|have|is|for|of)\b|\s*[,.?!]|$)`)

// amongNamed are the products that are counted among those of a kind or a brand, where only a part of what is shown is
// of it; none where the utterance counts among all.
func (t *talk) amongNamed() (skus []string) {
	for _, said := range placed.FindAllStringSubmatch(t.turn.Text, -1) {
		if sku := t.placedAmong(said[1], said[2]); sku != "" && !slices.Contains(skus, sku) {
			skus = append(skus, sku)
		}
	}
	return skus
}

// placedAmong is the product at a place among those of a kind or a brand.
func (t *talk) placedAmong(place, name string) string {
	k := readKind(name)
	var among []shop.ShownProduct
	for _, s := range t.state.Shown {
		if k.head != "" && k.inTitle(s.Title) == asHead || brandLetters(s.Brand) == brandLetters(name) && s.Brand != "" {
			among = append(among, s)
		}
	}
	if len(among) == 0 || len(among) == len(t.state.Shown) {
		return ""
	}
	byPrice := func(a, b shop.ShownProduct) int { return cmp.Compare(a.Price.Minor, b.Price.Minor) }
	switch place := strings.ToLower(place); place {
	case "cheapest", "least expensive":
		return slices.MinFunc(among, byPrice).SKU
	case "most expensive", "dearest":
		return slices.MaxFunc(among, byPrice).SKU
	case "last":
		return among[len(among)-1].SKU
	default:
		n := map[string]int{"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3}[place]
		if n > len(among) {
			return ""
		}
		return among[n-1].SKU
	}
}

// meant is the one product that an utterance without positions means; "" where it is not clear.
func (t *talk) meant(ctx context.Context) (string, error) {
	if sku, words := t.namedAmong(t.state.Shown); words > 0 {
		return sku, nil
	}
	if sku := t.pricedAmong(t.state.Shown); sku != "" {
		return sku, nil
	}
	points := pronoun.MatchString(t.turn.Text)
	question := t.parse.Intent == shop.IntentProductQuestion && !severalMeant.MatchString(t.turn.Text)
	if t.state.Focus != "" && (points || question || oneMore.MatchString(t.turn.Text)) {
		return t.state.Focus, nil
	}
	if points && question && len(t.state.Shown) > 0 {
		return t.state.Shown[0].SKU, nil // the one that the last answer named
	}
	only := ""
	if len(t.state.Shown) == 1 && !t.namesAnother(t.state.Shown[0].Title) {
		only = t.state.Shown[0].SKU
	}
	if points {
		return only, nil
	}
	sku, err := t.namedBefore(ctx)
	return cmp.Or(sku, only), err
}

// namesAnother reports whether the utterance names a kind of thing that a title does not.
func (t *talk) namesAnother(title string) bool {
	said := t.mend(bare(t.parse.Slots.Product))
	return said != "" && readKind(said).inTitle(title) == absent && !strings.Contains(title, said)
}

// pricedAmong is the one of several products whose price the utterance names: "the one for 49.99".
func (t *talk) pricedAmong(shown []shop.ShownProduct) string {
	for _, said := range figure.FindAllString(t.turn.Text, -1) {
		sku, n := "", 0
		for _, s := range shown {
			exact := s.Price.Decimal()
			if whole, _, _ := strings.Cut(exact, "."); exact == said || whole == said && len(whole) > 1 {
				sku, n = s.SKU, n+1
			}
		}
		if n == 1 {
			return sku
		}
	}
	return ""
}

// namedBefore is the product of an earlier list that the utterance names; a question must name it by two words, since
// most of its words speak of what is asked.
func (t *talk) namedBefore(ctx context.Context) (string, error) {
	earlier := slices.DeleteFunc(slices.Clone(t.state.Seen), func(sku string) bool {
		return slices.ContainsFunc(t.state.Shown, func(s shop.ShownProduct) bool { return s.SKU == sku })
	})
	if len(earlier) == 0 || len(content(t.turn.Text)) == 0 && !lexicon.IsHan(t.turn.Text) {
		return "", nil
	}
	products, err := t.products(ctx, earlier)
	if err != nil {
		return "", err
	}
	shown := make([]shop.ShownProduct, len(products))
	for i, p := range products {
		shown[i] = shop.ShownProduct{SKU: p.SKU, Title: p.TitleIn(t.lang), Brand: p.Brand, Color: colorOf(p)}
	}
	fewest := 1
	if t.parse.Intent == shop.IntentProductQuestion {
		fewest = 2
	}
	if sku, words := t.namedAmong(shown); words >= fewest {
		return sku, nil
	}
	return "", nil
}

// followPage makes the product of the shop's own page the one that is meant, where the customer came to that page since
// the last turn. It returns that product where the conversation has shown none.
func (t *talk) followPage(ctx context.Context) ([]shop.ShownProduct, error) {
	sku := t.turn.Page.Product
	came := sku != t.state.Page
	t.state.Page = sku
	if sku == "" || !came && len(t.state.Shown) > 0 {
		return nil, nil
	}
	products, err := t.products(ctx, []string{sku})
	if err != nil || len(products) == 0 {
		return nil, err
	}
	if came {
		t.state.Focus = sku
	}
	if len(t.state.Shown) > 0 {
		return nil, nil
	}
	p := products[0]
	return []shop.ShownProduct{{SKU: p.SKU, Title: p.Title, Brand: p.Brand, Price: p.Price, Color: colorOf(p)}}, nil
}

// products reads products in the asked order; what does not exist any more is left out.
func (t *talk) products(ctx context.Context, skus []string) ([]shop.Product, error) {
	products, err := t.Search.Products(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read what was referred to: %w", err)
	}
	return products, nil
}

// shownProducts reads what is on the screen, in its order.
func (t *talk) shownProducts(ctx context.Context) ([]shop.Product, error) {
	skus := make([]string, len(t.state.Shown))
	for i, s := range t.state.Shown {
		skus[i] = s.SKU
	}
	return t.products(ctx, skus)
}

// namedAmong is the one of several products whose title, brand or colour the utterance names best, and by how many
// words; 0 where it names none, or two as well.
func (t *talk) namedAmong(shown []shop.ShownProduct) (sku string, words int) {
	best, second := 0, 0
	said := spoken(t.turn.Text + " " + t.parse.Slots.Product + " " + t.parse.Slots.Color + " " + t.parse.Slots.Brand)
	for _, s := range shown {
		score := 0
		seen := map[string]bool{}
		for _, w := range singulars(s.Title + " " + s.Brand + " " + s.Color) {
			if len(w) > 2 && said[w] && !seen[w] && !idle[w] {
				score++
			}
			if lexicon.IsHan(w) && strings.Contains(t.turn.Text, w) {
				score++
			}
			seen[w] = true
		}
		if score > best {
			best, second, sku = score, best, s.SKU
		} else {
			second = max(second, score)
		}
	}
	if best == second {
		return "", 0
	}
	return sku, best
}

// spoken are the words of an utterance, singular, with the English of Chinese ones and the families of colours.
func spoken(text string) map[string]bool {
	if lexicon.IsHan(text) {
		text += " " + lexicon.ToEnglish(text)
	}
	set := map[string]bool{}
	for _, w := range singulars(text) {
		set[w] = true
		if color, ok := lexicon.Color(w); ok {
			set[color] = true
		}
	}
	return set
}
