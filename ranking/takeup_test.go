package ranking_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
	"floorwalker/ranking"
	"floorwalker/shop"
)

// TestWhatCustomersTakeUpCounts asks trees that learnt in a simulated world (training/takeup.py --simulated 20000), where
// people take what both fits and is to their taste.
func TestWhatCustomersTakeUpCounts(t *testing.T) {
	rt := onnxtest.Runtime(t)
	trees, err := onnx.LoadTrees(rt, "testdata/takeup", ranking.TakeupFeatures)
	if err != nil {
		t.Fatal(err)
	}
	defer trees.Close()
	if _, err := onnx.LoadTrees(rt, "testdata/takeup", ranking.FeatureNames); !errors.Is(err, onnx.ErrConfig) {
		t.Errorf("trees over other features: %v", err)
	}
	candidates := func() []shop.Candidate {
		all := found(product("a", "Mug"), product("b", "Mug"), product("c", "Mug"), product("lure", "Sofa"))
		for i := range all {
			all[i].TextScore = 0
		}
		all[0].Personal, all[2].Personal, all[3].Personal = -0.9, 0.9, 1
		return all
	}
	// Without its own weight liking moves nothing: what moves is what the trees make of it.
	weights := ranking.DefaultWeights
	weights.Personal = 0
	q := shop.Query{Text: "mug"}
	plain := rank(t, ranking.New(nil, nil, ranking.Options{Weights: weights, Diversity: -1}), q, candidates())
	if got := skus(plain); !slices.Equal(got, []string{"a", "b", "c", "lure"}) {
		t.Fatalf("without trees %v", got)
	}
	ranker := ranking.New(nil, nil, ranking.Options{Weights: weights, Diversity: -1, Takeup: trees})
	got := rank(t, ranker, q, candidates())
	if order := skus(got); !slices.Equal(order, []string{"c", "b", "a", "lure"}) {
		t.Errorf("with trees %v", order)
	}
	if !strings.HasSuffix(got.Model, "+takeup@"+trees.Version()) {
		t.Errorf("the model is called %s", got.Model)
	}
	for i, c := range got.Candidates {
		sum := 0.0
		for _, r := range c.Reasons {
			sum += r.Weight
		}
		r, _ := reason(c, "take_up")
		if math.Abs(sum-c.Score) > 1e-9 || r.Weight < 0 || r.Weight > weights.Takeup || i == 0 && math.Abs(r.Weight-weights.Takeup) > 1e-9 {
			t.Errorf("%s: %v of %v, the reasons sum up to %v of %v", c.Product.SKU, r.Weight, weights.Takeup, sum, c.Score)
		}
		if len(c.Features) != len(ranking.FeatureNames) {
			t.Errorf("%d features are logged", len(c.Features))
		}
	}
	// A model that fails changes nothing.
	broken := ranking.New(nil, nil, ranking.Options{Weights: weights, Diversity: -1, Takeup: failing{}})
	if got := rank(t, broken, q, candidates()); !slices.Equal(skus(got), skus(plain)) || !strings.HasSuffix(got.Model, "(nothing foretold)") || got.Degraded {
		t.Errorf("with trees that fail %v by %s", skus(got), got.Model)
	}
}

// failing is a model that foretells nothing.
type failing struct{}

func (failing) Score(context.Context, [][]float32) ([]float32, error) {
	return nil, errors.New("broken")
}
func (failing) Name() string    { return "failing" }
func (failing) Version() string { return "1" }

func TestLikingOrdersWhatFitsAlikeAndNothingElse(t *testing.T) {
	all := found(product("a", "Mug"), product("b", "Mug"), product("sofa", "Sofa"))
	for i := range all {
		all[i].TextScore = 0
	}
	all[0].Personal, all[1].Personal, all[2].Personal = -1, 0.5, 3 // 3 is out of range: as good as 1
	got := rank(t, ranking.New(nil, nil, ranking.Options{}), shop.Query{Text: "mug"}, all)
	if order := skus(got); !slices.Equal(order, []string{"b", "a", "sofa"}) {
		t.Errorf("%v", order)
	}
	want := map[string]float64{"a": -1, "b": 0.5, "sofa": 1}
	for _, c := range got.Candidates {
		r, _ := reason(c, "personal")
		if wanted := want[c.Product.SKU]; math.Abs(r.Weight-wanted*ranking.DefaultWeights.Personal) > 1e-9 || c.Features[slices.Index(ranking.FeatureNames, "personal")] != wanted {
			t.Errorf("%s: %+v, %v", c.Product.SKU, r, c.Features)
		}
		if c.Product.SKU == "sofa" && c.Relevance >= got.Floor {
			t.Errorf("liking lifted the sofa to a relevance of %v", c.Relevance)
		}
	}
}
