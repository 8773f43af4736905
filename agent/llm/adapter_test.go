package llm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
)

// adapterFolder is an adapter for a model as small as the stand-in's.
func adapterFolder(t *testing.T) string {
	t.Helper()
	dir, sums := t.TempDir(), map[string]string{}
	for name, text := range map[string]string{"adapter.gguf": "GGUF weights", "config.json": fmt.Sprintf(`{"family":"llama","parameters":%d}`, ollamatest.SmallWeights)} {
		sum := sha256.Sum256([]byte(text))
		sums[name] = hex.EncodeToString(sum[:])
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := json.Marshal(map[string]any{"files": sums})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readAdapter(t *testing.T, dir string) *llm.Adapter {
	t.Helper()
	a, err := llm.ReadAdapter(dir, "smollm2", "{{ .Prompt }}")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheAdaptedModelIsMadeOnce(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	adapter := readAdapter(t, adapterFolder(t))
	o := fast()
	o.Adapter = adapter
	for range 2 {
		client, err := llm.New(server.URL, adapter.Model(), o)
		if err != nil {
			t.Fatal(err)
		}
		run(t, client)
		until(t, client.Up)
	}
	made := server.Created()
	if len(made) != 1 || made[0].Model != adapter.Model() || made[0].From != "smollm2" || made[0].Template != "{{ .Prompt }}" || len(made[0].Adapters) != 1 {
		t.Errorf("made %+v", made)
	}
}

func TestAnAdapterForAnotherModelIsNotUsed(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	server.SetWeights(8_000_000_000)
	o := fast()
	o.Adapter = readAdapter(t, adapterFolder(t))
	client, err := llm.New(server.URL, o.Adapter.Model(), o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, client)
	until(t, func() bool { return strings.Contains(client.Status(), "8000000000 weights") })
	if len(server.Created()) != 0 || client.Up() {
		t.Errorf("made %+v", server.Created())
	}
}

func TestAChangedAdapterIsRefused(t *testing.T) {
	dir := adapterFolder(t)
	if err := os.WriteFile(filepath.Join(dir, "adapter.gguf"), []byte("other weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := llm.ReadAdapter(dir, "smollm2", ""); err == nil || !strings.Contains(err.Error(), "differs from its manifest") {
		t.Errorf("read: %v", err)
	}
}

func TestFirstTellsHowLikelyTokensAre(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	server.Script(ollamatest.Reply{Tokens: []string{" search"}, Reason: "length", Likely: map[string]float64{" search": 0.75, " change": 0.25}})
	likely, err := client.First(t.Context(), "Said: boots\nMeans:")
	if err != nil || len(likely) != 2 || math.Abs(likely[" search"]-0.75) > 1e-9 || math.Abs(likely[" change"]-0.25) > 1e-9 {
		t.Errorf("%v, %v", likely, err)
	}
	if asked := server.Requests()[0]; !asked.Logprobs || asked.TopLogprobs != 20 || asked.Options["num_predict"] != 1.0 || len(asked.Format) != 0 {
		t.Errorf("asked %+v", asked)
	}
	server.Script(ollamatest.Reply{Text: " search|p boots", Likely: map[string]float64{" sea": 1}})
	if text, err := client.Short(t.Context(), "Said: boots\nMeans:", 40); err != nil || text != " search|p boots" {
		t.Errorf("%q, %v", text, err)
	}
	if asked := server.Requests()[1]; asked.Logprobs || asked.Options["num_predict"] != 40.0 {
		t.Errorf("asked %+v", asked)
	}
}
