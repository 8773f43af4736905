package retrieval_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/retrieval"
	"floorwalker/shop"
)

// many is a file of n products.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"sku":"m%d","title":"Thing number %d","category":"Things","price_minor":%d,"currency":"USD","stock":1}`+"\n", i, i, i)
	}
	return b.String()
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGzipIsReadAndACutOneChangesNothing(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	file := gzipped(t, many(3000))
	_, err := s.Import(t.Context(), bytes.NewReader(file[:len(file)/2]), retrieval.FormatJSONL, retrieval.ImportOptions{MaxErrors: -1})
	if code, _ := shop.CodeOf(err); code != retrieval.CodeBadFile {
		t.Errorf("half a file: error %v, want code %s", err, retrieval.CodeBadFile)
	}
	if n, err := s.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("half a file left %d products, %v", n, err)
	}
	report, err := s.Import(t.Context(), bytes.NewReader(file), retrieval.FormatJSONL, retrieval.ImportOptions{})
	if err != nil || report.Inserted != 3000 {
		t.Errorf("the whole file: %+v, %v", report, err)
	}
}

// The model breaks in the middle: nothing is applied, and the next start embeds only what is missing.
func TestBrokenImportGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	broken := &wordEmbedder{failAt: 1500}
	o := retrieval.ImportOptions{}
	if _, err := retrieval.NewStore(pool, broken, retrieval.Options{}).Import(t.Context(), strings.NewReader(many(2000)), retrieval.FormatJSONL, o); !errors.Is(err, errModel) {
		t.Fatalf("error %v, want the model's", err)
	}
	e := &wordEmbedder{}
	s := retrieval.NewStore(pool, e, retrieval.Options{})
	if n, err := s.Count(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d products after a broken import, %v", n, err)
	}
	indexed := func() (there bool) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `SELECT to_regclass('product_vectors_embedding') IS NOT NULL`).Scan(&there); err != nil {
			t.Fatal(err)
		}
		return there
	}
	if indexed() {
		t.Error("the import did not suspend the vector index: this test tries nothing")
	}
	if err := s.Prepare(t.Context()); err != nil || !indexed() {
		t.Errorf("prepare: %v; the vector index is there: %v", err, indexed())
	}
	report, err := s.Import(t.Context(), strings.NewReader(many(2000)), retrieval.FormatJSONL, o)
	if err != nil || report.Inserted != 2000 {
		t.Fatalf("second import: %+v, %v", report, err)
	}
	if got := e.texts.Load(); got > 1100 || report.Embedded != int(got) {
		t.Errorf("the second import embedded %d texts (report %d); the first had done 1024", got, report.Embedded)
	}
	if !indexed() {
		t.Error("the vector index is missing after the import")
	}
}

func TestCancelledImportLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s, pool, _ := newFakeStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := retrieval.ImportOptions{Progress: func(p retrieval.Progress) {
		if p.Phase == "embed" && p.Rows > 0 {
			cancel()
		}
	}}
	if _, err := s.Import(ctx, strings.NewReader(many(2000)), retrieval.FormatJSONL, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want cancelled", err)
	}
	if n, err := s.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d products, %v", n, err)
	}
	// The lock and the staging table are gone: the next import runs, on any connection.
	report, err := importText(t, s, many(10), retrieval.ImportOptions{})
	if err != nil || report.Inserted != 10 {
		t.Errorf("next import: %+v, %v", report, err)
	}
	if pool.Stat().AcquiredConns() != 0 {
		t.Errorf("%d connections are still taken", pool.Stat().AcquiredConns())
	}
}

func TestTwoImportsDoNotMix(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	var second error
	var once sync.Once
	o := retrieval.ImportOptions{Progress: func(p retrieval.Progress) {
		if p.Phase == "embed" {
			once.Do(func() { _, second = importText(t, s, many(5), retrieval.ImportOptions{}) })
		}
	}}
	if _, err := s.Import(t.Context(), strings.NewReader(many(100)), retrieval.FormatJSONL, o); err != nil {
		t.Fatal(err)
	}
	if code, _ := shop.CodeOf(second); code != shop.CodeBusy {
		t.Errorf("second import: %v, want code %s", second, shop.CodeBusy)
	}
}

// A change that comes while an import runs survives it, together with its vector.
func TestPutDuringImport(t *testing.T) {
	t.Parallel()
	s, pool, _ := newFakeStore(t)
	if _, err := importText(t, s, many(50), retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	o := retrieval.ImportOptions{Progress: func(p retrieval.Progress) {
		if p.Phase != "apply" {
			return
		}
		once.Do(func() {
			p := shop.Product{SKU: "m7", Title: "Renamed in between", Price: shop.Money{Minor: 5, Currency: "USD"}, Stock: 1}
			if _, err := s.Put(t.Context(), p); err != nil {
				t.Errorf("put: %v", err)
			}
			p.SKU, p.Title = "extra", "Came in between"
			if _, err := s.Put(t.Context(), p); err != nil {
				t.Errorf("put: %v", err)
			}
		})
	}}
	if _, err := s.Import(t.Context(), strings.NewReader(many(60)), retrieval.FormatJSONL, o); err != nil {
		t.Fatal(err)
	}
	found, err := s.Search(t.Context(), shop.Query{Text: "came in between", Limit: 1})
	if err != nil || len(found) != 1 || found[0].Product.SKU != "extra" || found[0].VectorScore < 0.9 {
		t.Errorf("found %+v, %v", found, err)
	}
	var missing int
	err = pool.QueryRow(t.Context(), `SELECT count(*) FROM products p WHERE NOT EXISTS (SELECT FROM product_vectors v WHERE v.text_hash = p.text_hash)`).Scan(&missing)
	if err != nil || missing != 0 {
		t.Errorf("%d products without a vector, %v", missing, err)
	}
}

func TestReplaceRemovesOnlyItsOwnCatalogue(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	for _, c := range []struct {
		name string
		n    int
	}{{"spring", 10}, {"autumn", 4}} {
		text := strings.ReplaceAll(many(c.n), `"sku":"m`, `"sku":"`+c.name)
		if _, err := importText(t, s, text, retrieval.ImportOptions{Catalogue: c.name}); err != nil {
			t.Fatal(err)
		}
	}
	report, err := importText(t, s, strings.ReplaceAll(many(3), `"sku":"m`, `"sku":"spring`), retrieval.ImportOptions{Catalogue: "spring", Replace: true})
	if err != nil || report.Removed != 7 || report.Unchanged != 3 {
		t.Errorf("report %+v, %v; want 7 removed and 3 unchanged", report, err)
	}
	if n, err := s.Count(t.Context()); err != nil || n != 7 {
		t.Errorf("%d products, %v; want 3 of spring and 4 of autumn", n, err)
	}
}

// What somebody changed in the demo is the shop's own and stays.
func TestTouchedDemoProductsStay(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	if _, err := importText(t, s, many(5), retrieval.ImportOptions{Catalogue: retrieval.Demo}); err != nil {
		t.Fatal(err)
	}
	mine := shop.Product{SKU: "m2", Title: "Mine now", Price: shop.Money{Minor: 5, Currency: "USD"}, Stock: 1, Catalogue: retrieval.Demo}
	if _, err := s.Put(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	report, err := importText(t, s, `{"sku":"own","title":"Own","price_minor":1,"currency":"USD","stock":1}`, retrieval.ImportOptions{Catalogue: "own"})
	if err != nil || report.DemoRemoved != 4 {
		t.Errorf("report %+v, %v; want 4 removed", report, err)
	}
	left, err := s.Products(t.Context(), []string{"m1", "m2", "own"})
	if err != nil || len(left) != 2 || left[0].Title != "Mine now" {
		t.Errorf("left %+v, %v", left, err)
	}
}

func TestHugeAndOddRows(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	long := strings.Repeat("roomy warm coat ", 7000) // 112,000 characters
	text := fmt.Sprintf(`{"sku":"long","title":"Coat","description":%q,"price_minor":1,"currency":"USD","stock":1}`, long) + "\r\n\n" +
		`{"sku":"big","title":"` + strings.Repeat("x", 5<<20) + `","price_minor":1,"currency":"USD","stock":1}` + "\n" +
		`{"sku":"nul","title":"a\u0000b","price_minor":1,"currency":"USD","stock":1}` + "\n" +
		`{"sku":"euro","title":"Coat","price_minor":1,"currency":"euro","stock":1}` + "\n" +
		`{"sku":"half","title":"Coat","price_minor":1.5,"currency":"USD","stock":1}` + "\n" +
		`{"sku":"rated","title":"Coat","price_minor":1,"currency":"USD","stock":1,"rating":7}` + "\n" +
		`{"sku":"minus","title":"Coat","price_minor":1,"currency":"USD","stock":-1}`
	report, err := importText(t, s, text, retrieval.ImportOptions{MaxErrors: 100})
	if err != nil || report.Inserted != 1 || report.Bad != 6 {
		t.Fatalf("report %+v, %v; want 1 in and 6 bad", report, err)
	}
	for i, want := range []string{"longer than 4 MiB", "NUL", "three letters", "price_minor", "from 0 to 5", "stock is negative"} {
		if got := report.Errors[i]; got.Line != i+3 || !strings.Contains(got.Reason, want) {
			t.Errorf("error %d is %+v, want line %d and %q", i, got, i+3, want)
		}
	}
	found, err := s.Search(t.Context(), shop.Query{Text: "roomy coat"})
	if err != nil || len(found) != 1 || len(found[0].Product.Description) < 100_000 {
		t.Errorf("the long one: %d found, %v", len(found), err)
	}
}

func TestTablesAreRead(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	table := "\xef\xbb\xbfsku,title,price_minor,currency,stock,attributes.colour,titles.zh,rating,released_at\n" +
		"c1,\"Mug, large\",900,usd,4,Navy,大杯子,4.5,2026-05-01\n" +
		"c2,Plate,many,USD,1,,,,\n" +
		"c3,Bowl,800,USD,1,,,,,too,long\n" +
		"c1,Again,900,USD,4,,,,\n"
	report, err := s.Import(t.Context(), strings.NewReader(table), retrieval.FormatCSV, retrieval.ImportOptions{MaxErrors: 10})
	if err != nil || report.Inserted != 1 || report.Bad != 3 {
		t.Fatalf("report %+v, %v", report, err)
	}
	for i, want := range []string{"not a number", "the header names 9", "line 2 already"} {
		if got := report.Errors[i]; got.Line != i+3 || !strings.Contains(got.Reason, want) {
			t.Errorf("error %d is %+v, want line %d and %q", i, got, i+3, want)
		}
	}
	got, err := s.Products(t.Context(), []string{"c1"})
	if err != nil || len(got) != 1 || got[0].Title != "Mug, large" || got[0].Price.Currency != "USD" || got[0].Rating != 4.5 ||
		got[0].Titles["zh"] != "大杯子" || got[0].Attributes["colour"] != "Navy" || got[0].ReleasedAt.Format("2006-01-02") != "2026-05-01" {
		t.Errorf("stored %+v, %v", got, err)
	}
	for name, bad := range map[string]string{
		"an unknown column": "sku,title,price_minor,colour\n", "no title": "sku,price_minor\na,1\n", "an empty file": "",
		"an open quote": "sku,title,price_minor\na,\"" + strings.Repeat("x\n", 3<<20),
	} {
		_, err := s.Import(t.Context(), strings.NewReader(bad), retrieval.FormatCSV, retrieval.ImportOptions{MaxErrors: -1})
		if code, _ := shop.CodeOf(err); code != retrieval.CodeBadFile {
			t.Errorf("%s: error %v, want code %s", name, err, retrieval.CodeBadFile)
		}
	}
}

func TestVocabularyFollowsTheCatalogue(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	v, err := s.Vocabulary(t.Context())
	if err != nil || v.Products != 3 || v.Currency != "USD" || v.Words["running"] != 2 || strings.Join(v.Brands, " ") != "Fleet Boil" ||
		v.Categories[0] != "Shoes" || strings.Join(v.Colors, " ") != "blue red" || strings.Join(v.Materials, " ") != "steel" {
		t.Errorf("vocabulary %+v, %v", v, err)
	}
	before, err := s.WordsVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kettle, err := s.Products(t.Context(), []string{"k1"})
	if err != nil || len(kettle) != 1 {
		t.Fatal(kettle, err)
	}
	kettle[0].Stock = 3
	if _, err := s.Put(t.Context(), kettle[0]); err != nil {
		t.Fatal(err)
	}
	if after, err := s.WordsVersion(t.Context()); err != nil || after != before {
		t.Errorf("a new stock changed the words' version from %d to %d, %v", before, after, err)
	}
	kettle[0].Brand = "Steam & Co"
	if _, err := s.Put(t.Context(), kettle[0]); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Vocabulary(t.Context()); err != nil || strings.Join(v.Brands, " ") != "Fleet Steam & Co" {
		t.Errorf("brands %q, %v", v.Brands, err)
	}
}

// Without the model search goes on by words.
func TestSearchWithoutTheModel(t *testing.T) {
	t.Parallel()
	s, _, e := newFakeStore(t)
	if _, err := importText(t, s, shoes, retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	e.failOnce.Store(true)
	found, err := s.Search(t.Context(), shop.Query{Text: "kettle"})
	if err != nil || len(found) != 1 || found[0].Product.SKU != "k1" || found[0].TextScore <= 0 || found[0].VectorScore != 0 {
		t.Errorf("found %+v, %v", found, err)
	}
}
