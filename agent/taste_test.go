package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
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
	if after == before || !strings.Contains(after, "lamp-1") || !strings.Contains(after, "pack-1") || strings.Contains(after, "mou-2") {
		t.Errorf("before %q, after a tent %q", before, after)
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
