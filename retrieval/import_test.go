package retrieval_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
	"floorwalker/retrieval"
	"floorwalker/shop"
)

// newStore is a store on a database of its own with the real embedder.
func newStore(t testing.TB) *retrieval.Store {
	t.Helper()
	runtime := onnxtest.Runtime(t)
	embedder, err := onnx.LoadEmbedder(runtime, "../models/all-minilm-l6-v2", onnx.EmbedderOptions{})
	if err != nil {
		t.Fatalf("load embedder: %v", err)
	}
	t.Cleanup(func() { embedder.Close() })
	return retrieval.NewStore(pgtest.New(t), embedder, retrieval.Options{Rates: shop.Rates{"USD": 1, "EUR": 1.1}})
}

func importText(t *testing.T, s *retrieval.Store, text string, o retrieval.ImportOptions) (retrieval.Report, error) {
	t.Helper()
	return s.Import(t.Context(), strings.NewReader(text), retrieval.FormatJSONL, o)
}

const shoes = `{"sku":"s1","title":"Trail running shoes","brand":"Fleet","category":"Shoes","description":"Grippy red shoes for wet paths.","price_minor":7900,"currency":"USD","stock":3,"attributes":{"colour":"red","size":"42, 43"},"titles":{"zh":"越野跑步鞋"}}
{"sku":"s2","title":"Road running shoes","brand":"Fleet","category":"Shoes","description":"Light shoes in blue for fast days.","price_minor":12900,"currency":"USD","stock":0,"attributes":{"colour":"blue"}}
{"sku":"k1","title":"Kettle","brand":"Boil","category":"Kitchen","description":"1.7 litres, steel.","price_minor":3900,"currency":"EUR","stock":9}
`

// behindKey marks what Options.Background has marked.
type behindKey struct{}

// behindEmbedder counts the calls that customers go before, and the others.
type behindEmbedder struct {
	wordEmbedder
	behind, before int
}

func (e *behindEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if ctx.Value(behindKey{}) != nil {
		e.behind++
	} else {
		e.before++
	}
	return e.wordEmbedder.Embed(ctx, texts)
}

func TestCustomersGoBeforeTheEmbeddingOfProducts(t *testing.T) {
	e := &behindEmbedder{}
	s := retrieval.NewStore(pgtest.New(t), e, retrieval.Options{Background: func(ctx context.Context) context.Context {
		return context.WithValue(ctx, behindKey{}, true)
	}})
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	imported := e.behind
	if _, err := s.Search(t.Context(), shop.Query{Text: "running shoes", Lang: "en", Limit: 5}); err != nil {
		t.Fatal(err)
	}
	if imported == 0 || e.behind != imported || e.before != 1 {
		t.Errorf("an import: %d calls in the background; with a search: %d, and %d before them", imported, e.behind, e.before)
	}
}

func TestBadRowsAreReportedWithLineAndReason(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	bad := shoes + `{"sku":"s1","title":"again","price_minor":1,"currency":"USD","stock":1}
not json
{"sku":"n1","title":"negative","price_minor":-5,"currency":"USD","stock":1}
` + "{\"sku\":\"u1\",\"title\":\"bad \xff\",\"price_minor\":5,\"currency\":\"USD\",\"stock\":1}\n" + `{"sku":"m1","title":"no price","currency":"USD","stock":1}
`
	report, err := importText(t, s, bad, retrieval.ImportOptions{MaxErrors: 10})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	if report.Inserted != 3 || len(report.Errors) != 5 {
		t.Fatalf("inserted %d with %d errors, want 3 and 5: %+v", report.Inserted, len(report.Errors), report.Errors)
	}
	for i, want := range []struct {
		line   int
		reason string
	}{{4, "line 1"}, {5, "JSON"}, {6, "negative"}, {7, "UTF-8"}, {8, "price_minor is missing"}} {
		if got := report.Errors[i]; got.Line != want.line || !strings.Contains(got.Reason, want.reason) {
			t.Errorf("error %d is %+v, want line %d and %q", i, got, want.line, want.reason)
		}
	}
}

func TestTooManyErrorsApplyNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	_, err := importText(t, s, shoes+"junk\njunk\n", retrieval.ImportOptions{MaxErrors: 1})
	if code, _ := shop.CodeOf(err); code != retrieval.CodeTooManyErrors {
		t.Fatalf("error %v, want code %s", err, retrieval.CodeTooManyErrors)
	}
	if n, err := s.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d products, %v; want none", n, err)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	report, err := importText(t, s, shoes, retrieval.ImportOptions{DryRun: true})
	if err != nil || report.Rows != 3 {
		t.Fatalf("report %+v, %v", report, err)
	}
	if n, err := s.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d products, %v; want none", n, err)
	}
}

func TestSecondImportChangesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	report, err := importText(t, s, strings.Replace(shoes, "7900", "6900", 1), retrieval.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Updated != 1 || report.Unchanged != 2 {
		t.Errorf("report %+v, want 1 updated and 2 unchanged", report)
	}
	got, err := s.Products(t.Context(), []string{"k1", "gone", "s1"})
	if err != nil || len(got) != 2 || got[0].SKU != "k1" || got[1].Price.Minor != 6900 || got[1].Version != 2 || got[0].Version != 1 {
		t.Errorf("products %+v, %v", got, err)
	}
}

func TestOwnCatalogueReplacesTheDemo(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{Catalogue: retrieval.Demo}); err != nil {
		t.Fatal(err)
	}
	own := `{"sku":"own","title":"Own product","price_minor":100,"currency":"USD","stock":1}`
	report, err := importText(t, s, own, retrieval.ImportOptions{Catalogue: "spring"})
	if err != nil || report.DemoRemoved != 3 {
		t.Fatalf("report %+v, %v; want 3 removed", report, err)
	}
	if names, err := s.Catalogues(t.Context()); err != nil || len(names) != 1 || names[0] != "spring" {
		t.Errorf("catalogues %v, %v", names, err)
	}
}

func TestSearchHoldsHardLimits(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	eighty := shop.Money{Minor: 8000, Currency: "USD"}
	forty := shop.Money{Minor: 4000, Currency: "USD"}
	for name, c := range map[string]struct {
		q    shop.Query
		want string
	}{
		"by words":          {shop.Query{Text: "running shoes", Lang: shop.English}, "s1 s2 k1"},
		"by price":          {shop.Query{Text: "running shoes", Filter: shop.Filter{PriceMax: &eighty}}, "s1 k1"},
		"by price in euros": {shop.Query{Text: "kettle", Filter: shop.Filter{PriceMax: &forty}}, ""},
		"by colour":         {shop.Query{Text: "shoes", Filter: shop.Filter{Color: "navy"}}, "s2"},
		"by either colour":  {shop.Query{Text: "shoes", Filter: shop.Filter{Color: "navy", OtherColors: []string{"红色"}}}, "s1 s2"},
		"by size":           {shop.Query{Text: "shoes", Filter: shop.Filter{Size: "43"}}, "s1"},
		"by brand":          {shop.Query{Text: "shoes", Filter: shop.Filter{Brands: []string{"BOIL"}}}, "k1"},
		"in stock":          {shop.Query{Text: "shoes", Filter: shop.Filter{InStock: true}}, "s1 k1"},
		"without a word":    {shop.Query{Text: "shoes", Filter: shop.Filter{Exclude: []string{"trail"}}}, "s2 k1"},
		"without a brand":   {shop.Query{Text: "shoes", Filter: shop.Filter{Exclude: []string{"Fleet"}}}, "k1"},
		"in Chinese":        {shop.Query{Text: "跑步鞋", Lang: shop.Chinese, Filter: shop.Filter{Color: "红色"}}, "s1"},
		"without any words": {shop.Query{Sort: shop.SortPriceDesc}, "s2 s1 k1"},
	} {
		found, err := s.Search(t.Context(), c.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var skus []string
		for _, f := range found {
			skus = append(skus, f.Product.SKU)
		}
		if got := strings.Join(skus, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestDeletedProductIsGoneAtOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "s1"); err != nil {
		t.Fatal(err)
	}
	found, err := s.Search(t.Context(), shop.Query{Text: "trail running shoes"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Product.SKU == "s1" {
			t.Error("a deleted product was found")
		}
	}
	if code, _ := shop.CodeOf(s.Delete(t.Context(), "s1")); code != shop.CodeNotFound {
		t.Errorf("second delete: code %s, want %s", code, shop.CodeNotFound)
	}
}

func TestExportGivesBackWhatWasImported(t *testing.T) {
	t.Parallel()
	from, to := newStore(t), newStore(t)
	var text strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&text, `{"sku":"p%04d","title":"Mug <%d> & co","category":"Kitchen","price_minor":%d,"currency":"USD","stock":%d,"released_at":"2026-05-01T00:00:00Z","cost_minor":12,"delivery_days":3}`+"\n", i, i, i+1, i%7)
	}
	if _, err := importText(t, from, shoes+text.String(), retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if n, err := from.Export(t.Context(), &first); err != nil || n != 1203 {
		t.Fatalf("%d products, %v", n, err)
	}
	if report, err := importText(t, to, first.String(), retrieval.ImportOptions{}); err != nil || report.Inserted != 1203 || report.Bad != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if _, err := to.Export(t.Context(), &second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() || !strings.Contains(first.String(), `"titles":{"zh":"越野跑步鞋"}`) || !strings.Contains(first.String(), "Mug <7> & co") ||
		strings.Count(first.String(), `"cost_minor":12,"delivery_days":3`) != 1200 {
		t.Errorf("exported\n%.2000s\nthen\n%.2000s", &first, &second)
	}
}
