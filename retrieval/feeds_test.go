package retrieval_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/retrieval"
	"floorwalker/shop"
)

const shopifyExport = "Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src\n" +
	"tent,Two-person tent,\"<p>Light &amp; dry.</p><script>alert(1)</script><ul><li>2 kg</li></ul>\",Alpine,Tents,sale,Color,Green,T-1,4,199.90,249.00,https://cdn.example/t.jpg\n" +
	"tent,,,,,,,Red,T-2,0,189.90,,\n" +
	"tent,,,,,,,,,,,,https://cdn.example/t2.jpg\n" +
	"mug,Mug,,Alpine,Mugs,,Title,Default Title,M-1,12,9.5,9.50,\n"

func TestShopifysExportIsOneProductAVariant(t *testing.T) {
	p := retrieval.ReadPreview([]byte(shopifyExport), true, retrieval.FormatShopify, retrieval.ImportOptions{Currency: "USD"}, 20)
	if p.Problem != "" || len(p.Rows) != 3 {
		t.Fatalf("%+v", p)
	}
	green, red, mug := p.Rows[0].Product, p.Rows[1].Product, p.Rows[2].Product
	if green.Title != "Two-person tent Green" || green.Description != "Light & dry.\n\n2 kg" || green.Brand != "Alpine" || green.Category != "Tents" ||
		green.Price != (shop.Money{Minor: 19990, Currency: "USD"}) || green.Stock != 4 || green.Attributes["colour"] != "Green" || green.ImageURL != "https://cdn.example/t.jpg" {
		t.Errorf("%+v", green)
	}
	if red.SKU != "T-2" || red.Title != "Two-person tent Red" || red.Stock != 0 || red.Price.Minor != 18990 || red.Description != green.Description || red.Attributes["colour"] != "Red" {
		t.Errorf("%+v", red)
	}
	if green.Was == nil || green.Was.Minor != 24900 || red.Was != nil || mug.Was != nil {
		t.Errorf("before they cost %v, %v and %v", green.Was, red.Was, mug.Was)
	}
	if mug.Title != "Mug" || len(mug.Attributes) != 0 || mug.Price.Minor != 950 || mug.Description != "" {
		t.Errorf("%+v", mug)
	}
}

func TestMerchantsFeedIsReadAsTableRSSAndAtom(t *testing.T) {
	for name, feed := range map[string]string{
		"table": "id\ttitle\tdescription\tprice\tsale price\tavailability\tbrand\tproduct type\timage link\tcolor\n" +
			"A1\tRoad bike\tFast\t1,299.00 EUR\t999.00 EUR\tin stock\tVelo\tSports > Bikes\thttps://cdn.example/b.jpg\tblue\n" +
			"A2\tBell\tLoud\t9,50 EUR\t\tout_of_stock\tVelo\tSports > Bells\t\t\n",
		"RSS": `<?xml version="1.0"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>A shop</title><link>https://shop.example</link>` +
			`<item><g:id>A1</g:id><title>Road bike</title><description>Fast</description><g:price>1,299.00 EUR</g:price><g:sale_price>999.00 EUR</g:sale_price><g:availability>in_stock</g:availability>` +
			`<g:brand>Velo</g:brand><g:google_product_category>1025</g:google_product_category><g:color>blue</g:color></item>` +
			`<item><g:id>A2</g:id><title>Bell</title><g:price>9.50 EUR</g:price><g:availability>out of stock</g:availability></item></channel></rss>`,
		"Atom": `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>A shop</title>` +
			`<entry><g:id>A1</g:id><title>Road bike</title><g:price>999 EUR</g:price><g:availability>in stock</g:availability><g:color>blue</g:color></entry>` +
			`<entry><g:id>A2</g:id><title>Bell</title><g:price>EUR 9.50</g:price><g:availability>preorder</g:availability></entry></feed>`,
	} {
		stock := 7
		p := retrieval.ReadPreview([]byte(feed), true, retrieval.FormatMerchant, retrieval.ImportOptions{Stock: &stock}, 20)
		if p.Problem != "" || len(p.Rows) != 2 || p.Rows[0].Problem != "" || p.Rows[1].Problem != "" {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		bike, bell := p.Rows[0].Product, p.Rows[1].Product
		if bike.SKU != "A1" || bike.Price != (shop.Money{Minor: 99900, Currency: "EUR"}) || bike.Stock != 7 || bike.Attributes["colour"] != "blue" {
			t.Errorf("%s: %+v", name, bike)
		}
		if (bike.Was == nil) != (name == "Atom") || bike.Was != nil && *bike.Was != (shop.Money{Minor: 129900, Currency: "EUR"}) || bell.Was != nil {
			t.Errorf("%s: before they cost %v and %v", name, bike.Was, bell.Was)
		}
		if bell.SKU != "A2" || bell.Price.Minor != 950 || bell.Price.Currency != "EUR" || bell.Stock != 0 {
			t.Errorf("%s: %+v", name, bell)
		}
	}
}

func TestColumnsAreWhatTheOperatorSays(t *testing.T) {
	const table = "Artikel;Bezeichnung;Preis;Bestand;Farbe;Notiz\n17;Regenjacke;79,95;3;gelb;intern\n"
	unsaid := retrieval.ReadPreview([]byte(table), true, retrieval.FormatCSV, retrieval.ImportOptions{}, 20)
	if unsaid.Problem == "" || len(unsaid.Columns) != 6 || unsaid.Columns[1].Name != "Bezeichnung" || unsaid.Columns[1].Sample != "Regenjacke" || unsaid.Columns[1].Field != "" {
		t.Errorf("%+v", unsaid)
	}
	columns := map[string]string{"Artikel": "sku", "Bezeichnung": "title", "Preis": "price", "Bestand": "stock", "Farbe": "attributes.colour"}
	said := retrieval.ReadPreview([]byte(table), true, retrieval.FormatCSV, retrieval.ImportOptions{Columns: columns, Currency: "EUR"}, 20)
	if said.Problem != "" || len(said.Rows) != 1 || said.Rows[0].Problem != "" {
		t.Fatalf("%+v", said)
	}
	if p := said.Rows[0].Product; p.SKU != "17" || p.Title != "Regenjacke" || p.Price != (shop.Money{Minor: 7995, Currency: "EUR"}) || p.Stock != 3 || p.Attributes["colour"] != "gelb" {
		t.Errorf("%+v", p)
	}
	columns["Notiz"] = "secret"
	if wrong := retrieval.ReadPreview([]byte(table), true, retrieval.FormatCSV, retrieval.ImportOptions{Columns: columns}, 20); !strings.Contains(wrong.Problem, `"Notiz" can't be "secret"`) {
		t.Errorf("%+v", wrong)
	}
}

func TestAnImportGoesOnWhileItsOwnerWaits(t *testing.T) {
	store, _, _ := newFakeStore(t)
	jobs := retrieval.NewJobs(store, slog.New(slog.DiscardHandler))
	if jobs.Latest() != nil {
		t.Error("an import before the first")
	}
	begin := func(content string) error {
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		return jobs.Start(file, "products.csv", "boss", retrieval.FormatShopify, retrieval.ImportOptions{Currency: "USD", MaxErrors: -1})
	}
	if err := begin(shopifyExport + "bad,Bad,,,,,,,B-1,many,1.00,\n"); err != nil {
		t.Fatal(err)
	}
	if code, _ := shop.CodeOf(begin(shopifyExport)); code != shop.CodeBusy {
		t.Errorf("a second import at once: %s", code)
	}
	go jobs.Run(t.Context()) //nolint:errcheck // it ends with the test
	ended := func() *retrieval.Job {
		for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if job := jobs.Latest(); !job.Ended.IsZero() {
				return job
			}
			if time.Now().After(end) {
				t.Fatalf("still at it: %+v", jobs.Latest())
			}
		}
	}
	job := ended()
	if job.Problem != "" || job.By != "boss" || job.Report.Inserted != 3 || job.Report.Bad != 1 || job.Report.Errors[0].Line != 6 {
		t.Errorf("%+v", job)
	}
	if err := begin("nothing that is a product\n"); err != nil {
		t.Fatal(err)
	}
	if job := ended(); job.Code != retrieval.CodeBadFile || job.Problem == "" {
		t.Errorf("%+v", job)
	}
}
