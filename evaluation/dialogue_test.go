package evaluation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/evaluation"
	"floorwalker/shop"
	"floorwalker/web/webtest"
)

func dollars(cents int64) shop.Money { return shop.Money{Minor: cents, Currency: "USD"} }

// clerk answers by the first word of what it is told; "lie" names what does not exist.
var clerk = webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	outcome := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State, Trace: shop.Trace{TemplateShare: 0.5}}
	say := func(text string) (shop.Outcome, error) { return outcome, out.Say(ctx, text) }
	show := shop.Cards{RankingID: "r", Cards: []shop.Card{
		{Position: 1, SKU: "1", Title: "Harbour Canvas Backpack", Category: "bags", Price: dollars(7900), PriceText: "$79.00", Why: []string{}},
		{Position: 2, SKU: "2", Title: "Harbour Day Backpack", Category: "bags", Price: dollars(4900), PriceText: "$49.00", Why: []string{}}}}
	switch word, _, _ := strings.Cut(turn.Text, " "); word {
	case "backpack":
		if err := out.Show(ctx, show); err != nil {
			return outcome, err
		}
		return say("The Harbour Canvas Backpack costs $79.00, $30.00 more than the other.")
	case "lie":
		return say("I also have the Samsung Galaxy Buds at $12.34.")
	case "lamp":
		return say("We do have the Lumen Aurora Lamp at $49.99.")
	case "return":
		outcome.Parse.Intent, outcome.Cites = shop.IntentFAQ, []string{"returns"}
		return say("Yes, within 30 days, for a fee of $5. (See: Returns of goods)")
	case "person":
		outcome.Parse.Intent, outcome.Handoff = shop.IntentHandoff, &shop.HandoffRequest{Reason: "customer_asked"}
		return say("A colleague will join us.")
	}
	return say("你好！")
})

const cases = `{"id":"good","lang":"en","catalogue":"demo","turns":[{"say":"backpack under 80","expect":{"intent":"search","products_min":2,"price_max":80,"title_any":["backpack"],"lang":"en"}},{"say":"return it?","expect":{"intent":"faq","cites":true}},{"say":"person please","expect":{"handoff":true}}]}
{"id":"lying","lang":"en","catalogue":"demo","turns":[{"say":"lie to me","expect":{}}]}
{"id":"unshown","lang":"en","catalogue":"demo","turns":[{"say":"lamp","expect":{}}]}
{"id":"wrong","lang":"zh","turns":[{"say":"你好","expect":{"intent":"greeting","lang":"zh"}},{"say":"backpack","expect":{"price_max":50,"products_max":1}}]}
{"id":"elsewhere","lang":"en","catalogue":"icecat","turns":[{"say":"mouse","expect":{"products_min":1}}]}
`

func TestConversationsArePlayedAndJudged(t *testing.T) {
	url := webtest.Open(t, webtest.Shop{Assistant: clerk,
		Products: webtest.Products{{SKU: "3", Title: "Lumen Aurora Lamp", Catalogue: "demo", Price: dollars(4999), Stock: 2}},
		Articles: webtest.Articles{"returns": {Slug: "returns", Titles: map[string]string{"en": "Returns of goods"}, Bodies: map[string]string{"en": "Within 30 days, for a fee of 5 dollars."}}}})
	list, err := evaluation.ReadCases[evaluation.DialogueCase](strings.NewReader(cases))
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string][]string{}
	report, err := evaluation.Dialogues(t.Context(), url, list, evaluation.DialogueOptions{TurnTimeout: 10 * time.Second,
		Told: func(c evaluation.DialogueCase, turn int, _ client.Reply, w []string) {
			wrong[c.ID] = append(wrong[c.ID], w...)
		}})
	if err != nil {
		t.Fatal(err)
	}
	if report.Conversations != 4 || report.Passed != 2 || report.Turns != 7 || report.TurnsPassed != 4 || report.Skipped != 1 {
		t.Errorf("%+v\n%v", report, wrong)
	}
	if report.InventedFacts != 2 || !slices.Equal(wrong["lying"], []string{"invented: Samsung Galaxy Buds", "invented: $12.34"}) {
		t.Errorf("%d invented: %q", report.InventedFacts, wrong["lying"])
	}
	if len(wrong["good"]) > 0 || len(wrong["unshown"]) > 0 {
		t.Errorf("what is right was called wrong: %q %q", wrong["good"], wrong["unshown"])
	}
	if report.TemplateShare != 0.5 || report.FirstCardMsP50 <= 0 || report.DoneMsP50 <= 0 || report.FirstCardMsP99 < report.FirstCardMsP50 {
		t.Errorf("%+v", report)
	}
}
