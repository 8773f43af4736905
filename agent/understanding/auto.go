package understanding

import (
	"context"
	"fmt"

	"floorwalker/agent/llm"
	"floorwalker/shop"
)

// Auto asks the language model only where the local parser is not sure. Both then say how likely each intent is, and the
// one that they bear out best together counts; the slots are the grammar's.
type Auto struct {
	local     *Local
	llm       *LLM
	threshold float64
}

// NewAuto makes a parser that asks the model where the local one's confidence is under the threshold.
func NewAuto(local *Local, model *LLM, threshold float64) *Auto {
	return &Auto{local, model, threshold}
}

// Parse never fails because of the model: the local answer then stands, and Fallback says why.
func (a *Auto) Parse(ctx context.Context, u shop.Utterance) (shop.Parse, error) {
	w, err := a.local.weigh(ctx, u)
	if err != nil {
		return shop.Parse{}, err
	}
	best := argmax(w.beliefs)
	if w.beliefs[best] >= a.threshold || !a.llm.helps(w.r.lang) {
		return w.parse(best), nil
	}
	others, err := a.llm.weigh(ctx, u)
	switch {
	case ctx.Err() != nil:
		return w.parse(best), fmt.Errorf("parse: %w", context.Cause(ctx))
	case err != nil:
		parse := w.parse(best)
		parse.Fallback = llm.Reason(err)
		return parse, nil
	}
	w.beliefs = together(w.beliefs, others)
	parse := w.parse(argmax(w.beliefs))
	parse.Parser = "llm"
	return parse, nil
}

// least keeps one of two from ruling out what the other is sure of.
const least = 0.01

// together are the beliefs of two that judge apart from each other: their product, which adds up to one.
func together(p, q []float64) []float64 {
	both, sum := make([]float64, len(p)), 0.0
	for i := range p {
		both[i] = (p[i] + least) * (q[i] + least)
		sum += both[i]
	}
	for i := range both {
		both[i] /= sum
	}
	return both
}
