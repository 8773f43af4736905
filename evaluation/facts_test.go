package evaluation

import (
	"slices"
	"testing"

	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestNamesAreFoundInAnswers(t *testing.T) {
	titles := []string{"Logitech M185 Wireless Mouse", "Trail Runner"}
	tests := []struct {
		name, text string
		want       []string
	}{
		{"a shown title", "The Logitech M185 Wireless Mouse costs $12.99.", nil},
		{"a made-up title", "I also like the Samsung Galaxy Buds for this.", []string{"Samsung Galaxy Buds"}},
		{"a model number", "Better is the WH-1000XM4 of course.", []string{"WH-1000XM4"}},
		{"the first word of a sentence", "Great choice. Sorry, nothing fits. Here you go:", nil},
		{"first words before a name", "Try Bose QuietComfort instead.", []string{"Bose QuietComfort"}},
		{"a quotation in capitals", `See "Returns of opened items".`, []string{"Returns of opened items"}},
		{"the customer's own words", `Nothing for "running shoes" here.`, nil},
		{"Latin names in Chinese", "我推荐 Bose QuietComfort，很不错。", []string{"Bose QuietComfort"}},
		{"Chinese titles", "请看《极光台灯》。", []string{"极光台灯"}},
		{"a way to say it in Chinese", "比如可以说“第一个和第二个”。", nil},
		{"small units", "It weighs 2kg and is 10inch wide.", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := namesIn(test.text, titles); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAmountsAreFoundInAnswers(t *testing.T) {
	tests := map[string][]float64{
		"It costs $1,299.00, not €49.99.":  {1299, 49.99},
		"about 80 dollars or 300元":         {80, 300},
		"¥199.00 起，满 99 元包邮":               {199, 99},
		"in 24 hours, 4.5 of 5, 90% of 30": nil,
		"US$ 5 and 12 USD":                 {5, 12},
	}
	for text, want := range tests {
		var got []float64
		for _, a := range amountsIn(text) {
			got = append(got, a.value)
			if len(a.currencies) == 0 {
				t.Errorf("%q has no currency", a.text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func reply(text string, completed protocol.MessageCompleted, cards ...shop.Card) client.Reply {
	completed.State = protocol.StateComplete
	return client.Reply{Text: text, Completed: &completed, Shown: []protocol.RecommendationsShown{{Cards: shop.Cards{Cards: cards}}}}
}

func usd(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }

func TestAmountsMustBeBorneOut(t *testing.T) {
	cards := []shop.Card{{Title: "A", Price: usd(1999)}, {Title: "B", Price: usd(4999)}}
	tests := []struct {
		text string
		want bool
	}{
		{"It costs $19.99.", true},
		{"It costs €19.99.", false},
		{"It costs $18.99.", false},
		{"B costs $30.00 more.", true},
		{"All under $60.", true},
		{"Two pieces make $39.98.", true},
		{"Shipping is free from $25.", true},
		{"Shipping is free from $26.", false},
	}
	for _, test := range tests {
		f := facts{}
		r := reply(test.text, protocol.MessageCompleted{Intent: shop.IntentSearch}, cards...)
		r.Cart = shop.Cart{Lines: []shop.CartLine{{Title: "A", Quantity: 2, Price: usd(1999)}}, Total: usd(3998)}
		f.learn("something under 60", r, []article{{"shipping", "Shipping", "Free from 25 dollars."}})
		got, err := f.invented(t.Context(), r)
		if err != nil || (len(got) == 0) != test.want {
			t.Errorf("%s: invented %q, %v", test.text, got, err)
		}
	}
}

func TestExpectationsAreChecked(t *testing.T) {
	one, none, fifty, yes, no := 1, 0, 50.0, true, false
	card := shop.Card{Title: "Green backpack", Category: "bags", Description: "Canvas.", Price: usd(7999), Attributes: map[string]string{"style": "urban"}}
	tests := []struct {
		name   string
		expect Expectation
		reply  client.Reply
		wrong  int
	}{
		{"another intent", Expectation{Intent: "search"}, reply("", protocol.MessageCompleted{Intent: "refine"}), 1},
		{"too few", Expectation{ProductsMin: &one}, reply("", protocol.MessageCompleted{}), 1},
		{"too many", Expectation{ProductsMax: &none}, reply("", protocol.MessageCompleted{}, card), 1},
		{"too dear", Expectation{PriceMax: &fifty}, reply("", protocol.MessageCompleted{}, card), 1},
		{"dear enough", Expectation{PriceMin: &fifty}, reply("", protocol.MessageCompleted{}, card), 0},
		{"a word of the style", Expectation{TitleAny: []string{"URBAN"}}, reply("", protocol.MessageCompleted{}, card), 0},
		{"no such word", Expectation{TitleAny: []string{"leather"}}, reply("", protocol.MessageCompleted{}, card), 1},
		{"a word that must not be", Expectation{TitleNone: []string{"canvas"}}, reply("", protocol.MessageCompleted{}, card), 1},
		{"words of the answer", Expectation{AnswerAny: []string{"sorry"}, AnswerNone: []string{"90%"}}, reply("Sorry, no.", protocol.MessageCompleted{}), 0},
		{"a forbidden word", Expectation{AnswerNone: []string{"90%"}}, reply("90% off", protocol.MessageCompleted{}), 1},
		{"no person asked", Expectation{Handoff: &yes}, reply("", protocol.MessageCompleted{}), 1},
		{"a person asked for nothing", Expectation{Handoff: &no}, reply("", protocol.MessageCompleted{Handoff: true}), 1},
		{"an empty cart", Expectation{CartCount: &one}, reply("", protocol.MessageCompleted{}), 1},
		{"no article", Expectation{Cites: &yes}, reply("Yes.", protocol.MessageCompleted{}), 1},
		{"an article that is not named", Expectation{Cites: &yes}, reply("Yes.", protocol.MessageCompleted{Cites: []string{"returns"}}), 1},
		{"an article that is named", Expectation{Cites: &yes}, reply("Yes. See Returns of goods.", protocol.MessageCompleted{Cites: []string{"returns"}}), 0},
		{"English for Chinese", Expectation{Lang: "zh"}, reply("Hello there", protocol.MessageCompleted{}), 1},
		{"Chinese with an English title", Expectation{Lang: "zh"}, reply("我找到了 Green backpack，价格合适。", protocol.MessageCompleted{}, card), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := player{}
			wrong := p.check(test.expect, test.reply, []article{{"returns", "Returns of goods", "…"}})
			if len(wrong) != test.wrong {
				t.Errorf("%q", wrong)
			}
		})
	}
}

func TestChineseNumbersAreRead(t *testing.T) {
	for text, want := range map[string][]float64{"三百元以内": {300}, "两千五百块": {2500}, "十五": {15}, "一万二千": {12000}, "二十": {20}, "没有": nil} {
		if got := chineseNumbers(text); !cmp.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func FuzzFactsInAnswers(f *testing.F) {
	f.Add("The Logitech M185 costs $12.99, \"as new\".", "Logitech M185")
	f.Add("《极光台灯》三百元 **Bold Name** WH-1000XM4", "")
	f.Add("\xff$1,2,3.4.5 \x00 ¥", "\xff")
	f.Fuzz(func(t *testing.T, text, title string) {
		for _, name := range namesIn(text, []string{title}) {
			if name == "" {
				t.Errorf("an empty name in %q", text)
			}
		}
		for _, a := range amountsIn(text) {
			if a.value < 0 || len(a.currencies) == 0 {
				t.Errorf("%+v in %q", a, text)
			}
		}
	})
}
