package evaluation

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"floorwalker/client"
	"floorwalker/shop"
)

// facts is what a conversation has shown so far, to hold its answers against. It trusts nothing that the
// answer says of itself: names and amounts are looked for in the answer's text, whoever wrote it.
type facts struct {
	server *client.Client
	// texts are in lower case: what was shown, said or cited, where a name may come from.
	texts []string
	// titles are the names of products shown or in the cart, as they are written.
	titles []string
	prices []shop.Money
	// numbers are amounts in major units that need no product: the customer's own, an article's, limits.
	numbers []float64
	cart    shop.Cart
	// unread is true when an article was cited that could not be read: its amounts can't be known.
	unread bool
}

// learn takes in what one turn showed.
func (f *facts) learn(said string, r client.Reply, articles []article) {
	f.texts = append(f.texts, strings.ToLower(said))
	f.numbers = append(f.numbers, numbersIn(said)...)
	for _, list := range r.Shown {
		for _, limit := range []*shop.Money{list.Filter.PriceMin, list.Filter.PriceMax} {
			if limit != nil {
				f.numbers = append(f.numbers, limit.Major())
			}
		}
		for _, c := range list.Cards.Cards {
			f.learnCard(c)
		}
	}
	if s := r.Completed.Slots; s != nil {
		for _, limit := range []*float64{s.PriceMin, s.PriceMax} {
			if limit != nil {
				f.numbers = append(f.numbers, *limit)
			}
		}
	}
	f.cart = r.Cart
	for _, line := range r.Cart.Lines {
		f.titles = append(f.titles, line.Title)
		f.prices = append(f.prices, line.Price, line.Price.Times(line.Quantity))
	}
	f.prices = append(f.prices, r.Cart.Total)
	for _, a := range articles {
		f.texts = append(f.texts, strings.ToLower(a.Title+"\n"+a.Text))
		f.numbers = append(f.numbers, numbersIn(a.Text)...)
	}
	f.unread = len(r.Completed.Cites) > 0 && len(articles) == 0
}

func (f *facts) learnCard(c shop.Card) {
	f.titles = append(f.titles, c.Title)
	f.prices = append(f.prices, c.Price)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n%s\n%s\n%s", c.Brand, c.Title, c.Category, c.Description, c.PriceText)
	for name, value := range c.Attributes {
		fmt.Fprintf(&b, "\n%s %s", name, value)
	}
	f.texts = append(f.texts, strings.ToLower(b.String()))
}

// invented lists what the answer names and nothing bears out.
func (f *facts) invented(ctx context.Context, r client.Reply) (wrong []string, err error) {
	text := r.Text
	for _, name := range namesIn(text, f.titles) {
		known, err := f.knows(ctx, name)
		if err != nil {
			return wrong, err
		}
		if !known {
			wrong = append(wrong, name)
		}
	}
	// Orders and returns speak of purchases, whose amounts no list of products has.
	switch r.Completed.Intent {
	case shop.IntentOrderStatus, shop.IntentReturnRefund:
		return wrong, nil
	}
	if f.unread {
		return wrong, nil
	}
	for _, a := range amountsIn(text) {
		if !f.borneOut(a) {
			wrong = append(wrong, a.text)
		}
	}
	return wrong, nil
}

// knows is true for a name that stands in what was shown, said or cited, or that a product of the catalogue has.
func (f *facts) knows(ctx context.Context, name string) (bool, error) {
	lower := strings.ToLower(name)
	if slices.ContainsFunc(f.texts, func(t string) bool { return strings.Contains(t, lower) }) {
		return true, nil
	}
	// All of its words in one text: "the black Logitech M185" of a card that says so in another order.
	words := strings.FieldsFunc(lower, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' })
	if slices.ContainsFunc(f.texts, func(t string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(t, w) })
	}) {
		return true, nil
	}
	var found struct {
		Products []struct {
			Title string
			Price shop.Money
		}
	}
	if len(name) > 300 {
		return false, nil
	}
	if err := f.server.Get(ctx, "/api/catalogue?title="+url.QueryEscape(name), &found); err != nil {
		return false, fmt.Errorf("look %q up: %w", name, err)
	}
	for _, p := range found.Products {
		f.texts = append(f.texts, strings.ToLower(p.Title))
		f.prices = append(f.prices, p.Price)
	}
	return len(found.Products) > 0, nil
}

// borneOut is true for an amount that a shown product costs, that follows from such by counting or comparing,
// or that the customer, a limit or a cited article named.
func (f *facts) borneOut(a amount) bool {
	if slices.ContainsFunc(f.numbers, func(n float64) bool { return near(n, a.value) }) {
		return true
	}
	fits := func(m shop.Money) bool { return near(m.Major(), a.value) && slices.Contains(a.currencies, m.Currency) }
	if slices.ContainsFunc(f.prices, fits) {
		return true
	}
	for i, p := range f.prices {
		for _, q := range f.prices[i+1:] {
			if p.Currency == q.Currency && fits(shop.Money{Minor: max(p.Minor-q.Minor, q.Minor-p.Minor), Currency: p.Currency}) {
				return true
			}
		}
	}
	return false
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.005 }

// amount is a sum of money as a text names it.
type amount struct {
	text       string
	value      float64
	currencies []string
}

const number = `(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?)`

var (
	symbolFirst = regexp.MustCompile(`(US\$|HK\$|C\$|A\$|JP¥|CN¥|RMB|USD|EUR|GBP|CNY|JPY|CHF|INR|KRW|[$€£¥￥₩₹])\s?` + number)
	wordLast    = regexp.MustCompile(`(?i)` + number + `\s?(dollars?|bucks|usd|euros?|eur|pounds?|gbp|yuan|rmb|cny|yen|jpy|francs?|chf|美元|美金|元|块|欧元|英镑|日元)`)
	plainNumber = regexp.MustCompile(number)
)

var currenciesOf = map[string][]string{
	"$": {"USD", "CAD", "AUD", "HKD", "SGD"}, "us$": {"USD"}, "usd": {"USD"}, "dollar": {"USD", "CAD", "AUD"}, "buck": {"USD", "CAD", "AUD"}, "美元": {"USD"}, "美金": {"USD"},
	"hk$": {"HKD"}, "c$": {"CAD"}, "a$": {"AUD"}, "€": {"EUR"}, "eur": {"EUR"}, "euro": {"EUR"}, "欧元": {"EUR"}, "£": {"GBP"}, "gbp": {"GBP"}, "pound": {"GBP"}, "英镑": {"GBP"},
	"¥": {"CNY", "JPY"}, "￥": {"CNY", "JPY"}, "cn¥": {"CNY"}, "cny": {"CNY"}, "rmb": {"CNY"}, "yuan": {"CNY"}, "元": {"CNY"}, "块": {"CNY"},
	"jp¥": {"JPY"}, "jpy": {"JPY"}, "yen": {"JPY"}, "日元": {"JPY"}, "chf": {"CHF"}, "franc": {"CHF"}, "₩": {"KRW"}, "krw": {"KRW"}, "₹": {"INR"}, "inr": {"INR"},
}

// amountsIn finds the sums of money that a text names.
func amountsIn(text string) (found []amount) {
	add := func(whole, digits, unit string) {
		unit = strings.ToLower(unit)
		currencies := currenciesOf[unit]
		if currencies == nil {
			currencies = currenciesOf[strings.TrimSuffix(unit, "s")]
		}
		value, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
		if err == nil {
			found = append(found, amount{whole, value, currencies})
		}
	}
	rest := symbolFirst.ReplaceAllStringFunc(text, func(whole string) string {
		m := symbolFirst.FindStringSubmatch(whole)
		add(whole, m[2], m[1])
		return " "
	})
	for _, m := range wordLast.FindAllStringSubmatch(rest, -1) {
		add(m[0], m[1], m[2])
	}
	return found
}

// numbersIn are all numbers of a text.
func numbersIn(text string) (found []float64) {
	for _, m := range plainNumber.FindAllString(text, -1) {
		if v, err := strconv.ParseFloat(strings.ReplaceAll(m, ",", ""), 64); err == nil {
			found = append(found, v)
		}
	}
	return append(found, chineseNumbers(text)...)
}
