package desk_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
)

func TestOfAllWhoClaimAtOnceOneWinsOverTwoServers(t *testing.T) {
	pool := pgtest.New(t)
	one := openOn(t, pool, desk.Options{}, echo)
	other := openOn(t, pool, desk.Options{}, echo)
	var agents []desk.Agent
	for _, id := range names("agent", 12) {
		agents = append(agents, one.agent(desk.Agent{ID: id}))
	}
	for round := range 5 {
		c := one.waiting()
		epoch := c.now().OwnerEpoch
		errs := make([]error, len(agents))
		gate := make(chan struct{})
		var wg sync.WaitGroup
		for i, a := range agents {
			wg.Go(func() {
				<-gate
				_, errs[i] = []*room{one, other}[i%2].Claim(t.Context(), a, c.session, epoch)
			})
		}
		close(gate)
		wg.Wait()
		won := ""
		for i, err := range errs {
			switch {
			case err == nil && won == "":
				won = agents[i].ID
			case err == nil:
				t.Errorf("round %d: %s and %s both have it", round, won, agents[i].ID)
			case !isOwnerChanged(err):
				t.Errorf("round %d: %s got %v", round, agents[i].ID, err)
			}
		}
		var owner string
		var claims, epochNow int64
		one.get(`SELECT agent_id, owner_epoch FROM desk_cases WHERE session_id = $1 AND status = 'claimed'`, []any{c.session}, &owner, &epochNow)
		one.get(`SELECT count(*) FROM events WHERE session_id = $1 AND type = 'handoff.claimed'`, []any{c.session}, &claims)
		if won == "" || owner != won || claims != 1 || epochNow != epoch+1 || c.now().OwnerEpoch != epoch+1 {
			t.Errorf("round %d: %q won, %q has it, %d claims, epoch %d after %d", round, won, owner, claims, epochNow, epoch)
		}
	}
}

func TestAnAgentTakesNoMoreThanItsCapacityHoweverFast(t *testing.T) {
	r := open(t, desk.Options{})
	kim := r.agent(desk.Agent{ID: "kim", Capacity: 2})
	var wg sync.WaitGroup
	errs := make([]error, 6)
	customers := make([]*customer, len(errs))
	for i := range customers {
		customers[i] = r.waiting()
	}
	for i, c := range customers {
		epoch := c.now().OwnerEpoch
		wg.Go(func() { _, errs[i] = r.Claim(t.Context(), kim, c.session, epoch) })
	}
	wg.Wait()
	taken := 0
	for _, err := range errs {
		if err == nil {
			taken++
		} else {
			refused(t, "one too many", err, shop.CodeConflict)
		}
	}
	var load int
	r.get(`SELECT count(*) FROM desk_cases WHERE agent_id = 'kim' AND status = 'claimed'`, nil, &load)
	if taken != 2 || load != 2 {
		t.Errorf("%d claims went through, %d are there; the capacity is 2", taken, load)
	}
	// Claiming again what one has changes nothing, also with full hands.
	for i, err := range errs {
		if err == nil {
			if again, err := r.Claim(t.Context(), kim, customers[i].session, 0); err != nil || again.AgentID != "kim" {
				t.Errorf("again: %+v, %v", again, err)
			}
		}
	}
}

func TestALostAgentsConversationGoesToTheHeadOfItsQueue(t *testing.T) {
	r := open(t, desk.Options{Lease: 400 * time.Millisecond})
	kim, lee := r.agent(desk.Agent{ID: "kim"}), r.agent(desk.Agent{ID: "lee"})
	seat, other := r.sit(kim), r.sit(lee)
	first := r.waiting()
	r.claim(kim, first)
	longer := r.waiting() // waits before the lost one comes back
	time.Sleep(3 * 400 * time.Millisecond)
	if s := first.now(); s.Owner != protocol.OwnerAgent {
		t.Fatalf("an open console did not keep its conversation: %+v", s)
	}
	epoch := first.now().OwnerEpoch
	seat.Close()
	released := read[protocol.HandoffChanged](t, first.until(protocol.TypeHandoffReleased))
	if released.Reason != "agent_lost" || released.Owner != protocol.OwnerQueued || released.OwnerEpoch != epoch+1 {
		t.Errorf("the customer is told %+v", released)
	}
	back := read[protocol.CaseChanged](t, other.until(protocol.TypeCaseChanged, func(env protocol.Envelope) bool {
		k := read[protocol.CaseChanged](t, env).Case
		return k.Session == first.session && k.OwnerEpoch == epoch+1
	})).Case
	if back.Status != "queued" || !back.Urgent || back.Position != 1 || back.AgentID != "" {
		t.Errorf("it came back as %+v", back)
	}
	place, ok, err := r.Place(t.Context(), longer.session)
	if err != nil || !ok || place.Position != 2 {
		t.Errorf("who waited longer stands at %+v, %v, %v; the lost one goes first", place, ok, err)
	}
	_, err = r.Reply(t.Context(), kim, first.session, desk.Reply{ClientMsgID: "late", Text: "I am back"})
	refused(t, "a reply of the lost agent", err, shop.CodeConflict)
	if _, err := r.Claim(t.Context(), lee, first.session, epoch); !isOwnerChanged(err) {
		t.Errorf("an old epoch claims: %v", err)
	}
	r.claim(lee, first)
}

func TestTransfers(t *testing.T) {
	r := open(t, desk.Options{})
	kim, lee := r.agent(desk.Agent{ID: "kim"}), r.agent(desk.Agent{ID: "lee", Capacity: 1})
	narrow, boss := r.agent(desk.Agent{ID: "narrow", Queues: []string{"returns"}}), r.agent(desk.Agent{ID: "boss", Role: desk.RoleAdmin})
	if err := r.PutQueue(t.Context(), boss, desk.Queue{ID: "returns", Name: "Returns", Topics: []string{"complaint"}}); err != nil {
		t.Fatal(err)
	}
	c := r.waiting()
	to := func(a desk.Agent, target desk.Target) error {
		return r.Transfer(t.Context(), a, c.session, target, "knows shoes")
	}
	refused(t, "before a claim", to(kim, desk.Target{AgentID: "lee"}), shop.CodeForbidden)
	r.claim(kim, c)
	refused(t, "to nobody", to(kim, desk.Target{}), shop.CodeBadRequest)
	refused(t, "to both", to(kim, desk.Target{AgentID: "lee", Queue: "general"}), shop.CodeBadRequest)
	refused(t, "to a stranger", to(kim, desk.Target{AgentID: "nobody"}), shop.CodeNotFound)
	refused(t, "to no queue", to(kim, desk.Target{Queue: "none"}), shop.CodeNotFound)
	refused(t, "to one who is not there", to(kim, desk.Target{AgentID: "lee"}), shop.CodeConflict)
	r.sit(lee)
	r.sit(narrow)
	refused(t, "to one without the right", to(kim, desk.Target{AgentID: "narrow"}), shop.CodeConflict)
	if err := r.SetAway(t.Context(), lee, true); err != nil {
		t.Fatal(err)
	}
	refused(t, "to one who is away", to(kim, desk.Target{AgentID: "lee"}), shop.CodeConflict)
	if err := r.SetAway(t.Context(), lee, false); err != nil {
		t.Fatal(err)
	}
	refused(t, "by a stranger", to(narrow, desk.Target{AgentID: "lee"}), shop.CodeForbidden)
	epoch := c.now().OwnerEpoch
	if err := to(kim, desk.Target{AgentID: "lee"}); err != nil {
		t.Fatal(err)
	}
	if told := read[protocol.HandoffChanged](t, c.until(protocol.TypeHandoffTransferred)); told.Agent != "Lee" || told.OwnerEpoch != epoch+1 {
		t.Errorf("the customer is told %+v", told)
	}
	_, err := r.Reply(t.Context(), kim, c.session, desk.Reply{ClientMsgID: "r1", Text: "still me"})
	refused(t, "a reply of the one before", err, shop.CodeForbidden)
	p, err := r.Packet(t.Context(), lee, c.session, "")
	if err != nil || len(p.Notes) != 1 || p.Notes[0].Text != "knows shoes" || p.Notes[0].Author != "Kim" {
		t.Errorf("the note that goes with it: %+v, %v", p.Notes, err)
	}
	// Full hands.
	second := r.waiting()
	r.claim(kim, second)
	refused(t, "to one with full hands", r.Transfer(t.Context(), kim, second.session, desk.Target{AgentID: "lee"}, ""), shop.CodeConflict)
	// Into a queue: at its end, for those who may.
	if err := to(lee, desk.Target{Queue: "returns"}); err != nil {
		t.Fatal(err)
	}
	told := read[protocol.HandoffChanged](t, c.until(protocol.TypeHandoffTransferred))
	if told.Owner != protocol.OwnerQueued || told.Agent != "" || told.OwnerEpoch != epoch+2 {
		t.Errorf("into a queue the customer is told %+v", told)
	}
	if place, ok, err := r.Place(t.Context(), c.session); err != nil || !ok || place.Position != 1 {
		t.Errorf("in the other queue: %+v, %v, %v", place, ok, err)
	}
	r.claim(narrow, c)
}

func TestReleaseGivesBackAndResolveAsks(t *testing.T) {
	r := open(t, desk.Options{})
	kim := r.agent(desk.Agent{ID: "kim"})
	c := r.waiting()
	r.claim(kim, c)
	epoch := c.now().OwnerEpoch
	if err := r.Release(t.Context(), kim, c.session, "told about shipping"); err != nil {
		t.Fatal(err)
	}
	if told := read[protocol.HandoffChanged](t, c.until(protocol.TypeHandoffReleased)); told.Owner != protocol.OwnerAssistant || told.OwnerEpoch != epoch+1 {
		t.Errorf("released: %+v", told)
	}
	c.says("m1", "red shoes")
	if done := read[protocol.MessageCompleted](t, c.until(protocol.TypeMessageCompleted)); done.Text != "You said: red shoes" {
		t.Errorf("the assistant says %+v", done)
	}
	refused(t, "twice", r.Release(t.Context(), kim, c.session, ""), shop.CodeNotFound)

	c.asks()
	r.claim(kim, c)
	if err := r.Resolve(t.Context(), kim, c.session); err != nil {
		t.Fatal(err)
	}
	asked := read[protocol.SatisfactionAsked](t, c.until(protocol.TypeSatisfactionAsked))
	if asked.Agent != "Kim" || c.now().Owner != protocol.OwnerResolved {
		t.Errorf("asked %+v of %+v", asked, c.now())
	}
	for _, score := range []int{2, 5} { // a later answer replaces an earlier one
		if err := r.Satisfied(t.Context(), c.session, protocol.SatisfactionSend{HandoffID: asked.HandoffID, Score: score, Comment: "kind"}); err != nil {
			t.Fatal(err)
		}
	}
	var score, rows int
	r.get(`SELECT max(score), count(*) FROM desk_satisfaction`, nil, &score, &rows)
	if score != 5 || rows != 1 {
		t.Errorf("%d rows, score %d", rows, score)
	}
	other := r.waiting()
	refused(t, "another's question", r.Satisfied(t.Context(), other.session, protocol.SatisfactionSend{HandoffID: asked.HandoffID, Score: 1}), shop.CodeNotFound)
}

func TestAClaimInTheMiddleOfAnAnswerEndsItThere(t *testing.T) {
	spoke, late := make(chan struct{}), make(chan error, 1)
	claimed := make(chan struct{})
	r := openOn(t, pgtest.New(t), desk.Options{}, script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		if err := out.Say(ctx, "The first half"); err != nil {
			return shop.Outcome{}, err
		}
		close(spoke)
		<-claimed
		err := out.Say(context.WithoutCancel(ctx), " and what must never be heard")
		late <- err
		return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch}, State: turn.State, Trace: shop.Trace{Stages: []shop.Stage{}}}, err
	}))
	kim := r.agent(desk.Agent{ID: "kim"})
	c := r.waiting()
	c.says("m1", "tell me")
	<-spoke
	eventually(t, "what was said is stored", func() bool {
		said, err := r.m.Transcript(t.Context(), c.session, 10)
		return err == nil && len(said) == 2 && said[1].Text == "The first half"
	})
	r.claim(kim, c)
	close(claimed)
	done := read[protocol.MessageCompleted](t, c.until(protocol.TypeMessageCompleted))
	if done.State != protocol.StateInterrupted || done.Reason != "taken_over" || done.Text != "The first half" {
		t.Errorf("the answer ended as %+v", done)
	}
	c.until(protocol.TypeHandoffClaimed)
	<-late
	c.says("m2", "hello?")
	c.until(protocol.TypeMessageCreated, func(env protocol.Envelope) bool { return read[protocol.MessageCreated](t, env).Text == "hello?" })
	said, err := r.m.Transcript(t.Context(), c.session, 10)
	if err != nil || len(said) != 3 {
		t.Fatalf("%+v, %v", said, err)
	}
	for _, s := range said {
		if s.Role == protocol.RoleAssistant && s.Text != "The first half" {
			t.Errorf("stored: %+v", s)
		}
	}
}

func TestRepliesAreTheOwnersAndStoredOnce(t *testing.T) {
	r := open(t, desk.Options{})
	kim, lee := r.agent(desk.Agent{ID: "kim"}), r.agent(desk.Agent{ID: "lee"})
	c := r.waiting()
	reply := desk.Reply{ClientMsgID: "r1", Text: "Hello"}
	_, err := r.Reply(t.Context(), kim, c.session, reply)
	refused(t, "before a claim", err, shop.CodeConflict)
	r.claim(kim, c)
	_, err = r.Reply(t.Context(), lee, c.session, reply)
	refused(t, "of another", err, shop.CodeForbidden)
	var wg sync.WaitGroup
	acks := make([]protocol.Acknowledgement, 8)
	for i := range acks {
		wg.Go(func() {
			var err error
			if acks[i], err = r.Reply(t.Context(), kim, c.session, reply); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, ack := range acks {
		if ack != acks[0] || ack.MessageID == "" {
			t.Errorf("%+v and %+v", ack, acks[0])
		}
	}
	var rows int
	r.get(`SELECT count(*) FROM messages WHERE session_id = $1 AND role = 'agent'`, []any{c.session}, &rows)
	if rows != 1 {
		t.Errorf("%d rows of one reply", rows)
	}
	_, err = r.Reply(t.Context(), kim, c.session, desk.Reply{ClientMsgID: "r1", Text: "Something else"})
	refused(t, "another text under the same id", err, protocol.CodeDuplicateConflict)
	if _, err := r.m.PostPerson(t.Context(), c.session, dialog.PersonPost{ClientMsgID: "r2", Text: " "}); err == nil {
		t.Error("an empty reply is taken")
	}
}
