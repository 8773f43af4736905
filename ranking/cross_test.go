package ranking_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floorwalker/ranking"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadingEndsInTimeAndWhatIsUnreadKeepsItsRelevance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := &scripted{takes: 60 * time.Millisecond, score: func(string, string) float32 { return 0 }}
		r := ranking.New(nil, model, ranking.Options{Reading: 100 * time.Millisecond})
		var products []shop.Product
		for i := range 40 { // what the words fit best comes last
			products = append(products, product(fmt.Sprintf("far%02d", i), "Large cup"))
		}
		for i := range 8 {
			products = append(products, product(fmt.Sprintf("near%d", i), "Large mug"))
		}
		began := time.Now()
		got := rank(t, r, shop.Query{Text: "large mug"}, found(products...))
		if took := time.Since(began); got.Degraded || took != 120*time.Millisecond || model.scored != 32 {
			t.Errorf("degraded %v, %d products read in %v", got.Degraded, model.scored, took)
		}
		if got.Model != "scripted@1 (16 unread)" {
			t.Errorf("model %q does not say that 16 are unread", got.Model)
		}
		// The model has read the likeliest and found them wanting; what it did not read is as likely as before.
		before := map[string]float64{}
		for _, c := range rank(t, ranking.New(nil, nil, ranking.Options{}), shop.Query{Text: "large mug"}, found(products...)).Candidates {
			before[c.Product.SKU] = c.Relevance
		}
		lower := 0
		for i, c := range got.Candidates {
			if was := before[c.Product.SKU]; c.Relevance < was {
				lower++
			} else if c.Relevance != was || c.Product.Title == "Large mug" {
				t.Errorf("place %d, %s: relevance %v, before %v", i, c.Product.SKU, c.Relevance, was)
			}
		}
		if lower != 32 {
			t.Errorf("%d products have less relevance than before, want the 32 that were read", lower)
		}
		// The next time the kept scores are used and the rest is read.
		if got := rank(t, r, shop.Query{Text: "large mug"}, found(products...)); model.scored != 48 || got.Degraded || got.Model != "scripted@1" {
			t.Errorf("%d products were read after a second time, degraded %v, model %q", model.scored, got.Degraded, got.Model)
		}
	})
}

func TestALateCrossEncoderLeavesTheFirstStagesOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := &scripted{takes: time.Hour, score: func(string, string) float32 { return 1 }}
		candidates := found(product("b", "Sofa"), product("c", "Running shoes"), product("a", "Mug"))
		want := rank(t, ranking.New(nil, nil, ranking.Options{}), shop.Query{Text: "running shoes"}, candidates)
		began := time.Now()
		got := rank(t, ranking.New(nil, model, ranking.Options{Deadline: 250 * time.Millisecond}), shop.Query{Text: "running shoes"}, candidates)
		if took := time.Since(began); took != 250*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if got.Degraded || got.Model != "scripted@1 (3 unread)" {
			t.Errorf("degraded %v, model %q", got.Degraded, got.Model)
		}
		if diff := cmp.Diff(want.Candidates, got.Candidates, cmpopts.EquateNaNs()); diff != "" || got.Candidates[0].Product.SKU != "c" {
			t.Errorf("the order is not the first stage's (-want +got):\n%s", diff)
		}
	})
}

func TestALateEmbedderLeavesRetrievalsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := ranking.New(lateEmbedder{}, &scripted{score: func(string, string) float32 { return 1 }}, ranking.Options{Deadline: 250 * time.Millisecond})
		got := rank(t, r, shop.Query{Text: "running shoes"}, found(product("b", "Sofa"), product("c", "Running shoes")))
		if !got.Degraded || got.Model != "scripted@1 (late)" || got.Candidates[0].Product.SKU != "b" {
			t.Errorf("degraded %v, model %q, first %s", got.Degraded, got.Model, got.Candidates[0].Product.SKU)
		}
	})
}

// lateEmbedder answers when the time is over.
type lateEmbedder struct{}

func (lateEmbedder) Embed(ctx context.Context, _ []string) ([][]float32, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestWhatSurelyDoesNotFitIsNotRead(t *testing.T) {
	model := &scripted{score: func(string, string) float32 { return 0.9 }}
	r := ranking.New(nil, model, ranking.Options{})
	candidates := found(product("mug", "Mug"), product("sofa", "Sofa"), product("unknown", "Teacup"))
	candidates[0].VectorScore, candidates[1].VectorScore = 0.7, 0.05
	got := rank(t, r, shop.Query{Text: "mug"}, candidates)
	if model.scored != 2 {
		t.Errorf("%d products were read, want the mug and the one that no model has compared", model.scored)
	}
	if last := got.Candidates[2]; last.Product.SKU != "sofa" || last.Relevance >= got.Floor {
		t.Errorf("last is %s with %v", last.Product.SKU, last.Relevance)
	}
}

// A product fits as well as it fits the best way to say the query, and an explanation speaks of that one.
func TestTheModelReadsOtherWordsForTheSameThing(t *testing.T) {
	model := &scripted{score: func(query, doc string) float32 {
		if strings.Contains(query, "notebook") && strings.Contains(doc, "Notebook") {
			return 0.9
		}
		return 0.1
	}}
	r := ranking.New(nil, model, ranking.Options{})
	candidates := found(product("a", "Cooler"), product("b", "Notebook 15"))
	at := slices.Index(ranking.FeatureNames, "cross")
	for _, c := range rank(t, r, shop.Query{Text: "laptop"}, candidates).Candidates {
		if want := map[string]float64{"a": float64(float32(0.1)), "b": float64(float32(0.9))}[c.Product.SKU]; c.Features[at] != want {
			t.Errorf("%s: %.2f, want %.2f", c.Product.SKU, c.Features[at], want)
		}
	}
	e, err := r.Explain(t.Context(), shop.Query{Text: "laptop"}, candidates, "b")
	if err != nil || e.Cross == nil || e.Cross.Query != "notebook" || e.Cross.Score != e.Features["cross"] {
		t.Errorf("%+v, %v", e.Cross, err)
	}
}
