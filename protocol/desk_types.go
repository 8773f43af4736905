package protocol

import (
	"strings"
	"time"

	"floorwalker/shop"
)

// HandoffRequest asks for a person without saying so in words: the page's own button.
type HandoffRequest struct{}

// ContactSend is the answered contact form.
type ContactSend struct {
	HandoffID string `json:"handoff_id" jsonschema:"minLength=1,maxLength=64"`
	// Name is how the customer wants to be called; may be empty.
	Name string `json:"name,omitempty" jsonschema:"maxLength=200"`
	// Email is where the shop answers.
	Email string `json:"email" jsonschema:"minLength=3,maxLength=254"`
	// Text is what the customer wants to know.
	Text string `json:"text" jsonschema:"minLength=1,maxLength=4000"`
}

// SatisfactionSend answers the satisfaction question; a later answer replaces an earlier one.
type SatisfactionSend struct {
	HandoffID string `json:"handoff_id" jsonschema:"minLength=1,maxLength=64"`
	// Score is from 1 (bad) to 5 (good).
	Score int `json:"score" jsonschema:"minimum=1,maximum=5"`
	// Comment may be empty.
	Comment string `json:"comment,omitempty" jsonschema:"maxLength=1000"`
}

// MessageRead says how far its sender has read.
type MessageRead struct {
	// Seq is the newest logged event that was on the screen.
	Seq int64 `json:"seq" jsonschema:"minimum=1"`
}

// SessionLeave ends the watching of a conversation on a console's socket.
type SessionLeave struct{}

// HandoffWaiting says where in the line the customer stands now.
type HandoffWaiting struct {
	HandoffID string `json:"handoff_id"`
	// Position is 1 for the next one.
	Position int `json:"position"`
	// EstimateSeconds is how long the latest customers in this place waited; absent while too few did to tell.
	EstimateSeconds int `json:"estimate_seconds,omitempty"`
	// Agents is how many people are at this queue's desk now.
	Agents int `json:"agents"`
}

// ContactOffered says that no person will come soon, and that a form may be filled in instead.
type ContactOffered struct {
	HandoffID string `json:"handoff_id"`
	// Reason is closed (outside business hours) or nobody (nobody came in time).
	Reason string `json:"reason"`
	// OpensAt is when the desk opens next, where it is closed.
	OpensAt *time.Time `json:"opens_at,omitempty"`
}

// ContactReceived says that the form is stored as a ticket.
type ContactReceived struct {
	HandoffID string `json:"handoff_id"`
	// TicketID is what the customer can name later.
	TicketID int64 `json:"ticket_id"`
	// ClientMsgID is the client's own name of the form.
	ClientMsgID string `json:"client_msg_id,omitempty"`
}

// SatisfactionAsked asks the customer how it was.
type SatisfactionAsked struct {
	HandoffID string `json:"handoff_id"`
	// Agent is the person's name as customers see it.
	Agent string `json:"agent,omitempty"`
}

// SatisfactionGiven is the customer's answer.
type SatisfactionGiven struct {
	HandoffID string `json:"handoff_id"`
	Score     int    `json:"score"`
}

// MessageSeen says how far the other side has read.
type MessageSeen struct {
	// Role is who read: customer or agent.
	Role Role  `json:"role"`
	Seq  int64 `json:"seq"`
}

// Case is one handoff as the console shows it.
type Case struct {
	HandoffID string `json:"handoff_id"`
	Session   string `json:"session"`
	Queue     string `json:"queue"`
	Lang      string `json:"lang,omitempty"`
	// Reason is customer_asked, complaint, misunderstood, picture, policy or agent.
	Reason string `json:"reason"`
	Note   string `json:"note,omitempty"`
	// Customer is the verified customer; absent for an anonymous visitor.
	Customer string `json:"customer,omitempty"`
	// Status is queued or claimed; released, resolved or ticket once it is closed.
	Status string `json:"status"`
	// Urgent is true where the agent before was lost: it stands at the head of its queue.
	Urgent bool `json:"urgent,omitempty"`
	// Position is the place in its queue, from 1, while it is queued.
	Position int `json:"position,omitempty"`
	// AgentID is who has it, while it is claimed.
	AgentID string `json:"agent_id,omitempty"`
	// OwnerEpoch is what claim, release, transfer and resolve must name.
	OwnerEpoch   int64     `json:"owner_epoch"`
	AskedAt      time.Time `json:"asked_at"`
	WaitingSince time.Time `json:"waiting_since"`
	// Last is the beginning of the customer's latest message.
	Last string `json:"last,omitempty"`
}

// Queue is one line of waiting customers.
type Queue struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Department string   `json:"department,omitempty"`
	Langs      []string `json:"langs"`
	// Topics are the reasons and intents that go here; an empty list takes all.
	Topics []string `json:"topics"`
	// Open is whether it is within business hours now.
	Open    bool       `json:"open"`
	OpensAt *time.Time `json:"opens_at,omitempty"`
}

// Colleague is a person at the desk.
type Colleague struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Role is agent, supervisor or admin.
	Role   string   `json:"role"`
	Queues []string `json:"queues"`
	// Capacity is how many conversations the person takes at once, Load how many it has.
	Capacity int `json:"capacity"`
	Load     int `json:"load"`
	// Present is true while a console of the person is open; Away while it wants nothing new.
	Present bool `json:"present"`
	Away    bool `json:"away,omitempty"`
}

// DeskOpened is the first frame on a console's socket: everything that the agent may see.
type DeskOpened struct {
	Me     Colleague   `json:"me"`
	Queues []Queue     `json:"queues"`
	Cases  []Case      `json:"cases"`
	People []Colleague `json:"people"`
}

// CaseChanged is a case as it is now. A closed one leaves the list.
type CaseChanged struct {
	Case Case `json:"case"`
}

// PeopleChanged is who is at the desk now, as a whole.
type PeopleChanged struct {
	People []Colleague `json:"people"`
}

// NoteAdded is a whisper: agents see it, customers never do.
type NoteAdded struct {
	Note Note `json:"note"`
}

// Note is what an agent wrote for other agents.
type Note struct {
	ID      string    `json:"id"`
	Session string    `json:"session"`
	AgentID string    `json:"agent_id"`
	Author  string    `json:"author"`
	Text    string    `json:"text"`
	TS      time.Time `json:"ts"`
}

// Check cleans the form and refuses what can't be answered.
func (d *ContactSend) Check() error {
	text, err := CleanText(d.Text, MaxText)
	if err != nil {
		return err
	}
	d.Text, d.Email, d.Name = text, strings.TrimSpace(d.Email), cleanLine(d.Name, 200)
	at := strings.LastIndexByte(d.Email, '@')
	if at < 1 || at == len(d.Email)-1 || len(d.Email) > 254 || strings.ContainsFunc(d.Email, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return shop.Errorf(CodeBadField, "The e-mail address can't be right. Write one like name@example.com.")
	}
	return checkID(d.HandoffID)
}

// Check refuses scores out of range.
func (d *SatisfactionSend) Check() error {
	if d.Score < 1 || d.Score > 5 {
		return shop.Errorf(CodeBadField, "score is %d; it must be from 1 to 5.", d.Score)
	}
	d.Comment = cleanLine(d.Comment, 1000)
	return checkID(d.HandoffID)
}

// Check refuses places before the log.
func (d *MessageRead) Check() error {
	if d.Seq < 1 {
		return shop.Errorf(CodeBadField, "seq is %d; it counts from 1.", d.Seq)
	}
	return nil
}

func checkID(id string) error {
	if id == "" || !givenID(id, maxID) {
		return shop.Errorf(CodeBadField, "handoff_id is missing or can't be right. Send the one that the server gave.")
	}
	return nil
}

// cleanLine is text without NUL and space around it, cut at limit code points.
func cleanLine(text string, limit int) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\x00", ""))
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit])
	}
	return text
}
