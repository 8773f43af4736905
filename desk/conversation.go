package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// MaySee refuses agents who have no right to a conversation: it needs, or needed, a person from one of the
// agent's queues. Supervisors see all.
func (d *Desk) MaySee(ctx context.Context, a Agent, sessionID string) error {
	if a.Supervises() {
		return nil
	}
	queues, err := d.store.queuesOf(ctx, sessionID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(queues, a.May) {
		return errNoRight
	}
	return nil
}

// Whisper keeps a note for colleagues; a retry of a clientMsgID keeps it once. Customers never see notes:
// they stand in no log.
func (d *Desk) Whisper(ctx context.Context, a Agent, sessionID, clientMsgID, text string) error {
	if err := protocol.CheckClientMsgID(clientMsgID); err != nil {
		return err
	}
	text, err := protocol.CleanText(text, protocol.MaxText)
	if err != nil {
		return err
	}
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	if err := d.MaySee(ctx, a, now.ID); err != nil {
		return err
	}
	if err := d.store.insertNote(ctx, now.ID, a, clientMsgID, text); err != nil {
		return err
	}
	d.feed.noted(now.ID)
	return d.store.audit(ctx, a.ID, "note", now.ID, "", "")
}

// offerForm offers the contact form to a customer for whom nobody came in time.
func (d *Desk) offerForm(ctx context.Context, sessionID string) error {
	var r reading
	return d.sessions.Within(ctx, sessionID, r.queries(sessionID, ""), func(tx *dialog.Tx) error {
		if r.open.Status != statusQueued {
			return nil
		}
		tx.Queue(`UPDATE desk_cases SET form_offered = true WHERE handoff_id = $1`, r.open.HandoffID)
		_, err := tx.Log(protocol.TypeContactOffered, protocol.ContactOffered{HandoffID: r.open.HandoffID, Reason: "nobody"})
		return err
	})
}

// Packet is what an agent must know to go on where the assistant stopped.
type Packet struct {
	Case    protocol.Case `json:"case"`
	Session struct {
		ID         string         `json:"id"`
		Owner      protocol.Owner `json:"owner"`
		OwnerEpoch int64          `json:"owner_epoch"`
		Customer   string         `json:"customer,omitempty"`
		Lang       shop.Lang      `json:"lang"`
		// Page is what the customer looks at on the shop's own page.
		Page shop.Page `json:"page,omitzero"`
	} `json:"session"`
	// Summary is what the conversation was about; empty where the assistant answered nothing.
	Summary    string        `json:"summary,omitempty"`
	Transcript []dialog.Said `json:"transcript"`
	// Need is what the customer looks for, gathered over turns; Intent and Slots what was understood last.
	Need   shop.Need   `json:"need"`
	Intent shop.Intent `json:"intent,omitempty"`
	Slots  *shop.Slots `json:"slots,omitempty"`
	// Shown are the products shown last, Rejected the SKUs turned down.
	Shown    []shop.ShownProduct `json:"shown"`
	Rejected []string            `json:"rejected"`
	// Tried is what the assistant did, oldest first.
	Tried []Try           `json:"tried"`
	Notes []protocol.Note `json:"notes"`
	// Suggested is a first reply to edit and send.
	Suggested string `json:"suggested"`
}

// Try is one answer of the assistant.
type Try struct {
	Intent shop.Intent    `json:"intent,omitempty"`
	State  protocol.State `json:"state"`
	// Cards is how many products it showed, Cites the articles it rested on.
	Cards int      `json:"cards,omitempty"`
	Cites []string `json:"cites,omitempty"`
}

// Bounds of a packet.
const (
	packetMessages = 200
	packetEvents   = 200
)

// Packet puts together what is known of a conversation, and writes into the audit log that the agent saw it.
func (d *Desk) Packet(ctx context.Context, a Agent, sessionID, address string) (p Packet, err error) {
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return p, err
	}
	if err := d.MaySee(ctx, a, now.ID); err != nil {
		return p, err
	}
	if err := d.store.audit(ctx, a.ID, "packet", now.ID, "", address); err != nil {
		return p, err
	}
	s := &p.Session
	s.ID, s.Owner, s.OwnerEpoch, s.Customer, s.Lang, s.Page = now.ID, now.Owner, now.OwnerEpoch, now.Customer, now.Lang, now.Page
	if p.Case, err = d.store.latestCase(ctx, now.ID); err != nil {
		return p, err
	}
	if p.Transcript, err = d.sessions.Transcript(ctx, now.ID, packetMessages); err != nil {
		return p, err
	}
	summary, err := d.sessions.Summary(ctx, now.ID)
	if err != nil {
		return p, err
	}
	p.Summary = summary.Text
	state, events, err := d.sessions.Memory(ctx, now.ID, packetEvents, protocol.TypeMessageCompleted, protocol.TypeRecommendationsShown)
	if err != nil {
		return p, err
	}
	p.Need, p.Shown, p.Rejected = state.Need, state.Shown, state.Rejected
	if err := p.read(events); err != nil {
		return p, err
	}
	if p.Notes, err = d.store.notes(ctx, now.ID); err != nil {
		return p, err
	}
	p.Suggested = suggest(a, now.Lang, p)
	if p.Shown == nil {
		p.Shown = []shop.ShownProduct{}
	}
	if p.Rejected == nil {
		p.Rejected = []string{}
	}
	return p, nil
}

// wordsOf is among how many of the latest messages the customer's own are looked for.
const wordsOf = 20

// Turn is what the assistant would be asked were it to suggest something now: the conversation as it stands, with what the
// customer said since somebody else spoke.
func (d *Desk) Turn(ctx context.Context, a Agent, sessionID string) (turn shop.Turn, err error) {
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return turn, err
	}
	if err := d.MaySee(ctx, a, now.ID); err != nil {
		return turn, err
	}
	state, _, err := d.sessions.Memory(ctx, now.ID, 1)
	if err != nil {
		return turn, err
	}
	said, err := d.sessions.Transcript(ctx, now.ID, wordsOf)
	if err != nil {
		return turn, err
	}
	turn = shop.Turn{SessionID: now.ID, Customer: or(now.Customer, now.ID), Verified: now.Customer != "", Platform: now.Platform, State: state, Page: now.Page, Locale: now.Lang}
	for _, s := range slices.Backward(said) {
		if s.Role == protocol.RoleCustomer {
			turn.Text, turn.MessageID = s.Text, s.MessageID
			break
		}
	}
	return turn, nil
}

// read takes what the assistant tried out of the log.
func (p *Packet) read(events []protocol.Envelope) error {
	cards := map[string]int{}
	p.Tried = []Try{}
	for _, env := range events {
		switch env.Type {
		case protocol.TypeRecommendationsShown:
			var d protocol.RecommendationsShown
			if err := env.Into(&d); err != nil {
				return err
			}
			cards[d.MessageID] += len(d.Cards.Cards)
		case protocol.TypeMessageCompleted:
			var d protocol.MessageCompleted
			if err := env.Into(&d); err != nil {
				return err
			}
			p.Tried = append(p.Tried, Try{Intent: d.Intent, State: d.State, Cards: cards[d.MessageID], Cites: d.Cites})
			// What asked for the person says nothing of what the customer wanted before.
			if d.Intent != "" && d.Intent != shop.IntentHandoff {
				p.Intent, p.Slots = d.Intent, d.Slots
			}
		}
	}
	return nil
}

// suggest is a first reply in the customer's language.
func suggest(a Agent, lang shop.Lang, p Packet) string {
	product := strings.TrimSpace(strings.Join([]string{p.Need.Color, p.Need.Brand, p.Need.Product}, " "))
	product = strings.Join(strings.Fields(product), " ")
	sorry := p.Case.Reason == "complaint" || p.Case.Reason == "misunderstood"
	if lang == shop.Chinese {
		text := fmt.Sprintf("您好，我是%s。", a.Name)
		if sorry {
			text += "很抱歉给您带来不便，"
		}
		if product != "" {
			return text + fmt.Sprintf("我看到您在找%s，我来帮您看看。", product)
		}
		return text + "我已经看过您的对话，我来帮您处理。"
	}
	text := fmt.Sprintf("Hello, this is %s. ", a.Name)
	if sorry {
		text += "I am sorry for the trouble. "
	}
	if product != "" {
		return text + fmt.Sprintf("I see that you are looking for %s. Let me have a look for you.", product)
	}
	return text + "I have read your conversation and will take care of it."
}
