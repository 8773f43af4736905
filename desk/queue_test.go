package desk_test

import (
	"context"
	"testing"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
)

func TestTheQueueThatFitsBestIsChosen(t *testing.T) {
	r := open(t, desk.Options{})
	boss := r.agent(desk.Agent{ID: "boss", Role: desk.RoleAdmin})
	for _, q := range []desk.Queue{{ID: "chinese", Name: "中文", Langs: []string{"zh"}}, {ID: "returns", Name: "Returns", Topics: []string{"return_refund", "complaint"}},
		{ID: "chinese-returns", Name: "退货", Langs: []string{"zh"}, Topics: []string{"return_refund"}}} {
		if err := r.PutQueue(t.Context(), boss, q); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, want string
		r          dialog.PersonRequest
	}{
		{"nothing special", "general", dialog.PersonRequest{Lang: shop.English, Reason: "customer_asked"}},
		{"the language alone", "chinese", dialog.PersonRequest{Lang: shop.Chinese, Reason: "customer_asked"}},
		{"the reason is a topic", "returns", dialog.PersonRequest{Lang: shop.English, Reason: "complaint"}},
		{"the intent is a topic", "returns", dialog.PersonRequest{Lang: shop.English, Reason: "policy", Intent: shop.IntentReturnRefund}},
		{"language and topic", "chinese-returns", dialog.PersonRequest{Lang: shop.Chinese, Reason: "policy", Intent: shop.IntentReturnRefund}},
		{"the topic counts more than the language", "returns", dialog.PersonRequest{Lang: shop.Chinese, Reason: "complaint"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if route, err := r.route(c.r); err != nil || route.Queue != c.want || route.Position != 1 {
				t.Errorf("%+v, %v; want %s", route, err, c.want)
			}
		})
	}
}

func TestRightsToAQueueHoldEverywhere(t *testing.T) {
	r := open(t, desk.Options{})
	boss := r.agent(desk.Agent{ID: "boss", Role: desk.RoleSupervisor})
	admin := r.agent(desk.Agent{ID: "admin", Role: desk.RoleAdmin})
	stranger := r.agent(desk.Agent{ID: "stranger", Queues: []string{"returns"}})
	if err := r.PutQueue(t.Context(), admin, desk.Queue{ID: "returns", Name: "Returns", Topics: []string{"complaint"}}); err != nil {
		t.Fatal(err)
	}
	refused(t, "a supervisor changes a queue", r.PutQueue(t.Context(), boss, desk.Queue{ID: "x", Name: "X"}), shop.CodeForbidden)
	seat, above := r.sit(stranger), r.sit(boss)
	c := r.waiting()
	epoch := c.now().OwnerEpoch
	ctx := t.Context()
	try := map[string]func(a desk.Agent) error{
		"claim":    func(a desk.Agent) error { _, err := r.Claim(ctx, a, c.session, epoch); return err },
		"see":      func(a desk.Agent) error { return r.MaySee(ctx, a, c.session) },
		"packet":   func(a desk.Agent) error { _, err := r.Packet(ctx, a, c.session, ""); return err },
		"whisper":  func(a desk.Agent) error { return r.Whisper(ctx, a, c.session, "n1", "a note") },
		"replies":  func(a desk.Agent) error { _, err := r.RepliesFor(ctx, a, c.session, nil); return err },
		"follow":   func(a desk.Agent) error { return seat.Follow(ctx, c.session) },
		"audit":    func(a desk.Agent) error { _, err := r.AuditLog(ctx, a, "", "", 0); return err },
		"overview": func(a desk.Agent) error { _, err := r.Overview(ctx, a); return err },
		"canned":   func(a desk.Agent) error { return r.PutReply(ctx, a, desk.Canned{ID: "x", Title: "X", Text: "x"}) },
	}
	for name, do := range try {
		refused(t, name+" by a stranger", do(stranger), shop.CodeForbidden)
		if name != "follow" {
			if err := do(boss); err != nil {
				t.Errorf("%s by a supervisor: %v", name, err)
			}
		}
	}
	above.until(protocol.TypeCaseChanged)
	// What a stranger's console is told holds nothing of the conversation.
	r.run(`UPDATE desk_cases SET queue_id = 'returns' WHERE session_id = $1`, c.session)
	seat.until(protocol.TypeCaseChanged) // it came into a queue of theirs
	r.run(`UPDATE desk_cases SET queue_id = 'general', note = 'secret' WHERE session_id = $1`, c.session)
	moved := read[protocol.CaseChanged](t, seat.until(protocol.TypeCaseChanged)).Case
	if moved.Status != "moved" || moved.Note != "" || moved.Last != "" {
		t.Errorf("a case that left is told as %+v", moved)
	}
}

func TestPlacesAreToldAsTheyChange(t *testing.T) {
	r := open(t, desk.Options{})
	kim := r.agent(desk.Agent{ID: "kim"})
	first, second, third := r.waiting(), r.waiting(), r.waiting()
	for i, c := range []*customer{first, second, third} {
		queued := read[protocol.HandoffQueued](t, c.until(protocol.TypeHandoffQueued))
		if queued.Position != i+1 {
			t.Errorf("customer %d is told place %d", i+1, queued.Position)
		}
	}
	at := func(c *customer, position int) {
		t.Helper()
		c.until(protocol.TypeHandoffWaiting, func(env protocol.Envelope) bool { return read[protocol.HandoffWaiting](t, env).Position == position })
	}
	at(third, 3)
	r.claim(kim, first)
	at(second, 1)
	at(third, 2)
	r.sit(kim)
	third.until(protocol.TypeHandoffWaiting, func(env protocol.Envelope) bool { return read[protocol.HandoffWaiting](t, env).Agents == 1 })
}

func TestEstimatesAreHonest(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) // a Monday
	r := openOn(t, pgtest.New(t), desk.Options{Now: func() time.Time { return now }}, echo)
	kim, boss := r.agent(desk.Agent{ID: "kim", Capacity: 9}), r.agent(desk.Agent{ID: "boss", Role: desk.RoleAdmin})
	estimate := func() int {
		t.Helper()
		route, err := r.route(dialog.PersonRequest{Lang: shop.English})
		if err != nil {
			t.Fatal(err)
		}
		return route.EstimateSeconds
	}
	waited := func() {
		t.Helper()
		c := r.waiting()
		r.claim(kim, c)
		r.run(`UPDATE desk_cases SET asked_at = first_claim - interval '90 seconds' WHERE session_id = $1`, c.session)
	}
	seat := r.sit(kim)
	waited()
	waited()
	if got := estimate(); got != 0 {
		t.Errorf("two waits are told as %d s; that is too few to tell", got)
	}
	waited()
	if got := estimate(); got != 90 {
		t.Errorf("an estimate of %d s after three waits of 90 s", got)
	}
	waiting := r.waiting()
	if got := estimate(); got != 180 {
		t.Errorf("the second in line is told %d s", got)
	}
	if place, ok, err := r.Place(t.Context(), waiting.session); err != nil || !ok || place.EstimateSeconds != 90 || place.Agents != 1 {
		t.Errorf("who waits is told %+v, %v, %v", place, ok, err)
	}
	if err := r.PutQueue(t.Context(), boss, desk.Queue{ID: "general", Name: "General", Hours: desk.Hours{"sun": {{"09:00", "17:00"}}}}); err != nil {
		t.Fatal(err)
	}
	if got := estimate(); got != 0 {
		t.Errorf("a closed desk promises %d s", got)
	}
	if place, _, err := r.Place(t.Context(), waiting.session); err != nil || place.EstimateSeconds != 0 {
		t.Errorf("a closed desk tells who waits %+v, %v", place, err)
	}
	if err := r.PutQueue(t.Context(), boss, desk.Queue{ID: "general", Name: "General"}); err != nil {
		t.Fatal(err)
	}
	seat.Close()
	r.run(`UPDATE desk_agents SET present_until = now() - interval '1 second'`)
	if got := estimate(); got != 0 {
		t.Errorf("nobody is there, and %d s are promised", got)
	}
}

func TestOutsideBusinessHoursTheFormIsOfferedAtOnce(t *testing.T) {
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC) // a Saturday
	r := openOn(t, pgtest.New(t), desk.Options{Now: func() time.Time { return now }}, echo)
	boss := r.agent(desk.Agent{ID: "boss", Role: desk.RoleAdmin})
	if err := r.PutQueue(t.Context(), boss, desk.Queue{ID: "general", Name: "General", Timezone: "Europe/Vienna", Hours: desk.Hours{"mon": {{"09:00", "18:00"}}}}); err != nil {
		t.Fatal(err)
	}
	c := r.waiting()
	offered := read[protocol.ContactOffered](t, c.until(protocol.TypeContactOffered))
	if want := time.Date(2026, 5, 4, 7, 0, 0, 0, time.UTC); offered.Reason != "closed" || offered.OpensAt == nil || !offered.OpensAt.Equal(want) {
		t.Errorf("offered %+v, want it closed until %v", offered, want)
	}
	if c.now().Owner != protocol.OwnerQueued {
		t.Errorf("the place in line is kept: %+v", c.now())
	}
}

func TestWhoWaitsTooLongIsOfferedTheFormOnce(t *testing.T) {
	r := open(t, desk.Options{})
	r.run(`UPDATE desk_queues SET patience = '200 milliseconds'`)
	c := r.waiting()
	if offered := read[protocol.ContactOffered](t, c.until(protocol.TypeContactOffered)); offered.Reason != "nobody" || offered.OpensAt != nil {
		t.Errorf("offered %+v", offered)
	}
	time.Sleep(300 * time.Millisecond)
	var offers int
	r.get(`SELECT count(*) FROM events WHERE session_id = $1 AND type = 'contact.offered'`, []any{c.session}, &offers)
	if offers != 1 {
		t.Errorf("offered %d times", offers)
	}
	// Somebody may still come.
	r.claim(r.agent(desk.Agent{ID: "kim"}), c)
}

func TestAnOwnerOfNoQueueStillWaitsSomewhere(t *testing.T) {
	r := open(t, desk.Options{})
	boss := r.agent(desk.Agent{ID: "boss", Role: desk.RoleAdmin})
	if err := r.PutQueue(context.Background(), boss, desk.Queue{ID: "general", Name: "中文", Langs: []string{"zh"}}); err != nil {
		t.Fatal(err)
	}
	route, err := r.route(dialog.PersonRequest{Lang: shop.English})
	if err != nil || route.Queue != "general" {
		t.Errorf("nobody speaks English, and the customer goes to %+v, %v", route, err)
	}
}
