package agent

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func usd(v float64, currency string) *shop.Money {
	if currency == "" {
		currency = "USD"
	}
	m := shop.FromMajor(v, currency)
	return &m
}

func number64(v float64) *float64 { return &v }

// say moves a need by one utterance.
func say(need shop.Need, intent shop.Intent, text string, slots shop.Slots) shop.Need {
	moved, _ := readMove(shop.Parse{Intent: intent, Slots: slots}, text, usd).apply(need)
	return moved
}

func TestTheNeedMovesByTheStatedRules(t *testing.T) {
	backpack := shop.Need{Product: "hiking backpack", Brand: "Acme", Color: "green", Size: "M", PriceMax: usd(80, ""), Sort: shop.SortRating, Exclude: []string{"leather"}}
	for name, c := range map[string]struct {
		intent shop.Intent
		text   string
		slots  shop.Slots
		want   func(n *shop.Need)
	}{
		"a refinement keeps what it does not change": {shop.IntentRefine, "in red", shop.Slots{Color: "red"}, func(n *shop.Need) { n.Color = "red" }},
		"a search for another kind keeps nothing": {shop.IntentSearch, "I need a tent under 200", shop.Slots{Product: "tent", PriceMax: number64(200)},
			func(n *shop.Need) { *n = shop.Need{Product: "tent", PriceMax: usd(200, "")} }},
		"a search for the same kind keeps the limits":     {shop.IntentSearch, "a small rucksack", shop.Slots{Product: "small rucksack"}, func(n *shop.Need) { n.Product = "small rucksack" }},
		"a search that names no kind keeps the limits":    {shop.IntentSearch, "under 50", shop.Slots{PriceMax: number64(50)}, func(n *shop.Need) { n.PriceMax = usd(50, "") }},
		"less words for the same thing take nothing back": {shop.IntentRefine, "the backpack in blue", shop.Slots{Product: "backpack", Color: "blue"}, func(n *shop.Need) { n.Color = "blue" }},
		"a quality is added":                              {shop.IntentRefine, "waterproof ones", shop.Slots{Product: "waterproof ones"}, func(n *shop.Need) { n.Product = "waterproof hiking backpack" }},
		"instead puts another kind in place":              {shop.IntentSearch, "a belt instead", shop.Slots{Product: "belt"}, func(n *shop.Need) { n.Product, n.Size = "belt", "" }},
		"a refinement to another kind keeps the limits":   {shop.IntentRefine, "what about jackets?", shop.Slots{Product: "jackets"}, func(n *shop.Need) { n.Product, n.Size = "jackets", "" }},
		"forget that empties the need":                    {shop.IntentSearch, "forget that, show me mugs", shop.Slots{Product: "mugs"}, func(n *shop.Need) { *n = shop.Need{Product: "mugs"} }},
		"exclusions add up":                               {shop.IntentRefine, "no nylon", shop.Slots{Exclude: []string{"nylon"}}, func(n *shop.Need) { n.Exclude = []string{"leather", "nylon"} }},
		"excluding a wish withdraws it":                   {shop.IntentRefine, "not green", shop.Slots{Exclude: []string{"green"}}, func(n *shop.Need) { n.Color, n.Exclude = "", []string{"leather", "green"} }},
		"a wish withdraws an exclusion":                   {shop.IntentRefine, "leather is fine, leather please", shop.Slots{Material: "leather"}, func(n *shop.Need) { n.Material, n.Exclude = "leather", nil }},
		"blue instead of green is no aversion to green":   {shop.IntentRefine, "blue instead of green", shop.Slots{Color: "blue", Exclude: []string{"green"}}, func(n *shop.Need) { n.Color = "blue" }},
		"Sony instead of HP is no aversion to HP":         {shop.IntentRefine, "Sony instead of HP", shop.Slots{Brand: "Sony", Exclude: []string{"HP"}}, func(n *shop.Need) { n.Brand = "Sony" }},
		"a bound that contradicts a new one falls":        {shop.IntentRefine, "over 100", shop.Slots{PriceMin: number64(100)}, func(n *shop.Need) { n.PriceMin, n.PriceMax = usd(100, ""), nil }},
		"bounds said the wrong way round are turned":      {shop.IntentRefine, "between 90 and 40", shop.Slots{PriceMin: number64(90), PriceMax: number64(40)}, func(n *shop.Need) { n.PriceMin, n.PriceMax = usd(40, ""), usd(90, "") }},
		"any colour gives the colour up":                  {shop.IntentRefine, "any colour is fine", shop.Slots{}, func(n *shop.Need) { n.Color = "" }},
		"any material takes back what was excluded":       {shop.IntentRefine, "any material is fine", shop.Slots{}, func(n *shop.Need) { n.Exclude = nil }},
		"价格无所谓 gives the price up":                        {shop.IntentRefine, "价格无所谓", shop.Slots{}, func(n *shop.Need) { n.PriceMax = nil }},
		"a recommendation for somebody begins anew":       {shop.IntentRecommend, "a gift for my dad", shop.Slots{Audience: "men"}, func(n *shop.Need) { *n = shop.Need{Audience: "men"} }},
		"a recommendation without wishes keeps the need":  {shop.IntentRecommend, "what do you recommend?", shop.Slots{}, func(*shop.Need) {}},
		"a question leaves the need alone":                {shop.IntentProductQuestion, "is the red one heavy?", shop.Slots{Color: "red"}, func(*shop.Need) {}},
		"the same in Chinese is the same kind":            {shop.IntentSearch, "背包", shop.Slots{Product: "背包"}, func(n *shop.Need) { n.Product = "背包" }},
	} {
		t.Run(name, func(t *testing.T) {
			want := backpack
			c.want(&want)
			if diff := cmp.Diff(want, say(backpack, c.intent, c.text, c.slots)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEitherOfTwoValuesWillDo(t *testing.T) {
	move := func(need shop.Need, text string, slots shop.Slots, others shop.Others) shop.Need {
		moved, _ := readMove(shop.Parse{Intent: shop.IntentRefine, Slots: slots, Others: others}, text, usd).apply(need)
		return moved
	}
	either := move(shop.Need{Product: "shoes"}, "red or blue", shop.Slots{Color: "red"}, shop.Others{Colors: []string{"blue"}})
	for name, c := range map[string]struct {
		text   string
		slots  shop.Slots
		others shop.Others
		want   string
	}{
		"another limit leaves both":      {"in size 44", shop.Slots{Size: "44"}, shop.Others{}, "red blue"},
		"a colour replaces both":         {"green", shop.Slots{Color: "green"}, shop.Others{}, "green"},
		"two colours replace both":       {"green or grey", shop.Slots{Color: "green"}, shop.Others{Colors: []string{"grey"}}, "green grey"},
		"an exclusion leaves the other":  {"not red", shop.Slots{Exclude: []string{"red"}}, shop.Others{}, "blue"},
		"so does that of the other":      {"not navy", shop.Slots{Exclude: []string{"navy"}}, shop.Others{}, "red"},
		"any colour gives both up":       {"any colour is fine", shop.Slots{}, shop.Others{}, ""},
		"a value is none without a slot": {"black and white", shop.Slots{Color: "black"}, shop.Others{Colors: []string{"white"}}, "red blue"},
	} {
		got := move(either, c.text, c.slots, c.others)
		if colors := strings.Join(colorsOf(got), " "); colors != c.want {
			t.Errorf("%s: %q", name, colors)
		}
		if got.Color == "" && got.Others.Colors != nil {
			t.Errorf("%s: others without a first: %+v", name, got)
		}
	}
	if q := queryFor(either, shop.English, nil); q.Filter.Color != "red" || !slices.Equal(q.Filter.OtherColors, []string{"blue"}) {
		t.Errorf("filter %+v", q.Filter)
	}
}

// utterance is a random utterance and what it means.
func utterance(r *rand.Rand) (shop.Parse, string) {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	intents := []shop.Intent{shop.IntentSearch, shop.IntentRefine, shop.IntentRefine, shop.IntentRefine, shop.IntentRecommend, shop.IntentFAQ, shop.IntentAddToCart, shop.IntentGreeting}
	var s shop.Slots
	var others shop.Others
	for range 1 + r.IntN(3) {
		switch r.IntN(10) {
		case 0:
			s.Product = pick("boots", "tent", "red wine glass", "背包", "wireless", "laptop", "notebook")
		case 1:
			s.Brand = pick("Acme", "Sony", "HP")
		case 2:
			s.Color = pick("red", "navy", "绿色")
		case 3:
			s.Material = pick("leather", "cotton")
		case 4:
			s.Audience = pick("men", "women", "kids")
		case 5:
			s.PriceMin = number64(float64(r.IntN(200)))
		case 6:
			s.PriceMax = number64(float64(r.IntN(200)))
		case 7:
			s.Exclude = append(s.Exclude, pick("red", "blue", "leather", "Sony"))
		case 8:
			s.Size, s.Sort = pick("44", "M", "27 inch"), shop.Sort(pick("price_asc", "rating", ""))
		case 9:
			s.Color, others.Colors = "blue", []string{pick("red", "black"), "green"}
		}
	}
	text := "please"
	if r.IntN(12) == 0 {
		text = pick("forget that", "instead", "any colour", "any brand", "price doesn't matter", "颜色无所谓")
	}
	return shop.Parse{Intent: intents[r.IntN(len(intents))], Slots: s, Others: others}, text
}

func TestNoLimitIsEverLostButByARule(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		need := shop.Need{}
		for turn := range 8 {
			parse, text := utterance(r)
			m := readMove(parse, text, usd)
			moved, fresh := m.apply(need)
			if problem := violation(need, moved, m, fresh); problem != "" {
				t.Fatalf("seed %d, turn %d, %q %+v: %s\nbefore %+v\nafter  %+v", seed, turn, text, parse, problem, need, moved)
			}
			need = moved
		}
	}
}

// violation says which rule of the state machine a step broke.
func violation(before, after shop.Need, m move, fresh bool) string {
	moves := slices.Contains([]shop.Intent{shop.IntentSearch, shop.IntentRefine, shop.IntentRecommend}, m.intent)
	if low, high := after.PriceMin, after.PriceMax; low != nil && high != nil && low.Minor > high.Minor {
		return "the lowest price is above the highest"
	}
	for _, l := range valued(&after) {
		if *l.first == "" && *l.others != nil {
			return fmt.Sprintf("%q will do beside nothing", *l.others)
		}
		for _, wish := range l.values() {
			if slices.ContainsFunc(after.Exclude, func(x string) bool { return same(x, wish) }) {
				return fmt.Sprintf("%q is both wished for and excluded", wish)
			}
		}
	}
	if !moves && !m.forget {
		if diff := cmp.Diff(before, after); diff != "" {
			return "the need moved by " + string(m.intent)
		}
		return ""
	}
	if moves {
		for _, w := range []struct{ said, has string }{{m.said.Brand, after.Brand}, {m.said.Color, after.Color}, {m.said.Material, after.Material},
			{m.said.Audience, after.Audience}, {m.said.Size, after.Size}} {
			if w.said != "" && w.said != w.has {
				return fmt.Sprintf("%q was said and is not in the need", w.said)
			}
		}
		again, _ := m.apply(after)
		if m.intent != shop.IntentRecommend && !m.swap && len(m.freed) == 0 && !onlyQuality(m.said.Product) {
			if diff := cmp.Diff(after, again); diff != "" {
				return "said twice is not the same as said once: " + diff
			}
		}
	}
	anew := m.intent == shop.IntentRecommend && m.said.Product == ""
	if fresh && (anew || m.intent != shop.IntentRefine && !m.swap) || m.forget {
		return ""
	}
	// The need goes on: each limit is there still, was replaced, given up or contradicted.
	excluded := func(wish string) bool {
		return slices.ContainsFunc(m.said.Exclude, func(x string) bool { return same(x, wish) })
	}
	if m.said.Color == "" && !slices.Contains(m.freed, "color") {
		for _, c := range colorsOf(before) {
			if !slices.Contains(colorsOf(after), c) && !excluded(c) {
				return c + " was lost among the colours"
			}
		}
	}
	for _, l := range []struct{ name, was, is, said string }{{"brand", before.Brand, after.Brand, m.said.Brand}, {"color", before.Color, after.Color, m.said.Color},
		{"material", before.Material, after.Material, m.said.Material}, {"audience", before.Audience, after.Audience, m.said.Audience}} {
		if l.was != "" && l.is == "" && l.said == "" && !excluded(l.was) && !slices.Contains(m.freed, l.name) {
			return l.name + " was lost"
		}
	}
	if before.Product != "" && after.Product == "" {
		return "the product was lost"
	}
	if before.Sort != "" && after.Sort == "" {
		return "the order was lost"
	}
	price := slices.Contains(m.freed, "price")
	if before.PriceMax != nil && after.PriceMax == nil && !price && !(m.said.PriceMin != nil && m.said.PriceMin.Minor > before.PriceMax.Minor) {
		return "the highest price was lost"
	}
	if before.PriceMin != nil && after.PriceMin == nil && !price && !(m.said.PriceMax != nil && m.said.PriceMax.Minor < before.PriceMin.Minor) {
		return "the lowest price was lost"
	}
	wishes := slices.Concat(brandsOf(m.said), colorsOf(m.said), materialsOf(m.said))
	for _, x := range before.Exclude {
		wished := slices.ContainsFunc(wishes, func(w string) bool { return same(w, x) })
		freed := slices.ContainsFunc(m.freed, func(limit string) bool { return limit == "brand" || limit == "color" || limit == "material" })
		if !slices.Contains(after.Exclude, x) && !wished && !freed {
			return fmt.Sprintf("the exclusion of %q was lost", x)
		}
	}
	return ""
}
