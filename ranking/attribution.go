package ranking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"floorwalker/shop"
)

// Attribution is what one word did to the cross-encoder's score.
type Attribution struct {
	Word string `json:"word"`
	// InQuery: the word is the query's, else the product's.
	InQuery bool `json:"in_query"`
	// Effect is the score minus the score without the word: above 0 the word speaks for the product.
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
	// Words in the order of the texts, the query's first.
	Words []Attribution `json:"words"`
}

// ErrNoCrossEncoder says that the ranker has no model that reads words.
var ErrNoCrossEncoder = errors.New("no cross-encoder is loaded")

// mostExplained bounds the words that are left out in turn; a model reads few more.
const mostExplained = 48

// Explain ranks the candidates and says what put the product of the SKU where it is. It runs the model once a word, so it is
// for an operator who asks, not for each card.
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

// ExplainWords leaves out each word of a query and of a product's text in turn and says what that did to the
// cross-encoder's score (occlusion: Zeiler and Fergus, ECCV 2014).
func (r *Ranker) ExplainWords(ctx context.Context, query, text string) (Words, error) {
	if r.cross == nil {
		return Words{}, ErrNoCrossEncoder
	}
	asked, words := strings.Fields(query), strings.Fields(text)
	asked = asked[:min(len(asked), mostExplained)]
	e := Words{Query: strings.Join(asked, " "), Text: strings.Join(words, " "), Words: []Attribution{}}
	whole, err := r.scoreOf(ctx, e.Query, []string{e.Text})
	if err != nil {
		return e, err
	}
	e.Score = whole[0]
	for i, word := range asked {
		without, err := r.scoreOf(ctx, leftOut(asked, i), []string{e.Text})
		if err != nil {
			return e, err
		}
		e.Words = append(e.Words, Attribution{Word: word, InQuery: true, Effect: e.Score - without[0]})
	}
	texts := make([]string, min(len(words), mostExplained))
	for i := range texts {
		texts[i] = leftOut(words, i)
	}
	scores, err := r.scoreOf(ctx, e.Query, texts)
	if err != nil {
		return e, err
	}
	for i, score := range scores {
		e.Words = append(e.Words, Attribution{Word: words[i], Effect: e.Score - score})
	}
	return e, nil
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

func leftOut(words []string, i int) string {
	return strings.Join(append(append([]string(nil), words[:i]...), words[i+1:]...), " ")
}
