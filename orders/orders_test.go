package orders_test

import (
	"fmt"
	"strings"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/orders"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

const twoOrders = `{"id":"A-10482","customer":"ann","status":"shipped","lines":[{"sku":"mug","title":"Tin Mug","quantity":2,"price":{"minor":750,"currency":"USD"}}],"total":{"minor":1500,"currency":"USD"},"placed_at":"2026-05-01","eta":"2026-05-06","carrier":"Post","tracking":"XZ1"}

{"id":"#W77","customer":"ann","status":"delivered","lines":[],"total":{"minor":900,"currency":"EUR"},"placed_at":"2026-04-01"}
`

func TestOrdersAreFoundByTheirNumberHoweverItIsWritten(t *testing.T) {
	book := orders.NewOrders(pgtest.New(t))
	ctx := t.Context()
	if n, err := book.Import(ctx, strings.NewReader(twoOrders)); n != 2 || err != nil {
		t.Fatalf("imported %d, %v", n, err)
	}
	want := shop.Order{ID: "A-10482", Customer: "ann", Status: "shipped", Total: dollars(1500), PlacedAt: "2026-05-01", ETA: "2026-05-06",
		Carrier: "Post", Tracking: "XZ1", Lines: []shop.OrderLine{{SKU: "mug", Title: "Tin Mug", Quantity: 2, Price: dollars(750)}}}
	for _, number := range []string{"A-10482", "a-10482", " #A-10482 "} {
		got, err := book.Find(ctx, number)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", number, err, diff)
		}
	}
	for _, number := range []string{"W78", "", "\x00", "' OR 1=1 --", "\xff"} {
		if _, err := book.Find(ctx, number); code(err) != shop.CodeNotFound {
			t.Errorf("%q: %v", number, err)
		}
	}
	mine, err := book.Of(ctx, "ann")
	if err != nil || len(mine) != 2 || mine[0].ID != "A-10482" {
		t.Errorf("ann's orders: %+v, %v", mine, err)
	}
	for _, other := range []string{"bob", ""} {
		if theirs, err := book.Of(ctx, other); err != nil || len(theirs) != 0 {
			t.Errorf("%q's orders: %+v, %v", other, theirs, err)
		}
	}
}

func TestImportReplacesOrdersAndTakesAllOrNothing(t *testing.T) {
	book := orders.NewOrders(pgtest.New(t))
	ctx := t.Context()
	if _, err := book.Import(ctx, strings.NewReader(twoOrders)); err != nil {
		t.Fatal(err)
	}
	if _, err := book.Import(ctx, strings.NewReader(strings.Replace(twoOrders, "shipped", "delivered", 1))); err != nil {
		t.Fatal(err)
	}
	if o, err := book.Find(ctx, "A-10482"); err != nil || o.Status != "delivered" {
		t.Errorf("%+v, %v", o, err)
	}
	for name, bad := range map[string]string{
		"broken JSON":    `{"id":`,
		"no id":          `{"id":" # ","status":"new","total":{"minor":1,"currency":"USD"}}`,
		"no status":      `{"id":"1","total":{"minor":1,"currency":"USD"}}`,
		"negative total": `{"id":"1","status":"new","total":{"minor":-1,"currency":"USD"}}`,
		"no currency":    `{"id":"1","status":"new","total":{"minor":1}}`,
		"negative price": `{"id":"1","status":"new","total":{"minor":1,"currency":"USD"},"lines":[{"quantity":1,"price":{"minor":-1}}]}`,
		"endless line":   strings.Repeat("x", 2<<20),
	} {
		text := strings.Replace(twoOrders, "A-10482", "NEW", 1) + bad + "\n"
		if _, err := book.Import(ctx, strings.NewReader(text)); code(err) != shop.CodeBadRequest || !strings.Contains(err.Error(), "Line 4") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := book.Find(ctx, "NEW"); code(err) != shop.CodeNotFound {
			t.Errorf("%s: half of the file was imported", name)
		}
	}
	var many strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&many, `{"id":"M%d","customer":"max","status":"new","total":{"minor":1,"currency":"USD"},"placed_at":"2026-01-01"}`+"\n", i)
	}
	if n, err := book.Import(ctx, strings.NewReader(many.String())); n != 1200 || err != nil {
		t.Errorf("imported %d, %v", n, err)
	}
	if all, err := book.Of(ctx, "max"); err != nil || len(all) != 50 {
		t.Errorf("%d orders of one customer, %v", len(all), err)
	}
}
