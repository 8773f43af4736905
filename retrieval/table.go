package retrieval

import (
	"bufio"
	"bytes"
	"cmp"
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

// Fields are what a column of a table may be, besides attributes.NAME, titles.LANG and descriptions.LANG. Price is
// written as people do ("19.99", "19.99 USD"), price_minor as whole minor units; sale_price wins over both, and price is then what it
// cost before, as was_price is.
// Description_html loses its tags. Availability ("in stock", "out_of_stock") stands for the stock where there is no number. Of option.N and
// option_value.N comes one attribute of a variant, whose value goes into the title.
var Fields = []string{"sku", "title", "brand", "category", "description", "description_html", "price", "price_minor", "was_minor", "was_price", "sale_price", "currency", "stock", "availability",
	"image_url", "rating", "released_at", "cost_minor", "delivery_days"}

// fieldOf checks a field's name.
func fieldOf(name string) bool {
	kind, sub, dotted := strings.Cut(name, ".")
	if dotted && sub != "" && slices.Contains([]string{"attributes", "titles", "descriptions", "option", "option_value"}, kind) {
		return true
	}
	return slices.Contains(Fields, name)
}

// columnsOf says what each column is, "" for what is passed over. The operator's choice goes before the format's.
func columnsOf(header []string, f Format, o ImportOptions) ([]string, error) {
	fields, seen := make([]string, len(header)), map[string]bool{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		field, chosen := o.Columns[name]
		if !chosen {
			field = guessField(name, f)
		}
		switch {
		case field == "":
			if f == FormatCSV && o.Columns == nil {
				return nil, fmt.Errorf("unknown column %q; columns are %s, attributes.NAME, titles.zh and descriptions.zh", name, strings.Join(Fields, ", "))
			}
			continue
		case !fieldOf(field):
			return nil, fmt.Errorf("column %q can't be %q; it can be %s, attributes.NAME, titles.zh or descriptions.zh", name, field, strings.Join(Fields, ", "))
		case seen[field] && (chosen || f == FormatCSV):
			return nil, fmt.Errorf("%q stands there twice", field)
		case seen[field]:
			continue // the format's second choice for the field
		}
		fields[i], seen[field] = field, true
	}
	for _, name := range []string{"sku", "title"} {
		if !seen[name] {
			return fields, fmt.Errorf("column %q is missing", name)
		}
	}
	if !seen["price"] && !seen["price_minor"] {
		return fields, errors.New(`column "price_minor" is missing, or "price"`)
	}
	return fields, nil
}

// guessField is what a column of the name is in the format, "" where it is nothing that is taken.
func guessField(name string, f Format) string {
	switch f {
	case FormatMerchant:
		return merchantFields[strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "g:")), " ", "_")]
	case FormatShopify:
		return shopifyFields[strings.ToLower(name)]
	}
	if fieldOf(name) {
		return name
	}
	return ""
}

// separator is the character that parts the most columns of the first line.
func separator(in *bufio.Reader) rune {
	line, _ := in.Peek(4096) // what is there is enough
	line, _, _ = bytes.Cut(line, []byte("\n"))
	best := ','
	for _, r := range "\t;" {
		if bytes.Count(line, []byte(string(r))) > bytes.Count(line, []byte(string(best))) {
			best = r
		}
	}
	return best
}

// tableRows reads a table whose first line names the columns.
func tableRows(in *bufio.Reader, f Format, o ImportOptions, yield func(row, error) bool) {
	comma := separator(in)
	limited := &rowReader{r: in, left: maxLine}
	r := csv.NewReader(limited)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	header, err := r.Read()
	var fields []string
	if err == nil {
		fields, err = columnsOf(header, f, o)
	}
	if err != nil {
		yield(row{}, fmt.Errorf("the header line: %w", err))
		return
	}
	variants := newVariants(header, f)
	for {
		limited.left = maxLine
		values, err := r.Read()
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
		if !variants.complete(values) {
			continue
		}
		p, err := tableProduct(header, fields, values, o)
		if !yield(row{line: line, product: p, err: err}, nil) {
			return
		}
	}
}

// tableProduct makes a product of one row's values; header names the columns in what is said of them.
func tableProduct(header, fields, values []string, o ImportOptions) (shop.Product, error) {
	r := record{Attributes: map[string]any{}, Titles: map[string]string{}, Descriptions: map[string]string{}}
	if len(values) > len(fields) {
		return shop.Product{}, fmt.Errorf("%d fields, but the header names %d", len(values), len(fields))
	}
	var price, sale, was, availability string
	options, chosen := map[string]string{}, map[string]string{}
	for i, value := range values {
		value = strings.TrimSpace(value)
		if value == "" {
			continue
		}
		name, sub, _ := strings.Cut(fields[i], ".")
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
		case "description_html":
			r.Description = plainText(value)
		case "price":
			price = value
		case "sale_price":
			sale = value
		case "was_price":
			was = value
		case "price_minor":
			var n int64
			n, err = strconv.ParseInt(value, 10, 64)
			r.PriceMinor = &n
		case "was_minor":
			r.WasMinor, err = strconv.ParseInt(value, 10, 64)
		case "currency":
			r.Currency = value
		case "stock":
			var n int
			n, err = strconv.Atoi(value)
			r.Stock = &n
		case "availability":
			availability = value
		case "image_url":
			r.ImageURL = value
		case "rating":
			r.Rating, err = strconv.ParseFloat(value, 64)
		case "released_at":
			r.ReleasedAt = value
		case "cost_minor":
			r.CostMinor, err = strconv.ParseInt(value, 10, 64)
		case "delivery_days":
			r.DeliveryDays, err = strconv.Atoi(value)
		case "attributes":
			r.Attributes[sub] = value
		case "titles":
			r.Titles[sub] = value
		case "descriptions":
			r.Descriptions[sub] = value
		case "option":
			options[sub] = value
		case "option_value":
			chosen[sub] = value
		}
		if err != nil {
			return shop.Product{SKU: r.SKU}, fmt.Errorf("%s: %q is not a number", header[i], value)
		}
	}
	if sale != "" {
		price, was = sale, cmp.Or(was, price)
	}
	if err := r.priced(price, was, o); err != nil {
		return shop.Product{SKU: r.SKU}, err
	}
	if r.Stock == nil && availability != "" {
		r.Stock = stockOf(availability, o)
	}
	r.vary(options, chosen)
	return r.product(o)
}

// priced reads prices as people write them: what it costs, and what it cost before.
func (r *record) priced(price, was string, o ImportOptions) error {
	if price != "" {
		minor, err := r.amount(price, o)
		if err != nil {
			return err
		}
		r.PriceMinor = &minor
	}
	if was == "" {
		return nil
	}
	minor, err := r.amount(was, o)
	r.WasMinor = minor
	return err
}

// amount reads "19.99 USD"; a currency that it names is the product's.
func (r *record) amount(text string, o ImportOptions) (int64, error) {
	number := strings.TrimFunc(text, func(c rune) bool { return c < '0' || c > '9' })
	if code := strings.ToUpper(strings.TrimSpace(strings.Replace(text, number, "", 1))); len(code) == 3 {
		r.Currency = code
	}
	currency := cmp.Or(r.Currency, o.Currency)
	amount, err := decimal(number, shop.Exponent(currency))
	if err != nil {
		return 0, fmt.Errorf("price: %q is not a price as in 19.99 USD", text)
	}
	return shop.FromMajor(amount, currency).Minor, nil
}

// decimal reads "1,299.00", "1.299,00", "19,99" and "1299": the last mark parts the decimals, unless more digits
// follow it than the currency has.
func decimal(text string, digits int) (float64, error) {
	marks := strings.NewReplacer(".", "", ",", "")
	point := strings.LastIndexAny(text, ".,")
	if point < 0 || len(text)-point-1 > digits {
		return strconv.ParseFloat(marks.Replace(text), 64)
	}
	return strconv.ParseFloat(marks.Replace(text[:point])+"."+text[point+1:], 64)
}

// stockOf is the stock that an availability stands for where no number is given: the assumed one, or one piece.
func stockOf(availability string, o ImportOptions) *int {
	n := 0
	if strings.HasPrefix(strings.ReplaceAll(strings.ToLower(availability), "_", " "), "in stock") {
		if n = 1; o.Stock != nil {
			n = *o.Stock
		}
	}
	return &n
}
