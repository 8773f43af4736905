package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"floorwalker/embedded"

	"github.com/jackc/pgx/v5"
)

// needCache skips where the cache is empty; CI says that it must not be.
func needCache(t *testing.T) string {
	t.Helper()
	cache := embedded.DefaultCache()
	if _, err := embedded.ONNXRuntime(cache); err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "postgres") {
			t.Fatalf("this test needs the fetched components: %v", err)
		}
		t.Skipf("this test needs the fetched components: %v", err)
	}
	return cache
}

// openDir makes a folder that PostgreSQL's account can enter, which t.TempDir's are not.
func openDir(t *testing.T) string {
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

func count(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)"); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil {
		t.Fatalf("read: %v", err)
	}
	return n
}

func TestPostgresKeepsItsDataAndStopsTwice(t *testing.T) {
	o := embedded.PostgresOptions{Cache: needCache(t), DataDir: openDir(t)}
	for want := 1; want <= 2; want++ {
		pg, err := embedded.StartPostgres(t.Context(), o)
		if err != nil {
			t.Fatalf("start %d: %v", want, err)
		}
		if got := count(t, pg.URL()); got != want {
			t.Errorf("start %d: %d rows, want %d", want, got, want)
		}
		for range 2 {
			if err := pg.Stop(context.Background()); err != nil {
				t.Errorf("stop: %v", err)
			}
		}
	}
}

func TestTwoFloorwalkersOnOneDataFolderAreToldApart(t *testing.T) {
	o := embedded.PostgresOptions{Cache: needCache(t), DataDir: openDir(t), Unsafe: true}
	pg, err := embedded.StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
	if !embedded.InUse(o.DataDir) {
		t.Error("the data folder passes for unused")
	}
	if second, err := embedded.StartPostgres(t.Context(), o); err == nil {
		second.Stop(context.Background()) //nolint:errcheck // the test's own
		t.Fatal("a second server started on the same data")
	} else if !strings.Contains(err.Error(), "another Floorwalker runs on") {
		t.Errorf("error does not say what is wrong: %v", err)
	}
	if err := pg.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if embedded.InUse(o.DataDir) {
		t.Error("the data folder passes for used after Stop")
	}
}

// TestKilledServerLeavesNoOrphan starts this test binary as a child that holds PostgreSQL, kills it with
// signal 9 and starts on the same data.
func TestKilledServerLeavesNoOrphan(t *testing.T) {
	if dir := os.Getenv("FLOORWALKER_TEST_HOLD"); dir != "" {
		pg, err := embedded.StartPostgres(context.Background(), embedded.PostgresOptions{Cache: embedded.DefaultCache(), DataDir: dir})
		if err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		fmt.Println("up", pg.URL())
		select {}
	}
	cache, dir := needCache(t), openDir(t)
	child := exec.Command(os.Args[0], "-test.run=^TestKilledServerLeavesNoOrphan$")
	child.Env = append(os.Environ(), "FLOORWALKER_TEST_HOLD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "up ") {
		t.Fatalf("child said %q, %v", line, err)
	}
	url := strings.TrimSpace(strings.TrimPrefix(line, "up "))
	count(t, url)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait() //nolint:errcheck // it was killed
	began := time.Now()
	pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: cache, DataDir: dir})
	if err != nil {
		t.Fatalf("start after a kill: %v", err)
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
	if got := count(t, pg.URL()); got != 2 {
		t.Errorf("%d rows after the kill, want 2", got)
	}
	t.Logf("started %v after the kill", time.Since(began))
}

func TestKilledPostgresIsStartedAgain(t *testing.T) {
	dir := openDir(t)
	pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: needCache(t), DataDir: dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
	count(t, pg.URL())
	text, err := os.ReadFile(dir + "/pg18/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("kill", "-9", strings.SplitN(string(text), "\n", 2)[0]).CombinedOutput(); err != nil {
		t.Fatalf("kill: %v: %s", err, out)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := pgx.Connect(t.Context(), pg.URL())
		if err == nil {
			conn.Close(context.Background())
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not back after 20 s: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if got := count(t, pg.URL()); got != 2 {
		t.Errorf("%d rows after the restart, want 2", got)
	}
}

func TestPostgresLetsInOnlyWhoKnowsThePassword(t *testing.T) {
	dir := openDir(t)
	pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: needCache(t), DataDir: dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
	config, err := pgx.ParseConfig(pg.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.Password = "guessed"
	if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		conn.Close(context.Background())
		t.Error("it lets in who has no password")
	} else if !strings.Contains(err.Error(), "28P01") {
		t.Errorf("error is another: %v", err)
	}
	if info, err := os.Stat(dir + "/postgres.password"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the password: %v, %v", info.Mode(), err)
	}
	conn, err := pgx.Connect(t.Context(), pg.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var addresses, sockets string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')").Scan(&addresses, &sockets); err != nil {
		t.Fatal(err)
	}
	if addresses != "127.0.0.1" || sockets != "" {
		t.Errorf("it listens on %q and %q, want loopback alone", addresses, sockets)
	}
}

func TestPostgresIsDurableUnlessUnsafe(t *testing.T) {
	cache := needCache(t)
	for unsafe, want := range map[bool]string{false: "on on on", true: "off on off"} {
		pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: cache, DataDir: openDir(t), Unsafe: unsafe})
		if err != nil {
			t.Fatal(err)
		}
		defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
		conn, err := pgx.Connect(t.Context(), pg.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'))").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("unsafe %v: fsync, synchronous_commit, full_page_writes are %s, want %s", unsafe, got, want)
		}
	}
}

func TestPostgresSaysWhyItCannotStart(t *testing.T) {
	cache := needCache(t)
	t.Run("an empty cache", func(t *testing.T) {
		fails(t, embedded.PostgresOptions{Cache: t.TempDir(), DataDir: t.TempDir()}, "make fetch")
	})
	t.Run("a port in use", func(t *testing.T) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		fails(t, embedded.PostgresOptions{Cache: cache, DataDir: openDir(t), Unsafe: true, Port: taken.Addr().(*net.TCPAddr).Port}, "not free")
	})
	t.Run("damaged data", func(t *testing.T) {
		o := embedded.PostgresOptions{Cache: cache, DataDir: openDir(t), Unsafe: true}
		pg, err := embedded.StartPostgres(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := pg.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(o.DataDir+"/pg18/global/pg_control", []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		fails(t, o, "pg_control")
	})
}

func fails(t *testing.T, o embedded.PostgresOptions, why string) {
	t.Helper()
	began := time.Now()
	pg, err := embedded.StartPostgres(t.Context(), o)
	if err == nil {
		pg.Stop(context.Background()) //nolint:errcheck // the test's own
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), why) {
		t.Errorf("start: %v, want an error that says %q", err, why)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}

// TestPostgresRunsForOthersAndForRootOnTheSameData runs this test binary as a user without rights, on data that only
// that user has. Then root serves the same data, under that account.
func TestPostgresRunsForOthersAndForRootOnTheSameData(t *testing.T) {
	if dir := os.Getenv("FLOORWALKER_TEST_OTHER"); dir != "" {
		pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: os.Getenv("FLOORWALKER_CACHE"), DataDir: dir, Unsafe: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := count(t, pg.URL()); got != 1 {
			t.Errorf("%d rows, want 1", got)
		}
		if err := pg.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("this test needs root: it changes to another account")
	}
	cache, dir := needCache(t), openDir(t)
	uid, gid := accountOf(t, "nobody")
	binary, data := dir+"/test", dir+"/data"
	text, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(binary, text, 0o755), os.Mkdir(data, 0o700), os.Chown(data, uid, gid)); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(binary, "-test.run=^TestPostgresRunsForOthersAndForRootOnTheSameData$", "-test.v")
	child.Dir = data
	child.Env = []string{"FLOORWALKER_TEST_OTHER=" + data, "FLOORWALKER_CACHE=" + cache, "TMPDIR=" + data, "PATH=" + os.Getenv("PATH")}
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if output, err := child.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS") {
		t.Fatalf("as another user: %v\n%s", err, output)
	}
	pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: cache, DataDir: data, Unsafe: true})
	if err != nil {
		t.Fatalf("as root on another user's data: %v", err)
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // the test's own
	if got := count(t, pg.URL()); got != 2 {
		t.Errorf("%d rows, want 2", got)
	}
}

func accountOf(t *testing.T, name string) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Skipf("this test needs the user %s: %v", name, err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return uid, gid
}
