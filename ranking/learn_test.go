package ranking_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"floorwalker/ranking"
)

// visits are lists as a ranker of the given weights shows them to customers who look at the first place and, the further
// down, the more rarely, and who take up what they like. Nothing of it is real; the truth is known, so that what is learnt
// can be held against it.
func visits(n int, serving, liked ranking.Weights, seen []float64, seed uint64) []ranking.Lesson {
	random := rand.New(rand.NewPCG(seed, 7))
	at := func(name string) int { return slices.Index(ranking.FeatureNames, name) }
	lessons := make([]ranking.Lesson, n)
	for i := range lessons {
		rows := make([][]float64, 24)
		for j := range rows {
			row := make([]float64, len(ranking.FeatureNames))
			fits := random.Float64()
			for _, name := range []string{"semantic", "words", "cross"} {
				row[at(name)] = min(max(0.6*fits+0.4*random.Float64(), 0), 1)
			}
			row[at("kind")] = math.Round(random.Float64())
			row[at("text")], row[at("rating")], row[at("in_stock")] = random.Float64(), 2*random.Float64()-1, 1
			if j%5 == 0 {
				row[at("cross")] = math.NaN() // not read in time
			}
			rows[j] = row
		}
		slices.SortFunc(rows, func(a, b []float64) int {
			if scoreOf(a, serving) > scoreOf(b, serving) {
				return -1
			}
			return 1
		})
		rows = rows[:len(seen)]
		taken := make([]bool, len(rows))
		for k, row := range rows {
			fits := 1 / (1 + math.Exp(-(8*scoreOf(row, liked) - 7)))
			taken[k] = random.Float64() < seen[k]*fits
		}
		lessons[i] = ranking.Lesson{Features: rows, Taken: taken}
	}
	return lessons
}

func scoreOf(row []float64, w ranking.Weights) float64 {
	at := func(name string) float64 { return row[slices.Index(ranking.FeatureNames, name)] }
	rest := (w.Semantic*at("semantic") + w.Words*at("words") + w.Kind*at("kind")) / (w.Semantic + w.Words + w.Kind)
	cross := at("cross")
	if math.IsNaN(cross) {
		cross = rest
	}
	return w.Cross*cross + (1-w.Cross)*rest + w.Text*at("text") + w.Rating*at("rating") + w.InStock*at("in_stock")
}

var looks = []float64{1, 0.7, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15}

func TestWeightsAreLearntFromWhatCustomersTookUp(t *testing.T) {
	serving, liked := ranking.DefaultWeights, ranking.DefaultWeights
	liked.Kind, liked.Semantic, liked.Rating = 0.4, 0.4, 0.09
	lessons := visits(4000, serving, liked, looks, 1)
	got, err := ranking.Learn(lessons, serving)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range looks {
		if math.Abs(got.Seen[k]-want) > 0.12 {
			t.Errorf("place %d is seen with %.2f, want %.2f", k+1, got.Seen[k], want)
		}
	}
	share := func(w ranking.Weights) float64 { return (1 - w.Cross) * w.Kind / (w.Semantic + w.Words + w.Kind) }
	if before, after, truth := share(serving), share(got.Weights), share(liked); after < before+0.05 || after > truth+0.05 {
		t.Errorf("the kind's share of the relevance was %.3f and became %.3f; customers hold it to be %.3f", before, after, truth)
	}
	if got.Weights.Rating < serving.Rating+0.02 {
		t.Errorf("ratings count %.3f, as before", got.Weights.Rating)
	}
	if got.Weights.Margin != serving.Margin || got.Weights.InStock != serving.InStock {
		t.Errorf("what is the shop's own concern has changed: %+v", got.Weights)
	}
	later := visits(2000, serving, liked, looks, 2)
	if before, after := got.Perplexity(later); after > before-0.001 || after < 1 || before > 2 {
		t.Errorf("perplexity of later lists: %.4f before, %.4f after", before, after)
	}
	t.Logf("seen %.2f, weights %+v", got.Seen, got.Weights)
	// What serves is what is liked: little changes, though the first places are clicked most.
	same, err := ranking.Learn(visits(4000, serving, serving, looks, 3), serving)
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(share(same.Weights) - share(serving)); d > 0.03 || math.Abs(same.Weights.Cross-serving.Cross) > 0.06 {
		t.Errorf("weights that are right became %+v", same.Weights)
	}
}

func TestFewLessonsTeachNothing(t *testing.T) {
	if _, err := ranking.Learn(visits(30, ranking.DefaultWeights, ranking.DefaultWeights, looks, 4), ranking.DefaultWeights); !errors.Is(err, ranking.ErrNothingLearnt) {
		t.Errorf("%v", err)
	}
	if _, err := ranking.Learn(nil, ranking.DefaultWeights); !errors.Is(err, ranking.ErrNothingLearnt) {
		t.Errorf("%v", err)
	}
	short := []ranking.Lesson{{Features: [][]float64{{1, 2}, nil}, Taken: []bool{true, false}}} // of another version
	if _, err := ranking.Learn(slices.Repeat(short, 100), ranking.DefaultWeights); !errors.Is(err, ranking.ErrNothingLearnt) {
		t.Errorf("%v", err)
	}
}

func TestDriftIsSeenAndChanceIsNot(t *testing.T) {
	asked := func(n int, seed uint64, words []string, relevance float64) []ranking.Asked {
		random := rand.New(rand.NewPCG(seed, 3))
		list := make([]ranking.Asked, n)
		for i := range list {
			list[i].Query = words[random.IntN(len(words))]
			for range 4 {
				row := make([]float64, len(ranking.FeatureNames))
				for j := range row {
					row[j] = min(max(relevance+0.1*random.NormFloat64(), 0), 1)
				}
				row[0] = math.NaN()
				list[i].Features = append(list[i].Features, row)
			}
		}
		return list
	}
	usual, other := []string{"red mug", "laptop", "running shoes", "desk lamp", "usb cable"}, []string{"sun cream", "beach towel", "inflatable flamingo"}
	before := asked(1000, 1, usual, 0.7)
	moved := func(drifts []ranking.Drift) map[string]bool {
		set := map[string]bool{}
		for _, d := range drifts {
			if set[d.Of] = d.Moved; d.PSI < 0 || math.IsNaN(d.PSI) {
				t.Errorf("%+v", d)
			}
		}
		return set
	}
	same := ranking.Drifts(before, asked(300, 2, usual, 0.7))
	for of, m := range moved(same) {
		if m {
			t.Errorf("%s has moved, by chance: %+v", of, same)
		}
	}
	if m := moved(ranking.Drifts(before, asked(300, 3, other, 0.7))); !m["query_terms"] || m["relevance"] {
		t.Errorf("other words: %v", m)
	}
	if m := moved(ranking.Drifts(before, asked(300, 4, usual, 0.5))); m["query_terms"] || !m["relevance"] || !m["first_relevance"] || !m["cross"] {
		t.Errorf("lower scores: %v", m)
	}
	if m := moved(ranking.Drifts(before, asked(300, 5, []string{"红色 杯子"}, 0.7))); !m["query_chinese"] {
		t.Errorf("another language: %v", m)
	}
	if m := moved(ranking.Drifts(before, asked(3, 6, usual, 0.5))); m["relevance"] {
		t.Errorf("three lists say nothing yet: %v", m)
	}
	if d := ranking.Drifts(nil, before); len(d) != 0 {
		t.Errorf("without anything before: %v", d)
	}
	for _, d := range same {
		if d.Of == "semantic" {
			t.Error("a feature that is never known is compared")
		}
	}
}
