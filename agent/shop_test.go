package agent_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/agent"
	"floorwalker/agent/grounding"
	"floorwalker/agent/knowledge"
	"floorwalker/agent/llm"
	"floorwalker/agent/understanding"
	"floorwalker/embedded/pgtest"
	"floorwalker/onnx/onnxtest"
	"floorwalker/orders"
	"floorwalker/ranking"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"go.uber.org/goleak"
)

// The database server of the tests outlives them.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

// testShop is a small shop of real parts.
type testShop struct {
	parts  agent.Parts
	store  *retrieval.Store
	carts  *orders.Carts
	config agent.Config
	// prefix and counter name sessions.
	prefix  string
	counter int
}

// openShop imports the test catalogue, three articles and two orders into a database of its own.
func openShop(t *testing.T) *testShop {
	t.Helper()
	ctx := t.Context()
	english, chinese := onnxtest.Embedder(t, "all-minilm-l6-v2"), onnxtest.Embedder(t, "bge-small-zh-v1.5")
	pool := pgtest.New(t)
	rates := shop.Rates{"USD": 1, "EUR": 1.1, "CNY": 0.14}
	store := retrieval.NewStore(pool, english, retrieval.Options{Rates: rates})
	file, err := os.Open("testdata/catalogue.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := store.Import(ctx, file, retrieval.FormatJSONL, retrieval.ImportOptions{Catalogue: "test"}); err != nil {
		t.Fatal(err)
	}
	articles := knowledge.NewStore(pool, english, chinese)
	if err := articles.Load(ctx, []shop.Article{
		article("opened-items", "returns", "Returning opened items", "You may return items that you have opened within 30 days, as long as nothing is missing.",
			"退回已拆封的商品", "已拆封的商品在30天内可以退货，只要配件齐全。"),
		article("delivery-times", "shipping", "How long delivery takes", "Parcels to Germany take 3 working days. We send parcels by post.", "配送时间", "寄往德国的包裹需要3个工作日。"),
		article("ways-to-pay", "payment", "Ways to pay", "You can pay by card, by PayPal or by invoice.", "支付方式", "您可以用银行卡、PayPal或微信支付。"),
	}); err != nil {
		t.Fatal(err)
	}
	purchases := orders.NewOrders(pool)
	if _, err := purchases.Import(ctx, strings.NewReader(`{"id":"10482","customer":"ann","status":"shipped","lines":[],"total":{"minor":7900,"currency":"USD"},"placed_at":"2026-05-01","eta":"2026-05-06","carrier":"Post","tracking":"XZ1"}`+"\n")); err != nil {
		t.Fatal(err)
	}
	local, err := understanding.NewLocal(ctx, english, chinese)
	if err != nil {
		t.Fatal(err)
	}
	words, err := store.Vocabulary(ctx)
	if err != nil {
		t.Fatal(err)
	}
	local.SetVocabulary(words)
	carts := orders.NewCarts(pool, store, orders.CartOptions{Rates: rates})
	return &testShop{store: store, carts: carts, config: agent.Config{Rates: rates},
		parts: agent.Parts{Parser: local, Search: store, Rank: ranking.New(english, nil, ranking.Options{Chinese: chinese}), Knowledge: articles, Carts: carts, Orders: purchases, Spelling: local}}
}

func article(slug, topic, title, body, titleZH, bodyZH string) shop.Article {
	return shop.Article{Slug: slug, Topic: topic, Titles: map[string]string{"en": title, "zh": titleZH}, Bodies: map[string]string{"en": body, "zh": bodyZH}}
}

// customer is somebody who talks to the shop.
type customer struct {
	t        *testing.T
	shop     *testShop
	agent    *agent.Agent
	session  string
	name     string
	state    shop.State
	text     string
	cards    []shop.Card
	shown    []shop.Card // in all turns
	cart     *shop.Cart
	outcome  shop.Outcome
	refuse   error
	messages int
	page     shop.Page
	picture  string
	lessLike string
}

func (s *testShop) customer(t *testing.T) *customer {
	s.counter++
	return &customer{t: t, shop: s, agent: agent.New(s.parts, s.config), session: fmt.Sprintf("%s-%d", s.prefix, s.counter)}
}

func (c *customer) Show(_ context.Context, cards shop.Cards) error {
	if c.text != "" {
		c.t.Error("cards came after words")
	}
	c.cards, c.shown = cards.Cards, append(c.shown, cards.Cards...)
	return c.refuse
}

func (c *customer) Say(_ context.Context, text string) error {
	c.text += text
	return c.refuse
}

func (c *customer) CartChanged(_ context.Context, cart shop.Cart) error {
	c.cart = &cart
	return nil
}

func (c *customer) try(ctx context.Context, text string) error {
	c.text, c.cards, c.cart = "", nil, nil
	c.messages++
	outcome, err := c.agent.Answer(ctx, shop.Turn{SessionID: c.session, Customer: c.name, Verified: c.name != "", Text: text, State: c.state, Page: c.page, Picture: c.picture, LessLike: c.lessLike,
		MessageID: fmt.Sprintf("%s-%d", c.session, c.messages)}, c)
	c.outcome = outcome
	if err == nil {
		c.state = outcome.State
	}
	return err
}

// phraseKey is the name of a phrase where its words should stand.
var phraseKey = regexp.MustCompile(`\b[a-z]+_[a-z]+\b`)

// says has one turn answered and checks what holds for every answer.
func (c *customer) says(text string) *customer {
	c.t.Helper()
	if err := c.try(c.t.Context(), text); err != nil {
		c.t.Fatalf("%q: %v", text, err)
	}
	if strings.TrimSpace(c.text) == "" {
		c.t.Errorf("%q: no answer", text)
	}
	if strings.ContainsAny(c.text, "\x02\x03") || strings.Contains(c.text, "%!") || strings.Contains(c.text, "[1]") || phraseKey.MatchString(c.text) {
		c.t.Errorf("%q: the answer shows its works: %q", text, c.text)
	}
	if c.outcome.Parse.Intent != shop.IntentFAQ && c.outcome.Parse.Intent != shop.IntentReturnRefund {
		if bad := grounding.Invented(c.text, c.facts()); len(bad) > 0 {
			c.t.Errorf("%q: the answer %q names %q, which nothing bears out", text, c.text, bad)
		}
	}
	return c
}

// facts are the amounts that an answer may name: of what was shown, of the catalogue and of the cart.
func (c *customer) facts() []string {
	var all []string
	found, err := c.shop.store.Search(c.t.Context(), shop.Query{Lang: shop.English, Limit: 100})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range found {
		all = append(all, f.Product.Price.String())
	}
	for _, card := range c.shown {
		all = append(all, card.PriceText)
	}
	cart, err := c.shop.carts.Get(c.t.Context(), c.owner())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, l := range cart.Lines {
		all = append(all, l.Price.Times(l.Quantity).String())
	}
	return append(all, cart.Total.String(), c.outcome.CheckoutURL)
}

func (c *customer) owner() string {
	if c.name != "" {
		return c.name
	}
	return c.session
}

// skus are the cards' article numbers in their order.
func (c *customer) skus() string {
	all := make([]string, len(c.cards))
	for i, card := range c.cards {
		all[i] = card.SKU
	}
	return strings.Join(all, " ")
}

func (c *customer) wantCards(want string) *customer {
	c.t.Helper()
	if got := c.skus(); got != want {
		c.t.Errorf("cards %q, want %q (%s)", got, want, c.text)
	}
	return c
}

// wantSome is wantCards in any order.
func (c *customer) wantSome(want string) *customer {
	c.t.Helper()
	got := strings.Fields(c.skus())
	slices.Sort(got)
	if strings.Join(got, " ") != want {
		c.t.Errorf("cards %q, want %q in any order (%s)", got, want, c.text)
	}
	return c
}

// first is the first card as an answer names it.
func (c *customer) first() string {
	if len(c.cards) == 0 {
		return "no card"
	}
	return c.cards[0].Title + " (" + c.cards[0].PriceText + ")"
}

func (c *customer) wantText(any ...string) *customer {
	c.t.Helper()
	for _, w := range any {
		if strings.Contains(strings.ToLower(c.text), strings.ToLower(w)) {
			return c
		}
	}
	c.t.Errorf("the answer %q has none of %q", c.text, any)
	return c
}

func (c *customer) wantNoText(none ...string) *customer {
	c.t.Helper()
	for _, w := range none {
		if strings.Contains(strings.ToLower(c.text), strings.ToLower(w)) {
			c.t.Errorf("the answer %q has %q", c.text, w)
		}
	}
	return c
}

// modelWriter asks a client as the agent wants to.
type modelWriter struct{ *llm.Client }

func (w modelWriter) Write(ctx context.Context, system string, lines []string, each func(string) error) error {
	_, err := w.Stream(ctx, messages(system, lines), each)
	return err
}

// messages are the system's, then the user's and the assistant's in turn.
func messages(system string, lines []string) []llm.Message {
	all := []llm.Message{{Role: llm.System, Content: system}}
	for i, line := range lines {
		role := llm.User
		if i%2 == 1 {
			role = llm.Assistant
		}
		all = append(all, llm.Message{Role: role, Content: line})
	}
	return all
}

// wait holds until it is true, or fails.
func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}
