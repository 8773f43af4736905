package behaviour_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

func TestWhatBecameOfAListIsReadWithWhatTheRankerKnew(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	cards := shop.Cards{RankingID: "r-1", Model: "m-7", Query: "red mug", Cards: []shop.Card{
		{Position: 1, SKU: "mug", Features: []float64{0.25, math.NaN(), 1}}, {Position: 2, SKU: "tent", Features: []float64{0.5, 0, 0}}, {Position: 3, SKU: "lamp", Features: []float64{0, 0, 0}}}}
	watched := l.Watch(script(func(ctx context.Context, _ shop.Turn, out shop.Output) (shop.Outcome, error) {
		return shop.Outcome{}, out.Show(ctx, cards)
	}))
	if _, err := watched.Answer(t.Context(), shop.Turn{SessionID: "s", Customer: "ann", MessageID: "m"}, screen{}); err != nil {
		t.Fatal(err)
	}
	cards.RankingID, cards.Cards = "r-2", []shop.Card{{Position: 1, SKU: "mug"}} // a person at the desk ranks nothing
	if _, err := watched.Answer(t.Context(), shop.Turn{SessionID: "s", Customer: "ann", MessageID: "n"}, screen{}); err != nil {
		t.Fatal(err)
	}
	of := func(id, ranking, sku string, action behaviour.Action) behaviour.Event {
		e := click(id, "s", sku, noon.Add(time.Minute))
		e.Action, e.QueryID = action, ranking
		return e
	}
	add(t, l, of("1", "r-1", "tent", behaviour.Click), of("2", "", "tent", behaviour.AddToCart), of("3", "elsewhere", "mug", behaviour.Click),
		click("4", "another", "lamp", noon.Add(time.Minute)))
	got, err := l.Impressions(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour), 10)
	if err != nil || len(got) != 1 || len(got[0].Items) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := behaviour.Impressions{RankingID: "r-1", Query: "red mug", Model: "m-7", Time: noon, Items: []behaviour.Item{
		{SKU: "mug", Position: 1, Features: []float64{0.25, math.NaN(), 1}}, {SKU: "tent", Position: 2, Features: []float64{0.5, 0, 0}, Gain: 0.5},
		{SKU: "lamp", Position: 3, Features: []float64{0, 0, 0}}}}
	got[0].Time = got[0].Time.UTC()
	if diff := cmp.Diff(want, got[0], cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	if none, err := l.Impressions(t.Context(), noon.Add(time.Minute), noon.Add(time.Hour), 10); err != nil || len(none) != 0 {
		t.Errorf("of another time: %+v, %v", none, err)
	}
	// What a shadow made of the list stands beside what the customer did with it.
	shadow := behaviour.Shadow{RankingID: "r-1", Served: "m-7", Shadow: "m-8", ServedSKUs: []string{"mug", "tent"}, ShadowSKUs: []string{"tent", "mug"}, ServedMillis: 5, ShadowMillis: 7}
	late := behaviour.Shadow{RankingID: "r-9", Served: "m-7", Shadow: "m-8", Degraded: true}
	for _, s := range []behaviour.Shadow{shadow, shadow, late} {
		if err := l.NoteShadow(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	late.ServedSKUs, late.ShadowSKUs = []string{}, []string{}
	outcomes, err := l.Shadows(t.Context(), noon.Add(-time.Hour))
	if diff := cmp.Diff([]behaviour.ShadowOutcome{{Shadow: shadow, Gains: map[string]float64{"tent": 0.5}}, {Shadow: late, Gains: map[string]float64{}}}, outcomes); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	// Both are erased, or dropped when they are old.
	if n, err := l.Erase(t.Context(), "s"); err != nil || n != 7 {
		t.Errorf("%d events erased, %v", n, err)
	}
	later := behaviour.NewLog(pool, behaviour.Options{Now: func() time.Time { return noon.AddDate(0, 2, 0) }})
	if err := later.Tidy(t.Context()); err != nil || count(t, pool, `SELECT count(*) FROM ranker_shadows`) != 0 {
		t.Errorf("old comparisons: %v", err)
	}
}
