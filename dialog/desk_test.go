package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The embedded PostgreSQL lives until the test process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

// script is an assistant that does what its function says.
type script func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)

func (f script) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return f(ctx, turn, out)
}

// outcome is what a turn that understood something leaves.
func outcome(turn shop.Turn) shop.Outcome {
	state := turn.State
	state.History = append(state.History, turn.Text)
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English, Parser: "local"}, State: state,
		Trace: shop.Trace{Parser: "local", Answerer: "template", Stages: []shop.Stage{}}}
}

// echo shows one card and says what it was asked, word by word.
var echo = script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	err := out.Show(ctx, shop.Cards{RankingID: "r-1", Model: "m", Cards: []shop.Card{{Position: 1, SKU: "S1", Title: "Shoe",
		Price: shop.Money{Minor: 7999, Currency: "USD"}, PriceText: "$79.99", Why: []string{}}}})
	if err != nil {
		return shop.Outcome{}, err
	}
	for _, word := range []string{"You ", "said: ", turn.Text} {
		if err := out.Say(ctx, word); err != nil {
			return shop.Outcome{}, err
		}
	}
	return outcome(turn), nil
})

// desk is a running manager with one session.
type desk struct {
	*dialog.Manager
	t       testing.TB
	pool    *pgxpool.Pool
	session string
	// stop ends the manager as a shutdown does and waits for it.
	stop func()
}

func quick(o dialog.Options) dialog.Options {
	if o.SweepEvery == 0 {
		o.SweepEvery = 100 * time.Millisecond
	}
	if os.Getenv("DIALOG_LOG") != "" {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return o
}

func start(t testing.TB, pool *pgxpool.Pool, a dialog.Assistant, o dialog.Options) *desk {
	t.Helper()
	d := &desk{Manager: dialog.NewManager(pool, a, quick(o)), t: t, pool: pool}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	d.stop = func() { cancel(); <-done }
	t.Cleanup(d.stop)
	return d
}

func (d *desk) open() dialog.Opened {
	d.t.Helper()
	o, err := d.Open(d.t.Context(), dialog.OpenRequest{Lang: shop.English})
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	d.session = o.SessionID
	return o
}

func (d *desk) post(id, text string) protocol.Acknowledgement {
	d.t.Helper()
	ack, err := d.Post(d.t.Context(), d.session, dialog.PostRequest{ClientMsgID: id, Text: text})
	if err != nil {
		d.t.Fatalf("post %q: %v", text, err)
	}
	return ack
}

func (d *desk) attach(from dialog.Position) *reader {
	d.t.Helper()
	sub, err := d.Attach(d.t.Context(), d.session, from)
	if err != nil {
		d.t.Fatalf("attach: %v", err)
	}
	d.t.Cleanup(sub.Close)
	r := &reader{Subscription: sub, t: d.t, view: newView()}
	r.next()
	return r
}

// reader reads a subscription and keeps what a client would see.
type reader struct {
	*dialog.Subscription
	t    testing.TB
	view *view
}

// patience is how long a test waits for what must come, also on a machine that does twenty other things.
const patience = 30 * time.Second

// next is the next frame, or a failed test.
func (r *reader) next() protocol.Envelope {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	env, err := r.Next(ctx)
	if err != nil {
		r.t.Fatalf("next frame: %v (so far %v)", err, r.view.types)
	}
	if err := r.view.apply(env); err != nil {
		r.t.Fatal(err)
	}
	return env
}

// until reads up to and with the first frame of the type.
func (r *reader) until(typ protocol.Type) protocol.Envelope {
	r.t.Helper()
	for {
		if env := r.next(); env.Type == typ {
			return env
		}
	}
}

// quiet asserts that nothing comes for a while.
func (r *reader) quiet(pause time.Duration) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pause)
	defer cancel()
	if env, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		r.t.Fatalf("want nothing, got %s %s, %v", env.Type, env.Data, err)
	}
}

// view is what a client shows, built from frames by the protocol's rules alone.
type view struct {
	epoch string
	seq   int64
	types []protocol.Type
	// events are the logged frames as they came, by seq.
	events map[int64]string
	// texts are the answers, states their final states.
	texts  map[string]string
	states map[string]protocol.State
}

func newView() *view {
	return &view{events: map[int64]string{}, texts: map[string]string{}, states: map[string]protocol.State{}}
}

func (v *view) apply(env protocol.Envelope) error {
	v.types = append(v.types, env.Type)
	frame, err := env.Encode()
	if err != nil {
		return err
	}
	_, data, err := protocol.DecodeServer(frame)
	if err != nil {
		return err
	}
	switch d := data.(type) {
	case *protocol.SessionState:
		if env.Type == protocol.TypeSessionReset || env.Type == protocol.TypeSessionOpened {
			types := v.types
			*v = *newView()
			v.types, v.seq = types, d.From-1
		}
		v.epoch = d.Epoch
		return nil
	case *protocol.MessageDelta:
		text := []rune(v.texts[d.MessageID])
		if d.Offset > len(text) {
			return fmt.Errorf("gap in %s: a piece at %d after %d", d.MessageID, d.Offset, len(text))
		}
		if v.states[d.MessageID].Final() {
			return fmt.Errorf("a piece of %s after its end: %q", d.MessageID, d.Text)
		}
		v.texts[d.MessageID] = string(text[:d.Offset]) + d.Text
		return nil
	case *protocol.MessageCompleted:
		if v.states[d.MessageID].Final() {
			return fmt.Errorf("%s ended twice", d.MessageID)
		}
		v.texts[d.MessageID], v.states[d.MessageID] = d.Text, d.State
	}
	if env.Seq == 0 {
		return nil
	}
	if env.Seq != v.seq+1 {
		return fmt.Errorf("seq %d after %d", env.Seq, v.seq)
	}
	v.seq, v.events[env.Seq] = env.Seq, string(frame)
	return nil
}

// read is env's data.
func read[T any](t testing.TB, env protocol.Envelope) T {
	t.Helper()
	var data T
	if err := env.Into(&data); err != nil {
		t.Fatal(err)
	}
	return data
}
