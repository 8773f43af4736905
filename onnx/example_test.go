package onnx_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
)

// Which of the products does the customer mean?
func ExampleEmbedder_Embed() {
	rt, err := onnx.OpenRuntime("libonnxruntime.so.1.32.0", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rt.Close() //nolint:errcheck // the program ends
	embedder, err := onnx.LoadEmbedder(rt, "models/all-minilm-l6-v2", onnx.EmbedderOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer embedder.Close() //nolint:errcheck // as above
	vectors, err := embedder.Embed(context.Background(), []string{"trainers for jogging", "running shoes", "garden hose"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]))
}

func ExampleTokenizer_Encode() {
	tokenizer, err := onnx.LoadTokenizer("../models/all-minilm-l6-v2/tokenizer.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tokenizer.Encode("Running shoes", 64).IDs)
	// Output: [101 2770 6007 102]
}

func BenchmarkEmbed(b *testing.B) {
	e := onnxtest.Embedder(b, "all-minilm-l6-v2")
	for _, words := range []int{5, 25, 100} {
		b.Run(fmt.Sprintf("%d words", words), func(b *testing.B) {
			texts := make([]string, 64)
			n := 0
			for b.Loop() {
				for i := range texts {
					n++
					texts[i] = fmt.Sprint(n) + strings.Repeat(" wireless", words)
				}
				if _, err := e.Embed(onnx.Background(b.Context()), texts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(texts))/b.Elapsed().Seconds(), "texts/s")
		})
	}
}

func BenchmarkQuery(b *testing.B) {
	e := onnxtest.Embedder(b, "all-minilm-l6-v2")
	n := 0
	for b.Loop() {
		n++
		if _, err := e.Embed(b.Context(), []string{fmt.Sprintf("wireless mouse %d", n)}); err != nil {
			b.Fatal(err)
		}
	}
}
