package agent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/agent"
	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
)

// did is what a customer did with a product a minute ago.
func did(client string, action behaviour.Action, sku string) behaviour.Event {
	return behaviour.Event{ID: string(action) + "/" + sku, Action: action, Session: client, Client: client, Time: time.Now().Add(-time.Minute), Trusted: true,
		Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}}}
}

func remembers(t *testing.T, s *testShop) *behaviour.Log {
	t.Helper()
	log := behaviour.NewLog(pgtest.New(t), behaviour.Options{})
	s.parts.Taste = log
	return log
}

func tell(t *testing.T, log *behaviour.Log, events ...behaviour.Event) {
	t.Helper()
	if r, err := log.Add(t.Context(), events); err != nil || len(r.Refused) > 0 {
		t.Fatal(r, err)
	}
}

// before reports whether one product stands before another.
func before(skus, one, other string) bool {
	at := func(sku string) int { return slices.Index(strings.Fields(skus), sku) }
	return at(one) >= 0 && (at(other) < 0 || at(one) < at(other))
}

// TestASearchIsOrderedByTasteToo has somebody look for backpacks who clicked one of leather, or a small one for kids.
func TestASearchIsOrderedByTasteToo(t *testing.T) {
	s := openShop(t)
	log := remembers(t, s)
	const ask = "show me backpacks"
	stranger := s.customer(t).says(ask).skus()
	c := s.customer(t)
	tell(t, log, did(c.session, behaviour.Purchase, "pack-3"))
	known := c.says(ask)
	if !before(stranger, "pack-4", "pack-3") || !before(known.skus(), "pack-3", "pack-4") {
		t.Errorf("who took pack-3 is shown %s, a stranger %s", known.skus(), stranger)
	}
	if got := strings.Fields(known.skus()); len(got) != len(strings.Fields(stranger)) {
		t.Errorf("taste changes what is shown, not only where it stands: %v and %s", got, stranger)
	}
	why := known.cards[slices.Index(strings.Fields(known.skus()), "pack-3")]
	if !slices.ContainsFunc(why.Reasons, func(r shop.Reason) bool { return r.Code == "personal" && r.Weight > 0 }) {
		t.Errorf("the reason is not told: %+v", why.Reasons)
	}
	// Taste breaks no limit and shows nothing that does not fit.
	c = s.customer(t)
	tell(t, log, did(c.session, behaviour.Purchase, "pack-2"), did(c.session, behaviour.Click, "lap-1"))
	for _, card := range c.says("show me backpacks under $100").cards {
		if card.Price.Minor > 10_000 || !strings.HasPrefix(card.SKU, "pack-") {
			t.Errorf("%s for %v", card.SKU, card.Price)
		}
	}
}

// TestLessLikeThisChangesTheNextList turns a product down, by word or by hand, and looks at where its like stands then.
func TestLessLikeThisChangesTheNextList(t *testing.T) {
	s := openShop(t)
	remembers(t, s)
	const ask = "show me wireless mice"
	c := s.customer(t).says(ask)
	if !strings.Contains(c.skus(), "mou-1") {
		t.Fatalf("a stranger is shown %q: %s %+v", c.skus(), c.text, c.state.Need)
	}
	c.state.Rejected = append(c.state.Rejected, "mou-1") // as the session keeps what was declined by hand
	again := c.says(ask).skus()
	if strings.Contains(again, "mou-1") {
		t.Errorf("%s shows what was turned down", again)
	}
	for _, card := range c.cards {
		if i := slices.IndexFunc(card.Reasons, func(r shop.Reason) bool { return r.Code == "personal" }); i < 0 || card.Reasons[i].Weight >= 0 {
			t.Errorf("%s is like what was turned down, and loses nothing by it: %+v", card.SKU, card.Reasons)
		}
	}
}

// TestTasteHoldsUnderLimits has others buy tents with a lamp, mugs and a backpack.
func TestTasteHoldsUnderLimits(t *testing.T) {
	s := openShop(t)
	log := remembers(t, s)
	var events []behaviour.Event
	for n := range 12 {
		who := "camper-" + string(rune('a'+n))
		for _, sku := range []string{"tent-1", "lamp-1", "mug-2", "pack-2"} {
			events = append(events, did(who, behaviour.Purchase, sku))
		}
		who = "clerk-" + string(rune('a'+n))
		for _, sku := range []string{"lap-1", "mou-3", "key-1", "bag-2"} {
			events = append(events, did(who, behaviour.Purchase, sku))
		}
	}
	tell(t, log, events...)
	if err := log.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	under := func(took string) string {
		t.Helper()
		c := s.customer(t)
		tell(t, log, did(c.session, behaviour.Purchase, took))
		c.says("Can you recommend me something under $50?")
		for _, card := range c.cards {
			if card.Price.Minor > 5000 || card.Stock == 0 {
				t.Errorf("%s costs %v", card.SKU, card.Price)
			}
		}
		if len(c.cards) < 3 {
			t.Errorf("%s is all that is shown", c.skus())
		}
		return c.skus()
	}
	if skus := under("tent-1"); !strings.HasPrefix(skus, "mug-2 ") || !before(skus, "mug-2", "mou-3") {
		t.Errorf("a camper is shown %s", skus)
	}
	if skus := under("lap-1"); !before(skus, "mou-3", "mug-2") || !before(skus, "bag-2", "mug-2") || !before(skus, "key-1", "mug-2") {
		t.Errorf("a clerk is shown %s", skus)
	}
}

// TestProductsAreSuggestedToWhoServes asks for what an agent at the desk is offered for a customer.
func TestProductsAreSuggestedToWhoServes(t *testing.T) {
	s := openShop(t)
	log := remembers(t, s)
	s.parts.Writer = nil
	assistant := agent.New(s.parts, s.config)
	c := s.customer(t)
	c.says("show me backpacks under $100")
	suggest := func(text string, state shop.State) []string {
		t.Helper()
		cards, err := assistant.Suggest(t.Context(), shop.Turn{SessionID: c.session, Customer: c.session, Text: text, State: state, Locale: shop.English, MessageID: "m"})
		if err != nil {
			t.Fatal(err)
		}
		var skus []string
		for _, card := range cards.Cards {
			skus = append(skus, card.SKU)
		}
		return skus
	}
	if got := suggest("Is anybody there?", c.state); !slices.Contains(got, "pack-1") || slices.Contains(got, "pack-2") {
		t.Errorf("by what was looked for before: %v", got)
	}
	rejected := c.state
	rejected.Rejected = append(rejected.Rejected, "pack-1")
	if got := suggest("Is anybody there?", rejected); slices.Contains(got, "pack-1") || !slices.Contains(got, "pack-4") {
		t.Errorf("without what was turned down: %v", got)
	}
	if got := suggest("show me backpacks under $100", rejected); slices.Contains(got, "pack-1") || !slices.Contains(got, "pack-4") {
		t.Errorf("words that search anew bring back what was turned down: %v", got)
	}
	if got := suggest("do you have a tent?", c.state); len(got) == 0 || !strings.HasPrefix(got[0], "tent-") {
		t.Errorf("by the latest words: %v", got)
	}
	var events []behaviour.Event
	for _, who := range []string{"a", "b", "c", "d"} {
		for _, sku := range []string{"tent-1", "lamp-1", "mug-2", "pack-1"} {
			events = append(events, did(who, behaviour.Purchase, sku))
		}
	}
	tell(t, log, append(events, did(c.session, behaviour.Click, "tent-1"))...)
	if err := log.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := suggest("", shop.State{}); len(got) < 3 || !slices.Contains(got, "lamp-1") || !slices.Contains(got, "mug-2") {
		t.Errorf("by taste: %v", got)
	}
	if cart, err := s.carts.Get(t.Context(), c.session); err != nil || len(cart.Lines) > 0 {
		t.Errorf("%+v, %v", cart, err)
	}
	suggest("put the first one into my cart", c.state)
	if cart, err := s.carts.Get(t.Context(), c.session); err != nil || len(cart.Lines) > 0 {
		t.Errorf("a suggestion bought something: %+v, %v", cart, err)
	}
}

// TestAKnownCustomerIsGreetedWithSomethingToTheTaste greets one who did something before, and a stranger; and offers what
// goes with what is put into the cart.
func TestAKnownCustomerIsGreetedWithSomethingToTheTaste(t *testing.T) {
	s := openShop(t)
	log := remembers(t, s)
	var events []behaviour.Event
	for n := range 12 {
		for _, sku := range []string{"tent-1", "lamp-1", "mug-2", "pack-1", "mou-2"} {
			events = append(events, did("camper-"+string(rune('a'+n)), behaviour.Purchase, sku))
		}
	}
	tell(t, log, events...)
	if err := log.Relearn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stranger := s.customer(t).says("hello"); len(stranger.cards) > 0 {
		t.Errorf("a stranger is greeted with %s", stranger.skus())
	}
	c := s.customer(t)
	tell(t, log, did(c.session, behaviour.Purchase, "tent-1"))
	c.says("hello").wantText("taste", "may like")
	if skus := c.skus(); !strings.Contains(skus, "lamp-1") || strings.Contains(skus, "tent-1") || strings.Contains(skus, "mou-2") || len(c.cards) > 4 {
		t.Errorf("greeted with %s", skus)
	}
	if c.says("hello again"); len(c.cards) > 0 {
		t.Errorf("greeted again with %s", c.skus())
	}
	buyer := s.customer(t)
	buyer.says("show me tents")
	at := slices.Index(strings.Fields(buyer.skus()), "tent-1")
	buyer.says("add the "+[]string{"first", "second"}[at]+" one to my cart").wantText("go with it", "goes with it", "what else goes")
	if buyer.cart == nil || len(buyer.cart.Lines) != 1 {
		t.Fatalf("%+v", buyer.cart)
	}
	asked := *buyer
	if skus := buyer.says("yes please").skus(); !strings.Contains(skus, "lamp-1") || strings.Contains(skus, "tent-") || strings.Contains(skus, "mou-2") {
		t.Errorf("with a tent goes %s", skus)
	}
	if asked.says("no thanks"); len(asked.cards) > 0 {
		t.Errorf("who wants nothing is shown %s", asked.skus())
	}
}
