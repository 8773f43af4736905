package ranking_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
	"floorwalker/ranking"
)

// leastAgreement is the mean rank correlation that attributions must have with SHAP's values, below what is measured (0.718) and
// above what leaving out each word in turn has (0.583).
const leastAgreement = 0.65

// SHAP's values were made in Python from the very file that is shipped (training/shap_words.py); a new model needs new ones.
func TestAttributionsAgreeWithSHAP(t *testing.T) {
	var want struct {
		Model string
		Pairs []struct {
			Query, Text string
			Score       float64
			Values      []float64
		}
	}
	data, err := os.ReadFile("testdata/shap.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil || len(want.Pairs) < 50 {
		t.Fatalf("%d pairs, %v", len(want.Pairs), err)
	}
	dir := filepath.Join(onnxtest.Models(), "ranker")
	model, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(model); hex.EncodeToString(sum[:]) != want.Model {
		t.Fatal("testdata/shap.json is of another model: make it anew with training/shap_words.py")
	}
	cross, err := onnx.LoadCrossEncoder(onnxtest.Runtime(t), dir, onnx.CrossEncoderOptions{Together: true}) // as Python reads
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cross.Close(); err != nil {
			t.Error(err)
		}
	})
	r := ranking.New(nil, cross, ranking.Options{})
	sum, strongest := 0.0, 0
	for _, p := range want.Pairs {
		got, err := r.ExplainWords(t.Context(), p.Query, p.Text)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Words) != len(p.Values) || math.Abs(got.Score-p.Score) > 0.01 {
			t.Fatalf("%q with %q: %d words, score %.4f; SHAP has %d, %.4f", p.Query, p.Text, len(got.Words), got.Score, len(p.Values), p.Score)
		}
		effects := make([]float64, len(got.Words))
		for i, w := range got.Words {
			effects[i] = w.Effect
		}
		sum += rankCorrelation(effects, p.Values)
		if slices.Index(effects, slices.Max(effects)) == slices.Index(p.Values, slices.Max(p.Values)) {
			strongest++
		}
	}
	mean := sum / float64(len(want.Pairs))
	t.Logf("mean rank correlation with SHAP over %d pairs: %.3f; the word that speaks most for the product is the same in %d", len(want.Pairs), mean, strongest)
	if mean < leastAgreement {
		t.Errorf("mean rank correlation with SHAP is %.3f, want at least %.2f", mean, leastAgreement)
	}
}

// rankCorrelation is Spearman's: Pearson's correlation of the ranks, ties at their mean.
func rankCorrelation(a, b []float64) float64 {
	x, y := ranksOf(a), ranksOf(b)
	middle := float64(len(a)+1) / 2
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - middle) * (y[i] - middle)
		xx += (x[i] - middle) * (x[i] - middle)
		yy += (y[i] - middle) * (y[i] - middle)
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}

func ranksOf(values []float64) []float64 {
	ranks := make([]float64, len(values))
	for i, v := range values {
		for _, other := range values {
			switch {
			case other < v:
				ranks[i]++
			case other == v:
				ranks[i] += 0.5
			}
		}
		ranks[i] += 0.5
	}
	return ranks
}
