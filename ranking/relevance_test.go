package ranking_test

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"floorwalker/onnx/onnxtest"
	"floorwalker/ranking"
	"floorwalker/shop"
)

// ndcg is nDCG@10 with linear gain.
func ndcg(ranked []float64) float64 {
	gain := func(grades []float64) (sum float64) {
		for i, g := range grades[:min(10, len(grades))] {
			sum += g / math.Log2(float64(i+2))
		}
		return sum
	}
	best := slices.Clone(ranked)
	slices.SortFunc(best, func(a, b float64) int { return int(b - a) })
	return gain(ranked) / gain(best)
}

// Judged by people: of each query's rated products, do the right ones come first? Queries without a right
// product are left out.
func TestJudgedRelevance(t *testing.T) {
	products, graded := icecat(t), ratings(t)
	r := ranking.New(onnxtest.Embedder(t, "all-minilm-l6-v2"), nil, ranking.Options{Deadline: time.Hour})
	var total float64
	queries := 0
	for _, query := range slices.Sorted(maps.Keys(graded)) {
		grades := graded[query]
		if slices.Max(slices.Collect(maps.Values(grades))) == 0 {
			continue
		}
		var candidates []shop.Candidate
		for _, sku := range slices.Sorted(maps.Keys(grades)) {
			candidates = append(candidates, shop.Candidate{Product: products[sku]})
		}
		var ranked []float64
		for _, c := range rank(t, r, shop.Query{Text: query, Lang: shop.English}, candidates).Candidates {
			ranked = append(ranked, grades[c.Product.SKU])
		}
		total += ndcg(ranked)
		queries++
	}
	mean := total / float64(queries)
	t.Logf("judged nDCG@10 %.4f over %d queries", mean, queries)
	if queries < 70 || mean < 0.925 {
		t.Errorf("judged nDCG@10 is %.4f over %d queries, want 0.925", mean, queries)
	}
}

// The floor parts what the shop sells from what it does not, over a whole department store, with the ranker as it serves:
// the embedding model finds twenty, the cross-encoder reads them.
func TestTheFloorPartsWhatIsSoldFromWhatIsNot(t *testing.T) {
	catalogue := retail(t)
	var all []shop.Candidate
	for _, sku := range slices.Sorted(maps.Keys(catalogue)) {
		all = append(all, shop.Candidate{Product: catalogue[sku]})
	}
	embedder := onnxtest.Embedder(t, "all-minilm-l6-v2")
	first := ranking.New(embedder, nil, ranking.Options{Deadline: time.Hour})
	r := ranking.New(embedder, onnxtest.Ranker(t), ranking.Options{Deadline: time.Hour, Reading: time.Hour})
	shown := func(query string) int {
		n := 0
		q := shop.Query{Text: query, Lang: shop.English}
		for _, c := range rank(t, r, q, rank(t, first, q, all).Candidates[:20]).Candidates {
			if c.Relevance >= r.Floor() {
				n++
			}
		}
		return n
	}
	sold := []string{"running shoes", "leather handbag", "camping tent", "coffee mug", "sofa", "couch", "sunglasses",
		"winter jacket for men", "fishing rod", "lipstick", "guitar", "desk lamp", "silver necklase", "hoodie", "earrings",
		"something warm to wear in winter", "gift for a fisherman", "hat for the beach", "blue sneakers", "kitchen knife"}
	for _, query := range sold {
		if shown(query) == 0 {
			t.Errorf("%q: nothing is above the floor", query)
		}
	}
	notSold := []string{"purple spaceship", "a purple spaceship for 3 dollars", "asdkjh qwoeiu", "xkcd zzzz blorp",
		"nuclear submarine", "car insurance", "mortgage loan", "dental implant", "used volkswagen golf", "bitcoin", "blood test",
		"divorce lawyer", "electron microscope", "stock market advice", "apartment in berlin", "golden retriever puppy"}
	wrong := 0
	for _, query := range notSold {
		if n := shown(query); n > 0 {
			wrong++
			t.Logf("%q: %d products are above the floor", query, n)
		}
	}
	if wrong > 1 {
		t.Errorf("%d of %d wishes that the shop can't meet have products above the floor", wrong, len(notSold))
	}
}
