package desk_test

import (
	"slices"
	"testing"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/shop"
)

func TestCannedRepliesAreFilledWithWhatIsKnown(t *testing.T) {
	r := open(t, desk.Options{})
	kim, boss := r.agent(desk.Agent{ID: "kim"}), r.agent(desk.Agent{ID: "boss", Role: desk.RoleSupervisor})
	for _, c := range []desk.Canned{{ID: "all", Title: "All", Text: "{agent} {customer} {product} {queue} {order} {order_status} {order_eta} {order_tracking} {unknown}"},
		{ID: "only-zh", Lang: "zh", Title: "中文", Text: "您好"}} {
		if err := r.PutReply(t.Context(), boss, c); err != nil {
			t.Fatal(err)
		}
	}
	// A customer whose own words look like a variable.
	o, err := r.m.OpenCustomer(t.Context(), "{agent}", dialog.OpenRequest{Lang: shop.English})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := r.m.Attach(t.Context(), o.SessionID, dialog.Position{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sub.Close)
	c := &customer{sub, t, r, o.SessionID}
	c.says("m1", "red shoes")
	c.until("message.completed")
	c.asks()
	filled := func(order *shop.Order) desk.Canned {
		t.Helper()
		all, err := r.RepliesFor(t.Context(), kim, c.session, order)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(all, func(c desk.Canned) bool { return c.Lang == "zh" }) {
			t.Errorf("an English conversation is offered %+v", all)
		}
		return all[slices.IndexFunc(all, func(c desk.Canned) bool { return c.ID == "all" })]
	}
	got := filled(&shop.Order{ID: "10482", Status: "shipped", ETA: "2026-05-05", Tracking: "PU1"})
	if want := "Kim {agent} red shoes general 10482 shipped 2026-05-05 PU1 {unknown}"; got.Text != want || !slices.Equal(got.Missing, []string{"unknown"}) {
		t.Errorf("filled: %q, missing %v; want %q", got.Text, got.Missing, want)
	}
	if got := filled(nil); !slices.Equal(got.Missing, []string{"order", "order_status", "order_eta", "order_tracking", "unknown"}) {
		t.Errorf("without an order %v are missing", got.Missing)
	}
	if err := r.DeleteReply(t.Context(), boss, "all"); err != nil {
		t.Fatal(err)
	}
	if all, err := r.Replies(t.Context()); err != nil || slices.ContainsFunc(all, func(c desk.Canned) bool { return c.ID == "all" }) {
		t.Errorf("deleted, and there: %+v, %v", all, err)
	}
	refused(t, "an agent deletes", r.DeleteReply(t.Context(), kim, "only-zh"), shop.CodeForbidden)
	for name, bad := range map[string]desk.Canned{"an id": {ID: "A b", Title: "X", Text: "x"}, "a language": {ID: "x", Lang: "fr", Title: "X", Text: "x"}, "no title": {ID: "x", Text: "x"}} {
		refused(t, name, r.PutReply(t.Context(), boss, bad), shop.CodeBadRequest)
	}
	if err := r.PutReply(t.Context(), boss, desk.Canned{ID: "x", Title: "X", Text: " "}); err == nil {
		t.Error("an empty reply is kept")
	}
}
