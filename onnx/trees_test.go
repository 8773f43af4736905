package onnx_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"floorwalker/onnx"
	"floorwalker/onnx/onnxtest"
)

// Trees read as training does: each folder's probes hold rows and what LightGBM itself says of them.
func TestTreesSayWhatTrainingSaid(t *testing.T) {
	rt := onnxtest.Runtime(t)
	folders, err := filepath.Glob(filepath.Join(onnxtest.Models(), "*", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, path := range folders {
		var c struct {
			Name, Task string
			Features   []string
		}
		raw, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(raw, &c) != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if c.Task != "trees" {
			continue
		}
		looked++
		dir := filepath.Dir(path)
		t.Run(c.Name, func(t *testing.T) {
			trees, err := onnx.LoadTrees(rt, dir, c.Features)
			if err != nil {
				t.Fatal(err)
			}
			defer trees.Close()
			var probes []struct {
				Row   []float32
				Score float64
			}
			raw, err := os.ReadFile(filepath.Join(dir, "probes.json"))
			if err != nil || json.Unmarshal(raw, &probes) != nil || len(probes) < 20 {
				t.Fatalf("%d probes, %v", len(probes), err)
			}
			rows := make([][]float32, len(probes))
			for i, p := range probes {
				rows[i] = p.Row
			}
			said, err := trees.Score(t.Context(), rows)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range probes {
				if math.Abs(float64(said[i])-p.Score) > 1e-4 {
					t.Errorf("row %d has %v, training said %v", i, said[i], p.Score)
				}
			}
			if _, err := trees.Score(t.Context(), [][]float32{{1}}); !errors.Is(err, onnx.ErrShape) {
				t.Errorf("a short row: %v", err)
			}
			rows[0][0] = float32(math.NaN())
			if _, err := trees.Score(t.Context(), rows); !errors.Is(err, onnx.ErrNotFinite) {
				t.Errorf("a row with NaN: %v", err)
			}
			if _, err := onnx.LoadTrees(rt, dir, append([]string{"more"}, c.Features...)); !errors.Is(err, onnx.ErrConfig) {
				t.Errorf("other features: %v", err)
			}
			if err := errors.Join(trees.Close(), trees.Close()); err != nil {
				t.Errorf("closed twice: %v", err)
			}
		})
	}
	if looked == 0 {
		t.Error("no trees are shipped")
	}
}
