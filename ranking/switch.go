package ranking

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"floorwalker/shop"
)

// Switch serves with one ranker and may be told to serve with another, without a turn noticing. A second ranker
// may run in its shadow: it ranks the same candidates, off the customer's way, and is only compared.
type Switch struct {
	serving, shadow atomic.Pointer[Ranker]
	// behind marks the shadow's work as able to wait.
	behind func(context.Context) context.Context
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

// NewSwitch serves with r. behind may be nil.
func NewSwitch(r *Ranker, behind func(context.Context) context.Context) *Switch {
	s := &Switch{behind: behind}
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
	ranking, err := s.serving.Load().Rank(ctx, q, candidates)
	shadow := s.shadow.Load()
	if err != nil || shadow == nil || ranking.Degraded || len(candidates) == 0 || !s.busy.CompareAndSwap(false, true) {
		return ranking, err
	}
	apart := context.WithoutCancel(ctx)
	if s.behind != nil {
		apart = s.behind(apart)
	}
	served := slices.Clone(ranking.Candidates)
	go func() {
		defer s.busy.Store(false)
		other, err := shadow.Rank(apart, q, candidates)
		s.note(shadow, served, other, err)
	}()
	return ranking, nil
}

// note adds one ranking to the comparison, unless the shadow has changed since.
func (s *Switch) note(shadow *Ranker, served []shop.Candidate, other shop.Ranking, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shadow.Load() != shadow {
		return
	}
	if err != nil || other.Degraded {
		s.compared.Degraded++
		return
	}
	first := func(list []shop.Candidate) map[string]bool {
		set := map[string]bool{}
		for _, c := range list[:min(10, len(list))] {
			set[c.Product.SKU] = true
		}
		return set
	}
	ours, theirs, both := first(served), first(other.Candidates), 0
	for sku := range ours {
		if theirs[sku] {
			both++
		}
	}
	s.compared.Rankings++
	s.compared.Overlap += float64(both) / float64(len(ours))
	if served[0].Product.SKU == other.Candidates[0].Product.SKU {
		s.compared.SameFirst++
	}
}
