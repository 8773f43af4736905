package main

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"floorwalker/embedded"

	"github.com/jackc/pgx/v5/pgxpool"
)

// child is a process that is killed and started again.
type child struct {
	name    string
	command func() *exec.Cmd
	log     *os.File

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{}
}

// start starts it; it must not run.
func (c *child) start() error {
	started, ended := make(chan error, 1), make(chan struct{})
	cmd := c.command()
	cmd.Stdout, cmd.Stderr = c.log, c.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	go func() {
		// The death signal is tied to the thread that starts the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() //nolint:errcheck // it is killed on purpose
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	c.mu.Lock()
	c.process, c.ended = cmd.Process, ended
	c.mu.Unlock()
	return nil
}

// kill ends it with SIGKILL and waits until it is gone.
func (c *child) kill() { c.end(syscall.SIGKILL) }

func (c *child) end(s syscall.Signal) {
	c.mu.Lock()
	process, ended := c.process, c.ended
	c.process = nil
	c.mu.Unlock()
	if process == nil {
		return
	}
	_ = syscall.Kill(-process.Pid, s) //nolint:errcheck // it may have ended by itself
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		_ = syscall.Kill(-process.Pid, syscall.SIGKILL) //nolint:errcheck // the same
		<-ended
	}
}

// running is false after it ended, by itself or not.
func (c *child) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return false
	}
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// replica is one server under trial, and its wire to PostgreSQL.
type replica struct {
	child
	wire *wire
	url  string
}

// stage is everything that a shop runs on.
type stage struct {
	c        *runCmd
	dir      string
	postgres *embedded.Postgres
	nats     child
	natsURL  string
	// key signs the tokens of known customers.
	key      ed25519.PrivateKey
	ollama   child
	replicas []*replica
	// pool looks at the database past the wires.
	pool *pgxpool.Pool
	http *http.Client
}

const adminToken = "chaos"

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// openStage starts everything and waits until both replicas are open.
func openStage(ctx context.Context, c *runCmd) (_ *stage, err error) {
	s := &stage{c: c, http: &http.Client{Timeout: 5 * time.Second}}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	cache := s.cache()
	if err := embedded.Fetch(ctx, cache, embedded.Needed(), os.Stderr); err != nil {
		return nil, err
	}
	if s.postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{Cache: cache, DataDir: filepath.Join(s.dir, "postgres"), Unsafe: true}); err != nil {
		return nil, err
	}
	if s.pool, err = pgxpool.New(ctx, s.postgres.URL()); err != nil {
		return nil, err
	}
	if err := s.forget(ctx); err != nil {
		return nil, err
	}
	if err := s.makeKeys(); err != nil {
		return nil, err
	}
	if err := s.startNATS(); err != nil {
		return nil, err
	}
	if err := s.startOllama(); err != nil {
		return nil, err
	}
	for i := range 2 {
		if err := s.addReplica(i, cache); err != nil {
			return nil, err
		}
		// The first one fills the database; the second finds it full.
		if err := s.await(ctx, s.replicas[i], 10*time.Minute); err != nil {
			return nil, err
		}
	}
	return s, s.stock(ctx)
}

func (s *stage) cache() string { return cmp.Or(s.c.Cache, embedded.DefaultCache()) }

// makeFolder makes the folder for everything; PostgreSQL may run as another user.
func (s *stage) makeFolder() (err error) {
	if s.dir = s.c.Data; s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "floorwalker-chaos-"); err != nil {
			return err
		}
	}
	return errors.Join(os.MkdirAll(s.dir, 0o755), os.Chmod(s.dir, 0o755))
}

// forget clears away what an earlier run in the folder said; what it loaded into the database stays.
func (s *stage) forget(ctx context.Context) error {
	logs, err := filepath.Glob(filepath.Join(s.dir, "*.log"))
	if err != nil {
		return err
	}
	errs := []error{os.RemoveAll(filepath.Join(s.dir, "nats"))}
	for _, log := range logs {
		errs = append(errs, os.Remove(log))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var used bool
	if err := s.pool.QueryRow(ctx, `SELECT to_regclass('desk_agents') IS NOT NULL`).Scan(&used); err != nil || !used {
		return err
	}
	_, err = s.pool.Exec(ctx, `TRUNCATE sessions, outbox, outbox_stream, desk_agents, desk_audit, socket_tickets CASCADE`)
	return err
}

func (s *stage) logFile(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(s.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (s *stage) startNATS() error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	config := filepath.Join(s.dir, "nats.conf")
	text := fmt.Sprintf("listen: %q\njetstream { store_dir: %q }\nauthorization { token: \"chaos\" }\n", address, filepath.Join(s.dir, "nats"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	log, err := s.logFile("nats")
	if err != nil {
		return err
	}
	s.natsURL = "nats://chaos@" + address
	s.nats = child{name: "nats-server", log: log, command: func() *exec.Cmd { return exec.Command(s.c.NATS, "-c", config) }}
	return s.nats.start()
}

func (s *stage) startOllama() error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := s.logFile("ollama")
	if err != nil {
		return err
	}
	s.ollama = child{name: "ollama", log: log, command: func() *exec.Cmd {
		cmd := exec.Command(self, "ollama", "--listen", address)
		cmd.Env = append(os.Environ(), "CHAOS_OLLAMA="+address)
		return cmd
	}}
	return s.ollama.start()
}

func (s *stage) ollamaURL() string {
	args := s.ollama.command().Args
	return "http://" + args[len(args)-1]
}

func (s *stage) addReplica(i int, cache string) error {
	r, err := s.newReplica(string(rune('a'+i)), s.postgres.URL(), cache)
	if err != nil {
		return err
	}
	s.replicas = append(s.replicas, r)
	return r.start()
}

// newReplica makes a server on a database, with a wire of its own; it does not start it.
func (s *stage) newReplica(name, database, cache string) (*replica, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	direct, err := url.Parse(database)
	if err != nil {
		return nil, err
	}
	r := &replica{url: "http://" + address}
	if r.wire, err = newWire(direct.Host); err != nil {
		return nil, err
	}
	if s.c.onWire != nil {
		s.c.onWire(r.wire)
	}
	direct.Host = r.wire.address()
	log, err := s.logFile("server-" + name)
	if err != nil {
		return nil, err
	}
	r.child = child{name: "server " + name, log: log, command: func() *exec.Cmd {
		cmd := exec.Command(s.c.Binary, "serve", "--listen", address, "--no-demo", "--models", s.c.Models)
		cmd.Env = append(os.Environ(), "DATABASE_URL="+direct.String(), "NATS_URL="+s.natsURL, "OLLAMA_HOST="+s.ollamaURL(), "FLOORWALKER_MODEL=smollm2",
			"FLOORWALKER_CACHE="+cache, "FLOORWALKER_DATA="+filepath.Join(s.dir, "data"), "FLOORWALKER_ADMIN_TOKEN="+adminToken,
			"FLOORWALKER_IDENTITY_KEYS="+s.keysFile(), "FLOORWALKER_IDENTITY_ISSUER="+issuer)
		return cmd
	}}
	return r, nil
}

// await waits until the replica is ready.
func (s *stage) await(ctx context.Context, r *replica, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		answer, err := s.http.Get(r.url + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				r.wire.opened(true)
				return nil
			}
			err = errors.New(answer.Status)
		}
		if !r.running() {
			return fmt.Errorf("%s ended by itself; its log is in %s", r.name, s.dir)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %s: %w", r.name, patience, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stock puts a few products on the shelves.
func (s *stage) stock(ctx context.Context) error {
	for i, title := range []string{"Boil Steel Kettle", "Pour Clay Teapot", "Fleet Trail Running Shoes", "Nimbra Light Backpack", "Click Wireless Mouse"} {
		body := fmt.Sprintf(`{"title":%q,"brand":"Boil","category":"Things","description":"A thing for every day.","price_minor":%d,"currency":"USD","stock":9}`, title, 1900+i*700)
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, fmt.Sprintf("%s/api/products/thing-%d", s.replicas[0].url, i+1), strings.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+adminToken)
		r.Header.Set("Content-Type", "application/json")
		// The first product loads a model.
		answer, err := (&http.Client{Timeout: time.Minute}).Do(r)
		if err != nil {
			return fmt.Errorf("put a product: %w", err)
		}
		text, _ := io.ReadAll(answer.Body) //nolint:errcheck // the status says enough
		answer.Body.Close()
		if answer.StatusCode/100 != 2 {
			return fmt.Errorf("put a product: %s: %s", answer.Status, text)
		}
	}
	return nil
}

// close stops everything; what was stopped already stays so.
func (s *stage) close() {
	for _, r := range s.replicas {
		r.end(syscall.SIGTERM)
		r.wire.close()
	}
	s.nats.kill()
	s.ollama.kill()
	if s.pool != nil {
		s.pool.Close()
	}
	if s.postgres != nil {
		_ = s.postgres.Stop(context.Background()) //nolint:errcheck // nothing of value is in it
	}
	if s.c.Data == "" {
		_ = os.RemoveAll(s.dir) //nolint:errcheck // a temporary folder
	}
}
