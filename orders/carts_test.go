package orders_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
)

// shelf is a catalogue in memory; the catalogue's own store is tested where it lives.
type shelf map[string]shop.Product

func (s shelf) Products(_ context.Context, skus []string) (found []shop.Product, err error) {
	for _, sku := range skus {
		if p, ok := s[sku]; ok {
			found = append(found, p)
		}
	}
	return found, nil
}

func dollars(cents int64) shop.Money { return shop.Money{Minor: cents, Currency: "USD"} }

func newShelf() shelf {
	return shelf{
		"tent": {SKU: "tent", Title: "Dome Tent", Price: dollars(12000), Stock: 3},
		"mug":  {SKU: "mug", Title: "Tin Mug", Price: dollars(750), Stock: 500},
		"gone": {SKU: "gone", Title: "Old Lamp", Price: dollars(2000)},
		"euro": {SKU: "euro", Title: "Bottle", Price: shop.Money{Minor: 1000, Currency: "EUR"}, Stock: 9},
	}
}

func code(err error) string {
	if e, ok := errors.AsType[*shop.Error](err); ok {
		return e.Code
	}
	return ""
}

func TestCartHoldsAbsoluteQuantitiesAndTheCataloguesPrices(t *testing.T) {
	products := newShelf()
	carts := orders.NewCarts(pgtest.New(t), products, orders.CartOptions{MaxQuantity: 20})
	ctx := t.Context()
	do := func(cart shop.Cart, err error) shop.Cart {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return cart
	}
	do(carts.Add(ctx, "ann", "mug", 2))
	do(carts.Add(ctx, "ann", "mug", 3))
	do(carts.Add(ctx, "bob", "mug", 1))
	cart := do(carts.Add(ctx, "ann", "tent", 7))
	want := shop.Cart{Total: dollars(5*750 + 3*12000), Lines: []shop.CartLine{
		{SKU: "mug", Title: "Tin Mug", Quantity: 5, Price: dollars(750)},
		{SKU: "tent", Title: "Dome Tent", Quantity: 3, Price: dollars(12000)}, // all that are in stock
	}}
	if diff := cmp.Diff(want, cart, cmpopts.IgnoreFields(shop.CartLine{}, "ID")); diff != "" {
		t.Fatal(diff)
	}
	if cart.Lines[0].ID == "" || cart.Lines[0].ID == cart.Lines[1].ID {
		t.Errorf("lines have no ids of their own: %+v", cart.Lines)
	}
	if got := do(carts.Set(ctx, "ann", cart.Lines[0].ID, 50)); got.Lines[0].Quantity != 20 {
		t.Errorf("quantity %d, want the most allowed, 20", got.Lines[0].Quantity)
	}
	if got := do(carts.Set(ctx, "ann", "mug", 0)); len(got.Lines) != 1 {
		t.Errorf("a quantity of 0 left %+v", got.Lines)
	}
	tent := products["tent"]
	tent.Price = dollars(9900)
	products["tent"] = tent
	if got := do(carts.Get(ctx, "ann")); got.Total != dollars(3*9900) {
		t.Errorf("total %s after the price fell", got.Total)
	}
	delete(products, "tent")
	if got := do(carts.Get(ctx, "ann")); len(got.Lines) != 0 || got.Total.Minor != 0 {
		t.Errorf("a product that is not sold any more stayed: %+v", got)
	}
	if got := do(carts.Get(ctx, "bob")); len(got.Lines) != 1 || got.Lines[0].Quantity != 1 {
		t.Errorf("another customer's cart changed: %+v", got)
	}
	if got := do(carts.Clear(ctx, "bob")); len(got.Lines) != 0 {
		t.Errorf("cleared cart holds %+v", got)
	}
}

func TestWhatCannotGoIntoACartIsRefused(t *testing.T) {
	carts := orders.NewCarts(pgtest.New(t), newShelf(), orders.CartOptions{MaxLines: 1})
	ctx := t.Context()
	anns, err := carts.Add(ctx, "ann", "mug", 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		do   func() (shop.Cart, error)
		want string
	}{
		"unknown":          {func() (shop.Cart, error) { return carts.Add(ctx, "ann", "nothing", 1) }, shop.CodeNotFound},
		"sold out":         {func() (shop.Cart, error) { return carts.Add(ctx, "ann", "gone", 1) }, shop.CodeConflict},
		"none":             {func() (shop.Cart, error) { return carts.Add(ctx, "ann", "mug", 0) }, shop.CodeBadRequest},
		"less than none":   {func() (shop.Cart, error) { return carts.Set(ctx, "ann", "mug", -1) }, shop.CodeBadRequest},
		"full":             {func() (shop.Cart, error) { return carts.Add(ctx, "ann", "tent", 1) }, shop.CodeConflict},
		"another's line":   {func() (shop.Cart, error) { return carts.Set(ctx, "bob", anns.Lines[0].ID, 2) }, shop.CodeNotFound},
		"not in the cart":  {func() (shop.Cart, error) { return carts.Remove(ctx, "ann", "tent") }, shop.CodeNotFound},
		"strange SKU":      {func() (shop.Cart, error) { return carts.Remove(ctx, "ann", "'; DROP TABLE cart_lines; --") }, shop.CodeNotFound},
		"not even a UUID ": {func() (shop.Cart, error) { return carts.Set(ctx, "ann", "123", 2) }, shop.CodeNotFound},
	} {
		if _, err := c.do(); code(err) != c.want {
			t.Errorf("%s: got %v, want code %s", name, err, c.want)
		}
	}
}

func TestTwoDevicesAtOnceDoNotExceedTheStock(t *testing.T) {
	carts := orders.NewCarts(pgtest.New(t), newShelf(), orders.CartOptions{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := carts.Add(t.Context(), "ann", "tent", 1); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	cart, err := carts.Get(t.Context(), "ann")
	if err != nil || len(cart.Lines) != 1 || cart.Lines[0].Quantity != 3 {
		t.Errorf("got %+v, %v", cart, err)
	}
}

func TestTotalOfSeveralCurrenciesNeedsARate(t *testing.T) {
	pool := pgtest.New(t)
	ctx := t.Context()
	carts := orders.NewCarts(pool, newShelf(), orders.CartOptions{Rates: shop.Rates{"USD": 1, "EUR": 1.1}})
	if _, err := carts.Add(ctx, "ann", "mug", 1); err != nil {
		t.Fatal(err)
	}
	cart, err := carts.Add(ctx, "ann", "euro", 2)
	if err != nil || cart.Total != dollars(750+2200) {
		t.Errorf("total %s, %v", cart.Total, err)
	}
	if _, err := orders.NewCarts(pool, newShelf(), orders.CartOptions{}).Get(ctx, "ann"); !errors.Is(err, shop.ErrCurrency) {
		t.Errorf("without a rate got %v", err)
	}
}

func TestALoginKeepsTheLargerQuantity(t *testing.T) {
	pool := pgtest.New(t)
	carts := orders.NewCarts(pool, newShelf(), orders.CartOptions{})
	ctx := t.Context()
	for _, add := range []struct {
		owner, sku string
		n          int
	}{{"session", "mug", 4}, {"session", "tent", 1}, {"ann", "mug", 2}} {
		if _, err := carts.Add(ctx, add.owner, add.sku, add.n); err != nil {
			t.Fatal(err)
		}
	}
	batch := &pgx.Batch{}
	carts.Take(func(sql string, args ...any) { batch.Queue(sql, args...) }, "session", "ann")
	if err := pool.SendBatch(ctx, batch).Close(); err != nil {
		t.Fatal(err)
	}
	cart, err := carts.Get(ctx, "ann")
	if err != nil || len(cart.Lines) != 2 || cart.Total != dollars(4*750+12000) {
		t.Errorf("merged %+v, %v", cart, err)
	}
	if left, err := carts.Get(ctx, "session"); err != nil || len(left.Lines) != 0 {
		t.Errorf("left behind %+v, %v", left, err)
	}
}
