package agent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floorwalker/shop"
)

// Quantities in a cart are absolute: "make it two" after one was added is two, not three.
var (
	fewEnglish = `(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)`
	fewChinese = `(\d{1,2}|[一二两三四五六七八九十])`
	setCues    = []*regexp.Regexp{
		regexp.MustCompile(`(?i)\b(?:make|set) (?:it|that|them|those) (?:to )?` + fewEnglish + `\b(?:$|[ ,.!?](?:please|instead|of|then|in total|altogether|thanks?)|[,.!?])`),
		regexp.MustCompile(`(?i)\b(?:change|set|update|increase|reduce|decrease)\b.{0,40}\b(?:quantity|it|that|them|those|number|amount|cart|basket)\b.{0,20}\bto ` + fewEnglish + `\b(?:$|[ ,.!?])`),
		regexp.MustCompile(`(?i)^(?:(?:actually|no|sorry|oh|wait|ok|hm+|well|just|only|i (?:only|just) (?:want|need))[ ,]*)+` + fewEnglish + `(?: of (?:them|those|it|these))?(?: is| are|,)? ?(?:enough|will do|is fine|are fine|please|then)?[.!]*$`),
		regexp.MustCompile(`(?i)^` + fewEnglish + ` (?:is|are) (?:enough|fine|plenty)[.!]*$|^` + fewEnglish + ` will do[.!]*$`),
		regexp.MustCompile(`(?:数量)?(?:改成|改为|换成|变成|改到|调成|调到)` + fewChinese + `(?:个|件|双|条|台|只|把|套|本|瓶|盒|份|张|块)`),
		regexp.MustCompile(`^(?:那|嗯|我)?只(?:要|买|需要)` + fewChinese + `(?:个|件|双|条|台|只|把|套|本|瓶|盒|份|张|块)(?:就(?:够|行|好)了?)?[。！]*$|^` + fewChinese + `(?:个|件|双|条|台|只|把|套|本|瓶|盒|份|张|块)就(?:够|行|好|可以)了?[。！]*$`),
	}
	moreCues = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^(?:(?:and|ok|oh|actually|please)[, ]+)*` + fewEnglish + ` more(?: of (?:it|them|those|that))?(?:,? please)?[.!]*$`),
		regexp.MustCompile(`(?i)^(?:(?:and|ok|oh|actually|please)[, ]+)*(another) one(?:,? please)?[.!]*$`),
		regexp.MustCompile(`^再(?:来|加|要|买)` + fewChinese + `(?:个|件|双|条|台|只|把|套|本|瓶|盒|份|张|块)(?:吧)?[。！]*$`),
	}
	money = regexp.MustCompile(`(?i)[$€£¥]|\b(?:budget|price|limit|dollars?|euros?|bucks?|pounds?|yuan)\b|元|块钱|预算|价`)
	few   = map[string]int{"another": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
)

// quantitySaid is the quantity that an utterance sets; 0 where it sets none.
func quantitySaid(text string) int {
	text = strings.TrimSpace(text)
	if money.MatchString(text) {
		return 0
	}
	return numberIn(setCues, text)
}

// numberIn is the number that the first matching cue holds; 0 where none matches.
func numberIn(cues []*regexp.Regexp, text string) int {
	for _, cue := range cues {
		for _, said := range cue.FindStringSubmatch(text) {
			if n := few[strings.ToLower(said)]; n > 0 {
				return n
			}
			if n, err := strconv.Atoi(said); err == nil && n > 0 {
				return n
			}
		}
	}
	return 0
}

// addMore puts more of the product spoken of last into the cart that holds it already: "one more". done is false where
// the utterance is something else.
func (t *talk) addMore(ctx context.Context) (done bool, err error) {
	n := numberIn(moreCues, strings.TrimSpace(t.turn.Text))
	if n == 0 || t.state.Focus == "" {
		return false, nil
	}
	cart, err := t.Carts.Get(ctx, t.owner())
	if err != nil {
		return false, fmt.Errorf("read cart: %w", err)
	}
	if inCart(cart, t.state.Focus) == 0 {
		return false, nil
	}
	products, err := t.products(ctx, []string{t.state.Focus})
	if err != nil || len(products) == 0 {
		return false, err
	}
	t.parse.Intent, t.parse.Slots = shop.IntentAddToCart, shop.Slots{Quantity: n}
	t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	return true, t.add(ctx, products)
}

// setQuantity makes a line of the cart hold what was said. done is false where the utterance speaks of no quantity, or
// it is not clear of which line.
func (t *talk) setQuantity(ctx context.Context) (done bool, err error) {
	n := quantitySaid(t.turn.Text)
	if n == 0 {
		return false, nil
	}
	cart, err := t.Carts.Get(ctx, t.owner())
	if err != nil {
		return false, fmt.Errorf("read cart: %w", err)
	}
	lines := t.cartLines(cart)
	if len(lines) != 1 {
		lines = slices.DeleteFunc(slices.Clone(cart.Lines), func(l shop.CartLine) bool { return l.SKU != t.state.Focus })
	}
	if len(lines) != 1 {
		return false, nil
	}
	line := lines[0]
	after, err := t.Carts.Set(ctx, t.owner(), line.ID, n)
	if known, ok := errors.AsType[*shop.Error](err); ok && (known.Code == shop.CodeConflict || known.Code == shop.CodeNotFound) {
		return true, t.say(ctx, "sold_out", line.Title)
	}
	if err != nil {
		return false, fmt.Errorf("set a quantity: %w", err)
	}
	intent := shop.IntentAddToCart
	if n < line.Quantity {
		intent = shop.IntentRemoveFromCart
	}
	t.parse.Intent, t.Outcome.Parse.Intent = intent, intent
	t.state.Focus = line.SKU
	if err := t.out.CartChanged(ctx, after); err != nil {
		return true, err
	}
	has := inCart(after, line.SKU)
	if has < n {
		return true, t.say(ctx, "added_limited", t.pieces(has, line.Title), after.Total)
	}
	return true, t.say(ctx, "reduced", t.pieces(has, line.Title), after.Total)
}
