package ranking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"floorwalker/shop"
)

// Attribution is what one word did to the cross-encoder's score.
type Attribution struct {
	Word string `json:"word"`
	// InQuery: the word is the query's, else the product's.
	InQuery bool `json:"in_query"`
	// Effect is the word's share of the score: above 0 it speaks for the product.
	Effect float64 `json:"effect"`
}

// Explanation says what put a product where it stands.
type Explanation struct {
	// Model is the ranking's, with what went wrong.
	Model string `json:"model"`
	// Position is the place among the candidates, from 1.
	Position int `json:"position"`
	// Relevance and Score are the product's, and Floor the relevance under which it is not shown.
	Relevance float64 `json:"relevance"`
	Floor     float64 `json:"floor"`
	Score     float64 `json:"score"`
	// Reasons sum up to the score exactly.
	Reasons []shop.Reason `json:"reasons"`
	// Features are what was known, by name.
	Features map[string]float64 `json:"features"`
	// Cross is the cross-encoder's score, and Words what moved it; nil where there is no cross-encoder.
	Cross *Words `json:"cross,omitempty"`
}

// Words says what the cross-encoder saw in a query and a product.
type Words struct {
	Query string `json:"query"`
	// Text is the product's, as the model reads it.
	Text  string  `json:"text"`
	Score float64 `json:"score"`
	// Base is the score of no words for no words; with the effects of all words it sums up to Score.
	Base float64 `json:"base"`
	// Words in the order of the texts, the query's first.
	Words []Attribution `json:"words"`
}

// ErrNoCrossEncoder says that the ranker has no model that reads words.
var ErrNoCrossEncoder = errors.New("no cross-encoder is loaded")

const (
	// mostExplained bounds the words of a text; a model reads no more.
	mostExplained = 48
	// leastOrders and mostOrders bound how many random orders the words are added in, each backwards as well; in between, as many as
	// take mostScores scores. By 64 the values of a short text have a rank correlation of
	// 0.7 with those of SHAP by a hundred; more take longer than an operator waits.
	leastOrders, mostOrders = 8, 64
	mostScores              = 1800
)

// Explain ranks the candidates and says what put the product of the SKU where it is. It runs the model hundreds of times, about
// a second, so it is for an operator who asks, not for each card.
func (r *Ranker) Explain(ctx context.Context, q shop.Query, candidates []shop.Candidate, sku string) (Explanation, error) {
	ranking, err := r.Rank(ctx, q, candidates)
	if err != nil {
		return Explanation{}, err
	}
	at := slices.IndexFunc(ranking.Candidates, func(c shop.Candidate) bool { return c.Product.SKU == sku })
	if at < 0 {
		return Explanation{}, fmt.Errorf("product %q is not among the candidates", sku)
	}
	c := ranking.Candidates[at]
	e := Explanation{Model: ranking.Model, Position: at + 1, Relevance: c.Relevance, Floor: ranking.Floor, Score: c.Score, Reasons: c.Reasons,
		Features: map[string]float64{}}
	for i, value := range c.Features {
		if !math.IsNaN(value) {
			e.Features[FeatureNames[i]] = value
		}
	}
	words, err := r.explainBest(ctx, r.english(q), c.Product.PairText())
	switch {
	case errors.Is(err, ErrNoCrossEncoder):
		return e, nil
	case err != nil:
		return e, err
	}
	e.Cross = &words
	return e, nil
}

// explainBest explains the words of that way to say the query that fits the text best: it is this one that counts.
func (r *Ranker) explainBest(ctx context.Context, query, text string) (best Words, err error) {
	if r.cross == nil {
		return best, ErrNoCrossEncoder
	}
	way, most := query, -1.0
	for _, other := range said(query) {
		scores, err := r.scoreOf(ctx, other, []string{text})
		if err != nil {
			return best, err
		}
		if scores[0] > most {
			way, most = other, scores[0]
		}
	}
	return r.ExplainWords(ctx, way, text)
}

// ExplainWords says what each word of a query and of a product's text adds to the cross-encoder's score on average, whichever of
// the others are there already: Shapley values, by random orders of the words, each gone through forwards and backwards
// (Castro et al., Computers & Operations Research 2009; Mitchell et al., JMLR 2022). The same texts give the same values.
func (r *Ranker) ExplainWords(ctx context.Context, query, text string) (Words, error) {
	if r.cross == nil {
		return Words{}, ErrNoCrossEncoder
	}
	asked, given := strings.Fields(query), strings.Fields(text)
	asked, given = asked[:min(len(asked), mostExplained)], given[:min(len(given), mostExplained)]
	e := Words{Query: strings.Join(asked, " "), Text: strings.Join(given, " ")}
	alone, err := r.scoreOf(ctx, e.Query, []string{e.Text}) // as it is served: int8 rounds otherwise beside other texts
	if err != nil {
		return Words{}, err
	}
	n := len(asked) + len(given)
	walks, scores := walksThrough(n, len(asked)), map[chosen]float64{{}: 0}
	for _, walk := range walks {
		for _, step := range walk {
			scores[step.with] = 0
		}
	}
	if err := r.scoreChosen(r.options.Once(ctx), asked, given, scores); err != nil {
		return Words{}, err
	}
	scores[chosen{1<<len(asked) - 1, 1<<len(given) - 1}] = alone[0]
	e.Score, e.Base, e.Words = alone[0], scores[chosen{}], make([]Attribution, n)
	for i, word := range slices.Concat(asked, given) {
		e.Words[i] = Attribution{Word: word, InQuery: i < len(asked)}
	}
	for _, walk := range walks {
		before := e.Base
		for _, step := range walk {
			e.Words[step.word].Effect += (scores[step.with] - before) / float64(len(walks))
			before = scores[step.with]
		}
	}
	return e, nil
}

// chosen says which words of the query and of the product are there, a bit a word.
type chosen struct{ asked, given uint64 }

// step is the adding of a word, and what is there with it.
type step struct {
	word int
	with chosen
}

// walksThrough are ways to add n words one by one, of which the first asked are the query's.
func walksThrough(n, asked int) [][]step {
	orders := min(max(mostScores/max(2*n, 1), leastOrders), mostOrders)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	var walks [][]step
	for range orders {
		order := rng.Perm(n)
		for range 2 {
			walk, with := make([]step, n), chosen{}
			for i, word := range order {
				if word < asked {
					with.asked |= 1 << word
				} else {
					with.given |= 1 << (word - asked)
				}
				walk[i] = step{word, with}
			}
			walks = append(walks, walk)
			slices.Reverse(order)
		}
	}
	return walks
}

// scoreChosen fills in the scores of what is chosen of the words, all texts for one query at a time.
func (r *Ranker) scoreChosen(ctx context.Context, asked, given []string, scores map[chosen]float64) error {
	byQuery := map[uint64][]uint64{}
	for c := range scores {
		byQuery[c.asked] = append(byQuery[c.asked], c.given)
	}
	for query, some := range byQuery {
		slices.Sort(some) // batches, and with them int8's roundings, are the same each time
		texts := make([]string, len(some))
		for i, bits := range some {
			texts[i] = wordsOf(given, bits)
		}
		found, err := r.scoreOf(ctx, wordsOf(asked, query), texts)
		if err != nil {
			return err
		}
		for i, bits := range some {
			scores[chosen{query, bits}] = found[i]
		}
	}
	return nil
}

func wordsOf(words []string, bits uint64) string {
	var out []string
	for i, word := range words {
		if bits&(1<<i) != 0 {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func (r *Ranker) scoreOf(ctx context.Context, query string, texts []string) ([]float64, error) {
	scores, err := r.cross.Score(ctx, query, texts)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	out := make([]float64, len(scores))
	for i, s := range scores {
		out[i] = float64(s)
	}
	return out, nil
}
