package retrieval_test

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// wordEmbedder is for tests of what happens around the model: it gives each word a direction of its own and a text
// the sum of its words'. Tests of what is found use the real model.
type wordEmbedder struct {
	texts atomic.Int64
	// failAt is the text at which it fails, counted over all calls; 0 never.
	failAt int64
	// failOnce makes the next call fail.
	failOnce atomic.Bool
}

var errModel = errors.New("the model broke")

func (e *wordEmbedder) Name() string { return "words" }

func (e *wordEmbedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e.failOnce.Swap(false) {
		return nil, errModel
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if n := e.texts.Add(1); e.failAt > 0 && n >= e.failAt {
			return nil, errModel
		}
		vectors[i] = wordVector(text)
	}
	return vectors, nil
}

func wordVector(text string) []float32 {
	sum := make([]float64, 384)
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		h := fnv.New64a()
		h.Write([]byte(strings.Trim(word, ".,")))
		direction := rand.New(rand.NewPCG(h.Sum64(), 1))
		for i := range sum {
			sum[i] += direction.NormFloat64()
		}
	}
	var length float64
	for _, x := range sum {
		length += x * x
	}
	length = math.Max(math.Sqrt(length), 1e-9)
	v := make([]float32, len(sum))
	for i, x := range sum {
		v[i] = float32(x / length)
	}
	return v
}

// newFakeStore is a store on a database of its own with the word embedder.
func newFakeStore(t testing.TB) (*retrieval.Store, *pgxpool.Pool, *wordEmbedder) {
	t.Helper()
	e, pool := &wordEmbedder{}, pgtest.New(t)
	return retrieval.NewStore(pool, e, retrieval.Options{Rates: shop.Rates{"USD": 1, "EUR": 1.1, "CNY": 0.14}}), pool, e
}
