package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// load is everybody who talks.
type load struct {
	s         *stage
	customers []*customer
	agents    []*agent
	passers   []*passer
	acked     atomic.Int64

	mu      sync.Mutex
	paused  bool
	resume  chan struct{}
	resting int
	all     sync.WaitGroup
	cancel  context.CancelFunc
}

// openLoad seats the agents, opens the conversations and lets them talk.
func openLoad(ctx context.Context, s *stage) (*load, error) {
	l := &load{s: s, resume: make(chan struct{})}
	talking, cancel := context.WithCancel(ctx)
	l.cancel = cancel
	for i := range s.c.Agents {
		a, err := s.seat(ctx, l, i)
		if err != nil {
			return l, fmt.Errorf("seat agent %d: %w", i, err)
		}
		l.agents = append(l.agents, a)
	}
	for i := range s.c.Customers {
		k, err := l.visit(ctx, i)
		if err != nil {
			return l, fmt.Errorf("open conversation %d: %w", i, err)
		}
		l.customers = append(l.customers, k)
	}
	for _, a := range l.agents {
		l.all.Go(func() { a.work(talking) })
	}
	const passers = 3
	for i := range passers {
		p := &passer{load: l, name: fmt.Sprint("known-", i), url: s.replicas[i%len(s.replicas)].url, random: rand.New(rand.NewPCG(s.c.Seed, uint64(2000+i)))}
		l.passers = append(l.passers, p)
		l.all.Go(func() { p.work(talking) })
	}
	for _, k := range l.customers {
		l.all.Go(func() { k.talk(talking) })
	}
	return l, nil
}

// rest blocks while the talk is paused; every talker calls it between two things that it does.
func (l *load) rest(ctx context.Context) error {
	for {
		l.mu.Lock()
		if !l.paused {
			l.mu.Unlock()
			return ctx.Err()
		}
		l.resting++
		resume := l.resume
		l.mu.Unlock()
		select {
		case <-resume:
		case <-ctx.Done():
		}
		l.mu.Lock()
		l.resting--
		l.mu.Unlock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// pause lets everybody finish what they are about and waits until all rest.
func (l *load) pause(ctx context.Context) error {
	l.mu.Lock()
	l.paused = true
	l.mu.Unlock()
	const patience = 3 * time.Minute
	deadline := time.Now().Add(patience)
	for {
		l.mu.Lock()
		resting := l.resting
		l.mu.Unlock()
		if resting == l.people() {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d talkers still wait for an answer after %s", l.people()-resting, l.people(), patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// people is how many there are in all.
func (l *load) people() int { return len(l.customers) + len(l.agents) + len(l.passers) }

func (l *load) goOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = false
	close(l.resume)
	l.resume = make(chan struct{})
}

// close ends the talk and waits.
func (l *load) close() {
	if l.cancel != nil {
		l.cancel()
	}
	for _, k := range l.customers {
		k.Close()
	}
	l.all.Wait()
	for _, a := range l.agents {
		a.leave()
	}
	http.DefaultClient.CloseIdleConnections()
}

// doze waits for about d.
func doze(ctx context.Context, random *rand.Rand, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d/2 + time.Duration(random.Int64N(int64(d)))):
		return nil
	}
}

// told is one acknowledged message.
type told struct {
	session, clientMsgID, messageID, text string
	seq                                   int64
	// agent is the account that wrote it; empty for the customer.
	agent string
}

// words are what people write: whatever the database, the wire and JSON might stumble over is among it.
var words = []string{"hello", "is it still there?", "有没有白色的", "ok 👍🏽", "a\u0000b", "line one\nline two", `"quotes" \ and <b>tags</b>`, "e\u0301galit\u00e9", "\u202Eright to left", "100 %"}

func phrase(random *rand.Rand, who string, n int) string {
	return fmt.Sprintf("%s %d: %s", who, n, words[random.IntN(len(words))])
}
