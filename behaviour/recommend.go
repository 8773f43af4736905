package behaviour

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// learnFrom is how far back is learnt from, learnEvery how often.
const (
	learnFrom  = 365 * 24 * time.Hour
	learnEvery = 15 * time.Minute
)

// longestHistory is how many of a client's latest deeds are looked at for a recommendation.
const longestHistory = 500

// says is how much an action says about taste, beside a purchase. What is not here says nothing, or no.
func says(a Action, amount float64) float64 {
	switch a {
	case Purchase:
		return 1
	case AddToCart:
		return 0.5
	case Share:
		return 0.3
	case Click:
		return 0.1
	case Rating:
		const liked = 4 // stars
		if amount >= liked {
			return 0.5
		}
	case Dwell:
		const looked = 10 // seconds
		if amount >= looked {
			return 0.1
		}
	}
	return 0
}

// For is what a client may like, best first, at most n products: what is learnt from all clients, applied to what this
// client did up to this moment, in the session that is named and before. It is empty where nothing is known of the
// client, or where the client does not want it used. What the client declined is left out.
func (l *Log) For(ctx context.Context, client, session string, n int) ([]string, error) {
	rows, popular, err := l.history(ctx, []string{client, session})
	if err != nil {
		return nil, fmt.Errorf("read what a client did: %w", err)
	}
	declined := map[string]bool{}
	var deeds []Deed
	var skus []string
	for _, r := range rows {
		if r.Action == Decline {
			declined[r.SKU] = true
		} else if w := says(r.Action, r.Amount); w > 0 {
			deeds = append(deeds, Deed{Client: client, Basket: r.Session, SKU: r.SKU, Time: r.Time, Weight: w})
			skus = append(skus, r.SKU)
		}
	}
	if len(deeds) == 0 {
		return nil, nil
	}
	neighbours, err := l.neighboursOf(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read what goes with it: %w", err)
	}
	var found []string
	for _, s := range (Lore{neighbours, popular}).Recommend(deeds) {
		if !declined[s.SKU] && len(found) < n {
			found = append(found, s.SKU)
		}
	}
	return found, nil
}

// GoesWith is what other clients took up together with a product, best first, at most n.
func (l *Log) GoesWith(ctx context.Context, sku string, n int) ([]string, error) {
	neighbours, err := l.neighboursOf(ctx, []string{sku})
	if err != nil {
		return nil, fmt.Errorf("read what goes with %s: %w", sku, err)
	}
	var found []string
	for _, s := range neighbours[sku][:min(len(neighbours[sku]), n)] {
		found = append(found, s.SKU)
	}
	return found, nil
}

// Relearn learns from all clients' deeds of the last year and puts it in place of what was learnt before. Of two who
// come at once, one learns.
func (l *Log) Relearn(ctx context.Context) error {
	now := l.o.Now()
	rows, err := l.evidence(ctx, now.Add(-learnFrom))
	if err != nil {
		return fmt.Errorf("read deeds to learn from: %w", err)
	}
	var deeds []Deed
	for _, r := range rows {
		if w := says(r.Action, r.Amount); w > 0 {
			deeds = append(deeds, Deed{Client: r.Client, Basket: r.Session, SKU: r.SKU, Time: r.Time, Weight: w})
		}
	}
	if err := l.storeLore(ctx, Learn(deeds, now)); err != nil {
		return fmt.Errorf("store what was learnt: %w", err)
	}
	return nil
}

// LearnOn learns, at once and then every quarter of an hour, until ctx ends.
func (l *Log) LearnOn(ctx context.Context) error {
	tick := time.NewTicker(learnEvery)
	defer tick.Stop()
	for {
		if err := l.Relearn(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errLearning) {
			l.o.Logger.Error("nothing learnt from the events", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
