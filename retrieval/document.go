package retrieval

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"floorwalker/shop"
)

// derivedVersion is part of every content hash. Raise it when facets, words or weights are computed otherwise:
// the next import or reindex then writes every product anew.
const derivedVersion = 2

// Field weights of the text leg: a word in the title says more about what a product is than one in its
// description, and attributes say much that nobody looks for.
const (
	weightTitle       = 3.0
	weightKind        = 2.0 // brand and category
	weightDescription = 1.0
	weightAttributes  = 0.15
	// A model number identifies the product wherever it stands.
	weightCode = 2.0
)

// document is a product as it is stored, with everything that is derived from it. Its JSON names are the
// columns of products.
type document struct {
	SKU           string            `json:"sku"`
	Title         string            `json:"title"`
	Brand         string            `json:"brand"`
	Category      string            `json:"category"`
	Description   string            `json:"description"`
	PriceMinor    int64             `json:"price_minor"`
	WasMinor      int64             `json:"was_minor"`
	Currency      string            `json:"currency"`
	Stock         int               `json:"stock"`
	ImageURL      string            `json:"image_url"`
	Rating        float64           `json:"rating"`
	Attributes    map[string]string `json:"attributes"`
	Titles        map[string]string `json:"titles"`
	Descriptions  map[string]string `json:"descriptions"`
	ReleasedAt    *time.Time        `json:"released_at"`
	CostMinor     int64             `json:"cost_minor"`
	DeliveryDays  int               `json:"delivery_days"`
	Catalogue     string            `json:"catalogue"`
	ContentHash   hash              `json:"content_hash"`
	TextHash      hash              `json:"text_hash"`
	BrandKey      string            `json:"brand_key"`
	Colors        []string          `json:"colors"`
	Materials     []string          `json:"materials"`
	Audiences     []string          `json:"audiences"`
	Sizes         []string          `json:"sizes"`
	TitleWords    []string          `json:"title_words"`
	CategoryWords []string          `json:"category_words"`
	Terms         []string          `json:"terms"`
	Counts        []float32         `json:"counts"`
	Length        float32           `json:"length"`

	// text is what is embedded.
	text string
}

// documentColumns declares a document's columns for json_to_recordset and for the staging table.
const documentColumns = `sku text, title text, brand text, category text, description text, price_minor bigint, was_minor bigint, currency text,
	stock integer, image_url text, rating double precision, attributes jsonb, titles jsonb, descriptions jsonb,
	released_at timestamptz, cost_minor bigint, delivery_days integer, catalogue text, content_hash bytea, text_hash bytea, brand_key text, colors text[],
	materials text[], audiences text[], sizes text[], title_words text[], category_words text[], terms text[],
	counts real[], length real`

// hash is half a SHA-256, written to JSON as PostgreSQL reads a bytea.
type hash [16]byte

func (h hash) MarshalJSON() ([]byte, error) {
	return []byte(`"\\x` + hex.EncodeToString(h[:]) + `"`), nil
}

func hashOf(parts ...[]byte) (h hash) {
	sum := sha256.New()
	for _, p := range parts {
		sum.Write(binary.AppendUvarint(nil, uint64(len(p))))
		sum.Write(p)
	}
	copy(h[:], sum.Sum(nil))
	return h
}

// documents derives what is stored of products that were validated.
func (s *Store) documents(ctx context.Context, q querier, products []shop.Product) ([]document, error) {
	fields := make([]fieldWords, len(products))
	var all []string
	for i, p := range products {
		fields[i] = fieldsOf(p)
		all = fields[i].collect(all)
	}
	lexemes, err := s.stemmer.lexemes(ctx, q, all)
	if err != nil {
		return nil, err
	}
	out := make([]document, len(products))
	for i, p := range products {
		if out[i], err = s.document(p, fields[i], lexemes); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) document(p shop.Product, fields fieldWords, lexemes map[string]string) (document, error) {
	f := facetsOf(p)
	d := document{SKU: p.SKU, Title: p.Title, Brand: p.Brand, Category: p.Category, Description: p.Description,
		PriceMinor: p.Price.Minor, Currency: p.Price.Currency, Stock: p.Stock, ImageURL: p.ImageURL, Rating: p.Rating,
		Attributes: orEmpty(p.Attributes), Titles: orEmpty(p.Titles), Descriptions: orEmpty(p.Descriptions), Catalogue: p.Catalogue,
		CostMinor: p.CostMinor, DeliveryDays: p.DeliveryDays,
		BrandKey: f.brandKey, Colors: f.colors, Materials: f.materials, Audiences: f.audiences, Sizes: f.sizes, text: p.SearchText()}
	if p.Was != nil {
		d.WasMinor = p.Was.Minor
	}
	if !p.ReleasedAt.IsZero() {
		d.ReleasedAt = &p.ReleasedAt
	}
	d.TextHash = hashOf([]byte(s.model), []byte(d.text))
	plain := p
	plain.Version, plain.UpdatedAt = 0, time.Time{}
	content, err := json.Marshal(plain) // maps are written sorted
	if err != nil {
		return d, fmt.Errorf("encode product %q: %w", p.SKU, err)
	}
	d.ContentHash = hashOf([]byte{derivedVersion}, d.TextHash[:], content)
	d.TitleWords = set(append(stemmed(fields.title, lexemes), append(stemmed(fields.brand, lexemes), fields.chineseTitle...)...))
	d.CategoryWords = set(stemmed(fields.category, lexemes))
	d.Terms, d.Counts, d.Length = fields.count(lexemes)
	return d, nil
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// fieldWords are a product's words by field.
type fieldWords struct {
	title, brand, category, description, attributes []string
	chineseTitle, chineseDescription                []string
}

func fieldsOf(p shop.Product) fieldWords {
	f := fieldWords{title: words(p.Title), brand: words(p.Brand), category: words(p.Category), description: words(p.Description),
		chineseTitle: chineseTerms(p.Title+" "+p.Titles["zh"], true), chineseDescription: chineseTerms(p.Descriptions["zh"], false)}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		if len(f.attributes) < maxFieldWords {
			f.attributes = append(f.attributes, words(attributeText(name, p.Attributes[name]))...)
		}
	}
	return f
}

// attributeText is what an attribute says: its value, or its name where the value only says that it is so.
func attributeText(name, value string) string {
	switch strings.ToLower(value) {
	case "y", "yes", "true":
		return name
	case "n", "no", "false", "none":
		return ""
	}
	return value
}

// isCode reports whether a word looks like a model number: letters and digits, five or more.
func isCode(w string) bool {
	letters, digits := 0, 0
	for _, r := range w {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return letters > 0 && digits > 1 && letters+digits >= 5 && leadingNumber(w) < 3
}

func (f fieldWords) collect(into []string) []string {
	return append(append(append(append(append(into, f.title...), f.brand...), f.category...), f.description...), f.attributes...)
}

func stemmed(all []string, lexemes map[string]string) []string {
	out := make([]string, 0, len(all))
	for _, w := range all {
		if l := lexemes[w]; l != "" {
			out = append(out, l)
		}
	}
	return out
}

// count sums each term's weighted occurrences; terms are sorted.
func (f fieldWords) count(lexemes map[string]string) (terms []string, counts []float32, length float32) {
	sums := map[string]float64{}
	add := func(words []string, weight float64) {
		for _, w := range words {
			if weight < weightCode && isCode(w) {
				sums[w] += weightCode
			} else {
				sums[w] += weight
			}
		}
	}
	add(stemmed(f.title, lexemes), weightTitle)
	add(stemmed(f.brand, lexemes), weightKind)
	add(stemmed(f.category, lexemes), weightKind)
	add(stemmed(f.description, lexemes), weightDescription)
	add(stemmed(f.attributes, lexemes), weightAttributes)
	add(f.chineseTitle, weightTitle)
	add(f.chineseDescription, weightDescription)
	terms, counts = make([]string, 0, len(sums)), make([]float32, 0, len(sums))
	for t := range sums {
		terms = append(terms, t)
	}
	slices.Sort(terms)
	var total float64
	for _, t := range terms {
		counts = append(counts, float32(sums[t]))
		total += sums[t]
	}
	return terms, counts, float32(math.Max(total, 1))
}
