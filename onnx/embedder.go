package onnx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// EmbedderOptions set up an Embedder. The zero value is ready for use.
type EmbedderOptions struct {
	// MaxTokens is where texts are cut; 0 is the model's own limit (64).
	MaxTokens int
	// CacheSize is how many embeddings of short calls (queries) are kept; 0 is 4096, below 0 none.
	CacheSize int
}

// cachedCall is the largest call whose embeddings are kept: a query and its variants, not an import.
const cachedCall = 4

const (
	defaultCached = 4096
	// longestCached, in bytes, keeps a flood of long texts from filling memory.
	longestCached = 1024
)

// Embedder turns texts into vectors of length one, so that their dot product is the cosine. It is safe
// for concurrent use.
type Embedder struct {
	files   *modelFiles
	limit   int
	session *session
	batcher *batcher
	cache   *cache[[]float32]
	buffers buffers
	close   func() error
}

// LoadEmbedder loads the embedding model in dir.
func LoadEmbedder(rt *Runtime, dir string, o EmbedderOptions) (*Embedder, error) {
	files, err := readModel(dir, taskEmbedding)
	if err != nil {
		return nil, err
	}
	e := &Embedder{files: files, cache: newCache[[]float32](max(cmp.Or(o.CacheSize, defaultCached), 0))}
	if e.limit, err = files.config.limit(o.MaxTokens); err != nil {
		return nil, fmt.Errorf("load embedder: %w", err)
	}
	if e.session, err = openSession(files.graph, "last_hidden_state"); err != nil {
		return nil, fmt.Errorf("load embedder %s: %w", dir, err)
	}
	files.graph = nil // the session has its own copy
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("load embedder %s: %w", dir, errors.Join(err, e.session.close()))
	}
	e.batcher = newBatcher(rt.gate, e.execute)
	e.close = sync.OnceValue(func() error {
		e.batcher.close()
		return e.session.close()
	})
	return e, nil
}

// check tries the graph with the highest token id, so that a graph of another vocabulary or width is
// found out now and not in a customer's turn.
func (e *Embedder) check() error {
	output := e.session.outputs[0]
	dims := output.Dimensions
	if len(dims) != 3 || dims[2] > 0 && dims[2] != int64(e.files.config.Dim) {
		return fmt.Errorf("%w: output %s is %s, wanted is [batch, sequence, %d]", ErrShape, output.Name, dims, e.files.config.Dim)
	}
	return probe(e.files.tokenizer, e.limit, e.execute)
}

// probe runs a short and a full text together and returns what goes wrong.
func probe(t *Tokenizer, limit int, execute func([]*job)) error {
	last := int32(t.VocabularySize() - 1)
	short := Encoding{IDs: []int32{t.begin, last, t.separator, last, t.separator}, SecondFrom: 3}
	full := Encoding{IDs: slices.Repeat([]int32{last}, limit), SecondFrom: limit}
	batch := []*job{{Encoding: short}, {Encoding: full}}
	execute(batch)
	return errors.Join(batch[0].err, batch[1].err)
}

// Embed returns one vector a text, in their order. Texts of concurrent calls run together in batches;
// work under Background waits for other calls. Empty texts have an embedding too.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	keep := len(texts) <= cachedCall
	var missing []int
	var encodings []Encoding
	for i, text := range texts {
		if kept, ok := e.cache.get(text); ok {
			vectors[i] = slices.Clone(kept)
			continue
		}
		missing = append(missing, i)
		encodings = append(encodings, e.files.tokenizer.Encode(text, e.limit))
	}
	jobs, err := e.batcher.do(ctx, encodings)
	if err != nil {
		return nil, fmt.Errorf("embed with %s: %w", e.Name(), err)
	}
	for n, i := range missing {
		vectors[i] = jobs[n].result
		if keep && len(texts[i]) <= longestCached {
			e.cache.put(texts[i], slices.Clone(vectors[i]), 1)
		}
	}
	return vectors, nil
}

// Dim is the length of the vectors.
func (e *Embedder) Dim() int { return e.files.config.Dim }

// Name is the model's name.
func (e *Embedder) Name() string { return e.files.config.Name }

// Version is the beginning of the SHA-256 of the model file: vectors of different versions don't compare.
func (e *Embedder) Version() string { return e.files.version }

// Close waits for the batch that runs, refuses what waits with ErrClosed and frees the model. It may be
// called twice.
func (e *Embedder) Close() error { return e.close() }

// execute embeds one batch.
func (e *Embedder) execute(batch []*job) {
	rows, length, dim := len(batch), longest(batch), e.Dim()
	buffer := e.buffers.take(rows*length*dim, backgroundTokens*dim)
	defer e.buffers.give(buffer)
	hidden := *buffer
	err := e.session.run(batch, e.files.tokenizer.padding, result{ort.NewShape(int64(rows), int64(length), int64(dim)), hidden})
	for row, j := range batch {
		if j.err = err; err != nil {
			continue
		}
		tokens := hidden[row*length*dim : (row*length+len(j.IDs))*dim]
		if e.files.config.Pooling == "cls" {
			tokens = tokens[:dim]
		}
		j.result, j.err = pooled(tokens, dim)
	}
}

// pooled is the mean of the token vectors, scaled to length one.
func pooled(tokens []float32, dim int) ([]float32, error) {
	vector := make([]float32, dim)
	for ; len(tokens) > 0; tokens = tokens[dim:] {
		for i, v := range tokens[:dim] {
			vector[i] += v
		}
	}
	var squares float64
	for _, v := range vector {
		squares += float64(v) * float64(v)
	}
	if !finite(vector) || squares == 0 {
		return nil, fmt.Errorf("%w: an embedding of length %g", ErrNotFinite, math.Sqrt(squares))
	}
	scale := float32(1 / math.Sqrt(squares))
	for i := range vector {
		vector[i] *= scale
	}
	return vector, nil
}
