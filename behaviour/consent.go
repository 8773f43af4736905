package behaviour

import (
	"context"
	"fmt"

	"floorwalker/shop"
)

// Purpose is a use of what a client did. A client allows each apart, and on each platform apart: what he agrees to on the
// shop's page says nothing of its app, or of another shop of the house.
type Purpose string

// The purposes that there are.
const (
	// Personalisation shapes what this client is recommended.
	Personalisation Purpose = "personalisation"
	// Learning shapes what all clients are recommended, and how rankers order.
	Learning Purpose = "learning"
	// Advertising lets paid products be placed before the client.
	Advertising Purpose = "advertising"
)

// Purposes are all of them.
var Purposes = []Purpose{Personalisation, Learning, Advertising}

// Consent says of purposes whether they are allowed.
type Consent map[Purpose]bool

// Allow notes what a client said on a platform. Purposes that he said nothing of stay as they are.
func (l *Log) Allow(ctx context.Context, s shop.Shopper, said Consent) error {
	if err := l.setConsent(ctx, s.Client, platformOf(s.Platform), said); err != nil {
		return fmt.Errorf("note a client's consent: %w", err)
	}
	return nil
}

// Consent is what holds for a client on his platform, silence included: as he said it, as his session said it before he
// was known, and where both spoke, no more than both allow.
func (l *Log) Consent(ctx context.Context, s shop.Shopper) (Consent, error) {
	said, err := l.consent(ctx, []string{s.Client, s.Session}, platformOf(s.Platform))
	if err != nil {
		return nil, fmt.Errorf("read a client's consent: %w", err)
	}
	holds := Consent{}
	for _, p := range Purposes {
		granted, spoke := said[p]
		holds[p] = granted || !spoke && !l.o.AskFirst
	}
	return holds, nil
}
