package ranking

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"floorwalker/shop"
)

// Switch serves with one ranker and may be told to serve with another, without a turn noticing. A second ranker
// may run in its shadow: it ranks the same candidates, off the customer's way, and is only compared.
type Switch struct {
	serving, shadow atomic.Pointer[Ranker]
	// behind marks the shadow's work as able to wait, told gets each comparison.
	behind func(context.Context) context.Context
	told   func(context.Context, Compared)
	busy   atomic.Bool

	mu       sync.Mutex
	compared Comparison
}

// Comparison is how the shadow's rankings differ from those that were served.
type Comparison struct {
	// Rankings is how many were compared; while one runs, others are let pass.
	Rankings int
	// SameFirst is the share with the same product in front, Overlap the share of the first ten that both have.
	SameFirst, Overlap float64
	// Degraded is how many the shadow failed at or was late with.
	Degraded int
}

// Compared is one list that two rankers put in order.
type Compared struct {
	Served, Shadow shop.Ranking
	// ServedTook and ShadowTook are how long each was at it; the shadow waits for customers' work.
	ServedTook, ShadowTook time.Duration
}

// First are the SKUs of the first ten products of a ranking.
func First(r shop.Ranking) []string {
	const most = 10
	skus := make([]string, 0, most)
	for _, c := range r.Candidates[:min(most, len(r.Candidates))] {
		skus = append(skus, c.Product.SKU)
	}
	return skus
}

// NewSwitch serves with r. behind marks a context as that of work that can wait, told gets each comparison with the shadow,
// off the customer's way; either may be nil.
func NewSwitch(r *Ranker, behind func(context.Context) context.Context, told func(context.Context, Compared)) *Switch {
	s := &Switch{behind: behind, told: told}
	s.serving.Store(r)
	return s
}

// Serve makes r the one that answers from now on. Scores are kept per ranker, so none of the old model's is served.
func (s *Switch) Serve(r *Ranker) { s.serving.Store(r) }

// Shadow makes r run beside the one that serves, and begins the comparison anew; nil ends it.
func (s *Switch) Shadow(r *Ranker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shadow.Store(r)
	s.compared = Comparison{}
}

// Compared is the comparison since the shadow was set.
func (s *Switch) Compared() Comparison {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.compared
	if n := float64(c.Rankings); n > 0 {
		c.SameFirst, c.Overlap = c.SameFirst/n, c.Overlap/n
	}
	return c
}

// Floor is the relevance below which a product should not be shown.
func (s *Switch) Floor() float64 { return s.serving.Load().Floor() }

// Model names the model of the one that serves.
func (s *Switch) Model() string { return s.serving.Load().model }

// Rank ranks with the one that serves.
func (s *Switch) Rank(ctx context.Context, q shop.Query, candidates []shop.Candidate) (shop.Ranking, error) {
	began := time.Now()
	ranking, err := s.serving.Load().Rank(ctx, q, candidates)
	took := time.Since(began)
	shadow := s.shadow.Load()
	if err != nil || shadow == nil || ranking.Degraded || len(candidates) == 0 || !s.busy.CompareAndSwap(false, true) {
		return ranking, err
	}
	apart := context.WithoutCancel(ctx)
	if s.behind != nil {
		apart = s.behind(apart)
	}
	served := ranking
	served.Candidates = slices.Clone(ranking.Candidates)
	go func() {
		defer s.busy.Store(false)
		began := time.Now()
		other, _ := shadow.Rank(apart, q, candidates) //nolint:errcheck // it is always nil: what goes wrong shows in Degraded
		c := Compared{Served: served, Shadow: other, ServedTook: took, ShadowTook: time.Since(began)}
		if s.note(shadow, c) && s.told != nil {
			s.told(apart, c)
		}
	}()
	return ranking, nil
}

// Explain explains with the one that serves.
func (s *Switch) Explain(ctx context.Context, q shop.Query, candidates []shop.Candidate, sku string) (Explanation, error) {
	return s.serving.Load().Explain(ctx, q, candidates, sku)
}

// note adds one ranking to the comparison, unless the shadow has changed since.
func (s *Switch) note(shadow *Ranker, c Compared) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shadow.Load() != shadow {
		return false
	}
	if c.Shadow.Degraded {
		s.compared.Degraded++
		return true
	}
	ours, theirs, both := First(c.Served), First(c.Shadow), 0
	for _, sku := range ours {
		if slices.Contains(theirs, sku) {
			both++
		}
	}
	s.compared.Rankings++
	s.compared.Overlap += float64(both) / float64(len(ours))
	if ours[0] == theirs[0] {
		s.compared.SameFirst++
	}
	return true
}
