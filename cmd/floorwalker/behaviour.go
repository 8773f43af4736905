package main

import (
	"cmp"
	"context"
	"log/slog"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/experiments"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/sponsored"

	"github.com/jackc/pgx/v5/pgxpool"
)

// consentRequired is the setting under which nothing that customers do is used before they agree.
const consentRequired = "required"

// watchedSessions are the sessions as customers reach them: a declined card, also one of which less is wanted, is
// logged among the events, and what a visitor did becomes the customer's when it is known who that is.
type watchedSessions struct {
	*dialog.Manager
	events *behaviour.Log
}

// Decline remembers that the customer does not want to see a product again.
func (w watchedSessions) Decline(ctx context.Context, sessionID string, d protocol.CardDecline) error {
	if err := w.Manager.Decline(ctx, sessionID, d); err != nil {
		return err
	}
	return w.declined(ctx, sessionID, d.SKU)
}

// Post takes the customer's message. What it wants less of is among the events before the message is answered.
func (w watchedSessions) Post(ctx context.Context, sessionID string, r dialog.PostRequest) (protocol.Acknowledgement, error) {
	if r.LessLike != "" {
		if err := w.declined(ctx, sessionID, r.LessLike); err != nil {
			return protocol.Acknowledgement{}, err
		}
	}
	return w.Manager.Post(ctx, sessionID, r)
}

func (w watchedSessions) declined(ctx context.Context, sessionID, sku string) error {
	session, err := w.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	w.events.Declined(ctx, session.ID, cmp.Or(session.Customer, session.ID), sku)
	return nil
}

// Identify says that the device's session is the customer's from now on.
func (w watchedSessions) Identify(ctx context.Context, sessionID string, by dialog.Device, customer string) (dialog.Opened, error) {
	opened, err := w.Manager.Identify(ctx, sessionID, by, customer)
	if err == nil {
		err = w.events.Claim(ctx, sessionID, customer)
	}
	return opened, err
}

// chargedEvents are the events as pages tell them: a click on a sponsored card is charged.
type chargedEvents struct {
	*behaviour.Log
	ads *sponsored.Ads
	log *slog.Logger
}

// Add keeps the events. A click that comes again is charged once; one that can't be charged now is the shop's loss.
func (c chargedEvents) Add(ctx context.Context, events []behaviour.Event) (behaviour.Receipt, error) {
	receipt, err := c.Log.Add(ctx, events)
	if err != nil {
		return receipt, err
	}
	for _, e := range events {
		if e.Action != behaviour.Click || e.QueryID == "" {
			continue
		}
		if err := c.ads.Clicked(ctx, e.Session, e.QueryID, e.Attributes.Object.ID); err != nil {
			c.log.ErrorContext(ctx, "a click on a sponsored card is not charged", "error", err)
		}
	}
	return receipt, nil
}

// allowedAds place paid products before those alone who let them be placed there.
type allowedAds struct {
	*sponsored.Ads
	events *behaviour.Log
}

// Place leaves the shelf as it is where its customer refuses advertising on his platform, or nobody can say.
func (a allowedAds) Place(ctx context.Context, s shop.Shelf) ([]shop.Candidate, error) {
	organic := s.Candidates[:min(s.Shown, len(s.Candidates))]
	holds, err := a.events.Consent(ctx, shop.Shopper{Client: s.Client, Session: s.Session, Platform: s.Platform})
	if err != nil || !holds[behaviour.Advertising] {
		return organic, err
	}
	return a.Ads.Place(ctx, s)
}

// armTaste and armPopularity are the ways to recommend that experiments compare.
const (
	armTaste      = "taste"
	armPopularity = "popularity"
)

// newBook keeps experiments over what customers did.
func newBook(pool *pgxpool.Pool, events *behaviour.Log, log *slog.Logger) *experiments.Book {
	return experiments.New(pool, experiments.Options{Arms: []string{armTaste, armPopularity}, Taken: events.Taken, Logger: log})
}

// comparedTaste recommends as the running experiment says.
type comparedTaste struct {
	*behaviour.Log
	book *experiments.Book
	log  *slog.Logger
}

// For is what the customer may like, by the arm of the experiment that the customer is in, or by both interleaved. What
// goes wrong with an experiment is no reason to recommend nothing.
func (c comparedTaste) For(ctx context.Context, s shop.Shopper, n int) (shop.Taste, error) {
	e, shares, err := c.book.Running(ctx)
	if err == nil && e != nil {
		var taste shop.Taste
		if taste, err = c.compared(ctx, *e, shares, s, n); err == nil {
			return taste, nil
		}
	}
	if err != nil {
		c.log.ErrorContext(ctx, "the experiment is passed over", "error", err)
	}
	return c.Log.For(ctx, s, n)
}

func (c comparedTaste) compared(ctx context.Context, e experiments.Experiment, shares []float64, s shop.Shopper, n int) (shop.Taste, error) {
	ways := map[string]func(ctx context.Context, s shop.Shopper, n int) (shop.Taste, error){armTaste: c.Log.For, armPopularity: c.Popular}
	unit := cmp.Or(s.Client, s.Session)
	if e.Kind != experiments.Interleaving {
		arm, err := c.book.Expose(ctx, e, shares, unit)
		if err != nil {
			return shop.Taste{}, err
		}
		return ways[arm](ctx, s, n)
	}
	products, lists := map[string]shop.Suggestion{}, make([][]string, len(e.Arms))
	for i, arm := range e.Arms {
		taste, err := ways[arm](ctx, s, n)
		if err != nil {
			return shop.Taste{}, err
		}
		for _, p := range taste.Products {
			products[p.SKU] = p
			lists[i] = append(lists[i], p.SKU)
		}
	}
	skus, err := c.book.Interleave(ctx, e, unit, unit, lists[0], lists[1])
	if err != nil {
		return shop.Taste{}, err
	}
	both := shop.Taste{Model: "interleaved"}
	for _, sku := range skus[:min(len(skus), n)] {
		both.Products = append(both.Products, products[sku])
	}
	return both, nil
}
