package dialog

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// OpenRequest opens a session.
type OpenRequest struct {
	// Lang is the language of the client's interface.
	Lang shop.Lang
	// Platform is where the client is; empty is shop.PlatformWeb.
	Platform string
}

// Opened is what a device continues a session with. Secret is shown once and stored as a hash.
type Opened struct {
	SessionID string `json:"session"`
	Secret    string `json:"secret"`
	Epoch     string `json:"epoch"`
}

// Session is what is known of a session.
type Session struct {
	ID string
	// Customer is the verified customer; empty for an anonymous visitor.
	Customer   string
	Epoch      string
	Owner      protocol.Owner
	OwnerEpoch int64
	// Agent is the name of the person who answers, where Owner is agent.
	Agent string
	Lang  shop.Lang
	// Page is what the customer looks at on the shop's own page.
	Page shop.Page
	// Seq is the newest event, Oldest the oldest that is kept.
	Seq, Oldest int64
	OpenedAt    time.Time
	// Device is who authenticated; empty where nobody did.
	Device string
	// Platform is where that device is, else where the customer last wrote from.
	Platform string
}

// Open makes a session for a visitor and gives out its secret.
func (m *Manager) Open(ctx context.Context, r OpenRequest) (Opened, error) {
	return m.open(ctx, "", r)
}

// open makes a session. Where a customer is named who has one already, that one is returned, without a secret.
func (m *Manager) open(ctx context.Context, customer string, r OpenRequest) (Opened, error) {
	if m.draining.Load() {
		return Opened{}, ErrDraining
	}
	o, d := Opened{SessionID: m.newID(), Epoch: m.newSecret(6)}, m.newDevice(customer, r.Platform)
	theirs, err := m.store.insertSession(ctx, o.SessionID, o.Epoch, customer, string(r.Lang), d)
	if err != nil {
		return Opened{}, fmt.Errorf("open a session: %w", err)
	}
	if theirs != o.SessionID {
		return Opened{SessionID: theirs}, nil
	}
	o.Secret = d.secret
	m.log.Info("session opened", "session", o.SessionID, "verified", customer != "")
	return o, nil
}

// Authenticate gives the session to who holds a secret of it: ErrNoSession or ErrForbidden otherwise.
func (m *Manager) Authenticate(ctx context.Context, sessionID, secret string) (Session, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return Session{}, err
	}
	devices, err := m.store.devices(ctx, id)
	if err != nil {
		return Session{}, err
	}
	// A secret has 256 random bits, so a plain hash is enough; the comparison takes the same time always.
	got, holder := sha256.Sum256([]byte(secret)), device{}
	for _, d := range devices {
		if subtle.ConstantTimeCompare(got[:], d.hash) == 1 {
			holder = d
		}
	}
	if holder.id == "" {
		return Session{}, ErrForbidden
	}
	session, err := m.Session(ctx, id)
	session.Device, session.Platform = holder.id, holder.platform
	return session, err
}

// Session reads a session's present state.
func (m *Manager) Session(ctx context.Context, sessionID string) (Session, error) {
	id, err := canonical(sessionID)
	if err != nil {
		return Session{}, err
	}
	row, err := m.store.session(ctx, id)
	if err != nil {
		return Session{}, err
	}
	return row.session(), nil
}

func (r *sessionRow) session() Session {
	return Session{ID: r.ID, Customer: r.Customer, Epoch: r.Epoch, Owner: r.Owner, OwnerEpoch: r.OwnerEpoch,
		Agent: r.Agent, Lang: shop.Lang(r.Lang), Page: r.Page, Platform: r.Platform, Seq: r.NextSeq - 1, Oldest: r.Oldest, OpenedAt: r.OpenedAt}
}

// change runs a transaction over the session and tells everybody of the events that it logged.
func (m *Manager) change(ctx context.Context, id string, read func(b *pgx.Batch), work func(t *sessionTx) error) error {
	var epoch string
	events, err := m.store.change(ctx, id, read, func(t *sessionTx) error {
		epoch = t.row.Epoch
		return work(t)
	})
	if err != nil {
		return err
	}
	m.hub.logged(id, epoch, events)
	return nil
}

// maxDeclined is how many turned-down products a session remembers; the oldest are forgotten first.
const maxDeclined = 200

// Decline remembers that the customer does not want to see a product again, and logs card.declined. What
// was declined already is not logged again.
func (m *Manager) Decline(ctx context.Context, sessionID string, d protocol.CardDecline) error {
	if err := d.Check(); err != nil {
		return err
	}
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	return m.change(ctx, id, nil, func(t *sessionTx) error {
		if slices.Contains(t.row.Declined, d.SKU) {
			return nil
		}
		return t.decline(d)
	})
}

// decline remembers and logs a product that was not declined before.
func (t *sessionTx) decline(d protocol.CardDecline) error {
	declined := append(t.row.Declined, d.SKU)
	t.queue(`UPDATE sessions SET declined = $2 WHERE id = $1`, t.row.ID, declined[max(0, len(declined)-maxDeclined):])
	_, err := t.append(protocol.TypeCardDeclined, protocol.CardDeclined(d))
	return err
}

// SetPage notes what the customer looks at on the shop's own page, beside the conversation. It is not logged.
func (m *Manager) SetPage(ctx context.Context, sessionID string, p shop.Page) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	return m.store.setPage(ctx, id, p)
}

// CartChanged logs cart.updated in the session, for changes that did not come out of a turn.
func (m *Manager) CartChanged(ctx context.Context, sessionID string, cart shop.Cart) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(cart)
	if err != nil {
		return fmt.Errorf("write cart: %w", err)
	}
	return m.change(ctx, id, nil, func(t *sessionTx) error {
		_, err := t.append(protocol.TypeCartUpdated, protocol.CartUpdated{Cart: cart})
		t.set(`UPDATE sessions SET next_seq = $2, active_at = now(), cart = $3::json WHERE id = $1`, string(raw))
		return err
	})
}

// typingLasts is after how long a sign that somebody writes clears itself.
const typingLasts = 30 * time.Second

// Typing tells everybody attached that somebody writes, or stopped; name is a person's, where Role is agent.
// It is not logged.
func (m *Manager) Typing(_ context.Context, sessionID string, role protocol.Role, name string, started bool) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	typ, data := protocol.TypeTypingStopped, protocol.Typing{Role: role, Name: name}
	if started {
		typ, data.ExpiresMS = protocol.TypeTypingStarted, int(typingLasts.Milliseconds())
	}
	env, err := protocol.New(typ, data, m.now())
	if err != nil {
		return err
	}
	m.hub.passing(id, env)
	return nil
}

// Announce tells every client of this replica, now and as it attaches, what the assistant can do.
func (m *Manager) Announce(status protocol.AssistantStatus) {
	env, err := protocol.New(protocol.TypeAssistantStatus, status, m.now())
	if err != nil {
		m.log.Error("announce the assistant's status", "error", err)
		return
	}
	m.hub.announce(env)
}

// Trim deletes the session's events before seq keep, and the messages that ended before it. Who resumes from before gets
// session.reset.
func (m *Manager) Trim(ctx context.Context, sessionID string, keep int64) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	return m.change(ctx, id, nil, func(t *sessionTx) error {
		t.trim(keep)
		return nil
	})
}
