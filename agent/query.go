package agent

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// measured are sizes that are measures rather than steps of a scale: "27 inch", "64 GB".
var measured = regexp.MustCompile(`(?i)^\D{0,3}\d+(?:\.\d+)?\s*-?(?:inch(?:es)?|"|cm|mm|gb|tb|mb|kg|lbs?|oz|l|lit(?:er|re)s?|ml|mah|hz|mp|w|watts?|ft|feet|foot|persons?|people|man|seater|g|m|英寸|寸|厘米|公分|毫升|升|瓦|公斤|克|人份?)$`)

// queryFor turns the need into a search. A measure is a word to search for, a size ("44") a limit.
func queryFor(n shop.Need, lang shop.Lang, left []string) shop.Query {
	q := shop.Query{Lang: lang, Sort: n.Sort, Filter: shop.Filter{Color: n.Color, Material: n.Material, Audience: n.Audience,
		PriceMin: n.PriceMin, PriceMax: n.PriceMax, Exclude: n.Exclude, ExcludeSKUs: left,
		OtherColors: n.Others.Colors, OtherMaterials: n.Others.Materials}}
	for _, brand := range brandsOf(n) {
		q.Filter.Brands = append(q.Filter.Brands, inEnglish(brand))
	}
	words := []string{n.Product}
	if measured.MatchString(n.Size) {
		words = append(words, n.Size)
	} else {
		q.Filter.Size = n.Size
	}
	q.Text = strings.TrimSpace(strings.Join(words, " "))
	return q
}

// inCurrency is an amount as the customer named it, in the catalogue's currency where a rate is known.
func (t *talk) inCurrency(v float64, currency, catalogue string) *shop.Money {
	if currency == "" {
		currency = catalogue
	}
	m := shop.FromMajor(v, currency)
	if c, ok := t.c.Rates.Convert(m, catalogue); ok {
		m = c
	}
	return &m
}

// idle are words of an utterance that say nothing of what is looked for.
var idle = wordSet(`a about all also am an and any anybody anyone anything are as ask at available be been best birthday boyfriend brother buy by can
	christmas clue could dad daughter do does dollar dollars don't euro euros father find for friend friends from get gift gifts girlfriend give
	good got grandma grandpa guys has have he hello help her hers hey hi him his husband i i'd i'm i've idea ideas if in interesting is it just kid kids
	kind know let like likes list lady looking loves man may me men mom mother mum my need new nice no of on one or our out partner people please popular
	pounds present presents recommend recommendation recommendations scope sell selling seller sellers she shop should show sister some somebody someone something
	son sort special store stuff suggest suggestion suggestions sure tell thank thanks that the them there these they thing things this
	to today too well trending under up us want wants was we what what's when where which who wife will with wondering would year years you your yuan
	around below over than more less max maximum nothing number dont doesnt cant wont didnt havent isnt budget cheap expensive price spend between men's women's women girl girls boy boys baby teen teenager old
	bit even far maybe ones option options perhaps prefer preferably quite rather really slightly somewhat version versions very`)

// positive are the plain forms of comparatives: "something smaller" looks for what is small.
var positive = map[string]string{"smaller": "small", "bigger": "large", "larger": "large", "lighter": "light", "longer": "long", "shorter": "short", "thinner": "thin", "softer": "soft",
	"warmer": "warm", "quieter": "quiet", "simpler": "simple", "stronger": "strong", "wider": "wide", "sturdier": "sturdy", "tougher": "sturdy", "darker": "dark", "brighter": "bright", "thicker": "thick",
	"heavier": "heavy", "faster": "fast", "nicer": "nice", "prettier": "pretty", "flatter": "flat", "cosier": "cosy", "cozier": "cozy"}

// content are the words of an English utterance that may say what is looked for, where no product is named.
func content(text string) string {
	var words []string
	for _, w := range lexicon.Words(text) {
		if !idle[w] && !lexicon.IsHan(w) && !strings.ContainsAny(w, "0123456789") {
			words = append(words, cmp.Or(positive[w], w))
		}
	}
	if len(words) > 8 {
		words = words[:8]
	}
	return strings.Join(words, " ")
}

// brandsOf, colorsOf and materialsOf are the values of which each will do.
func brandsOf(n shop.Need) []string    { return valued(&n)[0].values() }
func colorsOf(n shop.Need) []string    { return valued(&n)[1].values() }
func materialsOf(n shop.Need) []string { return valued(&n)[2].values() }

// audiencesChinese are whom things are for, as the customer reads it.
var audiencesChinese = map[string]string{"men": "男款", "women": "女款", "kids": "儿童款", "boys": "男童款", "girls": "女童款", "baby": "婴儿款", "unisex": "男女通用"}

// limits says in words what holds for the products. Amounts are left out: an answer names no price but those of
// products, and the customer knows what was said.
func (t *talk) limits(n shop.Need) string {
	var parts []string
	english := t.lang != shop.Chinese
	add := func(en, zh string) {
		if english {
			parts = append(parts, en)
		} else {
			parts = append(parts, zh)
		}
	}
	// either joins the values of which each will do.
	either := func(values []string, say func(string) string) string {
		said := make([]string, len(values))
		for i, v := range values {
			said[i] = say(v)
		}
		if english {
			return strings.Join(said, " or ")
		}
		return strings.Join(said, "或")
	}
	asSaid := func(v string) string { return strings.TrimSuffix(v, "的") }
	material := func(v string) string { return canonical(v, lexicon.Material) }
	if all := brandsOf(n); len(all) > 0 {
		add("by "+either(all, asSaid), "品牌"+either(all, asSaid))
	}
	if all := colorsOf(n); len(all) > 0 {
		add("in "+either(all, inEnglish), either(all, asSaid))
	}
	if all := materialsOf(n); len(all) > 0 {
		add("made of "+either(all, material), either(all, asSaid)+"材质")
	}
	if n.Size != "" {
		add("in size "+n.Size, "尺寸"+n.Size)
	}
	if n.Audience != "" {
		add("for "+n.Audience, audiencesChinese[n.Audience])
	}
	switch {
	case n.PriceMin != nil && n.PriceMax != nil:
		add("within your price range", "在您的价格范围内")
	case n.PriceMax != nil:
		add("within your budget", "在您的预算内")
	case n.PriceMin != nil:
		add("from your lowest price up", "不低于您说的价格")
	}
	for _, x := range n.Exclude {
		add("without "+inEnglish(x), "不含"+x)
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	if english {
		return strings.Join(parts, " ")
	}
	return strings.Join(parts, "，")
}

// inEnglish translates where the lexicon can.
func inEnglish(word string) string {
	if english := lexicon.ToEnglish(word); english != "" {
		return english
	}
	return word
}

// canonical is the lexicon's English word, or the word itself.
func canonical(word string, in func(string) (string, bool)) string {
	if c, ok := in(word); ok {
		return c
	}
	return inEnglish(word)
}

// limitName is the word for a kind of limit.
func (t *talk) limitName(limit string) string {
	names := map[shop.Lang]map[string]string{
		shop.English: {"brand": "brand", "color": "colour", "size": "size", "material": "material", "audience": "department", "price": "price limit", "exclude": "exclusion"},
		shop.Chinese: {"brand": "品牌", "color": "颜色", "size": "尺寸", "material": "材质", "audience": "适用人群", "price": "价格", "exclude": "排除条件"},
	}
	return names[t.lang][limit]
}
