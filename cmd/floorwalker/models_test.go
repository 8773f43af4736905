package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
	"floorwalker/shop"
)

// A ranker that can't be loaded costs the shop its order by the model and nothing else.
func TestABrokenRankerIsNamedAndTheShopOpens(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"all-minilm-l6-v2", "bge-small-zh-v1.5"} {
		if err := os.Symlink(filepath.Join(onnxtest.Models(), name), filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	ranker := filepath.Join(folder, "ranker")
	if err := os.Mkdir(ranker, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"manifest.json": `{"files":{"model.onnx":"0","config.json":"0","tokenizer.json":"0"}}`, "model.onnx": "half a mo",
		"config.json": "{}", "tokenizer.json": "{}"} {
		if err := os.WriteFile(filepath.Join(ranker, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := services{ORT: onnxtest.Library(t), Models: folder, Data: t.TempDir()}
	m, err := openModels(s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.close(); err != nil {
			t.Error(err)
		}
	}()
	if m.cross != nil || !errors.Is(m.crossErr, onnx.ErrHash) {
		t.Errorf("ranker %v, error %v, want ErrHash", m.cross, m.crossErr)
	}
	var log bytes.Buffer
	live, err := openLiveRankers(s, rankingPolicy{}, m, nil, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "SHA-256") {
		t.Errorf("the log does not say what is wrong with the ranker: %s", log.String())
	}
	mug := shop.Candidate{Product: shop.Product{SKU: "b", Title: "Coffee mug"}}
	got, err := live.swap.Rank(t.Context(), shop.Query{Text: "coffee mug"}, []shop.Candidate{{Product: shop.Product{SKU: "a", Title: "Garden hose"}}, mug})
	if err != nil || got.Candidates[0].Product.SKU != "b" || got.Model != "all-minilm-l6-v2" {
		t.Errorf("ranked %+v, %v", got, err)
	}
}
