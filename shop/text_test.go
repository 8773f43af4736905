package shop_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"floorwalker/shop"
)

func TestSearchTextSaysEachThingOnce(t *testing.T) {
	for name, c := range map[string]struct {
		product shop.Product
		want    string
	}{
		"brand missing from the title is put first": {
			shop.Product{Title: "Trail Runner 2", Brand: "Nordlauf", Category: "running shoes", Description: "Light and grippy."},
			"Nordlauf Trail Runner 2. running shoes. Light and grippy."},
		"brand in the title is not repeated": {
			shop.Product{Title: "NORDLAUF Trail Runner 2", Brand: "Nordlauf"}, "NORDLAUF Trail Runner 2"},
		"a brand inside a longer word is another word": {
			shop.Product{Title: "Hpx cable", Brand: "HP"}, "HP Hpx cable"},
		"category in the title is not repeated": {
			shop.Product{Title: "Red Running  Shoes", Category: "running shoes"}, "Red Running  Shoes"},
		"a title alone": {shop.Product{Title: "Mug", Description: "Mug"}, "Mug"},
		"nothing":       {shop.Product{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.product.SearchText(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSearchTextIsBounded(t *testing.T) {
	p := shop.Product{Title: "茶杯", Description: strings.Repeat("很大的杯子", 20_000)}
	for want, text := range map[int]string{160: p.SearchText(), 600: p.PairText()} {
		if n := utf8.RuneCountInString(text); n != want {
			t.Errorf("%d runes, want %d", n, want)
		}
		if !utf8.ValidString(text) {
			t.Error("cut inside a rune")
		}
	}
	p = shop.Product{Title: "Mug", Description: strings.Repeat("stoneware ", 100)}
	if got := p.SearchText(); !strings.HasSuffix(got, "stoneware") || utf8.RuneCountInString(got) < 150 {
		t.Errorf("not cut at a word: %q", got)
	}
}

func TestSearchTextInAnotherLanguageFallsBackToEnglish(t *testing.T) {
	p := shop.Product{Title: "Mug", Titles: map[string]string{"zh": "马克杯"}, Descriptions: map[string]string{"zh": "白色陶瓷"}}
	if got := p.SearchTextIn(shop.Chinese); got != "马克杯" {
		t.Errorf("Chinese: %q", got)
	}
	if got := (shop.Product{Title: "Mug"}).SearchTextIn(shop.Chinese); got != "Mug" {
		t.Errorf("without translation: %q", got)
	}
}

// What a model is trained on and what it is served must be the same; training/test_text.py reads the same cases.
func TestTextsAreThoseOfTheTraining(t *testing.T) {
	file, err := os.Open("../training/texts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cases := 0
	for lines := bufio.NewScanner(file); lines.Scan(); cases++ {
		var c struct {
			Product    shop.Product
			SearchText string `json:"search_text"`
			PairText   string `json:"pair_text"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.Product.SearchText(); got != c.SearchText {
			t.Errorf("search text %q, want %q", got, c.SearchText)
		}
		if got := c.Product.PairText(); got != c.PairText {
			t.Errorf("pair text %q, want %q", got, c.PairText)
		}
	}
	if cases < 10 {
		t.Errorf("%d cases", cases)
	}
}
