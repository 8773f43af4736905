package agent

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// comparative is a way to ask which of several products has more or less of something, and the words that the name of an
// attribute has which tells it.
type comparative struct {
	cue   *regexp.Regexp
	names []string
	least bool
}

var extents = []string{"diagonal", "width", "height", "depth", "length", "diameter", "size"}

// comparatives are tried in their order: the particular before the general.
var comparatives = []comparative{
	{regexp.MustCompile(`(?i)\b(?:(?:more|most|larger|bigger|largest|biggest|higher) (?:memory|ram))\b|内存(?:更|最)?(?:大|多|高)|(?:更|最)(?:大|多)的?内存`), []string{"memory", "ram"}, false},
	{regexp.MustCompile(`(?i)\b(?:(?:more|most|larger|bigger|largest|biggest) (?:storage|disk|drive|hard drive|ssd|space|capacity))\b|(?:硬盘|存储|容量)(?:更|最)?(?:大|多)|(?:更|最)大的?(?:硬盘|存储|容量)`), []string{"storage", "ssd", "hdd", "capacity"}, false},
	{regexp.MustCompile(`(?i)\b(?:(?:longer|longest|better|best|more|most) (?:battery|runtime|playtime)|lasts? (?:the )?long(?:er|est))\b|(?:续航|电池)(?:时间)?(?:更|最)?(?:长|久|好)|(?:更|最)(?:长|久)的?续航`), []string{"battery", "runtime", "playtime"}, false},
	{regexp.MustCompile(`(?i)\b(?:(?:higher|highest|better|best|more|most) (?:resolution|pixels?)|sharper|sharpest)\b|(?:分辨率|像素)(?:更|最)?高|(?:更|最)(?:清晰|高的?分辨率)`), []string{"resolution", "pixel", "megapixel"}, false},
	{regexp.MustCompile(`(?i)\b(?:(?:bigger|larger|biggest|largest) (?:screen|display))\b|屏幕(?:更|最)?大|(?:更|最)大的?屏幕`), []string{"diagonal", "display", "screen"}, false},
	{regexp.MustCompile(`(?i)\b(?:lighter|lightest|weighs? (?:the )?(?:less|least)|less heavy|least heavy)\b|(?:更|最)轻|轻一?(?:点|些)|哪.{0,3}轻`), []string{"weight"}, true},
	{regexp.MustCompile(`(?i)\b(?:heavier|heaviest|weighs? (?:the )?(?:more|most))\b|(?:更|最)重|哪.{0,3}重`), []string{"weight"}, false},
	{regexp.MustCompile(`(?i)\b(?:thinner|thinnest|slimmer|slimmest|flatter|flattest)\b|(?:更|最)薄|哪.{0,3}薄`), []string{"thickness", "depth", "height"}, true},
	{regexp.MustCompile(`(?i)\b(?:quieter|quietest|less noisy|less noise|least noise)\b|(?:更|最)(?:安静|静音)|噪音(?:更|最)?小`), []string{"noise", "sound"}, true},
	{regexp.MustCompile(`(?i)\b(?:faster|fastest|quicker|quickest)\b|(?:更|最)快|哪.{0,3}快`), []string{"speed", "frequency", "ppm", "rpm"}, false},
	{regexp.MustCompile(`(?i)\b(?:brighter|brightest)\b|(?:更|最)亮`), []string{"brightness", "lumen"}, false},
	{regexp.MustCompile(`(?i)\b(?:more powerful|most powerful|stronger|strongest)\b|功率(?:更|最)?大|(?:更|最)(?:强|大功率)`), []string{"power", "wattage"}, false},
	{regexp.MustCompile(`(?i)\b(?:longer|longest)\b|(?:更|最)长`), []string{"length"}, false},
	{regexp.MustCompile(`(?i)\b(?:bigger|biggest|larger|largest)\b|(?:更|最)大|哪.{0,3}大`), extents, false},
	{regexp.MustCompile(`(?i)\b(?:smaller|smallest|more compact|most compact)\b|(?:更|最)小|哪.{0,3}小`), extents, true},
}

// askedBy is what an utterance asks to be compared by; nil where it names nothing of the kind.
func askedBy(text string) *comparative {
	for i := range comparatives {
		if comparatives[i].cue.MatchString(text) {
			return &comparatives[i]
		}
	}
	return nil
}

// scales bring units of one kind to one.
var scales = map[string]struct {
	kind  string
	times float64
}{
	"g": {"weight", 0.001}, "kg": {"weight", 1}, "oz": {"weight", 0.02835}, "lb": {"weight", 0.4536}, "lbs": {"weight", 0.4536},
	"mm": {"length", 0.001}, "cm": {"length", 0.01}, "m": {"length", 1}, "inch": {"length", 0.0254}, "inches": {"length", 0.0254}, `"`: {"length", 0.0254}, "ft": {"length", 0.3048},
	"mb": {"data", 1}, "gb": {"data", 1024}, "tb": {"data", 1024 * 1024}, "mhz": {"rate", 1}, "ghz": {"rate", 1000},
	"min": {"time", 1}, "h": {"time", 60}, "hour": {"time", 60}, "hours": {"time", 60},
}

var amount = regexp.MustCompile(`^\D{0,3}(\d+(?:[.,]\d+)?)\s*([\p{L}"%/]*)`)

// amountIn reads the figure that a value begins with, and its unit's kind.
func amountIn(value string) (n float64, kind string, ok bool) {
	g := amount.FindStringSubmatch(strings.TrimSpace(value))
	if g == nil {
		return 0, "", false
	}
	n, err := strconv.ParseFloat(strings.Replace(g[1], ",", ".", 1), 64)
	if err != nil {
		return 0, "", false
	}
	unit := strings.ToLower(g[2])
	if s, known := scales[unit]; known {
		return n * s.times, s.kind, true
	}
	return n, unit, true
}

// most are the products that have the most, or least, of what is asked, and the attribute that says so: several where
// they have it alike; none where fewer than two listings tell it.
func (c comparative) most(products []shop.Product) (best []shop.Product, attribute string) {
	for _, name := range c.attributes(products) {
		var with []shop.Product
		amounts, kinds := map[string]float64{}, map[string]bool{}
		for _, p := range products {
			if n, kind, ok := amountIn(p.Attributes[name]); ok {
				with, amounts[p.SKU], kinds[kind] = append(with, p), n, true
			}
		}
		if len(with) < 2 || len(kinds) > 1 || len(with)*2 < len(products) {
			continue
		}
		first := slices.MinFunc(with, func(a, b shop.Product) int {
			if c.least {
				return cmp.Compare(amounts[a.SKU], amounts[b.SKU])
			}
			return cmp.Compare(amounts[b.SKU], amounts[a.SKU])
		})
		best = slices.DeleteFunc(with, func(p shop.Product) bool { return amounts[p.SKU] != amounts[first.SKU] })
		return best, name
	}
	return nil, ""
}

// attributes are the names of attributes that tell what is asked: by the order of c.names, then short ones, then those that
// most products have.
func (c comparative) attributes(products []shop.Product) (names []string) {
	count := map[string]int{}
	for _, p := range products {
		for name := range p.Attributes {
			count[name]++
		}
	}
	// "Internal memory" rather than "memory clock speed of the cache".
	order := slices.SortedStableFunc(slices.Values(sortedCounts(count)), func(a, b string) int { return len(lexicon.Words(a)) - len(lexicon.Words(b)) })
	for _, word := range c.names {
		for _, name := range order {
			if slices.Contains(singulars(strings.ReplaceAll(name, "_", " ")), word) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// attributeSays is an attribute as an answer names it.
func (t *talk) attributeSays(p shop.Product, name string) string {
	return t.format("row", capital(strings.ReplaceAll(name, "_", " ")), short(p.Attributes[name]))
}

// superlative answers "which is the lightest?" over all that is shown. done is false where the utterance asks nothing of
// the kind, and where the listings don't tell it says so.
func (t *talk) superlative(ctx context.Context) (done bool, err error) {
	c := askedBy(t.turn.Text)
	if c == nil || len(t.state.Shown) < 2 {
		return false, nil
	}
	products, err := t.shownProducts(ctx)
	if err != nil {
		return true, err
	}
	best, name := c.most(products)
	switch len(best) {
	case 0:
		return true, t.say(ctx, "superlative_silent")
	case 1:
		t.state.Focus = best[0].SKU
		return true, t.say(ctx, "superlative", t.named(best[0]), t.attributeSays(best[0], name))
	case len(products):
		return true, t.say(ctx, "compare_alike", t.attributeSays(best[0], name))
	}
	all := make([]string, len(best))
	for i, p := range best {
		all[i] = t.named(p)
	}
	return true, t.say(ctx, "superlative", strings.Join(all, t.comma()), t.attributeSays(best[0], name))
}

// ofAll asks for the one that has most or least of all that is shown.
var ofAll = regexp.MustCompile(`(?i)\b(?:which|what|who|the)\b.{0,30}\b(?:\w{2,}est|most|least)\b|最`)
