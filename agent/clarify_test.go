package agent

import (
	"strings"
	"testing"

	"floorwalker/shop"
)

func TestTheQuestionPartsWhatWasFoundBest(t *testing.T) {
	// Three brands evenly, one colour but for two: the brand parts better.
	var found []shop.Candidate
	for i := range 9 {
		color := "black"
		if i > 6 {
			color = "white"
		}
		found = append(found, shop.Candidate{Product: shop.Product{Brand: []string{"Acme", "Borel", "Corin"}[i%3], Attributes: map[string]string{"colour": color}}})
	}
	ask := func(lang shop.Lang, need shop.Need, found []shop.Candidate) string {
		return unmarked((&talk{lang: lang}).clarify(need, found))
	}
	if got := ask(shop.English, shop.Need{}, found); !strings.Contains(got, "Acme, Borel or Corin") {
		t.Errorf("asked %q", got)
	}
	if got := ask(shop.English, shop.Need{Brand: "Acme"}, found); !strings.Contains(got, "black or white") {
		t.Errorf("with the brand settled, asked %q", got)
	}
	if got := ask(shop.Chinese, shop.Need{Brand: "Acme"}, found); !strings.Contains(got, "黑色") || !strings.Contains(got, "白色") {
		t.Errorf("in Chinese, asked %q", got)
	}
	if got := ask(shop.English, shop.Need{Brand: "Acme", Color: "black"}, found); got != "" {
		t.Errorf("with both settled, asked %q", got)
	}
	if got := ask(shop.English, shop.Need{}, found[:4]); got != "" {
		t.Errorf("of four, asked %q", got)
	}
	for i := range found {
		found[i].Product.Brand = ""
	}
	if got := ask(shop.English, shop.Need{Color: "black"}, found); got != "" {
		t.Errorf("of products without brands, asked %q", got)
	}
}
