package behaviour

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/google/uuid"
)

// writeTimeout bounds what a turn waits for an event that the server sees itself.
const writeTimeout = 2 * time.Second

// note keeps events that the server saw itself. A failure is the operator's to know, and no reason to fail the
// customer.
func (l *Log) note(ctx context.Context, events []Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	platform, _ := ctx.Value(platformKey{}).(string)
	for i := range events {
		events[i].Trusted, events[i].Platform = true, cmp.Or(events[i].Platform, platform)
	}
	r, err := l.Add(ctx, events)
	if err != nil || len(r.Refused) > 0 {
		l.o.Logger.ErrorContext(ctx, "what a customer saw or did is not in the events", "events", len(events), "refused", r.Refused, "error", err)
	}
}

// assistant answers turns: what the session manager asks.
type assistant interface {
	Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)
}

// Watched is an assistant whose cards are logged as impressions.
type Watched struct {
	assistant
	log *Log
}

// Watch logs an impression for every card that the assistant shows, once: under the ranking's id and the card's
// position, after the cards themselves are committed.
func (l *Log) Watch(a assistant) Watched { return Watched{a, l} }

// Answer answers one turn.
func (w Watched) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return w.assistant.Answer(WithPlatform(ctx, turn.Platform), turn, watchedOutput{out, w.log, turn})
}

type watchedOutput struct {
	shop.Output
	log  *Log
	turn shop.Turn
}

// Show shows the cards and logs what was shown.
func (o watchedOutput) Show(ctx context.Context, cards shop.Cards) error {
	if err := o.Output.Show(ctx, cards); err != nil {
		return err
	}
	cards.RankingID = cmp.Or(cards.RankingID, o.turn.MessageID)
	o.log.Shown(ctx, o.turn.SessionID, o.turn.Customer, cards)
	return nil
}

// Shown logs an impression for every card of a list that was put before a customer: once, however often it is told. The
// list's RankingID must not be empty.
func (l *Log) Shown(ctx context.Context, session, client string, cards shop.Cards) {
	now := l.o.Now()
	events := make([]Event, len(cards.Cards))
	for i, c := range cards.Cards {
		events[i] = Event{ID: fmt.Sprintf("%s/%d", cards.RankingID, c.Position), Action: Impression, Session: session, Client: client,
			QueryID: cards.RankingID, Time: now, Message: clipped(cards.Query), Features: c.Features, Attributes: Attributes{Object: Object{c.SKU},
				Position: Position{c.Position}, Model: cards.Model, Propensity: cmp.Or(c.Propensity, 1)}}
	}
	l.note(ctx, events)
}

// clipped is a text as far as an event takes it.
func clipped(text string) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), longestMessage)])
}

// carts keep what customers want to buy.
type carts interface {
	Get(ctx context.Context, owner string) (shop.Cart, error)
	Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error)
	Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error)
}

// WatchedCarts are carts in which what is put is logged.
type WatchedCarts struct {
	carts
	log *Log
}

// WatchCarts logs an add_to_cart for all that is put into a cart, by word or by hand.
func (l *Log) WatchCarts(c carts) WatchedCarts { return WatchedCarts{c, l} }

// Add puts more pieces in.
func (w WatchedCarts) Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error) {
	return w.watch(ctx, owner, func() (shop.Cart, error) { return w.carts.Add(ctx, owner, sku, quantity) })
}

// Set makes a line's quantity the given one.
func (w WatchedCarts) Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error) {
	return w.watch(ctx, owner, func() (shop.Cart, error) { return w.carts.Set(ctx, owner, line, quantity) })
}

// Place is where a card stood from which a product was put into the cart.
type Place struct {
	// RankingID is the list's, empty where it came from none; Position counts from 1.
	RankingID string
	Position  int
}

type placeKey struct{}

type platformKey struct{}

// WithPlatform says of all that the server sees within ctx where its customer is.
func WithPlatform(ctx context.Context, platform string) context.Context {
	return context.WithValue(ctx, platformKey{}, platform)
}

// WithPlace says for one change of a cart which card it came from.
func WithPlace(ctx context.Context, p Place) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// watch logs by how much lines have grown.
func (w WatchedCarts) watch(ctx context.Context, owner string, change func() (shop.Cart, error)) (shop.Cart, error) {
	before, err := w.Get(ctx, owner)
	if err != nil {
		return shop.Cart{}, err
	}
	after, err := change()
	if err != nil {
		return after, err
	}
	had := map[string]int{}
	for _, line := range before.Lines {
		had[line.SKU] = line.Quantity
	}
	place, _ := ctx.Value(placeKey{}).(Place)
	var events []Event
	for _, line := range after.Lines {
		if more := line.Quantity - had[line.SKU]; more > 0 {
			events = append(events, Event{ID: uuid.NewString(), Action: AddToCart, Session: owner, Client: owner, QueryID: place.RankingID, Time: w.log.o.Now(),
				Attributes: Attributes{Object: Object{line.SKU}, Position: Position{place.Position}, Quantity: float64(more)}})
		}
	}
	if len(events) > 0 {
		w.log.note(ctx, events)
	}
	return after, nil
}

// Declined logs that a customer does not want to see a product again, once a session.
func (l *Log) Declined(ctx context.Context, session, client, sku string) {
	l.note(ctx, []Event{{ID: "decline/" + uuid.NewSHA1(uuid.NameSpaceOID, []byte(sku)).String(), Action: Decline, Session: session, Client: client, Time: l.o.Now(),
		Attributes: Attributes{Object: Object{sku}}}})
}
