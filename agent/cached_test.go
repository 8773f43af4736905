package agent_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
)

// mostRead is the share of the first turn's prompt that the model may have to read at a later one: the rest of the prompt
// begins as the first one did, and is in the server's cache.
const mostRead = 0.25

// common is how many bytes two texts have in common at their beginning.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func testALaterPromptBeginsAsTheFirst(t *testing.T, s *testShop) {
	for name, c := range map[string]struct {
		weights int64
		turns   []string
	}{
		"a larger model, whatever is said":      {8_000_000_000, []string{"wireless mouse", "add the first one to my cart", "what is in my cart?", "a purple spaceship for 3 dollars", "how much is it?", "thanks", "compare the first two"}},
		"a small model, in answers of one kind": {ollamatest.SmallWeights, []string{"wireless mouse", "backpacks please", "only green ones"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := withModel(t, s)
			server.SetWeights(c.weights)
			wait(t, "the model's size", func() bool { return s.parts.Writer.(modelWriter).Info().Parameters == c.weights })
			customer, first := s.customer(t), ""
			for _, text := range c.turns {
				before := len(server.Requests())
				customer.says(text)
				for _, r := range server.Requests()[before:] {
					prompt := r.Prompt()
					if first == "" {
						first = prompt
					}
					if read := float64(len(prompt)-common(first, prompt)) / float64(len(first)); read > mostRead {
						t.Errorf("%q: %.2f of the first prompt's length is new:\n%s", text, read, prompt[common(first, prompt):])
					}
				}
			}
			if n := len(server.Requests()); n < 3 {
				t.Errorf("the model was asked %d times", n)
			}
		})
	}
}

// reading is how many tokens a prompt had, and how many of them the server had to read.
type reading struct{ prompt, read int }

var slot = regexp.MustCompile(`loading cache slot.* prompt=(\d+) used=\d+ remaining=(\d+)`)

// readings are those of all prompts that the server of make test-llm has had. It answers each request with the whole prompt's
// length, whatever its cache held; its log alone says more.
func readings(t *testing.T) (all []reading) {
	t.Helper()
	log := filepath.Join(os.Getenv("FLOORWALKER_CACHE"), "ollama.log")
	older, err := os.ReadFile(log + ".old")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	newer, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range slot.FindAllStringSubmatch(string(older)+string(newer), -1) {
		prompt, _ := strconv.Atoi(found[1]) //nolint:errcheck // digits
		read, _ := strconv.Atoi(found[2])   //nolint:errcheck // digits
		all = append(all, reading{prompt, read})
	}
	return all
}

// TestRealOllamaReadsOnlyWhatIsNew takes the real server. make test-llm starts it.
func TestRealOllamaReadsOnlyWhatIsNew(t *testing.T) {
	address := os.Getenv("FLOORWALKER_TEST_OLLAMA")
	if address == "" {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "ollama") {
			t.Fatal("this test needs Ollama: run make test-llm")
		}
		t.Skip("this test needs Ollama: run make test-llm")
	}
	client, err := llm.New(address, "smollm2", llm.Options{FirstToken: time.Minute, NextToken: time.Minute, StreamTimeout: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for end := time.Now().Add(2 * time.Minute); !client.Up(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the model is not there: %s", client.Status())
		}
	}
	// Something else, so that the first turn finds nothing of its prompt in the cache.
	if _, err := client.Stream(ctx, messages("You count.", []string{strings.Repeat("one two three four ", 40)}), func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	s := openShop(t)
	s.prefix, s.config.FirstWord = "cached", time.Minute
	s.parts.Writer = modelWriter{client}
	c, before := s.customer(t), len(readings(t))
	for _, text := range []string{"wireless mouse", "backpacks please", "coffee mugs"} {
		c.says(text)
		t.Logf("%q: template share %.2f: %s", text, c.outcome.Trace.TemplateShare, c.text)
	}
	turns := readings(t)[before:]
	t.Logf("prompts and what was read of them, in tokens: %v", turns)
	if len(turns) < 3 {
		t.Fatalf("the model was asked %d times", len(turns))
	}
	first := turns[0]
	if first.read < first.prompt/2 {
		t.Errorf("%d of the first prompt's %d tokens were in the cache already: the next ones show nothing", first.prompt-first.read, first.prompt)
	}
	for _, later := range turns[1:] {
		if share := float64(later.read) / float64(first.prompt); share > mostRead {
			t.Errorf("a later turn read %.2f of the first one's tokens", share)
		}
	}
}
