package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The tasks that config.json can name.
const (
	taskEmbedding = "embedding"
	taskRelevance = "relevance"
	taskTrees     = "trees"
)

// config is a model folder's config.json.
type config struct {
	// Name is the model's name in traces and cards: "all-minilm-l6-v2".
	Name string `json:"name"`
	// Task is "embedding", "relevance" or "trees".
	Task string `json:"task"`
	// Pooling is "mean" or "cls"; embeddings only.
	Pooling string `json:"pooling"`
	// Dim is the length of an embedding.
	Dim int `json:"dim"`
	// MaxTokens is where texts are cut unless the options say otherwise, special tokens counted.
	MaxTokens int `json:"max_tokens"`
	// PositionLimit is how many tokens the model can take at all.
	PositionLimit int `json:"position_limit"`
	// Features are the columns that trees take, in their order.
	Features []string `json:"features"`
	// Apart says how texts that were read apart are compared; nil where the graph reads both together. Relevance only.
	Apart *apart `json:"apart,omitempty"`
}

// modelFiles is a model folder whose files were read and found to be what its manifest says.
type modelFiles struct {
	config    config
	tokenizer *Tokenizer
	graph     []byte
	// version is the beginning of the SHA-256 of the graph.
	version string
}

// readModel reads a model folder for the task. Each file is hashed as it was read, so that what is
// checked is what is used.
func readModel(dir, task string) (*modelFiles, error) {
	names := []string{"config.json", "model.onnx"}
	if task != taskTrees {
		names = append(names, "tokenizer.json")
	}
	sums, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	raw := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("read model %s: %w: %w", dir, ErrModel, err)
		}
		if got := SHA256(data); got != sums[name] {
			return nil, fmt.Errorf("read model %s: %w: %s has SHA-256 %s, the manifest says %q", dir, ErrHash, name, got, sums[name])
		}
		raw[name] = data
	}
	m := &modelFiles{graph: raw["model.onnx"], version: sums["model.onnx"][:12]}
	if err := json.Unmarshal(raw["config.json"], &m.config); err != nil {
		return nil, fmt.Errorf("read model %s: %w: %w", dir, ErrConfig, err)
	}
	if err := m.config.check(task); err != nil {
		return nil, fmt.Errorf("read model %s: %w", dir, err)
	}
	if task == taskTrees {
		return m, nil
	}
	if m.tokenizer, err = parseTokenizer(raw["tokenizer.json"]); err != nil {
		return nil, fmt.Errorf("read model %s: %w", dir, err)
	}
	return m, nil
}

func (c config) check(task string) error {
	switch {
	case c.Task != task:
		return fmt.Errorf("%w: its task is %q, wanted is %q", ErrConfig, c.Task, task)
	case c.Name == "":
		return fmt.Errorf("%w: it has no name", ErrConfig)
	case task == taskTrees && len(c.Features) == 0:
		return fmt.Errorf("%w: it names no features", ErrConfig)
	case task == taskTrees:
		return nil
	case c.MaxTokens < 8 || c.PositionLimit < c.MaxTokens:
		return fmt.Errorf("%w: max_tokens is %d and position_limit %d", ErrConfig, c.MaxTokens, c.PositionLimit)
	case task == taskEmbedding && c.Pooling != "mean" && c.Pooling != "cls":
		return fmt.Errorf("%w: pooling is %q, known are mean and cls", ErrConfig, c.Pooling)
	case c.Apart != nil && (task != taskRelevance || c.Apart.Tensor == "" || c.Apart.Width < 1):
		return fmt.Errorf("%w: apart is for relevance, and names a tensor and its width", ErrConfig)
	case task == taskEmbedding && c.Dim < 1:
		return fmt.Errorf("%w: dim is %d", ErrConfig, c.Dim)
	}
	return nil
}

// limit is the number of tokens at which texts are cut: the asked one, or the model's own.
func (c config) limit(asked int) (int, error) {
	switch {
	case asked == 0:
		return c.MaxTokens, nil
	case asked < 8 || asked > c.PositionLimit:
		return 0, fmt.Errorf("%w: a limit of %d tokens was asked for, %s takes 8 to %d", ErrConfig, asked, c.Name, c.PositionLimit)
	}
	return asked, nil
}

// readManifest returns the SHA-256 of each file by name.
func readManifest(dir string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil, fmt.Errorf("read model manifest: %w: %w", ErrHash, err)
	}
	var manifest struct {
		Files map[string]string `json:"files"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("read model manifest in %s: %w: %w", dir, ErrHash, err)
	}
	return manifest.Files, nil
}

// SHA256 is the sum of a file as manifest.json holds it.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
