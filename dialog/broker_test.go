package dialog_test

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"

	"github.com/google/go-cmp/cmp"
	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// told is a conversation whose changes of hands go out over a NATS that the test may stop, break and start again.
type told struct {
	*desk
	dir    string
	port   int
	server *natsserver.Server
	js     jetstream.JetStream
	relay  *dialog.Relay
	epoch  int64
}

func tell(t *testing.T, o dialog.RelayOptions, more ...nats.Option) *told {
	t.Helper()
	pool := pgtest.New(t)
	w := &told{dir: filepath.Join(t.TempDir(), "js"), epoch: 1}
	w.server = broker(t, w.dir, -1)
	w.port = w.server.Addr().(*net.TCPAddr).Port
	t.Cleanup(func() { w.stop() })
	nc, err := nats.Connect(w.server.ClientURL(), append(dialog.NATSOptions(), more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if w.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	o.Every = 20 * time.Millisecond
	w.relay = dialog.NewRelay(pool, nc, o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.relay.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	w.desk = start(t, pool, echo, dialog.Options{Relay: w.relay, Wake: dialog.NewNATSWake(nc)})
	w.open()
	return w
}

func (w *told) stop() {
	w.server.Shutdown()
	w.server.WaitForShutdown()
}

// again starts NATS on the same store and port.
func (w *told) again() {
	w.t.Helper()
	w.server = broker(w.t, w.dir, w.port)
}

// change gives the conversation to a person or back, which is one event.
func (w *told) change() {
	w.t.Helper()
	to := protocol.OwnerAgent
	if w.epoch%2 == 0 {
		to = protocol.OwnerAssistant
	}
	if _, err := w.ChangeOwner(w.t.Context(), w.session, dialog.OwnerChange{To: to, Agent: "Kim", From: w.epoch}); err != nil {
		w.t.Fatal(err)
	}
	w.epoch++
}

// TestAfterTenMinutesWithoutNATSEverythingArrivesOnce counts the minutes by the tries of the client to come back: at
// one each half second, 1,200 are ten minutes. Here they follow each other faster.
func TestAfterTenMinutesWithoutNATSEverythingArrivesOnce(t *testing.T) {
	var tries atomic.Int64
	w := tell(t, dialog.RelayOptions{}, nats.CustomReconnectDelay(func(int) time.Duration { tries.Add(1); return 2 * time.Millisecond }))
	w.change()
	before := receive(t, w.js, 1)
	w.stop()
	const minutes, perMinute = 10, 120
	events := 1
	for deadline := time.Now().Add(time.Minute); tries.Load() < minutes*perMinute; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d tries of %d in a minute", tries.Load(), minutes*perMinute)
		}
		if int64(events) <= tries.Load()/(perMinute/2) {
			w.change() // conversations change hands all the while
			events++
		}
	}
	w.again()
	after := receive(t, w.js, events)
	if diff := cmp.Diff(before[0], after[0]); diff != "" {
		t.Errorf("the first event changed:\n%s", diff)
	}
	waitSent(t, w.pool)
	for i, e := range after {
		if e.OwnerEpoch != int64(i+2) {
			t.Errorf("event %d is of owner epoch %d", i, e.OwnerEpoch)
		}
	}
	stream, err := w.js.Stream(t.Context(), "FLOORWALKER_HANDOFF")
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Msgs; n != uint64(events) {
		t.Errorf("%d messages for %d events", n, events)
	}
}

// TestRedeliveryAfterTheWindowHasOneEffect has a relay that was killed before it could mark send again, after the
// stream has forgotten the ids: the receivers know by the id, which is the first one's, as is every byte.
func TestRedeliveryAfterTheWindowHasOneEffect(t *testing.T) {
	w := tell(t, dialog.RelayOptions{Duplicates: 100 * time.Millisecond})
	w.change()
	w.change()
	waitSent(t, w.pool)
	time.Sleep(time.Second)
	if _, err := w.pool.Exec(t.Context(), `UPDATE outbox SET sent_at = NULL`); err != nil {
		t.Fatal(err)
	}
	w.relay.Poke()
	waitSent(t, w.pool)
	twice := receive(t, w.js, 4)
	effects := map[string]protocol.HandoffEvent{}
	for _, e := range twice {
		if had, ok := effects[e.ID]; ok && !cmp.Equal(had, e) {
			t.Errorf("one id, two events (-first +again):\n%s", cmp.Diff(had, e))
		}
		effects[e.ID] = e
	}
	if len(effects) != 2 {
		t.Errorf("%d effects of two events", len(effects))
	}
}

// TestAFlippedBitInTheStoreIsMended damages one message in the file that JetStream keeps it in.
func TestAFlippedBitInTheStoreIsMended(t *testing.T) {
	w := tell(t, dialog.RelayOptions{})
	for range 3 {
		w.change()
	}
	whole := receive(t, w.js, 3)
	waitSent(t, w.pool)
	w.stop()
	flip(t, w.dir, whole[1].ID)
	w.again()
	byID := map[string]protocol.HandoffEvent{}
	for _, e := range receive(t, w.js, 3) {
		byID[e.ID] = e
	}
	for _, e := range whole {
		if diff := cmp.Diff(e, byID[e.ID]); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	}
}

// flip changes one bit of the text in the file of the store that has it.
func flip(t *testing.T, dir, text string) {
	t.Helper()
	flipped := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".blk") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if at := bytes.LastIndex(raw, []byte(text)); at >= 0 {
			raw[at+3] ^= 1
			flipped++
			return os.WriteFile(path, raw, 0o600)
		}
		return nil
	})
	if err != nil || flipped != 1 {
		t.Fatalf("%d files damaged, %v", flipped, err)
	}
}
