package ranking_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"floorwalker/ranking"
	"floorwalker/shop"
)

func TestReadingEndsInTimeAndWhatIsUnreadStandsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := &scripted{takes: 60 * time.Millisecond, score: func(string, string) float32 { return 0.5 }}
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
		for i, c := range got.Candidates {
			if i < 32 && c.Relevance < got.Candidates[47].Relevance {
				t.Errorf("place %d has less relevance than the last: %v < %v", i, c.Relevance, got.Candidates[47].Relevance)
			}
			if near := c.Product.Title == "Large mug"; near != (i < 8) {
				t.Errorf("place %d: %s", i, c.Product.SKU)
			}
		}
		// The next time the kept scores are used and the rest is read.
		if got := rank(t, r, shop.Query{Text: "large mug"}, found(products...)); model.scored != 48 || got.Degraded || got.Model != "scripted@1" {
			t.Errorf("%d products were read after a second time, degraded %v, model %q", model.scored, got.Degraded, got.Model)
		}
	})
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
