package behaviour

import (
	"context"
	"fmt"
	"time"
)

// Impressions are one list of products that was shown, with what became of it.
type Impressions struct {
	RankingID, Query, Model string
	Time                    time.Time
	// Items stand by position.
	Items []Item
}

// Item is one product of a list.
type Item struct {
	SKU string
	// Position is the place in the list, from 1.
	Position int
	// Features are what the ranker knew, in the order of ranking.FeatureNames; NaN is unknown.
	Features []float64
	// Gain is what the customer did with it within a day, as says weighs it: 0 for nothing, 1 for a purchase.
	Gain float64
}

// Impressions are the lists that were shown from since and before until, the oldest first, at most the latest n of them. What a
// page claims of them counts, because the server itself showed them. Lists of a person at the desk, and those of rankers
// that log no features, are not among them.
func (l *Log) Impressions(ctx context.Context, since, until time.Time, n int) ([]Impressions, error) {
	rows, err := l.impressions(ctx, since, until, n)
	if err != nil {
		return nil, fmt.Errorf("read lists that were shown: %w", err)
	}
	var lists []Impressions
	for _, r := range rows {
		if len(lists) == 0 || lists[len(lists)-1].RankingID != r.RankingID {
			lists = append(lists, Impressions{RankingID: r.RankingID, Query: r.Query, Model: r.Model, Time: r.Time})
		}
		item := Item{SKU: r.SKU, Position: int(r.Position)}
		for _, f := range r.Features {
			item.Features = append(item.Features, float64(f))
		}
		for i, action := range r.Actions {
			item.Gain = max(item.Gain, says(Action(action), r.Amounts[i]))
		}
		last := &lists[len(lists)-1]
		last.Items = append(last.Items, item)
	}
	return lists, nil
}

// Shadow is what a ranker in the shadow made of a list that another one served.
type Shadow struct {
	RankingID      string
	Served, Shadow string
	// Degraded: the shadow failed or was late.
	Degraded bool
	// ServedSKUs and ShadowSKUs are the first products of both.
	ServedSKUs, ShadowSKUs     []string
	ServedMillis, ShadowMillis float64
}

// NoteShadow keeps a comparison, once a ranking.
func (l *Log) NoteShadow(ctx context.Context, s Shadow) error {
	if err := l.storeShadow(ctx, s); err != nil {
		return fmt.Errorf("keep what a ranker in the shadow made: %w", err)
	}
	return nil
}

// ShadowOutcome is a comparison with what the customer did.
type ShadowOutcome struct {
	Shadow
	// Gains are what was done with products of the list, by SKU, as in Item.Gain; only what is above 0.
	Gains map[string]float64
}

// Shadows are the comparisons with rankers in the shadow since a time, with what customers did with the lists.
func (l *Log) Shadows(ctx context.Context, since time.Time) ([]ShadowOutcome, error) {
	found, err := l.shadows(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("read comparisons with rankers in the shadow: %w", err)
	}
	return found, nil
}
