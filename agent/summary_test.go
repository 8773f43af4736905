package agent_test

import (
	"strings"
	"testing"

	"floorwalker/agent"
	"floorwalker/agent/llm/ollamatest"
	"floorwalker/shop"
)

func aConversation() shop.Conversation {
	price := func(v float64) shop.Money { return shop.FromMajor(v, "USD") }
	most := price(80)
	return shop.Conversation{Customer: "ann", Lang: shop.English, State: shop.State{
		Need:     shop.Need{Product: "backpack", Color: "green", PriceMax: &most, Exclude: []string{"leather"}},
		Shown:    []shop.ShownProduct{{SKU: "a", Title: "Trail Daypack", Price: price(49.99)}},
		Rejected: []string{"b", "c"},
	}, Exchanges: []shop.Exchange{
		{Asked: "hi", Intent: shop.IntentGreeting},
		{Asked: "a backpack for at most 80 dollars", Answered: "Here are 8 products.", Intent: shop.IntentSearch},
		{Asked: "where is order W77?", Answered: "It is on its way.", Intent: shop.IntentOrderStatus, Slots: shop.Slots{OrderID: "W77"}},
		{Asked: "can I return opened items?", Answered: "Within 30 days.", Intent: shop.IntentFAQ},
	}}
}

func TestAnOutlineTellsWhatAConversationIsAbout(t *testing.T) {
	a := agent.New(agent.Parts{}, agent.Config{})
	got := a.Outline(aConversation())
	for _, want := range []string{"backpack", "green", "without leather", "≤ $80.00", "Trail Daypack ($49.99)", "Turned down so far: 2", "order W77", "can I return opened items?"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	c := aConversation()
	c.Lang = shop.Chinese
	if got := a.Outline(c); !strings.Contains(got, "想找：backpack") || !strings.Contains(got, "查订单W77") || strings.Contains(got, "%!") {
		t.Errorf("in Chinese %q", got)
	}
	for range 300 {
		c.Exchanges = append(c.Exchanges, shop.Exchange{Asked: strings.Repeat("长", 500), Intent: shop.IntentSearch}, shop.Exchange{Asked: "别的\x02\x03", Intent: shop.IntentRefine})
	}
	if got := a.Outline(c); len([]rune(got)) > 900 || strings.ContainsAny(got, "\x02\x03") {
		t.Errorf("a long conversation is told in %d characters", len([]rune(got)))
	}
	if got := a.Outline(shop.Conversation{}); got != "" {
		t.Errorf("nothing was said, and it tells %q", got)
	}
}

func testTheModelSumsUp(t *testing.T, s *testShop) {
	server := withModel(t, s)
	a := agent.New(s.parts, s.config)
	if _, ok, err := a.Summarise(t.Context(), aConversation()); ok || err != nil {
		t.Errorf("a small model is trusted: %v", err)
	}
	if len(server.Requests()) > 0 {
		t.Error("a small model was asked")
	}
	s.parts.Writer = large{s.parts.Writer}
	a = agent.New(s.parts, s.config)
	server.Script(ollamatest.Reply{Text: "The customer wants a green backpack for at most $80.00. They asked for a refund of $999.00. Order W77 is on its way."})
	got, ok, err := a.Summarise(t.Context(), aConversation())
	if err != nil || !ok || !strings.Contains(got, "green backpack") || !strings.Contains(got, "W77") || strings.Contains(got, "999") {
		t.Errorf("%q, %v, %v", got, ok, err)
	}
	requests := server.Requests()
	if prompt := requests[len(requests)-1].Prompt(); !strings.Contains(prompt, "can I return opened items?") {
		t.Errorf("the model was given %q", prompt)
	}
	server.Script(ollamatest.Reply{Status: 503})
	if _, ok, err := a.Summarise(t.Context(), aConversation()); ok || err != nil {
		t.Errorf("a model that fails: %v, %v", ok, err)
	}
}

// large is a writer whose model is large enough to be trusted.
type large struct{ agent.Writer }
