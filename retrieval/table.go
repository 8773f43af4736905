package retrieval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"floorwalker/shop"
)

// errLongRow ends a table: what follows an unclosed quote is all one row.
var errLongRow = fmt.Errorf("a row is longer than %d MiB; is a quote left open?", maxLine>>20)

// rowReader refuses to read more than a row's worth between two rows.
type rowReader struct {
	r    io.Reader
	left int
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errLongRow
	}
	n, err := r.r.Read(p)
	r.left -= n
	return n, err
}

// csvColumns are the columns that a table may have, besides attributes.NAME, titles.LANG and descriptions.LANG.
var csvColumns = []string{"sku", "title", "brand", "category", "description", "price_minor", "currency", "stock", "image_url",
	"rating", "released_at"}

// csvHeader checks the first line.
func csvHeader(header []string) error {
	seen := map[string]bool{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		header[i] = name
		kind, sub, dotted := strings.Cut(name, ".")
		nested := dotted && sub != "" && (kind == "attributes" || kind == "titles" || kind == "descriptions")
		if !nested && !slices.Contains(csvColumns, name) {
			return fmt.Errorf("unknown column %q; columns are %s, attributes.NAME, titles.zh and descriptions.zh", name, strings.Join(csvColumns, ", "))
		}
		if seen[name] {
			return fmt.Errorf("column %q stands there twice", name)
		}
		seen[name] = true
	}
	for _, name := range []string{"sku", "title", "price_minor"} {
		if !seen[name] {
			return fmt.Errorf("column %q is missing", name)
		}
	}
	return nil
}

// csvRows reads the import format as a table.
func csvRows(in io.Reader, o ImportOptions, yield func(row, error) bool) {
	limited := &rowReader{r: in, left: maxLine}
	r := csv.NewReader(limited)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	header, err := r.Read()
	if err == nil {
		err = csvHeader(header)
	}
	if err != nil {
		yield(row{}, fmt.Errorf("the header line: %w", err))
		return
	}
	for {
		limited.left = maxLine
		fields, err := r.Read()
		var parse *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &parse) && !errors.Is(err, errLongRow):
			if !yield(row{line: parse.StartLine, err: parse.Err}, nil) {
				return
			}
			continue
		case err != nil:
			yield(row{}, fmt.Errorf("read the table: %w", err))
			return
		}
		line, _ := r.FieldPos(0)
		p, err := csvProduct(header, fields, o)
		if !yield(row{line: line, product: p, err: err}, nil) {
			return
		}
	}
}

func csvProduct(header, fields []string, o ImportOptions) (shop.Product, error) {
	r := record{Attributes: map[string]any{}, Titles: map[string]string{}, Descriptions: map[string]string{}}
	if len(fields) > len(header) {
		return shop.Product{}, fmt.Errorf("%d fields, but the header names %d", len(fields), len(header))
	}
	for i, value := range fields {
		value = strings.TrimSpace(value)
		if value == "" {
			continue
		}
		name, sub, _ := strings.Cut(header[i], ".")
		var err error
		switch name {
		case "sku":
			r.SKU = value
		case "title":
			r.Title = value
		case "brand":
			r.Brand = value
		case "category":
			r.Category = value
		case "description":
			r.Description = value
		case "price_minor":
			var n int64
			n, err = strconv.ParseInt(value, 10, 64)
			r.PriceMinor = &n
		case "currency":
			r.Currency = value
		case "stock":
			var n int
			n, err = strconv.Atoi(value)
			r.Stock = &n
		case "image_url":
			r.ImageURL = value
		case "rating":
			r.Rating, err = strconv.ParseFloat(value, 64)
		case "released_at":
			r.ReleasedAt = value
		case "attributes":
			r.Attributes[sub] = value
		case "titles":
			r.Titles[sub] = value
		case "descriptions":
			r.Descriptions[sub] = value
		}
		if err != nil {
			return shop.Product{SKU: r.SKU}, fmt.Errorf("%s: %q is not a number", header[i], value)
		}
	}
	return r.product(o)
}
