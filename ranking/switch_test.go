package ranking_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floorwalker/ranking"
	"floorwalker/shop"
)

func TestARankerIsChangedWithoutARestart(t *testing.T) {
	liking := func(title string) *ranking.Ranker {
		return ranking.New(nil, &scripted{score: func(_, doc string) float32 {
			if doc == title {
				return 0.9
			}
			return 0.1
		}}, ranking.Options{})
	}
	s := ranking.NewSwitch(liking("Mug"), nil, nil)
	first := func() string {
		got, err := s.Rank(t.Context(), shop.Query{Text: "cup"}, found(product("teacup", "Teacup"), product("mug", "Mug")))
		if err != nil || got.Degraded {
			t.Fatalf("%+v, %v", got, err)
		}
		return got.Candidates[0].Product.SKU
	}
	if got := first(); got != "mug" {
		t.Errorf("before: %s", got)
	}
	s.Serve(liking("Teacup"))
	if got := first(); got != "teacup" {
		t.Errorf("after the change, with a score that the old model had given: %s", got)
	}
}

func TestAShadowIsComparedAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		byLength := func(sign float32, takes time.Duration, err error) *ranking.Ranker {
			return ranking.New(nil, &scripted{takes: takes, err: err, score: func(_, doc string) float32 {
				return 0.5 + sign*float32(len(doc))/100
			}}, ranking.Options{Deadline: time.Second, Diversity: -1})
		}
		var heard []ranking.Compared
		told := func(_ context.Context, c ranking.Compared) { heard = append(heard, c) }
		s := ranking.NewSwitch(byLength(1, 0, nil), nil, told)
		candidates := found(product("a", "Cup"), product("b", "Large cup"), product("c", "Very large cup"))
		served := func() {
			began := time.Now()
			got, err := s.Rank(t.Context(), shop.Query{Text: "gadget"}, candidates)
			if err != nil || got.Candidates[0].Product.SKU != "c" || time.Since(began) > 0 {
				t.Errorf("served %v after %v, %v", skus(got), time.Since(began), err)
			}
			synctest.Wait()
		}
		served()
		if c := s.Compared(); c.Rankings != 0 {
			t.Errorf("compared without a shadow: %+v", c)
		}
		s.Shadow(byLength(-1, time.Second/2, nil))
		served()
		served() // while the first comparison runs
		time.Sleep(time.Minute)
		synctest.Wait()
		if c := s.Compared(); c.Rankings != 1 || c.SameFirst != 0 || math.Abs(c.Overlap-1) > 1e-9 || c.Degraded != 0 {
			t.Errorf("a shadow of the opposite opinion: %+v", c)
		}
		if len(heard) != 1 || !slices.Equal(ranking.First(heard[0].Served), []string{"c", "b", "a"}) || !slices.Equal(ranking.First(heard[0].Shadow), []string{"a", "b", "c"}) ||
			heard[0].ShadowTook != time.Second/2 || heard[0].ServedTook != 0 {
			t.Errorf("told %+v", heard)
		}
		s.Shadow(byLength(1, 0, nil))
		served()
		if c := s.Compared(); c.Rankings != 1 || c.SameFirst != 1 {
			t.Errorf("a shadow of the same opinion: %+v", c)
		}
		s.Shadow(byLength(1, 0, errors.New("broken")))
		served()
		if c := s.Compared(); c.Rankings != 0 || c.Degraded != 1 {
			t.Errorf("a broken shadow: %+v", c)
		}
	})
}

func TestAnExplanationHoldsWhatMovedTheProduct(t *testing.T) {
	model := &scripted{score: func(query, doc string) float32 {
		score := float32(0.3)
		if strings.Contains(query, "red") {
			score += 0.2
		}
		if strings.Contains(query, "mug") && strings.Contains(doc, "Mug") { // neither does anything without the other
			score += 0.4
		}
		if strings.Contains(doc, "Large") {
			score -= 0.2
		}
		return score
	}}
	candidates := found(product("b", "Hose"), product("a", "Large Mug"))
	got, err := ranking.New(nil, model, ranking.Options{}).Explain(t.Context(), shop.Query{Text: "red mug"}, candidates, "a")
	if err != nil || got.Cross == nil || math.Abs(got.Cross.Score-0.7) > 1e-6 || math.Abs(got.Cross.Base-0.3) > 1e-6 || len(got.Cross.Words) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []ranking.Attribution{{"red", true, 0.2}, {"mug", true, 0.2}, {"Large", false, -0.2}, {"Mug", false, 0.2}} {
		w := got.Cross.Words[i]
		if w.Word != want.Word || w.InQuery != want.InQuery || math.Abs(w.Effect-want.Effect) > 1e-6 {
			t.Errorf("word %d: %+v, want %+v", i, w, want)
		}
	}
	var sum float64
	for _, r := range got.Reasons {
		sum += r.Weight
	}
	if got.Position != 1 || sum != got.Score || math.Abs(got.Features["cross"]-0.7) > 1e-6 || got.Features["words"] != 0.5 || got.Features["in_stock"] != 1 {
		t.Errorf("%+v", got)
	}
	if _, there := got.Features["semantic"]; there {
		t.Error("what is not known has a value")
	}
	alone, err := ranking.New(nil, nil, ranking.Options{}).Explain(t.Context(), shop.Query{Text: "mug"}, candidates, "a")
	if err != nil || alone.Cross != nil || alone.Position != 1 {
		t.Errorf("without a cross-encoder: %+v, %v", alone, err)
	}
	if _, err := ranking.New(nil, nil, ranking.Options{}).Explain(t.Context(), shop.Query{Text: "mug"}, candidates, "z"); err == nil {
		t.Error("a product that is no candidate was explained")
	}
	if _, err := ranking.New(nil, nil, ranking.Options{}).ExplainWords(t.Context(), "mug", "Mug"); !errors.Is(err, ranking.ErrNoCrossEncoder) {
		t.Errorf("words without a cross-encoder: %v", err)
	}
}
