package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/pricing"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// flatEmbedder gives every text the same vector.
type flatEmbedder struct{}

func (flatEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = make([]float32, 384)
		vectors[i][0] = 1
	}
	return vectors, nil
}

// counter is a shop whose mugs sold at 9.00 and at 10.00, and answer to that strongly.
func counter(t *testing.T) (address string, pool *pgxpool.Pool, catalogue *retrieval.Store) {
	t.Helper()
	address = pgtest.URL(t)
	pool, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	catalogue = retrieval.NewStore(pool, flatEmbedder{}, retrieval.Options{})
	for sku, price := range map[string]int64{"mug": 1000, "jug": 1000, "bowl": 700} {
		if _, err := catalogue.Put(t.Context(), shop.Product{SKU: sku, Title: "A <b>" + sku + "</b>", Category: "Kitchen", Price: shop.Money{Minor: price, Currency: "USD"}, CostMinor: 600, Stock: 600}); err != nil {
			t.Fatal(err)
		}
	}
	var lines strings.Builder
	id := 0
	order := func(day time.Time, sku string, minor int64, n int) {
		for range n {
			id++
			fmt.Fprintf(&lines, `{"id":"%d","customer":"customer-ann","status":"delivered","lines":[{"sku":%q,"title":"x","quantity":1,"price":{"minor":%d,"currency":"USD"}}],"total":{"minor":%d,"currency":"USD"},"placed_at":"%s"}`+"\n",
				id, sku, minor, minor, day.Format(time.DateOnly))
		}
	}
	for back := 200; back > 0; back-- {
		day := time.Now().UTC().AddDate(0, 0, -back)
		if back/20%2 == 0 { // now, and every other 20 days before
			order(day, "mug", 1000, 5)
			order(day, "jug", 1000, 4)
		} else {
			order(day, "mug", 900, 12)
			order(day, "jug", 900, 10)
		}
		if back%3 == 0 {
			order(day, "bowl", 700, 1)
		}
	}
	if _, err := orders.NewOrders(pool).Import(t.Context(), strings.NewReader(lines.String())); err != nil {
		t.Fatal(err)
	}
	return address, pool, catalogue
}

func TestAPriceIsProposedAcceptedAndNotedAndNothingElseChanges(t *testing.T) {
	address, pool, catalogue := counter(t)
	said := func(want int, args ...string) string {
		t.Helper()
		code, text := command(t, append(args, "--database-url", address, "--data", t.TempDir())...)
		if code != want {
			t.Fatalf("%v: %d %s", args, code, text)
		}
		return text
	}
	if text := said(0, "forecast", "make"); !strings.Contains(text, `{"products":3}`) {
		t.Fatal(text)
	}
	if text := said(0, "forecast", "list"); !strings.Contains(text, "A <b>mug</b>") || !strings.Contains(text, "order") {
		t.Error(text)
	}
	if text := said(0, "forecast", "--csv"); strings.Count(text, "\n") != 4 || !strings.HasPrefix(text, "SKU,product") {
		t.Error(text)
	}
	if text := said(0, "forecast", "show", "mug"); !strings.Contains(text, `"reorder_point":`) {
		t.Error(text)
	}
	said(1, "forecast", "show", "none")
	if text := said(0, "prices", "make"); !strings.Contains(text, `"proposed":2`) || !strings.Contains(text, `"one_price":1`) {
		t.Fatal(text)
	}
	var listed []pricing.Proposal
	if err := json.Unmarshal([]byte(said(0, "prices", "list", "--json")), &listed); err != nil || len(listed) != 2 {
		t.Fatalf("%+v, %v", listed, err)
	}
	for _, p := range listed {
		if p.Price.Minor != 1000 || p.Proposed.Minor >= 1000 || p.Proposed.Minor < 900 || p.Elasticity > -2 || p.Gain.Minor <= 0 || p.State != pricing.Open || !strings.Contains(p.Words, "instead of $10.00") {
			t.Errorf("%+v", p)
		}
	}
	if text := said(0, "prices", "list"); !strings.Contains(text, listed[0].Words) {
		t.Error(text)
	}
	if text := said(0, "prices", "show", "bowl"); !strings.Contains(text, "Not enough to say") {
		t.Error(text)
	}
	said(2, "prices", "make", "--price-most-change", "x")
	for _, bad := range [][]string{{"--price-most-change", "0.9"}, {"--price-endings", "9a"}, {"--price-every", "1h"}, {"--price-least-margin=-1"}} {
		said(1, append([]string{"prices", "make"}, bad...)...)
	}

	log := slog.New(slog.DiscardHandler)
	events := behaviour.NewLog(pool, behaviour.Options{})
	book := newPrices(pool, catalogue, events, newForecasts(pool, catalogue, events, supplyRules{}, log), priceRules{PriceLeastMargin: 0.1, PriceMostChange: 0.1, PriceEvery: 14 * day}, log)
	kim := pricing.Who{Name: "kim", Address: "192.0.2.7"}
	product := func(sku string) shop.Product {
		t.Helper()
		found, err := catalogue.Products(t.Context(), []string{sku})
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		return found[0]
	}
	first, second := listed[0], listed[1]
	before := product(first.SKU)
	if err := book.Accept(t.Context(), first.ID, kim); err != nil {
		t.Fatal(err)
	}
	after := product(first.SKU)
	if after.Price != first.Proposed || after.Stock != before.Stock || after.CostMinor != 600 || after.Version != before.Version+1 {
		t.Errorf("%+v", after)
	}
	code := func(err error) string {
		if e, ok := errors.AsType[*shop.Error](err); ok {
			return e.Code
		}
		return fmt.Sprint(err)
	}
	for _, again := range []error{book.Accept(t.Context(), first.ID, kim), book.Reject(t.Context(), first.ID, kim)} {
		if code(again) != shop.CodeConflict {
			t.Errorf("again: %v", again)
		}
	}
	if err := book.Accept(t.Context(), 1_000_000, kim); code(err) != shop.CodeNotFound {
		t.Errorf("no proposal: %v", err)
	}
	// The shop changes the other's price meanwhile: the proposal was made for another one.
	changed := product(second.SKU)
	changed.Price.Minor = 1010
	if _, err := catalogue.Put(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := book.Accept(t.Context(), second.ID, kim); code(err) != shop.CodeConflict || product(second.SKU).Price.Minor != 1010 {
		t.Errorf("%v; it costs %s", err, product(second.SKU).Price)
	}
	if text := said(0, "prices", "reject", fmt.Sprint(second.ID)); text != "" {
		t.Error(text)
	}
	if text := said(1, "prices", "reject", fmt.Sprint(second.ID)); !strings.Contains(text, "decided on already") {
		t.Error(text)
	}
	rows, err := pool.Query(t.Context(), `SELECT agent_id || ' ' || action || ' ' || detail || ' ' || address FROM desk_audit ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	var audit []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		audit = append(audit, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("kim price_accepted %s: %s instead of $10.00 192.0.2.7", first.SKU, first.Proposed); len(audit) != 2 || audit[0] != want || !strings.HasPrefix(audit[1], "command line") || !strings.Contains(audit[1], "price_rejected "+second.SKU) {
		t.Errorf("the audit log has %q, want first %q", audit, want)
	}
	// What was decided stays; both products are left alone for two weeks.
	made, err := book.Make(t.Context())
	if err != nil || made[pricing.TooSoon] != 2 || made[pricing.Proposed] != 0 {
		t.Errorf("%v, %v", made, err)
	}
	if all, err := book.Proposals(t.Context(), pricing.Query{Limit: 10}); err != nil || len(all) != 2 || all[0].State == pricing.Open || all[1].DecidedBy == "" {
		t.Errorf("%+v, %v", all, err)
	}
	if n, err := pricing.Forget(t.Context(), pool, time.Now().Add(time.Hour), 1); n != 1 || err != nil {
		t.Errorf("%d are forgotten, want one at once: %v", n, err)
	}
}

func TestOrdersAndEventsTellOfTheSamePurchases(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC) }
	usd := shop.Money{Minor: 900, Currency: "USD"}
	ordered := func(context.Context, time.Time, time.Time) ([]shop.Sales, error) {
		return []shop.Sales{{SKU: "mug", Day: day(1), Units: 3, Purchases: 2, Revenue: usd, Priced: 3}, {SKU: "mug", Day: day(3), Units: 1, Purchases: 1, Revenue: usd, Priced: 1}}, nil
	}
	told := func(context.Context, time.Time, time.Time) ([]shop.Sales, error) {
		return []shop.Sales{{SKU: "jug", Day: day(9), Units: 1, Purchases: 1}, {SKU: "mug", Day: day(1), Units: 5, Purchases: 1}, {SKU: "mug", Day: day(2), Units: 2, Purchases: 2}}, nil
	}
	got, err := salesOf(ordered, told)(t.Context(), day(1), day(10))
	want := []shop.Sales{{SKU: "jug", Day: day(9), Units: 1, Purchases: 1}, {SKU: "mug", Day: day(1), Units: 5, Purchases: 2, Revenue: usd, Priced: 3}, {SKU: "mug", Day: day(2), Units: 2, Purchases: 2},
		{SKU: "mug", Day: day(3), Units: 1, Purchases: 1, Revenue: usd, Priced: 1}}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	broken := errors.New("not now")
	fails := func(context.Context, time.Time, time.Time) ([]shop.Sales, error) { return nil, broken }
	for _, s := range []sold{salesOf(fails, told), salesOf(ordered, fails)} {
		if _, err := s(t.Context(), day(1), day(2)); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	}
}

func TestATableForASpreadsheetHoldsNoFormula(t *testing.T) {
	var b strings.Builder
	if err := (listForm{CSV: true}).write(&b, nil, []string{"a", "b"}, [][]string{{"=1+1", "-0.5"}, {"@x, y", "-"}}); err != nil {
		t.Fatal(err)
	}
	if want := "a,b\n'=1+1,-0.5\n\"'@x, y\",-\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestForecastsOnRealSales holds what docs/pricing-and-stock.md says on a part of it.
func TestForecastsOnRealSales(t *testing.T) {
	path := filepath.Join(os.Getenv("FLOORWALKER_SHARED"), "data", "online-retail", "transactions.csv.gz")
	if _, err := os.Stat(path); os.Getenv("FLOORWALKER_SHARED") == "" || err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatal("this test needs the shared data: set FLOORWALKER_SHARED")
		}
		t.Skip("this test needs the shared data: set FLOORWALKER_SHARED")
	}
	code, text := command(t, "eval", "forecast", "--transactions", path, "--first", "2011-10-03", "--last", "2011-10-03")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var report struct {
		Weekly map[string]struct {
			MASE, RMSSE, Pinball float64
			Coverage             float64 `json:"coverage_90"`
		}
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &report); code != 0 || err != nil {
		t.Fatalf("%d %v %s", code, err, text)
	}
	ours := report.Weekly["floorwalker"]
	for model, theirs := range report.Weekly {
		naive := strings.Contains(model, "naive")
		if model != "floorwalker" && (ours.Pinball >= theirs.Pinball || naive && ours.MASE >= theirs.MASE) {
			t.Errorf("%s: %+v, ours %+v", model, theirs, ours)
		}
	}
	if ours.Coverage < 0.85 || ours.Coverage > 0.96 {
		t.Errorf("%.3f of the weeks are in the interval of 0.9", ours.Coverage)
	}
}
