package lexicon_test

import (
	"testing"

	"floorwalker/lexicon"
)

func TestNounsGoIntoThePluralAndBack(t *testing.T) {
	for one, many := range map[string]string{
		// regular
		"tent": "tents", "key": "keys", "cable": "cables", "shoe": "shoes", "case": "cases", "vase": "vases", "house": "houses", "rose": "roses",
		"size": "sizes", "glove": "gloves", "sleeve": "sleeves", "valve": "valves", "olive": "olives", "photo": "photos", "roof": "roofs", "camera": "cameras",
		"dvd": "dvds", "human": "humans", "ottoman": "ottomans", "specimen": "specimens", "mug": "mugs",
		// -es
		"watch": "watches", "brush": "brushes", "box": "boxes", "dress": "dresses", "mattress": "mattresses", "waltz": "waltzes", "bus": "buses", "lens": "lenses",
		"gas": "gases", "canvas": "canvases", "stylus": "styluses", "cactus": "cactuses", "thermos": "thermoses", "potato": "potatoes", "quiz": "quizzes",
		// -ies
		"battery": "batteries", "toy": "toys", "cookie": "cookies", "hoodie": "hoodies", "tie": "ties", "pie": "pies", "movie": "movies",
		// -ves
		"knife": "knives", "shelf": "shelves", "bookshelf": "bookshelves", "scarf": "scarves", "leaf": "leaves", "loaf": "loaves", "half": "halves", "wolf": "wolves",
		// irregular
		"mouse": "mice", "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth",
		"axe": "axes", "cache": "caches", "mousse": "mousses", "ski": "skis", "bikini": "bikinis", "menu": "menus", "cpu": "cpus", "tv": "tvs",
		// one form
		"series": "series", "chassis": "chassis", "fish": "fish", "news": "news", "electronics": "electronics", "graphics": "graphics",
		"glasses": "glasses", "shorts": "shorts", "tights": "tights",
		// only said in the plural
		"headphone": "headphones", "trouser": "trousers", "jean": "jeans", "pant": "pants", "scissor": "scissors", "sunglass": "sunglasses", "earbud": "earbuds",
		// names
		"wireless mouse": "wireless mice", "kitchen knife": "kitchen knives", "running shoe": "running shoes", "mouse pad": "mouse pads", "walkie-talkie": "walkie-talkies",
		"women's watch": "women's watches", "swim shorts": "swim shorts", "camera lens": "camera lenses", "pumice": "pumices",
	} {
		for _, given := range []string{one, many} {
			if got := lexicon.Singular(given); got != one {
				t.Errorf("singular of %q: %q, want %q", given, got, one)
			}
			if got := lexicon.Plural(given); got != many {
				t.Errorf("plural of %q: %q, want %q", given, got, many)
			}
		}
	}
}

func TestWhatIsNoPluralStaysAsItIs(t *testing.T) {
	for _, w := range []string{"", "glass", "chess", "wireless", "tennis", "oasis", "hummus", "plus", "ups", "gps", "ssd", "women's", "耳机", "usb c"} {
		if got := lexicon.Singular(w); got != w {
			t.Errorf("singular of %q: %q", w, got)
		}
	}
	for _, w := range []string{"", "ups", "耳机", "无线鼠标"} {
		if got := lexicon.Plural(w); got != w {
			t.Errorf("plural of %q: %q", w, got)
		}
	}
	if got := lexicon.Singular("cacti"); got != "cactus" {
		t.Errorf("singular of cacti: %q", got)
	}
}

func TestSynonymsAreFoundInSingularAndPlural(t *testing.T) {
	for word, want := range map[string]string{"trousers": "pants", "trouser": "pants", "pants": "trousers", "sneakers": "trainer", "sneaker": "trainer", "pyjamas": "pajamas", "colour": "color"} {
		if got := lexicon.Synonyms(word); len(got) != 1 || got[0] != want {
			t.Errorf("synonyms of %q: %q, want %q", word, got, want)
		}
	}
	if got := lexicon.Synonyms("desk"); len(got) != 0 {
		t.Errorf("synonyms of desk: %q", got)
	}
}

func BenchmarkSingular(b *testing.B) {
	for b.Loop() {
		for _, w := range []string{"wireless", "mice", "headphones", "watches", "shelves", "black", "usb"} {
			lexicon.Singular(w)
		}
	}
}
