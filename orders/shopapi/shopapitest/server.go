// Package shopapitest is a stand-in for the shop's own system: it speaks the HTTP API of docs/shop-api.md over the tables
// of package orders, and fails as it is told.
package shopapitest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"floorwalker/orders"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Token is what callers must send.
const Token = "the-shops-secret"

// Server is the shop's system.
type Server struct {
	URL       string
	pool      *pgxpool.Pool
	carts     *orders.Carts
	orders    *orders.Orders
	customers *orders.Customers

	mu   sync.Mutex
	fail func(w http.ResponseWriter, r *http.Request) (failed bool)
	seen []string
}

// New starts a stand-in over a migrated database of its own; it ends with the test.
func New(t testing.TB, pool *pgxpool.Pool, products orders.Products, o orders.CartOptions) *Server {
	t.Helper()
	s := &Server{pool: pool, carts: orders.NewCarts(pool, products, o), orders: orders.NewOrders(pool), customers: orders.NewCustomers(pool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		order, err := s.orders.Find(r.Context(), r.PathValue("id"))
		answer(w, order, err)
	})
	mux.HandleFunc("PUT /orders/{id}/returns/{request}", func(w http.ResponseWriter, r *http.Request) {
		var in shop.ReturnRequest
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.ID != r.PathValue("request") || in.Order != r.PathValue("id") {
			answer(w, nil, shop.Errorf(shop.CodeBadRequest, "The body and the path differ."))
			return
		}
		order, err := s.orders.RequestReturn(r.Context(), in)
		answer(w, order, err)
	})
	mux.HandleFunc("GET /customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		customer, err := s.customers.Customer(r.Context(), r.PathValue("id"))
		answer(w, customer, err)
	})
	mux.HandleFunc("GET /customers/{id}/orders", func(w http.ResponseWriter, r *http.Request) {
		all, err := s.orders.Of(r.Context(), r.PathValue("id"))
		answer(w, map[string]any{"orders": all}, err)
	})
	mux.HandleFunc("GET /carts/{owner}", func(w http.ResponseWriter, r *http.Request) {
		cart, err := s.carts.Get(r.Context(), r.PathValue("owner"))
		answer(w, cart, err)
	})
	mux.HandleFunc("POST /carts/{owner}/lines", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			SKU      string `json:"sku"`
			Quantity int    `json:"quantity"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			answer(w, nil, shop.Errorf(shop.CodeBadRequest, "The body can't be read."))
			return
		}
		cart, err := s.carts.Add(r.Context(), r.PathValue("owner"), in.SKU, in.Quantity)
		answer(w, cart, err)
	})
	mux.HandleFunc("PUT /carts/{owner}/lines/{line}", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Quantity int `json:"quantity"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			answer(w, nil, shop.Errorf(shop.CodeBadRequest, "The body can't be read."))
			return
		}
		cart, err := s.carts.Set(r.Context(), r.PathValue("owner"), r.PathValue("line"), in.Quantity)
		answer(w, cart, err)
	})
	mux.HandleFunc("PUT /carts/{owner}/taken/{visitor}", func(w http.ResponseWriter, r *http.Request) {
		batch := &pgx.Batch{}
		s.carts.Take(func(sql string, args ...any) { batch.Queue(sql, args...) }, r.PathValue("visitor"), r.PathValue("owner"))
		if err := s.pool.SendBatch(r.Context(), batch).Close(); err != nil {
			answer(w, nil, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	web := httptest.NewServer(s.guarded(mux))
	t.Cleanup(web.Close)
	s.URL = web.URL
	return s
}

// Fail has the function see every call first; where it returns true, it has answered. nil ends that.
func (s *Server) Fail(fail func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// Seen are the calls since the last time, as "GET /carts/ann".
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r.Method+" "+r.URL.Path)
		fail := s.fail
		s.mu.Unlock()
		switch {
		case fail != nil && fail(w, r):
		case r.Header.Get("Authorization") != "Bearer "+Token:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// answer writes a value, or an error as docs/shop-api.md says.
func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		code, message := shop.CodeOf(err)
		status := map[string]int{shop.CodeNotFound: http.StatusNotFound, shop.CodeConflict: http.StatusConflict, shop.CodeBadRequest: http.StatusBadRequest}[code]
		if status == 0 {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		v = map[string]string{"code": code, "message": message}
	}
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}
