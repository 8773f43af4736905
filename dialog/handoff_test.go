package dialog_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// broker is a real NATS server with JetStream in dir, on the port (-1 chooses one).
func broker(t testing.TB, dir string, port int) *natsserver.Server {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(60 * time.Second) {
		t.Fatal("NATS does not start")
	}
	return s
}

func connect(t *testing.T, s *natsserver.Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL(), append(dialog.NATSOptions(), nats.ReconnectWait(50*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// wantsPerson is an assistant that asks for a person, always.
var wantsPerson = script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	o := outcome(turn)
	o.Handoff = &shop.HandoffRequest{Reason: "customer_asked", Note: "angry \x00"}
	return o, out.Say(ctx, "I'll fetch somebody.")
})

func TestAHandoffIsLoggedQueuedAndToldOnce(t *testing.T) {
	pool := pgtest.New(t)
	dir := filepath.Join(t.TempDir(), "js")
	server := broker(t, dir, -1)
	nc := connect(t, server)
	relay := dialog.NewRelay(pool, nc, dialog.RelayOptions{Every: 50 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	d := start(t, pool, wantsPerson, dialog.Options{Relay: relay})
	d.open()
	r := d.attach(dialog.Position{})
	ack := d.post("c1", "a person please")
	completed := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted))
	requested := read[protocol.HandoffRequested](t, r.next())
	queued := read[protocol.HandoffQueued](t, r.next())
	if !completed.Handoff || requested.Reason != "customer_asked" || requested.MessageID != ack.ReplyID || queued.HandoffID != requested.HandoffID {
		t.Errorf("%+v\n%+v\n%+v", completed, requested, queued)
	}

	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	event := receive(t, js, 1)[0]
	want := protocol.HandoffEvent{V: 1, ID: event.ID, Type: protocol.TypeHandoffRequested, HandoffID: requested.HandoffID,
		Session: d.session, Seq: r.view.seq, Epoch: r.view.epoch, Owner: protocol.OwnerQueued, OwnerEpoch: 1,
		MessageID: ack.ReplyID, Reason: "customer_asked", Lang: shop.English, TS: event.TS}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}

	// NATS goes away, the conversation goes on, and afterwards everything arrives.
	port := server.Addr().(*net.TCPAddr).Port
	server.Shutdown()
	server.WaitForShutdown()
	second := d.post("c2", "still waiting")
	if again := read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted)); again.MessageID != second.ReplyID || again.State != protocol.StateComplete {
		t.Errorf("a queued conversation gets no answer: %+v", again)
	}
	if _, err := d.ChangeOwner(t.Context(), d.session, dialog.OwnerChange{To: protocol.OwnerAgent, Agent: "Kim", From: 1}); err != nil {
		t.Fatal(err)
	}
	if seen := r.until(protocol.TypeHandoffClaimed); read[protocol.HandoffChanged](t, seen).HandoffID != requested.HandoffID {
		t.Error("the claim is of another handoff")
	}
	server = broker(t, dir, port)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	events := receive(t, js, 2)
	if events[1].Type != protocol.TypeHandoffClaimed || events[1].OwnerEpoch != 2 || events[1].Agent != "Kim" {
		t.Errorf("%+v", events[1])
	}
	// Sent again, as a relay does that was killed before it could mark: nothing new arrives.
	if _, err := pool.Exec(t.Context(), `UPDATE outbox SET sent_at = NULL`); err != nil {
		t.Fatal(err)
	}
	relay.Poke()
	for left := 1; left > 0; time.Sleep(20 * time.Millisecond) {
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE sent_at IS NULL`).Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
	stream, err := js.Stream(t.Context(), "FLOORWALKER_HANDOFF")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != 2 {
		t.Errorf("%d messages in the stream", n)
	}
	var handoffs int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM handoffs`).Scan(&handoffs); err != nil || handoffs != 1 {
		t.Errorf("%d handoffs, %v", handoffs, err)
	}
	check(t, pool, d.session)
}

// receive reads n events from the start of the stream.
func receive(t *testing.T, js jetstream.JetStream, n int) []protocol.HandoffEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var consumer jetstream.Consumer
	for err := error(context.Canceled); err != nil; time.Sleep(20 * time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("no stream: %v", err)
		}
		// A request that is lost as NATS starts is made again.
		try, cancel := context.WithTimeout(ctx, time.Second)
		consumer, err = js.OrderedConsumer(try, "FLOORWALKER_HANDOFF", jetstream.OrderedConsumerConfig{})
		cancel()
	}
	var events []protocol.HandoffEvent
	for len(events) < n && ctx.Err() == nil {
		batch, err := consumer.Fetch(n-len(events), jetstream.FetchMaxWait(500*time.Millisecond))
		if err != nil {
			continue
		}
		for msg := range batch.Messages() {
			var e protocol.HandoffEvent
			if err := json.Unmarshal(msg.Data(), &e); err != nil {
				t.Fatal(err)
			}
			if msg.Subject() != "floorwalker."+string(e.Type) || msg.Headers().Get("Nats-Msg-Id") != e.ID {
				t.Errorf("subject %s, headers %v for %+v", msg.Subject(), msg.Headers(), e)
			}
			events = append(events, e)
		}
	}
	if len(events) < n {
		t.Fatalf("%d of %d events came", len(events), n)
	}
	return events
}

func TestAWipedStoreIsFilledAgainAndAShortenedOneCompleted(t *testing.T) {
	pool := pgtest.New(t)
	dir, old := filepath.Join(t.TempDir(), "js"), filepath.Join(t.TempDir(), "old")
	server := broker(t, dir, -1)
	port := server.Addr().(*net.TCPAddr).Port
	stop := func() { server.Shutdown(); server.WaitForShutdown() }
	t.Cleanup(func() { stop() })
	nc := connect(t, server)
	relay := dialog.NewRelay(pool, nc, dialog.RelayOptions{Every: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	d := start(t, pool, echo, dialog.Options{Relay: relay})
	d.open()
	take := func(to protocol.Owner, from int64) {
		t.Helper()
		if _, err := d.ChangeOwner(t.Context(), d.session, dialog.OwnerChange{To: to, Agent: "Kim", From: from}); err != nil {
			t.Fatal(err)
		}
		waitSent(t, pool)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	take(protocol.OwnerAgent, 1)
	take(protocol.OwnerAssistant, 2)
	stop()
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	server = broker(t, dir, port)
	take(protocol.OwnerAgent, 3)
	whole := receive(t, js, 3)

	// The end of the stream is gone, as after a power cut, and nothing new happens: it comes back by itself.
	stop()
	server = broker(t, old, port)
	if diff := cmp.Diff(whole, receive(t, js, 3)); diff != "" {
		t.Errorf("after the end was lost (-before +after):\n%s", diff)
	}
	// The whole store is gone.
	stop()
	server = broker(t, filepath.Join(t.TempDir(), "other"), port)
	if diff := cmp.Diff(whole, receive(t, js, 3)); diff != "" {
		t.Errorf("after the wipe (-before +after):\n%s", diff)
	}
	take(protocol.OwnerAssistant, 4)
	if after := receive(t, js, 4); after[3].Type != protocol.TypeHandoffReleased || after[3].OwnerEpoch != 5 {
		t.Errorf("the last event is %+v", after[3])
	}
}

// waitSent waits until nothing is left in the outbox.
func waitSent(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for left := 1; left > 0; time.Sleep(20 * time.Millisecond) {
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM outbox WHERE sent_at IS NULL`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d messages are not sent", left)
		}
	}
}
