package protocol

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// CloseCode is the code of a WebSocket close frame, with what the client should do about it.
//
// The ranges say it without the table: 4000–4099 come back at once and resume; 4100–4199 come back after
// a wait and resume; 4200–4299 come back with a new ticket; 4500–4599 do not come back by yourself.
// Of the standard codes the server uses 1001 and 1012 (come back after a short, random wait) and
// 1009 (the frame was too large: do not send it again).
type CloseCode struct {
	Code int
	// Name is stable, in snake case; it is the first word of the close frame's reason.
	Name string
	// Reconnect is true when the client should come back by itself.
	Reconnect bool
	// NewTicket is true when the present ticket or secret is of no more use.
	NewTicket bool
	// MinWait and MaxWait are how long to wait before coming back; choose at random between them.
	MinWait, MaxWait time.Duration
	// Means is what happened, in one sentence.
	Means string
}

// The close codes.
var (
	CloseGoingAway       = CloseCode{1001, "going_away", true, false, 200 * time.Millisecond, 5 * time.Second, "The server stops."}
	CloseServiceRestart  = CloseCode{1012, "service_restart", true, false, 200 * time.Millisecond, 5 * time.Second, "The server restarts; another one may answer already."}
	CloseFrameTooLarge   = CloseCode{1009, "frame_too_large", true, false, time.Second, 5 * time.Second, "A frame was larger than 64 KiB. Do not send it again."}
	CloseSlowReader      = CloseCode{4000, "slow_reader", true, false, 0, time.Second, "The client read too slowly and its queue ran over; resume brings what it missed."}
	CloseIdle            = CloseCode{4001, "idle", true, false, 0, time.Second, "No frame and no pong came for too long."}
	CloseMaxAge          = CloseCode{4002, "max_age", true, false, 0, 5 * time.Second, "The connection reached its greatest age; come back to another server, perhaps."}
	CloseOverloaded      = CloseCode{4100, "overloaded", true, false, 2 * time.Second, 20 * time.Second, "The server is full."}
	CloseRateLimited     = CloseCode{4101, "rate_limited", true, false, 10 * time.Second, 60 * time.Second, "Too many connections or frames."}
	CloseInternal        = CloseCode{4102, "internal", true, false, time.Second, 10 * time.Second, "Something failed on the server."}
	CloseTicketExpired   = CloseCode{4200, "ticket_expired", true, true, 0, time.Second, "The ticket is used, too old or unknown."}
	CloseIdentityChanged = CloseCode{4201, "identity_changed", true, true, 0, time.Second, "The customer logged in or out; the rights of this socket ended."}
	CloseSessionUnknown  = CloseCode{4202, "session_unknown", true, true, 0, time.Second, "The session does not exist any more; open a new one."}
	CloseBadProtocol     = CloseCode{4500, "bad_protocol", false, false, 0, 0, "Too many frames in a row could not be read."}
	CloseBadVersion      = CloseCode{4501, "bad_version", false, false, 0, 0, "This server does not speak the client's version; the page must be loaded again."}
	CloseForbidden       = CloseCode{4502, "forbidden", false, false, 0, 0, "This client may not connect here."}
	CloseNotResumed      = CloseCode{4503, "not_resumed", false, false, 0, 0, "The first frame was not session.resume, or none came in time."}
	CloseReplaced        = CloseCode{4504, "replaced", false, false, 0, 0, "The same client connected again elsewhere."}
)

// CloseCodes lists every close code, in order.
func CloseCodes() []CloseCode {
	return []CloseCode{CloseGoingAway, CloseFrameTooLarge, CloseServiceRestart, CloseSlowReader, CloseIdle, CloseMaxAge,
		CloseOverloaded, CloseRateLimited, CloseInternal, CloseTicketExpired, CloseIdentityChanged, CloseSessionUnknown,
		CloseBadProtocol, CloseBadVersion, CloseForbidden, CloseNotResumed, CloseReplaced}
}

// CloseRange says what to do about the codes from From up to but not To that this version does not know.
type CloseRange struct {
	From, To int
	CloseCode
}

// CloseRanges lists the ranges of codes, in order.
func CloseRanges() []CloseRange {
	unknown := func(back, ticket bool, least, most time.Duration, means string) CloseCode {
		return CloseCode{Name: "unknown", Reconnect: back, NewTicket: ticket, MinWait: least, MaxWait: most, Means: means}
	}
	return []CloseRange{
		{4000, 4100, unknown(true, false, 100*time.Millisecond, 5*time.Second, "Come back at once and resume.")},
		{4100, 4200, unknown(true, false, 2*time.Second, 20*time.Second, "Come back after a wait and resume.")},
		{4200, 4300, unknown(true, true, 0, 5*time.Second, "Come back with a new ticket.")},
		{4500, 4600, unknown(false, false, 0, 0, "Closed for good.")},
	}
}

// LookupClose finds what a client should do about a close code. Codes of the named ranges that this
// version does not know are answered by their range; all others (1006, a lost line) by coming back.
func LookupClose(code int) CloseCode {
	for _, c := range CloseCodes() {
		if c.Code == code {
			return c
		}
	}
	for _, r := range CloseRanges() {
		if code >= r.From && code < r.To {
			r.Code = code
			return r.CloseCode
		}
	}
	return CloseCode{Code: code, Name: "unknown", Reconnect: true, MinWait: 100 * time.Millisecond, MaxWait: 5 * time.Second}
}

// Wait is how long to wait before coming back, at random between the code's bounds.
func (c CloseCode) Wait(random *rand.Rand) time.Duration {
	if c.MaxWait <= c.MinWait {
		return c.MinWait
	}
	return c.MinWait + time.Duration(random.Int64N(int64(c.MaxWait-c.MinWait)))
}

// Reason is the text of the close frame: the name, and for codes that ask to come back the advised wait,
// already drawn at random so that clients that only obey spread out: "service_restart retry_ms=1840".
func (c CloseCode) Reason(random *rand.Rand) string {
	if !c.Reconnect {
		return c.Name
	}
	return fmt.Sprintf("%s retry_ms=%d", c.Name, c.Wait(random).Milliseconds())
}
