package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"floorwalker/agent"
	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
)

// TestRecommendationsFollowWhatACustomerDid lets others buy tents with a lamp, a backpack and a mouse that is sold out,
// and looks at what one who took a tent is shown.
func TestRecommendationsFollowWhatACustomerDid(t *testing.T) {
	shop := openShop(t)
	log := behaviour.NewLog(pgtest.New(t), behaviour.Options{})
	shop.parts.Taste = log
	bought := func(client, sku string) behaviour.Event {
		return behaviour.Event{ID: sku, Action: behaviour.Purchase, Session: client, Client: client, Time: time.Now().Add(-time.Hour), Trusted: true,
			Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}}}
	}
	var events []behaviour.Event
	for n := range 12 {
		for _, sku := range []string{"tent-1", "lamp-1", "pack-1", "mou-2"} {
			events = append(events, bought(fmt.Sprint("other-", n), sku))
		}
		events = append(events, bought(fmt.Sprint("another-", n), "shoe-1"), bought(fmt.Sprint("another-", n), "mug-1"))
	}
	if _, err := log.Add(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := log.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := shop.customer(t)
	const ask = "Can you recommend me something?"
	before := c.says(ask).skus()
	c = shop.customer(t)
	if _, err := log.Add(t.Context(), []behaviour.Event{bought(c.session, "tent-1")}); err != nil {
		t.Fatal(err)
	}
	after := c.says(ask).skus()
	if after == before || !strings.Contains(after, "lamp-1") || !strings.Contains(after, "pack-1") || strings.Contains(after, "mou-2") || strings.Contains(after, "tent-1") {
		t.Errorf("before %q, after a tent %q", before, after)
	}
	if !strings.HasPrefix(before, "lamp-1 ") && !strings.HasPrefix(before, "mug-1 ") && !strings.HasPrefix(before, "pack-1 ") && !strings.HasPrefix(before, "shoe-1 ") && !strings.HasPrefix(before, "tent-1 ") {
		t.Errorf("of nobody known, want what all like: %q", before)
	}
	shop.config.Consumables = []string{"tents"}
	again := shop.customer(t)
	again.session = c.session
	if skus := again.says(ask).skus(); !strings.Contains(skus, "tent-1") {
		t.Errorf("what is used up is bought again: %q", skus)
	}
	ann := shop.customer(t)
	ann.name = "ann"
	shop.config.Consumables = nil
	orderOf(t, shop, "ann", "mug-1")
	ann.agent = agent.New(shop.parts, shop.config)
	if skus := ann.says(ask).skus(); strings.Contains(skus, "mug-1") {
		t.Errorf("what stands in an order is recommended: %q", skus)
	}
	log.Declined(t.Context(), c.session, c.session, "lamp-1")
	c.state.Seen = nil
	if again := c.says(ask).skus(); strings.Contains(again, "lamp-1") || !strings.Contains(again, "pack-1") {
		t.Errorf("after the lamp was declined %q", again)
	}
	c = shop.customer(t)
	c.says("show me tents")
	if !strings.HasPrefix(c.skus(), "tent-") {
		t.Fatalf("tents are %q", c.skus())
	}
	at := 1
	if !strings.HasPrefix(c.skus(), "tent-1") {
		at = 2
	}
	if with := c.says("what goes with the " + []string{"", "first", "second"}[at] + " one?").skus(); !strings.Contains(with, "lamp-1") || strings.Contains(with, "mou-2") {
		t.Errorf("with a tent goes %q", with)
	}
}

// orderOf makes an order of the customer.
func orderOf(t *testing.T, s *testShop, customer, sku string) {
	t.Helper()
	_, err := s.parts.Orders.(*orders.Orders).Import(t.Context(), strings.NewReader(fmt.Sprintf(
		`{"id":"77","customer":%q,"status":"delivered","lines":[{"sku":%q,"title":"x","quantity":1,"price":{"minor":100,"currency":"USD"}}],"total":{"minor":100,"currency":"USD"}}`+"\n", customer, sku)))
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheLastPlaceIsDrawnAndSaysHowLikelyItWas(t *testing.T) {
	shop := openShop(t)
	log := behaviour.NewLog(pgtest.New(t), behaviour.Options{})
	shop.parts.Taste = log
	shop.config.Cards = 3
	var events []behaviour.Event
	for n := range 9 {
		for i, sku := range []string{"lamp-1", "pack-1", "shoe-1", "mug-1", "bag-1", "bag-2"} {
			if n < 9-i {
				events = append(events, behaviour.Event{ID: sku, Action: behaviour.Purchase, Session: fmt.Sprint("other-", n), Time: time.Now().Add(-time.Hour),
					Trusted: true, Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}}})
			}
		}
	}
	if _, err := log.Add(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := log.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := map[string]bool{}
	for range 30 {
		cards := shop.customer(t).says("Can you recommend me something?").cards
		if len(cards) != 3 || cards[0].SKU != "lamp-1" || cards[1].SKU != "pack-1" || cards[0].Propensity != 0 || cards[1].Propensity != 0 {
			t.Fatalf("all but the last stand where they stood: %+v", cards)
		}
		if p := cards[2].Propensity; p <= 0 || p >= 1 || cards[2].Position != 3 {
			t.Errorf("drawn at position %d with propensity %v", cards[2].Position, p)
		}
		last[cards[2].SKU] = true
	}
	if len(last) < 3 || last["lamp-1"] || last["pack-1"] {
		t.Errorf("drawn were %v", last)
	}
}
