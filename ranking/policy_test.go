package ranking_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/ranking"
	"floorwalker/shop"
)

var today = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestBusinessFeaturesOrderProductsOfLikeRelevance(t *testing.T) {
	plain := product("plain", "Mug")
	better := map[string]func(p *shop.Product){
		"margin":    func(p *shop.Product) { p.CostMinor = 400 },
		"freshness": func(p *shop.Product) { p.ReleasedAt = today.Add(-365 * 12 * time.Hour) },
		"delivery":  func(p *shop.Product) { p.DeliveryDays = 1 },
		"rating":    func(p *shop.Product) { p.Rating = 4 },
		"in_stock":  nil,
	}
	weights := ranking.DefaultWeights
	want := map[string]float64{"margin": 0.6 * weights.Margin, "freshness": 0.5 * weights.Freshness, "delivery": weights.Delivery,
		"rating": 0.5 * weights.Rating, "in_stock": weights.InStock}
	for code, change := range better {
		one, other := product("z", "Mug"), plain
		if change != nil {
			change(&one)
		} else {
			other.Stock = 0
		}
		candidates := found(other, one)
		candidates[0].TextScore, candidates[1].TextScore = 0, 0
		got := rank(t, ranking.New(nil, nil, ranking.Options{Now: func() time.Time { return today }}), shop.Query{Text: "mug"}, candidates)
		if got.Candidates[0].Product.SKU != "z" {
			t.Errorf("%s: %v", code, skus(got))
		}
		if r, _ := reason(got.Candidates[0], code); math.Abs(r.Weight-want[code]) > 1e-4 {
			t.Errorf("%s counts %v, want %v", code, r.Weight, want[code])
		}
		features := got.Candidates[0].Features
		if at := slices.Index(ranking.FeatureNames, code); len(features) != len(ranking.FeatureNames) || !(features[at] > 0) {
			t.Errorf("%s: features %v", code, features)
		}
	}
	// None of them lifts what does not fit over what does.
	lure := product("lure", "Sofa")
	for _, change := range better {
		if change != nil {
			change(&lure)
		}
	}
	worst := product("fits", "Mug")
	worst.Stock, worst.Rating = 0, 1
	if got := rank(t, ranking.New(nil, nil, ranking.Options{}), shop.Query{Text: "mug"}, found(lure, worst)); skus(got)[0] != "fits" {
		t.Errorf("a sofa for a mug: %v", skus(got))
	}
}

func TestLikeProductsMakeRoomForOthers(t *testing.T) {
	candidates := found(product("a", "Red enamel mug"), product("b", "Red enamel mug"), product("c", "Red enamel mug"), product("d", "Red mug"))
	for i := range candidates {
		candidates[i].TextScore = 1 - float64(i)/100
	}
	order := func(diversity float64) shop.Ranking {
		return rank(t, ranking.New(nil, nil, ranking.Options{Diversity: diversity}), shop.Query{Text: "mug"}, candidates)
	}
	if got := skus(order(-1)); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("without diversity: %v", got)
	}
	got := order(0.1)
	if !slices.Equal(skus(got), []string{"a", "d", "b", "c"}) {
		t.Errorf("with diversity: %v", skus(got))
	}
	for i, c := range got.Candidates[1:] {
		if c.Score > got.Candidates[i].Score {
			t.Errorf("scores do not fall: %v after %v", c.Score, got.Candidates[i].Score)
		}
	}
	if r, ok := reason(got.Candidates[1], "diversity"); ok {
		t.Errorf("a name of two of the three words: %+v", r)
	}
	if r, ok := reason(got.Candidates[2], "diversity"); !ok || math.Abs(r.Weight+0.1) > 1e-9 {
		t.Errorf("the second of three equal names: %+v", r)
	}
	if got := rank(t, ranking.New(nil, nil, ranking.Options{Diversity: 0.1}), shop.Query{Text: "mug", Sort: shop.SortPriceAsc}, candidates); !slices.Equal(skus(got), []string{"a", "b", "c", "d"}) {
		t.Errorf("an order that was asked for: %v", skus(got))
	}
}

func TestAPolicyIsReadOverWhatServes(t *testing.T) {
	p, err := ranking.ReadPolicy(strings.NewReader(`{"weights":{"margin":0.05},"diversity":0}`), ranking.DefaultPolicy())
	if err != nil || p.Weights.Margin != 0.05 || p.Weights.Semantic != ranking.DefaultWeights.Semantic || p.Floor != ranking.DefaultFloor {
		t.Errorf("%+v, %v", p, err)
	}
	if o := p.Options(); o.Diversity >= 0 || o.Floor != ranking.DefaultFloor {
		t.Errorf("options %+v", o)
	}
	again, err := ranking.ReadPolicy(strings.NewReader(`{"floor":0.3}`), p)
	if err != nil || again.Weights.Margin != 0.05 || again.Floor != 0.3 {
		t.Errorf("over another: %+v, %v", again, err)
	}
	for name, text := range map[string]string{
		"not JSON":          `weights`,
		"two objects":       `{} {}`,
		"a misspelt name":   `{"weights":{"margins":0.1}}`,
		"a weight too high": `{"weights":{"cross":1.5}}`,
		"below 0":           `{"weights":{"rating":-0.1}}`,
		"nothing counts":    `{"weights":{"semantic":0,"words":0,"kind":0}}`,
		"a floor too high":  `{"floor":2}`,
	} {
		if _, err := ranking.ReadPolicy(strings.NewReader(text), ranking.DefaultPolicy()); !errors.Is(err, ranking.ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSameCandidatesInAnyOrderAreRankedAlike(t *testing.T) {
	var candidates []shop.Candidate
	for i := range 30 {
		c := shop.Candidate{Product: product(fmt.Sprintf("%02d", i), []string{"Mug", "Red mug", "Tall mug"}[i%3]), TextScore: float64(i%2 + 1), VectorScore: 0.5}
		candidates = append(candidates, c)
	}
	r := ranking.New(nil, nil, ranking.Options{})
	want := skus(rank(t, r, shop.Query{Text: "mug"}, candidates))
	for i := range 5 {
		shuffled := append(slices.Clone(candidates[i*5:]), candidates[:i*5]...)
		slices.Reverse(shuffled)
		if got := skus(rank(t, r, shop.Query{Text: "mug"}, shuffled)); !slices.Equal(got, want) {
			t.Errorf("another order of the candidates gives %v, want %v", got, want)
		}
	}
}
