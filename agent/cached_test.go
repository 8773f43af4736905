package agent_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"floorwalker/agent"
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

// timedWriter notes what each answer's prompt cost.
type timedWriter struct {
	*llm.Client
	usages *[]llm.Usage
}

var _ agent.Writer = timedWriter{}

func (w timedWriter) Write(ctx context.Context, system string, lines []string, each func(string) error) error {
	usage, err := w.Stream(ctx, messages(system, lines), each)
	*w.usages = append(*w.usages, usage)
	return err
}

// TestRealOllamaReadsOnlyWhatIsNew takes the real server, which tells the whole prompt's length whatever its cache held: what it
// read is told by the time that it took. make test-llm starts it.
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
	var usages []llm.Usage
	s.parts.Writer = timedWriter{client, &usages}
	c := s.customer(t)
	for _, text := range []string{"wireless mouse", "backpacks please", "coffee mugs"} {
		before := len(usages)
		c.says(text)
		for _, u := range usages[before:] {
			t.Logf("%q: a prompt of %d tokens read in %s, the first of them written after %s; template share %.2f: %s", text, u.PromptTokens, u.Prompt, u.FirstToken, c.outcome.Trace.TemplateShare, c.text)
		}
	}
	if len(usages) < 2 || usages[0].Prompt == 0 {
		t.Fatalf("answers cost %+v", usages)
	}
	for _, u := range usages[1:] {
		if u.Prompt == 0 {
			continue // it was stopped before it told
		}
		share := u.Prompt.Seconds() / usages[0].Prompt.Seconds()
		t.Logf("the first prompt took %s, the next that was answered to its end %s: %.2f", usages[0].Prompt, u.Prompt, share)
		if share > mostRead {
			t.Errorf("a later prompt took %.2f of the first one's time", share)
		}
		return
	}
	t.Error("no later answer was written to its end")
}
