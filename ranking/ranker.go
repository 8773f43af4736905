package ranking

import (
	"context"
	"errors"
	"fmt"
	"math"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// Embedder turns texts into vectors of length one.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// CrossEncoder reads a query and a product's text together and gives a relevance from 0 to 1.
type CrossEncoder interface {
	Score(ctx context.Context, query string, docs []string) ([]float32, error)
	// Name and Version say which model it is; scores of different versions don't compare.
	Name() string
	Version() string
}

// ErrNotFinite says that a model gave a score that is not a number.
var ErrNotFinite = errors.New("relevance is not a number")

// Ranker orders candidates. It is safe for concurrent use.
type Ranker struct {
	embed   Embedder
	cross   CrossEncoder
	options Options
	model   string
	vectors *lru[vectorKey, []float32]
	scores  *lru[scoreKey, float64]
}

// scoreKey says which score of the cross-encoder is kept. A changed product has another version.
type scoreKey struct {
	query, sku string
	version    int64
}

type vectorKey struct {
	sku     string
	version int64
	lang    shop.Lang
}

// New makes a ranker. Without a cross-encoder the relevance is the bi-encoder's; without either it is
// that of the words alone.
func New(embed Embedder, cross CrossEncoder, o Options) *Ranker {
	r := &Ranker{embed: embed, cross: cross, options: o.withDefaults(), model: "words"}
	switch {
	case cross != nil:
		r.model = cross.Name() + "@" + cross.Version()
	case embed != nil:
		r.model = "bi-encoder"
		if named, ok := embed.(interface{ Name() string }); ok {
			r.model = named.Name()
		}
	}
	if o.Blend != "" {
		r.model += "+" + o.Blend
	}
	if o.Takeup != nil {
		r.model += "+" + o.Takeup.Name() + "@" + o.Takeup.Version()
	}
	r.vectors = newLRU[vectorKey, []float32](r.options.CacheSize)
	r.scores = newLRU[scoreKey, float64](r.options.CacheSize)
	return r
}

// Floor is the relevance below which a product should not be shown.
func (r *Ranker) Floor() float64 { return r.options.Floor }

// Rank orders the candidates for the query: by the query's own order where it names one, else by score,
// ties by SKU. The candidates given are left as they are. The error is always nil: what goes wrong shows
// in Degraded, and Model then ends in the reason. Where the time was too short for the cross-encoder to read every
// candidate that it should, Model ends in how many it did not read; these keep the first stage's relevance.
func (r *Ranker) Rank(ctx context.Context, q shop.Query, candidates []shop.Candidate) (shop.Ranking, error) {
	ranking := shop.Ranking{ID: r.options.NewID(), Model: r.model, Floor: r.options.Floor}
	if len(candidates) == 0 {
		return ranking, nil
	}
	limited, cancel := context.WithTimeout(ctx, r.options.Deadline)
	defer cancel()
	if q.Lang != shop.Chinese {
		q.Text = together(q.Text, candidates)
	}
	matches := r.matches(q, candidates)
	signals, unread, err := r.signals(limited, q, candidates, matches)
	switch {
	case err != nil:
		ranking.Degraded = true
		ranking.Model += " (" + cause(err) + ")"
	case unread > 0:
		ranking.Model += fmt.Sprintf(" (%d unread)", unread)
	}
	ranking.Candidates = r.blend(candidates, signals, matches)
	if r.options.Takeup != nil && !ranking.Degraded {
		if err := r.foretell(limited, ranking.Candidates); err != nil {
			ranking.Model += " (nothing foretold)"
		}
	}
	if ranking.Degraded {
		keepOrder(ranking.Candidates)
	} else {
		order(ranking.Candidates, q.Sort, r.options.Floor)
		if q.Sort == shop.SortRelevance {
			diversify(ranking.Candidates, r.options.Diversity)
		}
	}
	return ranking, nil
}

// cause names in a word why a ranking is degraded.
func cause(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "late"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, ErrNotFinite):
		return "not a number"
	}
	return "failed"
}

// signal is what the models say of one candidate.
type signal struct {
	// semantic and cross are from 0 to 1; NaN is unknown.
	semantic, cross float64
}

// signals asks the models. unread is how many candidates there was no time to read. On an error the signals hold what
// is known without them.
func (r *Ranker) signals(ctx context.Context, q shop.Query, candidates []shop.Candidate, matches []match) (signals []signal, unread int, err error) {
	signals = make([]signal, len(candidates))
	for i, c := range candidates {
		signals[i] = signal{semantic: math.NaN(), cross: math.NaN()}
		if known(c.VectorScore) {
			signals[i].semantic = likely(c.VectorScore, even, steep)
		}
	}
	english := r.english(q)
	if err := r.addSemantic(ctx, q, english, candidates, signals); err != nil {
		return signals, 0, fmt.Errorf("rank %d candidates: %w", len(candidates), err)
	}
	if r.cross == nil || english == "" {
		return signals, 0, nil
	}
	if unread, err = r.addCross(ctx, english, candidates, signals, r.readingOrder(signals, matches)); err != nil {
		return signals, unread, fmt.Errorf("rank %d candidates: %w", len(candidates), err)
	}
	return signals, unread, nil
}

// english is the query in the language of the product texts.
func (r *Ranker) english(q shop.Query) string {
	if q.Lang == shop.Chinese {
		return lexicon.ToEnglish(q.Text)
	}
	return q.Text
}

// known is false for the cosine that retrieval leaves at 0 where its vector leg did not find the product.
func known(cosine float64) bool { return cosine != 0 && !math.IsNaN(cosine) && !math.IsInf(cosine, 0) }
