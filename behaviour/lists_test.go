package behaviour_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestListsComeOutWithWhatCameOfThem(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	show := func(session, customer, ranking, query string, skus ...string) {
		cards := shop.Cards{RankingID: ranking, Model: "m-7", Query: query}
		for i, sku := range skus {
			cards.Cards = append(cards.Cards, shop.Card{Position: i + 1, SKU: sku})
		}
		watched := l.Watch(script(func(ctx context.Context, _ shop.Turn, out shop.Output) (shop.Outcome, error) {
			return shop.Outcome{}, out.Show(ctx, cards)
		}))
		if _, err := watched.Answer(t.Context(), shop.Turn{SessionID: session, Customer: customer, MessageID: ranking}, screen{}); err != nil {
			t.Fatal(err)
		}
	}
	show("s", "ann", "r-1", "wireless mouse", "mouse", "pad", "tent", "lamp")
	show("other", "ben", "r-2", "tent", "tent", "mouse")
	show("s", "ann", "r-3", "", "mug") // what is liked: nobody asked for it
	soon := noon.Add(time.Minute)
	of := func(id, session, client, ranking, sku string, a behaviour.Action, amount float64) behaviour.Event {
		e := click(id, session, sku, soon)
		e.Client, e.QueryID, e.Action, e.Attributes.Quantity, e.Attributes.DwellSeconds = client, ranking, a, amount, amount
		return e
	}
	forged := click("f", "s", "pad", noon) // a page that claims to have shown something
	forged.Action, forged.QueryID, forged.Message, forged.Attributes.Position.Ordinal = behaviour.Impression, "r-9", "pad", 1
	add(t, l, of("1", "s", "ann", "r-1", "mouse", behaviour.Click, 0), of("2", "s", "ann", "r-1", "mouse", behaviour.Dwell, 4),
		of("3", "s", "ann", "r-1", "tent", behaviour.Dwell, 12), of("4", "s", "ann", "r-8", "pad", behaviour.Click, 0),
		of("5", "s", "ann", "", "lamp", behaviour.AddToCart, 1), of("6", "order", "ann", "", "mouse", behaviour.Purchase, 1), forged)

	var out bytes.Buffer
	n, err := l.ExportLists(t.Context(), noon.Add(-time.Hour), &out)
	if err != nil || n != 2 {
		t.Fatalf("%d lists, %v", n, err)
	}
	var got []behaviour.List
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var one behaviour.List
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		got = append(got, one)
	}
	want := []behaviour.List{
		{Query: "wireless mouse", Model: "m-7", Time: noon, Cards: []behaviour.Seen{
			{SKU: "mouse", Position: 1, Clicked: true, Bought: true, DwellSeconds: 4}, {SKU: "pad", Position: 2},
			{SKU: "tent", Position: 3, Clicked: true, DwellSeconds: 12}, {SKU: "lamp", Position: 4, Clicked: true, Carted: true}}},
		{Query: "tent", Model: "m-7", Time: noon, Cards: []behaviour.Seen{{SKU: "tent", Position: 1}, {SKU: "mouse", Position: 2}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n, err := l.ExportLists(t.Context(), noon.Add(time.Hour), &out); err != nil || n != 0 {
		t.Errorf("%d lists later, %v", n, err)
	}
}
