package embedded

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func installation(t *testing.T) (cache, install string) {
	t.Helper()
	cache = DefaultCache()
	install = filepath.Join(cache, postgresComponent().Name)
	if !postgresComponent().present(cache) {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "postgres") {
			t.Fatal("this test needs PostgreSQL in the cache: run make fetch")
		}
		t.Skip("this test needs PostgreSQL in the cache: run make fetch")
	}
	return cache, install
}

// reachable makes a folder that every account can enter, which t.TempDir's are not.
func reachable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "floorwalker-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOrphanedPostgresIsStoppedAndAnotherProcessIsNot(t *testing.T) {
	cache, install := installation(t)
	o := PostgresOptions{Cache: cache, DataDir: reachable(t), Unsafe: true}
	pg, err := StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	c, err := openCluster(install, o.DataDir, t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	port, err := reservePort(0)
	if err != nil {
		t.Fatal(err)
	}
	port.release()
	orphan := exec.Command(program(c.install, "postgres"), serverArguments(c.data(), port.number, true)...)
	orphan.SysProcAttr = c.account.lend(&syscall.SysProcAttr{})
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { orphan.Wait(); close(ended) }() //nolint:errcheck // how it ends is of no interest
	deadline := time.Now().Add(20 * time.Second)
	for !c.servedBy(orphan.Process.Pid) || !exists(filepath.Join(c.data(), "postmaster.pid")) {
		if time.Now().After(deadline) {
			t.Fatal("the orphan did not start")
		}
		time.Sleep(20 * time.Millisecond)
	}

	pg, err = StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatalf("start beside an orphan: %v", err)
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
	select {
	case <-ended:
	case <-time.After(time.Second):
		t.Error("the orphan still runs")
	}
	conn, err := pgx.Connect(t.Context(), pg.URL())
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	conn.Close(context.Background())

	elsewhere := &cluster{install: install, folder: t.TempDir()}
	if elsewhere.servedBy(os.Getpid()) {
		t.Error("this test passes for a PostgreSQL server")
	}
	pid, err := c.lastServer()
	if err != nil || !c.servedBy(pid) || elsewhere.servedBy(pid) {
		t.Errorf("server %d (%v): on our data %v, want true; on other data %v, want false", pid, err, c.servedBy(pid), elsewhere.servedBy(pid))
	}
}

func TestKilledInitdbIsMadeAgain(t *testing.T) {
	cache, _ := installation(t)
	o := PostgresOptions{Cache: cache, DataDir: reachable(t), Unsafe: true}
	if err := os.MkdirAll(filepath.Join(o.DataDir, "pg18.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.DataDir, "initdb.password"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	pg, err := StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"pg18.new", "initdb.password"} {
		if exists(filepath.Join(o.DataDir, name)) {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestRootsClosedFoldersAreLeftForOpenOnes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this test needs root: only then does PostgreSQL run under another account")
	}
	_, install := installation(t)
	closed, open := filepath.Join(reachable(t), "home"), reachable(t)
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(closed, "cache", "installation")
	if err := copyTree(install, copied); err != nil {
		t.Fatal(err)
	}
	c, err := openCluster(copied, filepath.Join(closed, "data"), open, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{c.install, c.folder} {
		if !strings.HasPrefix(path, open) {
			t.Errorf("%s is closed to PostgreSQL's account", path)
		}
	}
	cmd := exec.Command(program(c.install, "postgres"), "--version")
	cmd.SysProcAttr = c.account.lend(&syscall.SysProcAttr{})
	if output, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(output), "PostgreSQL") {
		t.Errorf("the account can't run the copy: %v: %s", err, output)
	}
	again, err := openCluster(copied, filepath.Join(closed, "data"), open, slog.New(slog.DiscardHandler))
	if err != nil || again.folder != c.folder || again.install != c.install {
		t.Errorf("a second start uses %+v (%v), want %+v", again, err, c)
	}
}

func TestReservedPortIsRefusedToOthers(t *testing.T) {
	port, err := reservePort(0)
	if err != nil {
		t.Fatal(err)
	}
	defer port.release()
	if l, err := net.Listen("tcp", port.address()); err == nil {
		l.Close()
		t.Error("another could listen on it")
	}
	if conn, err := net.DialTimeout("tcp", port.address(), time.Second); err == nil {
		conn.Close()
		t.Error("it takes connections")
	}
	port.release()
	l, err := net.Listen("tcp", port.address())
	if err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	l.Close()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
