package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// server is one of the two that are compared.
type server interface {
	idle(ctx context.Context, i int) error
	pair(ctx context.Context, i int) (*pair, error)
	resident() (float64, error)
	letters() *post
}

func (s *shop) letters() *post { return s.post }
func (p *peer) letters() *post { return p.post }

// pair are two people who talk; each says something when told to.
type pair struct {
	customer, agent func() error
}

func (c *sessionsCmd) run(ctx context.Context) (r report, err error) {
	r.Idle, r.Active = c.Idle, c.Active
	say("the shop opens")
	floorwalker, err := openShop(ctx, c)
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(floorwalker.dir)
	defer floorwalker.stop()
	centrifuge, err := openPeer(ctx)
	if err != nil {
		return r, err
	}
	defer centrifuge.stop()
	sides := []*side{{name: "floorwalker", server: floorwalker, f: &r.Floorwalker}, {name: "centrifuge", server: centrifuge, f: &r.Centrifuge}}
	if err := c.fill(ctx, sides); err != nil {
		return r, err
	}
	r.MemoryRatio = ratio(r.Floorwalker.KiBPerConnection, r.Centrifuge.KiBPerConnection)
	// Before the conversations begin: what one resume and one request for a person take while nothing else goes on.
	if err := floorwalker.alone(ctx, c, &r); err != nil {
		return r, err
	}
	for _, s := range sides {
		if err := s.seat(ctx, c); err != nil {
			return r, fmt.Errorf("%s: %w", s.name, err)
		}
	}

	thinking, stopThinking := context.WithCancel(ctx)
	defer stopThinking()
	asker, err := floorwalker.asker(ctx, c)
	if err != nil {
		return r, err
	}
	defer asker.wait()
	defer stopThinking()
	asker.run(thinking)
	if err := c.alternate(ctx, sides, asker, false); err != nil {
		return r, err
	}
	r.DeliveryRatio = ratio(r.Floorwalker.Delivery.P99, r.Centrifuge.Delivery.P99)
	jam, err := floorwalker.jam(ctx, c.Stuck)
	if err != nil {
		return r, err
	}
	if err := c.alternate(ctx, sides[:1], asker, true); err != nil {
		return r, err
	}
	r.Stuck = jam.stuck()
	r.DeliveryStuck = sides[0].quantiles(true)
	r.StuckRatio = ratio(r.DeliveryStuck.P99, r.Floorwalker.Delivery.P99)
	for _, s := range sides {
		s.f.Lost = s.server.letters().missing()
	}
	r.Turns = int(asker.answered.Load())
	return r, nil
}

// side is a server with its figures.
type side struct {
	name   string
	server server
	f      *figures
	pairs  []*pair
	times  [2][]float64
}

// fill connects everybody on whose line nothing is said, and measures what such a connection costs.
func (c *sessionsCmd) fill(ctx context.Context, sides []*side) error {
	// The first connections load what all share: pools of connections to PostgreSQL, buffers, caches.
	const first = 200
	connect := func(from, n int) error {
		for _, s := range sides {
			if err := many(ctx, n, func(i int) error { return s.server.idle(ctx, from+i) }); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			say("%s: %d connections", s.name, from+n)
		}
		return nil
	}
	if err := connect(0, first); err != nil {
		return err
	}
	before, err := settle(ctx, sides)
	if err != nil {
		return err
	}
	if err := connect(first, c.Idle); err != nil {
		return err
	}
	after, err := settle(ctx, sides)
	if err != nil {
		return err
	}
	for i, s := range sides {
		s.f.KiBPerConnection = math.Round(10*(after[i]-before[i])/float64(c.Idle)) / 10
		say("%s: %.1f KiB a connection (%.0f KiB before, %.0f after)", s.name, s.f.KiBPerConnection, before[i], after[i])
	}
	return nil
}

// settle waits until what the connecting left behind is gone, and says how much memory each holds then. Go looks for
// garbage every two minutes where nothing else makes it. Lines of plain HTTP are closed before.
func settle(ctx context.Context, sides []*side) ([]float64, error) {
	const collected = 150 * time.Second
	for _, c := range callers {
		c.CloseIdleConnections()
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(collected):
	}
	held := make([]float64, len(sides))
	for i, s := range sides {
		var err error
		if held[i], err = s.server.resident(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return held, nil
}

// seat brings those together who talk.
func (s *side) seat(ctx context.Context, c *sessionsCmd) error {
	// One after the other: agents take their conversations up in order.
	for i := range c.Active {
		p, err := s.server.pair(ctx, i)
		if err != nil {
			return fmt.Errorf("pair %d: %w", i, err)
		}
		s.pairs = append(s.pairs, p)
	}
	say("%s: %d conversations", s.name, c.Active)
	return nil
}

// many does n things, some at a time.
func many(ctx context.Context, n int, do func(i int) error) error {
	const atOnce = 32
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, atOnce)
	for range atOnce {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return errors.Join(<-errs, ctx.Err())
}

// alternate measures the two in turn, so that both meet the same moods of the machine.
func (c *sessionsCmd) alternate(ctx context.Context, sides []*side, asker *asker, jammed bool) error {
	at := 0
	if jammed {
		at = 1
	}
	for range c.Repeat {
		for _, s := range sides {
			asker.awake.Store(s.name == "floorwalker")
			took, err := s.talk(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			s.times[at] = append(s.times[at], took...)
			say("%s, stuck readers %v: %+v ms", s.name, jammed, quantilesOf(took))
		}
	}
	asker.awake.Store(false)
	if !jammed {
		for _, s := range sides {
			s.f.Delivery = s.quantiles(false)
		}
	}
	return nil
}

// quantiles are those of all that was said, while readers were stuck or not.
func (s *side) quantiles(jammed bool) quantiles {
	if jammed {
		return quantilesOf(s.times[1])
	}
	return quantilesOf(s.times[0])
}

// talk has every pair say something each c.Every, both sides in turn, for a warm-up and the time that is measured.
func (s *side) talk(ctx context.Context, c *sessionsCmd) ([]float64, error) {
	talking, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	failed := make(chan error, len(s.pairs))
	for i, p := range s.pairs {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(i)))
			pause := time.Duration(random.Int64N(int64(c.Every)))
			for turn := i; ; turn++ {
				select {
				case <-talking.Done():
					return
				case <-time.After(pause):
				}
				pause = c.Every
				one := p.customer
				if turn%2 == 1 {
					one = p.agent
				}
				if err := one(); err != nil && talking.Err() == nil {
					failed <- err
					return
				}
			}
		})
	}
	wait := func(d time.Duration) error {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
	err := wait(c.Every)
	s.server.letters().measure(true)
	if err == nil {
		err = wait(c.Measure)
	}
	stop()
	wg.Wait()
	time.Sleep(500 * time.Millisecond) // what is under way arrives
	return s.server.letters().measure(false), err
}

// asker has the assistant asked, so often a second, while it is awake.
type asker struct {
	c        *sessionsCmd
	lines    []*line
	awake    atomic.Bool
	answered atomic.Int64
	wg       sync.WaitGroup
}

func (s *shop) asker(ctx context.Context, c *sessionsCmd) (*asker, error) {
	a := &asker{c: c}
	const customers = 40
	for i := range customers {
		l, _, err := s.come(ctx, i, func(_ *line, frame []byte) {
			if bytes.Contains(frame, []byte(`"type":"message.completed"`)) {
				a.answered.Add(1)
			}
		})
		if err != nil {
			return nil, err
		}
		a.lines = append(a.lines, l)
	}
	return a, nil
}

func (a *asker) run(ctx context.Context) {
	if a.c.Turns <= 0 {
		return
	}
	a.wg.Go(func() {
		tick := time.NewTicker(time.Duration(float64(time.Second) / a.c.Turns))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if a.awake.Load() {
				_ = a.lines[n%len(a.lines)].say(fmt.Sprintf(`{"v":1,"type":"message.send","client_msg_id":"q%d","data":{"text":"a kettle under 50 dollars"}}`, n)) //nolint:errcheck // the count of answers says it
			}
		}
	})
}

func (a *asker) wait() { a.wg.Wait() }
