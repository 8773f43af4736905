package protocol

import (
	"slices"

	"floorwalker/shop"
)

// Codes of errors that the wire itself can answer with, beside those of package shop.
const (
	CodeBadJSON           = "bad_json"
	CodeBadUTF8           = "bad_utf8"
	CodeTooDeep           = "too_deep"
	CodeBadVersion        = "bad_version"
	CodeUnknownType       = "unknown_type"
	CodeBadField          = "bad_field"
	CodeResumeFirst       = "resume_first"
	CodePositionAhead     = "position_ahead"
	CodeDuplicateConflict = "client_msg_id_conflict"
	CodeSignedOut         = "signed_out"
	CodeIdentityRequired  = "identity_required"
	CodeSlowReader        = "slow_reader"
	CodeDraining          = "draining"
	CodeLate              = "late"
)

// ErrorCode documents one stable code of an error frame.
type ErrorCode struct {
	Code string
	// Means is what happened, Do what the client or the customer should do.
	Means, Do string
	// Again is true where the same frame, sent again later, may be taken.
	Again bool
}

// Again is true for the code of an error that the same frame, sent again later, may not meet.
func Again(code string) bool {
	return slices.ContainsFunc(ErrorCodes(), func(c ErrorCode) bool { return c.Code == code && c.Again })
}

// ErrorCodes lists every code that an error frame or a failed message can carry.
func ErrorCodes() []ErrorCode {
	return []ErrorCode{
		{shop.CodeBadRequest, "The frame is understood but can't be done as it is.", "Read the sentence, change the frame.", false},
		{CodeBadJSON, "The frame is not one JSON object, or a field has the wrong type.", "Send one envelope a frame, as text.", false},
		{CodeBadUTF8, "The frame holds bytes that are not UTF-8.", "Encode the text as UTF-8.", false},
		{CodeTooDeep, "Objects or arrays stand too deep in each other.", "Send flat data; the limit is 16 levels.", false},
		{shop.CodeTooLarge, "The frame or the text is larger than allowed.", "Send at most 64 KiB a frame and 4,000 characters a message.", false},
		{CodeBadVersion, "The envelope's v is not one that this server speaks.", "Send v = 1.", false},
		{CodeUnknownType, "The type is not one that clients send.", "See the table of types.", false},
		{CodeBadField, "A field of the data is missing or out of its range.", "The sentence names the field and its range.", false},
		{CodeResumeFirst, "The first frame on a socket must be session.resume.", "Send session.resume, empty if nothing is known yet.", false},
		{CodePositionAhead, "The position lies in the future of this session's log.", "Resume with an empty position and rebuild the view.", false},
		{CodeDuplicateConflict, "This client_msg_id was used in this session for another text.", "Use a new client_msg_id for a new message; the same one only to retry.", false},
		{shop.CodeBusy, "Too many questions wait, or the server is full.", "Wait for an answer, then send again with the same client_msg_id.", true},
		{shop.CodeUnavailable, "A system of the shop's own does not answer.", "Try again in a moment.", true},
		{shop.CodeRateLimit, "Too many frames in too short a time.", "Slow down and retry.", true},
		{shop.CodeNotFound, "What the frame speaks of does not exist.", "Open a new session, or check the id.", false},
		{shop.CodeForbidden, "The secret or ticket does not fit this session.", "Get a new ticket.", false},
		{CodeSignedOut, "The customer logged in or out on this device; the socket closes.", "Get a new ticket with the new secret.", false},
		{shop.CodeConflict, "Somebody else changed it first.", "Read the present state and try again.", false},
		{CodeDraining, "This server is going down.", "Connect again; another one answers.", true},
		{CodeLate, "The answer took too long and was given up.", "Ask again, perhaps in simpler words.", false},
		{shop.CodeInternal, "Something failed on the server; nothing was acknowledged.", "Retry with the same client_msg_id.", true},
	}
}
