package llm_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
)

// Whatever bytes an Ollama answers with: the call ends within its time, and what it gives is at most what it may.
func FuzzAnswers(f *testing.F) {
	const piece = `{"model":"m","created_at":"2026-05-01T10:00:00Z","message":{"role":"assistant","content":"Hello"},"done":false}` + "\n"
	for _, seed := range []string{
		piece + `{"model":"m","message":{"content":""},"done":true,"done_reason":"stop","eval_count":3}` + "\n", piece, piece + "{", "\n\n\n", `{"error":"no"}`,
		`{"message":{"content":"\ud800"},"done":true}`, `{"done":true,"eval_count":-1,"prompt_eval_count":9223372036854775807}`, "\xff\xfe", strings.Repeat(piece, 50),
	} {
		f.Add([]byte(seed))
	}
	var answer atomic.Pointer[string]
	server := ollamatest.New(f, "smollm2")
	server.Answer(func(ollamatest.Request) ollamatest.Reply { return ollamatest.Reply{Raw: *answer.Load()} })
	const most, within = 4096, 2 * time.Second
	client, err := llm.New(server.URL, "smollm2", llm.Options{ProbeUp: time.Hour, JSONTimeout: within, FirstToken: within, NextToken: within, StreamTimeout: within,
		MaxBytes: most, Trip: 1 << 30})
	if err != nil {
		f.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	f.Cleanup(func() { stop(); <-ended })
	until(f, client.Up)
	f.Fuzz(func(t *testing.T, body []byte) {
		text := string(body)
		answer.Store(&text)
		began, length := time.Now(), 0
		_, _ = client.Stream(t.Context(), hello, func(token string) error { //nolint:errcheck // what is no answer is an error
			if length += len(token); !utf8.ValidString(token) {
				t.Errorf("a piece of %q is no text", token)
			}
			return nil
		})
		var out map[string]any
		_ = client.JSON(t.Context(), hello, schema, &out) //nolint:errcheck // what is no answer is an error
		if took := time.Since(began); took > 3*within {
			t.Errorf("it took %v", took)
		}
		if length > most {
			t.Errorf("%d bytes of an answer came, %d may", length, most)
		}
	})
}
