package dialog_test

import (
	"context"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// TestOpenConversationsHearOfWhatTheyShowed has three conversations: two showed the mug, of which one is long over.
func TestOpenConversationsHearOfWhatTheyShowed(t *testing.T) {
	pool := pgtest.New(t)
	d := start(t, pool, script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		o := outcome(turn)
		o.State.Seen = []string{turn.Text, "lamp"}
		return o, out.Say(ctx, "here")
	}), dialog.Options{})
	talk := func(about string) (string, *reader) {
		d.open()
		r := d.attach(dialog.Position{})
		d.post("c1", about)
		r.until(protocol.TypeMessageCompleted)
		return d.session, r
	}
	_, hears := talk("mug")
	_, other := talk("tent")
	over, old := talk("mug")
	if _, err := pool.Exec(t.Context(), `UPDATE sessions SET active_at = now() - interval '2 days' WHERE id = $1`, over); err != nil {
		t.Fatal(err)
	}
	usd := func(minor int64) shop.Money { return shop.Money{Minor: minor, Currency: "USD"} }
	if err := d.ProductsChanged(t.Context(), []shop.ProductNews{
		{SKU: "mug", Version: 7, Price: usd(500), Was: usd(750), Stock: 3},
		{SKU: "nobody-saw-it", Version: 2, Price: usd(1), Was: usd(1)},
	}); err != nil {
		t.Fatal(err)
	}
	var got protocol.CardUpdated
	if err := hears.until(protocol.TypeCardUpdated).Into(&got); err != nil {
		t.Fatal(err)
	}
	if got.SKU != "mug" || got.Version != 7 || got.Price.Minor != 500 || got.PriceText != "$5.00" || got.Was == nil || got.Was.Minor != 750 || !got.Restocked || *got.Stock != 3 || got.Gone {
		t.Errorf("%+v", got)
	}
	if err := d.ProductsChanged(t.Context(), []shop.ProductNews{{SKU: "lamp", Version: 2, Gone: true}}); err != nil {
		t.Fatal(err)
	}
	got = protocol.CardUpdated{}
	if err := other.until(protocol.TypeCardUpdated).Into(&got); err != nil || got.SKU != "lamp" || !got.Gone || got.Price != nil {
		t.Errorf("%+v, %v", got, err)
	}
	old.quiet(100 * time.Millisecond)
}
