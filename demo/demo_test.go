package demo_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"floorwalker/demo"
	"floorwalker/shop"
)

// listing is a line of the import format; nothing else may stand in it.
type listing struct {
	SKU          string            `json:"sku"`
	Title        string            `json:"title"`
	Brand        string            `json:"brand"`
	Category     string            `json:"category"`
	Description  string            `json:"description"`
	PriceMinor   int64             `json:"price_minor"`
	Currency     string            `json:"currency"`
	Stock        int               `json:"stock"`
	ImageURL     string            `json:"image_url"`
	Rating       float64           `json:"rating"`
	Attributes   map[string]string `json:"attributes"`
	Titles       map[string]string `json:"titles"`
	Descriptions map[string]string `json:"descriptions"`
	ReleasedAt   string            `json:"released_at"`
}

func catalogue(t testing.TB) []listing {
	t.Helper()
	zip, err := gzip.NewReader(demo.Catalogue())
	if err != nil {
		t.Fatalf("open the catalogue: %v", err)
	}
	var all []listing
	lines := bufio.NewScanner(zip)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p listing
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			t.Fatalf("line %d: %v", len(all)+1, err)
		}
		all = append(all, p)
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("read the catalogue: %v", err)
	}
	return all
}

func TestTheCatalogueIsLargeAndBroad(t *testing.T) {
	t.Parallel()
	departments, kinds, running, soldOut, low, rated := map[string]int{}, map[string]int{}, 0, 0, 0, 0
	products := catalogue(t)
	for _, p := range products {
		departments[p.Category]++
		kinds[p.SKU[:6]]++
		if strings.Contains(p.Title, "Running Shoes") || strings.Contains(p.Attributes["type"], "running shoes") {
			if running++; p.PriceMinor < 4000 || p.PriceMinor > 16000 {
				t.Errorf("%s: running shoes for %d cents", p.SKU, p.PriceMinor)
			}
		}
		switch {
		case p.Stock == 0:
			soldOut++
		case p.Stock < 5:
			low++
		}
		if p.Rating > 0 {
			rated++
		}
	}
	t.Logf("%d products of %d kinds in %d departments; %d running shoes, %d sold out, %d nearly, %d rated",
		len(products), len(kinds), len(departments), running, soldOut, low, rated)
	for name, c := range map[string]struct{ got, want int }{
		"products": {len(products), 1500}, "departments": {len(departments), 20}, "kinds": {len(kinds), 100},
		"running shoes": {running, 20}, "sold out": {soldOut, 30}, "nearly sold out": {low, 50}, "rated": {rated, 1200},
	} {
		if c.got < c.want {
			t.Errorf("%s: %d, want at least %d", name, c.got, c.want)
		}
	}
}

func TestEveryListingIsWhole(t *testing.T) {
	t.Parallel()
	skus, titles, chinese := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range catalogue(t) {
		zhTitle, zhText := p.Titles["zh"], p.Descriptions["zh"]
		if skus[p.SKU] || titles[p.Title] || chinese[zhTitle] {
			t.Errorf("%s: SKU or title stands twice: %s / %s", p.SKU, p.Title, zhTitle)
		}
		skus[p.SKU], titles[p.Title], chinese[zhTitle] = true, true, true
		if n := len(strings.Fields(p.Description)); n < 25 || n > 80 {
			t.Errorf("%s: description of %d words", p.SKU, n)
		}
		if !strings.HasPrefix(p.Title, p.Brand+" ") || p.Brand == "" || p.Category == "" {
			t.Errorf("%s: brand %q, category %q, title %q", p.SKU, p.Brand, p.Category, p.Title)
		}
		if p.PriceMinor < 99 || p.PriceMinor > 400_000 || p.Currency != "USD" {
			t.Errorf("%s: price %d %s", p.SKU, p.PriceMinor, p.Currency)
		}
		if p.Stock < 0 || p.Rating < 0 || p.Rating > 5 || p.ImageURL != demo.ImagePath+p.SKU+".svg" {
			t.Errorf("%s: stock %d, rating %v, picture %s", p.SKU, p.Stock, p.Rating, p.ImageURL)
		}
		if _, err := time.Parse(time.DateOnly, p.ReleasedAt); err != nil {
			t.Errorf("%s: %v", p.SKU, err)
		}
		if len(p.Attributes) < 2 || p.Attributes["type"] == "" {
			t.Errorf("%s: attributes %v", p.SKU, p.Attributes)
		}
		if !hasHan(zhTitle) || !hasHan(zhText) || utf8.RuneCountInString(zhText) < 30 {
			t.Errorf("%s: Chinese %q: %q", p.SKU, zhTitle, zhText)
		}
		for _, text := range append([]string{p.Title, p.Description, zhTitle, zhText}, values(p.Attributes)...) {
			if text != strings.TrimSpace(text) || strings.ContainsAny(text, "{}[]|") || strings.Contains(text, "  ") || !utf8.ValidString(text) {
				t.Errorf("%s: unfinished text %q", p.SKU, text)
			}
		}
		if hasHan(p.Title + p.Description) {
			t.Errorf("%s: Chinese in the English text: %q %q", p.SKU, p.Title, p.Description)
		}
	}
}

func hasHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func values(m map[string]string) []string {
	var all []string
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// TestNoTwoDescriptionsShareHalfTheirWords compares all pairs by their shingles of five words, or of five
// characters of Chinese; what two share counts against the shorter one.
func TestNoTwoDescriptionsShareHalfTheirWords(t *testing.T) {
	t.Parallel()
	products := catalogue(t)
	for name, parts := range map[string]func(listing) []string{
		"English": func(p listing) []string { return strings.FieldsFunc(strings.ToLower(p.Description), notInWord) },
		"Chinese": func(p listing) []string { return strings.Split(p.Descriptions["zh"], "") },
	} {
		having := map[string][]int{}
		sizes := make([]int, len(products))
		for i, p := range products {
			seen, words := map[string]bool{}, parts(p)
			for at := 0; at+5 <= len(words); at++ {
				seen[strings.Join(words[at:at+5], " ")] = true
			}
			sizes[i] = len(seen)
			for s := range seen {
				having[s] = append(having[s], i)
			}
		}
		shared := map[[2]int]int{}
		for _, who := range having {
			for a := range who {
				for b := a + 1; b < len(who); b++ {
					shared[[2]int{who[a], who[b]}]++
				}
			}
		}
		most, over := 0.0, 0
		for pair, n := range shared {
			share := float64(n) / float64(min(sizes[pair[0]], sizes[pair[1]]))
			most = max(most, share)
			if share > 0.5 {
				if over++; over < 5 {
					t.Errorf("%s: %s and %s share %.2f", name, products[pair[0]].SKU, products[pair[1]].SKU, share)
				}
			}
		}
		t.Logf("%s: %d pairs share any, the most %.3f", name, len(shared), most)
		if len(shared) == 0 {
			t.Errorf("%s: nothing was compared", name)
		}
	}
}

func notInWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '-'
}

func TestKnowledgeAnswersInBothLanguages(t *testing.T) {
	t.Parallel()
	articles, err := demo.Knowledge()
	if err != nil {
		t.Fatal(err)
	}
	if len(articles) != 40 {
		t.Errorf("%d articles, want 40", len(articles))
	}
	topics, slugs := map[string]int{}, map[string]bool{}
	for _, a := range articles {
		topics[a.Topic]++
		if slugs[a.Slug] || !strings.HasPrefix(a.Slug, a.Topic+"-") || strings.ToLower(a.Slug) != a.Slug {
			t.Errorf("slug %q of topic %q", a.Slug, a.Topic)
		}
		slugs[a.Slug] = true
		if n := len(strings.Fields(a.Bodies["en"])); n < 80 || n > 200 {
			t.Errorf("%s: %d English words", a.Slug, n)
		}
		if n := utf8.RuneCountInString(a.Bodies["zh"]); n < 120 || n > 400 || !hasHan(a.Bodies["zh"]) {
			t.Errorf("%s: %d Chinese characters", a.Slug, n)
		}
		if a.Titles["en"] == "" || !hasHan(a.Titles["zh"]) || hasHan(a.Bodies["en"]) {
			t.Errorf("%s: titles %v", a.Slug, a.Titles)
		}
	}
	for _, topic := range []string{"shipping", "returns", "payment", "warranty", "privacy", "hours"} {
		if topics[topic] < 3 {
			t.Errorf("%d articles on %s", topics[topic], topic)
		}
	}
	if len(topics) != 6 {
		t.Errorf("topics %v", topics)
	}
}

func TestOrdersAreOfTheCatalogue(t *testing.T) {
	t.Parallel()
	orders, err := demo.Orders(time.Date(2030, 1, 15, 23, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	prices := map[string]listing{}
	for _, p := range catalogue(t) {
		prices[p.SKU] = p
	}
	ids, statuses, newest := map[string]bool{}, map[string]bool{}, ""
	for _, o := range orders {
		newest = max(newest, o.PlacedAt)
		if o.ETA != "" && o.ETA <= o.PlacedAt {
			t.Errorf("order %s was placed on %s and comes on %s", o.ID, o.PlacedAt, o.ETA)
		}
		if len(o.ID) != 5 || ids[o.ID] || !strings.HasPrefix(o.Customer, "customer-") || len(o.Lines) == 0 {
			t.Errorf("order %+v", o)
		}
		ids[o.ID], statuses[o.Status] = true, true
		total := shop.Money{Currency: "USD"}
		for _, l := range o.Lines {
			p, ok := prices[l.SKU]
			if !ok || p.Title != l.Title || p.PriceMinor != l.Price.Minor || l.Quantity < 1 {
				t.Errorf("order %s: line %+v is not of the catalogue", o.ID, l)
			}
			if total, err = total.Plus(l.Price.Times(l.Quantity)); err != nil {
				t.Fatal(err)
			}
		}
		if total != o.Total {
			t.Errorf("order %s: total %v, lines make %v", o.ID, o.Total, total)
		}
		if sent := o.Status == "shipped" || o.Status == "delivered" || o.Status == "returned"; sent != (o.Tracking != "") {
			t.Errorf("order %s is %s with tracking %q", o.ID, o.Status, o.Tracking)
		}
	}
	if len(orders) < 30 || !ids["10482"] || !ids["20931"] || len(statuses) != 5 {
		t.Errorf("%d orders, statuses %v", len(orders), statuses)
	}
	if newest != "2030-01-14" {
		t.Errorf("the newest order is of %s, want the day before", newest)
	}
}

func TestTwoAgentsSpeakBothLanguages(t *testing.T) {
	t.Parallel()
	agents, err := demo.Agents()
	if err != nil {
		t.Fatal(err)
	}
	var langs []shop.Lang
	for _, a := range agents {
		if !strings.HasPrefix(a.ID, "agent-") || a.Name == "" || a.Capacity < 1 {
			t.Errorf("agent %+v", a)
		}
		langs = append(langs, a.Langs...)
	}
	if len(agents) != 2 || !slices.Contains(langs, shop.English) || !slices.Contains(langs, shop.Chinese) {
		t.Errorf("agents %+v", agents)
	}
}

func TestPicturesAreSafeAndStable(t *testing.T) {
	t.Parallel()
	cases := []struct{ category, title string }{
		{"Shoes", "Tarnvik Ridge Trail Running Shoes, Navy"}, {"", ""}, {"Nothing known", "无线鼠标 黑色 一个非常非常非常长的标题需要换行才能放得下所有的文字"},
		{"<svg>", `</text><script>alert(1)</script>" onload="x`}, {"Home", "a\x00b\xff\u202e\ufffe & 'c'"}, {"x", strings.Repeat("w", 5000)},
	}
	for _, p := range catalogue(t) {
		cases = append(cases, struct{ category, title string }{p.Category, p.Title})
	}
	for _, c := range cases {
		svg := demo.Image(c.category, c.title, []string{"no such colour", "forest green"})
		if string(svg) != string(demo.Image(c.category, c.title, []string{"no such colour", "forest green"})) {
			t.Fatalf("%q is drawn in two ways", c.title)
		}
		for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", c.title, err)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if name := element.Name.Local; name == "script" || name == "foreignObject" || name == "image" || name == "use" || name == "a" {
				t.Errorf("%q: element %s", c.title, name)
			}
			for _, a := range element.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("%q: attribute %s", c.title, a.Name.Local)
				}
			}
		}
		if len(svg) > 20_000 {
			t.Errorf("%.20q: %d bytes", c.title, len(svg))
		}
	}
}

func TestPicturesShowTheThing(t *testing.T) {
	t.Parallel()
	draw := func(category, title string) string {
		_, icon, _ := strings.Cut(string(demo.Image(category, title, nil)), "<g ")
		_, icon, _ = strings.Cut(icon, ">") // the colour goes by the category
		icon, _, _ = strings.Cut(icon, "</g>")
		return icon
	}
	for _, c := range []struct{ category, title, like string }{
		{"Lighting", "Lumeshade Globe Pendant Lamp", "Desk Lamp"}, {"Kitchen", "Flask with Tea Strainer", "Water Bottle"},
		{"Bags", "Laptop Backpack", "Backpack"}, {"Cycling", "Roll-top Pannier", "City Bicycle"}, {"Home Appliances", "Steam Iron", "Fan Heater"},
	} {
		if draw(c.category, c.title) != draw("", c.like) {
			t.Errorf("%s in %s is not drawn like %s", c.title, c.category, c.like)
		}
	}
	if draw("Shoes", "Running Shoes") == draw("Garden", "Plant Pot") {
		t.Error("shoes and plants look the same")
	}
}

func ExampleImage() {
	svg := demo.Image("Shoes", "Trail Running Shoes", []string{"navy"})
	fmt.Println(strings.Contains(string(svg), "<title>Trail Running Shoes</title>"))
	// Output: true
}
