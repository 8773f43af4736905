package protocol

import (
	"time"

	"floorwalker/shop"
)

// Owner is who answers in a conversation.
type Owner string

// The states of a conversation.
const (
	// OwnerAssistant: the assistant answers.
	OwnerAssistant Owner = "assistant"
	// OwnerQueued: a person was asked for; the assistant answers until one comes.
	OwnerQueued Owner = "queued"
	// OwnerAgent: a person answers, the assistant is silent.
	OwnerAgent Owner = "agent"
	// OwnerResolved: the person closed the matter; the next message goes to the assistant.
	OwnerResolved Owner = "resolved"
)

// Role is who wrote a message.
type Role string

// The writers of messages.
const (
	RoleCustomer  Role = "customer"
	RoleAssistant Role = "assistant"
	RoleAgent     Role = "agent"
)

// State is what became of a message.
type State string

// A message that is not final is pending (waits for its turn) or streaming; each ends in exactly one of
// complete, interrupted and failed.
const (
	StatePending     State = "pending"
	StateStreaming   State = "streaming"
	StateComplete    State = "complete"
	StateInterrupted State = "interrupted"
	StateFailed      State = "failed"
)

// Final is true for the three states that a message ends in.
func (s State) Final() bool {
	return s == StateComplete || s == StateInterrupted || s == StateFailed
}

// SessionState is the present state of a conversation, given whenever a client attaches.
type SessionState struct {
	// Epoch names the log; keep it with the last seq for the next session.resume.
	Epoch string `json:"epoch"`
	// Seq is the log's newest event; what comes up to it is replay.
	Seq int64 `json:"seq"`
	// Oldest is the oldest event that is still kept.
	Oldest int64 `json:"oldest"`
	// From is the first event that follows this frame (Seq + 1 when nothing was missed).
	From int64 `json:"from"`
	// Owner is who answers now.
	Owner Owner `json:"owner"`
	// OwnerEpoch rises whenever somebody else takes the conversation over.
	OwnerEpoch int64 `json:"owner_epoch"`
	// Agent is the name of the person who answers, where Owner is agent.
	Agent string `json:"agent,omitempty"`
	// QueuePosition is how many wait for a person before this customer, plus one; absent when not known.
	QueuePosition int `json:"queue_position,omitempty"`
	// QueueEstimateSeconds is how long the wait may take; absent when not known.
	QueueEstimateSeconds int `json:"queue_estimate_seconds,omitempty"`
	// ReadByCustomer and ReadByAgent are how far each side has read.
	ReadByCustomer int64 `json:"read_by_customer,omitempty"`
	ReadByAgent    int64 `json:"read_by_agent,omitempty"`
	// Lang is the language of the conversation so far.
	Lang shop.Lang `json:"lang,omitempty"`
	// Cart is what the cart holds; absent while nothing was ever put into it.
	Cart *shop.Cart `json:"cart,omitempty"`
	// Writing is the answer being written now; its text so far follows the replay as one message.delta.
	Writing string `json:"writing,omitempty"`
	// Waiting is how many questions wait for their answer to begin.
	Waiting int `json:"waiting,omitempty"`
}

// Acknowledgement says that a customer's message is committed. It is the same for every retry.
type Acknowledgement struct {
	// ClientMsgID is the client's own name of the message.
	ClientMsgID string `json:"client_msg_id"`
	// MessageID is the message's name for good.
	MessageID string `json:"message_id"`
	// Seq is the message.created event of the message.
	Seq int64 `json:"seq"`
	// ReplyID is the message that will answer; absent where a person answers.
	ReplyID string `json:"reply_id,omitempty"`
}

// MessageCreated is a message that stands in the conversation.
type MessageCreated struct {
	MessageID string `json:"message_id"`
	Role      Role   `json:"role"`
	// State is complete for what a person wrote, streaming for an answer that begins.
	State State `json:"state"`
	// Text is the whole text; empty for an answer that begins.
	Text string `json:"text"`
	// ReplyTo is the customer's message that is answered.
	ReplyTo string `json:"reply_to,omitempty"`
	// ClientMsgID is the client's own name of a customer's message: its sender finds its echo by it.
	ClientMsgID string `json:"client_msg_id,omitempty"`
	// Author is the name of the person, where Role is agent.
	Author string `json:"author,omitempty"`
	// Picture goes with a customer's message.
	Picture *shop.Picture `json:"picture,omitempty"`
	// LessLike is the SKU of the card of which the customer's message wants less.
	LessLike string `json:"less_like,omitempty"`
}

// MessageReplaced says that a message was written anew.
type MessageReplaced struct {
	// MessageID is the customer's message that is replaced, ReplyID its answer; absent where nobody had answered.
	MessageID string `json:"message_id"`
	ReplyID   string `json:"reply_id,omitempty"`
}

// MessageDelta is the next piece of an answer.
type MessageDelta struct {
	MessageID string `json:"message_id"`
	// Offset is where Text begins in the message, in Unicode code points. A piece that begins before what
	// the client already has overlaps it; message.completed brings the whole text in the end.
	Offset int    `json:"offset"`
	Text   string `json:"text"`
}

// MessageCompleted is the final state of an answer. There is exactly one for each message.
type MessageCompleted struct {
	MessageID string `json:"message_id"`
	ReplyTo   string `json:"reply_to,omitempty"`
	// State is complete, interrupted or failed.
	State State `json:"state"`
	// Reason says why a message was interrupted: stopped, left, taken_over, restarted, drained; or what failed.
	Reason string `json:"reason,omitempty"`
	// Text is all that was said; it replaces the deltas.
	Text string `json:"text"`
	// Error is for a failed message: a stable code and a sentence that says what to do.
	Error *Error `json:"error,omitempty"`
	// Intent and Slots are what the assistant understood.
	Intent shop.Intent `json:"intent,omitempty"`
	Slots  *shop.Slots `json:"slots,omitempty"`
	// Lang is the language of the answer.
	Lang shop.Lang `json:"lang,omitempty"`
	// Cites are the slugs of the knowledge articles that the answer rests on.
	Cites []string `json:"cites,omitempty"`
	// CheckoutURL leads the cart to the shop's own checkout.
	CheckoutURL string `json:"checkout_url,omitempty"`
	// Handoff is true where a person was asked for by this turn.
	Handoff bool `json:"handoff,omitempty"`
	// Trace says which parts answered and where the time went.
	Trace *shop.Trace `json:"trace,omitempty"`
}

// TurnQueued says how long the line before an answer is.
type TurnQueued struct {
	MessageID string `json:"message_id"`
	// Position is 1 for the next one to be answered.
	Position int `json:"position"`
}

// RecommendationsShown is one list of cards.
type RecommendationsShown struct {
	// MessageID is the answer that the cards belong to.
	MessageID string `json:"message_id"`
	shop.Cards
}

// CardDeclined says that a product was turned down.
type CardDeclined struct {
	SKU       string `json:"sku"`
	RankingID string `json:"ranking_id,omitempty"`
	Position  int    `json:"position,omitempty"`
}

// CardUpdated says what a shown product is now.
type CardUpdated struct {
	SKU string `json:"sku"`
	// Version is the product's new version.
	Version int64 `json:"version"`
	// Gone is true when the product can't be bought any more; the card must not be shown as buyable.
	Gone      bool        `json:"gone,omitempty"`
	Price     *shop.Money `json:"price,omitempty"`
	PriceText string      `json:"price_text,omitempty"`
	Stock     *int        `json:"stock,omitempty"`
	// Was is what it cost before, where it costs less now.
	Was *shop.Money `json:"was,omitempty"`
	// Restocked is true where it was sold out and can be bought again.
	Restocked bool `json:"restocked,omitempty"`
}

// EventsAccepted says what became of events.send.
type EventsAccepted struct {
	// Accepted is how many are stored for good, Duplicates how many were known already.
	Accepted   int            `json:"accepted"`
	Duplicates int            `json:"duplicates"`
	Refused    []EventRefused `json:"refused,omitempty"`
}

// EventRefused says why an event was not taken.
type EventRefused struct {
	// Index is the event's place in the frame, from 0.
	Index   int    `json:"index"`
	EventID string `json:"event_id"`
	// Code is bad_request, too_late or in_the_future; Message tells what to do.
	Code    string `json:"code"`
	Message string `json:"message"`
}

// CartUpdated is the whole cart. Quantities are absolute.
type CartUpdated struct {
	Cart shop.Cart `json:"cart"`
}

// Typing says who writes.
type Typing struct {
	Role Role `json:"role"`
	// Name is the person's name where one is known.
	Name string `json:"name,omitempty"`
	// ExpiresMS is after how many milliseconds the sign clears itself.
	ExpiresMS int `json:"expires_ms,omitempty"`
}

// HandoffRequested says that a person was asked for, and why.
type HandoffRequested struct {
	HandoffID  string `json:"handoff_id"`
	MessageID  string `json:"message_id,omitempty"`
	OwnerEpoch int64  `json:"owner_epoch"`
	// Reason is customer_asked, complaint, misunderstood, picture, policy or agent.
	Reason string `json:"reason"`
}

// HandoffQueued says where in the line the customer stands.
type HandoffQueued struct {
	HandoffID  string `json:"handoff_id"`
	OwnerEpoch int64  `json:"owner_epoch"`
	// Position is 1 for the next one; absent when not known.
	Position int `json:"position,omitempty"`
	// EstimateSeconds is an honest estimate of the wait; absent when not known.
	EstimateSeconds int `json:"estimate_seconds,omitempty"`
}

// HandoffChanged says who has the conversation now.
type HandoffChanged struct {
	HandoffID  string `json:"handoff_id,omitempty"`
	Owner      Owner  `json:"owner"`
	OwnerEpoch int64  `json:"owner_epoch"`
	// Agent is the person's name as customers see it.
	Agent string `json:"agent,omitempty"`
	// Reason says why, where nobody decided it: agent_lost (the person's console was gone for too long; the
	// conversation waits at the head of its queue), ticket (the customer left a ticket).
	Reason string `json:"reason,omitempty"`
}

// HandoffEvent is what other systems are told of a handoff, on the NATS subjects floorwalker.handoff.*. It
// is delivered at least once; receivers drop an ID that they have seen.
type HandoffEvent struct {
	// V is the version of this event's schema.
	V int `json:"v"`
	// ID is the same for every delivery of this event, and stands in the Nats-Msg-Id header too.
	ID string `json:"id"`
	// Type is handoff.requested, claimed, transferred, released or resolved.
	Type       Type   `json:"type"`
	HandoffID  string `json:"handoff_id"`
	Session    string `json:"session"`
	Seq        int64  `json:"seq"`
	Epoch      string `json:"epoch"`
	Owner      Owner  `json:"owner"`
	OwnerEpoch int64  `json:"owner_epoch"`
	// Agent is the person who has the conversation, by the name that customers see, AgentID the account.
	Agent   string `json:"agent,omitempty"`
	AgentID string `json:"agent_id,omitempty"`
	// Queue is the line that the conversation waits in or came from.
	Queue string `json:"queue,omitempty"`
	// MessageID is the answer that asked for a person, Reason why.
	MessageID string `json:"message_id,omitempty"`
	Reason    string `json:"reason,omitempty"`
	// Customer is the verified customer; absent for an anonymous visitor.
	Customer string    `json:"customer,omitempty"`
	Lang     shop.Lang `json:"lang,omitempty"`
	TS       time.Time `json:"ts"`
}

// AssistantStatus says what the assistant can do now.
type AssistantStatus struct {
	// LLM is true while the language model answers; without it answers come from templates.
	LLM bool `json:"llm"`
	// Model is the model's name, where one is up.
	Model string `json:"model,omitempty"`
}

// Pong answers ping.
type Pong struct{}

// Error is a stable code and a sentence that says what to do.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// ClientMsgID and Type name the frame that could not be done.
	ClientMsgID string `json:"client_msg_id,omitempty"`
	Type        Type   `json:"type,omitempty"`
}
