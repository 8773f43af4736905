package behaviour

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// FeatureNames are the columns that say of a product what a client may want of it, in the order of Candidate.Features.
var FeatureNames = []string{"score", "habit", "goes_with", "liked", "rank", "baskets", "baskets_with_it", "share_of_baskets", "days_since_it",
	"days_since_any", "mean_days_between", "overdue", "in_last_basket", "in_last_three", "mean_basket", "days_known", "distinct"}

// Candidate is a product that a client may want next.
type Candidate struct {
	Scored
	Features []float32
}

// Candidates are the first n of Recommend, each with what a learned model goes by.
func (l Lore) Candidates(history []Deed, now time.Time, n int) []Candidate {
	parts := l.parts(history)
	ranked := make([]Scored, 0, len(parts))
	for sku, p := range parts {
		ranked = append(ranked, Scored{sku, p.score()})
	}
	sortScored(ranked)
	type bought struct {
		baskets map[string]time.Time
	}
	items, baskets := map[string]*bought{}, map[string]time.Time{}
	sizes := map[string]map[string]bool{}
	for _, d := range history {
		if items[d.SKU] == nil {
			items[d.SKU] = &bought{map[string]time.Time{}}
		}
		items[d.SKU].baskets[d.Basket] = d.Time
		if at, ok := baskets[d.Basket]; !ok || d.Time.After(at) {
			baskets[d.Basket] = d.Time
		}
		if sizes[d.Basket] == nil {
			sizes[d.Basket] = map[string]bool{}
		}
		sizes[d.Basket][d.SKU] = true
	}
	var order []string
	lines := 0.0
	for b := range baskets {
		order = append(order, b)
		lines += float64(len(sizes[b]))
	}
	slices.SortFunc(order, func(a, b string) int { return baskets[b].Compare(baskets[a]) })
	days := func(t time.Time) float64 { return math.Max(now.Sub(t).Hours()/24, 0) }
	const never = 999
	sinceAny, known := float64(never), 0.0
	if len(order) > 0 {
		sinceAny, known = days(baskets[order[0]]), days(baskets[order[len(order)-1]])
	}
	found := make([]Candidate, 0, n)
	for rank, s := range ranked[:min(len(ranked), n)] {
		p := parts[s.SKU]
		with, since, between, overdue, last, lastThree := 0.0, float64(never), float64(never), 0.0, 0.0, 0.0
		if it := items[s.SKU]; it != nil {
			with = float64(len(it.baskets))
			var first, latest time.Time
			for _, at := range it.baskets {
				if first.IsZero() || at.Before(first) {
					first = at
				}
				if at.After(latest) {
					latest = at
				}
			}
			since = days(latest)
			if with > 1 {
				between = latest.Sub(first).Hours() / 24 / (with - 1)
				overdue = math.Min(since/math.Max(between, 1), 20)
			}
			for k, b := range order[:min(len(order), 3)] {
				if _, ok := it.baskets[b]; ok {
					lastThree++
					if k == 0 {
						last = 1
					}
				}
			}
		}
		n := math.Max(float64(len(order)), 1)
		row := []float64{s.Score, p.habit, p.goesWith, p.liked, float64(rank), float64(len(order)), with, with / n, since, sinceAny, between, overdue, last, lastThree,
			lines / n, known, float64(len(items))}
		features := make([]float32, len(row))
		for i, v := range row {
			features[i] = float32(v)
		}
		found = append(found, Candidate{s, features})
	}
	return found
}

// Reordered is how many of the first candidates a learned model puts in order: no more are recommended then.
const Reordered = 100

// Reorder is Recommend with its first candidates in the order of a learned model.
func (l Lore) Reorder(ctx context.Context, model Learned, history []Deed, now time.Time) ([]Scored, error) {
	candidates := l.Candidates(history, now, Reordered)
	rows := make([][]float32, len(candidates))
	for i, c := range candidates {
		rows[i] = c.Features
	}
	scores, err := model.Score(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("put %d candidates in order: %w", len(rows), err)
	}
	order := make([]Scored, len(candidates))
	for i, c := range candidates {
		order[i] = Scored{c.SKU, float64(scores[i])}
	}
	sortScored(order)
	return order, nil
}
