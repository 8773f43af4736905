package onnx

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each folder under models/ is what its manifest and its card say, and small enough to be committed.
func TestShippedModelsAreWhatTheirCardsSay(t *testing.T) {
	manifests, err := filepath.Glob(filepath.Join(modelFolder, "*", "manifest.json"))
	if err != nil || len(manifests) < 2 {
		t.Fatalf("%d manifests, %v", len(manifests), err)
	}
	for _, path := range manifests {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			sums, err := readManifest(dir)
			if err != nil {
				t.Fatal(err)
			}
			card, err := os.ReadFile(filepath.Join(dir, "card.md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range []string{"Source:", "Licence:"} {
				if !strings.Contains(string(card), said) {
					t.Errorf("card.md does not say %q", said)
				}
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if entry.Name() == "card.md" || entry.Name() == "manifest.json" {
					continue
				}
				data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
				if err != nil {
					t.Fatal(err)
				}
				sum := SHA256(data)
				if sums[entry.Name()] != sum {
					t.Errorf("%s has SHA-256 %s, the manifest says %q", entry.Name(), sum, sums[entry.Name()])
				}
				if !strings.Contains(string(card), sum) {
					t.Errorf("card.md lacks the SHA-256 of %s, %s", entry.Name(), sum)
				}
				if len(data) > 30_000_000 {
					t.Errorf("%s has %d bytes, over 30 MB", entry.Name(), len(data))
				}
			}
			data, err := os.ReadFile(filepath.Join(dir, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			var c config
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatal(err)
			}
			if c.Name == "" || c.check(c.Task) != nil {
				t.Errorf("config.json: %+v, %v", c, c.check(c.Task))
			}
		})
	}
}
