package main

import (
	"cmp"
	"context"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/protocol"
)

// watchedSessions are the sessions as customers reach them: a declined card is logged among the events, and what a
// visitor did becomes the customer's when it is known who that is.
type watchedSessions struct {
	*dialog.Manager
	events *behaviour.Log
}

// Decline remembers that the customer does not want to see a product again.
func (w watchedSessions) Decline(ctx context.Context, sessionID string, d protocol.CardDecline) error {
	if err := w.Manager.Decline(ctx, sessionID, d); err != nil {
		return err
	}
	session, err := w.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	w.events.Declined(ctx, session.ID, cmp.Or(session.Customer, session.ID), d.SKU)
	return nil
}

// Identify says that the device's session is the customer's from now on.
func (w watchedSessions) Identify(ctx context.Context, sessionID, device, customer string) (dialog.Opened, error) {
	opened, err := w.Manager.Identify(ctx, sessionID, device, customer)
	if err == nil {
		err = w.events.Claim(ctx, sessionID, customer)
	}
	return opened, err
}
