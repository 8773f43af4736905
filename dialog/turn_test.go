package dialog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// endless says words until it is stopped, and reports when that was.
func endless() (dialog.Assistant, <-chan time.Time) {
	stopped := make(chan time.Time, 16)
	return script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		defer func() { stopped <- time.Now() }()
		for {
			if err := out.Say(ctx, "word "); err != nil {
				return outcome(turn), err
			}
			select {
			case <-ctx.Done():
				return outcome(turn), ctx.Err()
			case <-time.After(5 * time.Millisecond):
			}
		}
	}), stopped
}

// happened waits for the time at which something happened.
func happened(t testing.TB, at <-chan time.Time) time.Time {
	t.Helper()
	select {
	case when := <-at:
		return when
	case <-time.After(patience):
		t.Fatal("it never happened")
		return time.Time{}
	}
}

// stalls measures from now on for how long the machine let a goroutine of this process wait that wanted to run, beyond
// what timers are late by on an idle one. A limit of time can be held against a busy machine with it.
func stalls() (lost func() time.Duration) {
	const nap, usual = 5 * time.Millisecond, 5 * time.Millisecond
	ended, total := make(chan struct{}), make(chan time.Duration)
	go func() {
		var sum time.Duration
		for {
			began := time.Now()
			select {
			case <-ended:
				total <- sum
				return
			case <-time.After(nap):
				sum += max(0, time.Since(began)-nap-usual)
			}
		}
	}()
	return func() time.Duration { close(ended); return <-total }
}

// stored waits until so much of an answer's text is in the database.
func (d *desk) stored(message, text string) {
	d.t.Helper()
	for deadline := time.Now().Add(patience); d.textOf(message) != text; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("%q is not stored", text)
		}
	}
}

// final waits for the message's final state in the database.
func (d *desk) final(message string) (status, reason, text string) {
	d.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		// A connection that was cut may still be in the pool.
		err := d.pool.QueryRow(d.t.Context(), `SELECT status, reason, text FROM messages WHERE id = $1`, message).Scan(&status, &reason, &text)
		if err == nil && protocol.State(status).Final() {
			return status, reason, text
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("message %s is still %q, %v", message, status, err)
		}
	}
}

func TestACustomerWhoLeavesStopsTheModel(t *testing.T) {
	a, stopped := endless()
	d := start(t, pgtest.New(t), a, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	first, second := d.post("c1", "one"), d.post("c2", "two")
	r.until(protocol.TypeMessageDelta)
	left, lost := time.Now(), stalls()
	r.Close()
	if took, held := happened(t, stopped).Sub(left), lost(); took > time.Second+held {
		t.Errorf("the model was stopped after %v, of which the machine held everything up for %v", took, held)
	}
	if status, reason, text := d.final(first.ReplyID); status != "interrupted" || reason != "left" || !strings.HasPrefix(text, "word ") {
		t.Errorf("%s %s %q", status, reason, text)
	}
	if status, reason, _ := d.final(second.ReplyID); status != "interrupted" || reason != "left" {
		t.Errorf("what waited behind it is %s %s", status, reason)
	}
	check(t, d.pool, d.session)
	if again := d.attach(dialog.Position{}); again != nil {
		again.until(protocol.TypeMessageCompleted)
	}
}

func TestACustomerWhoComesBackInTimeLosesNothing(t *testing.T) {
	a, say := stepwise(t)
	d := start(t, pgtest.New(t), a, dialog.Options{LeaveGrace: 5 * time.Second})
	d.open()
	r := d.attach(dialog.Position{})
	ack := d.post("c1", "one")
	say("One ")
	r.until(protocol.TypeMessageDelta)
	for range 3 { // a bad line: several short losses
		r.Close()
		time.Sleep(250 * time.Millisecond)
		sub, err := d.Attach(t.Context(), d.session, dialog.Position{Epoch: r.view.epoch, Seq: r.view.seq})
		if err != nil {
			t.Fatal(err)
		}
		r = &reader{Subscription: sub, t: t, view: r.view}
		say("more ")
		time.Sleep(200 * time.Millisecond)
	}
	say("")
	r.until(protocol.TypeMessageCompleted)
	if got := r.view.texts[ack.ReplyID]; got != "One more more more " {
		t.Errorf("text %q", got)
	}
	r.Close()
}

func TestTheStopButton(t *testing.T) {
	a, stopped := endless()
	pool := pgtest.New(t)
	here := start(t, pool, a, dialog.Options{Heartbeat: 100 * time.Millisecond})
	there := start(t, pool, a, dialog.Options{Workers: 1})
	here.open()
	there.session = here.session
	r := here.attach(dialog.Position{})
	for name, d := range map[string]*desk{"on the replica that answers": here, "on another replica": there} {
		t.Run(name, func(t *testing.T) {
			ack := here.post(strings.ReplaceAll(name, " ", "-"), name)
			r.until(protocol.TypeMessageDelta)
			if err := d.Interrupt(t.Context(), d.session, "00000000-0000-4000-8000-000000000000"); err != nil {
				t.Fatal(err)
			}
			select {
			case <-stopped:
				t.Fatal("a stop of another answer stopped this one")
			case <-time.After(150 * time.Millisecond):
			}
			pressed, lost := time.Now(), stalls()
			if err := d.Interrupt(t.Context(), d.session, ack.ReplyID); err != nil {
				t.Fatal(err)
			}
			if took, held := happened(t, stopped).Sub(pressed), lost(); took > time.Second+held {
				t.Errorf("stopped after %v, of which the machine held everything up for %v", took, held)
			}
			done := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted))
			if done.State != protocol.StateInterrupted || done.Reason != "stopped" || done.Text == "" || done.MessageID != ack.ReplyID {
				t.Errorf("%+v", done)
			}
		})
	}
	if err := here.Interrupt(t.Context(), here.session, ""); err != nil {
		t.Errorf("stop where nothing runs: %v", err)
	}
	check(t, pool, here.session)
	same(t, pool, here.session, r.view)
}

func TestWhatGoesWrongInTheAssistantStaysInItsTurn(t *testing.T) {
	what := map[string]struct {
		do   script
		code string
	}{
		"a panic": {func(context.Context, shop.Turn, shop.Output) (shop.Outcome, error) { panic("boom") }, shop.CodeInternal},
		"an error": {func(context.Context, shop.Turn, shop.Output) (shop.Outcome, error) {
			return shop.Outcome{}, errors.New("secret internals")
		}, shop.CodeInternal},
		"an error with a code": {func(context.Context, shop.Turn, shop.Output) (shop.Outcome, error) {
			return shop.Outcome{}, shop.Errorf("sold_out", "This is sold out.")
		}, "sold_out"},
		"no end": {func(ctx context.Context, _ shop.Turn, _ shop.Output) (shop.Outcome, error) {
			<-ctx.Done()
			return shop.Outcome{}, ctx.Err()
		}, protocol.CodeLate},
		"too much text": {func(ctx context.Context, _ shop.Turn, out shop.Output) (shop.Outcome, error) {
			for {
				if err := out.Say(ctx, strings.Repeat("很", 1000)); err != nil {
					return shop.Outcome{}, err
				}
			}
		}, shop.CodeTooLarge},
	}
	var next script
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		return next(ctx, turn, out)
	}), dialog.Options{TurnTimeout: 3 * time.Second})
	d.open()
	r := d.attach(dialog.Position{})
	for name, c := range what {
		t.Run(name, func(t *testing.T) {
			next = c.do
			ack := d.post(strings.ReplaceAll(name, " ", "-"), name)
			done := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted))
			if done.State != protocol.StateFailed || done.Error == nil || done.Error.Code != c.code || done.MessageID != ack.ReplyID {
				t.Fatalf("%+v %+v", done, done.Error)
			}
			if strings.Contains(done.Error.Message, "secret") {
				t.Error("the cause reached the customer")
			}
			next = echo
			d.post(strings.ReplaceAll(name, " ", "-")+"-2", "and now?")
			if done := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted)); done.State != protocol.StateComplete {
				t.Errorf("the turn after it: %+v", done)
			}
		})
	}
	check(t, d.pool, d.session)
}

func TestTextThatNoDatabaseTakesIsMended(t *testing.T) {
	pieces := []string{"nul \x00, ", "half \xe7\xba", "\xa2, broken \xff\xfe, ", "tail \xe7"}
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		for _, p := range pieces {
			if err := out.Say(ctx, p); err != nil {
				return shop.Outcome{}, err
			}
		}
		o := outcome(turn)
		o.State.Need.Product = "nul \x00"
		return o, nil
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	ack := d.post("c1", "go")
	done := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted))
	if want := "nul , half 红, broken \uFFFD, tail \uFFFD"; done.Text != want || done.State != protocol.StateComplete {
		t.Errorf("%s %q, want %q", done.State, done.Text, want)
	}
	if _, _, text := d.final(ack.ReplyID); text != done.Text {
		t.Errorf("row %q", text)
	}
}

func TestAShutdownEndsWhatRunsAndLeavesWhatWaits(t *testing.T) {
	a, stopped := endless()
	pool := pgtest.New(t)
	d := start(t, pool, a, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	running, waiting := d.post("c1", "one"), d.post("c2", "two")
	r.until(protocol.TypeMessageDelta)

	drained, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	go func() {
		time.Sleep(50 * time.Millisecond)
		_, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c3", Text: "three"})
		if !errors.Is(err, dialog.ErrDraining) {
			t.Errorf("a message while draining: %v", err)
		}
	}()
	if err := d.Drain(drained); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopped:
	default:
		t.Error("drain returned while a turn ran")
	}
	if done := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted)); done.State != protocol.StateInterrupted || done.Reason != "drained" {
		t.Errorf("%+v", done)
	}
	d.stop()
	if status, _, _ := d.final(running.ReplyID); status != "interrupted" {
		t.Errorf("status %s", status)
	}

	// The next start answers what waited.
	next := start(t, pool, echo, dialog.Options{})
	next.session = d.session
	if status, _, text := next.final(waiting.ReplyID); status != "complete" || text != "You said: two" {
		t.Errorf("%s %q", status, text)
	}
	check(t, pool, d.session)
}
