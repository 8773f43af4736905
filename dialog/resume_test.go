package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

// stepwise is an assistant whose answer goes on by one word whenever the test says so, and ends with "". Where the answer
// has ended before, on a machine too busy to renew its lease, the test fails: it would wait for ever.
func stepwise(t testing.TB) (dialog.Assistant, func(word string)) {
	words := make(chan string)
	say := func(word string) {
		t.Helper()
		select {
		case words <- word:
		case <-time.After(patience):
			t.Fatalf("nobody says %q: the answer has ended", word)
		}
	}
	return script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		for {
			select {
			case <-ctx.Done():
				return outcome(turn), ctx.Err()
			case word := <-words:
				if word == "" {
					return outcome(turn), nil
				}
				if err := out.Say(ctx, word); err != nil {
					return outcome(turn), err
				}
			}
		}
	}), say
}

func TestFromEveryPositionExactlyTheRestComes(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{})
	o := d.open()
	whole := d.attach(dialog.Position{})
	for i := range 3 {
		d.post(fmt.Sprint("c", i), fmt.Sprint("question ", i))
		whole.until(protocol.TypeMessageCompleted)
	}
	same(t, d.pool, d.session, whole.view)
	for seq := int64(0); seq <= whole.view.seq; seq++ {
		t.Run(fmt.Sprint("after ", seq), func(t *testing.T) {
			sub, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: o.Epoch, Seq: seq})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			r := &reader{Subscription: sub, t: t, view: newView()}
			r.view.seq = seq
			head := r.next()
			state := read[protocol.SessionState](t, head)
			if head.Type != protocol.TypeSessionResumed || state.From != seq+1 || state.Seq != whole.view.seq {
				t.Fatalf("head %s %+v", head.Type, state)
			}
			for r.view.seq < whole.view.seq {
				r.next()
			}
			r.quiet(10 * time.Millisecond)
			want := map[int64]string{}
			for n, frame := range whole.view.events {
				if n > seq {
					want[n] = frame
				}
			}
			if diff := cmp.Diff(want, r.view.events); diff != "" {
				t.Errorf("what came (-first time +replayed):\n%s", diff)
			}
		})
	}
}

func TestAnAnswerBeingWrittenGoesOnAfterAReconnect(t *testing.T) {
	a, say := stepwise(t)
	pool := pgtest.New(t)
	here := start(t, pool, a, dialog.Options{FlushEvery: 20 * time.Millisecond})
	// A second replica without NATS: it learns everything by polling.
	there := start(t, pool, echo, dialog.Options{PollEvery: 20 * time.Millisecond})
	here.open()
	there.session = here.session
	r := here.attach(dialog.Position{})
	ack := here.post("c1", "tell me")
	say("One ")
	say("two ")
	r.until(protocol.TypeMessageDelta)
	seq := r.view.seq

	for name, d := range map[string]*desk{"the same replica": here, "another replica": there} {
		t.Run(name, func(t *testing.T) {
			time.Sleep(60 * time.Millisecond) // until the text is stored
			sub, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: r.view.epoch, Seq: seq})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(sub.Close)
			late := &reader{Subscription: sub, t: t, view: newView()}
			late.view.seq = seq
			if state := read[protocol.SessionState](t, late.until(protocol.TypeSessionResumed)); state.Writing != ack.ReplyID {
				t.Errorf("writing %q", state.Writing)
			}
			piece := read[protocol.MessageDelta](t, late.next())
			if want := here.textOf(ack.ReplyID); piece.Offset != 0 || piece.Text != want {
				t.Errorf("first piece %+v, want all of %q", piece, want)
			}
			say(name + " ")
			for late.view.texts[ack.ReplyID] != here.textOf(ack.ReplyID)+name+" " && late.view.texts[ack.ReplyID] != here.textOf(ack.ReplyID) {
				late.next()
			}
		})
	}
	say("")
	r.until(protocol.TypeMessageCompleted)
	late := there.attach(dialog.Position{})
	late.until(protocol.TypeMessageCompleted)
	if diff := cmp.Diff(r.view.events, late.view.events); diff != "" {
		t.Errorf("two replicas, two logs:\n%s", diff)
	}
	same(t, pool, here.session, r.view)
}

// textOf is the stored text of a message.
func (d *desk) textOf(message string) string {
	d.t.Helper()
	var text string
	if err := d.pool.QueryRow(d.t.Context(), `SELECT text FROM messages WHERE id = $1`, message).Scan(&text); err != nil {
		d.t.Fatal(err)
	}
	return text
}

func TestPositionsThatCantBeContinued(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{})
	o := d.open()
	r := d.attach(dialog.Position{})
	for i := range 2 {
		d.post(fmt.Sprint("c", i), "hello")
		r.until(protocol.TypeMessageCompleted)
	}
	if err := d.Trim(t.Context(), d.session, 4); err != nil {
		t.Fatal(err)
	}
	if err := d.CartChanged(t.Context(), d.session, shop.Cart{Lines: []shop.CartLine{{ID: "l1", SKU: "S1", Quantity: 2}}}); err != nil {
		t.Fatal(err)
	}
	t.Run("the future is an error", func(t *testing.T) {
		_, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: o.Epoch, Seq: 10})
		if !errors.Is(err, dialog.ErrPositionAhead) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a seq without an epoch is an error", func(t *testing.T) {
		_, err := d.Attach(t.Context(), d.session, dialog.Position{Seq: 3})
		if code, _ := shop.CodeOf(err); code != protocol.CodeBadField {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a session that does not exist is an error", func(t *testing.T) {
		_, err := d.Attach(t.Context(), "00000000-0000-4000-8000-000000000000", dialog.Position{})
		if !errors.Is(err, dialog.ErrNoSession) {
			t.Errorf("got %v", err)
		}
	})
	for name, from := range map[string]dialog.Position{
		"too old is a reset":               {Epoch: o.Epoch, Seq: 2},
		"of another session is a reset":    {Epoch: "0123456789ab", Seq: 7},
		"the future of another is a reset": {Epoch: "0123456789ab", Seq: 7000},
	} {
		t.Run(name, func(t *testing.T) {
			sub, err := d.Attach(t.Context(), d.session, from)
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			r := &reader{Subscription: sub, t: t, view: newView()}
			head := r.next()
			state := read[protocol.SessionState](t, head)
			if head.Type != protocol.TypeSessionReset || state.Oldest != 4 || state.From != 4 || state.Epoch != o.Epoch || state.Owner != protocol.OwnerAssistant {
				t.Errorf("head %s %+v", head.Type, state)
			}
			if state.Cart == nil || len(state.Cart.Lines) != 1 || state.Cart.Lines[0].Quantity != 2 {
				t.Errorf("the present cart does not come along: %+v", state.Cart)
			}
			for r.view.seq < state.Seq {
				r.next()
			}
			if len(r.view.events) != int(state.Seq-3) {
				t.Errorf("%d events from %d to %d", len(r.view.events), state.From, state.Seq)
			}
		})
	}
	t.Run("just before the oldest is no gap", func(t *testing.T) {
		sub, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: o.Epoch, Seq: 3})
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		if head, err := sub.Next(t.Context()); err != nil || head.Type != protocol.TypeSessionResumed {
			t.Errorf("head %s, %v", head.Type, err)
		}
	})
}

func TestASlowReaderIsClosedByNameAndOthersAreNot(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{MaxQueue: 20})
	d.open()
	slow, quick := d.attach(dialog.Position{}), d.attach(dialog.Position{})
	d.post("c0", "hello")
	slow.until(protocol.TypeMessageCompleted)
	quick.until(protocol.TypeMessageCompleted)
	told := make(chan struct{}, 100)
	slow.Notify(func() { told <- struct{}{} })
	for i := range 21 {
		if err := d.CartChanged(t.Context(), d.session, shop.Cart{Total: shop.Money{Minor: int64(i)}}); err != nil {
			t.Fatal(err)
		}
		quick.until(protocol.TypeCartUpdated)
	}
	if n := len(told); n < 1+20+1 {
		t.Errorf("told %d times: at first, of 20 events and of the end", n)
	}
	if _, err := slow.Next(t.Context()); !errors.Is(err, dialog.ErrSlowReader) {
		t.Errorf("next: %v", err)
	}
	if code, _ := shop.CodeOf(slow.Err()); code != protocol.CloseSlowReader.Name {
		t.Errorf("code %q and close code %q differ", code, protocol.CloseSlowReader.Name)
	}
	slow.Close()
	// It comes back and misses nothing.
	sub, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: slow.view.epoch, Seq: slow.view.seq})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sub.Close)
	back := &reader{Subscription: sub, t: t, view: slow.view}
	for back.view.seq < quick.view.seq {
		back.next()
	}
	same(t, d.pool, d.session, back.view)
}

func TestALongReplayIsNotSlow(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{MaxQueue: 4})
	d.open()
	for i := range 450 {
		if err := d.CartChanged(t.Context(), d.session, shop.Cart{Total: shop.Money{Minor: int64(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	r := d.attach(dialog.Position{})
	for i := range 50 { // more than its queue takes, while it replays
		if err := d.CartChanged(t.Context(), d.session, shop.Cart{Total: shop.Money{Minor: int64(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	for r.view.seq < 500 {
		r.next()
	}
	r.quiet(20 * time.Millisecond)
	same(t, d.pool, d.session, r.view)
}

func TestARestoredDatabaseResetsItsReaders(t *testing.T) {
	pool := pgtest.New(t)
	d := start(t, pool, echo, dialog.Options{PollEvery: 20 * time.Millisecond})
	o := d.open()
	r := d.attach(dialog.Position{})
	d.post("c1", "hello")
	r.until(protocol.TypeMessageCompleted)
	// What a dump that was read back leaves: the log says that it was written elsewhere. The first sweep writes
	// where it is written now.
	for moved := int64(0); moved == 0; time.Sleep(5 * time.Millisecond) {
		tag, err := pool.Exec(t.Context(), `UPDATE log_identity SET fingerprint = 'another cluster'`)
		if err != nil {
			t.Fatal(err)
		}
		moved = tag.RowsAffected()
	}
	state := read[protocol.SessionState](t, r.until(protocol.TypeSessionReset))
	if state.Epoch == o.Epoch || state.From != 1 {
		t.Errorf("state after the restore: %+v", state)
	}
	for r.view.seq < state.Seq {
		r.next()
	}
	d.post("c2", "and now")
	r.until(protocol.TypeMessageCompleted)
	same(t, pool, d.session, r.view)
	_, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: o.Epoch, Seq: 1000})
	if err != nil {
		t.Errorf("a position in the lost future must reset, not fail: %v", err)
	}
}
