package llm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/ollama/ollama/api"
)

// Adapter makes a model of its own out of one that the server has: a LoRA adapter in a GGUF file.
type Adapter struct {
	// Base is the server's name of the model that is adapted.
	Base string
	// Template lays out a chat's messages for the adapted model.
	Template string

	gguf       []byte
	digest     string // its SHA-256 in hex
	family     string
	parameters int64
}

// ReadAdapter reads a folder with adapter.gguf, config.json, which says what the base must be, and manifest.json.
func ReadAdapter(dir, base, template string) (*Adapter, error) {
	var manifest struct{ Files map[string]string }
	read := func(name string) ([]byte, error) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("read the adapter: %w", err)
		}
		if sum := sha256.Sum256(data); name != "manifest.json" && hex.EncodeToString(sum[:]) != manifest.Files[name] {
			return nil, fmt.Errorf("read the adapter %s: %s differs from its manifest", dir, name)
		}
		return data, nil
	}
	raw, err := read("manifest.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, fmt.Errorf("read the adapter's manifest: %w", err)
	}
	if raw, err = read("config.json"); err != nil {
		return nil, err
	}
	var config struct {
		Family     string
		Parameters int64
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("read the adapter's config: %w", err)
	}
	gguf, err := read("adapter.gguf")
	if err != nil {
		return nil, err
	}
	return &Adapter{Base: base, Template: template, gguf: gguf, digest: manifest.Files["adapter.gguf"], family: config.Family, parameters: config.Parameters}, nil
}

// Model is a name for the adapted model that changes with the adapter and the base.
func (a *Adapter) Model() string {
	sum := sha256.Sum256([]byte(a.Base + a.Template + a.digest))
	return "floorwalker-parser:" + hex.EncodeToString(sum[:6])
}

// Fits reports whether a model is one that the adapter was trained for.
func (a *Adapter) Fits(base Info) bool {
	return base.Family == a.family && base.Parameters == a.parameters
}

// make has the server make the adapted model.
func (c *Client) make(ctx context.Context, a *Adapter) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.LoadTimeout)
	defer cancel()
	base, err := c.show(ctx, a.Base)
	if err != nil {
		return err
	}
	if !a.Fits(base) {
		return fmt.Errorf("%s is a %s of %d weights: the adapter is for a %s of %d", a.Base, base.Family, base.Parameters, a.family, a.parameters)
	}
	digest := "sha256:" + a.digest
	if err := c.api.CreateBlob(ctx, digest, bytes.NewReader(a.gguf)); err != nil {
		return fmt.Errorf("give the adapter to Ollama: %w", err)
	}
	ask := &api.CreateRequest{Model: c.model, From: a.Base, Adapters: map[string]string{"adapter.gguf": digest}, Template: a.Template}
	if err := c.api.Create(ctx, ask, func(api.ProgressResponse) error { return nil }); err != nil {
		return fmt.Errorf("make model %s of %s: %w", c.model, a.Base, err)
	}
	c.o.Logger.Info("adapted model made", "model", c.model, "of", a.Base)
	return nil
}

// missing reports whether the server has no such model.
func missing(err error) bool {
	status, ok := errors.AsType[api.StatusError](err)
	return ok && status.StatusCode == http.StatusNotFound
}
