package retrieval

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// facets are what hard filters look at, computed from a product's attributes and words.
type facets struct {
	brandKey                            string
	colors, materials, audiences, sizes []string
}

// facetsOf reads attributes and titles, which name what the product is. Only where those are silent does the
// description speak: for colours by the first that it names ("this beige backpack with black straps" is beige),
// for materials by all, because who wants no leather wants no leather strap.
func facetsOf(p shop.Product) facets {
	f := facets{brandKey: brandKey(p.Brand)}
	titles := []string{p.Title, p.Titles["zh"]}
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		value := p.Attributes[name]
		switch key := strings.ToLower(name); {
		case strings.Contains(key, "colour") || strings.Contains(key, "color"):
			f.colors = append(f.colors, lexicon.ColorsIn(value)...)
		case strings.Contains(key, "material") || key == "fabric":
			f.materials = append(f.materials, lexicon.MaterialsIn(value)...)
		case strings.Contains(key, "audience") || strings.Contains(key, "gender") || key == "for":
			f.audiences = append(f.audiences, lexicon.AudiencesIn(value)...)
		case key == "size" || key == "sizes" || strings.HasSuffix(key, " size") || strings.HasSuffix(key, " sizes"):
			f.sizes = append(f.sizes, sizesIn(value)...)
		}
	}
	for _, t := range titles {
		f.colors = append(f.colors, lexicon.ColorsIn(t)...)
		f.materials = append(f.materials, lexicon.MaterialsIn(t)...)
		f.audiences = append(f.audiences, lexicon.AudiencesIn(t)...)
	}
	f.audiences = append(f.audiences, lexicon.AudiencesIn(p.Category)...)
	if len(f.colors) == 0 {
		f.colors = lexicon.ColorsIn(p.Description)
		f.colors = f.colors[:min(len(f.colors), 1)]
	}
	if len(f.materials) == 0 {
		f.materials = lexicon.MaterialsIn(p.Description)
	}
	f.colors, f.materials, f.audiences, f.sizes = set(f.colors), set(f.materials), set(f.audiences), set(f.sizes)
	return f
}

// brandKey is how brands are compared: without case, accents and punctuation.
func brandKey(brand string) string {
	key := strings.Join(rawWords(strings.NewReplacer("-", " ", ".", " ").Replace(brand)), " ")
	if key != "" {
		return key
	}
	return strings.ToLower(strings.Join(strings.Fields(brand), " ")) // a brand in Chinese
}

var sizeRange = regexp.MustCompile(`^(\d{1,3})\s*(?:-|–|to)\s*(\d{1,3})$`)

// sizesIn parts "S, M, L" or "40-44 / 46" into single sizes.
func sizesIn(value string) []string {
	var sizes []string
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",/;|、，", r) }) {
		part = strings.TrimSpace(part)
		if m := sizeRange.FindStringSubmatch(part); m != nil {
			low, _ := strconv.Atoi(m[1])
			high, _ := strconv.Atoi(m[2])
			for n := low; n <= high && n < low+60; n++ {
				sizes = append(sizes, strconv.Itoa(n))
			}
			continue
		}
		if s := sizeKey(part); s != "" {
			sizes = append(sizes, s)
		}
	}
	return sizes
}

// sizeNames are ways to write the letter sizes.
var sizeNames = map[string]string{"small": "s", "medium": "m", "large": "l", "extra large": "xl", "x large": "xl", "xlarge": "xl",
	"extra small": "xs", "x small": "xs", "xsmall": "xs", "2xl": "xxl", "xx large": "xxl", "3xl": "xxxl", "小码": "s", "小号": "s",
	"中码": "m", "中号": "m", "大码": "l", "大号": "l", "加大码": "xl", "特大号": "xl"}

// sizeKey is how sizes are compared: "27 inch" and 27" are 27inch, "Large" is l, "EU 42" is 42.
func sizeKey(size string) string {
	size = strings.TrimSpace(size)
	if s, ok := sizeNames[size]; ok {
		return s
	}
	size = strings.TrimSuffix(size, "码")
	key := strings.Join(words(strings.ReplaceAll(size, "-", " ")), " ")
	for _, system := range []string{"eu ", "us ", "uk ", "size "} {
		key = strings.TrimPrefix(key, system)
	}
	if s, ok := sizeNames[key]; ok {
		return s
	}
	return strings.TrimSuffix(key, " eu")
}
