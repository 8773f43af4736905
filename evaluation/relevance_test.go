package evaluation_test

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"floorwalker/evaluation"
	"floorwalker/shop"
)

func TestNDCGWithLinearGain(t *testing.T) {
	t.Parallel()
	log := func(n float64) float64 { return math.Log2(n) }
	for name, c := range map[string]struct {
		ranked, all []float64
		k           int
		want        float64
	}{
		"ideal":                {[]float64{3, 1, 0}, []float64{0, 1, 3}, 10, 1},
		"reversed":             {[]float64{0, 1, 3}, []float64{0, 1, 3}, 10, (1/log(3) + 3/log(4)) / (3 + 1/log(3))},
		"cut at k":             {[]float64{0, 3}, []float64{0, 3}, 1, 0},
		"relevant ones missed": {[]float64{3}, []float64{3, 3}, 10, 3 / (3 + 3/log(3))},
		"nothing relevant":     {[]float64{0}, []float64{0}, 10, 0},
		"nothing ranked":       {nil, []float64{2}, 10, 0},
	} {
		if got := evaluation.NDCG(c.ranked, c.all, c.k); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestRatingsAreRead(t *testing.T) {
	t.Parallel()
	got, err := evaluation.ReadRatings(strings.NewReader("\ufeffrating,query,docid\n3,\"mouse, red\",a\n0,kettle,b\n1,\"mouse, red\",c\n"))
	if err != nil || len(got) != 2 || got["mouse, red"]["a"] != 3 || got["mouse, red"]["c"] != 1 || got["kettle"]["b"] != 0 {
		t.Errorf("ratings %v, %v", got, err)
	}
	for name, c := range map[string]struct{ text, says string }{
		"no column":  {"query,sku,rating\na,b,1\n", `"docid"`},
		"no grade":   {"query,docid,rating\na,b,good\n", "line 2"},
		"too good":   {"query,docid,rating\na,b,1\nc,d,4\n", "line 3"},
		"no ratings": {"query,docid,rating\n", "none"},
		"no file":    {"", "read ratings"},
	} {
		if _, err := evaluation.ReadRatings(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %s", name, err, c.says)
		}
	}
}

// scripted is a searcher and a ranker with known scores.
type scripted struct {
	scores map[string]shop.Candidate
	// found is what a search of the whole catalogue returns.
	found    []string
	degraded bool
}

func (s scripted) candidates(skus []string) (out []shop.Candidate) {
	for _, sku := range skus {
		if c, ok := s.scores[sku]; ok {
			c.Product = shop.Product{SKU: sku, Title: sku}
			out = append(out, c)
		}
	}
	return out
}

func (s scripted) Search(context.Context, shop.Query) ([]shop.Candidate, error) {
	return s.candidates(s.found), nil
}

func (s scripted) Score(_ context.Context, _ shop.Query, skus []string) ([]shop.Candidate, error) {
	return s.candidates(skus), nil
}

// Legs finds the first product by words, all by meaning.
func (s scripted) Legs(context.Context, shop.Query) (text, vector []shop.Candidate, err error) {
	return s.candidates(s.found[:1]), s.candidates(s.found), nil
}

// Rank keeps the order that it is given.
func (s scripted) Rank(_ context.Context, _ shop.Query, c []shop.Candidate) (shop.Ranking, error) {
	return shop.Ranking{Candidates: c, Degraded: s.degraded}, nil
}

func english(string) shop.Lang { return shop.English }

func TestRelevanceCountsAsItsFormatSays(t *testing.T) {
	t.Parallel()
	s := scripted{scores: map[string]shop.Candidate{
		"a": {TextScore: 0, VectorScore: 0.9, Fused: 0.2}, "b": {TextScore: 5, VectorScore: 0.1, Fused: 0.3},
		"c": {TextScore: 0, VectorScore: 0.5, Fused: 0.1}, "x": {TextScore: 9, VectorScore: 0.8, Fused: 0.9},
	}, found: []string{"x", "b", "a"}}
	ratings := evaluation.Ratings{"q": {"a": 3, "b": 0, "c": 2, "gone": 1}, "nothing fits": {"a": 0, "b": 0}}
	told := map[string]string{}
	report, err := evaluation.Relevance(t.Context(), s, s, ratings, english, func(query string, order []shop.Candidate, ndcg float64) {
		for _, c := range order {
			told[query] += c.Product.SKU + " "
		}
		told[query] += strconv.FormatFloat(ndcg, 'f', 4, 64)
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("b a c gone %.4f", report.Judged.Ranker); len(told) != 1 || told["q"] != want {
		t.Errorf("told %v, want %q of the one query that is measured", told, want)
	}
	log := math.Log2
	ideal := 3 + 2/log(3) + 1/log(4)
	for name, c := range map[string]struct{ got, want float64 }{
		"queries without a fitting product are left out": {float64(report.Queries), 1},
		// b first; a, c and the missing one are tied at 0 and stand by SKU.
		"bm25":   {report.Judged.BM25, (3/log(3) + 2/log(4) + 1/log(5)) / ideal},
		"vector": {report.Judged.Vector, (3 + 2/log(3) + 1/log(5)) / ideal},
		// b, a, c, gone
		"hybrid": {report.Judged.Hybrid, (3/log(3) + 2/log(4) + 1/log(5)) / ideal},
		"ranker": {report.Judged.Ranker, (3/log(3) + 2/log(4) + 1/log(5)) / ideal},
		// a was found, c was not
		"recall@50": {report.Full.Recall50, 0.5},
		// x is not rated and goes; b and a remain
		"ndcg@10": {report.Full.NDCG10, (3 / log(3)) / ideal},
		"low":     {report.Judged.RankerCI95[0], report.Judged.Ranker},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	again, err := evaluation.Relevance(t.Context(), s, s, ratings, english, nil)
	if err != nil || again.Judged != report.Judged {
		t.Errorf("a second measurement gave %+v, %v", again.Judged, err)
	}
	s.degraded = true
	if _, err := evaluation.Relevance(t.Context(), s, s, ratings, english, nil); err == nil || !strings.Contains(err.Error(), "degraded") {
		t.Errorf("a degraded ranker was measured: %v", err)
	}
}
