package behaviour

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"floorwalker/experiments"
)

// The figures of exploration.
const (
	// respondFrom is how far back it is looked at how customers take to what they are shown.
	respondFrom = 90 * 24 * time.Hour
	// mostTrials caps what was seen of a product: it is never so sure that it is not looked at again, and a change of
	// taste shows.
	mostTrials = 1000.0
	// priorTrials is for how many sessions the share of all products counts beside a product's own.
	priorTrials = 20.0
	// leastChance is shared out evenly among all that may be chosen, so that no logged propensity is near 0.
	leastChance = 0.1
)

// response is in how many sessions a product was looked at, and in how many of those it was taken up.
type response struct {
	SKU          string
	Shown, Taken float64
}

// respond sums up how customers take to each product, and to all as "". What stood at a place that is looked at less was
// shown less, by the position-based click model.
func respond(cells []experiments.Cell) []response {
	examined := experiments.PositionBias(cells).Examined
	sums, all := map[string]response{}, response{}
	for _, c := range cells {
		looked := max(c.Shown*examined[min(max(c.Position, 1), len(examined))-1], c.Clicked)
		r := sums[c.SKU]
		sums[c.SKU] = response{c.SKU, r.Shown + looked, r.Taken + c.Clicked}
		all.Shown, all.Taken = all.Shown+looked, all.Taken+c.Clicked
	}
	responses := []response{all}
	for _, r := range sums {
		responses = append(responses, r)
	}
	return responses
}

// Explore chooses one of the products by Thompson sampling: each as often as it is likely to be the one that customers
// take up most, by what they did when they were shown it. The propensity is the very chance that it had. One seed and
// one state of knowledge choose the same.
func (l *Log) Explore(ctx context.Context, seed string, skus []string) (sku string, propensity float64, err error) {
	if len(skus) == 0 {
		return "", 0, nil
	}
	arms, err := l.beliefs(ctx, skus)
	if err != nil {
		return "", 0, err
	}
	odds := experiments.Chances(arms, leastChance)
	h := fnv.New64a()
	h.Write([]byte(seed)) // never fails
	at := rand.New(rand.NewPCG(h.Sum64(), 0)).Float64()
	for i, p := range odds {
		if at -= p; at < 0 || i == len(odds)-1 {
			return skus[i], p, nil
		}
	}
	return "", 0, nil // not reached: there is a last one
}

// Shares are, by product, how likely a customer who is shown it takes it up: what was seen of it beside the share of all
// products.
func (l *Log) Shares(ctx context.Context, skus []string) (map[string]float64, error) {
	beliefs, err := l.beliefs(ctx, skus)
	if err != nil {
		return nil, err
	}
	shares := map[string]float64{}
	for i, sku := range skus {
		shares[sku] = beliefs[i].Mean()
	}
	return shares, nil
}

// beliefs are what is believed of how customers take to the products, in their order.
func (l *Log) beliefs(ctx context.Context, skus []string) ([]experiments.Belief, error) {
	known, err := l.responsesTo(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read how customers take to %d products: %w", len(skus), err)
	}
	bySKU := map[string]response{}
	for _, r := range known {
		bySKU[r.SKU] = r
	}
	all := make([]experiments.Belief, len(skus))
	for i, sku := range skus {
		all[i] = belief(bySKU[sku], bySKU[""])
	}
	return all, nil
}

// belief is what is believed of the share of sessions that take a product up: its own figures beside the share of all.
func belief(own, all response) experiments.Belief {
	share := (all.Taken + 1) / (all.Shown + priorTrials)
	shown, taken := own.Shown, own.Taken
	if shown > mostTrials {
		shown, taken = mostTrials, taken*mostTrials/shown
	}
	return experiments.Belief{A: share*priorTrials + taken, B: (1-share)*priorTrials + shown - taken}
}
