package onnx_test

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
)

// shippedRanker loads the ranker that is shipped.
func shippedRanker(t testing.TB, o onnx.CrossEncoderOptions) *onnx.CrossEncoder {
	t.Helper()
	c, err := onnx.LoadCrossEncoder(onnxtest.Runtime(t), filepath.Join(onnxtest.Models(), "ranker"), o)
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

func score(t testing.TB, c *onnx.CrossEncoder, query string, docs ...string) []float32 {
	t.Helper()
	scores, err := c.Score(t.Context(), query, docs)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

// What is read apart scores as what the graph reads together, but for the noise of int8, which scales activations by all
// that is read at once.
func TestReadApartScoresAsReadTogether(t *testing.T) {
	apart, together := shippedRanker(t, onnx.CrossEncoderOptions{}), shippedRanker(t, onnx.CrossEncoderOptions{Together: true})
	docs := []string{"Nordlauf Trail Runner 2. running shoes. Light and grippy.", "Coffee mug, white", "Shoe polish for running shoes", "", "无线鼠标",
		"Mug [SEP] with lid", strings.Repeat("garden hose with a very long description ", 400), "Kids' trainers in blue"}
	odd := 3 // from where docs are of a kind that no shop has
	var off []float64
	for n, query := range []string{"running shoes", "coffee mug", "blue trainers for children", "[SEP] hose [CLS]", "", "a query that is much longer than what anybody would write " + strings.Repeat("shoes ", 60)} {
		a, b := score(t, apart, query, docs...), score(t, together, query, docs...)
		for i := range docs {
			if n < 3 && i < odd {
				off = append(off, math.Abs(float64(a[i]-b[i])))
			}
			if !(a[i] >= 0 && a[i] <= 1) {
				t.Errorf("%.20q with %.20q: %v", query, docs[i], a[i])
			}
		}
		if query == "running shoes" && a[0] < a[1]+0.3 {
			t.Errorf("running shoes: %v", a)
		}
	}
	mean := 0.0
	for _, o := range off {
		mean += o / float64(len(off))
	}
	t.Logf("scores read apart and together differ by %.4f on average", mean)
	if mean > 0.02 {
		t.Errorf("scores read apart and together differ by %.4f on average", mean)
	}
}

func TestAProductIsReadOnceForAllQueries(t *testing.T) {
	docs := make([]string, 100)
	for i := range docs {
		docs[i] = fmt.Sprintf("Product number %d of the department of %s. It comes in a box with a cable, a manual and a case for travel.", i, strings.Repeat("big ", i%7))
	}
	took := func(c *onnx.CrossEncoder, query string) time.Duration {
		began := time.Now()
		score(t, c, query, docs...)
		return time.Since(began)
	}
	c := shippedRanker(t, onnx.CrossEncoderOptions{})
	first := took(c, "wireless mouse")
	if again := took(c, "a case for travel"); again > first/4 {
		t.Errorf("another query took %v, the first one %v", again, first)
	}
	// With room for nothing all is read anew, and the scores are the same.
	none := shippedRanker(t, onnx.CrossEncoderOptions{Readings: -1})
	took(none, "wireless mouse")
	if again := took(none, "a case for travel"); again < first/4 {
		t.Errorf("without room for readings another query took %v, the first one %v", again, first)
	}
	kept, fresh := score(t, c, "box", docs...), score(t, none, "box", docs...)
	for i := range docs {
		if math.Abs(float64(kept[i]-fresh[i])) > 0.15 { // int8 scales by what is read at once
			t.Errorf("%q: %.4f kept, %.4f anew", docs[i], kept[i], fresh[i])
		}
	}
}

func TestReadingAheadStopsWhereThereIsNoRoom(t *testing.T) {
	c := shippedRanker(t, onnx.CrossEncoderOptions{Readings: 1 << 20})
	read := 0
	for ; read < 1000; read += 8 {
		docs := make([]string, 8)
		for i := range docs {
			docs[i] = fmt.Sprintf("Mug number %d, white, with a handle and a lid, made of stoneware that lasts", read+i)
		}
		more, err := c.ReadAhead(onnx.Background(t.Context()), docs)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if read < 24 || read > 120 { // about 15 kB each
		t.Errorf("%d products fit into 1 MiB", read)
	}
	if more, err := shippedRanker(t, onnx.CrossEncoderOptions{Together: true}).ReadAhead(t.Context(), []string{"mug"}); more || err != nil {
		t.Errorf("a model that reads together: %v, %v", more, err)
	}
}

func TestWhatIsReadOnceTakesNoRoom(t *testing.T) {
	c := shippedRanker(t, onnx.CrossEncoderOptions{Readings: 1 << 20})
	for i := range 12 {
		docs := make([]string, 16)
		for n := range docs {
			docs[n] = fmt.Sprintf("Mug number %d, white, with a handle and a lid, made of stoneware that lasts", 16*i+n)
		}
		if _, err := c.Score(onnx.Once(t.Context()), "mug", docs); err != nil {
			t.Fatal(err)
		}
	}
	if more, err := c.ReadAhead(t.Context(), []string{"Hose, 20 m"}); !more || err != nil {
		t.Errorf("192 products that were read once filled 1 MiB: %v", err)
	}
}

func TestAConfigurationThatNamesNoTensorOfTheGraphIsRefused(t *testing.T) {
	rt := onnxtest.Runtime(t)
	for name, c := range map[string]struct {
		apart string
		want  error
	}{
		"no such tensor": {`{"tensor":"elsewhere","width":384}`, onnx.ErrModel},
		"no width":       {`{"tensor":"logits"}`, onnx.ErrConfig},
		"not per token":  {`{"tensor":"logits","width":384}`, onnx.ErrShape},
	} {
		dir := writeModel(t, readFile(t, "testdata/graphs/overlap.onnx"), strings.TrimSuffix(relevanceConfig, "}")+`,"apart":`+c.apart+`}`)
		if _, err := onnx.LoadCrossEncoder(rt, dir, onnx.CrossEncoderOptions{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func BenchmarkScore(b *testing.B) {
	docs := make([]string, 50)
	for i := range docs {
		docs[i] = fmt.Sprintf("Wireless noise-cancelling headphones number %d. %s", i, strings.Repeat("Thirty hours of music and a foldable frame with soft ear pads. ", 4))
	}
	for name, o := range map[string]onnx.CrossEncoderOptions{"together": {Together: true}, "apart": {Readings: -1}, "kept": {}} {
		b.Run(name, func(b *testing.B) {
			c := shippedRanker(b, o)
			for b.Loop() {
				score(b, c, "noise cancelling headphones", docs...)
			}
		})
	}
}
