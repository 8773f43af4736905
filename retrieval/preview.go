package retrieval

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"strings"

	"floorwalker/shop"
)

// Preview is what a file would be taken for.
type Preview struct {
	// Columns are those of a table, in the file's order; none for other formats.
	Columns []PreviewColumn `json:"columns"`
	Rows    []PreviewRow    `json:"rows"`
	// Problem is why nothing of the file could be taken as it is.
	Problem string `json:"problem,omitempty"`
}

// PreviewColumn is a column of the file, what it is taken for ("" for nothing), and its first value.
type PreviewColumn struct {
	Name   string `json:"name"`
	Field  string `json:"field"`
	Sample string `json:"sample,omitempty"`
}

// PreviewRow is one product as it would be stored, or what is wrong with it.
type PreviewRow struct {
	Line    int          `json:"line"`
	Product shop.Product `json:"product"`
	Problem string       `json:"problem,omitempty"`
}

// ReadPreview reads the beginning of a file and says what its first n products would be. The last line of the
// beginning is left out, since it may have been cut.
func ReadPreview(beginning []byte, whole bool, f Format, o ImportOptions, n int) Preview {
	if end := bytes.LastIndexByte(beginning, '\n'); !whole && end >= 0 {
		beginning = beginning[:end+1]
	}
	p := Preview{Columns: []PreviewColumn{}, Rows: []PreviewRow{}}
	if f == FormatCSV || f == FormatShopify || f == FormatMerchant && !bytes.HasPrefix(bytes.TrimSpace(beginning), []byte("<")) {
		if o.Columns == nil {
			o.Columns = map[string]string{} // what is unknown is for the operator to say
		}
		p.Columns = previewColumns(beginning, f, o)
	}
	for row, err := range rows(bytes.NewReader(beginning), f, o) {
		if err != nil {
			if whole || len(p.Rows) == 0 {
				p.Problem = err.Error()
			}
			break
		}
		r := PreviewRow{Line: row.line, Product: row.product}
		reason := row.err
		if reason == nil {
			reason = validate(&r.Product)
		}
		if reason != nil {
			r.Problem = rowReason(reason)
		}
		if p.Rows = append(p.Rows, r); len(p.Rows) == n {
			break
		}
	}
	return p
}

func previewColumns(beginning []byte, f Format, o ImportOptions) []PreviewColumn {
	beginning = bytes.TrimPrefix(beginning, []byte("\xef\xbb\xbf"))
	in := bufio.NewReader(bytes.NewReader(beginning))
	r := csv.NewReader(in)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = separator(in), -1, true
	header, err := r.Read()
	if err != nil {
		return []PreviewColumn{}
	}
	first, _ := r.Read()                 // a table of its header alone has no samples
	fields, _ := columnsOf(header, f, o) // what is missing is the rows' to say
	columns := make([]PreviewColumn, len(header))
	for i, name := range header {
		columns[i].Name = strings.TrimSpace(name)
		if i < len(fields) {
			columns[i].Field = fields[i]
		}
		if i < len(first) {
			sample := []rune(strings.TrimSpace(first[i]))
			columns[i].Sample = string(sample[:min(len(sample), 80)])
		}
	}
	return columns
}
