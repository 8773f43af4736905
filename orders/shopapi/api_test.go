package shopapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/orders/shopapi"
	"floorwalker/orders/shopapi/shopapitest"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

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
		"tent":     {SKU: "tent", Title: "Dome Tent", Price: dollars(12000), Stock: 3},
		"mug":      {SKU: "mug", Title: "Tin Mug", Price: dollars(750), Stock: 500},
		"gone":     {SKU: "gone", Title: "Old Lamp", Price: dollars(2000)},
		"a b/c?d%": {SKU: "a b/c?d%", Title: "Odd One", Price: dollars(100), Stock: 9},
	}
}

const purchases = `{"id":"#W1","customer":"ann","status":"delivered","lines":[{"sku":"mug","title":"Tin Mug","quantity":2,"price":{"minor":750,"currency":"USD"}}],"total":{"minor":1500,"currency":"USD"},"placed_at":"2026-05-02"}
{"id":"#W2","customer":"ann","status":"pending","lines":[{"sku":"tent","title":"Dome Tent","quantity":1,"price":{"minor":12000,"currency":"USD"}}],"total":{"minor":12000,"currency":"USD"},"placed_at":"2026-05-01"}
`

const people = `{"id":"ann","name":"Ann","email":"ann@example.com","lang":"en"}
`

// system is one implementation of what keeps carts, orders and customers.
type system struct {
	carts interface {
		Get(ctx context.Context, owner string) (shop.Cart, error)
		Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error)
		Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error)
		Take(queue func(sql string, args ...any), visitor, customer string)
	}
	orders interface {
		Find(ctx context.Context, id string) (shop.Order, error)
		Of(ctx context.Context, customer string) ([]shop.Order, error)
		RequestReturn(ctx context.Context, r shop.ReturnRequest) (shop.Order, error)
	}
	customers interface {
		Customer(ctx context.Context, id string) (shop.Customer, error)
	}
	// pool is Floorwalker's own database.
	pool *pgxpool.Pool
}

func filled(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	if _, err := orders.NewOrders(pool).Import(t.Context(), strings.NewReader(purchases)); err != nil {
		t.Fatal(err)
	}
	if _, err := orders.NewCustomers(pool).Import(t.Context(), strings.NewReader(people)); err != nil {
		t.Fatal(err)
	}
}

func standIn(t *testing.T, o shopapi.Options) (*shopapitest.Server, *shopapi.Client) {
	t.Helper()
	pool := pgtest.New(t)
	filled(t, pool)
	server := shopapitest.New(t, pool, newShelf(), orders.CartOptions{})
	if o.Pause == 0 {
		o.Pause = time.Millisecond
	}
	api, err := shopapi.New(server.URL, shopapitest.Token, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	return server, api
}

func code(err error) string {
	if err == nil {
		return ""
	}
	code, _ := shop.CodeOf(err)
	return code
}

// TestTablesAndTheShopsAPIKeepOneContract runs the same through both.
func TestTablesAndTheShopsAPIKeepOneContract(t *testing.T) {
	t.Run("tables", func(t *testing.T) {
		pool := pgtest.New(t)
		filled(t, pool)
		testContract(t, system{orders.NewCarts(pool, newShelf(), orders.CartOptions{}), orders.NewOrders(pool), orders.NewCustomers(pool), pool})
	})
	t.Run("the shop's API", func(t *testing.T) {
		_, api := standIn(t, shopapi.Options{})
		pool := pgtest.New(t)
		testContract(t, system{shopapi.NewCarts(api, pool), api, api, pool})
	})
}

func testContract(t *testing.T, s system) {
	ctx := t.Context()
	t.Run("carts", func(t *testing.T) {
		if cart, err := s.carts.Get(ctx, "ann"); err != nil || cart.Lines == nil || len(cart.Lines) != 0 {
			t.Fatalf("an empty cart is %+v, %v", cart, err)
		}
		for _, add := range []struct {
			sku string
			n   int
		}{{"mug", 2}, {"tent", 7}, {"a b/c?d%", 1}} {
			if _, err := s.carts.Add(ctx, "ann", add.sku, add.n); err != nil {
				t.Fatal(err)
			}
		}
		cart, err := s.carts.Set(ctx, "ann", "a b/c?d%", 2)
		if err != nil || len(cart.Lines) != 3 || cart.Lines[1].Quantity != 3 || cart.Total != dollars(2*750+3*12000+2*100) {
			t.Fatalf("%+v, %v", cart, err)
		}
		if cart, err = s.carts.Set(ctx, "ann", cart.Lines[0].ID, 0); err != nil || len(cart.Lines) != 2 {
			t.Errorf("after the mugs went %+v, %v", cart, err)
		}
		for name, c := range map[string]struct {
			want string
			do   func() (shop.Cart, error)
		}{
			"unknown":  {shop.CodeNotFound, func() (shop.Cart, error) { return s.carts.Add(ctx, "ann", "nothing", 1) }},
			"sold out": {shop.CodeConflict, func() (shop.Cart, error) { return s.carts.Add(ctx, "ann", "gone", 1) }},
			"none":     {shop.CodeBadRequest, func() (shop.Cart, error) { return s.carts.Add(ctx, "ann", "mug", 0) }},
			"negative": {shop.CodeBadRequest, func() (shop.Cart, error) { return s.carts.Set(ctx, "ann", "mug", -1) }},
			"no line":  {shop.CodeNotFound, func() (shop.Cart, error) { return s.carts.Set(ctx, "ann", "nothing", 1) }},
		} {
			if _, err := c.do(); code(err) != c.want {
				t.Errorf("%s: %v, want code %s", name, err, c.want)
			}
		}
	})
	t.Run("a login takes the visitor's cart along", func(t *testing.T) {
		if _, err := s.carts.Add(ctx, "visitor", "mug", 4); err != nil {
			t.Fatal(err)
		}
		batch := &pgx.Batch{}
		s.carts.Take(func(sql string, args ...any) { batch.Queue(sql, args...) }, "visitor", "bob")
		if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if cart, err := s.carts.Get(ctx, "bob"); err != nil || len(cart.Lines) != 1 || cart.Lines[0].Quantity != 4 {
				t.Errorf("%+v, %v", cart, err)
			}
		}
		if left, err := s.carts.Get(ctx, "visitor"); err != nil || len(left.Lines) != 0 {
			t.Errorf("left behind %+v, %v", left, err)
		}
	})
	t.Run("orders", func(t *testing.T) {
		want := shop.Order{ID: "#W1", Customer: "ann", Status: "delivered", Total: dollars(1500), PlacedAt: "2026-05-02",
			Lines: []shop.OrderLine{{SKU: "mug", Title: "Tin Mug", Quantity: 2, Price: dollars(750)}}}
		got, err := s.orders.Find(ctx, " #w1")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		for _, number := range []string{"W9", "", "..", "../customers/ann", "' OR 1=1 --"} {
			if _, err := s.orders.Find(ctx, number); code(err) != shop.CodeNotFound {
				t.Errorf("%q: %v", number, err)
			}
		}
		all, err := s.orders.Of(ctx, "ann")
		if err != nil || len(all) != 2 || all[0].ID != "#W1" {
			t.Errorf("%+v, %v", all, err)
		}
		for _, nobody := range []string{"bob", ""} {
			if all, err := s.orders.Of(ctx, nobody); err != nil || len(all) != 0 {
				t.Errorf("%q bought %+v, %v", nobody, all, err)
			}
		}
	})
	t.Run("returns", func(t *testing.T) {
		for name, c := range map[string]struct {
			r    shop.ReturnRequest
			want string
		}{
			"not delivered":   {shop.ReturnRequest{ID: "r1", Order: "W2", Customer: "ann", SKUs: []string{"tent"}}, shop.CodeConflict},
			"not in it":       {shop.ReturnRequest{ID: "r2", Order: "W1", Customer: "ann", SKUs: []string{"tent"}}, shop.CodeConflict},
			"somebody else's": {shop.ReturnRequest{ID: "r3", Order: "W1", Customer: "bob", SKUs: []string{"mug"}}, shop.CodeNotFound},
			"unknown":         {shop.ReturnRequest{ID: "r4", Order: "W9", Customer: "ann", SKUs: []string{"mug"}}, shop.CodeNotFound},
			"nothing":         {shop.ReturnRequest{ID: "r5", Order: "W1", Customer: "ann"}, shop.CodeBadRequest},
		} {
			if _, err := s.orders.RequestReturn(ctx, c.r); code(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		r := shop.ReturnRequest{ID: "r6", Order: "W1", Customer: "ann", SKUs: []string{"mug"}}
		for range 2 {
			if order, err := s.orders.RequestReturn(ctx, r); err != nil || order.Status != shop.StatusReturnRequested {
				t.Errorf("%+v, %v", order, err)
			}
		}
		r.ID = "r7"
		if _, err := s.orders.RequestReturn(ctx, r); code(err) != shop.CodeConflict {
			t.Errorf("returned twice: %v", err)
		}
	})
	t.Run("customers", func(t *testing.T) {
		if got, err := s.customers.Customer(ctx, "ann"); err != nil || got != (shop.Customer{ID: "ann", Name: "Ann", Email: "ann@example.com", Lang: shop.English}) {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.customers.Customer(ctx, "nobody"); code(err) != shop.CodeNotFound {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestOnlyWhatMayBeRepeatedIsTriedAgain(t *testing.T) {
	server, api := standIn(t, shopapi.Options{Trip: 100})
	carts := shopapi.NewCarts(api, pgtest.New(t))
	ctx := t.Context()
	failures := func(n int) {
		server.Seen()
		server.Fail(func(w http.ResponseWriter, _ *http.Request) bool {
			if n--; n < 0 {
				return false
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		})
	}
	failures(2)
	if _, err := carts.Get(ctx, "ann"); err != nil {
		t.Errorf("a reading that failed twice: %v", err)
	}
	failures(2)
	if cart, err := carts.Set(ctx, "ann", "mug", 3); err != nil || cart.Lines[0].Quantity != 3 {
		t.Errorf("an absolute quantity that failed twice: %+v, %v", cart, err)
	}
	failures(1)
	if _, err := carts.Add(ctx, "ann", "mug", 1); code(err) != shop.CodeUnavailable {
		t.Errorf("an addition that failed: %v", err)
	}
	if seen := server.Seen(); len(seen) != 1 {
		t.Errorf("an addition was sent %d times: %q", len(seen), seen)
	}
	failures(3)
	if _, err := carts.Get(ctx, "ann"); code(err) != shop.CodeUnavailable {
		t.Errorf("a reading that failed three times: %v", err)
	}
	server.Fail(nil)
	server.Seen()
	if _, err := api.Find(ctx, "nothing"); code(err) != shop.CodeNotFound || len(server.Seen()) != 1 {
		t.Errorf("a no was asked again: %v", err)
	}
}

func TestWhatAnswersBadlyIsUnavailable(t *testing.T) {
	server, api := standIn(t, shopapi.Options{Timeout: 200 * time.Millisecond, Retries: -1, Trip: 1000})
	other := 0
	elsewhere := shopapitest.New(t, pgtest.New(t), newShelf(), orders.CartOptions{})
	elsewhere.Fail(func(http.ResponseWriter, *http.Request) bool { other++; return false })
	write := func(text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { fmt.Fprint(w, text); return true }
	}
	for name, fail := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"hangs": func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true },
		"trickles": func(w http.ResponseWriter, r *http.Request) bool {
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(10 * time.Millisecond)
			}
			return true
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprint(w, `{"id":"`, strings.Repeat("x", 2<<20), `"}`)
			return true
		},
		"no JSON":        write("<html>it works</html>"),
		"empty":          write(""),
		"another order":  write(`{"id":"","status":"delivered","lines":[],"total":{"minor":1,"currency":"USD"}}`),
		"negative total": write(`{"id":"W1","status":"delivered","lines":[],"total":{"minor":-1,"currency":"USD"}}`),
		"bad line":       write(`{"id":"W1","status":"delivered","lines":[{"sku":"x","quantity":0,"price":{"minor":1,"currency":"USD"}}],"total":{"minor":1,"currency":"USD"}}`),
		"redirect": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		},
		"unauthorised": func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusUnauthorized); return true },
		"breaks off": func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"id"`)
			return true
		},
	} {
		server.Fail(fail)
		began := time.Now()
		_, err := api.Find(t.Context(), "W1")
		if code(err) != shop.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: waited %s", name, took)
		}
		if strings.Contains(fmt.Sprint(err), shopapitest.Token) {
			t.Errorf("%s: the error tells the token: %v", name, err)
		}
	}
	if other > 0 {
		t.Error("the token followed a redirect")
	}
	server.Fail(write(`{"orders":[{"id":"W1","customer":"bob","status":"delivered","lines":[],"total":{"minor":1,"currency":"USD"}}]}`))
	if all, err := api.Of(t.Context(), "ann"); code(err) != shop.CodeUnavailable {
		t.Errorf("somebody else's orders: %+v, %v", all, err)
	}
	server.Fail(write("{\"id\":\"W1\",\"status\":\"deli\\u0002vered\\n\",\"lines\":[],\"total\":{\"minor\":1,\"currency\":\"USD\"}}"))
	if o, err := api.Find(t.Context(), "W1"); err != nil || strings.ContainsAny(o.Status, "\x02\n") {
		t.Errorf("control characters came through: %q, %v", o.Status, err)
	}
}

func TestTheBreakerLeavesAnAPIThatFailsAlone(t *testing.T) {
	server, api := standIn(t, shopapi.Options{Retries: -1, Trip: 3, Rest: 150 * time.Millisecond})
	server.Fail(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true })
	for range 10 {
		if _, err := api.Find(t.Context(), "W1"); code(err) != shop.CodeUnavailable {
			t.Fatal(err)
		}
	}
	if n := len(server.Seen()); n != 3 || api.Up() {
		t.Errorf("called %d times, up %v", n, api.Up())
	}
	server.Fail(nil)
	time.Sleep(200 * time.Millisecond)
	if _, err := api.Find(t.Context(), "W1"); err != nil || !api.Up() {
		t.Errorf("after its rest: %v, up %v", err, api.Up())
	}
	// Refusals and callers who leave open nothing.
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 5 {
		if _, err := api.Find(t.Context(), "W9"); code(err) != shop.CodeNotFound {
			t.Error(err)
		}
		if _, err := api.Find(gone, "W1"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if !api.Up() {
		t.Error("refusals opened the breaker")
	}
}

func TestACartIsMergedOnceTheShopAnswers(t *testing.T) {
	server, api := standIn(t, shopapi.Options{Retries: -1, Trip: 1000})
	pool := pgtest.New(t)
	carts := shopapi.NewCarts(api, pool)
	ctx := t.Context()
	if _, err := carts.Add(ctx, "visitor", "mug", 2); err != nil {
		t.Fatal(err)
	}
	batch := &pgx.Batch{}
	carts.Take(func(sql string, args ...any) { batch.Queue(sql, args...) }, "visitor", "ann")
	carts.Take(func(sql string, args ...any) { batch.Queue(sql, args...) }, "who chose nothing", "ann")
	if err := pool.SendBatch(ctx, batch).Close(); err != nil {
		t.Fatal(err)
	}
	server.Fail(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/taken/") {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	if _, err := carts.Get(ctx, "ann"); code(err) != shop.CodeUnavailable {
		t.Errorf("a cart that lacks the visitor's: %v", err)
	}
	server.Fail(nil)
	server.Seen()
	if cart, err := carts.Get(ctx, "ann"); err != nil || len(cart.Lines) != 1 || cart.Lines[0].Quantity != 2 {
		t.Errorf("%+v, %v", cart, err)
	}
	if _, err := carts.Get(ctx, "ann"); err != nil {
		t.Error(err)
	}
	merges := slices.DeleteFunc(server.Seen(), func(call string) bool { return !strings.Contains(call, "/taken/") })
	if len(merges) != 2 {
		t.Errorf("merged by %q, want once each", merges)
	}
}

func TestAddressesThatGiveTheTokenAwayAreRefused(t *testing.T) {
	for address, fine := range map[string]bool{"https://shop.example/assistant": true, "http://127.0.0.1:9": true, "http://localhost:9/x/": true, "http://[::1]:9": true,
		"http://shop.example": false, "shop.example": false, "": false, "ftp://shop.example": false, "https://user:pass@shop.example": false, "https://shop.example/?a=b": false} {
		if _, err := shopapi.New(address, "t", shopapi.Options{}); (err == nil) != fine {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := shopapi.New("https://shop.example", "", shopapi.Options{}); err == nil {
		t.Error("no token is needed")
	}
}
