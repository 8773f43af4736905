// Package ollamatest is a stand-in for Ollama: a scripted HTTP server that speaks as much of its API as
// Floorwalker uses, and misbehaves on request.
//
//	server := ollamatest.New(t, "smollm2")
//	server.Script(ollamatest.Reply{Text: "Have a look at [P1]."}, ollamatest.Reply{Hang: true})
//	client, err := llm.New(server.URL, "smollm2", llm.Options{})
package ollamatest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Reply is what the server does with one chat request.
type Reply struct {
	// Text is sent in pieces of a few characters; Tokens, where given, as they are.
	Text   string
	Tokens []string
	// First and Pause are the delays before the first token and between tokens.
	First, Pause time.Duration
	// Status other than 0 and 200 is sent with Text as the error.
	Status int
	// Raw is sent in place of a proper body.
	Raw string
	// Hang never answers; Cut breaks off before the end; Endless repeats the tokens for ever.
	Hang, Cut, Endless bool
	// Reason is the done_reason. Default "stop".
	Reason string
	// Likely are the probabilities of what may stand in place of the first token, told where the request asks for them.
	Likely map[string]float64
	// PromptTokens is the count that the server reports. Default the words of the prompt.
	PromptTokens int
}

// Request is a chat request as it came in.
type Request struct {
	Model    string
	Messages []struct{ Role, Content string }
	Format   json.RawMessage
	Options  map[string]any
	Stream   *bool
	// Logprobs and TopLogprobs ask for the probabilities of tokens.
	Logprobs    bool
	TopLogprobs int `json:"top_logprobs"`
}

// Creation is a request to make a model.
type Creation struct {
	Model, From, Template string
	Adapters              map[string]string
}

// SmallWeights is how many weights SmolLM2-135M has; the server's models have as many unless SetWeights is called.
const SmallWeights = 134515008

// Prompt is all messages in one text.
func (r Request) Prompt() string {
	var b strings.Builder
	for _, m := range r.Messages {
		b.WriteString(m.Role + ": " + m.Content + "\n")
	}
	return b.String()
}

// Server is a running stand-in.
type Server struct {
	// URL is its address.
	URL string

	mu        sync.Mutex
	models    []string
	down      bool
	script    []Reply
	answer    func(Request) Reply
	requests  []Request
	cancelled int
	loads     int
	weights   int64
	created   []Creation
	blobs     map[string][]byte
	quit      chan struct{}
}

// New starts a server that has the named models; it stops when the test ends.
func New(t testing.TB, models ...string) *Server {
	t.Helper()
	s := &Server{models: models, weights: SmallWeights, blobs: map[string][]byte{}, quit: make(chan struct{}), answer: func(Request) Reply { return Reply{Text: "Fine."} }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, map[string]any{"version": "0.17.4"}) })
	mux.HandleFunc("GET /api/tags", s.tags)
	mux.HandleFunc("POST /api/show", s.show)
	mux.HandleFunc("POST /api/chat", s.chat)
	mux.HandleFunc("POST /api/blobs/{digest}", s.blob)
	mux.HandleFunc("POST /api/create", s.create)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isDown() {
			hangUp(w)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	s.URL = server.URL
	t.Cleanup(func() {
		close(s.quit)
		server.CloseClientConnections()
		server.Close()
	})
	return s
}

// Script queues replies to the next chat requests; when none is left, Answer's are given.
func (s *Server) Script(replies ...Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, replies...)
}

// Answer sets the replies where the script has none. Default: the text "Fine.".
func (s *Server) Answer(f func(Request) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// SetModels changes which models the server has.
func (s *Server) SetModels(models ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models = models
}

// SetDown makes the server break every connection, or stop doing so.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// SetWeights changes how many weights the server says that its models have.
func (s *Server) SetWeights(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.weights = n
}

// Created are the models that were made so far.
func (s *Server) Created() []Creation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.created)
}

// Requests are the chat requests so far, without those that only load the model.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Cancelled counts the chat requests whose client left before the end.
func (s *Server) Cancelled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cancelled
}

// Loads counts the requests that only loaded the model.
func (s *Server) Loads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

func (s *Server) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *Server) has(model string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.models, strings.TrimSuffix(model, ":latest"))
}

func (s *Server) tags(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, m := range s.models {
		list = append(list, map[string]any{"name": m + ":latest", "model": m + ":latest"})
	}
	writeJSON(w, map[string]any{"models": list})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	var ask struct{ Model string }
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	if !s.has(ask.Model) {
		fail(w, http.StatusNotFound, "model '"+ask.Model+"' not found")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, map[string]any{"details": map[string]any{"family": "llama"}, "model_info": map[string]any{"general.parameter_count": s.weights}})
}

// blob takes a file that its digest names.
func (s *Server) blob(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	digest := r.PathValue("digest")
	if sum := sha256.Sum256(data); err != nil || digest != "sha256:"+hex.EncodeToString(sum[:]) {
		fail(w, http.StatusBadRequest, "the digest does not match")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[digest] = data
	w.WriteHeader(http.StatusCreated)
}

// create makes a model of one that is there and an adapter that was sent.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var ask Creation
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, digest := range ask.Adapters {
		if s.blobs[digest] == nil || !slices.Contains(s.models, ask.From) {
			fail(w, http.StatusBadRequest, "no such model or blob")
			return
		}
	}
	s.created = append(s.created, ask)
	s.models = append(s.models, ask.Model)
	writeJSON(w, map[string]any{"status": "success"})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}

// hangUp breaks the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
	}
}
