package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"floorwalker/privacy"

	"github.com/ollama/ollama/api"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
)

// Role says who speaks in a Message.
type Role string

// The roles of a chat.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is one contribution to the chat that the model continues.
type Message struct {
	Role    Role
	Content string
	// Pictures are for models that can look, as JPEG.
	Pictures [][]byte
}

// Usage is what a call cost.
type Usage struct {
	// PromptTokens counts the tokens of the prompt as the server tells them: Ollama 0.17 counts those in its cache too.
	PromptTokens, AnswerTokens int
	// FirstToken is the time from the admission to the first token.
	FirstToken time.Duration
	// Cut is true when the answer ended at the token limit.
	Cut bool
}

// Client asks one model of one Ollama server. It is safe for concurrent use.
type Client struct {
	api     *api.Client
	http    *http.Client
	model   string
	o       Options
	seats   *semaphore.Weighted
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	state   atomic.Pointer[presence]
}

// New makes a client for a server's address, as "http://127.0.0.1:11434" or "127.0.0.1:11434". It asks
// nothing yet: Run does.
func New(baseURL, model string, o Options) (*Client, error) {
	if !strings.Contains(baseURL, "://") {
		baseURL = "http://" + baseURL
	}
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("read Ollama's address: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("read Ollama's address %q: not an http address", base.Redacted())
	}
	if model == "" {
		return nil, errors.New("no model named")
	}
	o = o.withDefaults()
	client := *o.HTTP
	client.Transport = limited{client.Transport}
	c := &Client{api: api.NewClient(base, &client), http: &client, model: model, o: o, seats: semaphore.NewWeighted(int64(o.Concurrency))}
	c.state.Store(&presence{reason: "not looked for yet"})
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        "ollama",
		Timeout:     o.Rest,
		ReadyToTrip: func(n gobreaker.Counts) bool { return int(n.ConsecutiveFailures) >= o.Trip },
		IsExcluded:  func(err error) bool { return errors.As(err, &notTheModel{}) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			o.Logger.Warn("language model's breaker changed", "from", from.String(), "to", to.String())
		},
	})
	return c, nil
}

// Model is the name of the model.
func (c *Client) Model() string { return c.model }

// JSON asks for an answer that meets the JSON schema and decodes it into out. Fields that out lacks are
// dropped; whether values make sense is the caller's to check.
func (c *Client) JSON(ctx context.Context, msgs []Message, schema json.RawMessage, out any) error {
	var text strings.Builder
	ask := request{messages: msgs, format: schema, tokens: c.o.JSONTokens, first: c.o.JSONTimeout, whole: c.o.JSONTimeout}
	usage, err := c.call(ctx, ask, func(token string) error {
		text.WriteString(token)
		return nil
	}, func(u Usage) error { return decode(text.String(), u, out) })
	if err != nil {
		return fmt.Errorf("ask %s for JSON (%d tokens): %w", c.model, usage.AnswerTokens, err)
	}
	return nil
}

func decode(text string, u Usage, out any) error {
	if u.Cut {
		return fmt.Errorf("%w: no end after %d tokens", ErrInvalid, u.AnswerTokens)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: not UTF-8", ErrInvalid)
	}
	if err := json.Unmarshal([]byte(text), out); err != nil {
		return fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	return nil
}

// Stream asks for an answer in words and passes on each piece as it comes. An error of each stops the
// server's work at once and is returned, wrapped; so does the end of ctx.
func (c *Client) Stream(ctx context.Context, msgs []Message, each func(token string) error) (Usage, error) {
	ask := request{messages: msgs, tokens: c.o.StreamTokens, first: c.o.FirstToken, next: c.o.NextToken,
		whole: c.o.StreamTimeout, temperature: c.o.Temperature}
	usage, err := c.call(ctx, ask, each, func(Usage) error { return nil })
	if err != nil {
		return usage, fmt.Errorf("stream from %s: %w", c.model, err)
	}
	return usage, nil
}

// Short asks for a few tokens at most that go on from a prompt, without a form that they must have. An end for want of
// tokens is no error.
func (c *Client) Short(ctx context.Context, prompt string, tokens int) (string, error) {
	var text strings.Builder
	_, err := c.call(ctx, c.short(prompt, tokens), func(token string) error {
		text.WriteString(token)
		return nil
	}, func(Usage) error { return nil })
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", c.model, err)
	}
	return text.String(), nil
}

// First asks which token comes first after a prompt: the likeliest twenty with their probabilities.
func (c *Client) First(ctx context.Context, prompt string) (map[string]float64, error) {
	likely := map[string]float64{}
	ask := c.short(prompt, 1)
	ask.likely = func(token string, p float64) { likely[token] += p }
	if _, err := c.call(ctx, ask, func(string) error { return nil }, func(Usage) error { return nil }); err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.model, err)
	}
	return likely, nil
}

func (c *Client) short(prompt string, tokens int) request {
	return request{messages: []Message{{Role: User, Content: prompt}}, tokens: tokens, first: c.o.JSONTimeout, whole: c.o.JSONTimeout}
}

// request is one call.
type request struct {
	messages []Message
	// likely, where not nil, is told what tokens may stand in place of each, with their probabilities.
	likely      func(token string, probability float64)
	format      json.RawMessage
	tokens      int
	temperature float64
	// first, next and whole are deadlines: of the first token, of each further one (0: none), of all.
	first, next, whole time.Duration
}

// bytesPerToken is a rough guess of how long a token is.
const bytesPerToken = 4

// length is how many bytes the prompt has.
func (r request) length() (n int) {
	for _, m := range r.messages {
		n += len(m.Content)
	}
	return n
}

// call admits, asks and accounts for one request. check judges the whole answer.
func (c *Client) call(ctx context.Context, ask request, each func(string) error, check func(Usage) error) (usage Usage, err error) {
	if !c.Up() {
		return usage, fmt.Errorf("%w: %s", ErrDown, c.state.Load().reason)
	}
	if err := c.afford(ctx); err != nil {
		return usage, err
	}
	if err := c.admit(ctx); err != nil {
		return usage, err
	}
	defer func() { c.pay(ctx, usage) }()
	defer c.seats.Release(1)
	done, err := c.breaker.Allow()
	if err != nil {
		return usage, ErrBreaker
	}
	defer func() { done(err) }()
	if usage, err = c.chat(ctx, ask, each); err != nil {
		return usage, err
	}
	return usage, check(usage)
}

// admit waits for a seat.
func (c *Client) admit(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, c.o.Wait)
	defer cancel()
	if err := c.seats.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%w: still in line after %s", ErrLate, c.o.Wait)
	}
	return nil
}

// chat runs one admitted request under its deadlines.
func (c *Client) chat(ctx context.Context, ask request, each func(string) error) (usage Usage, err error) {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	whole := time.AfterFunc(ask.whole, func() { cancel(fmt.Errorf("no end after %s", ask.whole)) })
	defer whole.Stop()
	pause := time.AfterFunc(ask.first, func() { cancel(errors.New("no token in time")) })
	defer pause.Stop()

	began, size, ended := time.Now(), 0, false
	err = c.api.Chat(own, c.wire(ask), func(r api.ChatResponse) error {
		if err := own.Err(); err != nil {
			return err
		}
		for _, l := range r.Logprobs {
			if ask.likely == nil {
				break // told unasked
			}
			for _, t := range l.TopLogprobs {
				ask.likely(t.Token, math.Exp(t.Logprob))
			}
		}
		if token := r.Message.Content; token != "" {
			if usage.FirstToken == 0 {
				usage.FirstToken = max(time.Since(began), 1)
			}
			if ask.next > 0 {
				pause.Reset(ask.next)
			}
			// Until the end tells the true numbers: a call that is broken off was paid for too.
			usage.AnswerTokens++
			usage.PromptTokens = ask.length() / bytesPerToken
			if size += len(token); size > c.o.MaxBytes {
				return fmt.Errorf("%w: longer than %d bytes", ErrInvalid, c.o.MaxBytes)
			}
			if err := each(token); err != nil {
				return notTheModel{err}
			}
		}
		if r.Done {
			ended = true
			usage.PromptTokens, usage.AnswerTokens = r.PromptEvalCount, r.EvalCount
			usage.Cut = r.DoneReason == "length"
		}
		return nil
	})
	switch {
	case err == nil && ended:
		return usage, nil
	case err == nil && own.Err() == nil:
		// Ollama's client swallows a broken connection and a line that is too long.
		err = fmt.Errorf("%w: cut off", ErrInvalid)
	case err != nil && own.Err() == nil && isGarbage(err):
		err = fmt.Errorf("%w: %s", ErrInvalid, brief(err.Error()))
	}
	return usage, explain(ctx, own, err)
}

// wire is the request as Ollama wants it, without what tells who a customer is.
func (c *Client) wire(ask request) *api.ChatRequest {
	messages := make([]api.Message, len(ask.messages))
	for i, m := range ask.messages {
		messages[i] = api.Message{Role: string(m.Role), Content: privacy.Redact(m.Content)}
		for _, p := range m.Pictures {
			messages[i].Images = append(messages[i].Images, p)
		}
	}
	no := false
	likely := 0
	if ask.likely != nil {
		likely = mostLikely
	}
	return &api.ChatRequest{
		Model: c.model, Messages: messages, Format: ask.format, KeepAlive: &api.Duration{Duration: c.o.KeepAlive},
		Logprobs: ask.likely != nil, TopLogprobs: likely,
		// A prompt that is too long must fail rather than lose its beginning, which holds the rules.
		Truncate: &no, Shift: &no,
		Options: map[string]any{"temperature": ask.temperature, "seed": c.o.Seed, "num_predict": ask.tokens, "num_ctx": c.o.ContextTokens},
	}
}

// mostLikely is how many tokens Ollama names at most where it is asked for their probabilities.
const mostLikely = 20

// isGarbage tells a body that is not what Ollama sends from a connection or a status that failed.
func isGarbage(err error) bool {
	if _, ok := errors.AsType[api.StatusError](err); ok {
		return false
	}
	if _, ok := errors.AsType[api.AuthorizationError](err); ok {
		return false
	}
	_, transport := errors.AsType[*url.Error](err)
	return !transport && !errors.As(err, &notTheModel{})
}

// limited is a transport whose response bodies end with an error when they grow too long.
type limited struct{ http.RoundTripper }

// longestBody is far beyond any answer that we ask for.
const longestBody = 4 << 20

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	next := l.RoundTripper
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, longestBody)
	}
	return response, err
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through to the transport.
func (l limited) CloseIdleConnections() {
	if closer, ok := l.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
