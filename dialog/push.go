package dialog

import (
	"context"
	"fmt"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"
)

// Push keeps what customers who are not connected must hear of elsewhere; package webhook's Outbox is one.
type Push interface {
	// Said notes the message logged as seq with the statement that it queues, in the transaction that logs it. Where
	// live, whoever is connected at the next look has it; otherwise only reading it proves that.
	Said(queue func(sql string, args ...any), sessionID string, seq int64, live bool)
}

// said notes a person's message for customers who are not connected: they may seem to be for a while, as a phone does
// whose app sleeps.
func (t *sessionTx) said(p Push, seq int64) {
	if p != nil {
		p.Said(t.queue, t.row.ID, seq, false)
	}
}

// answered notes an answer that ended while nobody was connected here.
func (t *sessionTx) answered(p Push, seq int64, d protocol.MessageCompleted, attached bool) {
	if p != nil && !attached && d.State == protocol.StateComplete && d.Text != "" {
		p.Said(t.queue, t.row.ID, seq, true)
	}
}

// newsText is how many code points of a message other systems are told.
const newsText = 1000

// MessageNews is the message logged as seq as other systems are told of it, and whether its customer has read that far.
// ErrNoSession where the session or the event is gone.
func (m *Manager) MessageNews(ctx context.Context, sessionID string, seq int64) (news protocol.MessageNews, read bool, err error) {
	id, err := canonical(sessionID)
	if err != nil {
		return news, false, err
	}
	row, err := m.store.newsRow(ctx, id, seq)
	if err != nil {
		return news, false, err
	}
	news = protocol.MessageNews{Session: id, Customer: row.Customer, Seq: seq, Epoch: row.Epoch, Lang: shop.Lang(row.Lang), TS: protocol.Stamp(row.Event.TS)}
	env := row.Event.envelope(id, row.Epoch)
	switch env.Type {
	case protocol.TypeMessageCreated:
		var d protocol.MessageCreated
		if err := env.Into(&d); err != nil {
			return news, false, err
		}
		news.MessageID, news.Role, news.Author, news.Text = d.MessageID, d.Role, d.Author, d.Text
	case protocol.TypeMessageCompleted:
		var d protocol.MessageCompleted
		if err := env.Into(&d); err != nil {
			return news, false, err
		}
		news.MessageID, news.Role, news.Text = d.MessageID, protocol.RoleAssistant, d.Text
	default:
		return news, false, fmt.Errorf("event %d of session %s is no message but %s", seq, id, env.Type)
	}
	if runes := []rune(news.Text); len(runes) > newsText {
		news.Text = string(runes[:newsText])
	}
	return news, row.ReadTo >= seq, nil
}

// askAround is how long other replicas have to say that a device is connected to them.
const askAround = 400 * time.Millisecond

// Present is true while a device of the session is connected to this replica or another. Where other replicas can't be
// asked, nobody is.
func (m *Manager) Present(ctx context.Context, sessionID string) bool {
	id, err := canonical(sessionID)
	if err != nil {
		return false
	}
	if m.hub.attached(id) {
		return true
	}
	if m.o.Wake == nil || !m.o.Wake.Up() {
		return false
	}
	room, began := m.hub.hold(id), time.Now()
	defer m.hub.release(room)
	m.hub.tell(id, Notice{Who: true})
	const look = 20 * time.Millisecond
	tick := time.NewTicker(look)
	defer tick.Stop()
	for time.Since(began) < askAround {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
		if m.hub.attached(id) || m.hub.heardSince(room, began) {
			return true
		}
	}
	return false
}
