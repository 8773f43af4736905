package retrieval

import (
	"strings"
	"testing"
	"unicode/utf8"

	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestWordsAreWhatPeopleSearchFor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Wireless Mouse":               "wireless mouse",
		`27" monitor, 27-inch, 27inch`: "27inch monitor 27inch 27inch",
		"500 GB and 500GB":             "500gb and 500gb",
		"NB-6L battery":                "nb 6l nb6l battery",
		"Wi-Fi 802.11n":                "wi fi wifi 802 11n 80211n",
		"USB 3.0":                      "usb 3.0",
		"1,000 pages, 4,7 GB":          "1000 pages 4.7gb",
		"40,41,42":                     "40 41 42",
		"2 in 1 laptop":                "2 in 1 laptop",
		"Café Élan men's":              "cafe elan men",
		"black/white":                  "black white",
		"无线鼠标 M185":                    "m185",
		"…- . ' \" ,":                  "",
	} {
		if got := strings.Join(words(text), " "); got != want {
			t.Errorf("words(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestChineseTermsArePairsOfCharacters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		singles bool
		want    []string
	}{
		{"跑步鞋", false, []string{"跑步", "步鞋"}},
		{"包", false, []string{"包"}},
		{"红 wool 包", false, []string{"红", "包"}},
		{"鼠标", true, []string{"鼠", "标", "鼠标"}},
		{"mouse", false, nil},
	} {
		if diff := cmp.Diff(c.want, chineseTerms(c.text, c.singles)); diff != "" {
			t.Errorf("chineseTerms(%q, %v): %s", c.text, c.singles, diff)
		}
	}
}

func TestFacetsAreReadWhereTheyStand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p    shop.Product
		want facets
	}{
		"attributes": {shop.Product{Title: "Shoe", Brand: "TP-Élan", Attributes: map[string]string{"Colour": "Navy", "material": "Suede", "size": "40-42, XL", "gender": "female"}},
			facets{"tp elan", []string{"blue"}, []string{"suede"}, []string{"women"}, []string{"40", "41", "42", "xl"}}},
		"a description names the colour first": {shop.Product{Title: "Backpack", Description: "This beige backpack with black straps has a leather base."},
			facets{"", []string{"beige"}, []string{"leather"}, []string{}, []string{}}},
		"a title outdoes the description": {shop.Product{Title: "Red kettle", Description: "Fits white kitchens."},
			facets{"", []string{"red"}, []string{}, []string{}, []string{}}},
		"Chinese titles count": {shop.Product{Title: "Jacket", Titles: map[string]string{"zh": "红色女士真皮夹克"}},
			facets{"", []string{"red"}, []string{"leather"}, []string{"women"}, []string{}}},
	} {
		if diff := cmp.Diff(c.want, facetsOf(c.p), cmp.AllowUnexported(facets{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestKindsComeFromOtherProducts(t *testing.T) {
	t.Parallel()
	k := newKinds()
	for range 3 {
		k.learn(shop.Product{Title: "A", Category: "Screen Protector"})
		k.learn(shop.Product{Title: "B", Category: "notebook case"})
		k.learn(shop.Product{Title: "D", Category: "Kitchen Knives"})
		k.learn(shop.Product{Title: "E", Category: "Watches"})
	}
	for range 10 {
		k.learn(shop.Product{Title: "C", Category: "network cable"})
	}
	for title, want := range map[string]string{
		"Glass screen protectors, pack of 2": "Screen Protector",
		"Sleeve notebook case Black":         "notebook case",
		"Patch Cable 2 m":                    "cable",
		"Steel kitchen knife":                "Kitchen Knives",
		"Steel watch":                        "Watches",
		"Cleaner for notebook case":          "",
		"Teapot":                             "",
	} {
		if got := k.of(shop.Product{Title: title}); got != want {
			t.Errorf("kind of %q is %q, want %q", title, got, want)
		}
	}
	if got := k.of(shop.Product{Title: "X-100", Description: "Network cable, 3 m"}); got != "network cable" {
		t.Errorf("kind by description is %q", got)
	}
}

func TestIcecatTitlesNameTheirKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ title, brand, name, want string }{
		{"Acme X200 screen protector Universal 1 pc(s)", "Acme", "X200", "screen protector"},
		{"ACME Tower uninterruptible power supply (UPS) 650 VA", "Acme", "Tower", "uninterruptible power supply"},
		{"Acme F5 USB flash drive 8 GB", "Acme", "F5", "USB flash drive"},
		{"Acme 32P TV 81 cm", "Acme", "32P", "TV"},
		{"Acme 80 Original Cyan", "Acme", "80", ""},
		{"Acme Folio black", "Acme", "Folio", ""},
		{"Other thing altogether", "Acme", "80", ""},
	} {
		if got := icecatKind(c.title, c.brand, c.name); got != c.want {
			t.Errorf("kind of %q is %q, want %q", c.title, got, c.want)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{`27" 4,7 GB NB-6L`, "无线鼠标", "a\xff\x00b", "1,2,3-4.5'6"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range words(text) {
			if w == "" || strings.ContainsAny(w, " \x00") || len(w) > 140 {
				t.Errorf("words(%q) holds %q", text, w)
			}
		}
		for _, term := range chineseTerms(text, true) {
			if n := utf8.RuneCountInString(term); n < 1 || n > 2 {
				t.Errorf("chineseTerms(%q) holds %q", text, term)
			}
		}
	})
}

// Whatever bytes a file holds, its rows come with rising lines, and what passes the checks can be stored.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		`{"sku":"a","title":"b","price_minor":1,"currency":"USD","stock":1,"attributes":{"x":[1,true,"y"]}}`,
		"sku,title,price_minor,currency,stock,attributes.x,titles.zh\na,b,1,USD,1,\"q,\",鞋\n",
		`{"id":"1","title":"Acme 80 ink","supplier":"Acme","name":"80","price":5,"attr_t_x":"y","attr_n_z":2.5}`,
		"- id: a\n  name: b\n  price: 1.5\n  current_stock: 2\n- id: c\n",
		"\x1f\x8b\x08\x00garbage", "\xef\xbb\xbf{}", "\"", "- &a [*a]\n",
	} {
		for i := range 4 {
			f.Add([]byte(seed), byte(i))
		}
	}
	formats := []Format{FormatJSONL, FormatCSV, FormatIcecat, FormatRetail}
	f.Fuzz(func(t *testing.T, file []byte, which byte) {
		last := 0
		for r, err := range rows(strings.NewReader(string(file)), formats[int(which)%len(formats)], ImportOptions{}) {
			if err != nil {
				break
			}
			if r.line < last || r.line < 1 {
				t.Fatalf("line %d after %d", r.line, last)
			}
			last = r.line
			if r.err != nil || validate(&r.product) != nil {
				continue
			}
			p := r.product
			if p.SKU == "" || p.Title == "" || p.Price.Minor < 0 || p.Stock < 0 || !utf8.ValidString(p.Title+p.Description) {
				t.Fatalf("passed the checks: %+v", p)
			}
			fieldsOf(p)
			facetsOf(p)
		}
	})
}
