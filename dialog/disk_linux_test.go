package dialog_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded"
	"floorwalker/embedded/pgtest"
	"floorwalker/migrations"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// smallDisk is a file system of its own with so many bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "floorwalker-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", size)); err != nil {
		t.Skipf("this test needs the right to mount a file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// fill writes until no byte more fits, and returns what makes room again.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := ballast.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := ballast.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(ballast.Name()); err != nil {
			t.Error(err)
		}
	}
}

// TestAFullDiskAcknowledgesNothing fills the disk under PostgreSQL twice: the tables can't grow, then the log of what is
// committed can't, which ends PostgreSQL until there is room. What was acknowledged is there, and all else once it was
// sent again.
func TestAFullDiskAcknowledgesNothing(t *testing.T) {
	_ = pgtest.URL(t) // skips where PostgreSQL is not
	disk := smallDisk(t, 320<<20)
	server, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: embedded.DefaultCache(), DataDir: filepath.Join(disk, "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := migrations.Up(t.Context(), server.URL()); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)

	// One answer is being written as the disk fills, and ends while it is full.
	goOn := make(chan struct{})
	slow := script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		if err := out.Say(ctx, "Let me see. "); err != nil {
			return shop.Outcome{}, err
		}
		select {
		case <-goOn:
			return outcome(turn), out.Say(ctx, "Here it is.")
		case <-ctx.Done():
			return shop.Outcome{}, ctx.Err()
		}
	})
	const wait = 2 * time.Second
	d := start(t, pool, slow, dialog.Options{DatabaseWait: wait})
	d.open()
	answered, answer := d.session, d.post("q1", "what do you have").ReplyID
	d.attach(dialog.Position{}).until(protocol.TypeMessageDelta)
	// A person has the other conversation, so that nothing but messages is written there.
	d.open()
	if _, err := d.ChangeOwner(t.Context(), d.session, dialog.OwnerChange{To: protocol.OwnerAgent, Agent: "Kim", From: 1}); err != nil {
		t.Fatal(err)
	}

	acked, texts := map[string]protocol.Acknowledgement{}, map[string]string{}
	// send is one message that no compression makes smaller; it says whether PostgreSQL found the disk full.
	send := func() (full bool, err error) {
		random := make([]byte, 1900)
		if _, err := rand.Read(random); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprint("c", len(texts))
		texts[id] = hex.EncodeToString(random)
		began := time.Now()
		ack, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: id, Text: texts[id]})
		if took := time.Since(began); took > 3*wait {
			t.Errorf("the answer to %s took %v", id, took)
		}
		if err == nil {
			acked[id] = ack
		}
		pg, _ := errors.AsType[*pgconn.PgError](err)
		return pg != nil && pg.Code == "53100", err
	}
	for range 20 {
		if _, err := send(); err != nil {
			t.Fatal(err)
		}
	}
	const most = 5000
	untilRefused := func(what string, enough func(full bool, err error) bool) {
		t.Helper()
		for range most {
			if full, err := send(); err != nil && enough(full, err) {
				return
			}
		}
		t.Fatalf("%s: %d messages found room", what, most)
	}

	free := fill(t, disk)
	close(goOn)
	refused := 0
	untilRefused("tables that can't grow", func(full bool, err error) bool {
		if !full {
			t.Errorf("a full disk is told as %v", err)
		}
		refused++
		return refused == 5
	})
	free()

	// The log of what is committed is written ahead in pieces; each switch takes one more.
	free = fill(t, disk)
	for i := 0; ; i++ {
		if _, err := pool.Exec(t.Context(), `SELECT pg_switch_wal()`); err != nil {
			t.Logf("after %d pieces more: %v", i, err)
			break
		}
		if _, err := send(); err != nil && i > 64 {
			t.Fatalf("PostgreSQL's log finds room for ever: %v", err)
		}
	}
	untilRefused("a log that can't grow", func(bool, error) bool { return true })
	free()

	for id, text := range texts {
		var ack protocol.Acknowledgement
		for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if ack, err = d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: id, Text: text}); err == nil {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("there is room again, and %s is not taken: %v", id, err)
			}
		}
		if first, ok := acked[id]; ok && ack != first {
			t.Errorf("%s was acknowledged as %+v, now as %+v", id, first, ack)
		}
	}
	var rows int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM messages WHERE session_id = $1 AND role = 'customer'`, d.session).Scan(&rows); err != nil || rows != len(texts) {
		t.Errorf("%d rows for %d messages, %v", rows, len(texts), err)
	}
	t.Logf("%d of %d messages were acknowledged at first", len(acked), len(texts))
	check(t, pool, d.session)
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var status, text string
		if err := pool.QueryRow(t.Context(), `SELECT status, text FROM messages WHERE id = $1`, answer).Scan(&status, &text); err != nil {
			t.Fatal(err)
		}
		if protocol.State(status).Final() {
			t.Logf("the answer that was being written ended %s: %q", status, text)
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the answer that was being written is still %s", status)
		}
	}
	check(t, pool, answered)
}
