package ranking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"floorwalker/shop"
)

const (
	// readAtOnce is how many products the cross-encoder reads before the clock is looked at: about 60 ms of two cores.
	readAtOnce = 16
	// surelyNot is a relevance by words and embedding under which a product isn't read.
	surelyNot = 0.1
)

// readingOrder are the candidates that the cross-encoder should read, those that the first stage holds for the most
// relevant first.
func (r *Ranker) readingOrder(signals []signal, matches []match) []int {
	relevance := make([]float64, len(signals))
	var order []int
	for i := range signals {
		relevance[i] = sum(r.relevance(signals[i], matches[i]))
		if relevance[i] >= surelyNot || math.IsNaN(signals[i].semantic) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(relevance[b], relevance[a]) })
	return order
}

// addCross fills in the cross-encoder's scores in the given order, until the time for reading is used up or the deadline
// has come, and says how many it did not come to. It asks the model only for the scores that are not kept.
func (r *Ranker) addCross(ctx context.Context, query string, candidates []shop.Candidate, signals []signal, order []int) (unread int, err error) {
	began := time.Now()
	var missing []int
	for _, i := range order {
		p := candidates[i].Product
		if score, ok := r.scores.get(scoreKey{query, p.SKU, p.Version}); ok {
			signals[i].cross = score
			continue
		}
		missing = append(missing, i)
	}
	unread = len(missing)
	for part := range slices.Chunk(missing, readAtOnce) {
		if time.Since(began) >= r.options.Reading {
			break
		}
		switch err := r.read(ctx, query, candidates, signals, part); {
		case errors.Is(err, context.DeadlineExceeded):
			return unread, nil // the first stage's order is better than retrieval's
		case err != nil:
			return unread, err
		}
		unread -= len(part)
	}
	return unread, nil
}

// read asks the cross-encoder for the candidates at the places: how well each fits the query, however it is said.
func (r *Ranker) read(ctx context.Context, query string, candidates []shop.Candidate, signals []signal, places []int) error {
	texts := make([]string, len(places))
	for n, i := range places {
		texts[n] = candidates[i].Product.PairText()
	}
	best := make([]float64, len(places))
	for _, way := range said(query) {
		scores, err := r.cross.Score(ctx, way, texts)
		if err != nil {
			return err
		}
		if len(scores) != len(texts) {
			return fmt.Errorf("%d scores for %d texts", len(scores), len(texts))
		}
		for n, i := range places {
			score := float64(scores[n])
			if !(score >= 0 && score <= 1) {
				return fmt.Errorf("%w: %s for product %s", ErrNotFinite, strconv.FormatFloat(score, 'g', 4, 64), candidates[i].Product.SKU)
			}
			best[n] = max(best[n], score)
		}
	}
	for n, i := range places {
		p := candidates[i].Product
		r.scores.put(scoreKey{query, p.SKU, p.Version}, best[n])
		signals[i].cross = best[n]
	}
	return nil
}
