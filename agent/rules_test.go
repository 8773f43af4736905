package agent

import (
	"testing"

	"floorwalker/shop"
)

func TestASynonymStandsForWholeWords(t *testing.T) {
	rules := []shop.SearchRule{{Kind: shop.RuleSynonym, Subject: "trainers", Means: "running shoes"}, {Kind: shop.RuleSynonym, Subject: "跑鞋", Means: "跑步鞋"},
		{Kind: shop.RuleBrand, Subject: "acme", Boost: 0.5}}
	for given, want := range map[string]string{"Trainers": "running shoes", "red trainers for women": "red running shoes for women", "trainersocks": "trainersocks",
		"lighttrainers": "lighttrainers", "红色跑鞋男": "红色跑步鞋男", "acme bags": "acme bags", "ⱥⱥ İİİ Trainers": "ⱥⱥ iii running shoes", "": ""} {
		if got := searched(given, rules); got != want {
			t.Errorf("%q is searched as %q, want %q", given, got, want)
		}
	}
}

func TestBoostsMoveAndSayBy(t *testing.T) {
	given := shop.Ranking{Candidates: []shop.Candidate{
		{Product: shop.Product{SKU: "a", Brand: "One"}, Score: 0.9, Relevance: 0.9, Reasons: []shop.Reason{{Code: "semantic", Weight: 0.9}}},
		{Product: shop.Product{SKU: "b", Brand: "Two", Category: "Bags"}, Score: 0.8, Relevance: 0.8, Reasons: []shop.Reason{{Code: "semantic", Weight: 0.1}}},
		{Product: shop.Product{SKU: "c", Brand: "ONE"}, Score: 0.8, Relevance: 0.8}}}
	got := boosted(given, []shop.SearchRule{{Kind: shop.RuleCategory, Subject: "bags", Boost: 0.3}, {Kind: shop.RuleBrand, Subject: "one", Boost: -0.05}})
	var order string
	for _, c := range got.Candidates {
		order += c.Product.SKU
	}
	first := got.Candidates[0]
	if order != "bac" || first.Relevance != 0.8 || first.Reasons[0].Code != "rule" || first.Reasons[0].Weight != 0.3 || first.Score < 1.09 || first.Score > 1.11 {
		t.Errorf("%s: %+v", order, first)
	}
	if given.Candidates[0].Product.SKU != "a" || len(given.Candidates[1].Reasons) != 1 {
		t.Error("the given ranking was changed")
	}
	if same := boosted(given, nil); &same.Candidates[0] != &given.Candidates[0] {
		t.Error("without rules nothing is moved")
	}
}
