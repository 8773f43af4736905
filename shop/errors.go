package shop

import (
	"errors"
	"fmt"
)

// Error is an error with a stable code and a sentence that tells the person what to do.
// The cause is for the operator's log alone.
type Error struct {
	// Code is stable, in snake case: "bad_request", "not_found", "busy".
	Code string
	// Message is for the person at the other end; it holds no secret and no internals.
	Message string
	// Cause is what went wrong inside; may be nil.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error without a cause.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf is the code and sentence to show for any error: an *Error's own, or "internal".
func CodeOf(err error) (code, message string) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code, e.Message
	}
	return CodeInternal, "Something went wrong on our side. Please try again in a moment."
}

// Codes used in more than one place.
const (
	CodeInternal   = "internal"
	CodeBadRequest = "bad_request"
	CodeNotFound   = "not_found"
	CodeBusy       = "busy"
	CodeForbidden  = "forbidden"
	CodeConflict   = "conflict"
	CodeTooLarge   = "too_large"
	CodeRateLimit  = "rate_limited"
	// CodeUnavailable: a system of the shop's own does not answer.
	CodeUnavailable = "unavailable"
)
