package agent

import (
	"context"
	"fmt"
	"slices"

	"floorwalker/shop"
)

// mostSuggested is how many products are suggested to a person who serves.
const mostSuggested = 6

// Suggest is what the assistant would show the customer now, for a person who serves him: what meets his latest words, else
// what the conversation was about before, else what is to his taste. Nothing is said, shown, charged or remembered by it,
// and nothing in it is drawn by chance or paid for.
func (a *Agent) Suggest(ctx context.Context, turn shop.Turn) (shop.Cards, error) {
	p := a.Parts
	p.Carts, p.Writer, p.Sponsored = noCarts{}, nil, nil
	if p.Taste != nil {
		p.Taste = certain{p.Taste}
	}
	c := a.c
	c.Cards = mostSuggested
	quiet := &Agent{Parts: p, c: c}
	look := func(act func(t *talk) error) (shop.Cards, error) {
		shelf := &window{left: turn.State.Rejected}
		t := &talk{Agent: quiet, turn: turn, out: shelf, timer: shop.NewTimer(c.Now), state: turn.State, lang: turn.Locale}
		if t.lang != shop.Chinese {
			t.lang = shop.English
		}
		if err := act(t); err != nil {
			return shop.Cards{}, fmt.Errorf("suggest products: %w", err)
		}
		return shelf.cards, nil
	}
	cards, err := look(func(t *talk) error { return t.byWords(ctx) })
	if err == nil && len(cards.Cards) == 0 {
		cards, err = look(func(t *talk) error { return t.bySituation(ctx) })
	}
	return cards, err
}

// byWords looks for what the latest words ask for, where they ask for products.
func (t *talk) byWords(ctx context.Context) error {
	if t.turn.Text == "" {
		return nil
	}
	attack, err := t.understand(ctx, nil)
	if err != nil || attack || !slices.Contains([]shop.Intent{shop.IntentSearch, shop.IntentRefine}, t.parse.Intent) {
		return err
	}
	t.lang = t.language()
	return t.find(ctx)
}

// bySituation looks for what the conversation was about, and where that was nothing, or is not sold, for what is to the
// customer's taste.
func (t *talk) bySituation(ctx context.Context) error {
	t.turn.Text = ""
	if need := t.state.Need; need.Product != "" {
		r, err := t.look(ctx, need, t.state.Rejected)
		if err != nil {
			return err
		}
		if len(r.shown) > 0 {
			return t.show(ctx, r)
		}
	}
	need := t.state.Need
	need.Product, need.Sort = "", shop.SortRelevance
	q := queryFor(need, t.lang, slices.Clone(t.state.Rejected))
	r, err := t.liked(ctx, q)
	if err == nil && len(r.shown) == 0 {
		r, err = t.suggest(ctx, q, need)
	}
	if err != nil || len(r.shown) == 0 {
		return err
	}
	return t.show(ctx, r)
}

// window is an output that keeps the last cards, without those that are left, and no words: words that begin another search
// bring nothing back that was turned down.
type window struct {
	left  []string
	cards shop.Cards
}

func (w *window) Show(_ context.Context, cards shop.Cards) error {
	cards.Cards = slices.DeleteFunc(slices.Clone(cards.Cards), func(c shop.Card) bool { return slices.Contains(w.left, c.SKU) })
	for i := range cards.Cards {
		cards.Cards[i].Position = i + 1
	}
	w.cards = cards
	return nil
}

func (*window) Say(context.Context, string) error { return nil }

func (*window) CartChanged(context.Context, shop.Cart) error { return nil }

// certain is a taste that explores nothing: what a person shows is the person's choice.
type certain struct{ Taste }

// Explore chooses the first.
func (certain) Explore(_ context.Context, _ string, skus []string) (sku string, propensity float64, err error) {
	return skus[0], 1, nil
}
