package protocol

import (
	"time"

	"floorwalker/shop"
)

// SessionResume says where the client stands. Both fields empty asks for everything.
type SessionResume struct {
	// Epoch is the epoch of the last logged event that the client applied.
	Epoch string `json:"epoch,omitempty"`
	// Seq is the seq of the last logged event that the client applied; 0 for none.
	Seq int64 `json:"seq,omitempty" jsonschema:"minimum=0"`
}

// MessageSend is what the customer wrote.
type MessageSend struct {
	// Text is plain text; leading and trailing space is dropped, and it must not be empty then where no picture goes along.
	Text string `json:"text" jsonschema:"maxLength=4000"`
	// Picture is the id of one that was put to /api/pictures before.
	Picture string `json:"picture,omitempty" jsonschema:"maxLength=64"`
	// Locale is the language of the client's interface, "en" or "zh"; the text's own language wins.
	Locale shop.Lang `json:"locale,omitempty"`
	// Replaces is the message_id of the customer's last message, which this one takes the place of: its answer is taken
	// back, and with it what the assistant understood by it. What that answer did to the cart stays. While it is being
	// answered this is refused as busy: stop the answer and send it again.
	Replaces string `json:"replaces,omitempty" jsonschema:"maxLength=64"`
	// LessLike is the SKU of a shown card of which the customer wants less: it is put aside as by card.decline, and the answer
	// brings other cards, with what is most like it behind the others from now on.
	LessLike string `json:"less_like,omitempty" jsonschema:"maxLength=128"`
}

// TurnStop stops the answer being written.
type TurnStop struct {
	// MessageID limits the stop to that answer; empty means the present one.
	MessageID string `json:"message_id,omitempty"`
}

// TypingStart says that the customer writes.
type TypingStart struct{}

// TypingStop says that the customer stopped writing.
type TypingStop struct{}

// CartSet sets an absolute quantity, so that a retry changes nothing.
type CartSet struct {
	SKU string `json:"sku" jsonschema:"minLength=1,maxLength=128"`
	// Quantity is how many pieces the cart shall hold; 0 takes the product out.
	Quantity int `json:"quantity" jsonschema:"minimum=0,maximum=999"`
	// RankingID is the list that the card stood in, where it was put in from one.
	RankingID string `json:"ranking_id,omitempty" jsonschema:"maxLength=64"`
	// Position is the card's place in that list, from 1.
	Position int `json:"position,omitempty" jsonschema:"minimum=0"`
}

// CardDecline turns a shown product down.
type CardDecline struct {
	SKU string `json:"sku" jsonschema:"minLength=1,maxLength=128"`
	// RankingID is the list that the card stood in.
	RankingID string `json:"ranking_id,omitempty" jsonschema:"maxLength=64"`
	// Position is the card's place in that list, from 1.
	Position int `json:"position,omitempty" jsonschema:"minimum=0"`
}

// EventsSend tells what the customer did, in the words of OpenSearch's User Behavior Insights.
type EventsSend struct {
	// Events are at most 100.
	Events []PageEvent `json:"events" jsonschema:"minItems=1,maxItems=100"`
}

// PageEvent is one thing that the customer did on the page.
type PageEvent struct {
	// EventID is the page's own name of the event, unique within the session: a retry is counted once.
	EventID string `json:"event_id" jsonschema:"minLength=1,maxLength=64"`
	// ActionName is view, hover, click, comment, rating, share or dwell.
	ActionName string `json:"action_name" jsonschema:"minLength=1,maxLength=32"`
	// QueryID is the ranking_id of the list that the product stood in.
	QueryID string `json:"query_id,omitempty" jsonschema:"maxLength=64"`
	// Timestamp is when it was done.
	Timestamp time.Time `json:"timestamp"`
	// Message is a comment's text.
	Message         string              `json:"message,omitempty" jsonschema:"maxLength=2000"`
	EventAttributes PageEventAttributes `json:"event_attributes,omitzero"`
}

// PageEventAttributes are an event's particulars.
type PageEventAttributes struct {
	Object struct {
		// ObjectID is the product's SKU.
		ObjectID string `json:"object_id,omitempty" jsonschema:"maxLength=128"`
	} `json:"object,omitzero"`
	Position struct {
		// Ordinal is the place in the list, from 1.
		Ordinal int `json:"ordinal,omitempty" jsonschema:"minimum=0,maximum=10000"`
	} `json:"position,omitzero"`
	// DwellTime is in seconds, of dwell.
	DwellTime float64 `json:"dwell_time,omitempty" jsonschema:"minimum=0,maximum=86400"`
	// Rating is in stars from 1 to 5, of rating.
	Rating float64 `json:"rating,omitempty" jsonschema:"minimum=0,maximum=5"`
}

// ContextSet says what the customer looks at on the shop's own page. It takes the place of what was said before;
// empty where it is nothing in particular.
type ContextSet struct {
	// Product is the SKU of the product that the page is about.
	Product string `json:"product,omitempty" jsonschema:"maxLength=128"`
	// Page is what the page is called, for the person at the desk.
	Page string `json:"page,omitempty" jsonschema:"maxLength=300"`
}

// Ping asks whether the server is there.
type Ping struct{}
