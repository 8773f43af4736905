package ranking

import (
	"context"
	"fmt"
	"math"
	"slices"

	"floorwalker/shop"
)

// Takeup is a model that foretells what customers do with a product that they are shown: 0 is nothing, 1 a purchase, and a
// click or a cart lie between. A row holds TakeupFeatures.
type Takeup interface {
	Score(ctx context.Context, rows [][]float32) ([]float32, error)
	// Name and Version say which model it is.
	Name() string
	Version() string
}

// TakeupFeatures are what a Takeup goes by: FeatureNames, and the place in the list, from 1. It learns from the places where
// products stood and is asked of the first, so that none is held to be better because it stood there.
var TakeupFeatures = append(slices.Clone(FeatureNames), "position")

// TakeupUnknown stands in a row for what is not known.
const TakeupUnknown = -9

// foretell adds to each candidate's reasons what customers are likely to do with it, beside the likeliest of those that may be shown.
func (r *Ranker) foretell(ctx context.Context, candidates []shop.Candidate) error {
	rows := make([][]float32, len(candidates))
	for i, c := range candidates {
		rows[i] = make([]float32, 0, len(TakeupFeatures))
		for _, value := range c.Features {
			if math.IsNaN(value) {
				value = TakeupUnknown
			}
			rows[i] = append(rows[i], float32(value))
		}
		rows[i] = append(rows[i], 1)
	}
	said, err := r.options.Takeup.Score(ctx, rows)
	if err != nil {
		return fmt.Errorf("foretell what is done with %d products: %w", len(rows), err)
	}
	most := 0.0 // of those that may be shown
	for i, c := range candidates {
		if c.Relevance >= r.options.Floor {
			most = max(most, float64(said[i]))
		}
	}
	if most == 0 {
		return nil
	}
	for i := range candidates {
		c := &candidates[i]
		c.Reasons = append(c.Reasons, shop.Reason{Code: "take_up", Weight: r.options.Weights.Takeup * min(max(0, float64(said[i])/most), 1)})
		settle(c)
	}
	return nil
}
