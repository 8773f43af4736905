package dialog_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
)

// never is a pause that no test waits for: what arrives came through NATS.
const never = time.Hour

func TestTwoReplicasShowTheSameAtOnceOverNATS(t *testing.T) {
	pool := pgtest.New(t)
	server := broker(t, t.TempDir(), -1)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	a, say := stepwise(t)
	o := func() dialog.Options {
		return dialog.Options{Wake: dialog.NewNATSWake(connect(t, server)), PollCalm: never, SweepEvery: never}
	}
	here, there := start(t, pool, a, o()), start(t, pool, a, o())
	here.open()
	there.session = here.session
	near, far := here.attach(dialog.Position{}), there.attach(dialog.Position{})
	far.quiet(20 * time.Millisecond)
	ack := here.post("c1", "tell me")
	for _, word := range []string{"One ", "two ", "红 "} {
		say(word)
		near.until(protocol.TypeMessageDelta)
		if got := read[protocol.MessageDelta](t, far.until(protocol.TypeMessageDelta)); got.Text != word {
			t.Errorf("the other replica got %+v for %q", got, word)
		}
	}
	if err := there.Typing(t.Context(), there.session, protocol.RoleCustomer, "", true); err != nil {
		t.Fatal(err)
	}
	if got := read[protocol.Typing](t, near.until(protocol.TypeTypingStarted)); got.ExpiresMS != 30_000 || got.Role != protocol.RoleCustomer {
		t.Errorf("%+v", got)
	}
	// The customer moves to the other replica mid-answer: the turn hears that somebody is still there.
	near.Close()
	time.Sleep(1200 * time.Millisecond)
	say("and more")
	if got := read[protocol.MessageDelta](t, far.until(protocol.TypeMessageDelta)); got.Text != "and more" {
		t.Errorf("after the move: %+v", got)
	}
	// Stopped from there, though it runs here.
	pressed := time.Now()
	if err := there.Interrupt(t.Context(), there.session, ack.ReplyID); err != nil {
		t.Fatal(err)
	}
	if done := read[protocol.MessageCompleted](t, far.until(protocol.TypeMessageCompleted)); done.Reason != "stopped" || done.Text != "One two 红 and more" {
		t.Errorf("%+v", done)
	}
	if took := time.Since(pressed); took > 500*time.Millisecond {
		t.Errorf("a stop from another replica took %v", took)
	}
	same(t, pool, here.session, far.view)
}

func TestNothingThatTellsWhoACustomerIsGoesOverNATS(t *testing.T) {
	pool := pgtest.New(t)
	server := broker(t, t.TempDir(), -1)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	var mu sync.Mutex
	var heard []string
	everything, err := connect(t, server).Subscribe(">", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, m.Subject+" "+string(m.Data))
	})
	if err != nil {
		t.Fatal(err)
	}
	relay := dialog.NewRelay(pool, connect(t, server), dialog.RelayOptions{})
	relaying, stop := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	go func() { relayed <- relay.Run(relaying) }()
	t.Cleanup(func() { stop(); <-relayed })
	a, say := stepwise(t)
	o := func() dialog.Options {
		return dialog.Options{Wake: dialog.NewNATSWake(connect(t, server)), Relay: relay, PollCalm: never, SweepEvery: never}
	}
	here, there := start(t, pool, a, o()), start(t, pool, a, o())
	here.open()
	there.session = here.session
	near, far := here.attach(dialog.Position{}), there.attach(dialog.Position{})
	far.quiet(20 * time.Millisecond)
	const said = "I am ann@example.com, 138 1234 5678, card 4111 1111 1111 1111"
	here.post("c1", said)
	pieces := []string{"Harmless. ", "You are ann@exam", "ple.com ", "with 4111 1111 ", "1111 1111"}
	for i, piece := range pieces {
		say(piece)
		near.until(protocol.TypeMessageDelta)
		if i == 0 {
			far.until(protocol.TypeMessageDelta)
		}
	}
	say("")
	if done := read[protocol.MessageCompleted](t, far.until(protocol.TypeMessageCompleted)); done.Text != strings.Join(pieces, "") {
		t.Errorf("the other replica's reader got %q", done.Text)
	}
	if _, err := here.AskPerson(t.Context(), here.session, "customer_asked", said); err != nil {
		t.Fatal(err)
	}
	far.until(protocol.TypeHandoffQueued)
	same(t, pool, here.session, far.view)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		all := strings.Join(heard, "\n")
		mu.Unlock()
		if strings.Contains(all, "floorwalker.handoff.requested") {
			if !strings.Contains(all, "Harmless") {
				t.Error("no piece of the answer was heard at all")
			}
			for _, secret := range []string{"example.com", "1234 5678", "4111 1111"} {
				if strings.Contains(all, secret) {
					t.Errorf("%q went over NATS:\n%s", secret, all)
				}
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the handoff was not heard of:\n%s", all)
		}
	}
	if err := everything.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
}

func TestWithoutNATSThePollFindsEverything(t *testing.T) {
	pool := pgtest.New(t)
	server := broker(t, t.TempDir(), -1)
	o := func() dialog.Options {
		return dialog.Options{Wake: dialog.NewNATSWake(connect(t, server)), PollEvery: 20 * time.Millisecond, PollCalm: never}
	}
	here, there := start(t, pool, echo, o()), start(t, pool, echo, o())
	here.open()
	there.session = here.session
	near, far := here.attach(dialog.Position{}), there.attach(dialog.Position{})
	server.Shutdown()
	server.WaitForShutdown()
	for i := range 5 {
		here.post(fmt.Sprint("c", i), fmt.Sprint("question ", i))
		near.until(protocol.TypeMessageCompleted)
		far.until(protocol.TypeMessageCompleted)
	}
	if diff := cmp.Diff(near.view.events, far.view.events); diff != "" {
		t.Errorf("two replicas, two logs:\n%s", diff)
	}
	// One that attaches while NATS is away gets everything as well.
	late := there.attach(dialog.Position{})
	for late.view.seq < near.view.seq {
		late.next()
	}
}

func TestNoticesThatLieDoNoHarm(t *testing.T) {
	pool := pgtest.New(t)
	server := broker(t, t.TempDir(), -1)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	nc := connect(t, server)
	d := start(t, pool, echo, dialog.Options{Wake: dialog.NewNATSWake(connect(t, server)), PollCalm: never})
	d.open()
	r := d.attach(dialog.Position{})
	ack := d.post("c1", "hello")
	r.until(protocol.TypeMessageCompleted)
	for _, lie := range []string{
		`{"from":"x","seq":1}`, `{"from":"x","seq":99999}`, `{"from":"x","seq":-5}`, `not json`, `{}`, ``, `{"from":"x","stop":true}`,
		fmt.Sprintf(`{"from":"x","delta":{"message_id":%q,"offset":0,"text":"late"}}`, ack.ReplyID),
		fmt.Sprintf(`{"from":"x","delta":{"message_id":%q,"offset":-7,"text":"late"}}`, ack.ReplyID),
		`{"from":"x","delta":{"message_id":"unknown","offset":3,"text":"late"}}`,
	} {
		if err := nc.Publish(dialog.WakeSubject(d.session), []byte(lie)); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	r.quiet(100 * time.Millisecond)
	d.post("c2", "and now")
	r.until(protocol.TypeMessageCompleted)
	same(t, pool, d.session, r.view)
}

func TestAnnouncedStatusReachesWhoIsThereAndWhoComes(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	d.Announce(protocol.AssistantStatus{LLM: true, Model: "m"})
	if got := read[protocol.AssistantStatus](t, r.until(protocol.TypeAssistantStatus)); !got.LLM {
		t.Errorf("%+v", got)
	}
	late := d.attach(dialog.Position{})
	if env := late.until(protocol.TypeAssistantStatus); env.Session != d.session || env.Seq != 0 {
		t.Errorf("%+v", env)
	}
}

func TestPiecesThatOverlapOrComeTooEarlyAreMended(t *testing.T) {
	pool := pgtest.New(t)
	server := broker(t, t.TempDir(), -1)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	nc := connect(t, server)
	a, say := stepwise(t)
	// here writes; the test stands in for its notices, which reach there late, twice and torn.
	here := start(t, pool, a, dialog.Options{FlushEvery: 10 * time.Millisecond})
	there := start(t, pool, echo, dialog.Options{Wake: dialog.NewNATSWake(connect(t, server)), PollCalm: never, SweepEvery: never})
	here.open()
	there.session = here.session
	far := there.attach(dialog.Position{})
	ack := here.post("c1", "tell me")
	say("红abc")
	tell := func(n string) {
		t.Helper()
		if err := nc.Publish(dialog.WakeSubject(here.session), []byte(n)); err != nil {
			t.Fatal(err)
		}
	}
	piece := func(offset int, text string) {
		t.Helper()
		tell(fmt.Sprintf(`{"from":"x","delta":{"message_id":%q,"offset":%d,"text":%q}}`, ack.ReplyID, offset, text))
	}
	expect := func(offset int, text string) {
		t.Helper()
		got := read[protocol.MessageDelta](t, far.until(protocol.TypeMessageDelta))
		if got.Offset != offset || got.Text != text {
			t.Errorf("got %d %q, want %d %q", got.Offset, got.Text, offset, text)
		}
	}
	tell(`{"from":"x","seq":2}`)
	for range 2 {
		far.until(protocol.TypeMessageCreated)
	}
	piece(0, "红abc")
	expect(0, "红abc")
	piece(0, "红abc") // again
	piece(2, "bcd")  // torn
	expect(4, "d")
	say("de")
	time.Sleep(150 * time.Millisecond) // until it is stored
	piece(6, "f")                      // too early: "e" is missing
	expect(5, "e")
	expect(6, "f")
	say("f")
	say("")
	here.final(ack.ReplyID)
	tell(`{"from":"x","seq":3}`)
	far.until(protocol.TypeMessageCompleted)
	piece(7, "too late")
	far.quiet(50 * time.Millisecond)
	same(t, pool, here.session, far.view)
}

func TestManyWritersInOneProcessNeedNoPoll(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{PollEvery: never})
	d.open()
	r := d.attach(dialog.Position{})
	r.quiet(20 * time.Millisecond)
	const n = 100
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := d.CartChanged(t.Context(), d.session, shop.Cart{Total: shop.Money{Minor: int64(i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	for r.view.seq < n {
		r.next()
	}
	wg.Wait()
	same(t, d.pool, d.session, r.view)
}
