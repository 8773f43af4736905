package dialog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// PostRequest is a customer's message.
type PostRequest struct {
	// ClientMsgID is unique per session; a retry carries the same.
	ClientMsgID string
	// Text may be empty where a picture goes along.
	Text   string
	Locale shop.Lang
	// Picture goes along with it.
	Picture *shop.Picture
	// Platform is where it was written; empty leaves the session where it was.
	Platform string
	// Replaces is the id of the customer's last message, which this one takes the place of; empty for none.
	Replaces string
	// LessLike is the SKU of a card of which the customer wants less; empty for none. It is declined with the message.
	LessLike string
}

func (r PostRequest) picture() string {
	if r.Picture == nil {
		return ""
	}
	return r.Picture.ID
}

const selectPosted = `
SELECT q.id::text, q.text, q.seq, coalesce(r.id::text, ''), coalesce(q.picture->>'id', '')
FROM messages q LEFT JOIN messages r ON r.reply_to = q.id
WHERE q.session_id = $1 AND q.client_msg_id = $2`

// Post commits a customer's message, and with it the answer that is to come, and returns; the turn runs on.
//
// A retry of a client_msg_id returns the first acknowledgement and runs nothing; with another text it is
// ErrConflict. Questions are answered in the order they came, one at a time; more than MaxPending waiting
// ones are ErrBusy, as is a full server. Where a person has the conversation, nobody is asked to answer.
func (m *Manager) Post(ctx context.Context, sessionID string, r PostRequest) (protocol.Acknowledgement, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return protocol.Acknowledgement{}, err
	}
	if err := protocol.CheckClientMsgID(r.ClientMsgID); err != nil {
		return protocol.Acknowledgement{}, err
	}
	if r.Text, err = protocol.CleanMessage(r.Text, r.picture(), m.o.MaxText); err != nil {
		return protocol.Acknowledgement{}, err
	}
	if m.draining.Load() {
		return protocol.Acknowledgement{}, ErrDraining
	}
	ack, fresh, err := m.post(ctx, id, r)
	if errors.Is(err, errAmbiguous) && ctx.Err() == nil {
		// The line to PostgreSQL broke at the commit. Asking again is safe: it finds the message or writes it.
		if ack, fresh, err = m.post(ctx, id, r); err == nil && !fresh {
			m.hub.look(id, progress{Seq: everything})
			fresh = true
		}
	}
	if err != nil {
		return protocol.Acknowledgement{}, err
	}
	if fresh {
		m.log.Info("message accepted", "session", id, "message", ack.MessageID, "seq", ack.Seq)
	}
	if ack.ReplyID != "" && fresh {
		m.enqueue(id, ack.ReplyID)
	}
	return ack, nil
}

func (m *Manager) post(ctx context.Context, id string, r PostRequest) (ack protocol.Acknowledgement, fresh bool, err error) {
	var (
		storedText string
		picture    string
		found      bool
		pending    int
		last       posted
	)
	read := func(b *pgx.Batch) {
		found = false
		b.Queue(selectPosted, id, r.ClientMsgID).QueryRow(func(row pgx.Row) error {
			ack = protocol.Acknowledgement{ClientMsgID: r.ClientMsgID}
			err := row.Scan(&ack.MessageID, &storedText, &ack.Seq, &ack.ReplyID, &picture)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			found = err == nil
			return err
		})
		b.Queue(`SELECT count(*) FROM messages WHERE session_id = $1 AND status = 'pending'`, id).
			QueryRow(func(row pgx.Row) error { return row.Scan(&pending) })
		if r.Replaces != "" {
			b.Queue(selectLast, id).QueryRow(last.scan)
		}
	}
	err = m.change(ctx, id, read, func(t *sessionTx) error {
		if found {
			if storedText != r.Text || picture != r.picture() {
				return ErrConflict
			}
			return nil
		}
		answered := t.row.Owner != protocol.OwnerAgent
		if answered && (pending >= m.o.MaxPending || m.line.full()) {
			return ErrBusy
		}
		if r.Replaces != "" {
			if err := t.replace(r.Replaces, last); err != nil {
				return err
			}
		}
		ack.MessageID = m.newID()
		if t.row.Owner == protocol.OwnerResolved {
			if err := m.reopen(t); err != nil {
				return err
			}
		}
		if r.LessLike != "" && !slices.Contains(t.row.Declined, r.LessLike) {
			if err := t.decline(protocol.CardDecline{SKU: r.LessLike}); err != nil {
				return err
			}
		}
		seq, err := t.append(protocol.TypeMessageCreated, protocol.MessageCreated{MessageID: ack.MessageID,
			Role: protocol.RoleCustomer, State: protocol.StateComplete, Text: r.Text, ClientMsgID: r.ClientMsgID, Picture: r.Picture, LessLike: r.LessLike})
		if err != nil {
			return err
		}
		ack.Seq = seq
		if r.Platform != "" && r.Platform != t.row.Platform {
			t.queue(`UPDATE sessions SET platform = $2 WHERE id = $1`, id, r.Platform)
		}
		t.queue(insertMessage, ack.MessageID, id, r.ClientMsgID, r.Text, string(r.Locale), seq, r.Picture, r.LessLike)
		if answered {
			ack.ReplyID = m.newID()
			t.queue(insertAnswer, ack.ReplyID, id, ack.MessageID, seq)
		}
		return nil
	})
	if err != nil {
		return ack, false, fmt.Errorf("post to session %s: %w", id, err)
	}
	return ack, !found, nil
}

// replace takes the customer's last message back with its answer, and what the assistant understood by it.
func (t *sessionTx) replace(id string, last posted) error {
	switch {
	case last.ID != id || t.row.Owner == protocol.OwnerAgent || t.row.Owner == protocol.OwnerResolved:
		return ErrTooLate
	case last.Answer != "" && !last.AnswerState.Final():
		return ErrAnswering
	}
	if last.Begun {
		// The last turn that ran was its answer's: what stands beside the state is how it was before.
		t.set(restoreState)
	}
	_, err := t.append(protocol.TypeMessageReplaced, protocol.MessageReplaced{MessageID: last.ID, ReplyID: last.Answer})
	return err
}

// enqueue puts the session into the line for a worker, and tells its readers where it stands there.
func (m *Manager) enqueue(session, answerID string) {
	place := m.line.join(session, answerID, m.hub.attached(session))
	if place == 0 || answerID == "" {
		return
	}
	m.tellPlace(session, answerID, place)
}

// tellPlaces tells everybody who waits and has moved up.
func (m *Manager) tellPlaces(context.Context) {
	for _, s := range m.line.moved() {
		m.tellPlace(s.session, s.answer, s.position)
	}
}

func (m *Manager) tellPlace(session, answerID string, place int) {
	env, err := protocol.New(protocol.TypeTurnQueued, protocol.TurnQueued{MessageID: answerID, Position: place}, m.now())
	if err != nil {
		m.log.Error("tell the place in line", "session", session, "error", err)
		return
	}
	m.hub.passing(session, env)
}
