package ranking_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"floorwalker/onnx/onnxtest"
	"floorwalker/ranking"
	"floorwalker/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a model that does as the test says, for what a real one can't be made to do.
type scripted struct {
	mu     sync.Mutex
	score  func(query, doc string) float32
	err    error
	takes  time.Duration
	scored int
}

func (s *scripted) Score(ctx context.Context, query string, docs []string) ([]float32, error) {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scored += len(docs)
	scores := make([]float32, len(docs))
	for i, doc := range docs {
		scores[i] = s.score(query, doc)
	}
	return scores, s.err
}

func (s *scripted) Name() string    { return "scripted" }
func (s *scripted) Version() string { return "1" }

// found makes candidates as a search gives them, best first.
func found(products ...shop.Product) []shop.Candidate {
	candidates := make([]shop.Candidate, len(products))
	for i, p := range products {
		candidates[i] = shop.Candidate{Product: p, Fused: 1 / float64(60+i), TextScore: 1 / float64(1+i)}
	}
	return candidates
}

func product(sku, title string) shop.Product {
	return shop.Product{SKU: sku, Title: title, Stock: 3, Version: 1, Price: shop.Money{Minor: 1000, Currency: "USD"}}
}

func rank(t testing.TB, r *ranking.Ranker, q shop.Query, candidates []shop.Candidate) shop.Ranking {
	t.Helper()
	ranked, err := r.Rank(t.Context(), q, candidates)
	if err != nil {
		t.Fatal(err)
	}
	if len(ranked.Candidates) != len(candidates) {
		t.Fatalf("%d candidates became %d", len(candidates), len(ranked.Candidates))
	}
	for _, c := range ranked.Candidates {
		total := 0.0
		for i, reason := range c.Reasons {
			total += reason.Weight
			if i > 0 && math.Abs(reason.Weight) > math.Abs(c.Reasons[i-1].Weight) {
				t.Errorf("%s: reasons are not in the order of their weight: %v", c.Product.SKU, c.Reasons)
			}
		}
		if total != c.Score {
			t.Errorf("%s: the reasons sum up to %v, the score is %v", c.Product.SKU, total, c.Score)
		}
		if !(c.Relevance >= 0 && c.Relevance <= 1+1e-9) {
			t.Errorf("%s: relevance %v", c.Product.SKU, c.Relevance)
		}
	}
	return ranked
}

func skus(r shop.Ranking) []string {
	var list []string
	for _, c := range r.Candidates {
		list = append(list, c.Product.SKU)
	}
	return list
}

func reason(c shop.Candidate, code string) (shop.Reason, bool) {
	i := slices.IndexFunc(c.Reasons, func(r shop.Reason) bool { return r.Code == code })
	if i < 0 {
		return shop.Reason{}, false
	}
	return c.Reasons[i], true
}

func TestWhatWasAskedForComesFirst(t *testing.T) {
	r := ranking.New(onnxtest.Embedder(t, "all-minilm-l6-v2"), nil, ranking.Options{Deadline: time.Minute})
	for query, want := range map[string]string{
		"running shoes":         "shoes",
		"trainers for jogging":  "shoes",
		"espresso machine":      "espresso",
		"something to dig with": "spade",
		"navy pullover":         "sweater",
	} {
		ranked := rank(t, r, shop.Query{Text: query, Lang: shop.English}, found(product("mug", "Mug for coffee lovers, white"),
			product("polish", "Shoe polish, black"), product("spade", "Garden spade with ash handle"),
			product("espresso", "Espresso machine with milk frother"), product("shoes", "Women's running shoes, light"),
			product("sweater", "Blue merino sweater")))
		if got := ranked.Candidates[0]; got.Product.SKU != want {
			t.Errorf("%q: first is %s", query, got.Product.SKU)
		}
		for _, c := range ranked.Candidates {
			if c.Product.SKU == "mug" && c.Relevance >= ranked.Floor {
				t.Errorf("%q: a mug is above the floor with %.2f", query, c.Relevance)
			}
		}
		if ranked.Degraded || ranked.ID == "" || ranked.Model != "all-minilm-l6-v2" {
			t.Errorf("%q: %q by %q, degraded %v", query, ranked.ID, ranked.Model, ranked.Degraded)
		}
	}
}

func TestChineseQueriesFindEnglishAndChineseProducts(t *testing.T) {
	english, chinese := onnxtest.Embedder(t, "all-minilm-l6-v2"), onnxtest.Embedder(t, "bge-small-zh-v1.5")
	translated := product("translated", "Insulated tumbler")
	translated.Titles = map[string]string{"zh": "保温杯 不锈钢"}
	candidates := found(product("hose", "Garden hose"), translated, product("mouse", "Wireless mouse"))
	for name, r := range map[string]*ranking.Ranker{
		"with the Chinese model":    ranking.New(english, nil, ranking.Options{Deadline: time.Minute, Chinese: chinese}),
		"without the Chinese model": ranking.New(english, nil, ranking.Options{Deadline: time.Minute}),
	} {
		for query, want := range map[string]string{"无线鼠标": "mouse", "保温杯": "translated"} {
			if got := rank(t, r, shop.Query{Text: query, Lang: shop.Chinese}, candidates); skus(got)[0] != want {
				t.Errorf("%s, %s: %v", name, query, skus(got))
			}
		}
	}
}

func TestReasonsSayWhatMovedTheScore(t *testing.T) {
	p := product("a", "Trail shoes")
	p.Brand, p.Category, p.Description, p.Rating = "Nordlauf", "running", "Navy, waterproof.", 5
	r := ranking.New(nil, &scripted{score: func(string, string) float32 { return 0.5 }}, ranking.Options{})
	got := rank(t, r, shop.Query{Text: "blue waterproof Nordlauf running shoes for men"}, found(p)).Candidates[0]
	for code, detail := range map[string]string{"brand": "nordlauf", "title_match": "shoe", "category": "running",
		"details": "waterproof", "color": "blue", "kind": "", "semantic": "", "rating": "", "in_stock": "", "text": ""} {
		if r, ok := reason(got, code); !ok || r.Detail != detail || r.Weight <= 0 {
			t.Errorf("reason %q: %+v, %v", code, r, ok)
		}
	}
	weights := ranking.DefaultWeights
	if r, _ := reason(got, "rating"); r.Weight != weights.Rating {
		t.Errorf("the best rating gives %v, want %v", r.Weight, weights.Rating)
	}
	want := weights.Cross*0.5 + (1-weights.Cross)*(weights.Words*5/6+weights.Kind)/(weights.Words+weights.Kind)
	if math.Abs(got.Relevance-want) > 1e-9 {
		t.Errorf("relevance %v, want %v", got.Relevance, want)
	}
}

func TestTiesAreBrokenBySKU(t *testing.T) {
	r := ranking.New(onnxtest.Embedder(t, "all-minilm-l6-v2"), nil, ranking.Options{Deadline: time.Minute})
	candidates := found(product("c", "Mug"), product("a", "Mug"), product("d", "Mug"), product("b", "Mug"))
	for i := range candidates {
		candidates[i].TextScore, candidates[i].VectorScore = 1, 0.5
	}
	for range 3 {
		if got := skus(rank(t, r, shop.Query{Text: "mug"}, candidates)); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
			t.Error(got)
		}
		slices.Reverse(candidates)
	}
}

func TestAnAskedOrderKeepsWhatDoesNotFitLast(t *testing.T) {
	cheap, dear, other := product("cheap", "Mug"), product("dear", "Mug"), product("other", "Sofa")
	cheap.Price.Minor, dear.Price.Minor, other.Price.Minor = 500, 5000, 100
	cheap.Rating, dear.Rating, other.Rating = 2, 4, 5
	cheap.ReleasedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := ranking.New(nil, &scripted{score: func(_, doc string) float32 {
		if doc == "Mug" {
			return 0.9
		}
		return 0.01
	}}, ranking.Options{})
	for by, want := range map[shop.Sort][]string{
		shop.SortPriceAsc: {"cheap", "dear", "other"}, shop.SortPriceDesc: {"dear", "cheap", "other"},
		shop.SortRating: {"dear", "cheap", "other"}, shop.SortNewest: {"cheap", "dear", "other"},
	} {
		if got := skus(rank(t, r, shop.Query{Text: "mug", Sort: by}, found(other, dear, cheap))); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", by, got, want)
		}
	}
}

func TestWithoutWordsEveryCandidateFits(t *testing.T) {
	r := ranking.New(onnxtest.Embedder(t, "all-minilm-l6-v2"), nil, ranking.Options{Deadline: time.Minute})
	for _, text := range []string{"", "  ", "something for me please", "!?"} {
		for _, c := range rank(t, r, shop.Query{Text: text}, found(product("a", "Mug"), product("b", "Sofa"))).Candidates {
			if c.Relevance < r.Floor() {
				t.Errorf("%q: %s has relevance %v", text, c.Product.SKU, c.Relevance)
			}
		}
	}
}

func TestNothingToRank(t *testing.T) {
	for _, cross := range []ranking.CrossEncoder{nil, &scripted{}} {
		if got := rank(t, ranking.New(nil, cross, ranking.Options{}), shop.Query{Text: "mug"}, nil); got.Degraded || got.ID == "" {
			t.Errorf("%+v", got)
		}
	}
}

func TestAFailingModelLeavesRetrievalsOrder(t *testing.T) {
	constant := func(x float32) func(string, string) float32 { return func(string, string) float32 { return x } }
	for name, c := range map[string]struct {
		model *scripted
		why   string
	}{
		"NaN":                {&scripted{score: constant(float32(math.NaN()))}, "not a number"},
		"infinity":           {&scripted{score: constant(float32(math.Inf(1)))}, "not a number"},
		"a score out of 0-1": {&scripted{score: constant(7)}, "not a number"},
		"an error":           {&scripted{score: constant(1), err: errors.New("broken")}, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := ranking.New(nil, c.model, ranking.Options{Deadline: 250 * time.Millisecond})
				candidates := found(product("b", "Sofa"), product("c", "Running shoes"), product("a", "Mug"))
				candidates[1].VectorScore = 0.7
				began := time.Now()
				got := rank(t, r, shop.Query{Text: "running shoes"}, candidates)
				if took := time.Since(began); took > 250*time.Millisecond {
					t.Errorf("took %v", took)
				}
				if !got.Degraded || !slices.Equal(skus(got), []string{"b", "c", "a"}) {
					t.Errorf("degraded %v, order %v", got.Degraded, skus(got))
				}
				if want := "scripted@1 (" + c.why + ")"; got.Model != want {
					t.Errorf("model %q, want %q", got.Model, want)
				}
				if fits := got.Candidates[1]; fits.Relevance < got.Floor || got.Candidates[0].Relevance >= got.Floor {
					t.Errorf("relevance without the model: %.2f for shoes, %.2f for a sofa", fits.Relevance, got.Candidates[0].Relevance)
				}
			})
		})
	}
}

func TestACancelledTurnIsRankedByWhatIsKnown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := ranking.New(onnxtest.Embedder(t, "all-minilm-l6-v2"), nil, ranking.Options{Deadline: time.Minute})
	got, err := r.Rank(ctx, shop.Query{Text: "never asked before"}, found(product("a", "Mug")))
	if err != nil || !got.Degraded || !strings.HasSuffix(got.Model, "(cancelled)") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestScoresAreKeptByQueryAndProductVersion(t *testing.T) {
	model := &scripted{score: func(_, doc string) float32 { return float32(len(doc)) / 100 }}
	r := ranking.New(nil, model, ranking.Options{})
	candidates := found(product("a", "Mug"), product("b", "Teacup"))
	for _, step := range []struct {
		query  string
		change func()
		asked  int
	}{
		{"mug", func() {}, 2},
		{"mug", func() {}, 2},
		{"cup", func() {}, 4},
		{"mug", func() { candidates[0].Product.Version, candidates[0].Product.Title = 2, "A mug with a longer name" }, 5},
	} {
		step.change()
		got := rank(t, r, shop.Query{Text: step.query}, candidates)
		if model.scored != step.asked {
			t.Errorf("after %q %d documents were scored, want %d", step.query, model.scored, step.asked)
		}
		fresh := rank(t, ranking.New(nil, &scripted{score: model.score}, ranking.Options{}), shop.Query{Text: step.query}, candidates)
		if diff := cmp.Diff(fresh.Candidates, got.Candidates, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("kept scores differ from fresh ones:\n%s", diff)
		}
	}
}

func TestGivenCandidatesAreLeftAsTheyAre(t *testing.T) {
	candidates := found(product("a", "Mug"), product("b", "Teacup"))
	before := slices.Clone(candidates)
	rank(t, ranking.New(nil, nil, ranking.Options{}), shop.Query{Text: "teacup"}, candidates)
	if diff := cmp.Diff(before, candidates); diff != "" {
		t.Error(diff)
	}
}

func TestALongDescriptionIsRankedInTime(t *testing.T) {
	p := product("long", "Mug")
	p.Description = strings.Repeat("very long text about a mug 很长 ", 5000)
	p.Attributes = map[string]string{"care": strings.Repeat("dishwasher ", 9000)}
	r := ranking.New(onnxtest.Embedder(t, "all-minilm-l6-v2"), nil, ranking.Options{Deadline: time.Minute})
	began := time.Now()
	got := rank(t, r, shop.Query{Text: "mug"}, found(slices.Repeat([]shop.Product{p}, 24)...))
	if took := time.Since(began); got.Degraded || took > 5*time.Second {
		t.Errorf("degraded %v after %v", got.Degraded, took)
	}
}

func ExampleRanker_Rank() {
	ranker := ranking.New(nil, nil, ranking.Options{NewID: func() string { return "r1" }})
	ranked, err := ranker.Rank(context.Background(), shop.Query{Text: "coffee mugs", Lang: shop.English}, []shop.Candidate{
		{Product: shop.Product{SKU: "2", Title: "Garden hose", Stock: 9}},
		{Product: shop.Product{SKU: "1", Title: "Mug for coffee", Stock: 4}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range ranked.Candidates {
		fmt.Printf("%s %.2f %v\n", c.Product.Title, c.Relevance, c.Relevance >= ranked.Floor)
	}
	// Output:
	// Mug for coffee 1.00 true
	// Garden hose 0.00 false
}

func BenchmarkRank(b *testing.B) {
	p := product("", "Wireless noise-cancelling over-ear headphones with charging case, black")
	p.Brand, p.Category, p.Description = "Klangwerk", "headphones", strings.Repeat("Thirty hours of music and a foldable frame. ", 8)
	p.Attributes = map[string]string{"colour": "black", "connection": "Bluetooth 5.3", "weight": "250 g"}
	candidates := found(slices.Repeat([]shop.Product{p}, 50)...)
	for i := range candidates {
		candidates[i].Product.SKU, candidates[i].VectorScore = fmt.Sprint(i), 0.5+float64(i)/200
	}
	r := ranking.New(nil, nil, ranking.Options{})
	for b.Loop() {
		if _, err := r.Rank(b.Context(), shop.Query{Text: "blue wireless hedphones for running"}, candidates); err != nil {
			b.Fatal(err)
		}
	}
}
