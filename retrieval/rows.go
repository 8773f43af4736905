package retrieval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"floorwalker/shop"
)

// Format is how a catalogue file is written.
type Format string

// The formats that Import reads; each may be gzipped.
const (
	// FormatJSONL is the import format: one object a line.
	FormatJSONL Format = "jsonl"
	// FormatCSV has [Fields] as its header, or columns that ImportOptions.Columns names; attributes.NAME, titles.zh
	// and descriptions.zh are columns of their own. Comma, semicolon and tab may part them.
	FormatCSV Format = "csv"
	// FormatMerchant is Google Merchant Center's product data: a table, RSS or Atom.
	FormatMerchant Format = "merchant"
	// FormatShopify is Shopify's product export: one product a variant.
	FormatShopify Format = "shopify"
	// FormatIcecat is Icecat's open catalogue as JSON Lines with attr_t_, attr_n_ and attr_b_ fields.
	FormatIcecat Format = "icecat"
	// FormatRetail is a YAML list of name, category, style, description, price and current_stock.
	FormatRetail Format = "retail"
)

// FormatOf guesses the format from a file's name; jsonl where nothing else fits.
func FormatOf(name string) Format {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	if strings.HasSuffix(name, ".csv") {
		return FormatCSV
	}
	return FormatJSONL
}

// row is one product of a file or what was wrong with it. Line counts from 1.
type row struct {
	line    int
	product shop.Product
	err     error
}

// maxLine is the longest line of a file, in bytes.
const maxLine = 4 << 20

// rows reads a file row by row. A row that can't be read carries its error; the second value is an error that
// ends the file.
func rows(r io.Reader, f Format, o ImportOptions) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		in := bufio.NewReaderSize(r, 1<<16)
		if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
			zr, err := gzip.NewReader(in)
			if err != nil {
				yield(row{}, fmt.Errorf("open gzip: %w", err))
				return
			}
			in = bufio.NewReaderSize(zr, 1<<16)
		}
		if bom, err := in.Peek(3); err == nil && bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
			in.Discard(3) //nolint:errcheck // the three bytes were just seen
		}
		switch f {
		case FormatCSV, FormatShopify:
			tableRows(in, f, o, yield)
		case FormatMerchant:
			merchantRows(in, o, yield)
		case FormatRetail:
			retailRows(in, yield)
		case FormatIcecat:
			lines(in, yield, func(line []byte) (shop.Product, error) { return icecatProduct(line, o) })
		case FormatJSONL:
			lines(in, yield, func(line []byte) (shop.Product, error) { return jsonProduct(line, o) })
		default:
			yield(row{}, fmt.Errorf("unknown format %q: use jsonl, csv, merchant, shopify, icecat or retail", f))
		}
	}
}

// lines reads one product a line; a line that is too long or no JSON is a bad row, not the end.
func lines(in *bufio.Reader, yield func(row, error) bool, parse func([]byte) (shop.Product, error)) {
	for n := 1; ; n++ {
		line, tooLong, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			yield(row{}, fmt.Errorf("read line %d: %w", n, err))
			return
		}
		end := err != nil
		switch {
		case tooLong:
			if !yield(row{line: n, err: fmt.Errorf("the line is longer than %d MiB", maxLine>>20)}, nil) {
				return
			}
		case len(bytes.TrimSpace(line)) > 0:
			p, err := parse(line)
			if !yield(row{line: n, product: p, err: err}, nil) {
				return
			}
		}
		if end {
			return
		}
	}
}

func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			line, tooLong = nil, true
		}
		if !tooLong {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
