package retrieval_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

func TestOffersSayWhatAProductCostAndWhenItWasThere(t *testing.T) {
	s, pool, _ := newFakeStore(t)
	put := func(sku string, minor int64, stock int, description string) {
		t.Helper()
		if _, err := s.Put(t.Context(), shop.Product{SKU: sku, Title: "A mug", Price: shop.Money{Minor: minor, Currency: "USD"}, Stock: stock, Description: description}); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	put("mug", 750, 5, "tin")
	put("mug", 750, 3, "tin")     // still there
	put("mug", 750, 3, "red tin") // another text
	put("mug", 750, 0, "tin")     // sold out
	put("mug", 700, 4, "tin")
	put("cup", 300, 5, "clay")
	file := `{"sku":"cup","title":"A cup","price_minor":280,"currency":"USD","stock":5}` + "\n" + `{"sku":"pot","title":"A pot","price_minor":900,"currency":"USD","stock":0}` + "\n"
	if _, err := s.Import(t.Context(), strings.NewReader(file), retrieval.FormatJSONL, retrieval.ImportOptions{Catalogue: "own"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "mug"); err != nil {
		t.Fatal(err)
	}
	type offer struct {
		sku   string
		minor int64
		open  bool
	}
	offers := func(since time.Time) (all []offer) {
		t.Helper()
		got, err := s.Offers(t.Context(), []string{"mug", "cup", "pot", "none"}, since)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range got {
			if i > 0 && got[i-1].SKU == o.SKU && !got[i-1].At.Before(o.At) {
				t.Errorf("%v is not after %v", o, got[i-1])
			}
			all = append(all, offer{o.SKU, o.Price.Minor, o.Open})
		}
		return all
	}
	same := func(what string, got []offer, want ...offer) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
	}
	all := []offer{{"cup", 300, true}, {"cup", 280, true}, {"mug", 750, true}, {"mug", 750, false}, {"mug", 700, true}, {"mug", 700, false}, {"pot", 900, false}}
	same("all", offers(began.Add(-time.Hour)), all...)
	same("those of now", offers(time.Now().Add(time.Hour)), all[1], all[5], all[6])
	if n, err := retrieval.ForgetOffers(t.Context(), pool, began.Add(-time.Hour), 100); n != 0 || err != nil {
		t.Errorf("%d young offers are forgotten, %v", n, err)
	}
	if n, err := retrieval.ForgetOffers(t.Context(), pool, time.Now().Add(time.Hour), 3); n != 3 || err != nil {
		t.Errorf("%d are forgotten, want 3 at once: %v", n, err)
	}
	if n, err := retrieval.ForgetOffers(t.Context(), pool, time.Now().Add(time.Hour), 100); n != 1 || err != nil {
		t.Errorf("%d are forgotten, want one more: %v", n, err)
	}
	same("after that", offers(began.Add(-time.Hour)), all[1], all[5], all[6])
}

func TestAPriceIsChangedWithWhatIsNotedOrNotAtAll(t *testing.T) {
	s, _, embedder := newFakeStore(t)
	usd := func(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }
	was := usd(900)
	before, err := s.Put(t.Context(), shop.Product{SKU: "mug", Title: "A mug", Price: usd(750), Was: &was, Stock: 3, CostMinor: 300, Description: "tin", Attributes: map[string]string{"colour": "red"}})
	if err != nil {
		t.Fatal(err)
	}
	texts := embedder.texts.Load()
	noted := 0
	note := func(pgx.Tx) error { noted++; return nil }
	read := func() shop.Product {
		t.Helper()
		found, err := s.Products(t.Context(), []string{"mug"})
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		return found[0]
	}
	broken := errors.New("the note can't be kept")
	if err := s.Reprice(t.Context(), "mug", usd(750), usd(700), func(pgx.Tx) error { return broken }); !errors.Is(err, broken) || read().Price != usd(750) {
		t.Errorf("%v, and it costs %s", err, read().Price)
	}
	for _, c := range []struct {
		sku      string
		from, to shop.Money
		code     string
	}{{"mug", usd(740), usd(700), shop.CodeConflict}, {"mug", usd(750), shop.Money{Minor: 700, Currency: "EUR"}, shop.CodeConflict}, {"cup", usd(750), usd(700), shop.CodeNotFound},
		{"mug", usd(750), usd(-1), "invalid_product"}} {
		if err := s.Reprice(t.Context(), c.sku, c.from, c.to, note); code(err) != c.code {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if noted != 0 {
		t.Errorf("%d changes that were refused are noted", noted)
	}
	if err := s.Reprice(t.Context(), "mug", usd(750), usd(700), note); err != nil || noted != 1 {
		t.Fatalf("%v, noted %d times", err, noted)
	}
	after := read()
	if after.Price != usd(700) || after.Version != before.Version+1 || after.Stock != 3 || after.CostMinor != 300 || after.Was == nil || *after.Was != was || after.Attributes["colour"] != "red" {
		t.Errorf("%+v", after)
	}
	if embedder.texts.Load() != texts {
		t.Error("the text was embedded again")
	}
	if found, err := s.Search(t.Context(), shop.Query{Text: "mug", Lang: shop.English, Limit: 5}); err != nil || len(found) != 1 || found[0].Product.Price != usd(700) {
		t.Errorf("%+v, %v", found, err)
	}
	if err := s.Reprice(t.Context(), "mug", usd(700), usd(950), note); err != nil || read().Was != nil {
		t.Errorf("%v; a dearer mug was cheaper: %v", err, read().Was)
	}
}

// code is that of an error for people; "" for others.
func code(err error) string {
	if e, ok := errors.AsType[*shop.Error](err); ok {
		return e.Code
	}
	return ""
}
