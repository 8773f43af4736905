package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// Queue is one line of waiting customers.
type Queue struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Department string   `json:"department,omitempty"`
	Langs      []string `json:"langs"`
	// Topics are the reasons and intents that go here; an empty list takes all.
	Topics   []string `json:"topics"`
	Timezone string   `json:"timezone"`
	Hours    Hours    `json:"hours"`
	// Patience is how long a customer waits before a contact form is offered, in seconds.
	Patience int `json:"patience_seconds"`
}

// Check refuses queues that can't be.
func (q *Queue) Check() error {
	if !queueID.MatchString(q.ID) {
		return shop.Errorf(shop.CodeBadRequest, "A queue's id may hold 1 to 40 lower-case letters, digits and - only.")
	}
	q.Name = strings.TrimSpace(q.Name)
	if n := len([]rune(q.Name)); n == 0 || n > 80 {
		return shop.Errorf(shop.CodeBadRequest, "A queue's name has 1 to 80 characters.")
	}
	q.Timezone, q.Patience = or(q.Timezone, "UTC"), or(q.Patience, 300)
	if _, err := time.LoadLocation(q.Timezone); err != nil {
		return shop.Errorf(shop.CodeBadRequest, "%q is no time zone. Use a name like Europe/Vienna.", q.Timezone)
	}
	if q.Patience < 10 || q.Patience > 24*3600 {
		return shop.Errorf(shop.CodeBadRequest, "patience_seconds is from 10 to 86400.")
	}
	return q.Hours.check()
}

// open says whether the queue is within business hours, and when it opens next.
func (q Queue) open(now time.Time) (open bool, opens time.Time) {
	zone, err := time.LoadLocation(q.Timezone)
	if err != nil {
		zone = time.UTC
	}
	return q.Hours.at(now, zone)
}

func (q Queue) wire(now time.Time) protocol.Queue {
	w := protocol.Queue{ID: q.ID, Name: q.Name, Department: q.Department, Langs: q.Langs, Topics: q.Topics}
	open, opens := q.open(now)
	w.Open = open
	if !open && !opens.IsZero() {
		at := protocol.Stamp(opens)
		w.OpensAt = &at
	}
	return w
}

// Queues lists all queues.
func (d *Desk) Queues(ctx context.Context) ([]Queue, error) { return d.store.queues(ctx) }

// PutQueue makes or changes a queue.
func (d *Desk) PutQueue(ctx context.Context, a Agent, q Queue) error {
	if a.Role != RoleAdmin {
		return errNoRight
	}
	if err := q.Check(); err != nil {
		return err
	}
	if err := d.store.putQueue(ctx, q); err != nil {
		return err
	}
	d.Changed("")
	return d.store.audit(ctx, a.ID, "queue_changed", "", q.ID, "")
}

// SeatQueues makes queues where no queue of their id is there yet: the demo's own.
func (d *Desk) SeatQueues(ctx context.Context, queues []Queue) error {
	there, err := d.store.queues(ctx)
	if err != nil {
		return err
	}
	for _, q := range queues {
		if slices.ContainsFunc(there, func(t Queue) bool { return t.ID == q.ID }) {
			continue
		}
		if err := q.Check(); err != nil {
			return err
		}
		if err := d.store.putQueue(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// choose is the queue that fits best: one that names the language or the topic goes before one that takes
// all, the topic counting more.
func choose(lines []line, lang shop.Lang, topics ...string) (line, bool) {
	best, found, most := line{}, false, -1
	for _, q := range lines {
		score := 0
		if len(q.Langs) > 0 {
			if !slices.Contains(q.Langs, string(lang)) {
				continue
			}
			score++
		}
		if len(q.Topics) > 0 {
			if !slices.ContainsFunc(q.Topics, func(t string) bool { return slices.Contains(topics, t) }) {
				continue
			}
			score += 2
		}
		if score > most {
			best, found, most = q, true, score
		}
	}
	if !found && len(lines) > 0 {
		// Nobody speaks the language: better a person who does not than nobody.
		return lines[0], true
	}
	return best, found
}

// Route says where a request waits, by the queues as they are read with b.
func (d *Desk) Route(b *pgx.Batch) func(dialog.PersonRequest) (dialog.Route, error) {
	var lines []line
	d.queueLines(b, &lines)
	return func(r dialog.PersonRequest) (dialog.Route, error) {
		l, ok := choose(lines, r.Lang, r.Reason, string(r.Intent))
		if !ok {
			return dialog.Route{}, fmt.Errorf("there is no queue")
		}
		place := l.waiting + 1
		return dialog.Route{Queue: l.ID, Position: place, EstimateSeconds: l.estimate(place), Closed: l.closed, OpensAt: l.opens}, nil
	}
}

// Asked writes the case, and offers the contact form at once where the desk is closed.
func (d *Desk) Asked(tx *dialog.Tx, handoffID string, r dialog.PersonRequest, route dialog.Route) error {
	s := tx.Session()
	tx.Queue(insertCase, handoffID, s.ID, route.Queue, string(or(r.Lang, s.Lang)), r.Reason, strings.ReplaceAll(r.Note, "\x00", ""), s.Customer,
		s.OwnerEpoch, route.Position, route.Closed)
	if !route.Closed {
		return nil
	}
	offer := protocol.ContactOffered{HandoffID: handoffID, Reason: "closed"}
	if !route.OpensAt.IsZero() {
		at := protocol.Stamp(route.OpensAt)
		offer.OpensAt = &at
	}
	_, err := tx.Log(protocol.TypeContactOffered, offer)
	return err
}

// Place is where the session stands in line.
func (d *Desk) Place(ctx context.Context, sessionID string) (protocol.HandoffWaiting, bool, error) {
	var lines []line
	var mine place
	b := &pgx.Batch{}
	d.queueLines(b, &lines)
	mine.queue(b, sessionID)
	if err := d.store.send(ctx, b); err != nil {
		return protocol.HandoffWaiting{}, false, fmt.Errorf("find the place of session %s: %w", sessionID, err)
	}
	at := slices.IndexFunc(lines, func(l line) bool { return l.ID == mine.Queue })
	if at < 0 {
		return protocol.HandoffWaiting{}, false, nil
	}
	return lines[at].waitingAt(mine.HandoffID, mine.Position), true, nil
}

// line is a queue and how fast it moves now.
type line struct {
	Queue
	pace
}

// queueLines adds what reads every queue's line.
func (d *Desk) queueLines(b *pgx.Batch, into *[]line) {
	queueLines(b, func(lines []line) {
		now := d.o.Now()
		for i := range lines {
			open, opens := lines[i].open(now)
			lines[i].closed, lines[i].opens = !open, opens
		}
		*into = lines
	})
}

// waitingAt is what a customer at that place of the line is told.
func (l line) waitingAt(handoff string, position int) protocol.HandoffWaiting {
	return protocol.HandoffWaiting{HandoffID: handoff, Position: position, EstimateSeconds: l.estimate(position), Agents: l.present}
}

// pace is how fast a queue moves.
type pace struct {
	// waiting is how many stand in it, present how many people are there for it.
	waiting, present int
	// perPlace is the median wait of the latest customers divided by the place they began at; samples how many.
	perPlace time.Duration
	samples  int
	// closed is true outside business hours; opens is when they begin, zero where that is never.
	closed bool
	opens  time.Time
}

// leastSamples is from how many waits on an estimate is honest.
const leastSamples = 3

// estimate is the likely wait at a place, in whole seconds; 0 where it can't be told: too few waited lately,
// nobody is there, or the desk is closed.
func (p pace) estimate(position int) int {
	if p.samples < leastSamples || p.present == 0 || p.closed {
		return 0
	}
	return max(1, int((time.Duration(position)*p.perPlace).Round(time.Second)/time.Second))
}

// Identified shows agents whose conversation it is, in the cases that there are of it.
func (d *Desk) Identified(tx *dialog.Tx) {
	s := tx.Session()
	tx.Queue(`UPDATE desk_cases SET customer = $2 WHERE session_id = $1`, s.ID, s.Customer)
}
