package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"time"

	"floorwalker/shop"
)

// errTicket is the answer to a ticket that is used, too old or made up; which of them is nobody's business.
var errTicket error = shop.Errorf(shop.CodeForbidden, "This ticket is used, too old or unknown. Get a new one.")

// tickets gives out what opens a socket: short-lived, good once over all replicas since PostgreSQL keeps them.
type tickets struct {
	store ticketStore
	life  time.Duration
}

// holder is a device of a session, on its platform.
type holder struct{ session, device, platform string }

// issue makes a ticket for the device. The caller has authenticated who asks.
func (t tickets) issue(ctx context.Context, h holder) (ticket string, err error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("draw a ticket: %w", err)
	}
	ticket = base64.RawURLEncoding.EncodeToString(raw)
	hash := sha256.Sum256([]byte(ticket))
	if err := t.store.insert(ctx, hash[:], h, t.life); err != nil {
		return "", fmt.Errorf("keep a ticket: %w", err)
	}
	return ticket, nil
}

// redeem uses a ticket up and returns whose it is.
func (t tickets) redeem(ctx context.Context, ticket string) (holder, error) {
	hash := sha256.Sum256([]byte(ticket))
	h, err := t.store.take(ctx, hash[:])
	if err != nil {
		return holder{}, fmt.Errorf("use a ticket: %w", err)
	}
	return h, nil
}

// sweepUntil deletes tickets that nobody used, again and again until ctx ends.
func (t tickets) sweepUntil(ctx context.Context, log *slog.Logger) {
	const lives = 10
	tick := time.NewTicker(lives * t.life)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := t.store.sweep(ctx); err != nil && ctx.Err() == nil {
			log.Warn("old tickets not deleted", "error", err)
		}
	}
}
