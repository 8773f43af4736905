package desk

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"

	"github.com/jackc/pgx/v5"
)

// feed brings what changes at the desk to the consoles of this process, and their place in line to the
// customers. It compares what PostgreSQL says with what it said before, so a notice may be lost, repeated or
// late, and every console still ends up with the truth.
type feed struct {
	d       *Desk
	replica string
	poke    chan struct{}

	// looking is held while PostgreSQL is read and compared, mu while the fields below are touched.
	looking  sync.Mutex
	mu       sync.Mutex
	consoles map[*Console]struct{}
	shot     *snapshot
	// whispers are sessions that another replica has new notes of, news those that changed otherwise.
	whispers, news map[string]bool
	// told is what each waiting session was told last; looking guards it.
	told map[string]protocol.HandoffWaiting
}

// snapshot is the desk at one moment.
type snapshot struct {
	lines  []line
	agents map[string]Agent
	people []protocol.Colleague
	cases  map[string]protocol.Case
	order  []string
}

// mostCases is how many cases a console is shown.
const mostCases = 1000

// wakeSubject is the name under which replicas wake each other's desks; no session has it.
const wakeSubject = "desk"

func newFeed(d *Desk) *feed {
	return &feed{d: d, replica: newID(), poke: make(chan struct{}, 1), consoles: map[*Console]struct{}{},
		whispers: map[string]bool{}, news: map[string]bool{}, told: map[string]protocol.HandoffWaiting{}}
}

func (f *feed) look() {
	select {
	case f.poke <- struct{}{}:
	default:
	}
}

// changed makes all replicas look; session, which may be empty, is what it is about.
func (f *feed) changed(session string) {
	f.about(session)
	f.publish(dialog.Notice{Passing: &protocol.Envelope{Type: protocol.TypeCaseChanged, Session: session}})
}

// about makes this process look, with the session in mind.
func (f *feed) about(session string) {
	if session != "" {
		f.mu.Lock()
		f.news[session] = true
		f.mu.Unlock()
	}
	f.look()
}

// noted makes all replicas look for new notes of a session.
func (f *feed) noted(session string) {
	f.whispered(session)
	f.publish(dialog.Notice{Passing: &protocol.Envelope{Type: protocol.TypeNoteAdded, Session: session}})
}

func (f *feed) publish(n dialog.Notice) {
	if f.d.o.Wake == nil {
		return
	}
	n.From = f.replica
	if err := f.d.o.Wake.Publish(wakeSubject, n); err != nil {
		f.d.log.Debug("other desks not woken", "error", err)
	}
}

func (f *feed) noticed(n dialog.Notice) {
	switch {
	case n.From == f.replica || n.Passing == nil:
	case n.Passing.Type == protocol.TypeNoteAdded:
		f.mu.Lock()
		f.whispers[n.Passing.Session] = true
		f.mu.Unlock()
		f.look()
	default:
		f.about(n.Passing.Session)
	}
}

func (f *feed) run(ctx context.Context) {
	wake := f.d.o.Wake
	if wake != nil {
		stop, err := wake.Subscribe(wakeSubject, f.noticed)
		if err != nil {
			f.d.log.Warn("the desk is not woken by other replicas, it polls", "error", err)
			wake = nil
		} else {
			defer stop()
		}
	}
	last := time.Now()
	tick := time.NewTicker(f.d.o.Poll)
	defer tick.Stop()
	for {
		whole := false
		select {
		case <-ctx.Done():
			return
		case <-f.poke:
		case <-tick.C:
			if whole = true; wake != nil && wake.Up() && time.Since(last) < f.d.o.Calm {
				continue
			}
			last = time.Now()
		}
		if err := f.refresh(ctx, whole); err != nil && ctx.Err() == nil {
			f.d.log.Warn("the desk's live view is late", "error", err)
		}
		f.mu.Lock()
		whispers := f.whispers
		f.whispers = map[string]bool{}
		f.mu.Unlock()
		for session := range whispers {
			f.whispered(session)
		}
	}
}

// refresh looks at PostgreSQL and tells everybody what is new. What customers wrote last is read for the conversations
// that changed, and where whole for all.
func (f *feed) refresh(ctx context.Context, whole bool) error {
	f.looking.Lock()
	defer f.looking.Unlock()
	f.mu.Lock()
	before, news := f.shot, f.news
	f.news = map[string]bool{}
	f.mu.Unlock()
	if whole && before != nil {
		for _, c := range before.cases {
			news[c.Session] = true
		}
	}
	now, err := f.d.shoot(ctx, before, slices.Collect(maps.Keys(news)))
	if err != nil {
		f.mu.Lock()
		maps.Copy(f.news, news)
		f.mu.Unlock()
		return err
	}
	f.mu.Lock()
	f.shot = now
	for c := range f.consoles {
		c.compare(before, now)
	}
	f.mu.Unlock()
	return f.tellCustomers(now)
}

// shoot reads the desk in one round trip. before, which may be nil, is what was read last: of its open cases it is said
// how they ended, and what their customers wrote last is kept but for the sessions in fresh.
func (d *Desk) shoot(ctx context.Context, before *snapshot, fresh []string) (*snapshot, error) {
	s := &snapshot{agents: map[string]Agent{}, cases: map[string]protocol.Case{}}
	var open []string
	said := map[string]string{}
	if before != nil {
		for id, c := range before.cases {
			if said[c.Session] = c.Last; isOpen(c) {
				open = append(open, id)
			}
		}
	}
	var agents []Agent
	var cases []protocol.Case
	b := &pgx.Batch{}
	d.queueLines(b, &s.lines)
	queueAgents(b, &agents)
	queueCases(b, mostCases, open, &cases)
	latest := d.sessions.Latest(b, fresh)
	if err := d.store.send(ctx, b); err != nil {
		return nil, fmt.Errorf("read the desk: %w", err)
	}
	maps.Copy(said, latest)
	var unknown []string
	for _, c := range cases {
		if _, ok := said[c.Session]; !ok && !slices.Contains(fresh, c.Session) {
			unknown = append(unknown, c.Session)
		}
	}
	if len(unknown) > 0 {
		b := &pgx.Batch{}
		latest := d.sessions.Latest(b, unknown)
		if err := d.store.send(ctx, b); err != nil {
			return nil, fmt.Errorf("read what customers wrote last: %w", err)
		}
		maps.Copy(said, latest)
	}
	load := map[string]int{}
	for _, c := range cases {
		c.Last = said[c.Session]
		s.cases[c.HandoffID] = c
		s.order = append(s.order, c.HandoffID)
		if c.Status == statusClaimed {
			load[c.AgentID]++
		}
	}
	for _, a := range agents {
		if a.Disabled {
			continue
		}
		s.agents[a.ID] = a
		s.people = append(s.people, protocol.Colleague{ID: a.ID, Name: a.Name, Role: string(a.Role), Queues: a.Queues,
			Capacity: a.Capacity, Load: load[a.ID], Present: a.Present, Away: a.Away})
	}
	return s, nil
}

// tellCustomers tells those who wait and read here where they stand now.
func (f *feed) tellCustomers(now *snapshot) error {
	waiting := map[string]protocol.HandoffWaiting{}
	for _, id := range now.order {
		c := now.cases[id]
		at := slices.IndexFunc(now.lines, func(l line) bool { return l.ID == c.Queue })
		if c.Status != statusQueued || at < 0 {
			continue
		}
		w := now.lines[at].waitingAt(id, c.Position)
		waiting[c.Session] = w
		if f.told[c.Session] == w {
			continue
		}
		if err := f.d.sessions.TellHere(c.Session, protocol.TypeHandoffWaiting, w); err != nil {
			return err
		}
	}
	f.told = waiting
	return nil
}

// whispered gives new notes of a session to the consoles that watch it.
func (f *feed) whispered(session string) {
	f.mu.Lock()
	var watching []*Console
	for c := range f.consoles {
		if _, ok := c.noted[session]; ok {
			watching = append(watching, c)
		}
	}
	f.mu.Unlock()
	if len(watching) == 0 {
		return
	}
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	notes, err := f.d.store.notes(ctx, session)
	if err != nil {
		f.d.log.Warn("new notes not shown", "session", session, "error", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range watching {
		have, ok := c.noted[session]
		if !ok {
			continue
		}
		for _, n := range notes {
			if have[n.ID] {
				continue
			}
			have[n.ID] = true
			c.push(protocol.TypeNoteAdded, session, protocol.NoteAdded{Note: n})
		}
	}
}

// Console is one open console of an agent: what it may see, live. One goroutine calls Next.
type Console struct {
	d     *Desk
	login Login
	out   chan protocol.Envelope
	done  chan struct{}

	// The feed's mutex guards these.
	agent  Agent
	err    error
	noted  map[string]map[string]bool
	closed bool
}

// consoleQueue is how many frames may wait for a console before it is closed as slow.
const consoleQueue = 256

// Open opens a console. Its first frame is desk.opened. The agent counts as present until Close.
func (d *Desk) Open(ctx context.Context, l Login) (*Console, error) {
	if err := d.arrive(ctx, l.Agent.ID); err != nil {
		return nil, err
	}
	c := &Console{d: d, login: l, agent: l.Agent, out: make(chan protocol.Envelope, consoleQueue), done: make(chan struct{}),
		noted: map[string]map[string]bool{}}
	if err := d.feed.refresh(ctx, false); err != nil {
		d.depart(l.Agent.ID)
		return nil, err
	}
	f := d.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	f.consoles[c] = struct{}{}
	c.open(f.shot)
	d.Changed("")
	return c, nil
}

// open pushes everything that the agent may see.
func (c *Console) open(now *snapshot) {
	o := protocol.DeskOpened{Queues: []protocol.Queue{}, Cases: []protocol.Case{}, People: now.people}
	for _, q := range now.lines {
		if c.agent.May(q.ID) {
			o.Queues = append(o.Queues, q.wire(c.d.o.Now()))
		}
	}
	for _, id := range now.order {
		if k := now.cases[id]; c.agent.May(k.Queue) && isOpen(k) {
			o.Cases = append(o.Cases, k)
		}
	}
	for _, p := range now.people {
		if p.ID == c.agent.ID {
			o.Me = p
		}
	}
	c.push(protocol.TypeDeskOpened, "", o)
}

func isOpen(k protocol.Case) bool { return k.Status == statusQueued || k.Status == statusClaimed }

// sameQueues is true where neither the queues nor their hours are others.
func (s *snapshot) sameQueues(now *snapshot) bool {
	return slices.EqualFunc(s.lines, now.lines, func(a, b line) bool { return reflect.DeepEqual(a.Queue, b.Queue) })
}

// compare pushes what is new for this console.
func (c *Console) compare(before, now *snapshot) {
	a, ok := now.agents[c.agent.ID]
	if !ok {
		c.end(ErrNoLogin)
		return
	}
	if before == nil || a.Role != c.agent.Role || !slices.Equal(a.Queues, c.agent.Queues) || !before.sameQueues(now) {
		c.agent = a
		c.open(now)
		return
	}
	c.agent = a
	for _, id := range now.order {
		k := now.cases[id]
		old, had := before.cases[id]
		switch {
		case had && old == k, !had && !isOpen(k):
		case a.May(k.Queue):
			c.push(protocol.TypeCaseChanged, "", protocol.CaseChanged{Case: k})
		case had && a.May(old.Queue):
			k.Status, k.Note, k.Last = "moved", "", ""
			c.push(protocol.TypeCaseChanged, "", protocol.CaseChanged{Case: k})
		}
	}
	for id, old := range before.cases {
		if _, still := now.cases[id]; !still && isOpen(old) && a.May(old.Queue) {
			old.Status = "released"
			c.push(protocol.TypeCaseChanged, "", protocol.CaseChanged{Case: old})
		}
	}
	if !reflect.DeepEqual(before.people, now.people) {
		c.push(protocol.TypePeopleChanged, "", protocol.PeopleChanged{People: now.people})
	}
}

// push never waits: a console whose queue is full is slow and ends. The feed's mutex is held.
func (c *Console) push(typ protocol.Type, session string, data any) {
	if c.err != nil {
		return
	}
	env, err := protocol.New(typ, data, c.d.o.Now())
	if err != nil {
		c.end(err)
		return
	}
	env.Session = session
	select {
	case c.out <- env:
	default:
		c.end(dialog.ErrSlowReader)
	}
}

func (c *Console) end(err error) {
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

// Next waits for the next frame. dialog.ErrSlowReader and ErrNoLogin end the console.
func (c *Console) Next(ctx context.Context) (protocol.Envelope, error) {
	select {
	case env := <-c.out:
		return env, nil
	case <-c.done:
		c.d.feed.mu.Lock()
		defer c.d.feed.mu.Unlock()
		return protocol.Envelope{}, c.err
	case <-ctx.Done():
		return protocol.Envelope{}, ctx.Err()
	}
}

// Agent is the console's account as it is now.
func (c *Console) Agent() Agent {
	c.d.feed.mu.Lock()
	defer c.d.feed.mu.Unlock()
	return c.agent
}

// Follow brings the notes of a session from now on, beginning with those that there are.
func (c *Console) Follow(ctx context.Context, session string) error {
	if err := c.d.MaySee(ctx, c.Agent(), session); err != nil {
		return err
	}
	c.d.feed.mu.Lock()
	if c.noted[session] == nil {
		c.noted[session] = map[string]bool{}
	}
	c.d.feed.mu.Unlock()
	c.d.feed.whispered(session)
	return nil
}

// Unfollow ends that.
func (c *Console) Unfollow(session string) {
	c.d.feed.mu.Lock()
	defer c.d.feed.mu.Unlock()
	delete(c.noted, session)
}

// Followed lists the sessions that are followed.
func (c *Console) Followed() []string {
	c.d.feed.mu.Lock()
	defer c.d.feed.mu.Unlock()
	return slices.Collect(maps.Keys(c.noted))
}

// Close ends the console; it may be called twice.
func (c *Console) Close() {
	f := c.d.feed
	f.mu.Lock()
	if c.closed {
		f.mu.Unlock()
		return
	}
	c.closed = true
	c.end(dialog.ErrClosed)
	delete(f.consoles, c)
	f.mu.Unlock()
	c.d.depart(c.login.Agent.ID)
}
