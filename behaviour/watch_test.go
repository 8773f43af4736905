package behaviour_test

import (
	"context"
	"errors"
	"testing"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/shop"
)

// script is an assistant that does what its function says.
type script func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)

func (f script) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return f(ctx, turn, out)
}

// screen takes what is shown, or fails.
type screen struct{ err error }

func (s screen) Show(context.Context, shop.Cards) error       { return s.err }
func (s screen) Say(context.Context, string) error            { return s.err }
func (s screen) CartChanged(context.Context, shop.Cart) error { return s.err }

func TestEachCardShownIsOneImpressionWithItsRanking(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	cards := shop.Cards{RankingID: "r-1", Model: "m-7", Cards: []shop.Card{{Position: 1, SKU: "mug"}, {Position: 2, SKU: "tent"}}}
	watched := l.Watch(script(func(ctx context.Context, _ shop.Turn, out shop.Output) (shop.Outcome, error) {
		return shop.Outcome{}, out.Show(ctx, cards)
	}))
	turn := shop.Turn{SessionID: "s", Customer: "ann", Verified: true, MessageID: "m"}
	for range 2 { // a turn that is answered again after a crash shows the same ranking
		if _, err := watched.Answer(t.Context(), turn, screen{}); err != nil {
			t.Fatal(err)
		}
	}
	lost := errors.New("a person took over")
	cards.RankingID = "r-2"
	if _, err := watched.Answer(t.Context(), turn, screen{lost}); !errors.Is(err, lost) {
		t.Fatalf("got %v", err)
	}
	const shown = `SELECT count(*) FROM behaviour_events WHERE action = 'impression'`
	if n := count(t, pool, shown); n != 2 {
		t.Errorf("%d impressions, want one a card that was shown", n)
	}
	if n := count(t, pool, shown+` AND ranking_id = 'r-1' AND model = 'm-7' AND propensity = 1 AND trusted AND client = 'ann' AND session = 's'
		AND (sku, position) IN (('mug', 1), ('tent', 2))`); n != 2 {
		t.Errorf("%d impressions are whole", n)
	}
}

// shelf is a catalogue in memory.
type shelf map[string]shop.Product

func (s shelf) Products(_ context.Context, skus []string) (found []shop.Product, err error) {
	for _, sku := range skus {
		if p, ok := s[sku]; ok {
			found = append(found, p)
		}
	}
	return found, nil
}

func TestWhatIsPutIntoACartIsLogged(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	mug := shop.Product{SKU: "mug", Title: "Tin Mug", Price: shop.Money{Minor: 750, Currency: "USD"}, Stock: 4}
	carts := l.WatchCarts(orders.NewCarts(pool, shelf{"mug": mug}, orders.CartOptions{}))
	for _, step := range []func() (shop.Cart, error){
		func() (shop.Cart, error) { return carts.Add(t.Context(), "ann", "mug", 1) },
		func() (shop.Cart, error) { return carts.Set(t.Context(), "ann", "mug", 9) }, // four are in stock
		func() (shop.Cart, error) { return carts.Set(t.Context(), "ann", "mug", 2) },
	} {
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := carts.Add(t.Context(), "ann", "nothing", 1); err == nil {
		t.Error("an unknown product went in")
	}
	const put = `SELECT count(*) FROM behaviour_events WHERE action = 'add_to_cart' AND client = 'ann' AND sku = 'mug' AND amount = $1`
	if count(t, pool, put, 1) != 1 || count(t, pool, put, 3) != 1 || count(t, pool, `SELECT count(*) FROM behaviour_events`) != 2 {
		t.Error("want one piece and three more, and nothing else")
	}
}

func TestADeclinedProductIsLoggedOnce(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	for range 2 {
		l.Declined(t.Context(), "s", "ann", "mug")
	}
	l.Declined(t.Context(), "s", "ann", "tent")
	if n := count(t, pool, `SELECT count(*) FROM behaviour_events WHERE action = 'decline' AND client = 'ann'`); n != 2 {
		t.Errorf("%d declines", n)
	}
}
