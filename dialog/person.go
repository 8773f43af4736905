package dialog

import (
	"context"
	"errors"
	"fmt"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// PersonPost is what a person writes to the customer.
type PersonPost struct {
	// ClientMsgID is unique per session among what agents wrote; a retry carries the same.
	ClientMsgID string
	Text        string
	// Author is the person's name as customers see it.
	Author string
	// Cards, where given, stand before the text.
	Cards *shop.Cards
	// Read adds queries about the session, and Check may refuse by what they found; both may be nil.
	Read  func(b *pgx.Batch, session string)
	Check func(tx *Tx) error
}

const insertPersonMessage = `
INSERT INTO messages (id, session_id, role, client_msg_id, text, status, seq, final_seq, ended_at)
VALUES ($1, $2, 'agent', $3, $4, 'complete', $5, $5, now())`

// PostPerson commits a person's message. It is refused with ErrOwnerChanged unless a person has the
// conversation. A retry of a client_msg_id returns the first acknowledgement; with another text it is
// ErrConflict.
func (m *Manager) PostPerson(ctx context.Context, sessionID string, r PersonPost) (ack protocol.Acknowledgement, err error) {
	if err := protocol.CheckClientMsgID(r.ClientMsgID); err != nil {
		return ack, err
	}
	if r.Text, err = protocol.CleanText(r.Text, m.o.MaxText); err != nil {
		return ack, err
	}
	id, err := canonical(sessionID)
	if err != nil {
		return ack, err
	}
	// A customer's client_msg_id can't hold a slash, so the two never meet.
	name := "agent/" + r.ClientMsgID
	var storedText, none string
	var found bool
	read := func(b *pgx.Batch) {
		found = false
		b.Queue(selectPosted, id, name).QueryRow(func(row pgx.Row) error {
			ack = protocol.Acknowledgement{ClientMsgID: r.ClientMsgID}
			err := row.Scan(&ack.MessageID, &storedText, &ack.Seq, &ack.ReplyID, &none)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			found = err == nil
			return err
		})
		if r.Read != nil {
			r.Read(b, id)
		}
	}
	post := func() error {
		return m.Within(ctx, id, read, func(x *Tx) error {
			if found {
				if storedText != r.Text {
					return ErrConflict
				}
				return nil
			}
			if x.tx.row.Owner != protocol.OwnerAgent {
				return ErrOwnerChanged
			}
			if r.Check != nil {
				if err := r.Check(x); err != nil {
					return err
				}
			}
			ack.MessageID = m.newID()
			if r.Cards != nil {
				if _, err := x.Log(protocol.TypeRecommendationsShown, protocol.RecommendationsShown{MessageID: ack.MessageID, Cards: *r.Cards}); err != nil {
					return err
				}
			}
			seq, err := x.Log(protocol.TypeMessageCreated, protocol.MessageCreated{MessageID: ack.MessageID, Role: protocol.RoleAgent,
				State: protocol.StateComplete, Text: r.Text, ClientMsgID: r.ClientMsgID, Author: r.Author})
			if err != nil {
				return err
			}
			ack.Seq = seq
			x.Queue(insertPersonMessage, ack.MessageID, id, name, r.Text, seq)
			x.tx.said(m.o.Push, seq)
			return nil
		})
	}
	if err = post(); errors.Is(err, errAmbiguous) && ctx.Err() == nil {
		// Asking again is safe: it finds the message or writes it.
		if err = post(); err == nil {
			m.hub.look(id, progress{Seq: everything})
		}
	}
	if err != nil {
		return protocol.Acknowledgement{}, fmt.Errorf("post as an agent: %w", err)
	}
	return ack, nil
}

// Read notes how far a side has read, and tells the others. What was read already changes nothing.
func (m *Manager) Read(ctx context.Context, sessionID string, role protocol.Role, seq int64) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	if role != protocol.RoleAgent && role != protocol.RoleCustomer {
		return shop.Errorf(shop.CodeBadRequest, "Customers and agents read.")
	}
	fresh, err := m.store.read(ctx, id, role, seq)
	if err != nil || !fresh {
		return err
	}
	env, err := protocol.New(protocol.TypeMessageSeen, protocol.MessageSeen{Role: role, Seq: seq}, m.now())
	if err != nil {
		return err
	}
	m.hub.passing(id, env)
	return nil
}

// TellHere gives everybody attached in this process something that is not logged. Other replicas tell their
// own.
func (m *Manager) TellHere(sessionID string, typ protocol.Type, data any) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	env, err := protocol.New(typ, data, m.now())
	if err != nil {
		return err
	}
	m.hub.push(id, func(s *Subscription) { s.push(item{passing: &env}) })
	return nil
}

// AskPerson asks for a person in the customer's name. Where one was asked for already, nothing changes; the
// handoff that is open is returned.
func (m *Manager) AskPerson(ctx context.Context, sessionID string, reason, note string) (handoffID string, err error) {
	var route func(PersonRequest) (Route, error)
	err = m.Within(ctx, sessionID, func(b *pgx.Batch) { route = m.route(b) }, func(tx *Tx) error {
		s := tx.Session()
		r := PersonRequest{Session: s.ID, Customer: s.Customer, Lang: s.Lang, Reason: reason, Note: note}
		to, err := route(r)
		if err != nil {
			return fmt.Errorf("find a queue: %w", err)
		}
		handoffID, err = tx.ask(r, to)
		return err
	})
	return handoffID, err
}

// Said is one message of a conversation as people read it.
type Said struct {
	MessageID string         `json:"message_id"`
	Role      protocol.Role  `json:"role"`
	Text      string         `json:"text"`
	State     protocol.State `json:"state"`
	Seq       int64          `json:"seq"`
}

// Transcript is the latest messages of a session, oldest first, at most limit.
func (m *Manager) Transcript(ctx context.Context, sessionID string, limit int) ([]Said, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return nil, err
	}
	return m.store.transcript(ctx, id, limit)
}

// Memory is what the assistant remembers of a session, and its latest events of the types, oldest first.
func (m *Manager) Memory(ctx context.Context, sessionID string, limit int, types ...protocol.Type) (shop.State, []protocol.Envelope, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return shop.State{}, nil, err
	}
	return m.store.memory(ctx, id, limit, types)
}

// Latest adds to a round trip of the caller's what finds the beginning of each session's newest message of a customer.
// The map is filled once that is through.
func (m *Manager) Latest(b *pgx.Batch, sessions []string) map[string]string {
	return queueLatest(b, sessions)
}
