package knowledge_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"floorwalker/agent/knowledge"
	"floorwalker/shop"
)

// manualNames are the names of the manuals' products, as their first pages write them.
var manualNames = map[int]string{1: "Trailblazer Bike Helmet", 2: "Arctic Explorer Sleeping Bag", 3: "Stealth Bike Helmet",
	4: "Alpine 3000 Sleeping Bag", 5: "Lunar Ultra Sleeping Bag"}

// TestQuestionsFindTheirPassageInManuals loads the manuals and product descriptions of a public set and asks the
// questions of eval/manuals.jsonl, which were written by hand for them.
func TestQuestionsFindTheirPassageInManuals(t *testing.T) {
	shared := os.Getenv("FLOORWALKER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	folder := filepath.Join(shared, "data", "eshop-support")
	if _, err := os.Stat(folder); err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatalf("this test needs the shared data: %v", err)
		}
		t.Skipf("this test needs the shared data: %v", err)
	}
	var chunks []struct {
		ChunkID, ProductID int
		Text               string
	}
	var products []struct {
		ProductID                 int
		Brand, Model, Description string
	}
	readGzip(t, filepath.Join(folder, "manual-chunks.json.gz"), &chunks)
	readGzip(t, filepath.Join(folder, "products.json.gz"), &products)
	var articles []shop.Article
	add := func(slug, title, body string) {
		articles = append(articles, shop.Article{Slug: slug, Topic: "manual", Titles: map[string]string{"en": title}, Bodies: map[string]string{"en": body}})
	}
	for _, c := range chunks {
		add(fmt.Sprintf("chunk-%d", c.ChunkID), manualNames[c.ProductID], c.Text)
	}
	for _, p := range products {
		add(fmt.Sprintf("product-%d", p.ProductID), p.Brand+" "+p.Model, p.Description)
	}
	store := newStore(t)
	if err := store.Load(t.Context(), articles); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join("..", "..", "eval", "manuals.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var asked, three, none, refused int
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var q struct {
			Question string
			Passages []string
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		found, err := store.Find(t.Context(), q.Question, shop.English, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(q.Passages) == 0 {
			none++
			if len(found) == 0 || found[0].Score < knowledge.Threshold {
				refused++
			} else {
				t.Logf("answers %q by %s (%.3f)", q.Question, found[0].Slug, found[0].Score)
			}
			continue
		}
		asked++
		if slices.ContainsFunc(found, func(p shop.Passage) bool {
			return slices.Contains(q.Passages, p.Slug) && p.Score >= knowledge.Threshold
		}) {
			three++
		} else {
			t.Logf("%q: want %v, got %s", q.Question, q.Passages, slugs(found))
		}
	}
	t.Logf("%d of %d in the first three, %d of %d unanswerable ones refused", three, asked, refused, none)
	if asked+none < 120 || float64(three) < 0.85*float64(asked) || float64(refused) < 0.85*float64(none) {
		t.Errorf("%d of %d in the first three, %d of %d refused", three, asked, refused, none)
	}
}

func slugs(found []shop.Passage) string {
	var all []string
	for _, p := range found {
		all = append(all, p.Slug)
	}
	return strings.Join(all, " ")
}

func readGzip(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err == nil {
		err = json.NewDecoder(unzipped).Decode(into)
	}
	if err != nil {
		t.Fatalf("read %s: %v", filepath.Base(path), err)
	}
}
