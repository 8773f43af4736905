package retrieval_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"floorwalker/retrieval"
	"floorwalker/shop"
)

// listing is a made product with the facets that its words must lead to.
type listing struct {
	shop.Product
	color, material, size, audience string
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// listings makes a catalogue; some facets stand in attributes, some in titles alone.
func listings(r *rand.Rand, n int) []listing {
	out := make([]listing, n)
	for i := range out {
		l := listing{color: pick(r, "black", "white", "red", "blue", "green"), material: pick(r, "leather", "cotton", "steel", "glass"),
			size: pick(r, "38", "40", "42", "44"), audience: pick(r, "", "", "women", "men", "kids")}
		kind := pick(r, "shoes", "jacket", "kettle", "lamp", "monitor", "backpack", "watch", "desk")
		l.Product = shop.Product{SKU: fmt.Sprintf("p%05d", i), Brand: pick(r, "Fleet", "Boil", "Orbit", "TP-Test", "Élan"), Category: kind,
			Title:       fmt.Sprintf("%s model %d", kind, r.IntN(500)),
			Description: fmt.Sprintf("A %s %s for the %s.", pick(r, "fine", "light", "sturdy", "small"), kind, pick(r, "road", "home", "office")),
			Price:       shop.Money{Minor: int64(r.IntN(20000)), Currency: pick(r, "USD", "USD", "EUR", "CNY")}, Stock: r.IntN(4),
			Attributes: map[string]string{"size": l.size, "material": l.material}}
		if r.IntN(2) == 0 {
			l.Attributes["colour"] = l.color
		} else {
			l.Title = l.color + " " + l.Title
		}
		if l.audience != "" {
			l.Attributes["audience"] = l.audience
		}
		out[i] = l
	}
	return out
}

func importListings(t *testing.T, s *retrieval.Store, all []listing) {
	t.Helper()
	var text strings.Builder
	for _, l := range all {
		line, err := json.Marshal(map[string]any{"sku": l.SKU, "title": l.Title, "brand": l.Brand, "category": l.Category, "description": l.Description,
			"price_minor": l.Price.Minor, "currency": l.Price.Currency, "stock": l.Stock, "attributes": l.Attributes})
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	report, err := importText(t, s, text.String(), retrieval.ImportOptions{})
	if err != nil || report.Inserted != int64(len(all)) {
		t.Fatalf("import: %+v, %v", report, err)
	}
}

// randomFilter makes limits from wide to so narrow that nothing is left.
func randomFilter(r *rand.Rand) shop.Filter {
	var f shop.Filter
	maybe := func(one int, set func()) {
		if r.IntN(one) == 0 {
			set()
		}
	}
	maybe(3, func() { f.Color = pick(r, "black", "navy", "olive", "red", "White") })
	maybe(4, func() { f.OtherColors = []string{pick(r, "black", "red", "White")} }) // counts beside a colour alone
	maybe(4, func() { f.Brands = []string{pick(r, "fleet", "BOIL", "tp test", "elan")} })
	maybe(4, func() { f.Material = pick(r, "leather", "steel", "Cotton") })
	maybe(5, func() { f.Size = pick(r, "38", "44", "EU 42") })
	maybe(5, func() { f.Audience = pick(r, "women", "men", "kids", "ladies") })
	maybe(5, func() { f.Category = pick(r, "Shoe", "lamps", "monitor") })
	maybe(3, func() { f.PriceMax = &shop.Money{Minor: int64(r.IntN(20000)), Currency: pick(r, "USD", "EUR", "CNY")} })
	maybe(4, func() { f.PriceMin = &shop.Money{Minor: int64(r.IntN(10000)), Currency: "USD"} })
	maybe(3, func() { f.InStock = true })
	maybe(4, func() { f.Exclude = []string{pick(r, "leather", "red", "Fleet", "kettles", "glass")} })
	return f
}

// meets says what the filter's documentation says, without SQL.
func meets(l listing, f shop.Filter, rates shop.Rates) bool {
	fold := func(s string) string { return strings.NewReplacer("é", "e", "-", " ").Replace(strings.ToLower(s)) }
	canonical := map[string]string{"navy": "blue", "olive": "green", "White": "white", "Cotton": "cotton", "ladies": "women", "EU 42": "42", "Shoe": "shoes", "lamps": "lamp"}
	name := func(s string) string {
		if c, ok := canonical[s]; ok {
			return c
		}
		return s
	}
	within := func(limit *shop.Money, ok func(price, limit int64) bool) bool {
		if limit == nil {
			return true
		}
		converted, known := rates.Convert(*limit, l.Price.Currency)
		return known && ok(l.Price.Minor, converted.Minor)
	}
	for _, word := range f.Exclude {
		if l.color == word || l.material == word || l.Brand == word || l.Category+"s" == word {
			return false
		}
	}
	oneOf := slices.ContainsFunc(f.OtherColors, func(c string) bool { return l.color == name(c) })
	return (f.Color == "" || l.color == name(f.Color) || oneOf) && (f.Material == "" || l.material == name(f.Material)) &&
		(f.Size == "" || l.size == name(f.Size)) && (f.Category == "" || l.Category == name(f.Category)) &&
		(f.Audience == "" || l.audience == "" || l.audience == name(f.Audience)) &&
		(len(f.Brands) == 0 || fold(l.Brand) == fold(f.Brands[0])) && (!f.InStock || l.Stock > 0) &&
		within(f.PriceMax, func(p, limit int64) bool { return p <= limit }) &&
		within(f.PriceMin, func(p, limit int64) bool { return p >= limit })
}

// Whatever the limits, what is found meets them, and as many are found as were asked for where so many exist.
func TestFiltersHoldAndNeverStarve(t *testing.T) {
	t.Parallel()
	s, _, _ := newFakeStore(t)
	rates := shop.Rates{"USD": 1, "EUR": 1.1, "CNY": 0.14}
	r := rand.New(rand.NewPCG(7, 7))
	all := listings(r, 4000)
	importListings(t, s, all)
	bySKU := map[string]listing{}
	for _, l := range all {
		bySKU[l.SKU] = l
	}
	narrow, empty := 0, 0
	for i := range 150 {
		f := randomFilter(r)
		limit := 1 + r.IntN(60)
		q := shop.Query{Text: pick(r, "fine shoes", "black kettle", "desk for the office", "watch", "zzz unknown words"), Filter: f, Limit: limit}
		found, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatalf("search %d: %v", i, err)
		}
		matching := 0
		for _, l := range all {
			if meets(l, f, rates) {
				matching++
			}
		}
		if matching == 0 {
			empty++
		} else if matching < 100 {
			narrow++
		}
		if want := min(limit, matching); len(found) != want {
			t.Errorf("search %d: %d found, want %d of %d matching: %+v", i, len(found), want, matching, f)
		}
		seen := map[string]bool{}
		for _, c := range found {
			if !meets(bySKU[c.Product.SKU], f, rates) {
				t.Errorf("search %d: %+v does not meet %+v", i, c.Product, f)
			}
			if seen[c.Product.SKU] {
				t.Errorf("search %d: %s twice", i, c.Product.SKU)
			}
			seen[c.Product.SKU] = true
		}
	}
	if narrow < 10 || empty == 0 {
		t.Errorf("the filters were too wide to try anything: %d narrow, %d empty", narrow, empty)
	}
}

// In a large catalogue common words only order what rare ones found: the best stay what they are.
func TestCommonWordsFollowRareOnes(t *testing.T) {
	t.Parallel()
	all, pool, e := newFakeStore(t)
	few := retrieval.NewStore(pool, e, retrieval.Options{MaxPostings: 50})
	r := rand.New(rand.NewPCG(5, 5))
	importListings(t, all, listings(r, 1500))
	for range 20 {
		text := fmt.Sprintf("%s %s model %d", pick(r, "black", "white", "red"), pick(r, "shoes", "kettle", "television"), r.IntN(500))
		q := shop.Query{Text: text, Limit: 150}
		want, err := all.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := few.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var best, found float64
		for i := range want {
			best, found = max(best, want[i].TextScore), max(found, got[i].TextScore)
		}
		if best == 0 || math.Abs(best-found) > 1e-9 {
			t.Errorf("%q: best text score %v, want %v", text, found, best)
		}
	}
}

// Writers of every kind, at once, leave totals and postings as if everything had been computed anew.
func TestTotalsAndPostingsStayExact(t *testing.T) {
	t.Parallel()
	s, pool, _ := newFakeStore(t)
	r := rand.New(rand.NewPCG(3, 3))
	all := listings(r, 300)
	importListings(t, s, all[:200])
	done := make(chan error)
	for worker := range 4 {
		go func() {
			r := rand.New(rand.NewPCG(uint64(worker), 9))
			var err error
			for range 40 {
				p := all[r.IntN(len(all))].Product
				if r.IntN(3) == 0 {
					err = s.Delete(t.Context(), p.SKU)
					if code, _ := shop.CodeOf(err); code == shop.CodeNotFound {
						err = nil
					}
				} else {
					p.Price.Minor, p.Title = int64(r.IntN(100)), p.Title+pick(r, "", " new", " old edition")
					_, err = s.Put(t.Context(), p)
				}
				if err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	importBare(t, s, all[100:150])
	var wrong int
	err := pool.QueryRow(t.Context(), `
		WITH anew AS (SELECT t.term, p.id product_id, t.count, p.length FROM products p, unnest(p.terms, p.counts) t(term, count))
		SELECT (SELECT count(*) FROM (TABLE anew EXCEPT TABLE product_terms) a) + (SELECT count(*) FROM (TABLE product_terms EXCEPT TABLE anew) b)
			+ (SELECT count(*) FROM catalogue_state s WHERE s.products <> (SELECT count(*) FROM products)
				OR abs(s.length - (SELECT sum(length::float8) FROM products)) > 0.01)
			+ (SELECT count(*) FROM product_vectors v WHERE NOT EXISTS (SELECT FROM products p WHERE p.text_hash = v.text_hash))
			+ (SELECT count(*) FROM products p WHERE NOT EXISTS (SELECT FROM product_vectors v WHERE p.text_hash = v.text_hash))`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d rows differ from what they should be, %v", wrong, err)
	}
}

// importBare imports the listings stripped of everything but title and price.
func importBare(t *testing.T, s *retrieval.Store, all []listing) {
	t.Helper()
	var text strings.Builder
	for _, l := range all {
		fmt.Fprintf(&text, `{"sku":%q,"title":%q,"price_minor":1,"currency":"USD","stock":1}`+"\n", l.SKU, l.Title)
	}
	if _, err := importText(t, s, text.String(), retrieval.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
}
