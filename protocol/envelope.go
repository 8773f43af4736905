package protocol

import (
	"encoding/json"
	"fmt"
	"time"

	"floorwalker/shop"
)

// Version is the version of the protocol that this package speaks, the "v" of every envelope.
const Version = 1

// Limits of what a client may send.
const (
	// MaxFrame is the largest frame, in bytes.
	MaxFrame = 64 << 10
	// MaxDepth is how deep objects and arrays may stand in each other, the envelope included.
	MaxDepth = 16
	// MaxClientMsgID is the longest client_msg_id, in bytes.
	MaxClientMsgID = 64
)

// Envelope is what every frame holds, in both directions.
type Envelope struct {
	// V is the protocol version, 1.
	V int `json:"v" jsonschema:"minimum=1"`
	// Type says what Data is: "message.send".
	Type Type `json:"type"`
	// ID names this frame. A logged event keeps its id however often it is replayed.
	ID string `json:"id,omitempty"`
	// Session is the conversation the frame belongs to. Clients may leave it out: the socket knows it.
	Session string `json:"session,omitempty"`
	// Seq is the event's place in the session's log, from 1, without gaps; absent where the frame is not logged.
	Seq int64 `json:"seq,omitempty"`
	// Epoch names the log that Seq counts in. It changes only when history can't be continued.
	Epoch string `json:"epoch,omitempty"`
	// TS is when the server (or the client) made the frame, in UTC with milliseconds.
	TS time.Time `json:"ts,omitzero"`
	// ClientMsgID is the client's own name for a message it sends; the acknowledgement and the error carry it back.
	ClientMsgID string `json:"client_msg_id,omitempty"`
	// Data is the type's own object.
	Data json.RawMessage `json:"data,omitempty"`
}

// New makes an envelope of the type around data, stamped with the time. It fails only where data can't be
// written as JSON, which no struct of this package does.
func New(t Type, data any, at time.Time) (Envelope, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Envelope{}, fmt.Errorf("write data of %s: %w", t, err)
	}
	return Envelope{V: Version, Type: t, TS: Stamp(at), Data: raw}, nil
}

// Stamp is a time as envelopes carry it: UTC, in whole milliseconds.
func Stamp(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

// Encode writes the envelope as one frame.
func (e Envelope) Encode() ([]byte, error) {
	frame, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write %s frame: %w", e.Type, err)
	}
	return frame, nil
}

// Into reads the envelope's data into a struct of the registry.
func (e Envelope) Into(data any) error {
	if len(e.Data) == 0 {
		return nil
	}
	if err := json.Unmarshal(e.Data, data); err != nil {
		return fmt.Errorf("read data of %s: %w", e.Type, err)
	}
	return nil
}

// AcceptedEnvelope is the frame that acknowledges a message.
func AcceptedEnvelope(ack Acknowledgement, session string, at time.Time) Envelope {
	env, _ := New(TypeMessageAccepted, ack, at)
	env.ID, env.Session, env.ClientMsgID = "ack-"+ack.MessageID, session, ack.ClientMsgID
	return env
}

// ErrorEnvelope is the frame that tells a client of an error: its code and sentence, and the
// client_msg_id of the frame that it answers, where there was one.
func ErrorEnvelope(err error, cause Envelope, at time.Time) Envelope {
	code, message := shop.CodeOf(err)
	env, _ := New(TypeError, Error{Code: code, Message: message, ClientMsgID: cause.ClientMsgID, Type: cause.Type}, at)
	env.Session, env.ClientMsgID = cause.Session, cause.ClientMsgID
	return env
}
