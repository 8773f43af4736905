package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// mortal is a pool to the same database that can be cut off for good or for a while: what a killed
// process, or one that hangs for longer than its lease, looks like from PostgreSQL.
func mortal(t *testing.T, pool *pgxpool.Pool) (cut *pgxpool.Pool, dead *atomic.Bool) {
	t.Helper()
	dead = &atomic.Bool{}
	config := pool.Config()
	config.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if dead.Load() {
			return errors.New("this process is dead")
		}
		return nil
	}
	config.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) {
		if dead.Load() {
			return false, errors.New("this process is dead")
		}
		return true, nil
	}
	cut, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cut.Close)
	return cut, dead
}

func TestWhatAKilledServerWasWritingEndsInterruptedOnce(t *testing.T) {
	pool := pgtest.New(t)
	cut, dead := mortal(t, pool)
	a, say := stepwise(t)
	tongue := make(chan error, 1)
	doomed := start(t, cut, script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		// It does not hear that it should stop; when the test ends, it does.
		o, err := a.Answer(t.Context(), turn, out)
		tongue <- err
		return o, err
	}), dialog.Options{Lease: 3 * time.Second, FlushEvery: 20 * time.Millisecond, DatabaseWait: time.Second})
	doomed.open()
	r := doomed.attach(dialog.Position{})
	running, waiting := doomed.post("c1", "one"), doomed.post("c2", "two")
	say("said and stored")
	r.until(protocol.TypeMessageDelta)
	doomed.stored(running.ReplyID, "said and stored")
	dead.Store(true)
	say(" said only")

	heir := start(t, pool, echo, dialog.Options{})
	heir.session = doomed.session
	status, reason, text := heir.final(running.ReplyID)
	if status != "interrupted" || reason != "restarted" || text != "said and stored" {
		t.Errorf("%s %s %q", status, reason, text)
	}
	if status, _, text := heir.final(waiting.ReplyID); status != "complete" || text != "You said: two" {
		t.Errorf("the question behind it: %s %q", status, text)
	}

	// The dead one wakes up: whatever it still wants to write, it may not.
	dead.Store(false)
	say("") // it believes that it is done
	if err := <-tongue; err != nil {
		t.Errorf("the dead one was told before it wrote: %v", err)
	}
	doomed.stop()
	if status, reason, text := heir.final(running.ReplyID); status != "interrupted" || reason != "restarted" || text != "said and stored" {
		t.Errorf("after the late writer: %s %s %q", status, reason, text)
	}
	check(t, pool, doomed.session)
	seen := heir.attach(dialog.Position{})
	for range 2 {
		seen.until(protocol.TypeMessageCompleted)
	}
	same(t, pool, doomed.session, seen.view)
}

func TestATurnThatLostItsLeaseWritesNothing(t *testing.T) {
	pool := pgtest.New(t)
	type late struct{ show, cart error }
	results := make(chan late, 1)
	speak := make(chan struct{})
	d := start(t, pool, script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		select {
		case <-speak:
		case <-t.Context().Done():
			return outcome(turn), t.Context().Err()
		}
		deaf := context.WithoutCancel(ctx) // one that does not hear that it should stop
		results <- late{out.Show(deaf, shop.Cards{Cards: []shop.Card{}}), out.CartChanged(deaf, shop.Cart{})}
		return outcome(turn), nil
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	ack := d.post("c1", "one")
	for range 2 {
		r.until(protocol.TypeMessageCreated)
	}
	before := r.view.seq
	// Somebody else has the session now.
	if _, err := pool.Exec(t.Context(), `UPDATE sessions SET lease_token = lease_token + 1 WHERE id = $1`, d.session); err != nil {
		t.Fatal(err)
	}
	close(speak)
	if got := <-results; got.show == nil || got.cart == nil {
		t.Errorf("show %v, cart %v", got.show, got.cart)
	}
	r.quiet(300 * time.Millisecond)
	var status string
	var seq int64
	if err := pool.QueryRow(t.Context(), `SELECT m.status, s.next_seq - 1 FROM messages m JOIN sessions s ON s.id = m.session_id
		WHERE m.id = $1`, ack.ReplyID).Scan(&status, &seq); err != nil || status != "streaming" || seq != before {
		t.Errorf("status %s, seq %d after %d, %v", status, seq, before, err)
	}
}

func TestALongTurnKeepsItsLease(t *testing.T) {
	pool := pgtest.New(t)
	var asked atomic.Int32
	slow := script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		asked.Add(1)
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-ctx.Done():
			return outcome(turn), ctx.Err()
		}
		return echo(ctx, turn, out)
	})
	o := dialog.Options{Lease: 400 * time.Millisecond}
	a := start(t, pool, slow, o)
	start(t, pool, slow, o)
	a.open()
	ack := a.post("c1", "one")
	if status, _, _ := a.final(ack.ReplyID); status != "complete" || asked.Load() != 1 {
		t.Errorf("%s after %d turns", status, asked.Load())
	}
	check(t, pool, a.session)
}

func TestWhoTakesOverSilencesTheAssistant(t *testing.T) {
	pool := pgtest.New(t)
	a, stopped := endless()
	here := start(t, pool, a, dialog.Options{Heartbeat: 50 * time.Millisecond})
	there := start(t, pool, a, dialog.Options{Workers: 1})
	here.open()
	there.session = here.session
	r := here.attach(dialog.Position{})
	running := here.post("c1", "one")
	waiting := here.post("c2", "two")
	r.until(protocol.TypeMessageDelta)

	// Of all who press at once exactly one wins, on whatever replica.
	before, err := here.Session(t.Context(), here.session)
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			_, err := []*desk{here, there}[i%2].ChangeOwner(t.Context(), here.session,
				dialog.OwnerChange{To: protocol.OwnerAgent, Agent: fmt.Sprint("agent ", i), From: before.OwnerEpoch})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, dialog.ErrOwnerChanged):
				t.Errorf("agent %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d agents have the conversation", won.Load())
	}
	select {
	case <-stopped:
	case <-time.After(time.Second):
		t.Error("the model still writes")
	}
	claimed := read[protocol.HandoffChanged](t, r.until(protocol.TypeHandoffClaimed))
	if claimed.Owner != protocol.OwnerAgent || claimed.OwnerEpoch != before.OwnerEpoch+1 {
		t.Errorf("%+v", claimed)
	}
	// No word of the assistant after it: the view fails on a piece that follows the end of its message.
	r.quiet(300 * time.Millisecond)
	for _, id := range []string{running.ReplyID, waiting.ReplyID} {
		if status, reason, _ := here.final(id); status != "interrupted" || reason != "taken_over" {
			t.Errorf("%s %s", status, reason)
		}
	}
	if ack := here.post("c3", "are you there?"); ack.ReplyID != "" {
		t.Error("the assistant is asked while a person has the conversation")
	}
	if _, err := here.ChangeOwner(t.Context(), here.session, dialog.OwnerChange{To: protocol.OwnerResolved, From: before.OwnerEpoch + 1}); err != nil {
		t.Fatal(err)
	}
	again := here.post("c4", "one more thing")
	if again.ReplyID == "" {
		t.Error("a resolved conversation does not come back to the assistant")
	}
	released := read[protocol.HandoffChanged](t, r.until(protocol.TypeHandoffReleased))
	if released.OwnerEpoch != before.OwnerEpoch+3 || released.Owner != protocol.OwnerAssistant {
		t.Errorf("%+v", released)
	}
	r.until(protocol.TypeMessageDelta)
	if err := here.Interrupt(t.Context(), here.session, again.ReplyID); err != nil {
		t.Fatal(err)
	}
	r.until(protocol.TypeMessageCompleted)
	check(t, pool, here.session)
	same(t, pool, here.session, r.view)
}

func TestOneThatAsksMuchDoesNotKeepOthersWaiting(t *testing.T) {
	pool := pgtest.New(t)
	var order []string
	gate := make(chan struct{})
	d := start(t, pool, script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		select {
		case <-gate:
		case <-t.Context().Done():
		}
		order = append(order, turn.Text)
		return outcome(turn), out.Say(ctx, "ok")
	}), dialog.Options{Workers: 1, MaxWaiting: 2})
	talker := d.open().SessionID
	loud := d.attach(dialog.Position{})
	for i := range 3 {
		d.post(fmt.Sprint("c", i), fmt.Sprint("talker ", i))
	}
	quiet := d.open().SessionID
	r := d.attach(dialog.Position{})
	waiting := d.post("c1", "quiet")
	if place := read[protocol.TurnQueued](t, r.until(protocol.TypeTurnQueued)); place.Position != 1 || place.MessageID != waiting.ReplyID {
		t.Errorf("place in line %+v", place)
	}
	d.open()
	d.post("c1", "third")
	d.open()
	if _, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c1", Text: "fourth"}); !errors.Is(err, dialog.ErrBusy) {
		t.Errorf("a full line: %v", err)
	}
	close(gate)
	for range 3 {
		loud.until(protocol.TypeMessageCompleted)
	}
	if diff := cmp.Diff([]string{"talker 0", "quiet", "third", "talker 1", "talker 2"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for _, s := range []string{talker, quiet} {
		check(t, pool, s)
	}
}
