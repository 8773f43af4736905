package desk_test

import (
	"sync"
	"testing"

	"floorwalker/desk"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// offered is a customer who was offered the form, and the handoff that it belongs to.
func (r *room) offered() (*customer, string) {
	r.t.Helper()
	r.run(`UPDATE desk_queues SET patience = '50 milliseconds'`)
	c := r.waiting()
	return c, read[protocol.ContactOffered](r.t, c.until(protocol.TypeContactOffered)).HandoffID
}

func TestAnAnsweredFormIsOneTicketAndEndsTheWait(t *testing.T) {
	r := open(t, desk.Options{})
	kim, stranger := r.agent(desk.Agent{ID: "kim"}), r.agent(desk.Agent{ID: "stranger", Queues: []string{"returns"}})
	c, handoff := r.offered()
	form := protocol.ContactSend{HandoffID: handoff, Name: "Ann", Email: "ann@example.com", Text: "Where is my lamp?"}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := r.Contact(t.Context(), c.session, "form-1", form); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	received := read[protocol.ContactReceived](t, c.until(protocol.TypeContactReceived))
	released := read[protocol.HandoffChanged](t, c.until(protocol.TypeHandoffReleased))
	if received.ClientMsgID != "form-1" || received.TicketID == 0 || released.Reason != "ticket" || c.now().Owner != protocol.OwnerAssistant {
		t.Errorf("%+v, %+v, %+v", received, released, c.now())
	}
	all, err := r.Tickets(t.Context(), kim)
	if err != nil || len(all) != 1 || all[0].ID != received.TicketID || all[0].Text != form.Text || all[0].Email != form.Email || all[0].Session != c.session {
		t.Fatalf("the tickets are %+v, %v", all, err)
	}
	if none, err := r.Tickets(t.Context(), stranger); err != nil || len(none) != 0 {
		t.Errorf("a stranger sees %+v, %v", none, err)
	}
	refused(t, "a stranger closes it", r.CloseTicket(t.Context(), stranger, received.TicketID), shop.CodeForbidden)
	refused(t, "an unknown one", r.CloseTicket(t.Context(), kim, 1), shop.CodeNotFound)
	if err := r.CloseTicket(t.Context(), kim, received.TicketID); err != nil {
		t.Fatal(err)
	}
	var by string
	r.get(`SELECT closed_by FROM desk_tickets WHERE id = $1 AND status = 'closed'`, []any{received.TicketID}, &by)
	if left, err := r.Tickets(t.Context(), kim); err != nil || len(left) != 0 || by != "kim" {
		t.Errorf("closed by %q, left %+v, %v", by, left, err)
	}
	var cases int
	r.get(`SELECT count(*) FROM desk_cases WHERE status = 'ticket'`, nil, &cases)
	if cases != 1 {
		t.Errorf("%d cases ended as tickets", cases)
	}
}

func TestAFormBelongsToItsConversation(t *testing.T) {
	r := open(t, desk.Options{})
	kim := r.agent(desk.Agent{ID: "kim"})
	c, handoff := r.offered()
	other := r.customer(shop.English)
	form := protocol.ContactSend{HandoffID: handoff, Email: "a@example.com", Text: "Hello"}
	refused(t, "of another conversation", r.Contact(t.Context(), other.session, "f1", form), shop.CodeNotFound)
	refused(t, "of no handoff", r.Contact(t.Context(), c.session, "f1", protocol.ContactSend{HandoffID: "x", Email: "a@example.com", Text: "Hello"}), shop.CodeNotFound)
	r.run(`UPDATE desk_queues SET patience = '1 hour'`)
	waits := r.waiting()
	var its string
	r.get(`SELECT handoff_id::text FROM desk_cases WHERE session_id = $1`, []any{waits.session}, &its)
	refused(t, "that was not offered", r.Contact(t.Context(), waits.session, "f1", protocol.ContactSend{HandoffID: its, Email: "a@example.com", Text: "Hello"}), shop.CodeNotFound)
	// A person came meanwhile: the ticket is stored, the person keeps the conversation.
	r.claim(kim, c)
	if err := r.Contact(t.Context(), c.session, "f2", form); err != nil {
		t.Fatal(err)
	}
	if s := c.now(); s.Owner != protocol.OwnerAgent {
		t.Errorf("the form took the conversation from its person: %+v", s)
	}
}
