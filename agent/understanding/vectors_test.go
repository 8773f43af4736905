package understanding

import (
	"encoding/gob"
	"os"
	"path/filepath"
	"testing"

	"floorwalker/shop"
)

// vectors keeps embeddings of examples between runs that learn, where the folder is named by
// FLOORWALKER_VECTORS. Nothing else reads it.
type vectors struct {
	path    string
	vectors map[string][]float32
	had     int
}

func openVectors(t *testing.T, lang shop.Lang) *vectors {
	t.Helper()
	v := &vectors{vectors: map[string][]float32{}}
	if dir := os.Getenv("FLOORWALKER_VECTORS"); dir != "" {
		v.path = filepath.Join(dir, string(lang)+".gob")
		if f, err := os.Open(v.path); err == nil {
			defer f.Close()
			if err := gob.NewDecoder(f).Decode(&v.vectors); err != nil {
				t.Fatal(err)
			}
		}
	}
	v.had = len(v.vectors)
	return v
}

func (v *vectors) save(t *testing.T) {
	t.Helper()
	if v.path == "" || len(v.vectors) == v.had {
		return
	}
	f, err := os.Create(v.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := gob.NewEncoder(f).Encode(v.vectors); err != nil {
		t.Fatal(err)
	}
}
