package retrieval

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// merchantFields are the attributes of Google Merchant Center's product data that are taken
// (https://support.google.com/merchants/answer/7052112), by name with underscores.
var merchantFields = map[string]string{
	"id": "sku", "title": "title", "description": "description_html", "brand": "brand", "product_type": "category", "google_product_category": "category",
	"price": "price", "sale_price": "sale_price", "availability": "availability", "quantity": "stock", "sell_on_google_quantity": "stock",
	"image_link": "image_url", "color": "attributes.colour", "material": "attributes.material", "size": "attributes.size", "pattern": "attributes.pattern",
	"gender": "attributes.gender", "age_group": "attributes.age_group", "condition": "attributes.condition", "gtin": "attributes.gtin", "mpn": "attributes.mpn",
}

// shopifyFields are the columns of Shopify's product export that are taken
// (https://help.shopify.com/en/manual/products/import-export/using-csv), old and new names, in small letters.
var shopifyFields = map[string]string{
	"variant sku": "sku", "sku": "sku", "title": "title", "body (html)": "description_html", "description": "description_html", "vendor": "brand",
	"type": "category", "product category": "category", "variant price": "price", "price": "price",
	"variant compare at price": "was_price", "compare-at price": "was_price",
	"variant inventory qty": "stock", "inventory quantity": "stock", "image src": "image_url", "product image url": "image_url",
	"option1 name": "option.1", "option1 value": "option_value.1", "option2 name": "option.2", "option2 value": "option_value.2",
	"option3 name": "option.3", "option3 value": "option_value.3", "variant barcode": "attributes.gtin", "barcode": "attributes.gtin",
}

// variants fills in what Shopify's export writes in the first row of a product alone.
type variants struct {
	handle, sku, price int
	shared             []int
	first              []string
}

// newVariants is nil, which completes nothing, for other formats.
func newVariants(header []string, f Format) *variants {
	if f != FormatShopify {
		return nil
	}
	v := &variants{handle: -1, sku: -1, price: -1}
	for i, name := range header {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "handle", "url handle":
			v.handle = i
		case "variant sku", "sku":
			v.sku = i
		case "variant price", "price":
			v.price = i
		case "title", "body (html)", "description", "vendor", "type", "product category", "image src", "product image url",
			"option1 name", "option2 name", "option3 name":
			v.shared = append(v.shared, i)
		}
	}
	return v
}

// complete fills in the row; false where it is none of a variant but of a further picture.
func (v *variants) complete(values []string) bool {
	at := func(row []string, i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	if v == nil {
		return true
	}
	if at(values, v.handle) != at(v.first, v.handle) || v.first == nil {
		v.first = append([]string(nil), values...)
	}
	for _, i := range v.shared {
		if at(values, i) == "" && i < len(values) {
			values[i] = at(v.first, i)
		}
	}
	return at(values, v.sku) != "" || at(values, v.price) != ""
}

// vary names a variant by its options: "Default Title" is Shopify's word for a product that has none.
func (r *record) vary(options, chosen map[string]string) {
	for _, n := range []string{"1", "2", "3"} {
		value := chosen[n]
		if value == "" || value == "Default Title" {
			continue
		}
		name := strings.ToLower(options[n])
		if name == "color" {
			name = "colour"
		}
		if name != "" {
			r.Attributes[name] = value
		}
		r.Title += " " + value
	}
}

// merchantRows reads Google Merchant's product data: as a table, or as RSS or Atom.
func merchantRows(in *bufio.Reader, o ImportOptions, yield func(row, error) bool) {
	if start, err := in.Peek(1); err != nil || start[0] != '<' {
		tableRows(in, FormatMerchant, o, yield)
		return
	}
	limited := &rowReader{r: in, left: maxLine}
	d := xml.NewDecoder(limited)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(row{}, fmt.Errorf("read the feed: %w", err))
			return
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "item" && start.Name.Local != "entry" {
			continue
		}
		limited.left = maxLine
		line, _ := d.InputPos()
		var item struct {
			Elements []struct {
				XMLName xml.Name
				Text    string `xml:",chardata"`
			} `xml:",any"`
		}
		if err := d.DecodeElement(&item, &start); err != nil {
			yield(row{}, fmt.Errorf("read the feed: %w", err))
			return
		}
		var names, fields, values []string
		for _, e := range item.Elements {
			field, chosen := o.Columns[e.XMLName.Local]
			if !chosen {
				field = guessField(e.XMLName.Local, FormatMerchant)
			}
			if field == "" || !fieldOf(field) || slices.Contains(fields, field) {
				continue
			}
			names, fields, values = append(names, e.XMLName.Local), append(fields, field), append(values, e.Text)
		}
		p, err := tableProduct(names, fields, values, o)
		if !yield(row{line: line, product: p, err: err}, nil) {
			return
		}
	}
}

// plainText is the text of HTML, its blocks parted by new lines.
func plainText(source string) string {
	if !strings.ContainsAny(source, "<&") {
		return source
	}
	var text strings.Builder
	for z, hidden := html.NewTokenizer(strings.NewReader(source)), ""; ; {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(text.String())
		case html.TextToken:
			if hidden == "" {
				text.WriteString(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style":
				hidden = string(name)
			case "p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table":
				text.WriteByte('\n')
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == hidden {
				hidden = ""
			}
		}
	}
}
