package desk

import (
	"context"
	"fmt"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// Claim takes the conversation over for the agent. epoch is the owner epoch that the agent saw: of all who
// claim at once one wins, the others get dialog.ErrOwnerChanged. Claiming again what one has changes nothing.
//
// A supervisor may also take a conversation that nobody asked a person for.
func (d *Desk) Claim(ctx context.Context, a Agent, sessionID string, epoch int64) (protocol.Case, error) {
	var r reading
	var route func(dialog.PersonRequest) (dialog.Route, error)
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return protocol.Case{}, err
	}
	read := func(b *pgx.Batch) {
		r.queries(now.ID, a.ID)(b)
		if a.Supervises() {
			route = d.Route(b)
		}
	}
	err = d.sessions.Within(ctx, now.ID, read, func(tx *dialog.Tx) error {
		c := &r.open
		switch {
		case c.HandoffID == "" && !a.Supervises():
			return errNoCase
		case c.HandoffID != "" && !a.May(c.Queue):
			return errNoRight
		case c.AgentID == a.ID:
			return nil
		case c.Status == statusClaimed && !a.Supervises():
			return dialog.ErrOwnerChanged
		case r.load >= r.capacity || !r.enabled:
			return errFull
		}
		opened := c.HandoffID == ""
		if opened {
			to, err := route(dialog.PersonRequest{Session: now.ID, Lang: now.Lang, Reason: "agent"})
			if err != nil {
				return err
			}
			c.Queue, c.Reason = to.Queue, "agent"
		}
		err := tx.Give(dialog.OwnerChange{To: protocol.OwnerAgent, Agent: a.Name, AgentID: a.ID, Queue: c.Queue, From: epoch})
		if err != nil {
			return err
		}
		s := tx.Session()
		c.HandoffID, c.Session, c.Status, c.AgentID, c.OwnerEpoch = tx.Handoff(), s.ID, statusClaimed, a.ID, s.OwnerEpoch
		if opened {
			tx.Queue(insertCase, c.HandoffID, s.ID, c.Queue, string(s.Lang), c.Reason, "", s.Customer, s.OwnerEpoch, 1, false)
		}
		tx.Queue(claimCase, c.HandoffID, a.ID, d.o.Lease, s.OwnerEpoch)
		d.note(tx, a, "claim", s.ID, "")
		return nil
	})
	if err != nil {
		return protocol.Case{}, fmt.Errorf("claim: %w", err)
	}
	return r.open, nil
}

// Release gives the conversation back to the assistant. note, which may be empty, stays for colleagues.
func (d *Desk) Release(ctx context.Context, a Agent, sessionID, note string) error {
	return d.leave(ctx, a, sessionID, "release", note, func(tx *dialog.Tx, c *protocol.Case) error {
		if err := d.give(tx, c, protocol.OwnerAssistant, ""); err != nil {
			return err
		}
		tx.Queue(closeCase, c.HandoffID, "released", tx.Session().OwnerEpoch)
		return nil
	})
}

// Resolve closes the matter and asks the customer how it was.
func (d *Desk) Resolve(ctx context.Context, a Agent, sessionID string) error {
	return d.leave(ctx, a, sessionID, "resolve", "", func(tx *dialog.Tx, c *protocol.Case) error {
		name := tx.Session().Agent
		if err := d.give(tx, c, protocol.OwnerResolved, ""); err != nil {
			return err
		}
		tx.Queue(closeCase, c.HandoffID, "resolved", tx.Session().OwnerEpoch)
		_, err := tx.Log(protocol.TypeSatisfactionAsked, protocol.SatisfactionAsked{HandoffID: c.HandoffID, Agent: name})
		return err
	})
}

// Target is whom a conversation is transferred to: an agent who is at the desk, or a queue.
type Target struct {
	AgentID, Queue string
}

// Transfer gives the conversation to a colleague, who has it at once, or puts it at the end of a queue.
func (d *Desk) Transfer(ctx context.Context, a Agent, sessionID string, to Target, note string) error {
	if (to.AgentID == "") == (to.Queue == "") {
		return errSameQueue
	}
	if to.Queue != "" {
		return d.toQueue(ctx, a, sessionID, to.Queue, note)
	}
	colleague, err := d.store.agent(ctx, to.AgentID)
	if err != nil {
		return err
	}
	var r reading
	return d.leaveReading(ctx, a, sessionID, "transfer", note, &r, to.AgentID, func(tx *dialog.Tx, c *protocol.Case) error {
		if !r.enabled || !r.present || r.load >= r.capacity || !colleague.May(c.Queue) {
			return errNotThere
		}
		err := tx.Give(dialog.OwnerChange{To: protocol.OwnerAgent, Agent: colleague.Name, AgentID: colleague.ID, Queue: c.Queue, Moved: true, From: tx.Session().OwnerEpoch})
		if err != nil {
			return err
		}
		tx.Queue(claimCase, c.HandoffID, colleague.ID, d.o.Lease, tx.Session().OwnerEpoch)
		return nil
	})
}

func (d *Desk) toQueue(ctx context.Context, a Agent, sessionID, queue, note string) error {
	if _, err := d.store.queue(ctx, queue); err != nil {
		return err
	}
	return d.leave(ctx, a, sessionID, "transfer", note, func(tx *dialog.Tx, c *protocol.Case) error {
		err := tx.Give(dialog.OwnerChange{To: protocol.OwnerQueued, Queue: queue, Moved: true, From: tx.Session().OwnerEpoch})
		if err != nil {
			return err
		}
		tx.Queue(requeueCase, c.HandoffID, queue, false, tx.Session().OwnerEpoch)
		return nil
	})
}

// takeBack returns a conversation whose agent gave no sign of life to the head of its queue.
func (d *Desk) takeBack(ctx context.Context, sessionID string) error {
	var r reading
	return d.sessions.Within(ctx, sessionID, r.queries(sessionID, ""), func(tx *dialog.Tx) error {
		c := &r.open
		if c.Status != statusClaimed || !r.expired {
			return nil
		}
		d.log.Warn("an agent is gone; the conversation waits again", "session", sessionID, "agent", c.AgentID)
		if err := d.give(tx, c, protocol.OwnerQueued, "agent_lost"); err != nil {
			return err
		}
		tx.Queue(requeueCase, c.HandoffID, c.Queue, true, tx.Session().OwnerEpoch)
		tx.Queue(insertAudit, c.AgentID, "lost", sessionID, "", "")
		return nil
	})
}

func (d *Desk) give(tx *dialog.Tx, c *protocol.Case, to protocol.Owner, reason string) error {
	return tx.Give(dialog.OwnerChange{To: to, AgentID: c.AgentID, Queue: c.Queue, Reason: reason, From: tx.Session().OwnerEpoch})
}

// leave runs work on a conversation that the agent has, and keeps the note that goes with it.
func (d *Desk) leave(ctx context.Context, a Agent, sessionID, action, note string, work func(tx *dialog.Tx, c *protocol.Case) error) error {
	return d.leaveReading(ctx, a, sessionID, action, note, &reading{}, a.ID, work)
}

func (d *Desk) leaveReading(ctx context.Context, a Agent, sessionID, action, note string, r *reading, agentID string, work func(tx *dialog.Tx, c *protocol.Case) error) error {
	if note != "" {
		var err error
		if note, err = protocol.CleanText(note, protocol.MaxText); err != nil {
			return err
		}
	}
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	err = d.sessions.Within(ctx, now.ID, r.queries(now.ID, agentID), func(tx *dialog.Tx) error {
		if err := r.owned(a); err != nil {
			return err
		}
		c := r.open
		if err := work(tx, &c); err != nil {
			return err
		}
		if note != "" {
			tx.Queue(insertNote, newID(), now.ID, a.ID, a.Name, newID(), note)
		}
		d.note(tx, a, action, now.ID, "")
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	d.feed.noted(now.ID)
	return nil
}

// note writes the audit log in the transaction.
func (d *Desk) note(tx *dialog.Tx, a Agent, action, sessionID, detail string) {
	tx.Queue(insertAudit, a.ID, action, sessionID, detail, "")
}

// The states of a case that is open.
const (
	statusQueued  = "queued"
	statusClaimed = "claimed"
)

// reading is what a change of hands must know, read under the session's lock.
type reading struct {
	open protocol.Case
	// expired is true when the claim's lease ran out.
	expired bool
	// Of the agent who is to get the conversation.
	capacity, load   int
	enabled, present bool
}

// queries adds what fills r; agentID may be empty. The agent's row is locked after the session's, always in
// this order, so that two claims of one agent can't both take the last place.
func (r *reading) queries(sessionID, agentID string) func(b *pgx.Batch) {
	return func(b *pgx.Batch) {
		*r = reading{}
		if agentID != "" {
			b.Queue(`SELECT capacity, NOT disabled, present_until > clock_timestamp() AND NOT away FROM desk_agents WHERE id = $1 FOR UPDATE`, agentID).
				QueryRow(func(row pgx.Row) error { return none(row.Scan(&r.capacity, &r.enabled, &r.present)) })
			b.Queue(`SELECT count(*) FROM desk_cases WHERE agent_id = $1 AND status = 'claimed'`, agentID).
				QueryRow(func(row pgx.Row) error { return row.Scan(&r.load) })
		}
		b.Queue(selectOpen, sessionID).QueryRow(func(row pgx.Row) error {
			c := &r.open
			return none(row.Scan(&c.HandoffID, &c.Session, &c.Queue, &c.Lang, &c.Reason, &c.Note, &c.Customer, &c.Status, &c.Urgent,
				&c.AgentID, &c.OwnerEpoch, &c.AskedAt, &c.WaitingSince, &r.expired))
		})
	}
}

// owned refuses who does not have the conversation; supervisors may act on all.
func (r *reading) owned(a Agent) error {
	switch {
	case r.open.HandoffID == "":
		return errNoCase
	case r.open.Status != statusClaimed:
		return errNotYours
	case r.open.AgentID != a.ID && !a.Supervises():
		return errNotYours
	}
	return nil
}

// Reply is what an agent writes to the customer.
type Reply struct {
	ClientMsgID, Text string
	Cards             *shop.Cards
}

// Reply commits an agent's message; a retry of a ClientMsgID returns the first acknowledgement.
func (d *Desk) Reply(ctx context.Context, a Agent, sessionID string, reply Reply) (protocol.Acknowledgement, error) {
	var r reading
	return d.sessions.PostPerson(ctx, sessionID, dialog.PersonPost{ClientMsgID: reply.ClientMsgID, Text: reply.Text, Author: a.Name,
		Cards: reply.Cards, Read: func(b *pgx.Batch, session string) { r.queries(session, "")(b) }, Check: func(tx *dialog.Tx) error {
			if r.open.HandoffID == "" || r.open.Status != statusClaimed || r.open.AgentID != a.ID {
				return errNotYours
			}
			tx.Queue(renewCase, r.open.HandoffID, d.o.Lease)
			d.note(tx, a, "reply", tx.Session().ID, "")
			return nil
		}})
}
