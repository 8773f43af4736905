package llm

import (
	"context"
	"fmt"
	"time"
)

// Payer is on whose account a call goes; an empty field has no account.
type Payer struct {
	// Customer is the verified customer, or the visitor's session.
	Customer string
	// Network is where the customer's device is.
	Network string
}

// Budget says who may ask the model how much.
type Budget interface {
	// Left is false where the payer has nothing left for now.
	Left(ctx context.Context, p Payer) (bool, error)
	// Spend notes what a call cost.
	Spend(ctx context.Context, p Payer, tokens int) error
}

type payerKey struct{}

// WithPayer says who pays for the calls made with the context. Calls without a payer are not counted.
func WithPayer(ctx context.Context, p Payer) context.Context {
	return context.WithValue(ctx, payerKey{}, p)
}

// afford is an error where the payer of the call has nothing left. What can't be known is no: the customer
// is answered without the model.
func (c *Client) afford(ctx context.Context) error {
	p, ok := ctx.Value(payerKey{}).(Payer)
	if c.o.Budget == nil || !ok {
		return nil
	}
	left, err := c.o.Budget.Left(ctx, p)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSpent, err)
	}
	if !left {
		return ErrSpent
	}
	return nil
}

// pay notes what the call cost, also where its caller has gone.
func (c *Client) pay(ctx context.Context, u Usage) {
	p, ok := ctx.Value(payerKey{}).(Payer)
	if c.o.Budget == nil || !ok || u.PromptTokens+u.AnswerTokens == 0 {
		return
	}
	const wait = 2 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	if err := c.o.Budget.Spend(ctx, p, u.PromptTokens+u.AnswerTokens); err != nil {
		c.o.Logger.Warn("what a call of the language model cost is not noted", "error", err)
	}
}
