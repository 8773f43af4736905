package embedded

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// NATSOptions say where NATS keeps its streams and who may reach it.
type NATSOptions struct {
	// DataDir is the folder for JetStream; made on first use.
	DataDir string
	// Listen opens a loopback port for other programs; otherwise only this process can connect.
	Listen bool
	// Port is the loopback port with Listen; 0 picks a free one.
	Port int
	// Logger gets the server's warnings and errors; nil discards.
	Logger *slog.Logger
}

// NATS is a NATS server with JetStream inside this process.
type NATS struct {
	server *server.Server
	token  string
	// access is the file that tells other programs how to connect; empty without Listen.
	access string
	unlock func()
	once   sync.Once
}

// Limits of the embedded server: one message, and all that JetStream keeps in memory and on disk, in bytes.
const (
	natsMaxMessage = 1 << 20
	natsMaxMemory  = 64 << 20
	natsMaxStore   = 1 << 30
)

// StartNATS starts the server. It listens nowhere unless asked to, and then only on loopback, with a token. Its
// monitor, WebSocket and MQTT ports stay closed.
func StartNATS(o NATSOptions) (*NATS, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	folder := filepath.Join(o.DataDir, "nats")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make NATS's data folder: %w", err)
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("make NATS's token: %w", err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	unlock, err := lockFile(soon, filepath.Join(folder, "lock"))
	if err != nil {
		return nil, fmt.Errorf("another Floorwalker runs NATS on %s; stop it or choose another data folder: %w", folder, err)
	}
	n := &NATS{token: hex.EncodeToString(random), unlock: unlock}
	if err := n.start(o, folder); err != nil {
		n.Stop()
		return nil, err
	}
	return n, nil
}

func (n *NATS) start(o NATSOptions, folder string) error {
	port := o.Port
	if port == 0 {
		port = server.RANDOM_PORT
	}
	log := &natsLog{logger: o.Logger}
	var err error
	if n.server, err = server.NewServer(&server.Options{ServerName: "floorwalker", Host: "127.0.0.1", Port: port, DontListen: !o.Listen,
		JetStream: true, StoreDir: folder, JetStreamMaxMemory: natsMaxMemory, JetStreamMaxStore: natsMaxStore, SyncInterval: 10 * time.Second,
		Authorization: n.token, NoSigs: true, MaxPayload: natsMaxMessage}); err != nil {
		return fmt.Errorf("set up NATS: %w", err)
	}
	n.server.SetLoggerV2(log, false, false, false)
	n.server.Start()
	if !n.server.ReadyForConnections(10*time.Second) || !n.server.JetStreamEnabled() {
		if reason := log.fatal(); reason != "" {
			return fmt.Errorf("start NATS: %s", reason)
		}
		return errors.New("NATS did not get ready: its data folder may not be writable")
	}
	if !o.Listen {
		return nil
	}
	n.access = filepath.Join(folder, "url")
	if err := os.WriteFile(n.access, []byte(n.URL()+"\n"), 0o600); err != nil {
		return fmt.Errorf("say how NATS is reached: %w", err)
	}
	return nil
}

// URL is the address with the token for other programs of this machine, as the file nats/url in the data folder
// has it; empty when the server does not listen.
func (n *NATS) URL() string {
	if n.access == "" {
		return ""
	}
	u := url.URL{Scheme: "nats", User: url.User(n.token), Host: n.server.Addr().String()}
	return u.String()
}

// Connect opens a connection inside the process.
func (n *NATS) Connect(options ...nats.Option) (*nats.Conn, error) {
	nc, err := nats.Connect("", append([]nats.Option{nats.InProcessServer(n.server), nats.Token(n.token)}, options...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	return nc, nil
}

// Stop ends the server and waits for it. It may be called twice.
func (n *NATS) Stop() {
	n.once.Do(func() {
		if n.server != nil {
			n.server.Shutdown()
			n.server.WaitForShutdown()
		}
		if n.access != "" {
			_ = os.Remove(n.access) // a stale address harms nobody: its token is dead
		}
		n.unlock()
	})
}

// natsLog passes on what an operator should know and remembers why the server could not start.
type natsLog struct {
	logger *slog.Logger
	mu     sync.Mutex
	reason string
}

var _ server.Logger = (*natsLog)(nil)

func (l *natsLog) Warnf(format string, a ...any) { l.logger.Warn("NATS: " + fmt.Sprintf(format, a...)) }
func (l *natsLog) Errorf(format string, a ...any) {
	l.logger.Error("NATS: " + fmt.Sprintf(format, a...))
}
func (l *natsLog) Noticef(string, ...any) {}
func (l *natsLog) Debugf(string, ...any)  {}
func (l *natsLog) Tracef(string, ...any)  {}

func (l *natsLog) Fatalf(format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reason = fmt.Sprintf(format, a...)
	l.logger.Error("NATS: " + l.reason)
}

func (l *natsLog) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reason
}
