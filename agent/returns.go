package agent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// A return is talked about over turns: which order, which of its items, then a yes. It is requested only then, by the
// customer's own word in the message after the question; what a model makes of that word has no part in it.

// returnRequest says whether an order can go back, by its state, and asks the verified customer to confirm what does. Who
// is not logged in is told how to return things and offered a person.
func (t *talk) returnRequest(ctx context.Context) error {
	order, found, err := t.returned(ctx)
	if err != nil {
		return err
	}
	if !found {
		return nil // said already
	}
	var d draft
	switch {
	case order.ID == "":
		d.add(t.fill("return_start"))
		t.state.Return, t.state.Asked = &shop.Return{}, askedOrder
	case !t.turn.Verified || order.Customer == "":
		d.add(t.fill("return_order", t.statusOf(order)))
	case order.Returnable() && len(order.Lines) > 0:
		return t.askToConfirm(ctx, order)
	default:
		d.add(t.fill("return_order", t.statusOf(order)))
		d.add(t.fill("return_not", t.whyNot(order)))
		if t.rule() == "" {
			d.add(t.fill("return_ask_person"))
			t.state.Offer = offerPerson
		}
		return t.tell(ctx, "order", d)
	}
	if passage, ok, err := t.passage(ctx, t.phrase("how_to_return")+" "+t.turn.Text); err != nil {
		return err
	} else if ok {
		t.quote(&d, passage)
	}
	if order.ID != "" && !t.turn.Verified {
		d.add(t.fill("return_login"))
	}
	if t.rule() == "" {
		d.add(t.fill("return_person"))
		t.state.Offer = offerPerson
	}
	return t.tell(ctx, "order", d)
}

// returned is the order that goes back: the one whose number was said, else, for a verified customer, the only delivered
// one, or the only one with what was named. An order without id is that it is to be asked for; found is false where
// something was said instead.
func (t *talk) returned(ctx context.Context) (order shop.Order, found bool, err error) {
	if t.parse.Slots.OrderID != "" || !t.turn.Verified {
		if t.parse.Slots.OrderID == "" {
			return shop.Order{}, true, nil
		}
		return t.order(ctx)
	}
	all, err := t.Orders.Of(ctx, t.turn.Customer)
	if err != nil {
		return order, false, fmt.Errorf("read orders: %w", err)
	}
	all = slices.DeleteFunc(all, func(o shop.Order) bool { return !o.Returnable() })
	if named := slices.DeleteFunc(slices.Clone(all), func(o shop.Order) bool { return len(t.linesNamed(o)) == 0 }); len(named) > 0 {
		all = named
	}
	switch len(all) {
	case 0:
		return shop.Order{}, true, nil
	case 1:
		return all[0], true, nil
	}
	var lines []string
	for _, o := range all[:min(len(all), mostOrdersTold)] {
		lines = append(lines, o.ID+" ("+t.items(o.Lines)+")")
	}
	t.state.Return = &shop.Return{}
	return order, false, t.say(ctx, "return_which", strings.Join(lines, "; "))
}

// askToConfirm lists what would go back and asks for a yes.
func (t *talk) askToConfirm(ctx context.Context, order shop.Order) error {
	lines := t.linesNamed(order)
	if len(lines) == 0 {
		lines = order.Lines
	}
	worth := shop.Money{Currency: order.Total.Currency}
	r := &shop.Return{Order: order.ID}
	for _, l := range lines {
		r.SKUs = append(r.SKUs, l.SKU)
		if sum, err := worth.Plus(l.Price.Times(l.Quantity)); err == nil {
			worth = sum
		}
	}
	t.state.Return, t.state.Offer = r, offerReturn
	var d draft
	d.add(t.fill("return_confirm", order.ID, t.items(lines), worth))
	if len(lines) > 1 {
		d.add(t.fill("return_narrow"))
	}
	return t.tell(ctx, fixed, d)
}

// items are lines of an order as an answer names them.
func (t *talk) items(lines []shop.OrderLine) string {
	all := make([]string, len(lines))
	for i, l := range lines {
		all[i] = t.pieces(l.Quantity, l.Title)
	}
	return strings.Join(all, t.comma())
}

// linesNamed are the lines of an order that the utterance names by a word of their title.
func (t *talk) linesNamed(order shop.Order) (lines []shop.OrderLine) {
	said := spoken(t.turn.Text + " " + t.parse.Slots.Product)
	for _, l := range order.Lines {
		for _, w := range singulars(l.Title) {
			if len(w) > 2 && said[w] && !idle[w] || lexicon.IsHan(w) && strings.Contains(t.turn.Text, w) {
				lines = append(lines, l)
				break
			}
		}
	}
	return lines
}

// partCue names one of the things that were just listed, and looks for no other.
var partCue = regexp.MustCompile(`(?i)^(?:(?:no|yes|yeah|ok|okay|actually|please|well|and|but)[, ]+)*(?:only|just|not|the|my|all but)\b|只|就(?:退|那)|不(?:退|包括)`)

// goesOnReturning takes up a return that the last answer asked about: the order's number, or which items.
func (t *talk) goesOnReturning(ctx context.Context, r *shop.Return) (done bool, err error) {
	if r == nil {
		return false, nil
	}
	number := t.parse.Slots.OrderID
	if number == "" && r.Order == "" {
		return false, nil
	}
	if number == "" {
		order, err := t.Orders.Find(ctx, r.Order)
		if err != nil || order.Customer != t.turn.Customer || !order.Returnable() || len(t.linesNamed(order)) == 0 || !partCue.MatchString(t.turn.Text) && t.parse.Intent != shop.IntentReturnRefund {
			return false, nil // the customer went on to something else
		}
		number = r.Order
	}
	if number != r.Order && r.Order != "" && t.parse.Intent != shop.IntentReturnRefund {
		return false, nil
	}
	t.parse.Intent, t.parse.Slots.OrderID = shop.IntentReturnRefund, number
	t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	return true, t.returnRequest(ctx)
}

// sendReturn requests the return that the customer just confirmed. The order is read again: it may be another's by now,
// or gone back already.
func (t *talk) sendReturn(ctx context.Context) error {
	r := t.state.Return
	t.state.Return = nil
	t.parse.Intent, t.Outcome.Parse.Intent = shop.IntentReturnRefund, shop.IntentReturnRefund
	if r == nil || !t.turn.Verified {
		return t.say(ctx, "return_start")
	}
	order, err := t.Orders.RequestReturn(ctx, shop.ReturnRequest{ID: t.turn.MessageID, Order: r.Order, Customer: t.turn.Customer, SKUs: r.SKUs})
	if known, ok := errors.AsType[*shop.Error](err); ok && (known.Code == shop.CodeConflict || known.Code == shop.CodeNotFound) {
		t.state.Offer = offerPerson
		return t.say(ctx, "return_refused", r.Order)
	}
	if err != nil {
		return fmt.Errorf("request a return: %w", err)
	}
	if !t.c.ReturnsToDesk {
		return t.say(ctx, "return_done", order.ID)
	}
	lines := slices.DeleteFunc(slices.Clone(order.Lines), func(l shop.OrderLine) bool { return !slices.Contains(r.SKUs, l.SKU) })
	t.Handoff = &shop.HandoffRequest{Reason: "policy", Note: "Return of order " + order.ID + ", confirmed by the customer: " + t.items(lines)}
	return t.say(ctx, "return_desk", order.ID)
}

// whyNot says why an order can't go back now.
func (t *talk) whyNot(o shop.Order) string {
	state, _, _ := strings.Cut(strings.ToLower(o.Status), " (") // "pending (items modified)"
	switch strings.TrimSpace(state) {
	case "new", "pending", "processing", "processed":
		return t.phrase("not_sent_yet")
	case "shipped":
		return t.phrase("not_there_yet")
	case "cancelled", "canceled":
		return t.phrase("cancelled_already")
	case "returned", "refunded", shop.StatusReturnRequested, "exchange requested":
		return t.phrase("returned_already")
	}
	return t.phrase("no_return_known")
}
