package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floorwalker/shop"
)

// address is where a server is.
type address struct {
	// http is the base of HTTP calls, without a slash at its end.
	http string
}

func parseAddress(raw string) (*address, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, fmt.Errorf("read the server's address: %w", err)
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil, fmt.Errorf("the server's address %q begins with http, https, ws or wss", raw)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("the server's address %q has no host", raw)
	}
	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/app"), "/ws")
	return &address{u.Scheme + "://" + u.Host + strings.TrimRight(path, "/")}, nil
}

// socket is the address of the WebSocket.
func (a *address) socket(browser bool) string {
	s := "ws" + strings.TrimPrefix(a.http, "http") + "/ws"
	if !browser {
		s += "/app"
	}
	return s
}

func (c *Client) openSession(ctx context.Context) (Credentials, error) {
	body := map[string]string{}
	if c.o.Locale != "" {
		body["locale"] = string(c.o.Locale)
	}
	if c.o.Platform != "" {
		body["platform"] = c.o.Platform
	}
	if c.o.Token != "" {
		body["token"] = c.o.Token
	}
	var creds Credentials
	return creds, c.call(ctx, http.MethodPost, "/api/sessions", "", body, &creds)
}

func (c *Client) ticket(ctx context.Context) (string, error) {
	var t struct{ Ticket string }
	err := c.call(ctx, http.MethodPost, "/api/tickets", c.creds.Secret, map[string]string{"session": c.creds.Session}, &t)
	return t.Ticket, err
}

// Get reads a JSON answer of the server's HTTP API: Get(ctx, "/capabilities", &into).
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.call(ctx, http.MethodGet, path, "", nil, into)
}

// call makes one request, and again while the server asks for patience.
func (c *Client) call(ctx context.Context, method, path, token string, body, into any) error {
	const tries = 8
	for i := 1; ; i++ {
		wait, err := c.request(ctx, method, path, token, body, into)
		if err == nil || wait == 0 || i == tries {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// request returns how long to wait before another try, where one may help.
func (c *Client) request(ctx context.Context, method, path, token string, body, into any) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, fmt.Errorf("write request: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base.http+path, reader)
	if err != nil {
		return 0, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if c.o.Origin != "" {
		r.Header.Set("Origin", c.o.Origin)
	}
	response, err := c.o.HTTP.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	const most = 1 << 20
	raw, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode < 300 {
		if err := json.Unmarshal(raw, into); err != nil {
			return 0, fmt.Errorf("read answer of %s: %w", path, err)
		}
		return 0, nil
	}
	return patience(response), refusal(response, raw)
}

// patience is how long the server asks to wait.
func patience(r *http.Response) time.Duration {
	if r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, 30*time.Second)
	}
	return time.Second
}

// refusal is the server's error with its code and sentence.
func refusal(r *http.Response, raw []byte) error {
	var e struct{ Code, Message string }
	if err := json.Unmarshal(raw, &e); err != nil || e.Code == "" {
		return fmt.Errorf("the server answered %s", r.Status)
	}
	return &shop.Error{Code: e.Code, Message: e.Message}
}
