// Command generate writes the demo's catalogue and orders: believable products of invented brands, in English and
// Chinese, from the kinds of products described under kinds/. The same kinds always give the same text.
//
//	go run ./demo/generate             # writes demo/catalogue.jsonl.gz and demo/orders.jsonl
//	go run ./demo/generate -dir /tmp
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "demo", "folder to write to")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	text, bought, err := generate()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("compress the catalogue: %w", err)
	}
	if _, err := zip.Write(text); err != nil {
		return fmt.Errorf("compress the catalogue: %w", err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("compress the catalogue: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "catalogue.jsonl.gz"), b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the catalogue: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "orders.jsonl"), bought, 0o644); err != nil {
		return fmt.Errorf("write the orders: %w", err)
	}
	fmt.Printf("%d products in %d bytes, %d orders\n", bytes.Count(text, []byte("\n")), b.Len(), bytes.Count(bought, []byte("\n")))
	return nil
}

// generate makes the catalogue, in the import format, and the orders, both as JSON Lines.
func generate() (text, bought []byte, err error) {
	departments, err := readDepartments()
	if err != nil {
		return nil, nil, err
	}
	products, err := compose(departments)
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	lines.SetEscapeHTML(false)
	for _, p := range products {
		if err := lines.Encode(p); err != nil {
			return nil, nil, fmt.Errorf("write %s: %w", p.SKU, err)
		}
	}
	bought, err = orders(products)
	return b.Bytes(), bought, err
}
