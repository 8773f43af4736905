package web_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
)

// slowly says a sentence over a while.
var slowly = script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	for i := range 10 {
		if err := out.Say(ctx, fmt.Sprintf("%d ", i)); err != nil {
			return shop.Outcome{}, err
		}
		select {
		case <-ctx.Done():
			return understood(turn), context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return understood(turn), nil
})

func TestStopLetsAnswersEndAndSendsClientsBackSpreadOut(t *testing.T) {
	c := open(t, setup{assistant: slowly})
	lines := make([]*line, 12)
	for i := range lines {
		lines[i] = c.app()
	}
	lines[0].say(`{"v":1,"type":"message.send","client_msg_id":"s","data":{"text":"count"}}`)
	lines[0].until(protocol.TypeMessageDelta)
	stopped := make(chan error, 1)
	go func() { stopped <- c.stop() }()
	var done protocol.MessageCompleted
	if err := lines[0].until(protocol.TypeMessageCompleted).Into(&done); err != nil || done.State != protocol.StateComplete || done.Text != "0 1 2 3 4 5 6 7 8 9 " {
		t.Errorf("the answer under way ended as %+v, %v", done, err)
	}
	waits := map[string]bool{}
	for _, l := range lines {
		code, reason := l.closed()
		if code != 1012 || !regexp.MustCompile(`^service_restart retry_ms=\d+$`).MatchString(reason) {
			t.Errorf("closed with %d %q", code, reason)
		}
		waits[reason] = true
	}
	if len(waits) < len(lines)/2 {
		t.Errorf("%d clients were given %d different waits", len(lines), len(waits))
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestAThousandCustomersAreSentBackWithinSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand sockets take a while under the race detector")
	}
	many := web.Rate{PerSecond: 1e6, Burst: 1e6}
	c := open(t, setup{config: web.Config{Limits: web.Limits{Sessions: many, Connects: many, Requests: many}}})
	const customers = 1000
	lines := make([]*line, customers)
	var wg sync.WaitGroup
	for part := range 8 {
		wg.Go(func() {
			for i := part; i < customers; i += 8 {
				lines[i] = c.app()
			}
		})
	}
	wg.Wait()
	began := time.Now()
	stopped := make(chan error, 1)
	go func() { stopped <- c.stop() }()
	waits := map[string]int{}
	for _, l := range lines {
		code, reason := l.closed()
		if code != 1012 {
			t.Fatalf("closed with %d %q", code, reason)
		}
		waits[reason]++
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	t.Logf("%d sockets closed in %v with %d different waits", customers, time.Since(began), len(waits))
	if took := time.Since(began); took > 10*time.Second || len(waits) < customers/4 {
		t.Errorf("it took %v, with %d different waits", took, len(waits))
	}
}

func TestRestartLosesNothing(t *testing.T) {
	pool := pgtest.New(t)
	c := open(t, setup{pool: pool})
	const customers, rounds = 8, 12
	address := strings.TrimPrefix(c.url, "http://")
	var wg sync.WaitGroup
	for i := range customers {
		k := c.customer(client.Options{})
		wg.Go(func() {
			for n := range rounds {
				text := fmt.Sprintf("question %d of %d", n, i)
				// Twice a message runs into the restart; it is the client's to send it again.
				reply, err := k.Ask(within(t, 30*time.Second), text)
				if err != nil {
					t.Errorf("%s: %v", text, err)
					return
				}
				if reply.Completed.State == protocol.StateComplete && reply.Text != "You said: "+text {
					t.Errorf("%s was answered with %q", text, reply.Text)
				}
			}
		})
	}
	time.Sleep(150 * time.Millisecond)
	if err := c.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	open(t, setup{pool: pool, listen: address})
	wg.Wait()
	var asked, answered, gaps int
	err := pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE role = 'customer'), count(*) FILTER (WHERE role = 'assistant' AND final_seq IS NOT NULL),
		(SELECT count(*) FROM (SELECT seq - row_number() OVER (PARTITION BY session_id ORDER BY seq) AS off FROM events) e WHERE off <> 0)
		FROM messages`).Scan(&asked, &answered, &gaps)
	if err != nil || asked != customers*rounds || answered != asked || gaps != 0 {
		t.Errorf("%d questions, %d answers, %d gaps in the logs, %v", asked, answered, gaps, err)
	}
}

func TestClientComesBackAfterALostLineAndSendsAgain(t *testing.T) {
	c := open(t, setup{assistant: slowly})
	k := c.customer(client.Options{})
	events := k.Events()
	done := make(chan client.Reply, 1)
	go func() {
		reply, err := k.Ask(within(t, 20*time.Second), "count")
		if err != nil {
			t.Errorf("ask: %v", err)
		}
		done <- reply
	}()
	seen := map[int64]int{}
	dropped := false
	for {
		select {
		case e := <-events:
			if e.Seq > 0 {
				seen[e.Seq]++
			}
			if e.Type == protocol.TypeMessageDelta && !dropped {
				dropped = true
				k.Drop()
			}
		case reply := <-done:
			if reply.Completed == nil || !strings.HasPrefix(reply.Text, "0 1 ") || k.Reconnects() != 1 {
				t.Errorf("got %+v after %d reconnects", reply, k.Reconnects())
			}
			for seq, times := range seen {
				if times != 1 {
					t.Errorf("event %d came %d times", seq, times)
				}
			}
			return
		}
	}
}

func TestDrainingServerTurnsNewcomersAway(t *testing.T) {
	hold := make(chan struct{})
	c := open(t, setup{parts: func(p *web.Parts) {
		drain := p.Drain
		p.Drain = func(ctx context.Context) error { <-hold; return drain(ctx) }
	}})
	l := c.app()
	stopped := make(chan error, 1)
	go func() { stopped <- c.stop() }()
	time.Sleep(100 * time.Millisecond)
	// The old socket still works while turns drain.
	l.say(`{"v":1,"type":"ping"}`)
	l.until(protocol.TypePong)
	if _, err := client.Dial(within(t, 300*time.Millisecond), c.url, client.Options{}); err == nil {
		t.Error("a newcomer got in")
	}
	close(hold)
	if code, _ := l.closed(); code != 1012 {
		t.Errorf("closed with %d", code)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

var _ dialog.Assistant = slowly
