package behaviour

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"floorwalker/shop"
)

// learnFrom is how far back is learnt from, learnEvery how often.
const (
	learnFrom  = 365 * 24 * time.Hour
	learnEvery = 15 * time.Minute
)

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

// Models of the lists that For makes.
const (
	modelTaste      = "taste"
	modelPopularity = "popularity"
)

// For is what a client may like, best first, at most n products: what is learnt from all clients, applied to what this
// client did up to this moment, in the session that is named and before, on every platform where he lets it be used. For
// one of whom nothing is known, or who does not want it used here, it is what all like, by its lower confidence bound. What the client declined is left out; what he
// bought is marked, since only the catalogue knows what is bought again.
func (l *Log) For(ctx context.Context, s shop.Shopper, n int) (shop.Taste, error) {
	return l.list(ctx, s, n, true)
}

// Popular is what For gives one of whom nothing is known.
func (l *Log) Popular(ctx context.Context, s shop.Shopper, n int) (shop.Taste, error) {
	return l.list(ctx, s, n, false)
}

func (l *Log) list(ctx context.Context, s shop.Shopper, n int, personal bool) (shop.Taste, error) {
	rows, popular, err := l.history(ctx, s)
	if err != nil {
		return shop.Taste{}, fmt.Errorf("read what a client did: %w", err)
	}
	declined, bought := map[string]bool{}, map[string]bool{}
	var deeds []Deed
	var skus []string
	for _, r := range rows {
		switch w := says(r.Action, r.Amount); {
		case r.Action == Decline:
			declined[r.SKU] = true
		case w > 0:
			bought[r.SKU] = bought[r.SKU] || r.Action == Purchase
			if !personal {
				continue
			}
			deeds = append(deeds, Deed{Client: s.Client, Basket: r.Session, SKU: r.SKU, Time: r.Time, Weight: w})
			skus = append(skus, r.SKU)
		}
	}
	taste, lore := shop.Taste{Model: modelPopularity}, Lore{Popular: popular}
	if len(deeds) > 0 {
		taste.Model = modelTaste
		if lore.Neighbours, err = l.neighboursOf(ctx, skus); err != nil {
			return shop.Taste{}, fmt.Errorf("read what goes with it: %w", err)
		}
	}
	var ranked []Scored
	if personal && l.o.Learned != nil && slices.ContainsFunc(rows, func(r deedRow) bool { return r.Action == Purchase }) {
		if ranked, err = lore.Reorder(ctx, l.o.Learned, deeds, l.o.Now()); err != nil {
			l.o.Logger.WarnContext(ctx, "recommended without the learned order", "error", err)
		} else {
			taste.Model += " " + l.o.Learned.Name() + "@" + l.o.Learned.Version()
		}
	}
	if ranked == nil {
		ranked = lore.Recommend(deeds)
	}
	for _, s := range ranked {
		if !declined[s.SKU] && len(taste.Products) < n {
			taste.Products = append(taste.Products, shop.Suggestion{SKU: s.SKU, Bought: bought[s.SKU]})
		}
	}
	return taste, nil
}

// The figures of what a client likes now.
const (
	// likingHalfLife is after how long a deed says half as much of what its client likes now.
	likingHalfLife = 30 * 24 * time.Hour
	// ofThisVisit is how many times as much a deed says in the session that goes on.
	ofThisVisit = 4
	// mostLiked is how many products are told at most of either kind.
	mostLiked = 20
)

// Likes are the products that say most of what the client likes now, as far as he lets what he did be used: those that he
// took up, lately and in this session above all, and those that he turned down.
func (l *Log) Likes(ctx context.Context, s shop.Shopper) ([]shop.Liking, error) {
	rows, err := l.deeds(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("read what a client did: %w", err)
	}
	now, weights := l.o.Now(), map[string]float64{}
	var declined []shop.Liking
	turned := map[string]bool{}
	for _, r := range rows {
		w := says(r.Action, r.Amount)
		switch {
		case r.Action == Decline:
			if !turned[r.SKU] && len(declined) < mostLiked {
				declined = append(declined, shop.Liking{SKU: r.SKU, Weight: -1})
			}
			turned[r.SKU] = true
			continue
		case w == 0:
			continue
		case r.Session == s.Session:
			w = min(ofThisVisit*w, 1)
		}
		weights[r.SKU] = max(weights[r.SKU], w*decay(now.Sub(r.Time), likingHalfLife))
	}
	var likes []shop.Liking
	for sku, w := range weights {
		if !turned[sku] {
			likes = append(likes, shop.Liking{SKU: sku, Weight: w})
		}
	}
	slices.SortFunc(likes, func(a, b shop.Liking) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.SKU, b.SKU)) })
	return append(likes[:min(len(likes), mostLiked)], declined...), nil
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
	cells, err := l.shown(ctx, now.Add(-respondFrom))
	if err != nil {
		return fmt.Errorf("read what customers took of what they were shown: %w", err)
	}
	if err := l.storeLore(ctx, Learn(deeds, now), respond(cells)); err != nil {
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
