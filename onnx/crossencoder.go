package onnx

import (
	"cmp"
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
	// Readings is how many bytes of products that were read are kept, where the model reads them apart from the
	// query: about 33 kB a product of 40 tokens. 0 is 128 MiB, below 0 none.
	Readings int
	// Together reads query and product in one pass also where the model can read them apart.
	Together bool
}

const (
	defaultReadings = 128 << 20
	// keptQueries is how many bytes of queries that were read are kept.
	keptQueries = 4 << 20
)

// CrossEncoder says how relevant a document is to a query. Where the model reads the two apart, a document is read once
// for all queries. It is safe for concurrent use.
type CrossEncoder struct {
	files   *modelFiles
	limit   int
	session *session
	batcher *batcher
	// apart is nil where the model reads query and document together.
	apart             *apart
	products, queries *cache[*reading]
	buffers           buffers
	close             func() error
}

// LoadCrossEncoder loads the relevance model in dir, whose graph gives one logit a pair, [batch] or [batch, 1], and
// where config.json says so the token vectors besides.
func LoadCrossEncoder(rt *Runtime, dir string, o CrossEncoderOptions) (*CrossEncoder, error) {
	files, err := readModel(dir, taskRelevance)
	if err != nil {
		return nil, err
	}
	c := &CrossEncoder{files: files, products: newCache[*reading](max(cmp.Or(o.Readings, defaultReadings), 0)), queries: newCache[*reading](keptQueries)}
	if c.limit, err = files.config.limit(o.MaxTokens); err != nil {
		return nil, fmt.Errorf("load cross-encoder: %w", err)
	}
	var further []string
	if !o.Together && files.config.Apart != nil {
		c.apart = files.config.Apart
		further = []string{c.apart.Tensor}
		files.graph = withOutput(files.graph, c.apart.Tensor)
	}
	if c.session, err = openSession(files.graph, "logits", further...); err != nil {
		return nil, fmt.Errorf("load cross-encoder %s: %w", dir, err)
	}
	files.graph = nil
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("load cross-encoder %s: %w", dir, errors.Join(err, c.session.close()))
	}
	c.batcher = newBatcher(rt.gate, c.execute)
	c.close = sync.OnceValue(func() error {
		c.batcher.close()
		return c.session.close()
	})
	return c, nil
}

func (c *CrossEncoder) check() error {
	logits := c.session.outputs[0]
	dims := logits.Dimensions
	if len(dims) != 1 && len(dims) != 2 || len(dims) == 2 && dims[1] > 1 {
		return fmt.Errorf("%w: output %s is %s, wanted is [batch] or [batch, 1]", ErrShape, logits.Name, dims)
	}
	if c.apart != nil {
		vectors := c.session.outputs[1]
		if d := vectors.Dimensions; len(d) != 0 && (len(d) != 3 || d[2] > 0 && d[2] != int64(c.apart.Width)) {
			return fmt.Errorf("%w: %s is %s, wanted is [batch, sequence, %d]", ErrShape, vectors.Name, d, c.apart.Width)
		}
	}
	return probe(c.files.tokenizer, c.limit, c.execute)
}

// Score returns the relevance of each document to the query, from 0 to 1, in their order.
func (c *CrossEncoder) Score(ctx context.Context, query string, docs []string) ([]float32, error) {
	logits, err := c.logits(ctx, query, docs)
	if err != nil {
		return nil, fmt.Errorf("score with %s: %w", c.Name(), err)
	}
	scores := make([]float32, len(docs))
	for i, logit := range logits {
		scores[i] = float32(1 / (1 + math.Exp(-logit)))
	}
	return scores, nil
}

func (c *CrossEncoder) logits(ctx context.Context, query string, docs []string) ([]float64, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	logits := make([]float64, len(docs))
	if c.apart != nil {
		asked, read, err := c.readings(ctx, query, docs)
		if err != nil {
			return nil, err
		}
		for i, product := range read {
			logits[i] = c.apart.logit(asked, product)
		}
		return logits, nil
	}
	t := c.files.tokenizer
	pieces := t.pieces(nil, query, -1)
	encodings := make([]Encoding, len(docs))
	for i, doc := range docs {
		encodings[i] = t.joinPair(pieces, doc, c.limit)
	}
	jobs, err := c.batcher.do(ctx, encodings)
	for i := range jobs {
		logits[i] = float64(jobs[i].result[0])
	}
	return logits, err
}

// readings has the query and the documents read that are not kept, all in one go.
func (c *CrossEncoder) readings(ctx context.Context, query string, docs []string) (asked *reading, read []*reading, err error) {
	t, room := c.files.tokenizer, roomFor(c.limit, 3)
	var encodings []Encoding
	var into []**reading
	asked, known := c.queries.get(query)
	if !known {
		encodings, into = append(encodings, t.encodeQuery(query, room/2)), append(into, &asked)
	}
	read = make([]*reading, len(docs))
	for i, doc := range docs {
		if read[i], known = c.products.get(doc); !known {
			encodings, into = append(encodings, t.encodeProduct(doc, c.productRoom())), append(into, &read[i])
		}
	}
	jobs, err := c.batcher.do(ctx, encodings)
	if err != nil {
		return nil, nil, err
	}
	for n := range jobs {
		*into[n] = jobs[n].reading
	}
	if isOnce(ctx) {
		return asked, read, nil
	}
	c.queries.put(query, asked, asked.size())
	for i, doc := range docs {
		c.products.put(doc, read[i], read[i].size())
	}
	return asked, read, nil
}

// productRoom is how many pieces of a document are read.
func (c *CrossEncoder) productRoom() int { return max(roomFor(c.limit, 3)-querySpace, 1) }

// ReadAhead reads documents of which it is foreseen that they will be asked for, so that Score need only compare them.
// more is false where there is no room for more of them, or the model reads query and document together.
func (c *CrossEncoder) ReadAhead(ctx context.Context, docs []string) (more bool, err error) {
	if c.apart == nil || c.products.full() {
		return false, nil
	}
	if _, _, err := c.readings(ctx, "", docs); err != nil {
		return false, fmt.Errorf("read ahead with %s: %w", c.Name(), err)
	}
	return true, nil
}

// Name is the model's name.
func (c *CrossEncoder) Name() string { return c.files.config.Name }

// Version is the beginning of the SHA-256 of the model file; scores of different versions don't compare.
func (c *CrossEncoder) Version() string { return c.files.version }

// Close waits for the batch that runs, refuses what waits with ErrClosed and frees the model. It may be
// called twice.
func (c *CrossEncoder) Close() error { return c.close() }

// execute scores the pairs of one batch and reads its single texts.
func (c *CrossEncoder) execute(batch []*job) {
	rows, length := len(batch), longest(batch)
	logits := make([]float32, rows)
	results := []result{{ort.NewShape(int64(rows), 1)[:len(c.session.outputs[0].Dimensions)], logits}}
	width := 0
	var vectors []float32
	if c.apart != nil {
		width = c.apart.Width
		buffer := c.buffers.take(rows*length*width, backgroundTokens*width)
		defer c.buffers.give(buffer)
		vectors = *buffer
		results = append(results, result{ort.NewShape(int64(rows), int64(length), int64(width)), vectors})
	}
	err := c.session.run(batch, c.files.tokenizer.padding, results...)
	for row, j := range batch {
		switch {
		case err != nil:
			j.err = err
		case c.apart != nil && j.alone():
			j.reading, j.err = newReading(j.IDs, vectors[row*length*width:(row*length+len(j.IDs))*width], width)
		default:
			if j.result = logits[row : row+1]; !finite(j.result) {
				j.err = fmt.Errorf("%w: a relevance of %g", ErrNotFinite, logits[row])
			}
		}
	}
}
