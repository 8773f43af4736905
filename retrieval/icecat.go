package retrieval

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// icecatStock is the stock of every product of Icecat's catalogue, which knows none.
const icecatStock = 10

// icecatProduct reads one product of Icecat's open catalogue. Prices are US cents; stock is not part of it, so
// every product counts as in stock. Titles are written as brand, name, kind and features; the kind becomes the
// category.
func icecatProduct(line []byte, o ImportOptions) (shop.Product, error) {
	if !utf8.Valid(line) {
		return shop.Product{}, errors.New("the text is not valid UTF-8")
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return shop.Product{}, fmt.Errorf("not a product in JSON: %w", err)
	}
	text := func(name string) string { v, _ := fields[name].(string); return strings.TrimSpace(v) }
	p := shop.Product{SKU: text("id"), Title: text("title"), Brand: text("supplier"), Description: text("short_description"),
		Stock: icecatStock, Attributes: map[string]string{}}
	if p.Title == "" {
		p.Title = text("name")
	}
	if o.Stock != nil {
		p.Stock = *o.Stock
	}
	price, ok := fields["price"].(float64)
	if !ok || price != math.Trunc(price) || math.Abs(price) > maxPrice {
		return p, errors.New("price is missing or no whole number of cents")
	}
	p.Price = shop.Money{Minor: int64(price), Currency: "USD"}
	if released := text("date_released"); released != "" {
		if at, err := parseTime(released); err == nil {
			p.ReleasedAt = at
		}
	}
	for name, value := range fields {
		if len(name) > 7 && strings.HasPrefix(name, "attr_") {
			if v := attributeValue(value); v != "" {
				p.Attributes[strings.TrimSpace(strings.ReplaceAll(name[7:], "_", " "))] = v
			}
		}
	}
	p.Category = icecatKind(p.Title, text("supplier"), text("name"))
	return p, nil
}

// icecatKind is the kind that stands in small letters behind brand and name: "ACME X200 screen protector
// Universal" is a screen protector. Some titles have none.
func icecatKind(title, brand, name string) string {
	prefix := brand + " " + name + " "
	if len(title) < len(prefix) || !strings.EqualFold(title[:len(prefix)], prefix) {
		return ""
	}
	rest, _, _ := strings.Cut(title[len(prefix):], " (")
	var kind []string
	for _, word := range strings.Fields(rest) {
		small := len(word) > 2 || strings.ToLower(word) == "tv" || strings.ToLower(word) == "pc"
		for _, r := range word {
			small = small && (unicode.IsLower(r) || r == '-' || r == '/')
		}
		if !small && !(len(kind) == 0 && acronyms[word]) {
			break
		}
		kind = append(kind, word)
	}
	if len(kind) == 0 || len(kind) > maxKindWords || acronyms[kind[len(kind)-1]] && kind[0] != "TV" && kind[0] != "PC" {
		return ""
	}
	if _, isColor := lexicon.Color(kind[len(kind)-1]); isColor {
		return ""
	}
	return strings.Join(kind, " ")
}

// acronyms begin kinds though they are written in capitals.
var acronyms = map[string]bool{"TV": true, "PC": true, "USB": true, "UPS": true, "KVM": true, "LED": true, "LCD": true, "IP": true,
	"MP3": true, "MP4": true, "GPS": true, "DVD": true, "CD": true, "HDMI": true, "VGA": true, "SCSI": true, "VoIP": true, "RFID": true, "POS": true}
