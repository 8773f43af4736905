package ranking_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"floorwalker/shop"
)

// shared is the folder of public data sets that are not shipped; without it the test is skipped by name.
func shared(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("FLOORWALKER_SHARED")
	if root == "" {
		root = "../../shared"
	}
	full := filepath.Join(root, "data", path)
	if _, err := os.Stat(full); err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatalf("shared data is missing: %v", err)
		}
		t.Skipf("shared data is missing: %v", err)
	}
	return full
}

// icecat reads the electronics catalogue.
func icecat(t testing.TB) map[string]shop.Product {
	t.Helper()
	file, err := os.Open(shared(t, "icecat/products.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	products := map[string]shop.Product{}
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row map[string]any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		text := func(key string) string { s, _ := row[key].(string); return s }
		p := shop.Product{SKU: text("id"), Title: text("title"), Brand: text("supplier"), Description: text("short_description"),
			Attributes: map[string]string{}, Version: 1, Stock: 1}
		for key := range row {
			if name, ok := strings.CutPrefix(key, "attr_t_"); ok {
				p.Attributes[strings.ReplaceAll(name, "_", " ")] = text(key)
			}
		}
		products[p.SKU] = p
	}
	if len(products) < 19_000 {
		t.Fatalf("%d products", len(products))
	}
	return products
}

// retail reads the department store.
func retail(t testing.TB) map[string]shop.Product {
	t.Helper()
	data, err := os.ReadFile(shared(t, "retail/products.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		ID, Name, Category, Style, Description string
	}
	if err := yaml.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	products := map[string]shop.Product{}
	for _, row := range rows {
		products[row.ID] = shop.Product{SKU: row.ID, Title: row.Name, Category: row.Category + " " + row.Style,
			Description: row.Description, Version: 1, Stock: 1}
	}
	return products
}

// ratings reads the graded relevance: by query, by SKU, from 0 to 3.
func ratings(t testing.TB) map[string]map[string]float64 {
	t.Helper()
	file, err := os.Open(shared(t, "icecat/ratings.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows := csv.NewReader(file)
	graded := map[string]map[string]float64{}
	for line := 0; ; line++ {
		row, err := rows.Read()
		if err == io.EOF {
			return graded
		}
		if err != nil {
			t.Fatal(err)
		}
		if line == 0 {
			continue
		}
		grade, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		if graded[row[0]] == nil {
			graded[row[0]] = map[string]float64{}
		}
		graded[row[0]][row[1]] = grade
	}
}
