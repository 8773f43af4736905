package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// ollamaCmd is a stand-in for Ollama that repeats each draft, a few characters at a time. It runs as a process of its
// own, so that it can be killed.
type ollamaCmd struct {
	Listen string `help:"Address."`
}

// Run serves until it is killed.
func (c *ollamaCmd) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	answer := func(path string, value any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(value) //nolint:errcheck // the client has gone
		})
	}
	answer("/api/version", map[string]any{"version": "0.17.4"})
	answer("/api/tags", map[string]any{"models": []any{map[string]any{"name": "smollm2", "model": "smollm2"}}})
	answer("/api/show", map[string]any{"details": map[string]any{"family": "llama"}, "model_info": map[string]any{"general.parameter_count": 8e9}})
	mux.HandleFunc("POST /api/chat", chat)
	server := &http.Server{Addr: c.Listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return server.ListenAndServe()
}

func chat(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model    string
		Messages []struct{ Content string }
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	const pause, size = 8 * time.Millisecond, 6
	say := json.NewEncoder(w)
	line := func(text string, done bool) map[string]any {
		l := map[string]any{"model": asked.Model, "created_at": "2026-01-01T00:00:00Z", "done": done, "message": map[string]string{"role": "assistant", "content": text}}
		if done {
			l["done_reason"], l["eval_count"], l["eval_duration"] = "stop", 1, 1
		}
		return l
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if n := len(asked.Messages); n > 0 {
		text := []rune(strings.TrimPrefix(asked.Messages[n-1].Content, "Draft: "))
		for len(text) > 0 {
			piece := text[:min(size, len(text))]
			text = text[len(piece):]
			if say.Encode(line(string(piece), false)) != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(pause)
		}
	}
	_ = say.Encode(line("", true)) //nolint:errcheck // the client has gone
}
