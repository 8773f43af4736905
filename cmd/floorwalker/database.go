package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"floorwalker/embedded"
	"floorwalker/migrations"
	"floorwalker/privacy"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// database is a migrated database with a pool on it.
type database struct {
	url  string
	pool *pgxpool.Pool
	// close closes the pool and stops or drops what was made for it.
	close func(context.Context) error
}

// poolSize is how many connections to PostgreSQL one process holds, unless its address asks for more.
const poolSize = 24

// runningFile holds the address of the embedded PostgreSQL while it runs, so that another command of the same
// user reaches the one that a server started.
const runningFile = "database.url"

// withDatabase opens the database that a server uses, or would use, for the work, and closes it afterwards.
func withDatabase(ctx context.Context, s services, std streams, work func(*database) error) (err error) {
	db, err := openDatabase(ctx, s, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	return work(db)
}

// openDatabase opens and migrates the database: the given one, the embedded one that another command runs on
// the same data, or an embedded one of its own.
func openDatabase(ctx context.Context, s services, logger *slog.Logger) (*database, error) {
	if s.DatabaseURL != "" {
		if err := awaitDatabase(ctx, s.DatabaseURL, logger); err != nil {
			return nil, err
		}
		return migrated(ctx, s.DatabaseURL, func(context.Context) error { return nil })
	}
	running := filepath.Join(s.dataDir(), runningFile)
	if address, err := os.ReadFile(running); err == nil && answers(ctx, string(address)) {
		return migrated(ctx, string(address), func(context.Context) error { return nil })
	}
	pg, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Cache: s.cacheDir(), DataDir: s.dataDir(), Logger: logger})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(running, []byte(pg.URL()), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("note the database's address: %w", err), pg.Stop(ctx))
	}
	return migrated(ctx, pg.URL(), func(ctx context.Context) error {
		return errors.Join(os.Remove(running), pg.Stop(ctx))
	})
}

// databasePatience is how long a start waits for a PostgreSQL that does not answer yet: it may be starting too, or
// recovering from a crash.
const databasePatience = time.Minute

// awaitDatabase returns when PostgreSQL lets us in, and at once with what it says against us.
func awaitDatabase(ctx context.Context, address string, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, databasePatience)
	defer cancel()
	for told := false; ; told = true {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.Code != "57P03" { // cannot_connect_now
			return fmt.Errorf("connect to PostgreSQL at DATABASE_URL: %w", err)
		}
		if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
			return fmt.Errorf("read DATABASE_URL: %w", err)
		}
		if !told {
			logger.Warn("PostgreSQL does not answer yet, waiting", "for", databasePatience, "error", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("connect to PostgreSQL at DATABASE_URL: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// scratchDatabase makes an empty, migrated database that goes when it is closed: on the given server, else on an
// embedded one with data of its own.
func scratchDatabase(ctx context.Context, s services, logger *slog.Logger) (*database, error) {
	if s.DatabaseURL != "" {
		return scratchOn(ctx, s.DatabaseURL)
	}
	dir, err := os.MkdirTemp("", "floorwalker-eval-")
	if err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL may run under another account
		return nil, errors.Join(fmt.Errorf("open the data folder: %w", err), os.RemoveAll(dir))
	}
	pg, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Cache: s.cacheDir(), DataDir: dir, Unsafe: true, Logger: logger})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return migrated(ctx, pg.URL(), func(ctx context.Context) error { return errors.Join(pg.Stop(ctx), os.RemoveAll(dir)) })
}

func scratchOn(ctx context.Context, server string) (*database, error) {
	u, err := url.Parse(server)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return nil, errors.New("measuring needs DATABASE_URL in the form postgres://user:password@host/database")
	}
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("name a scratch database: %w", err)
	}
	name := "floorwalker_eval_" + hex.EncodeToString(random)
	if err := execute(ctx, server, "CREATE DATABASE "+name); err != nil {
		return nil, fmt.Errorf("make a scratch database: %w", err)
	}
	u.Path = "/" + name
	return migrated(ctx, u.String(), func(ctx context.Context) error {
		if err := execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop the scratch database: %w", err)
		}
		return nil
	})
}

// migrated migrates the database and opens the pool; end is called when that fails, and at close.
func migrated(ctx context.Context, address string, end func(context.Context) error) (*database, error) {
	if err := migrations.Up(ctx, address); err != nil {
		return nil, errors.Join(err, end(context.WithoutCancel(ctx)))
	}
	config, err := pgxpool.ParseConfig(address)
	if err == nil {
		config.MaxConns = max(config.MaxConns, poolSize)
	}
	var pool *pgxpool.Pool
	if err == nil {
		pool, err = pgxpool.NewWithConfig(ctx, config)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), end(context.WithoutCancel(ctx)))
	}
	return &database{url: address, pool: pool, close: func(ctx context.Context) error {
		pool.Close()
		return end(ctx)
	}}, nil
}

// answers reports whether a database is reached under the address.
func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx) == nil
}

func execute(ctx context.Context, address, sql string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// warnings is a logger for commands that talk to a person: what is wrong, and nothing else.
func warnings(w io.Writer) *slog.Logger {
	return slog.New(privacy.Handler(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn})))
}
