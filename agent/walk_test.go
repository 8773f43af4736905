package agent_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"floorwalker/agent"
	"floorwalker/shop"
)

// walk is a shop in memory through which random conversations walk. Its parser says whatever it likes, as a model that
// was led astray would.
type walk struct {
	r        *rand.Rand
	products []shop.Product
	orders   map[string]shop.Order
	cart     shop.Cart
	said     string
	cards    []shop.Card
	changed  bool
	returned []shop.ReturnRequest
}

func (w *walk) pick(words ...string) string { return words[w.r.IntN(len(words))] }

func (w *walk) Parse(context.Context, shop.Utterance) (shop.Parse, error) {
	all := append(shop.Intents(), shop.IntentSearch, shop.IntentRefine, shop.IntentSearch, shop.IntentReturnRefund, shop.IntentReturnRefund)
	p := shop.Parse{Intent: all[w.r.IntN(len(all))], Confidence: w.r.Float64(), Parser: "local"}
	s := &p.Slots
	for range w.r.IntN(3) {
		switch w.r.IntN(7) {
		case 0:
			s.Product = w.pick("lamp", "chair", "lamps", "mug")
		case 1:
			s.OrderID = w.pick("D1", "D2", "P1", "X9")
		case 2:
			s.Reference = []int{w.r.IntN(12) - 1}
		case 3:
			s.Color = w.pick("red", "blue")
		case 4:
			most := float64(w.r.IntN(60))
			s.PriceMax = &most
		case 5:
			s.Exclude = []string{w.pick("red", "Acme")}
		case 6:
			s.Quantity = w.r.IntN(120)
		}
	}
	return p, nil
}

func (w *walk) Search(_ context.Context, q shop.Query) (found []shop.Candidate, err error) {
	for _, p := range w.products {
		if (q.Filter.PriceMax == nil || p.Price.Minor <= q.Filter.PriceMax.Minor) && !slices.Contains(q.Filter.ExcludeSKUs, p.SKU) {
			found = append(found, shop.Candidate{Product: p})
		}
	}
	return found, nil
}

func (w *walk) Products(_ context.Context, skus []string) (found []shop.Product, err error) {
	for _, sku := range skus {
		if at := slices.IndexFunc(w.products, func(p shop.Product) bool { return p.SKU == sku }); at >= 0 {
			found = append(found, w.products[at])
		}
	}
	return found, nil
}

func (w *walk) Alike(context.Context, []string, []string) (map[string]map[string]float64, error) {
	return nil, nil
}

func (w *walk) Vocabulary(context.Context) (shop.Vocabulary, error) {
	return shop.Vocabulary{Currency: "USD", Brands: []string{"Acme"}, Words: map[string]int{"lamp": 9, "chair": 9, "mug": 9}}, nil
}

func (w *walk) Rank(_ context.Context, _ shop.Query, found []shop.Candidate) (shop.Ranking, error) {
	for i := range found {
		found[i].Relevance = 1
	}
	w.r.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return shop.Ranking{ID: "r", Model: "m", Candidates: found}, nil
}

func (w *walk) Find(_ context.Context, id string) (shop.Order, error) {
	if o, ok := w.orders[id]; ok {
		return o, nil
	}
	return shop.Order{}, shop.Errorf(shop.CodeNotFound, "No such order.")
}

func (w *walk) Of(_ context.Context, customer string) (mine []shop.Order, err error) {
	for _, id := range []string{"D1", "D2", "P1"} {
		if o := w.orders[id]; o.Customer == customer {
			mine = append(mine, o)
		}
	}
	return mine, nil
}

func (w *walk) RequestReturn(_ context.Context, r shop.ReturnRequest) (shop.Order, error) {
	w.returned = append(w.returned, r)
	o := w.orders[r.Order]
	o.Status = shop.StatusReturnRequested
	w.orders[r.Order] = o
	return o, nil
}

// carts are the walk's cart, and passages that there are none: both have a method of a name that walk has already.
type walkCarts struct{ *walk }

func (w walkCarts) Get(context.Context, string) (shop.Cart, error) { return w.cart, nil }

func (w walkCarts) Add(_ context.Context, _, sku string, n int) (shop.Cart, error) {
	for i, l := range w.cart.Lines {
		if l.SKU == sku {
			w.cart.Lines[i].Quantity += n
			return w.cart, nil
		}
	}
	w.cart.Lines = append(w.cart.Lines, shop.CartLine{ID: sku, SKU: sku, Title: "Thing " + sku, Quantity: n, Price: shop.FromMajor(1, "USD")})
	return w.cart, nil
}

func (w walkCarts) Set(_ context.Context, _, line string, n int) (shop.Cart, error) {
	w.cart.Lines = slices.DeleteFunc(w.cart.Lines, func(l shop.CartLine) bool { return l.SKU == line && n == 0 })
	for i := range w.cart.Lines {
		if w.cart.Lines[i].SKU == line {
			w.cart.Lines[i].Quantity = n
		}
	}
	return w.cart, nil
}

type noArticles struct{}

func (noArticles) Find(context.Context, string, shop.Lang, int) ([]shop.Passage, error) {
	return nil, nil
}

func (w *walk) Show(_ context.Context, cards shop.Cards) error { w.cards = cards.Cards; return nil }
func (w *walk) Say(_ context.Context, text string) error       { w.said += text; return nil }
func (w *walk) CartChanged(context.Context, shop.Cart) error   { w.changed = true; return nil }

var yeses = []string{"yes", "yes please", "ok", "好的"}

// TestRandomConversationsKeepTheRules lets a parser that says anything loose on the assistant. Whatever it says, nothing is
// returned but by the customer's own yes to the question, lists come back as they were, and nothing grows without end.
func TestRandomConversationsKeepTheRules(t *testing.T) {
	returns, backs := 0, 0
	for seed := range uint64(400) {
		w := &walk{r: rand.New(rand.NewPCG(seed, 3)), orders: map[string]shop.Order{}}
		for i := range 12 {
			w.products = append(w.products, shop.Product{SKU: fmt.Sprint("s", i), Title: w.pick("Red", "Blue") + " " + w.pick("Lamp", "Chair", "Mug") + fmt.Sprint(" No", i), Brand: w.pick("Acme", "Orin"),
				Price: shop.FromMajor(float64(5+5*i), "USD"), Stock: i % 4})
		}
		for id, status := range map[string]string{"D1": "delivered", "D2": "delivered", "P1": "pending"} {
			w.orders[id] = shop.Order{ID: id, Customer: "ann", Status: status, Total: shop.FromMajor(9, "USD"), Lines: []shop.OrderLine{{SKU: "a", Title: "Lamp", Quantity: 1, Price: shop.FromMajor(4, "USD")}, {SKU: "b", Title: "Kettle", Quantity: 1, Price: shop.FromMajor(5, "USD")}}}
		}
		a := agent.New(agent.Parts{Parser: w, Search: w, Rank: w, Knowledge: noArticles{}, Carts: walkCarts{w}, Orders: w}, agent.Config{})
		state := shop.State{}
		for turn := range 25 {
			text := w.pick("a lamp", "the second one", "return it", "D1", "under 30", "chairs instead", "no", "only the kettle", "什么都行", "go back", "back to the earlier ones", "回到刚才那几款", "make it two")
			if w.r.IntN(4) == 0 {
				text = yeses[w.r.IntN(len(yeses))]
			}
			verified := w.r.IntN(8) > 0
			before, cart, was := state, fmt.Sprint(w.cart), len(w.returned)
			w.said, w.cards, w.changed = "", nil, false
			out, err := a.Answer(t.Context(), shop.Turn{SessionID: "s", Customer: map[bool]string{true: "ann", false: "s"}[verified], Verified: verified, MessageID: fmt.Sprint(seed, "-", turn), Text: text, State: state}, w)
			at := fmt.Sprintf("seed %d, turn %d, %q as %s", seed, turn, text, out.Parse.Intent)
			if err != nil || strings.TrimSpace(w.said) == "" || strings.Contains(w.said, "%!") {
				t.Fatalf("%s: answer %q, %v", at, w.said, err)
			}
			state = out.State
			if n := len(w.returned) - was; n > 0 {
				returns++
				last := w.returned[len(w.returned)-1]
				if n > 1 || !slices.Contains(yeses, text) || before.Offer != "return" || before.Return == nil || before.Return.Order != last.Order || !verified || last.Order == "P1" || last.Customer != "ann" || len(last.SKUs) == 0 {
					t.Fatalf("%s: returned %+v after %+v, offer %q", at, last, before.Return, before.Offer)
				}
			}
			if state.Offer == "return" && (state.Return == nil || state.Return.Order == "" || !verified) {
				t.Fatalf("%s: a return is offered of nothing, or to nobody", at)
			}
			if !w.changed && cart != fmt.Sprint(w.cart) {
				t.Fatalf("%s: the cart changed and nobody was told", at)
			}
			if back := text == "go back" || strings.Contains(text, "earlier") || strings.Contains(text, "刚才"); back && len(before.Before) > 0 && before.Return == nil && out.Parse.Intent == shop.IntentRefine && len(w.cards) > 0 {
				backs++
				screen := before.Before[len(before.Before)-1]
				var shown []string
				for _, c := range w.cards {
					shown = append(shown, c.SKU)
				}
				if !slices.Equal(shown, screen.SKUs) || len(state.Before) != len(before.Before)-1 {
					t.Fatalf("%s: back to %q, shown %q", at, screen.SKUs, shown)
				}
			}
			if len(state.History) > 8 || len(state.Before) > 3 || len(state.Seen) > 64 || len(state.Shown) > 8 || state.Misses > 2 && state.Offer == "" {
				t.Fatalf("%s: it grows: %d utterances, %d lists, %d seen, %d shown, %d misses", at, len(state.History), len(state.Before), len(state.Seen), len(state.Shown), state.Misses)
			}
			if prev := state.Need; prev.PriceMin != nil && prev.PriceMax != nil && prev.PriceMin.Minor > prev.PriceMax.Minor {
				t.Fatalf("%s: the lowest price is above the highest", at)
			}
		}
	}
	if returns < 20 || backs < 100 {
		t.Errorf("only %d returns and %d ways back were tried", returns, backs)
	}
}
