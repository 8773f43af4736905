package ollamatest

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"
)

// chat answers one request by the script.
func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var ask Request
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if !s.has(ask.Model) {
		fail(w, http.StatusNotFound, "model '"+ask.Model+"' not found")
		return
	}
	if len(ask.Messages) == 0 {
		s.mu.Lock()
		s.loads++
		s.mu.Unlock()
		writeJSON(w, map[string]any{"model": ask.Model, "message": map[string]string{"role": "assistant"}, "done": true, "done_reason": "load"})
		return
	}
	reply := s.next(ask)
	if !s.play(w, r, ask, reply) {
		s.mu.Lock()
		s.cancelled++
		s.mu.Unlock()
	}
}

func (s *Server) next(ask Request) Reply {
	s.mu.Lock()
	s.requests = append(s.requests, ask)
	if len(s.script) > 0 {
		reply := s.script[0]
		s.script = s.script[1:]
		s.mu.Unlock()
		return reply
	}
	answer := s.answer
	s.mu.Unlock()
	return answer(ask)
}

// play sends the reply; false when the client left before its end.
func (s *Server) play(w http.ResponseWriter, r *http.Request, ask Request, reply Reply) bool {
	left := r.Context().Done()
	wait := func(d time.Duration) bool {
		if d == 0 {
			return r.Context().Err() == nil
		}
		select {
		case <-left:
			return false
		case <-s.quit:
			return true
		case <-time.After(d):
			return true
		}
	}
	if reply.Hang {
		return wait(time.Hour)
	}
	if !wait(reply.First) {
		return false
	}
	if reply.Status != 0 && reply.Status != http.StatusOK {
		fail(w, reply.Status, reply.Text)
		return true
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	flush := http.NewResponseController(w)
	if reply.Raw != "" {
		_, err := w.Write([]byte(reply.Raw))
		return err == nil
	}
	tokens := reply.Tokens
	if tokens == nil {
		tokens = split(reply.Text)
	}
	for round := 0; round == 0 || reply.Endless; round++ {
		for i, token := range tokens {
			if i+round > 0 && !wait(reply.Pause) {
				return false
			}
			sent := line(ask.Model, token)
			if i+round == 0 && ask.Logprobs {
				sent["logprobs"] = logprobs(token, reply.Likely)
			}
			if err := json.NewEncoder(w).Encode(sent); err != nil {
				return false
			}
			if flush.Flush() != nil {
				return false
			}
		}
		select {
		case <-s.quit:
			return true
		default:
		}
	}
	if reply.Cut {
		hangUp(w)
		return true
	}
	last := line(ask.Model, "")
	last["done"], last["done_reason"] = true, "stop"
	if reply.Reason != "" {
		last["done_reason"] = reply.Reason
	}
	last["eval_count"], last["eval_duration"] = len(tokens), int64(len(tokens))*int64(10*time.Millisecond)
	last["prompt_eval_count"], last["prompt_eval_duration"] = reply.PromptTokens, int64(time.Millisecond)
	if reply.PromptTokens == 0 {
		last["prompt_eval_count"] = len(strings.Fields(ask.Prompt()))
	}
	return json.NewEncoder(w).Encode(last) == nil
}

func line(model, token string) map[string]any {
	return map[string]any{"model": model, "created_at": "2026-01-01T00:00:00Z", "done": false,
		"message": map[string]string{"role": "assistant", "content": token}}
}

// logprobs are a token's, as Ollama tells them.
func logprobs(token string, likely map[string]float64) []map[string]any {
	top := []map[string]any{}
	for t, p := range likely {
		top = append(top, map[string]any{"token": t, "logprob": math.Log(p)})
	}
	return []map[string]any{{"token": token, "logprob": math.Log(max(likely[token], 1e-9)), "top_logprobs": top}}
}

// split parts a text about as finely as a model does.
func split(text string) []string {
	const size = 4
	var tokens []string
	runes := []rune(text)
	for len(runes) > 0 {
		n := min(size, len(runes))
		tokens = append(tokens, string(runes[:n]))
		runes = runes[n:]
	}
	return tokens
}
