package llm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ollama/ollama/api"
)

// Why the model did not answer. Test with errors.Is.
var (
	// ErrDown: the server can't be reached, refuses, or has no such model.
	ErrDown = errors.New("language model is down")
	// ErrLate: a deadline passed, in the queue, before the first token or between tokens.
	ErrLate = errors.New("language model is late")
	// ErrInvalid: the answer is cut off, too long, no UTF-8 or not the JSON that was asked for.
	ErrInvalid = errors.New("language model gave an invalid answer")
	// ErrBreaker: the model failed several times in a row and is left alone for a while.
	ErrBreaker = errors.New("language model is given a rest")
	// ErrSpent: the customer, or the network, has used up what it may ask of the model for now.
	ErrSpent = errors.New("the language model's tokens are used up for now")
)

// Reason is one word for why the model did not answer: "down", "late", "invalid", "breaker", "spent"; "" for other
// errors and none.
func Reason(err error) string {
	switch {
	case errors.Is(err, ErrSpent):
		return "spent"
	case errors.Is(err, ErrBreaker):
		return "breaker"
	case errors.Is(err, ErrLate):
		return "late"
	case errors.Is(err, ErrInvalid):
		return "invalid"
	case errors.Is(err, ErrDown):
		return "down"
	}
	return ""
}

// notTheModel marks errors for which the model is not to blame: the caller left or stopped the answer.
type notTheModel struct{ error }

func (e notTheModel) Unwrap() error { return e.error }

// explain turns an error of one call into one of ours. ctx is the caller's, own the call's own context.
func explain(ctx, own context.Context, err error) error {
	switch {
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return notTheModel{context.Cause(ctx)}
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrLate), errors.As(err, &notTheModel{}):
		return err
	case own.Err() != nil:
		return fmt.Errorf("%w: %v", ErrLate, context.Cause(own))
	}
	if status, ok := errors.AsType[api.StatusError](err); ok {
		return fmt.Errorf("%w: it answered %d %s", ErrDown, status.StatusCode, brief(status.ErrorMessage))
	}
	return fmt.Errorf("%w: %s", ErrDown, brief(err.Error()))
}

// brief cuts what a server said to what a log line bears.
func brief(text string) string {
	const longest = 200
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}
