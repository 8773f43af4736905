package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"floorwalker/agent/knowledge"
	"floorwalker/demo"
	"floorwalker/orders"
	"floorwalker/retrieval"
)

// loadDemo brings in the demo's knowledge articles where there is none yet, whatever the catalogue, and the demo
// catalogue with its orders where there is no product yet. Articles that are there are read again if the models changed.
func loadDemo(ctx context.Context, wanted bool, catalogue *retrieval.Store, articles *knowledge.Store, purchases *orders.Orders, out io.Writer) error {
	known, err := articles.All(ctx)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		if known, err = demo.Knowledge(); err != nil {
			return err
		}
	}
	if err := articles.Load(ctx, known); err != nil {
		return err
	}
	bought, err := demo.Orders(time.Now())
	if err != nil {
		return err
	}
	n, err := catalogue.Count(ctx)
	if err != nil || n > 0 || !wanted {
		return err
	}
	var purchased bytes.Buffer
	for _, o := range bought {
		if err := printJSON(&purchased, o); err != nil {
			return err
		}
	}
	if _, err := purchases.Import(ctx, &purchased); err != nil {
		return fmt.Errorf("import the demo's orders: %w", err)
	}
	fmt.Fprintln(out, "importing the demo catalogue ...")
	bar := newProgressBar(out, 0)
	report, err := catalogue.Import(ctx, demo.Catalogue(), retrieval.FormatJSONL, retrieval.ImportOptions{Catalogue: retrieval.Demo, Progress: bar.show})
	bar.end()
	if err != nil {
		return fmt.Errorf("import the demo catalogue: %w", err)
	}
	fmt.Fprintf(out, "imported %d products\n", report.Inserted)
	return nil
}

// productPictures draws a picture for each product that has none of its own.
func productPictures(catalogue *retrieval.Store) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sku := strings.TrimSuffix(path.Base(r.URL.Path), ".svg")
		found, err := catalogue.Products(r.Context(), []string{sku})
		if err != nil || len(found) == 0 {
			http.NotFound(w, r)
			return
		}
		p := found[0]
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(demo.Image(p.Category, p.Title, []string{p.Attributes["colour"]})) // the client may be gone
	})
}
