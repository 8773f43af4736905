package dialog

import (
	"context"
	"fmt"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// Desk keeps the queues that people answer from; package desk is one. Without a desk a request for a person
// is logged and told to other systems, and waits for a ChangeOwner.
type Desk interface {
	// Route adds what it must read to the round trip that locks the session. Once that is through, the function that
	// it returns says where a request waits.
	Route(b *pgx.Batch) func(r PersonRequest) (Route, error)
	// Asked writes what the desk keeps of a request into the transaction that makes it true.
	Asked(tx *Tx, handoffID string, r PersonRequest, route Route) error
	// Identified notes, in the same transaction, whose session it is now.
	Identified(tx *Tx)
	// Place is where the session stands in line; ok is false where it does not.
	Place(ctx context.Context, sessionID string) (place protocol.HandoffWaiting, ok bool, err error)
	// Changed is called after a commit that changed who answers in the session, or whose it is.
	Changed(sessionID string)
}

// PersonRequest is a request for a person.
type PersonRequest struct {
	Session, Customer string
	Lang              shop.Lang
	// MessageID is the answer that asked for a person; empty where no answer did.
	MessageID string
	// Reason is one of shop.HandoffRequest's, Note what the assistant has to say about it.
	Reason, Note string
	// Intent is what the customer's message was understood as; may be empty.
	Intent shop.Intent
}

// Route is where a request waits: a queue's name, and the place and estimate to show, 0 where not known.
type Route struct {
	Queue                     string
	Position, EstimateSeconds int
	// Closed is true outside business hours; OpensAt is when they begin, zero where that is never.
	Closed  bool
	OpensAt time.Time
}

// Tx is one transaction over one locked session, for a room that keeps something of its own beside the
// session: its statements commit with the session's, or not at all. A Tx is of no use after its function
// returned.
type Tx struct {
	m       *Manager
	tx      *sessionTx
	running answer
	pending []question
	open    string
	// changed is set where somebody else has the conversation now, told where other systems must hear, identified
	// where it is another customer's.
	changed, told, identified bool
}

// Within runs work in a transaction over the locked session. read, which may be nil, adds queries that run
// in the same round trip as the lock; their results are there when work is called. Both may be called again
// after a serialisation failure. Nothing happened when it returns an error.
func (m *Manager) Within(ctx context.Context, sessionID string, read func(b *pgx.Batch), work func(tx *Tx) error) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	var x *Tx
	queries := func(b *pgx.Batch) {
		x = &Tx{m: m}
		x.read(b, id)
		if read != nil {
			read(b)
		}
	}
	err = m.change(ctx, id, queries, func(tx *sessionTx) error {
		x.tx, x.changed, x.told, x.identified = tx, false, false, false
		return work(x)
	})
	if err != nil {
		return fmt.Errorf("change session %s: %w", id, err)
	}
	if x.changed {
		// The fence stops the turn anyway; this stops its model at once.
		if t := m.hub.running(id); t != nil {
			t.cancel(errTakenOver)
		}
		m.hub.tell(id, Notice{Stop: true})
	}
	if x.told || x.identified {
		m.tellDesk(id)
	}
	if x.told && m.o.Relay != nil {
		m.o.Relay.Poke()
	}
	return nil
}

// tellDesk has the people at the desk see what is committed. They wait for it, so it goes before what other systems are
// told.
func (m *Manager) tellDesk(session string) {
	if m.o.Desk != nil {
		m.o.Desk.Changed(session)
	}
}

// route is the desk's Route; without a desk a request waits in no queue.
func (m *Manager) route(b *pgx.Batch) func(r PersonRequest) (Route, error) {
	if m.o.Desk == nil {
		return func(PersonRequest) (Route, error) { return Route{}, nil }
	}
	return m.o.Desk.Route(b)
}

// read adds what every change of hands must know.
func (x *Tx) read(b *pgx.Batch, id string) {
	b.Queue(selectStreaming, id).QueryRow(x.running.scan)
	b.Queue(selectPending, id).Query(func(rows pgx.Rows) (err error) {
		x.pending, err = pgx.CollectRows(rows, pgx.RowToStructByPos[question])
		return err
	})
	b.Queue(`SELECT coalesce(max(id::text), '') FROM handoffs WHERE session_id = $1 AND status IN ('queued', 'claimed')`, id).
		QueryRow(func(row pgx.Row) error { return row.Scan(&x.open) })
}

// Session is the session as it is now, this transaction's changes included.
func (x *Tx) Session() Session { return x.tx.row.session() }

// Handoff is the handoff that is open, or "".
func (x *Tx) Handoff() string { return x.open }

// Queue adds a statement to what goes out with the commit.
func (x *Tx) Queue(sql string, args ...any) { x.tx.queue(sql, args...) }

// Log adds an event to the session's log.
func (x *Tx) Log(typ protocol.Type, data any) (seq int64, err error) { return x.tx.append(typ, data) }

// Give gives the conversation to somebody else, as ChangeOwner does.
func (x *Tx) Give(c OwnerChange) error {
	if x.tx.row.OwnerEpoch != c.From {
		return ErrOwnerChanged
	}
	if x.running.ID != "" {
		_, err := x.tx.endAnswer(protocol.MessageCompleted{MessageID: x.running.ID, ReplyTo: x.running.ReplyTo,
			State: protocol.StateInterrupted, Reason: errTakenOver.Error(), Text: x.running.Text})
		if err != nil {
			return err
		}
		x.running = answer{}
	}
	if c.To == protocol.OwnerAgent {
		if err := x.tx.endPending(x.pending, errTakenOver); err != nil {
			return err
		}
		x.pending = nil
	}
	open, err := x.m.setOwner(x.tx, c, x.open)
	x.open, x.changed, x.told = open, true, true
	return err
}

// ask asks for a person, where none was asked for yet; it returns the handoff, which may be an older one.
func (x *Tx) ask(r PersonRequest, route Route) (handoffID string, err error) {
	if x.open != "" {
		return x.open, nil
	}
	switch x.tx.row.Owner {
	case protocol.OwnerAssistant, protocol.OwnerResolved:
	default:
		return "", ErrOwnerChanged
	}
	if x.open, err = x.m.ask(x.tx, r, route); err != nil {
		return "", err
	}
	// The row's owner is written here; a turn that runs goes on, since the epoch stays.
	x.tx.set(`UPDATE sessions SET next_seq = $2, active_at = now(), owner = $3 WHERE id = $1`, string(protocol.OwnerQueued))
	x.told = true
	return x.open, nil
}
