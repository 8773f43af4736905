package onnx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
)

func cosine(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func embed(t testing.TB, e *onnx.Embedder, texts ...string) [][]float32 {
	t.Helper()
	vectors, err := e.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

func TestEmbeddingsOfLikeMeaningAreNear(t *testing.T) {
	for model, texts := range map[string][3]string{
		"all-minilm-l6-v2":  {"running shoes", "trainers for jogging", "espresso machine"},
		"bge-small-zh-v1.5": {"跑步鞋", "慢跑用的运动鞋", "咖啡机"},
	} {
		t.Run(model, func(t *testing.T) {
			e := onnxtest.Embedder(t, model)
			v := embed(t, e, texts[:]...)
			if len(v[0]) != e.Dim() || math.Abs(cosine(v[0], v[0])-1) > 1e-5 {
				t.Errorf("%d numbers of length %g, want %d of length 1", len(v[0]), cosine(v[0], v[0]), e.Dim())
			}
			if near, far := cosine(v[0], v[1]), cosine(v[0], v[2]); near < far+0.3 {
				t.Errorf("%q is %.2f from %q and %.2f from %q", texts[0], near, texts[1], far, texts[2])
			}
		})
	}
}

// The int8 model scales its activations over a whole batch, so neighbours move a vector a little.
func TestABatchChangesAnEmbeddingLittle(t *testing.T) {
	e := onnxtest.Embedder(t, "all-minilm-l6-v2")
	texts := []string{"", "mug", strings.Repeat("very long description of a thing ", 5000), "wi\xffre", "无线鼠标", "🛒"}
	for i := range 60 {
		texts = append(texts, fmt.Sprintf("product number %d of the %s department", i, strings.Repeat("big ", i%20)))
	}
	together, err := e.Embed(onnx.Background(t.Context()), texts) // as an import does
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if c := cosine(together[i], embed(t, e, text)[0]); c < 0.97 {
			t.Errorf("text %d alone and in a batch: cosine %.3f", i, c)
		}
	}
}

func TestQueryEmbeddingsAreKept(t *testing.T) {
	e := onnxtest.Embedder(t, "all-minilm-l6-v2")
	first := embed(t, e, "a query that comes twice")[0]
	want := first[0]
	first[0] = 42 // the caller's copy
	began := time.Now()
	for range 1000 {
		if got := embed(t, e, "a query that comes twice")[0][0]; got != want {
			t.Fatalf("kept embedding begins with %g, the first one began with %g", got, want)
		}
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("1000 kept embeddings took %v", took)
	}
}

func TestConcurrentCallersGetTheirOwnResults(t *testing.T) {
	e := onnxtest.Embedder(t, "all-minilm-l6-v2")
	var callers sync.WaitGroup
	for caller := range 12 {
		callers.Go(func() {
			text := fmt.Sprintf("%d pairs of size %d socks", caller, caller*7)
			vectors, err := e.Embed(context.Background(), []string{text, "espresso machine", text, "garden hose", "laptop"})
			if err != nil {
				t.Error(err)
				return
			}
			if c := cosine(vectors[0], vectors[2]); c < 0.96 {
				t.Errorf("the same text twice in one call: cosine %.3f", c)
			}
			if c := cosine(vectors[0], vectors[1]); c > 0.5 {
				t.Errorf("socks and an espresso machine: cosine %.3f", c)
			}
		})
	}
	callers.Wait()
}

// writeModel makes a model folder out of a graph, with a manifest that is right.
func writeModel(t *testing.T, graph []byte, config string) string {
	t.Helper()
	tokenizer, err := os.ReadFile(filepath.Join(onnxtest.Models(), "all-minilm-l6-v2", "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sums := map[string]string{}
	for name, data := range map[string][]byte{"model.onnx": graph, "tokenizer.json": tokenizer, "config.json": []byte(config)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		sums[name] = onnx.SHA256(data)
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

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const relevanceConfig = `{"name":"overlap","task":"relevance","max_tokens":64,"position_limit":512}`

func crossEncoder(t *testing.T, graph string) *onnx.CrossEncoder {
	t.Helper()
	dir := writeModel(t, readFile(t, "testdata/graphs/"+graph+".onnx"), relevanceConfig)
	c, err := onnx.LoadCrossEncoder(onnxtest.Runtime(t), dir, onnx.CrossEncoderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// The test graph's logit is 8 x the share of the document's tokens that stand in the query - 4.
func TestCrossEncoderScoresPairs(t *testing.T) {
	for _, graph := range []string{"overlap", "flat"} {
		t.Run(graph, func(t *testing.T) {
			scores, err := crossEncoder(t, graph).Score(t.Context(), "red running shoes", []string{
				"running shoes", "red mug", "espresso machine", "", strings.Repeat("shoes ", 40_000)})
			if err != nil {
				t.Fatal(err)
			}
			for i, logit := range []float64{4, 0, -4, -4, 4} {
				if want := 1 / (1 + math.Exp(-logit)); math.Abs(float64(scores[i])-want) > 1e-5 {
					t.Errorf("document %d: %.4f, want %.4f", i, scores[i], want)
				}
			}
			if none, err := crossEncoder(t, graph).Score(t.Context(), "red", nil); err != nil || len(none) != 0 {
				t.Errorf("no documents: %v, %v", none, err)
			}
		})
	}
}

func TestAScoreThatIsNoNumberIsAnError(t *testing.T) {
	c := crossEncoder(t, "latenan")
	if _, err := c.Score(t.Context(), "shoes", []string{"shoes", strings.Repeat("mug ", 60)}); !errors.Is(err, onnx.ErrNotFinite) {
		t.Errorf("error %v, want ErrNotFinite", err)
	}
	if scores, err := c.Score(t.Context(), "shoes", []string{"shoes"}); err != nil || scores[0] < 0.9 {
		t.Errorf("the model is not usable afterwards: %v, %v", scores, err)
	}
}

func TestUnusableModelsAreRefusedByName(t *testing.T) {
	rt := onnxtest.Runtime(t)
	whole := readFile(t, "testdata/graphs/overlap.onnx")
	embedding := `{"name":"m","task":"embedding","pooling":"mean","dim":384,"max_tokens":64,"position_limit":512}`
	shipped := readFile(t, filepath.Join(onnxtest.Models(), "all-minilm-l6-v2", "model.onnx"))
	flipped := append([]byte(nil), shipped...)
	for i := 1000; i < 200_000; i += 97 {
		flipped[i] ^= 0x5a
	}
	for name, c := range map[string]struct {
		graph  []byte
		config string
		want   error
	}{
		"an empty file":             {nil, relevanceConfig, onnx.ErrModel},
		"not a graph":               {[]byte("this is a text"), relevanceConfig, onnx.ErrModel},
		"half a graph":              {whole[:len(whole)/2], relevanceConfig, onnx.ErrModel},
		"half of MiniLM":            {shipped[:len(shipped)/2], embedding, onnx.ErrModel},
		"two classes":               {readFile(t, "testdata/graphs/twoclasses.onnx"), relevanceConfig, onnx.ErrShape},
		"a fixed shape":             {readFile(t, "testdata/graphs/fixed.onnx"), relevanceConfig, onnx.ErrShape},
		"float inputs":              {readFile(t, "testdata/graphs/floats.onnx"), relevanceConfig, onnx.ErrShape},
		"inputs of a picture model": {readFile(t, "testdata/graphs/othernames.onnx"), relevanceConfig, onnx.ErrShape},
		"a smaller vocabulary":      {readFile(t, "testdata/graphs/othervocabulary.onnx"), relevanceConfig, onnx.ErrModel},
		"NaN always":                {readFile(t, "testdata/graphs/nan.onnx"), relevanceConfig, onnx.ErrNotFinite},
		"another width":             {shipped, strings.Replace(embedding, "384", "512", 1), onnx.ErrShape},
		"a ranker as an embedder":   {whole, embedding, onnx.ErrShape},
		"another task":              {whole, strings.Replace(relevanceConfig, "relevance", "translation", 1), onnx.ErrConfig},
		"broken configuration":      {whole, "{", onnx.ErrConfig},
		"a limit of zero tokens":    {whole, strings.Replace(relevanceConfig, "64", "0", 1), onnx.ErrConfig},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeModel(t, c.graph, c.config)
			load := func() error { _, err := onnx.LoadCrossEncoder(rt, dir, onnx.CrossEncoderOptions{}); return err }
			if c.config != relevanceConfig && strings.Contains(c.config, "embedding") {
				load = func() error { _, err := onnx.LoadEmbedder(rt, dir, onnx.EmbedderOptions{}); return err }
			}
			if err := load(); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	t.Run("a flipped file never crashes", func(t *testing.T) {
		e, err := onnx.LoadEmbedder(rt, writeModel(t, flipped, embedding), onnx.EmbedderOptions{})
		if err == nil { // the damage may sit in weights alone
			err = e.Close()
		}
		t.Log(err)
	})
}

func TestAFileThatDiffersFromItsManifestIsRefused(t *testing.T) {
	rt := onnxtest.Runtime(t)
	for _, name := range []string{"model.onnx", "tokenizer.json", "config.json", "manifest.json"} {
		dir := writeModel(t, readFile(t, "testdata/graphs/overlap.onnx"), relevanceConfig)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, append(readFile(t, path), ' ', 'x'), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := onnx.LoadCrossEncoder(rt, dir, onnx.CrossEncoderOptions{}); !errors.Is(err, onnx.ErrHash) {
			t.Errorf("changed %s: %v, want ErrHash", name, err)
		}
	}
	if _, err := onnx.LoadEmbedder(rt, t.TempDir(), onnx.EmbedderOptions{}); !errors.Is(err, onnx.ErrHash) {
		t.Errorf("an empty folder: %v, want ErrHash", err)
	}
}

func TestTokenLimitsOutsideTheModelAreRefused(t *testing.T) {
	dir := filepath.Join(onnxtest.Models(), "all-minilm-l6-v2")
	for _, limit := range []int{-1, 3, 513} {
		if _, err := onnx.LoadEmbedder(onnxtest.Runtime(t), dir, onnx.EmbedderOptions{MaxTokens: limit}); !errors.Is(err, onnx.ErrConfig) {
			t.Errorf("a limit of %d tokens: %v, want ErrConfig", limit, err)
		}
	}
}

func TestTheRuntimeOpensAgain(t *testing.T) {
	library := onnxtest.Library(t)
	dir := filepath.Join(onnxtest.Models(), "all-minilm-l6-v2")
	for range 2 {
		rt, err := onnx.OpenRuntime(library, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := onnx.OpenRuntime(filepath.Join(t.TempDir(), "other.so"), 0); !errors.Is(err, onnx.ErrRuntime) {
			t.Errorf("a second library: %v, want ErrRuntime", err)
		}
		e, err := onnx.LoadEmbedder(rt, dir, onnx.EmbedderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := rt.Close(); err != nil {
				t.Error(err)
			}
		}
		embed(t, e, "a model keeps its runtime")
		for range 2 {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := e.Embed(t.Context(), []string{"after closing"}); !errors.Is(err, onnx.ErrClosed) {
			t.Errorf("embedding after Close: %v, want ErrClosed", err)
		}
		if _, err := onnx.LoadEmbedder(rt, dir, onnx.EmbedderOptions{}); !errors.Is(err, onnx.ErrClosed) {
			t.Errorf("loading with a closed runtime: %v, want ErrClosed", err)
		}
	}
}

func TestAMissingLibraryIsNamed(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "libonnxruntime.so"), "model_test.go"} {
		if _, err := onnx.OpenRuntime(path, 0); !errors.Is(err, onnx.ErrRuntime) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: %v, want ErrRuntime", path, err)
		}
	}
}

// Training writes pairs with their scores beside a ranker: those of its int8 graph, run by Python, and for an fp32 one
// those of PyTorch. FLOORWALKER_FP32_RANKER may name the folder of an fp32 one (training/export.py --fp32).
func TestARankersScoresAreThoseOfTraining(t *testing.T) {
	rt := onnxtest.Runtime(t)
	for name, dir := range map[string]string{"shipped": filepath.Join(onnxtest.Models(), "ranker"), "fp32": os.Getenv("FLOORWALKER_FP32_RANKER")} {
		if dir == "" {
			continue
		}
		var probes []struct {
			Query, Text string
			Score       float64
		}
		if err := json.Unmarshal(readFile(t, filepath.Join(dir, "probes.json")), &probes); err != nil || len(probes) < 10 {
			t.Fatalf("%d probes, %v", len(probes), err)
		}
		c, err := onnx.LoadCrossEncoder(rt, dir, onnx.CrossEncoderOptions{Together: true})
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for _, p := range probes { // one at a time, as they were measured: int8 scales its activations over a batch
			scores, err := c.Score(t.Context(), p.Query, []string{p.Text})
			if err != nil {
				t.Fatal(err)
			}
			off := math.Abs(float64(scores[0]) - p.Score)
			if most = max(most, off); off > 1e-3 {
				t.Errorf("%s: %.20q with %.20q scores %.5f, in training %.5f", name, p.Query, p.Text, scores[0], p.Score)
			}
		}
		t.Logf("%s: scores differ by at most %.2e over %d pairs", name, most, len(probes))
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
