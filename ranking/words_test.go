package ranking

import (
	"slices"
	"testing"

	"floorwalker/shop"
)

func TestQueryTerms(t *testing.T) {
	for query, want := range map[string]terms{
		"running shoes":                         {[]string{"running", "shoe"}, "shoe"},
		"I am looking for a case for my iPhone": {[]string{"case", "iphone"}, "case"},
		"women's boots":                         {[]string{"women", "boot"}, "boot"},
		"something to listen to music":          {[]string{"listen", "music"}, ""},
		"gift for a fisherman":                  {[]string{"fisherman"}, ""},
		"mug with lid, dishwasher safe":         {[]string{"mug", "lid", "dishwasher", "safe"}, "mug"},
		"mugs and mugs":                         {[]string{"mug"}, "mug"},
		"红色 dress":                              {[]string{"红", "色", "dress"}, "dress"},
		"?!":                                    {nil, ""},
	} {
		if got := queryTerms(query); !slices.Equal(got.words, want.words) || got.head != want.head {
			t.Errorf("%q: %+v, want %+v", query, got, want)
		}
	}
}

func TestWordsAreFoundAsPeopleWriteThem(t *testing.T) {
	p := shop.Product{Title: "Head set with microphone", Brand: "Klangwerk", Category: "audio", Description: "Navy. Wi-Fi 6, 64GB.",
		Attributes: map[string]string{"for": "ladies"}}
	for query, want := range map[string]float64{
		"headset":           1,
		"head set":          1,
		"headsets":          1,
		"klangwerk headset": 1,
		"wifi headset":      1,
		"blue headset":      1,
		"klangwrek headset": 0.9, // two letters swapped
		"micrphone":         0.8,
		"64gb microphone":   1,
		"32gb microphone":   0.5,
		"purple kettle":     0,
		"navy kettle":       0.25, // half of half: the colour of another thing
	} {
		if got := queryTerms(query).matchIn(p); got.found != want {
			t.Errorf("%q: %.2f found, want %.2f (%v)", query, got.found, want, got.in)
		}
	}
}

func TestOtherWordsForTheSameThingAreFound(t *testing.T) {
	notebook := shop.Product{Title: "ACME X1 notebook, 15 inch", Category: "Computers"}
	m := queryTerms("gaming laptop").matchIn(notebook)
	if m.found != 0.5 || !m.kind || !slices.Equal(m.in["title_match"], []string{"laptop"}) {
		t.Errorf("a notebook for a laptop: %+v", m)
	}
	if m := queryTerms("notebook").matchIn(shop.Product{Title: "ACME laptop"}); m.found != 0 {
		t.Errorf("a laptop for a notebook, which may be paper: %+v", m)
	}
}

func TestWordsAreJoinedWhereTheCandidatesJoinThem(t *testing.T) {
	names := func(titles ...string) (out []shop.Candidate) {
		for _, title := range titles {
			out = append(out, shop.Candidate{Product: shop.Product{Title: title}})
		}
		return out
	}
	for _, c := range []struct {
		query string
		among []shop.Candidate
		want  string
	}{
		{"Head Set", names("ACME headset", "Headsets, black", "Doll with a head and a set of combs"), "headset"},
		{"gaming head sets, black", names("ACME headset"), "gaming headsets black"},
		{"Mouse pad!", names("ACME mouse pad", "Large mouse pads", "One mousepad"), "Mouse pad!"},
		{"note book", names("Desk", "Lamp"), "note book"},
		{"headset", names("ACME head set"), "headset"},
		{"a b c d", names("abcd", "ab cd"), "ab cd"},
	} {
		if got := together(c.query, c.among); got != c.want {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
	}
}

func TestAQueryIsSaidAsListingsMaySayIt(t *testing.T) {
	for query, want := range map[string][]string{
		"Gaming Laptops": {"Gaming Laptops", "gaming notebook", "gaming ultrabook", "gaming chromebook"},
		"sofa":           {"sofa", "couch", "settee"},
		"desk lamp":      {"desk lamp"},
		"":               {""},
	} {
		if got := said(query); !slices.Equal(got, want) {
			t.Errorf("%q is said %q, want %q", query, got, want)
		}
	}
	if got := said("laptop headphone mobile trousers"); len(got) != mostSaid {
		t.Errorf("%d ways", len(got))
	}
}

func TestOneLetterOff(t *testing.T) {
	for _, pair := range [][2]string{{"keyboard", "keybord"}, {"wireless", "wirless"}, {"necklace", "necklase"}, {"monitor", "mointor"}} {
		if !oneLetterOff(pair[0], pair[1]) || !oneLetterOff(pair[1], pair[0]) {
			t.Errorf("%s and %s are not taken for the same", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"red", "bed"}, {"mouse", "house"}, {"mp3100", "mp3200"}, {"keyboard", "keybrd"}, {"shirt", "shorts"}} {
		if oneLetterOff(pair[0], pair[1]) || oneLetterOff(pair[1], pair[0]) {
			t.Errorf("%s and %s are taken for the same", pair[0], pair[1])
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("women's running shoes", "Trail shoe 鞋", "ladies’ \xff")
	f.Fuzz(func(t *testing.T, query, title, description string) {
		m := queryTerms(query).matchIn(shop.Product{Title: title, Description: description})
		if !(m.found >= 0 && m.found <= 1) {
			t.Errorf("%v found", m.found)
		}
	})
}
