// Package dialog is the session manager: it takes a customer's message, keeps the conversation's log,
// runs one turn of the assistant at a time, and brings every event to whoever is attached.
//
// PostgreSQL is the truth. A message and what follows from it commit in one transaction before Post
// returns; each session's log counts seq from 1 without gaps; a turn holds a lease with a fencing token,
// so that over all replicas one turn runs at a time and a lost one can write nothing any more. A Wake
// (NATS) only says "look again"; without it the manager polls.
//
// The package knows no catalogue and no socket: the assistant comes in as an interface, frames go out as
// protocol.Envelope.
//
//	m := dialog.NewManager(pool, assistant, dialog.Options{Wake: dialog.NewNATSWake(nc), Logger: log})
//	go m.Run(ctx)                       // ends what a crash left, runs turns until ctx ends
//	opened, err := m.Open(ctx, dialog.OpenRequest{Lang: shop.English})
//	sub, err := m.Attach(ctx, opened.SessionID, dialog.Position{})
//	ack, err := m.Post(ctx, opened.SessionID, dialog.PostRequest{ClientMsgID: "1", Text: "red shoes"})
//	for {
//		env, err := sub.Next(ctx)       // replay, then live
//	}
package dialog
