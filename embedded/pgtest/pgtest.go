// Package pgtest gives each test a migrated PostgreSQL database of its own.
//
//	pool := pgtest.New(t)
//
// The server is TEST_DATABASE_URL's, else an embedded one from the cache, shared by the package's tests.
// Without either the test skips by name; where FLOORWALKER_REQUIRE names postgres it fails instead.
package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/embedded"
	"floorwalker/migrations"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// New makes a migrated database and a pool on it; both go when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), URL(t))
	if err != nil {
		t.Fatalf("open pool: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL makes a migrated database and returns its connection string; it goes when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	server := serverURL(t)
	name := "test_" + randomName(t)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	template, err := ensureTemplate(ctx, server)
	if err != nil {
		t.Fatalf("make the migrated template database: %v", err)
	}
	if err := execute(ctx, server, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name, template)); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Logf("drop %s: %v", name, err)
		}
	})
	return withDatabase(server, name)
}

// templateLock keeps two packages from making the template at once.
const templateLock = 8_231_704_551

// ensureTemplate makes a migrated database named by the migrations' content, once a server.
func ensureTemplate(ctx context.Context, server string) (string, error) {
	digest, err := migrations.Digest()
	if err != nil {
		return "", err
	}
	name := "template_" + digest[:16]
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return "", fmt.Errorf("lock: %w", err)
	}
	defer conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(templateLock)) //nolint:errcheck // closing the connection unlocks
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname=$1)", name).Scan(&exists); err != nil {
		return "", fmt.Errorf("look for %s: %w", name, err)
	}
	if exists {
		return name, nil
	}
	making := name + "_making"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+making+" WITH (FORCE)"); err != nil {
		return "", fmt.Errorf("clear %s: %w", making, err)
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+making); err != nil {
		return "", fmt.Errorf("make %s: %w", making, err)
	}
	if err := migrations.Up(ctx, withDatabase(server, making)); err != nil {
		return "", err
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name); err != nil {
		return "", fmt.Errorf("name %s: %w", name, err)
	}
	return name, nil
}

var (
	once    sync.Once
	started *embedded.Postgres
	startup error
)

// serverURL is the server of this run. The embedded one lives until the test process ends: the kernel
// stops it then, and its data lies in a temporary folder that the next run may clear.
func serverURL(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("TEST_DATABASE_URL"); given != "" {
		return given
	}
	once.Do(func() {
		clearOld()
		var dir string
		if dir, startup = os.MkdirTemp("", "floorwalker-pgtest-"); startup != nil {
			return
		}
		if startup = os.Chmod(dir, 0o755); startup != nil {
			return
		}
		started, startup = embedded.StartPostgres(context.Background(),
			embedded.PostgresOptions{Cache: embedded.DefaultCache(), DataDir: dir, Unsafe: true})
	})
	if startup != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "postgres") {
			t.Fatalf("this test needs PostgreSQL: %v", startup)
		}
		t.Skipf("this test needs PostgreSQL: %v", startup)
	}
	return started.URL()
}

// clearOld removes what earlier runs left: folders whose server is gone. A minute's grace keeps it from those that are
// just being made.
func clearOld() {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), "floorwalker-pgtest-*")) // the pattern is well-formed
	for _, dir := range found {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute || embedded.InUse(dir) {
			continue
		}
		_ = os.RemoveAll(dir) // another user's stays
	}
}

func execute(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

func randomName(t testing.TB) string {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		t.Fatalf("make a name: %v", err)
	}
	return hex.EncodeToString(random)
}
