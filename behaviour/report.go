package behaviour

import (
	"context"
	"fmt"
	"time"

	"floorwalker/shop"
)

// Funnel is how far conversations came, by what was done in them. A purchase belongs to a conversation that showed the
// product to the same client within the week before.
type Funnel struct {
	Shown   int `json:"shown"`
	Clicked int `json:"clicked"`
	Carted  int `json:"carted"`
	Bought  int `json:"bought"`
	// Sold are the pieces that were bought.
	Sold []Sold `json:"-"`
}

// Sold is how many pieces of a product were bought.
type Sold struct {
	SKU    string
	Pieces float64
}

// soldWithin is how long after it was shown a purchase belongs to a conversation.
const soldWithin = 7 * 24 * time.Hour

// Funnel counts for conversations.
func (l *Log) Funnel(ctx context.Context, sessions []string) (Funnel, error) {
	f, err := l.funnelOf(ctx, sessions)
	if err != nil {
		return Funnel{}, fmt.Errorf("count what was done in conversations: %w", err)
	}
	return f, nil
}

// Bought is what was bought from one time to before another, by product and day; without prices, which events don't tell.
func (l *Log) Bought(ctx context.Context, from, to time.Time) ([]shop.Sales, error) {
	all, err := l.sold(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("read what was bought: %w", err)
	}
	return all, nil
}
