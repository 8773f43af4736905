package understanding

import (
	"context"
	"fmt"
	"slices"

	"floorwalker/agent/llm"
	"floorwalker/shop"
)

// Auto asks the language model only where the local parser is not sure. The model's answer counts where it picks
// an intent that the local parser held possible; its words never replace what the grammar read.
type Auto struct {
	local     *Local
	llm       *LLM
	threshold float64
}

// NewAuto makes a parser that asks the model where the local one's confidence is under the threshold.
func NewAuto(local *Local, model *LLM, threshold float64) *Auto {
	return &Auto{local, model, threshold}
}

// plausible is the share of the local parser's belief that an intent needs for the model to choose it.
const plausible = 0.08

// Parse never fails because of the model: the local answer then stands, and Fallback says why.
func (a *Auto) Parse(ctx context.Context, u shop.Utterance) (shop.Parse, error) {
	local, beliefs, err := a.local.weigh(ctx, u)
	if err != nil || local.Confidence >= a.threshold || !a.llm.Up() {
		return local, err
	}
	asked, err := a.llm.Parse(ctx, u)
	if ctx.Err() != nil {
		return local, fmt.Errorf("parse: %w", context.Cause(ctx))
	}
	if err != nil {
		local.Fallback = llm.Reason(err)
		return local, nil
	}
	if asked.Intent == local.Intent || beliefs[slices.Index(intentOrder, asked.Intent)] < plausible {
		return local, nil
	}
	return a.local.as(u, asked), nil
}
