package agent

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode"

	"floorwalker/shop"
)

// Rules are what the shop says about its search; nil where it says nothing.
type Rules interface {
	Rules(ctx context.Context) ([]shop.SearchRule, error)
}

// fixedRules hold whatever the shop says.
type fixedRules []shop.SearchRule

func (r fixedRules) Rules(context.Context) ([]shop.SearchRule, error) { return r, nil }

// rules reads them; a search goes on without where they can't be read.
func (t *talk) rules(ctx context.Context) []shop.SearchRule {
	if t.Rules == nil {
		return nil
	}
	rules, err := t.Rules.Rules(ctx)
	if err != nil {
		t.c.Logger.WarnContext(ctx, "the search goes on without the shop's rules", "error", err)
	}
	return rules
}

// searched is a product's name as it is searched for: the first synonym that stands in it, replaced.
func searched(product string, rules []shop.SearchRule) string {
	for _, r := range rules {
		if r.Kind != shop.RuleSynonym {
			continue
		}
		// Small letters may take another number of bytes ("İ" has two, "i" one), so the rest is taken from them too.
		small := strings.ToLower(product)
		if at := wordAt(small, r.Subject); at >= 0 {
			return small[:at] + r.Means + small[at+len(r.Subject):]
		}
	}
	return product
}

// wordAt is where the word stands as a word of its own, -1 where it does not. Chinese has no space between words.
func wordAt(text, word string) int {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		before, after := []rune(text[:at]), []rune(text[at+len(word):])
		if (len(before) == 0 || !joins(before[len(before)-1])) && (len(after) == 0 || !joins(after[0])) {
			return at
		}
		from = at + len(word)
	}
}

// joins reports whether a letter belongs to the word beside it.
func joins(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.Is(unicode.Han, r)
}

// boosted orders a ranking by the shop's rules, which become reasons like all others. Relevance stays what it is.
func boosted(ranking shop.Ranking, rules []shop.SearchRule) shop.Ranking {
	moved := false
	all := slices.Clone(ranking.Candidates)
	for i, c := range all {
		for _, r := range rules {
			p := c.Product
			if r.Kind == shop.RuleBrand && strings.EqualFold(p.Brand, r.Subject) || r.Kind == shop.RuleCategory && strings.EqualFold(p.Category, r.Subject) || r.Kind == shop.RuleSKU && p.SKU == r.Subject {
				all[i].Score += r.Boost
				all[i].Reasons = append(slices.Clone(all[i].Reasons), shop.Reason{Code: "rule", Weight: r.Boost, Detail: r.Subject})
				slices.SortStableFunc(all[i].Reasons, func(a, b shop.Reason) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
				moved = true
			}
		}
	}
	if moved {
		slices.SortStableFunc(all, func(a, b shop.Candidate) int { return cmp.Compare(b.Score, a.Score) })
		ranking.Candidates = all
	}
	return ranking
}
