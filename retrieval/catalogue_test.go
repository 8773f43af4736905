package retrieval_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/evaluation"
	"floorwalker/lexicon"
	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
	"floorwalker/ranking"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pgvector/pgvector-go"
)

// shared is the folder of data that is not the project's; what needs it is skipped where it is missing.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("FLOORWALKER_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatalf("this test needs the shared data: %v", err)
		}
		t.Skipf("this test needs the shared data: %v", err)
	}
	return filepath.Join(dir, "data")
}

func importFile(t *testing.T, s *retrieval.Store, path string, f retrieval.Format, wanted int64) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	began := time.Now()
	report, err := s.Import(t.Context(), file, f, retrieval.ImportOptions{})
	if err != nil {
		t.Fatalf("import %s: %v", f, err)
	}
	took := time.Since(began)
	t.Logf("%s: %d products in %v, %.0f/s", f, report.Inserted, took.Round(time.Second), float64(report.Rows)/took.Seconds())
	if report.Inserted != wanted || report.Bad != 0 {
		t.Errorf("%s: %d inserted, %d bad, want %d and none: %v", f, report.Inserted, report.Bad, wanted, report.Errors)
	}
}

// exactNearest asks PostgreSQL without the index.
func exactNearest(ctx context.Context, t *testing.T, pool *pgxpool.Pool, vector []float32, k int) []string {
	t.Helper()
	rows, err := pool.Query(ctx, `SELECT p.sku FROM products p JOIN product_vectors v USING (text_hash) ORDER BY (v.embedding <=> $1) + 0, p.sku LIMIT $2`,
		pgvector.NewHalfVector(vector), k)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var skus []string
	for rows.Next() {
		var sku string
		if err := rows.Scan(&sku); err != nil {
			t.Fatal(err)
		}
		skus = append(skus, sku)
	}
	return skus
}

// share of want that was found.
func share(want []string, found []shop.Candidate) float64 {
	hit := 0
	for _, c := range found {
		if slices.Contains(want, c.Product.SKU) {
			hit++
		}
	}
	return float64(hit) / float64(len(want))
}

// A real department store: the words of its descriptions become facets, Chinese finds English listings, and
// sorting picks among what fits.
func TestDepartmentStore(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	importFile(t, s, filepath.Join(shared(t), "retail/products.yaml"), retrieval.FormatRetail, 2465)
	find := func(q shop.Query) []shop.Candidate {
		t.Helper()
		q.Limit = 10
		found, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			t.Fatalf("%q: nothing found", q.Text)
		}
		return found
	}
	says := func(c shop.Candidate, words ...string) bool {
		text := strings.ToLower(c.Product.Title + " " + c.Product.Category + " " + c.Product.Description)
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	for name, c := range map[string]struct {
		q    shop.Query
		says []string
		of   int // how many of the first ten at least
	}{
		"green backpack":     {shop.Query{Text: "backpack", Filter: shop.Filter{Color: "green"}}, []string{"green", "olive", "khaki", "emerald", "sage", "mint", "moss", "forest"}, 10},
		"Chinese":            {shop.Query{Text: "背包", Lang: shop.Chinese}, []string{"backpack", "pack", "bag"}, 9},
		"cheapest sofa":      {shop.Query{Text: "sofa", Sort: shop.SortPriceAsc}, []string{"sofa", "couch", "seating", "loveseat", "settee"}, 8},
		"dearest lamp":       {shop.Query{Text: "lamp", Sort: shop.SortPriceDesc}, []string{"lamp", "light", "lantern"}, 8},
		"gift for gardeners": {shop.Query{Text: "something for a gardener"}, []string{"garden", "plant", "flower"}, 7},
	} {
		hits := 0
		for _, f := range find(c.q) {
			if says(f, c.says...) {
				hits++
			}
		}
		if hits < c.of {
			t.Errorf("%s: %d of the first ten fit, want %d", name, hits, c.of)
		}
	}
	prices := find(shop.Query{Text: "sofa", Sort: shop.SortPriceAsc})
	if !slices.IsSortedFunc(prices, func(a, b shop.Candidate) int { return int(a.Product.Price.Minor - b.Product.Price.Minor) }) {
		t.Error("price_asc is not in the order of prices")
	}
}

// The figures that search is held to, on 19,406 real products: recall against exact search, graded relevance, time.
func TestElectronicsCatalogue(t *testing.T) {
	if testing.Short() {
		t.Skip("embeds 19,406 products: two minutes of two processors")
	}
	dir := shared(t)
	runtime := onnxtest.Runtime(t)
	model, err := onnx.LoadEmbedder(runtime, "../models/all-minilm-l6-v2", onnx.EmbedderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	pool := pgtest.New(t)
	s := retrieval.NewStore(pool, model, retrieval.Options{})
	importFile(t, s, filepath.Join(dir, "icecat/products.jsonl.gz"), retrieval.FormatIcecat, 19406)
	file, err := os.Open(filepath.Join(dir, "icecat/ratings.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ratings, err := evaluation.ReadRatings(file)
	if err != nil {
		t.Fatal(err)
	}
	var recall float64
	var times []time.Duration
	for query := range ratings {
		vectors, err := model.Embed(t.Context(), []string{query})
		if err != nil {
			t.Fatal(err)
		}
		near, err := s.Nearest(t.Context(), vectors[0], shop.Filter{}, 50)
		if err != nil {
			t.Fatal(err)
		}
		recall += share(exactNearest(t.Context(), t, pool, vectors[0], 50), near) / float64(len(ratings))
		began := time.Now()
		if _, err := s.Search(t.Context(), shop.Query{Text: query, Limit: 50}); err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	report, err := evaluation.Relevance(t.Context(), s, ranking.New(model, nil, ranking.Options{Deadline: time.Hour}), ratings, lexicon.DetectLang, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("recall@50 against exact search %.4f; search p50 %v, p99 %v; %+v", recall, times[len(times)/2], times[len(times)*99/100], report)
	if recall < 0.98 {
		t.Errorf("recall@50 against exact search is %.4f, want 0.98", recall)
	}
	if report.Judged.BM25 < 0.82 || report.Judged.Vector < 0.90 || report.Judged.Hybrid < 0.90 || report.Judged.Ranker < 0.90 {
		t.Errorf("judged nDCG@10 fell: %+v", report.Judged)
	}
	if report.Full.Recall50 < 0.83 {
		t.Errorf("recall@50 of graded products is %.4f, want 0.83", report.Full.Recall50)
	}
}
