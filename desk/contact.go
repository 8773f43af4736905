package desk

import (
	"context"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// Ticket is what a customer left in the contact form.
type Ticket struct {
	ID       int64      `json:"id"`
	Session  string     `json:"session"`
	Queue    string     `json:"queue"`
	Name     string     `json:"name,omitempty"`
	Email    string     `json:"email"`
	Text     string     `json:"text"`
	Lang     string     `json:"lang,omitempty"`
	Status   string     `json:"status"`
	Created  time.Time  `json:"created_at"`
	ClosedBy string     `json:"closed_by,omitempty"`
	ClosedAt *time.Time `json:"closed_at,omitempty"`
}

var errNoForm = shop.Errorf(shop.CodeNotFound, "This form does not belong to the conversation. Load the page again.")

// Contact stores the answered contact form as a ticket. Where the customer still waits in line, the ticket
// takes the place of the wait: the conversation goes back to the assistant. A retry stores nothing twice.
func (d *Desk) Contact(ctx context.Context, sessionID, clientMsgID string, form protocol.ContactSend) error {
	var (
		r      reading
		queue  string
		stored bool
		ticket int64
	)
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	read := func(b *pgx.Batch) {
		r.queries(now.ID, "")(b)
		queue, stored, ticket = "", false, 0
		b.Queue(`SELECT queue_id FROM desk_cases WHERE handoff_id::text = $1 AND session_id = $2 AND form_offered`, form.HandoffID, now.ID).
			QueryRow(func(row pgx.Row) error { return none(row.Scan(&queue)) })
		b.Queue(`SELECT true FROM desk_tickets WHERE session_id = $1 AND client_msg_id = $2`, now.ID, clientMsgID).
			QueryRow(func(row pgx.Row) error { return none(row.Scan(&stored)) })
		b.Queue(`SELECT nextval(pg_get_serial_sequence('desk_tickets', 'id'))`).QueryRow(func(row pgx.Row) error { return row.Scan(&ticket) })
	}
	return d.sessions.Within(ctx, now.ID, read, func(tx *dialog.Tx) error {
		switch {
		case stored:
			return nil
		case queue == "":
			return errNoForm
		}
		tx.Queue(`INSERT INTO desk_tickets (id, session_id, handoff_id, queue_id, client_msg_id, name, email, text, lang)
			OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			ticket, now.ID, form.HandoffID, queue, clientMsgID, form.Name, form.Email, form.Text, string(now.Lang))
		_, err := tx.Log(protocol.TypeContactReceived, protocol.ContactReceived{HandoffID: form.HandoffID, TicketID: ticket, ClientMsgID: clientMsgID})
		if err != nil || r.open.HandoffID != form.HandoffID || r.open.Status != statusQueued {
			return err
		}
		if err := d.give(tx, &r.open, protocol.OwnerAssistant, "ticket"); err != nil {
			return err
		}
		tx.Queue(closeCase, r.open.HandoffID, "ticket", tx.Session().OwnerEpoch)
		return nil
	})
}

// Satisfied stores the answer to the satisfaction question; a later one replaces it.
func (d *Desk) Satisfied(ctx context.Context, sessionID string, answer protocol.SatisfactionSend) error {
	var agent string
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	read := func(b *pgx.Batch) {
		agent = ""
		b.Queue(`SELECT agent_id FROM desk_cases WHERE handoff_id::text = $1 AND session_id = $2 AND status = 'resolved'`, answer.HandoffID, now.ID).
			QueryRow(func(row pgx.Row) error { return none(row.Scan(&agent)) })
	}
	return d.sessions.Within(ctx, now.ID, read, func(tx *dialog.Tx) error {
		if agent == "" {
			return errNoForm
		}
		tx.Queue(`INSERT INTO desk_satisfaction (handoff_id, session_id, agent_id, score, comment) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (handoff_id) DO UPDATE SET score = excluded.score, comment = excluded.comment, created_at = now()`,
			answer.HandoffID, now.ID, agent, answer.Score, answer.Comment)
		_, err := tx.Log(protocol.TypeSatisfactionGiven, protocol.SatisfactionGiven{HandoffID: answer.HandoffID, Score: answer.Score})
		return err
	})
}

// Tickets are the open ones that the agent may see, oldest first.
func (d *Desk) Tickets(ctx context.Context, a Agent) ([]Ticket, error) {
	all, err := d.store.tickets(ctx)
	if err != nil {
		return nil, err
	}
	seen := []Ticket{}
	for _, t := range all {
		if a.May(t.Queue) {
			seen = append(seen, t)
		}
	}
	return seen, nil
}

// CloseTicket notes that the ticket was answered.
func (d *Desk) CloseTicket(ctx context.Context, a Agent, id int64) error {
	t, err := d.store.ticket(ctx, id)
	if err != nil {
		return err
	}
	if !a.May(t.Queue) {
		return errNoRight
	}
	if err := d.store.closeTicket(ctx, id, a.ID); err != nil {
		return err
	}
	return d.store.audit(ctx, a.ID, "ticket_closed", t.Session, "", "")
}
