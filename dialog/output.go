package dialog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"floorwalker/privacy"
	"floorwalker/protocol"
	"floorwalker/shop"
)

var _ shop.Output = (*turn)(nil)

// Show logs the cards; they are committed when it returns.
func (t *turn) Show(ctx context.Context, cards shop.Cards) error {
	return t.log(ctx, protocol.TypeRecommendationsShown,
		protocol.RecommendationsShown{MessageID: t.message, Cards: cards}, nil)
}

// CartChanged logs the cart and keeps it as the session's present one.
func (t *turn) CartChanged(ctx context.Context, cart shop.Cart) error {
	raw, err := json.Marshal(cart)
	if err != nil {
		return fmt.Errorf("write cart: %w", err)
	}
	return t.log(ctx, protocol.TypeCartUpdated, protocol.CartUpdated{Cart: cart}, raw)
}

// Say gives text to everybody who reads now; it is stored within Options.FlushEvery, under the lease.
func (t *turn) Say(ctx context.Context, text string) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	whole, err := t.take(text)
	if err != nil || whole == nil {
		return err
	}
	t.m.hub.delta(t.session, *whole, t.private)
	return nil
}

// lookBack is how many bytes before a piece of an answer are looked at with it: what tells who a customer is may
// be in two pieces.
const lookBack = 80

// take adds text to the answer: what of it is whole code points, with NUL dropped, since PostgreSQL takes
// none, and U+FFFD for bytes that are no UTF-8.
func (t *turn) take(text string) (*protocol.MessageDelta, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	raw := append(t.tail, text...)
	cut := len(raw) - incomplete(raw)
	whole := clean(string(raw[:cut]))
	t.tail = bytes.Clone(raw[cut:])
	if whole == "" {
		return nil, nil
	}
	n := utf8.RuneCountInString(whole)
	if t.runes+n > t.m.o.MaxAnswer {
		return nil, shop.Errorf(shop.CodeTooLarge, "The answer grew too long and was cut off. Ask for less at a time.")
	}
	d := &protocol.MessageDelta{MessageID: t.message, Offset: t.runes, Text: whole}
	t.private = t.private || privacy.Holds(string(t.text[max(0, len(t.text)-lookBack):])+whole)
	t.text = append(t.text, whole...)
	t.runes += n
	return d, nil
}

// clean is text that PostgreSQL takes.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// sayTail says what bytes are left when the assistant is done: they make no code point any more.
func (t *turn) sayTail() error {
	t.mu.Lock()
	left := len(t.tail) > 0
	t.tail = nil
	t.mu.Unlock()
	if !left {
		return nil
	}
	d, err := t.take("\uFFFD")
	if err == nil && d != nil {
		t.m.hub.delta(t.session, *d, t.private)
	}
	return err
}

// incomplete is how many bytes at the end begin a code point that is not whole yet.
func incomplete(raw []byte) int {
	for i := 1; i <= min(utf8.UTFMax-1, len(raw)); i++ {
		if tail := raw[len(raw)-i:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return i
		}
	}
	return 0
}

// log writes one event of the turn under its lease and tells everybody.
func (t *turn) log(ctx context.Context, typ protocol.Type, data any, cart []byte) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write data of %s: %w", typ, err)
	}
	e := event{Type: typ, Data: raw, TS: protocol.Stamp(t.m.now())}
	epoch, seq, err := t.m.store.appendFenced(ctx, t.fence, e, cart)
	if errors.Is(err, errLeaseLost) {
		t.cancel(errLeaseLost)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	e.Seq = seq
	t.m.hub.logged(t.session, epoch, []event{e})
	return nil
}

// keepText stores the text so far, again and again, until ctx ends.
func (t *turn) keepText(ctx context.Context) {
	tick := time.NewTicker(t.m.o.FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t.mu.Lock()
		text, fresh := string(t.text), len(t.text) > t.stored
		t.mu.Unlock()
		if !fresh {
			continue
		}
		err := t.m.store.storeText(ctx, t.fence, text)
		switch {
		case err == nil:
			t.mu.Lock()
			t.stored = len(text)
			t.mu.Unlock()
		case errors.Is(err, errLeaseLost):
			t.cancel(errLeaseLost)
			return
		case ctx.Err() == nil:
			t.m.log.Warn("text so far not stored", "session", t.session, "message", t.message, "error", err)
		}
	}
}

// watchReaders ends the turn when everybody who listened has left. A turn that never had a reader (posted
// by a program, or found after a restart) goes on without one.
func (t *turn) watchReaders(ctx context.Context, room *room) {
	const every = 100 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	seen, last := t.attached, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch {
		case t.m.hub.attached(t.session), t.m.hub.heardSince(room, last):
			seen, last = true, time.Now()
		case seen && time.Since(last) > t.m.o.LeaveGrace:
			t.cancel(errLeft)
			return
		default:
			// Perhaps the client came back to another replica.
			t.m.hub.tell(t.session, Notice{Who: true})
		}
	}
}
