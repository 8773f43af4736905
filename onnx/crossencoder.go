package onnx

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// CrossEncoderOptions set up a CrossEncoder. The zero value is ready for use.
type CrossEncoderOptions struct {
	// MaxTokens is where a pair is cut, longest text first; 0 is the model's own limit (64).
	MaxTokens int
	// Threads is how many threads one run uses; 0 is two, or one where there is one processor.
	Threads int
}

// CrossEncoder reads a query and a document together and says how relevant the document is. It is safe
// for concurrent use.
type CrossEncoder struct {
	files   *modelFiles
	limit   int
	session *session
	batcher *batcher
	close   func() error
}

// LoadCrossEncoder loads the relevance model in dir, whose graph gives one logit a pair, [batch] or [batch, 1].
func LoadCrossEncoder(rt *Runtime, dir string, o CrossEncoderOptions) (*CrossEncoder, error) {
	files, err := readModel(dir, taskRelevance)
	if err != nil {
		return nil, err
	}
	c := &CrossEncoder{files: files}
	if c.limit, err = files.config.limit(o.MaxTokens); err != nil {
		return nil, fmt.Errorf("load cross-encoder: %w", err)
	}
	if c.session, err = openSession(files.graph, o.Threads, "logits"); err != nil {
		return nil, fmt.Errorf("load cross-encoder %s: %w", dir, err)
	}
	files.graph = nil
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("load cross-encoder %s: %w", dir, errors.Join(err, c.session.close()))
	}
	c.batcher = newBatcher(rt.gate, rt.gate.free, c.execute)
	c.close = sync.OnceValue(func() error {
		c.batcher.close()
		return c.session.close()
	})
	return c, nil
}

func (c *CrossEncoder) check() error {
	dims := c.session.output.Dimensions
	if len(dims) != 1 && len(dims) != 2 || len(dims) == 2 && dims[1] > 1 {
		return fmt.Errorf("%w: output %s is %s, wanted is [batch] or [batch, 1]", ErrShape, c.session.output.Name, dims)
	}
	return probe(c.files.tokenizer, c.limit, c.execute)
}

// Score returns the relevance of each document to the query, from 0 to 1, in their order.
func (c *CrossEncoder) Score(ctx context.Context, query string, docs []string) ([]float32, error) {
	t := c.files.tokenizer
	pieces := t.pieces(nil, query, -1)
	encodings := make([]Encoding, len(docs))
	for i, doc := range docs {
		encodings[i] = t.joinPair(pieces, doc, c.limit)
	}
	jobs, err := c.batcher.do(ctx, encodings)
	if err != nil {
		return nil, fmt.Errorf("score with %s: %w", c.Name(), err)
	}
	scores := make([]float32, len(docs))
	for i := range jobs {
		scores[i] = float32(1 / (1 + math.Exp(-float64(jobs[i].result[0]))))
	}
	return scores, nil
}

// Name is the model's name.
func (c *CrossEncoder) Name() string { return c.files.config.Name }

// Version is the beginning of the SHA-256 of the model file; scores of different versions don't compare.
func (c *CrossEncoder) Version() string { return c.files.version }

// Close waits for the batch that runs, refuses what waits with ErrClosed and frees the model. It may be
// called twice.
func (c *CrossEncoder) Close() error { return c.close() }

// execute scores one batch.
func (c *CrossEncoder) execute(batch []*job) {
	shape := ort.NewShape(int64(len(batch)), 1)[:len(c.session.output.Dimensions)]
	logits := make([]float32, len(batch))
	err := c.session.run(batch, c.files.tokenizer.padding, shape, logits)
	for row, j := range batch {
		if j.err = err; err != nil {
			continue
		}
		if j.result = logits[row : row+1]; !finite(j.result) {
			j.err = fmt.Errorf("%w: a relevance of %g", ErrNotFinite, logits[row])
		}
	}
}
