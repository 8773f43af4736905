package dialog

import (
	"context"
	"encoding/json"
	"fmt"

	"floorwalker/protocol"
	"floorwalker/shop"
)

// OwnerChange says who has the conversation from now on.
type OwnerChange struct {
	// To is agent (a person takes over, or it goes from one to another), assistant (released), resolved, or
	// queued (back into a line, to wait for another person).
	To protocol.Owner
	// Agent is the person's name as customers see it, where To is agent; AgentID the account.
	Agent, AgentID string
	// Queue is the line that it waits in or came from, for other systems; may be empty.
	Queue string
	// Reason is agent_lost or ticket where nobody decided the change; else empty.
	Reason string
	// Moved is true for a transfer: where To is queued it tells it from a person that was lost.
	Moved bool
	// From is the owner epoch that the caller saw; ErrOwnerChanged when it is another by now. So of all who
	// take over at once one wins.
	From int64
}

// ChangeOwner gives the conversation to somebody else. The owner epoch rises; an answer being written ends
// as interrupted in the same transaction, and what the assistant still says of it is dropped. Questions
// that wait end the same way when a person takes over.
func (m *Manager) ChangeOwner(ctx context.Context, sessionID string, c OwnerChange) (Session, error) {
	var changed Session
	err := m.Within(ctx, sessionID, nil, func(tx *Tx) error {
		if err := tx.Give(c); err != nil {
			return err
		}
		changed = tx.Session()
		return nil
	})
	return changed, err
}

// setOwner changes the owner of the locked session, the handoff that is open, and tells the customer and
// other systems. It returns the handoff that is open now.
func (m *Manager) setOwner(tx *sessionTx, c OwnerChange, open string) (string, error) {
	typ, status := protocol.TypeHandoffClaimed, "claimed"
	switch {
	case c.To == protocol.OwnerAgent && tx.row.Owner == protocol.OwnerAgent:
		typ = protocol.TypeHandoffTransferred
	case c.To == protocol.OwnerAgent:
	case c.To == protocol.OwnerAssistant:
		typ, status = protocol.TypeHandoffReleased, "released"
	case c.To == protocol.OwnerResolved:
		typ, status = protocol.TypeHandoffResolved, "resolved"
	case c.To == protocol.OwnerQueued && open != "":
		if typ, status = protocol.TypeHandoffReleased, "queued"; c.Moved {
			typ = protocol.TypeHandoffTransferred
		}
	default:
		return open, shop.Errorf(shop.CodeBadRequest, "A conversation can go to an agent, to the assistant, back into a line, or be resolved.")
	}
	tx.row.Owner, tx.row.OwnerEpoch, tx.row.Agent = c.To, tx.row.OwnerEpoch+1, c.Agent
	if c.To != protocol.OwnerAgent {
		tx.row.Agent = ""
	}
	if open == "" && c.To == protocol.OwnerAgent {
		open = m.newID()
		tx.queue(insertHandoff, open, tx.row.ID, "", "agent", "", tx.row.Lang, status, c.Agent, tx.row.OwnerEpoch)
	} else if open != "" {
		tx.queue(`UPDATE handoffs SET status = $2, agent = $3, owner_epoch = $4, changed_at = now() WHERE id = $1`,
			open, status, tx.row.Agent, tx.row.OwnerEpoch)
	}
	_, err := tx.append(typ, protocol.HandoffChanged{HandoffID: open, Owner: c.To, OwnerEpoch: tx.row.OwnerEpoch, Agent: tx.row.Agent, Reason: c.Reason})
	if err != nil {
		return open, err
	}
	tx.set(changeOwner, string(c.To), tx.row.OwnerEpoch, tx.row.Agent)
	if open == "" {
		return "", nil
	}
	still := open
	if status != "claimed" && status != "queued" {
		still = ""
	}
	return still, m.outbox(tx, typ, protocol.HandoffEvent{HandoffID: open, AgentID: c.AgentID, Queue: c.Queue, Reason: c.Reason})
}

// reopen gives a resolved conversation back to the assistant, as its customer writes again.
func (m *Manager) reopen(tx *sessionTx) error {
	_, err := m.setOwner(tx, OwnerChange{To: protocol.OwnerAssistant}, "")
	return err
}

// ask asks for a person in the locked session. The caller's own update of the row must make it queued.
func (m *Manager) ask(tx *sessionTx, r PersonRequest, route Route) (handoffID string, err error) {
	id := m.newID()
	tx.queue(insertHandoff, id, tx.row.ID, r.MessageID, r.Reason, clean(r.Note), string(r.Lang), "queued", "", tx.row.OwnerEpoch)
	_, err = tx.append(protocol.TypeHandoffRequested, protocol.HandoffRequested{HandoffID: id, MessageID: r.MessageID,
		OwnerEpoch: tx.row.OwnerEpoch, Reason: r.Reason})
	if err != nil {
		return "", err
	}
	_, err = tx.append(protocol.TypeHandoffQueued, protocol.HandoffQueued{HandoffID: id, OwnerEpoch: tx.row.OwnerEpoch,
		Position: route.Position, EstimateSeconds: route.EstimateSeconds})
	if err != nil {
		return "", err
	}
	tx.row.Owner = protocol.OwnerQueued
	if m.o.Desk != nil {
		if err := m.o.Desk.Asked(&Tx{m: m, tx: tx, open: id}, id, r, route); err != nil {
			return "", err
		}
	}
	return id, m.outbox(tx, protocol.TypeHandoffRequested, protocol.HandoffEvent{HandoffID: id, Queue: route.Queue,
		MessageID: r.MessageID, Reason: r.Reason})
}

// outbox writes what other systems must be told into the transaction that makes it true. e says what only
// the caller knows.
func (m *Manager) outbox(tx *sessionTx, typ protocol.Type, e protocol.HandoffEvent) error {
	e.V, e.ID, e.Type, e.Session, e.TS = protocol.Version, m.newID(), typ, tx.row.ID, protocol.Stamp(tx.now)
	e.Seq, e.Epoch, e.Owner, e.OwnerEpoch = tx.row.NextSeq-1, tx.row.Epoch, tx.row.Owner, tx.row.OwnerEpoch
	e.Agent, e.Customer, e.Lang = tx.row.Agent, tx.row.Customer, shop.Lang(tx.row.Lang)
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write %s for other systems: %w", typ, err)
	}
	tx.queue(insertOutbox, "floorwalker."+string(typ), e.ID, string(raw))
	return nil
}
