// Package onnxtest gives tests the real ONNX Runtime and the models that are shipped.
//
//	embedder := onnxtest.Embedder(t, "all-minilm-l6-v2")
//
// The library is looked for at $ONNXRUNTIME_LIB and in the cache folder ($FLOORWALKER_CACHE, else
// $XDG_CACHE_HOME/floorwalker). Where it is missing the test is skipped by name; where
// FLOORWALKER_REQUIRE holds "onnx" it fails.
package onnxtest

import (
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"

	"floorwalker/embedded"
	"floorwalker/onnx"
)

// Library is the path of the ONNX Runtime library.
func Library(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("ONNXRUNTIME_LIB"); path != "" {
		return path
	}
	path, err := embedded.ONNXRuntime(embedded.DefaultCache())
	if err == nil {
		return path
	}
	if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "onnx") {
		t.Fatalf("this test needs ONNX Runtime: %v", err)
	}
	t.Skipf("this test needs ONNX Runtime: %v", err)
	return ""
}

// Models is the folder of the shipped models.
func Models() string {
	_, file, _, _ := goruntime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "models")
}

// Runtime opens ONNX Runtime and closes it when the test ends.
func Runtime(t testing.TB) *onnx.Runtime {
	t.Helper()
	rt, err := onnx.OpenRuntime(Library(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return rt
}

// Embedder loads a shipped embedding model and closes it when the test ends.
func Embedder(t testing.TB, name string) *onnx.Embedder {
	t.Helper()
	e, err := onnx.LoadEmbedder(Runtime(t), filepath.Join(Models(), name), onnx.EmbedderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Ranker loads the shipped ranker and closes it when the test ends.
func Ranker(t testing.TB) *onnx.CrossEncoder {
	t.Helper()
	c, err := onnx.LoadCrossEncoder(Runtime(t), filepath.Join(Models(), "ranker"), onnx.CrossEncoderOptions{})
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
