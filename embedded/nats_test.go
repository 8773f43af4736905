package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/embedded"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func startNATS(t *testing.T, o embedded.NATSOptions) *embedded.NATS {
	t.Helper()
	n, err := embedded.StartNATS(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	return n
}

func stream(t *testing.T, n *embedded.NATS) (jetstream.Stream, jetstream.JetStream, func()) {
	t.Helper()
	nc, err := n.Connect()
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "KEPT", Subjects: []string{"kept"}})
	if err != nil {
		t.Fatal(err)
	}
	return s, js, nc.Close
}

func TestNATSKeepsItsStreamsAndStopsTwice(t *testing.T) {
	dir := t.TempDir()
	for want := uint64(1); want <= 2; want++ {
		n := startNATS(t, embedded.NATSOptions{DataDir: dir})
		s, js, hangUp := stream(t, n)
		if _, err := js.Publish(t.Context(), "kept", []byte("x")); err != nil {
			t.Fatal(err)
		}
		info, err := s.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs != want {
			t.Errorf("%d messages, want %d", info.State.Msgs, want)
		}
		if n.URL() != "" {
			t.Errorf("it listens on %s though nobody asked", n.URL())
		}
		hangUp()
		n.Stop()
		n.Stop()
	}
}

func TestNATSListensForThoseWhoKnowTheToken(t *testing.T) {
	dir := t.TempDir()
	n := startNATS(t, embedded.NATSOptions{DataDir: dir, Listen: true})
	text, err := os.ReadFile(filepath.Join(dir, "nats", "url"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "nats", "url")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the token: %v, %v", info.Mode(), err)
	}
	address := strings.TrimSpace(string(text))
	nc, err := nats.Connect(address)
	if err != nil {
		t.Fatalf("connect with the token: %v", err)
	}
	nc.Close()
	_, host, _ := strings.Cut(address, "@")
	if !strings.HasPrefix(host, "127.0.0.1:") {
		t.Errorf("it listens on %s, want loopback", host)
	}
	if nc, err := nats.Connect("nats://" + host); err == nil {
		nc.Close()
		t.Error("it lets in who has no token")
	}
	n.Stop()
	if nc, err := nats.Connect(address, nats.Timeout(time.Second)); err == nil {
		nc.Close()
		t.Error("it answers after Stop")
	}
}

func TestTwoNATSServersOnOneDataFolderAreToldApart(t *testing.T) {
	dir := t.TempDir()
	startNATS(t, embedded.NATSOptions{DataDir: dir})
	if n, err := embedded.StartNATS(embedded.NATSOptions{DataDir: dir}); err == nil {
		n.Stop()
		t.Error("a second server started on the same streams")
	} else if !strings.Contains(err.Error(), "another Floorwalker runs NATS") {
		t.Errorf("error does not say what is wrong: %v", err)
	}
}

func TestNATSSaysWhyItCannotStart(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nats"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := embedded.StartNATS(embedded.NATSOptions{DataDir: dir}); err == nil {
		n.Stop()
		t.Error("it started on a file")
	} else if !strings.Contains(err.Error(), "data folder") {
		t.Errorf("error does not say what is wrong: %v", err)
	}
}
