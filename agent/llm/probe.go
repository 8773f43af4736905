package llm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ollama/ollama/api"
)

// presence is what the latest probe found.
type presence struct {
	up     bool
	reason string // why not up
	info   Info
}

// Info is what the server says of the model.
type Info struct {
	// Parameters is how many weights the model has; 0 when the server does not say.
	Parameters int64
	// Family is the architecture, as "llama" or "qwen3".
	Family string
	// Server is Ollama's version.
	Server string
}

// Up reports whether the model was there when last looked for.
func (c *Client) Up() bool { return c.state.Load().up }

// Info describes the model; the zero Info while it is not up.
func (c *Client) Info() Info { return c.state.Load().info }

// Status is a sentence for operators: "up", or why not.
func (c *Client) Status() string {
	if s := c.state.Load(); !s.up {
		return s.reason
	}
	return "up"
}

// Run looks for the server and the model until ctx ends: often while they are away, seldom while they are
// there. A model that comes into use is loaded into memory first, so that no customer waits for that.
// It returns nil.
func (c *Client) Run(ctx context.Context) error {
	defer c.http.CloseIdleConnections()
	for {
		pause := c.o.ProbeUp
		if !c.look(ctx) {
			pause = c.o.ProbeDown
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// look probes once and reports whether the model is up.
func (c *Client) look(ctx context.Context) bool {
	before := c.state.Load()
	info, err := c.probe(ctx)
	if missing(err) && c.o.Adapter != nil {
		if err = c.make(ctx, c.o.Adapter); err == nil {
			info, err = c.probe(ctx)
		}
	}
	if err == nil && !before.up {
		err = c.load(ctx)
	}
	if ctx.Err() != nil {
		return before.up
	}
	now := &presence{up: err == nil, info: info}
	if err != nil {
		now.reason, now.info = brief(err.Error()), Info{}
	}
	c.state.Store(now)
	switch {
	case now.up && !before.up:
		c.o.Logger.Info("language model taken into use", "model", c.model, "parameters", info.Parameters, "server", info.Server)
	case !now.up && now.reason != before.reason: // said once, not at each look
		c.o.Logger.Warn("language model can't be used", "model", c.model, "error", err)
	}
	return now.up
}

// probe asks for the server's version and for the model.
func (c *Client) probe(ctx context.Context) (Info, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.ProbeTimeout)
	defer cancel()
	version, err := c.api.Version(ctx)
	if err != nil {
		return Info{}, fmt.Errorf("ask for Ollama's version: %w", err)
	}
	info, err := c.show(ctx, c.model)
	info.Server = version
	return info, err
}

// show asks what a model is.
func (c *Client) show(ctx context.Context, model string) (Info, error) {
	shown, err := c.api.Show(ctx, &api.ShowRequest{Model: model})
	if err != nil {
		return Info{}, fmt.Errorf("ask for model %s: %w", model, err)
	}
	info := Info{Family: shown.Details.Family}
	if n, ok := shown.ModelInfo["general.parameter_count"].(float64); ok && n > 0 {
		info.Parameters = int64(n)
	}
	return info, nil
}

// load has the model read into memory: Ollama does that for a chat without messages.
func (c *Client) load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.LoadTimeout)
	defer cancel()
	done := false
	err := c.api.Chat(ctx, c.wire(request{tokens: 1}), func(r api.ChatResponse) error {
		done = done || r.Done
		return nil
	})
	if err == nil && !done {
		err = errors.New("cut off")
	}
	if err != nil {
		return fmt.Errorf("load model %s: %w", c.model, err)
	}
	return nil
}
