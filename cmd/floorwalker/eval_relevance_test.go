package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"floorwalker/shop"
)

// training/evaluate.py pairs these scores with cross-validated ones by their order.
func TestScoresAreWrittenInTheOrderOfSKUs(t *testing.T) {
	t.Parallel()
	s := newJudgedScores()
	s.Names = []string{"semantic", "cross"}
	order := []shop.Candidate{{Product: shop.Product{SKU: "20"}, Score: 0.9, Relevance: 0.8, Features: []float64{0.5, math.NaN()}},
		{Product: shop.Product{SKU: "100"}, Score: 0.2, Relevance: 0.1, Features: []float64{0, 1}}}
	s.add("mug", order, map[string]float64{"20": 3, "100": 1})
	path := filepath.Join(t.TempDir(), "scores.json")
	if err := s.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := `{"scores":{"mug":[[0.2,1],[0.9,3]]},"relevance":{"mug":[0.1,0.8]},"names":["semantic","cross"],"features":{"mug":[[0,1],[0.5,null]]}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if order[0].Product.SKU != "20" {
		t.Error("the ranker's order was changed")
	}
}
