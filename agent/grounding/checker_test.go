package grounding_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"floorwalker/agent/grounding"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

var sheet = grounding.Sheet{Lang: shop.English, Heard: "green backpacks from Acme under 80 dollars please",
	Draft: "Here are [1] for you. The closest match is [2]. It has 25 litres.", Facts: []string{"6 products", "Trail Daypack ($49.99)"}}

var sheetChinese = grounding.Sheet{Lang: shop.Chinese, Heard: "绿色背包", Draft: "为您找到[1]。最符合的是[2]。", Facts: []string{"6件商品", "Trail Daypack（$49.99）"}}

func check(s grounding.Sheet, pieces ...string) (string, *grounding.Checker) {
	c := grounding.NewChecker(s)
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(c.Write(p))
	}
	b.WriteString(c.Close())
	return b.String(), c
}

func TestWhatTheFactsCarryPasses(t *testing.T) {
	for text, want := range map[string]string{
		"Have a look at [2], it matches best.":       "Have a look at Trail Daypack ($49.99), it matches best.",
		"Here are [1] for you. I'd start with [P2]!": "Here are 6 products for you. I'd start with Trail Daypack ($49.99)!",
		"[2]'s 25 litres are enough (for most).":     "Trail Daypack ($49.99)'s 25 litres are enough (for most).",
		"**Great** choice:\n- [2]\n- more":           "Great choice. Trail Daypack ($49.99). more.",
		"1. [2]\n2. another":                         "Trail Daypack ($49.99). another.",
		"What is it for? Tell me, e.g. for a trip":   "What is it for? Tell me, e.g. for a trip.",
		"These backpacks are from Acme.":             "These backpacks are from Acme.",
		"Sure! Anything else?":                       "Sure! Anything else?",
		"It’s well-made, I’d say.":                   "It’s well-made, I’d say.",
		"":                                           "",
		"I found [1]":                                "I found 6 products.",
	} {
		if got, c := check(sheet, text); got != want || c.Removed() != 0 {
			t.Errorf("%q became %q (%d removed), want %q", text, got, c.Removed(), want)
		}
	}
	if got, c := check(sheetChinese, "为您找到 [1]，最符合的是[2]。要看看吗？"); got != "为您找到6件商品，最符合的是Trail Daypack（$49.99）。要看看吗？" || c.Removed() != 0 {
		t.Errorf("got %q", got)
	}
}

func TestWhatTheModelInventsIsTakenOut(t *testing.T) {
	for text, want := range map[string]string{
		"It costs only $19.99 today. Nice.":               "Nice.",
		"You get 90% off.":                                "You get.",
		"You get ninety percent off.":                     "You get.",
		"It has 30 litres.":                               "It has.",
		"The Lenovo Yoga is great. So is [2].":            "So is Trail Daypack ($49.99).",
		"Sony makes great ones.":                          "",
		"We have the iPhone.":                             "We have.",
		"See https://evil.example/x for more.":            "",
		"See www.evil.example or evil.com now.":           "",
		"You write to bob@evil.example.":                  "You write.",
		"Try [3].":                                        "Try.",
		"Try [the blue one].":                             "Try.",
		"Try [2":                                          "Try.",
		"A discount applies, you have free shipping.":     "",
		"Our warranty covers it.":                         "",
		"[2] [2] [2] again.":                              "Trail Daypack ($49.99) Trail Daypack ($49.99).",
		"Here is 中文 for you.":                             "Here is.",
		"<b>bold</b> words":                               "",
		"It is 80 dollars.":                               "It is.",
		"My system prompt says hello. Fine.":              "Fine.",
		"Great.Buy at shop.Now":                           "Great.",
		"The price is ten euros":                          "The price is.",
		"One. Two. Three. Four. Five. Six. Seven. Eight.": "One.",
	} {
		if got, c := check(sheet, text); got != want || c.Removed() == 0 {
			t.Errorf("%q became %q (%d removed), want %q", text, got, c.Removed(), want)
		}
	}
	for text, want := range map[string]string{
		"这款打九折，很好。要看看吗？": "这款打九。要看看吗？",
		"现在免费送您。":        "现在。",
		"价格是50元。":        "价格是。",
		"推荐Sony的耳机。":     "推荐。",
		"百分之九十的折扣":       "",
	} {
		if got, c := check(sheetChinese, text); got != want || c.Removed() == 0 {
			t.Errorf("%q became %q (%d removed), want %q", text, got, c.Removed(), want)
		}
	}
}

func TestAClosedSheetKeepsToWhatTheDraftSays(t *testing.T) {
	s := sheet
	s.Closed = true
	for text, want := range map[string]string{
		"These are [1] for you. The closest match is [2].": "These are 6 products for you. The closest match is Trail Daypack ($49.99).",
		"Here are [1]. They are waterproof.":               "Here are 6 products.",
		"The best is [2]. It is the closest match.":        "It is the closest match.",
		"We don't have [2]. Here are [1].":                 "Here are 6 products.",
		"You're welcome. Thank you. Here are [1].":         "Here are 6 products.",
		"Here are [1]. Let me help you find your order.":   "Here are 6 products.",
		"Here are [1] and then some":                       "Here are 6 products and then some.",
		"I found it.":                                      "",
	} {
		if got, _ := check(s, text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	c := grounding.NewChecker(s)
	if got := c.Write("The best is [2]. Here are [1]"); got != "" || c.Said(2) || c.Removed() != 1 {
		t.Errorf("got %q, [2] said: %v", got, c.Said(2))
	}
	if got := c.Break(); got != "" || c.Said(1) || c.FactRunes() != 0 {
		t.Errorf("a sentence that was not finished gave %q", got)
	}
	denying := grounding.Sheet{Lang: shop.English, Closed: true, Draft: "Sorry, we don't have any [1] [2]. Shall I look without the [3]?", Facts: []string{"tent", "in red", "colour"}}
	if got, _ := check(denying, "Sorry, we don't have anything else. Sorry, I couldn't find [1]. We don't have any [1] [2], sorry. Shall I look without the [3]?"); got != "We don't have any tent in red, sorry. Shall I look without the colour?" {
		t.Errorf("got %q", got)
	}
}

func TestNoMoreSentencesThanAllowed(t *testing.T) {
	s := sheet
	s.Sentences = 2
	got, c := check(s, "This is fine. So is this. And this. [2]")
	if got != "This is fine. So is this." || !c.Full() || c.Removed() != 0 || c.Said(2) {
		t.Errorf("got %q, %d removed", got, c.Removed())
	}
}

func TestAModelThatRepeatsItselfIsStopped(t *testing.T) {
	if got, c := check(sheet, strings.Repeat("This is fine. ", 5)); got != "This is fine. This is fine." || !c.Full() {
		t.Errorf("got %q", got)
	}
}

func TestAnAnswerThatIsBrokenOffShowsIt(t *testing.T) {
	c := grounding.NewChecker(sheet)
	got := c.Write("Here are [1] for y") + c.Break()
	if got != "Here are 6 products..." {
		t.Errorf("got %q", got)
	}
	if got := grounding.NewChecker(sheet).Break(); got != "" {
		t.Errorf("nothing became %q", got)
	}
}

func TestTheFirstWordIsNotHeldBack(t *testing.T) {
	c := grounding.NewChecker(sheet)
	if got := c.Write("Here"); got != "Here" {
		t.Errorf("after the first token got %q", got)
	}
	if got := c.Write(" are [1]") + c.Close(); got != " are 6 products." {
		t.Errorf("then got %q", got)
	}
}

// pieces parts a text at random, also within characters.
func pieces(text string, random *rand.Rand) []string {
	var all []string
	for len(text) > 0 {
		n := 1 + random.IntN(min(9, len(text)))
		all = append(all, text[:n])
		text = text[n:]
	}
	return all
}

func FuzzAnyPiecesGiveTheSameAnswer(f *testing.F) {
	for _, text := range []string{"Here are [1]. The closest is [2], only $19.99!", "1. [P2]\n2. It’s 90% off… (really)", "打九折[2]，免费。", "a.b 3.5 [x", "\xff\xfe[1\xff]", "I'm Here're"} {
		f.Add(text, uint64(1), false)
		f.Add(text, uint64(2), true)
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64, chinese bool) {
		s := sheet
		if chinese {
			s = sheetChinese
		}
		s.Closed = seed%2 == 0
		whole, c := check(s, text)
		parted, d := check(s, pieces(text, rand.New(rand.NewPCG(seed, 1)))...)
		if diff := cmp.Diff(whole, parted); diff != "" || c.Removed() != d.Removed() {
			t.Errorf("removed %d and %d, %s", c.Removed(), d.Removed(), diff)
		}
		if !utf8.ValidString(whole) {
			t.Errorf("%q is not UTF-8", whole)
		}
		if bad := grounding.Invented(whole, append(s.Facts, s.Draft)); len(bad) > 0 {
			t.Errorf("%q invents %q", whole, bad)
		}
		rest := whole
		for _, fact := range s.Facts {
			rest = strings.ReplaceAll(rest, fact, "")
		}
		if strings.ContainsAny(strings.ReplaceAll(rest, "25", ""), "0123456789$%@<>[]{}") {
			t.Errorf("%q lets through what no fact carries", whole)
		}
	})
}

func TestPricesAreReadHoweverTheyAreWritten(t *testing.T) {
	got := grounding.Prices("It is $1,299.00, about €12,50 or 300元; JP¥500, CHF 12.50, 40 dollars and 7 pieces.")
	want := []shop.Money{{Minor: 129900, Currency: "USD"}, {Minor: 1250, Currency: "EUR"}, {Minor: 500, Currency: "JPY"}, {Minor: 1250, Currency: "CHF"},
		{Minor: 30000, Currency: "CNY"}, {Minor: 4000, Currency: "USD"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	bad := grounding.Invented("Trail Daypack ($49.99) at $10, 90% off, see https://x.example", []string{"Trail Daypack ($49.99)"})
	if diff := cmp.Diff([]string{"$10.00", "90%", "https://x.example"}, bad); diff != "" {
		t.Error(diff)
	}
}
