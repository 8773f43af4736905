package protocol

import (
	"time"

	"floorwalker/shop"
)

// WebhookEvent is what the shop's own server is posted: a message that reached no connected customer. It comes at least
// once; the header webhook-id is the same with every try.
type WebhookEvent struct {
	// Type is message.created.
	Type Type `json:"type"`
	// Timestamp is when the message was said.
	Timestamp time.Time   `json:"timestamp"`
	Data      MessageNews `json:"data"`
}

// MessageNews is a message to a customer as other systems are told of it.
type MessageNews struct {
	// Session is the conversation.
	Session string `json:"session"`
	// Customer is the verified customer; absent for an anonymous visitor.
	Customer string `json:"customer,omitempty"`
	// MessageID is the message's name.
	MessageID string `json:"message_id"`
	// Seq and Epoch are its place in the session's log: an app that is at or beyond them has it.
	Seq   int64  `json:"seq"`
	Epoch string `json:"epoch"`
	// Role is who wrote it: agent or assistant.
	Role Role `json:"role"`
	// Author is the person's name as customers see it, where Role is agent.
	Author string `json:"author,omitempty"`
	// Text is what was said, cut after 1,000 code points.
	Text string `json:"text"`
	// Lang is the language of the conversation, "en" or "zh".
	Lang shop.Lang `json:"lang,omitempty"`
	// TS is when it was said.
	TS time.Time `json:"ts"`
}
