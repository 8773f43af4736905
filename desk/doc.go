// Package desk is where people answer customers: queues, claims, agents' accounts, notes, canned replies,
// tickets and the live view of all that. It is the dialog.Desk of a session manager.
//
// What it keeps of a handoff is written in the session's own transaction, so the queue, the conversation's
// log and what other systems are told never disagree. A claim is a lease: of all who press at once one wins,
// and a conversation whose agent is gone returns to the head of its queue. Notices between replicas only say
// "look again"; PostgreSQL is the truth.
//
// The package opens no socket and speaks no HTTP; package web does.
//
//	d := desk.New(pool, desk.Options{Wake: dialog.NewNATSWake(nc), Logger: log})
//	m := dialog.NewManager(pool, assistant, dialog.Options{Desk: d})
//	d.Join(m)
//	go d.Run(ctx)                                        // renews presence, returns lost conversations
//	login, err := d.Login(ctx, desk.Credentials{ID: "kim", Password: "…"})
//	c, err := d.Claim(ctx, login.Agent, session, ownerEpoch)
//	ack, err := d.Reply(ctx, login.Agent, session, desk.Reply{ClientMsgID: "1", Text: "Hello"})
package desk
