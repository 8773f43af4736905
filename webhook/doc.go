// Package webhook tells the shop's own server of messages that reached no connected customer, so that it can send a
// push notification. It posts message.created as Standard Webhooks (standardwebhooks.com) asks for it: signed, with an
// id that stays the same over retries, at least once, until the receiver answers with 2xx.
//
// A delivery is written by Outbox in the transaction that logs the message; Sender looks some seconds later whether the
// customer has read it or is connected, and posts it if not. What a receiver refuses is tried again, ever later; what
// it refuses too often is dead until somebody replays it.
//
//	outbox := webhook.NewOutbox(pool, 0)
//	manager := dialog.NewManager(pool, assistant, dialog.Options{Push: outbox})
//	sender, err := webhook.NewSender(outbox, manager, webhook.Options{URL: url, Secret: secret})
//	err = sender.Run(ctx)
package webhook
