package ranking

import (
	"slices"

	"floorwalker/shop"
)

// diversify puts candidates, in the order of their score, in that of maximal marginal relevance (Carbonell and
// Goldstein, SIGIR 1998): each place gets the product whose score is highest, less what it loses for being called nearly what one
// before it is called; of equals the one that came first. What a product loses is a reason of its own, so that
// reasons still sum up to the score, and scores still fall.
func diversify(ranked []shop.Candidate, diversity float64) {
	if diversity <= 0 {
		return
	}
	type place struct {
		shop.Candidate
		words []string
		alike float64 // the most that it has in common with one that has its place
	}
	left := make([]place, len(ranked))
	for i, c := range ranked {
		words := stems(c.Product.Title)
		slices.Sort(words)
		left[i] = place{Candidate: c, words: slices.Compact(words)}
	}
	for n := range ranked {
		best := 0
		for i := range left {
			if left[i].Score-diversity*left[i].alike > left[best].Score-diversity*left[best].alike {
				best = i
			}
		}
		chosen := left[best]
		left = slices.Delete(left, best, best+1)
		if chosen.alike > 0 {
			chosen.Reasons = append(chosen.Reasons, shop.Reason{Code: "diversity", Weight: -diversity * chosen.alike})
			settle(&chosen.Candidate)
		}
		ranked[n] = chosen.Candidate
		for i := range left {
			if alike := inCommon(left[i].words, chosen.words); alike >= nearlySame {
				left[i].alike = max(left[i].alike, alike)
			}
		}
	}
}

// nearlySame is the share of the words in common from which two names are of one product, in another colour, say. What is
// merely of one kind shares its words because all of it fits: were that to count, what fits less would come before it.
const nearlySame = 0.8

// inCommon is the share of the words of both that each of them has (Jaccard), from 0 to 1; both are sorted, without
// doubles.
func inCommon(a, b []string) float64 {
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			both, i, j = both+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	if both == 0 {
		return 0
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
