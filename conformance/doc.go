// Package conformance proves that a client of the protocol, in whatever language, keeps to it. A test server plays a
// script of points: each appends events, breaks lines, closes them with codes or restores another log, and looks at what
// the client then does.
//
// The client is driven by an adapter of some thirty lines, which asks the server over HTTP what to do and answers:
//
//	POST /conformance/hello {"client":"floorwalker-ts","can":["stream"]}   once, as it is there
//	GET  /conformance/next                                                   waits; answers {"n":7,"do":"send","text":"…"}
//	POST /conformance/done {"n":7,"events":[{"type":"message.created","seq":1},…]}
//
// What it may be told: start (a new client, knowing nothing, with GET's url as its server), send (a message of the text),
// background and foreground, report, stop (end the client), and end (of everything). events, which report alone needs, are
// those that the client under test has handed on since start, in their order.
package conformance
