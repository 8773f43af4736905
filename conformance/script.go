package conformance

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"floorwalker/protocol"
)

//go:embed script.json
var script []byte

// Point is one thing that a client is to prove.
type Point struct {
	Name string `json:"name"`
	// Proves is what holds for a client that passes.
	Proves string `json:"proves"`
	// Needs is what the client must have said that it can; empty where all must.
	Needs string `json:"needs"`
	Steps []step `json:"steps"`
}

// Script lists the points, in the order they are tried.
func Script() ([]Point, error) {
	d := json.NewDecoder(bytes.NewReader(script))
	d.DisallowUnknownFields()
	var points []Point
	if err := d.Decode(&points); err != nil {
		return nil, fmt.Errorf("read the script: %w", err)
	}
	return points, nil
}

// Names lists the points' names.
func Names(points []Point) []string {
	names := make([]string, len(points))
	for i, p := range points {
		names[i] = p.Name
	}
	slices.Sort(names)
	return names
}

// step is one thing that the server does or looks at; exactly one is set, Type beside Append and Text beside Do.
type step struct {
	// Do tells the adapter: start, send, background, foreground.
	Do   string `json:"do"`
	Text string `json:"text"`
	// Resume waits for session.resume on a new line.
	Resume *wantedResume `json:"resume"`
	// Append adds so many events to the log; Lose adds some that the living line is not told of.
	Append int           `json:"append"`
	Type   protocol.Type `json:"type"`
	Lose   int           `json:"lose"`
	// Repeat sends events again.
	Repeat []int64 `json:"repeat"`
	// Say sends frames that are not logged.
	Say []protocol.Envelope `json:"say"`
	// Cut breaks the line without a word; Close ends it with a code.
	Cut   bool       `json:"cut"`
	Close *wantClose `json:"close"`
	// Restore begins another log, of this epoch.
	Restore string `json:"restore"`
	// Ahead answers the next position with position_ahead.
	Ahead bool `json:"ahead"`
	// Acknowledge says what becomes of messages: yes, never, busy-once, or the code of an error.
	Acknowledge string `json:"acknowledge"`
	// Sent waits until the text was sent so many times, under one client_msg_id, and no oftener.
	Sent *wantedSent `json:"sent"`
	// Order looks whether texts were sent first in this order.
	Order []string `json:"order"`
	// Reported are the seqs that the client handed on since the log began for it.
	Reported []int64 `json:"reported"`
	// Unreachable breaks so many HTTP requests off.
	Unreachable int `json:"unreachable"`
	// WaitsGrew looks whether the waits between those grew.
	WaitsGrew bool `json:"waits_grew"`
	// Block lets no WebSocket through.
	Block bool `json:"block"`
	// Forget lets the session be unknown.
	Forget bool `json:"forget"`
	// ClockMS is how far the server's clock is off, in milliseconds.
	ClockMS int64 `json:"clock_ms"`
	// QuietMS waits. AwayMS waits and fails where the client asks for anything.
	QuietMS int64 `json:"quiet_ms"`
	AwayMS  int64 `json:"away_ms"`
	// BeginsAnewMS waits and fails where the client goes on with the session that was forgotten.
	BeginsAnewMS int64 `json:"begins_anew_or_ends_ms"`
	// CurrentMS waits so long for a line that is resumed.
	CurrentMS int64 `json:"current_within_ms"`
}

type wantedResume struct {
	// Position is where the client must stand; nil for nowhere.
	Position *protocol.SessionResume `json:"position"`
	// AfterMS is the least, WithinMS the longest time since the line before ended. Default 15 s.
	AfterMS  int64 `json:"after_ms"`
	WithinMS int64 `json:"within_ms"`
	// Way is how it must come: "" for any, stream.
	Way string `json:"way"`
}

type wantClose struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

type wantedSent struct {
	Text  string `json:"text"`
	Times int    `json:"times"`
}
