package retrieval

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"floorwalker/shop"

	"gopkg.in/yaml.v3"
)

// retailRows reads a YAML list, one product at a time.
func retailRows(in io.Reader, yield func(row, error) bool) {
	var item bytes.Buffer
	start, n := 1, 0
	flush := func() bool {
		defer item.Reset()
		if !bytes.HasPrefix(item.Bytes(), []byte("- ")) { // a comment or "---" before the first
			return true
		}
		if item.Len() >= maxLine {
			return yield(row{line: start, err: fmt.Errorf("the product is longer than %d MiB", maxLine>>20)}, nil)
		}
		p, err := retailProduct(item.Bytes())
		return yield(row{line: start, product: p, err: err}, nil)
	}
	reader := bufio.NewReader(in)
	for {
		line, tooLong, err := readLine(reader)
		n++
		if err != nil && !errors.Is(err, io.EOF) {
			yield(row{}, fmt.Errorf("read line %d: %w", n, err))
			return
		}
		if bytes.HasPrefix(line, []byte("- ")) {
			if !flush() {
				return
			}
			start = n
		}
		if tooLong {
			item.Write(make([]byte, maxLine))
		} else if item.Len() < maxLine {
			item.Write(line)
		}
		if err != nil {
			flush()
			return
		}
	}
}

func retailProduct(text []byte) (shop.Product, error) {
	if !utf8.Valid(text) {
		return shop.Product{}, errors.New("the text is not valid UTF-8")
	}
	var items []struct {
		ID          string   `yaml:"id"`
		Name        string   `yaml:"name"`
		Category    string   `yaml:"category"`
		Style       string   `yaml:"style"`
		Description string   `yaml:"description"`
		Price       *float64 `yaml:"price"`
		Stock       int      `yaml:"current_stock"`
		Affinity    string   `yaml:"gender_affinity"`
	}
	if err := yaml.Unmarshal(text, &items); err != nil {
		return shop.Product{}, fmt.Errorf("not a product in YAML: %w", err)
	}
	if len(items) != 1 {
		return shop.Product{}, errors.New("not a product in YAML")
	}
	i := items[0]
	p := shop.Product{SKU: i.ID, Title: i.Name, Category: i.Category, Description: i.Description, Stock: i.Stock, Attributes: map[string]string{}}
	if i.Price == nil {
		return p, errors.New("price is missing")
	}
	if math.IsNaN(*i.Price) || math.Abs(*i.Price) > maxPrice/100 {
		return p, errors.New("price is no amount of money")
	}
	p.Price = shop.FromMajor(*i.Price, "USD")
	if i.Style != "" {
		p.Category = i.Category + " / " + i.Style
		p.Attributes["style"] = strings.ReplaceAll(i.Style, "_", " ")
	}
	p.Category = strings.ReplaceAll(p.Category, "_", " ")
	switch i.Affinity {
	case "F":
		p.Attributes["audience"] = "women"
	case "M":
		p.Attributes["audience"] = "men"
	}
	return p, nil
}
