package agent

import (
	"testing"

	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsShownIsOfTheAskedKind(t *testing.T) {
	product := func(title, category, description string) shop.Product {
		return shop.Product{SKU: title, Title: title, Category: category, Description: description}
	}
	for name, c := range map[string]struct {
		asked string
		p     shop.Product
		want  int
	}{
		"a laptop":                             {"laptop", product("Orin 14 Laptop, Silver", "Computers", ""), isIt},
		"a notebook for a laptop":              {"laptop", product("Orin 14 Notebook Black 39.6 cm", "pixels", ""), isIt},
		"a notebook PC":                        {"laptop", product("Orin Notebook PC", "", ""), isIt},
		"a laptop bag is no laptop":            {"laptop", product("Urban Laptop Bag 15 inch", "", ""), another},
		"a notebook case is no laptop":         {"laptop", product("Slim Sleeve 14", "notebook case", "for every laptop"), another},
		"a lock for laptops is none":           {"laptop", product("Steel lock for laptops", "", ""), another},
		"a battery for select laptops is none": {"laptop", product("V7 Battery for select ACME/OTHER laptops", "select", ""), another},
		"a backpack for laptops is a backpack": {"backpack", product("Backpack for 15 inch laptops", "Bags", ""), isIt},
		"a laptop bag is a bag":                {"laptop bag", product("Urban Laptop Bag 15 inch", "", ""), isIt},
		"a mouse":                              {"wireless mouse", product("Wireless Optical Mouse", "mouse", ""), isIt},
		"mice":                                 {"mouse", product("Two mice in a box", "", ""), isIt},
		"shelves":                              {"bookshelves", product("Oak Bookshelf", "", ""), isIt},
		"pants":                                {"pants", product("Slim Pant", "", ""), isIt},
		"shorts":                               {"shorts", product("Cargo Shorts", "", ""), isIt},
		"what is short is no shorts":           {"shorts", product("Cargo, short", "", ""), another},
		"a graphics card":                      {"graphics card", product("Orin GPU 8 GB", "", ""), isIt},
		"a mouse pad is no mouse":              {"mouse", product("Large mouse pad", "Accessories", ""), another},
		"a keyboard is no mouse":               {"wireless mouse", product("Wireless keyboard", "keyboard", "goes well with a mouse"), mentions},
		"a boot is a shoe":                     {"shoes", product("Walker Leather Boots", "Boots", ""), isIt},
		"a shoe is no boot":                    {"boots", product("City Shoe", "Shoes", ""), another},
		"a dress shirt is no dress":            {"dress", product("Classic Dress Shirt", "Shirts", ""), another},
		"a table lamp is no table":             {"table", product("Brass Table Lamp", "Lighting", ""), another},
		"a table lamp is a lamp":               {"lamp", product("Brass Table Lamp", "Lighting", ""), isIt},
		"a doll's diapers are no diapers":      {"diapers", product("Doll diapers", "doll accessory", ""), another},
		"the category's last word says it":     {"printer", product("X200 A4", "laser printer", ""), isIt},
		"a printer drum is no printer":         {"printer", product("X200 drum", "printer drum", ""), another},
		"a thermal printer is a printer":       {"printer", product("Orin QL label printer Direct thermal", "", ""), isIt},
		"a tablet design makes no tablet":      {"tablet", product("Sol 7 Portable DVD Player", "", "Sleek tablet design with a card slot"), another},
		"a tablet PC is a tablet":              {"tablet", product("Orin tc40 Tablet PC", "", "Core Duo notebook PC"), isIt},
		"in Chinese":                           {"无线鼠标", product("Wireless Optical Mouse", "mouse", ""), isIt},
		"a style counts as a category":         {"backpack", shop.Product{Title: "Explorer", Category: "accessories", Attributes: map[string]string{"style": "backpack"}}, isIt},
		"a Chinese title":                      {"登山包", shop.Product{Title: "X", Titles: map[string]string{"zh": "轻量登山包 绿色"}}, isIt},
	} {
		t.Run(name, func(t *testing.T) {
			if got := readKind(c.asked).verdict(c.p); got != c.want {
				t.Errorf("%q for %q: %d, want %d", c.p.Title, c.asked, got, c.want)
			}
		})
	}
}

func TestWordsThatDescribeMustHoldWhereTheyAreNoMatterOfTaste(t *testing.T) {
	found := []shop.Candidate{
		{Product: shop.Product{SKU: "a", Title: "Travel Mug"}, Relevance: 0.5}, {Product: shop.Product{SKU: "b", Title: "Coffee Mug"}, Relevance: 0.6},
		{Product: shop.Product{SKU: "c", Title: "Mug", Description: "For coffee and tea."}, Relevance: 0.5}, {Product: shop.Product{SKU: "d", Title: "Mug"}, Relevance: 0.8},
	}
	skus := func(asked string) (all string) {
		k := readKind(asked)
		for _, c := range k.qualified(k.selected(found)) {
			all += c.Product.SKU
		}
		return all
	}
	for asked, want := range map[string]string{"coffee mug": "bc", "nice mug": "abcd", "travel mug": "ad", "mug": "abcd", "tent": "", "self-heating mug": "d"} {
		if diff := cmp.Diff(want, skus(asked)); diff != "" {
			t.Errorf("%s: %s", asked, diff)
		}
	}
}

func TestAThingIsNoQualityThoughItIsNamedAfterOne(t *testing.T) {
	for phrase, want := range map[string]bool{"short": true, "shorts": false, "light": true, "wireless": true, "mice": false} {
		if got := onlyQuality(phrase); got != want {
			t.Errorf("%q only describes: %v", phrase, got)
		}
	}
}

func TestANameIsPutIntoTheSingularWhereItIsAPlural(t *testing.T) {
	for said, want := range map[string]string{"Samsung Tablets": "Samsung tablet", "wireless mice": "wireless mouse", "shorts": "shorts", "iPhone": "iPhone", "USB线": "USB线", "": ""} {
		if got := oneOf(said); got != want {
			t.Errorf("one of %q is %q, want %q", said, got, want)
		}
	}
}

func TestAnotherWayOfPrintingContradicts(t *testing.T) {
	if !contradicts("Orin QL label printer Direct thermal", []string{"laser"}) || contradicts("Orin LaserJet printer", []string{"laser"}) {
		t.Error("a thermal printer is shown for a laser printer, or a laser printer is not")
	}
}

func TestMeasuresAreReadWithTheirUnits(t *testing.T) {
	p := shop.Product{Title: `Orin Monitor 68.6 cm (27")`, Description: "Sleeps nobody.", Attributes: map[string]string{"storage": "1000 GB", "weight": "2.5 kg"}}
	for measure, want := range map[string]bool{"27 inch": true, "27英寸": true, "24 inch": false, "1 TB": true, "2.5 kg": true, "2.5公斤": true, "2 kg": false, "27 cm": false, "4 person": false} {
		if got := hasMeasure(p, measure); got != want {
			t.Errorf("%s: %v", measure, got)
		}
	}
}

func TestABrandIsPartedFromTheNameOfTheThing(t *testing.T) {
	v := shop.Vocabulary{Brands: []string{"HP", "Tripp Lite"}}
	for said, want := range map[string]string{"HP LaserJet P2015": "HP/LaserJet P2015", "tripp lite OmniSmart": "tripp lite/OmniSmart", "HP": "HP/", "Tripp Lite": "Tripp Lite/", "Acme Jet": "Acme Jet/"} {
		if got := brandApart(shop.Need{Brand: said}, v); got.Brand+"/"+got.Product != want {
			t.Errorf("%q is %s/%s, want %s", said, got.Brand, got.Product, want)
		}
	}
}
