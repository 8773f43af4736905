package dialog_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// postUntil posts with the same client_msg_id until it is acknowledged, as clients do, and counts its tries.
func (d *desk) postUntil(id, text string, tries *atomic.Int64) protocol.Acknowledgement {
	d.t.Helper()
	tries.Store(0)
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		tries.Add(1)
		var ack protocol.Acknowledgement
		if ack, err = d.Post(d.t.Context(), d.session, dialog.PostRequest{ClientMsgID: id, Text: text}); err == nil {
			return ack
		}
	}
	d.t.Fatalf("never acknowledged: %v", err)
	return protocol.Acknowledgement{}
}

func TestEveryConnectionCutAgainAndAgain(t *testing.T) {
	pool := pgtest.New(t)
	other, err := pgxpool.NewWithConfig(t.Context(), pool.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	d := start(t, pool, echo, dialog.Options{Lease: time.Second})
	d.open()
	const n = 30
	// The more often a message was tried, the longer the pause between two cuts: a slow machine gets through as well.
	var tries atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var cutting sync.WaitGroup
	cutting.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(15 * time.Millisecond * time.Duration(1+tries.Load()/2)):
			}
			_, err := other.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	endCuts := func() { stop(); cutting.Wait() }
	defer endCuts()
	var acks []protocol.Acknowledgement
	for i := range n {
		acks = append(acks, d.postUntil(fmt.Sprint("c", i), fmt.Sprint("question ", i), &tries))
	}
	endCuts()
	pool.Reset()
	for i, ack := range acks {
		d.final(ack.ReplyID)
		if again := d.post(fmt.Sprint("c", i), fmt.Sprint("question ", i)); again != ack {
			t.Errorf("message %d was acknowledged as %+v, now as %+v", i, ack, again)
		}
	}
	var questions int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM messages WHERE role = 'customer'`).Scan(&questions); err != nil || questions != n {
		t.Errorf("%d rows for %d messages, %v", questions, n, err)
	}
	check(t, pool, d.session)
	r := d.attach(dialog.Position{})
	for s, err := d.Session(t.Context(), d.session); r.view.seq < s.Seq; r.next() {
		if err != nil {
			t.Fatal(err)
		}
	}
	same(t, pool, d.session, r.view)
}

func TestAReadOnlyDatabaseAcknowledgesNothing(t *testing.T) {
	pool := pgtest.New(t)
	d := start(t, pool, echo, dialog.Options{})
	d.open()
	var name string
	if err := pool.QueryRow(t.Context(), `SELECT quote_ident(current_database())`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	admin, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Release()
	set := func(value string) {
		t.Helper()
		for _, sql := range []string{`SET default_transaction_read_only = off`, `ALTER DATABASE ` + name + ` SET default_transaction_read_only = ` + value} {
			if _, err := admin.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		pool.Reset()
	}
	set("on")
	if ack, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c1", Text: "hello"}); err == nil {
		t.Fatalf("acknowledged %+v", ack)
	} else if code, _ := shop.CodeOf(err); code != shop.CodeInternal {
		t.Errorf("code %q", code)
	}
	set("off")
	ack := d.post("c1", "hello")
	if status, _, _ := d.final(ack.ReplyID); status != "complete" || ack.Seq != 1 {
		t.Errorf("%s, seq %d", status, ack.Seq)
	}
	check(t, pool, d.session)
}

func TestAnExhaustedPoolIsBusyAfterABoundedWait(t *testing.T) {
	pool := pgtest.New(t)
	config := pool.Config()
	config.MaxConns = 1
	small, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(small.Close)
	const wait = 2 * time.Second
	d := start(t, small, echo, dialog.Options{DatabaseWait: wait})
	d.open()
	conn, err := small.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began, lost := time.Now(), stalls()
	_, err = d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c1", Text: "hello"})
	took, held := time.Since(began), lost()
	conn.Release()
	if code, _ := shop.CodeOf(err); code != shop.CodeBusy || took > wait+time.Second+held {
		t.Errorf("%v after %v", err, took)
	}
	ack := d.post("c1", "hello")
	if status, _, _ := d.final(ack.ReplyID); status != "complete" {
		t.Errorf("afterwards: %s", status)
	}
}

func TestTheSecretOpensItsOwnSessionAlone(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{})
	one, two := d.open(), d.open()
	if s, err := d.Authenticate(t.Context(), one.SessionID, one.Secret); err != nil || s.ID != one.SessionID || s.Epoch != one.Epoch {
		t.Errorf("%+v, %v", s, err)
	}
	for name, c := range map[string]struct {
		session, secret string
		want            error
	}{
		"another session's secret": {one.SessionID, two.Secret, dialog.ErrForbidden},
		"no secret":                {one.SessionID, "", dialog.ErrForbidden},
		"a session that is not":    {"00000000-0000-4000-8000-000000000000", one.Secret, dialog.ErrNoSession},
		"a session that can't be":  {"1; DROP TABLE sessions", one.Secret, dialog.ErrNoSession},
	} {
		if _, err := d.Authenticate(t.Context(), c.session, c.secret); err != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var stored string
	if err := d.pool.QueryRow(t.Context(), `SELECT encode(secret_hash, 'hex') FROM session_devices WHERE session_id = $1`, one.SessionID).Scan(&stored); err != nil || stored == one.Secret {
		t.Errorf("the secret itself is stored, %v", err)
	}
}
