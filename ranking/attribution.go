package ranking

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"floorwalker/shop"
)

// Attribution is what one word did to the cross-encoder's score.
type Attribution struct {
	Word string
	// InQuery: the word is the query's, else the product's.
	InQuery bool
	// Effect is the score minus the score without the word: above 0 the word speaks for the product.
	Effect float64
}

// Explanation says what the cross-encoder saw in a query and a product.
type Explanation struct {
	Model string
	Score float64
	// Words in the order of the texts, the query's first.
	Words []Attribution
}

// ErrNoCrossEncoder says that the ranker has no model that reads words.
var ErrNoCrossEncoder = errors.New("no cross-encoder is loaded")

// mostExplained bounds the words that are left out in turn; a model reads few more.
const mostExplained = 48

// Explain leaves out each word in turn and says what that did to the score. It runs the model once a word, so it is
// for an operator who asks, not for each card.
func (r *Ranker) Explain(ctx context.Context, q shop.Query, p shop.Product) (Explanation, error) {
	if r.cross == nil {
		return Explanation{}, ErrNoCrossEncoder
	}
	query, text := strings.Fields(r.english(q)), strings.Fields(p.PairText())
	query = query[:min(len(query), mostExplained)]
	e := Explanation{Model: r.model}
	whole, err := r.scoreOf(ctx, strings.Join(query, " "), []string{strings.Join(text, " ")})
	if err != nil {
		return e, err
	}
	e.Score = whole[0]
	for i, word := range query {
		without, err := r.scoreOf(ctx, leftOut(query, i), []string{strings.Join(text, " ")})
		if err != nil {
			return e, err
		}
		e.Words = append(e.Words, Attribution{Word: word, InQuery: true, Effect: e.Score - without[0]})
	}
	texts := make([]string, min(len(text), mostExplained))
	for i := range texts {
		texts[i] = leftOut(text, i)
	}
	scores, err := r.scoreOf(ctx, strings.Join(query, " "), texts)
	if err != nil {
		return e, err
	}
	for i, score := range scores {
		e.Words = append(e.Words, Attribution{Word: text[i], Effect: e.Score - score})
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
