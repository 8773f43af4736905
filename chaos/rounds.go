package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// run is one whole run: open, kill and check, round after round.
func (c *runCmd) run(ctx context.Context) (r report, err error) {
	s, err := openStage(ctx, c)
	if err != nil {
		return r, fmt.Errorf("open the shop: %w", err)
	}
	defer s.close()
	say("two replicas are open, %d customers and %d agents come in; the logs are in %s", c.Customers, c.Agents, s.dir)
	l, err := openLoad(ctx, s)
	defer l.close()
	if err != nil {
		return r, err
	}
	t := &trial{stage: s, load: l, random: rand.New(rand.NewPCG(c.Seed, 0)), struck: map[place]int{}, missed: map[string]int{}}
	if c.Soak > 0 {
		r.Soak, err = t.soak(ctx)
	} else {
		err = t.rounds(ctx)
	}
	if err == nil && c.Soak == 0 {
		err = t.births(ctx)
	}
	if err == nil {
		err = t.checkWhole(ctx)
	}
	r.Rounds, r.Acked = t.done, int(l.acked.Load())
	r.Lost, r.Duplicated, r.Gaps, r.DoubleOwned = len(t.found.lost), len(t.found.duplicated), len(t.found.gaps), len(t.found.doubleOwned)
	t.summary()
	return r, err
}

// trial kills, waits for the return, and checks.
type trial struct {
	*stage
	load   *load
	random *rand.Rand
	done   int
	found  findings
	// struck counts the kills at each place, missed how often a commit point was waited for in vain.
	struck map[place]int
	missed map[string]int
}

// victim is what a round kills.
type victim struct {
	name string
	kill func()
	// back starts it again and waits until it works.
	back func(ctx context.Context) error
}

func (t *trial) victims() []victim {
	server := func(r *replica) victim {
		kill := func() { r.wire.opened(false); r.kill() }
		return victim{r.name, kill, func(ctx context.Context) error {
			// It may lose PostgreSQL as it starts, and ends; whoever supervises it starts it again.
			var err error
			for range 3 {
				if err = r.start(); err != nil {
					return err
				}
				if err = t.await(ctx, r, 3*time.Minute); err == nil || r.running() {
					return err
				}
			}
			return err
		}}
	}
	again := func(c *child) victim {
		return victim{c.name, c.kill, func(ctx context.Context) error {
			if err := doze(ctx, t.random, time.Second); err != nil {
				return err
			}
			return c.start()
		}}
	}
	a, b := server(t.replicas[0]), server(t.replicas[1])
	postgres := victim{"postgres", t.postgres.Kill, t.awaitPostgres}
	if t.c.Soak > 0 {
		return []victim{b, postgres, postgres, again(&t.nats), again(&t.ollama)}
	}
	return []victim{a, b, a, b, postgres, postgres, postgres, again(&t.nats), again(&t.ollama)}
}

func (t *trial) awaitPostgres(ctx context.Context) error {
	deadline := time.Now().Add(2 * time.Minute)
	for {
		// Every connection of the pool is dead.
		t.pool.Reset()
		err := t.pool.Ping(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL does not come back: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// rounds kills until the number is reached.
func (t *trial) rounds(ctx context.Context) error {
	if err := t.progress(ctx, 2*t.c.Customers); err != nil {
		return err
	}
	for t.done < t.c.Rounds {
		if err := t.round(ctx); err != nil {
			return fmt.Errorf("round %d: %w", t.done, err)
		}
		look := t.checkRunning
		if t.done%t.c.CheckEach == 0 && t.done < t.c.Rounds {
			look = t.checkWhole
		}
		if err := look(ctx); err != nil {
			return fmt.Errorf("check after round %d: %w", t.done, err)
		}
	}
	return nil
}

// round kills one victim, now and then a second one while the first is away, and waits until the talk goes on.
func (t *trial) round(ctx context.Context) error {
	t.done++
	began := time.Now()
	all := t.victims()
	first := all[t.random.IntN(len(all))]
	where := t.strike(ctx, first)
	killed := []victim{first}
	if second := all[t.random.IntN(len(all))]; t.random.IntN(8) == 0 && second.name != first.name {
		second.kill()
		killed = append(killed, second)
		where += ", and " + second.name
	}
	// They come back together: a server may find no PostgreSQL as it starts.
	errs := make(chan error, len(killed))
	var starting sync.WaitGroup
	for _, v := range killed {
		starting.Go(func() { errs <- v.back(ctx) })
	}
	starting.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return fmt.Errorf("after %s: %w", where, err)
		}
	}
	away := time.Since(began)
	if err := t.progress(ctx, 10); err != nil {
		return fmt.Errorf("after %s: %w", where, err)
	}
	say("round %d: %s; back after %.1f s, %d acknowledged", t.done, where, away.Seconds(), t.load.acked.Load())
	return nil
}

// strike kills the victim at a commit of a replica, the places struck least before the others.
func (t *trial) strike(ctx context.Context, v victim) (where string) {
	r := t.replicas[t.random.IntN(len(t.replicas))]
	for _, own := range t.replicas {
		if own.name == v.name {
			r = own
		}
	}
	at, ok := t.place(r.wire, v.name == r.name)
	var hit sync.Once
	kill := func() { hit.Do(v.kill) }
	if ok && r.wire.atStart(at.point) {
		return t.strikeStart(ctx, r, at)
	}
	if ok {
		patience := 4 * time.Second
		if !slices.Contains(r.wire.points(lately), at.point) {
			patience *= 3
		}
		struck := r.wire.arm(at, kill)
		select {
		case <-struck:
			t.struck[at]++
			return fmt.Sprintf("%s %s %s of %s", v.name, at.phase, at.point, r.name)
		case <-ctx.Done():
		case <-time.After(patience):
		}
		if !r.wire.disarm() {
			<-struck
		}
		t.missed[at.point]++
	}
	kill()
	return v.name + " at no commit"
}

// strikeStart kills a server, starts it, and kills it again at a commit of its start.
func (t *trial) strikeStart(ctx context.Context, r *replica, at place) (where string) {
	r.kill()
	r.wire.opened(false)
	struck := r.wire.arm(at, r.kill)
	if err := r.start(); err == nil {
		const patience = 20 * time.Second // some commits pass at a shop's first start alone
		select {
		case <-struck:
			t.struck[at]++
			return fmt.Sprintf("%s %s %s of its own start", r.name, at.phase, at.point)
		case <-ctx.Done():
		case <-time.After(patience):
		}
	}
	if !r.wire.disarm() {
		<-struck
	}
	t.missed[at.point]++
	r.kill()
	return r.name + " at its start"
}

const (
	// lately is within what time a commit point has passed that is likely to pass again soon.
	lately = 30 * time.Second
	// everBefore is the whole run.
	everBefore = 24 * time.Hour
)

// place is one of those struck least, among all commit points that were ever seen; own is true where the server itself
// is to be killed, which may be as it starts.
func (t *trial) place(w *wire, own bool) (place, bool) {
	var best []place
	least := 1 << 30
	fresh := w.points(lately)
	for _, point := range w.points(everBefore) {
		if w.atStart(point) && (!own || t.c.Soak > 0) {
			continue
		}
		for p := range phases {
			at := place{point, p}
			n := 2*t.struck[at] + 4*t.missed[at.point]
			if !slices.Contains(fresh, point) {
				n++ // of two that were never struck the one first that is likely to come
			}
			if n < least {
				best, least = nil, n
			}
			if n == least {
				best = append(best, at)
			}
		}
	}
	if len(best) == 0 {
		return place{}, false
	}
	return best[t.random.IntN(len(best))], true
}

// progress waits until n more messages are acknowledged.
func (t *trial) progress(ctx context.Context, n int) error {
	const patience = 2 * time.Minute
	from, deadline := t.load.acked.Load(), time.Now().Add(patience)
	for t.load.acked.Load() < from+int64(n) {
		for _, r := range t.replicas {
			if !r.running() {
				return fmt.Errorf("%s ended by itself", r.name)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d messages were acknowledged in %s, not %d", t.load.acked.Load()-from, patience, n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// checkRunning looks while everybody talks.
func (t *trial) checkRunning(ctx context.Context) error {
	return t.look(ctx, t.load.record(), false)
}

func (t *trial) look(ctx context.Context, r record, quiet bool) error {
	var f *findings
	var err error
	for range 20 {
		if f, err = check(ctx, t.pool, r, quiet); err == nil || ctx.Err() != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	f.print()
	// Each look sees everything, so what was found before is found again: the worst of them counts.
	t.found.lost, t.found.duplicated = worse(t.found.lost, f.lost), worse(t.found.duplicated, f.duplicated)
	t.found.gaps, t.found.doubleOwned = worse(t.found.gaps, f.gaps), worse(t.found.doubleOwned, f.doubleOwned)
	for _, k := range t.load.customers {
		k.mu.Lock()
		refused := k.refused
		k.mu.Unlock()
		if err := k.Err(); err != nil {
			return fmt.Errorf("%s's client ended: %w", k.name, err)
		}
		if len(refused) > 0 {
			return fmt.Errorf("%s was refused: %s", k.name, refused[0])
		}
	}
	for _, a := range t.load.agents {
		a.mu.Lock()
		refused := a.refused
		a.mu.Unlock()
		if len(refused) > 0 {
			return fmt.Errorf("%s was refused: %s", a.name, refused[0])
		}
	}
	return nil
}

func worse(a, b []string) []string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// checkWhole lets everything come to its end, and then looks at all of it: live views, a replay from the beginning,
// and what other systems were told.
func (t *trial) checkWhole(ctx context.Context) error {
	if err := t.load.pause(ctx); err != nil {
		return err
	}
	defer t.load.goOn()
	if err := t.settle(ctx); err != nil {
		return err
	}
	r := t.load.record()
	if err := t.look(ctx, r, true); err != nil {
		return err
	}
	logs, err := readLogs(ctx, t.pool)
	if err != nil {
		return err
	}
	if r, err = t.load.replayed(ctx, r, logs); err != nil {
		return err
	}
	if err := t.look(ctx, r, true); err != nil {
		return err
	}
	if err := t.checkStream(ctx); err != nil {
		return err
	}
	say("checked: %d sessions, %d events, %d acknowledged", len(logs), events(logs), len(r.acked))
	return nil
}

func events(logs map[string]*sessionLog) (n int) {
	for _, l := range logs {
		n += len(l.events)
	}
	return n
}

// settle waits until no message is unfinished, nothing waits in the outbox, and every client has read everything. What
// does not settle is the check's to find.
func (t *trial) settle(ctx context.Context) error {
	deadline := time.Now().Add(45 * time.Second)
	for time.Now().Before(deadline) {
		if err := ctx.Err(); err != nil {
			return err
		}
		var open int
		err := t.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM messages WHERE status IN ('pending', 'streaming')) + (SELECT count(*) FROM outbox WHERE sent_at IS NULL)`).Scan(&open)
		if err == nil && open == 0 {
			logs, err := readLogs(ctx, t.pool)
			if err == nil && t.allRead(logs) {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

func (t *trial) allRead(logs map[string]*sessionLog) bool {
	for session, view := range t.load.record().views {
		if l := logs[session]; l == nil || len(view) < len(l.frames) {
			return false
		}
	}
	return true
}

// checkStream compares what other systems were told with the outbox.
func (t *trial) checkStream(ctx context.Context) error {
	nc, err := nats.Connect(t.natsURL, nats.Timeout(5*time.Second))
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	consumer, err := js.OrderedConsumer(ctx, "FLOORWALKER_HANDOFF", jetstream.OrderedConsumerConfig{})
	if err != nil {
		return fmt.Errorf("read the stream: %w", err)
	}
	for {
		batch, err := consumer.FetchNoWait(500)
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		n := 0
		for m := range batch.Messages() {
			n++
			told[m.Headers().Get(jetstream.MsgIDHeader)] = true
		}
		if err := batch.Error(); err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		if n == 0 {
			break
		}
	}
	rows, err := t.pool.Query(ctx, `SELECT msg_id, subject FROM outbox`)
	if err != nil {
		return err
	}
	defer rows.Close()
	missing := 0
	for rows.Next() {
		var id, subject string
		if err := rows.Scan(&id, &subject); err != nil {
			return err
		}
		if !told[id] {
			missing++
			t.found.lost = append(t.found.lost, fmt.Sprintf("other systems were not told of %s %s", subject, id))
		}
	}
	if missing > 0 {
		say("LOST: other systems were not told of %d handoff events of %d", missing, missing+len(told))
	}
	return rows.Err()
}

// summary says which places were struck, and which never.
func (t *trial) summary() {
	all := map[string]bool{}
	for _, r := range t.replicas {
		for _, p := range r.wire.points(everBefore) {
			all[p] = true
		}
	}
	for at := range t.struck {
		all[at.point] = true
	}
	var never []string
	written := map[string]bool{}
	for _, point := range slices.Sorted(maps.Keys(all)) {
		var hits []string
		sum := 0
		for p := range phases {
			n := t.struck[place{point, p}]
			sum += n
			hits = append(hits, fmt.Sprintf("%s %d", p, n))
		}
		if sum == 0 {
			never = append(never, point)
			continue
		}
		for _, table := range strings.Split(strings.TrimPrefix(point, "*"), "+") {
			written[table] = true
		}
		say("commit %-70s %s", point, strings.Join(hits, ", "))
	}
	say("struck %d of %d commit points; never: %s", len(all)-len(never), len(all), cmp.Or(strings.Join(never, ", "), "none"))
	say("tables of struck commits: %s", strings.Join(slices.Sorted(maps.Keys(written)), ", "))
}
