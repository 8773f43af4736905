package shopapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"floorwalker/shop"

	"github.com/sethvargo/go-retry"
	"github.com/sony/gobreaker/v2"
)

// Options tune a Client. The zero value of each field stands for its default.
type Options struct {
	// Timeout is the longest that one attempt takes. Default 2 s.
	Timeout time.Duration
	// Retries is how often a call that may be repeated is tried again. Default 2; below 0 never.
	Retries int
	// Pause is the time before the first of them; it doubles. Default 100 ms.
	Pause time.Duration
	// Trip is how many failures in a row open the breaker, Rest how long it then stays open. Default 5 and 10 s.
	Trip int
	Rest time.Duration
	// Logger gets what operators need. Default: discard.
	Logger *slog.Logger
}

// Bounds of what is sent and taken.
const (
	mostBody  = 1 << 20 // bytes of an answer
	mostConns = 32
)

// Client calls the shop's API. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	token   string
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[[]byte]
	o       Options
}

// New makes a client for the API at base. The token is sent with every call, so anything but https is refused where the
// API is not on this machine. Nothing is called yet.
func New(base, token string, o Options) (*Client, error) {
	at, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil {
		return nil, fmt.Errorf("read the address of the shop's API: %w", err)
	}
	switch {
	case at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil || at.RawQuery != "":
		return nil, fmt.Errorf("the address of the shop's API is %q: it must be as in https://shop.example/assistant", at.Redacted())
	case at.Scheme == "http" && !here(at.Hostname()):
		return nil, fmt.Errorf("the shop's API at %s would get its token in the clear: use https", at.Host)
	case token == "":
		return nil, errors.New("the shop's API needs a token")
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Retries == 0 {
		o.Retries = 2
	}
	if o.Pause <= 0 {
		o.Pause = 100 * time.Millisecond
	}
	if o.Trip <= 0 {
		o.Trip = 5
	}
	if o.Rest <= 0 {
		o.Rest = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = mostConns, mostConns
	c := &Client{base: at, token: token, o: o, http: &http.Client{Transport: transport,
		// A redirect would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	c.breaker = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Name:        "shop API",
		Timeout:     o.Rest,
		ReadyToTrip: func(n gobreaker.Counts) bool { return int(n.ConsecutiveFailures) >= o.Trip },
		// A refusal is an answer; a caller who left says nothing of the API.
		IsSuccessful: func(err error) bool { return err == nil || errors.As(err, &refusal{}) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			o.Logger.Warn("the breaker of the shop's API changed", "from", from.String(), "to", to.String())
		},
	})
	return c, nil
}

// here reports whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Up is false while the API is left alone after failures.
func (c *Client) Up() bool { return c.breaker.State() != gobreaker.StateOpen }

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// refusal is an answer that says no.
type refusal struct {
	status int
	// code is what the API calls the reason, for logs.
	code string
}

func (r refusal) Error() string { return fmt.Sprintf("status %d %s", r.status, r.code) }

// call makes one call, and again where it failed and the method may be repeated: GET and PUT may, POST may not. in and
// out may be nil. Errors are the shop's own: not_found, conflict, bad_request, and unavailable for all that is no answer.
func (c *Client) call(ctx context.Context, method string, path []string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	escaped := make([]string, len(path))
	for i, p := range path {
		if p == "" || p == "." || p == ".." { // would be another path
			return shop.Errorf(shop.CodeNotFound, "The shop does not know this. Check it and try again.")
		}
		escaped[i] = url.PathEscape(p)
	}
	at := c.base.String() + "/" + strings.Join(escaped, "/")
	retries := uint64(max(c.o.Retries, 0)) //nolint:gosec // not negative
	if method != http.MethodGet && method != http.MethodPut {
		retries = 0
	}
	var answer []byte
	err := retry.Do(ctx, retry.WithMaxRetries(retries, retry.WithJitterPercent(25, retry.NewExponential(c.o.Pause))), func(ctx context.Context) (err error) {
		answer, err = c.breaker.Execute(func() ([]byte, error) { return c.once(ctx, method, at, body) })
		if err != nil && ctx.Err() == nil && !errors.As(err, &refusal{}) && !errors.Is(err, gobreaker.ErrOpenState) && !errors.Is(err, gobreaker.ErrTooManyRequests) {
			return retry.RetryableError(err)
		}
		return err
	})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("call the shop's API: %w", context.Cause(ctx))
	case err != nil:
		return c.explain(err, method, path)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return unavailable(fmt.Errorf("%s %s: the answer is not what docs/shop-api.md says: %w", method, path[0], err))
	}
	return nil
}

// once is one attempt.
func (c *Client) once(ctx context.Context, method, at string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostBody+1))
	switch status := response.StatusCode; {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case len(answer) > mostBody:
		return nil, fmt.Errorf("the answer is longer than %d bytes", mostBody)
	case status == http.StatusNotFound, status == http.StatusConflict, status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		var said struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(answer, &said) // the status says enough
		return nil, refusal{status, brief(said.Code)}
	case status < 200 || status > 299:
		return nil, fmt.Errorf("status %d", status)
	}
	return answer, nil
}

// explain turns what went wrong into the codes that carts and orders have. What the API wrote stays in the cause: it may
// be in another language than the customer's.
func (c *Client) explain(err error, method string, path []string) error {
	said, refused := errors.AsType[refusal](err)
	switch {
	case !refused:
		c.o.Logger.Warn("the shop's API does not answer", "method", method, "what", path[0], "error", err)
		return unavailable(err)
	case said.status == http.StatusNotFound:
		return &shop.Error{Code: shop.CodeNotFound, Message: "The shop does not know this. Check it and try again.", Cause: err}
	case said.status == http.StatusConflict:
		return &shop.Error{Code: shop.CodeConflict, Message: "This is not possible now. Look at the present state and try something else.", Cause: err}
	}
	return &shop.Error{Code: shop.CodeBadRequest, Message: "The shop does not take this. Check it and try again.", Cause: err}
}

func unavailable(cause error) error {
	return &shop.Error{Code: shop.CodeUnavailable, Message: "The shop's order system does not answer. Try again in a moment.", Cause: cause}
}

// brief cuts a text from outside to what a log line bears.
func brief(text string) string { return plain(text, 60) }

// plain is a text from outside without control characters, cut to the longest, in runes.
func plain(text string, longest int) string {
	kept := make([]rune, 0, min(len(text), longest))
	for _, r := range strings.ToValidUTF8(text, "") {
		if len(kept) == longest {
			break
		}
		if unicode.IsControl(r) {
			r = ' '
		}
		kept = append(kept, r)
	}
	return strings.TrimSpace(string(kept))
}
