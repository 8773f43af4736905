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
	d.Changed()
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
func choose(queues []Queue, lang shop.Lang, topics ...string) (Queue, bool) {
	best, found, most := Queue{}, false, -1
	for _, q := range queues {
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
	if !found && len(queues) > 0 {
		// Nobody speaks the language: better a person who does not than nobody.
		return queues[0], true
	}
	return best, found
}

// Route says where a request waits.
func (d *Desk) Route(ctx context.Context, r dialog.PersonRequest) (dialog.Route, error) {
	queues, err := d.store.queues(ctx)
	if err != nil {
		return dialog.Route{}, err
	}
	q, ok := choose(queues, r.Lang, r.Reason, string(r.Intent))
	if !ok {
		return dialog.Route{}, fmt.Errorf("there is no queue")
	}
	pace, err := d.pace(ctx, q)
	if err != nil {
		return dialog.Route{}, err
	}
	route := dialog.Route{Queue: q.ID, Position: pace.waiting + 1, Closed: pace.closed, OpensAt: pace.opens}
	route.EstimateSeconds = pace.estimate(route.Position)
	return route, nil
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
	handoff, queue, position, err := d.store.place(ctx, sessionID)
	if err != nil || handoff == "" {
		return protocol.HandoffWaiting{}, false, err
	}
	q, err := d.store.queue(ctx, queue)
	if err != nil {
		return protocol.HandoffWaiting{}, false, err
	}
	pace, err := d.pace(ctx, q)
	if err != nil {
		return protocol.HandoffWaiting{}, false, err
	}
	return protocol.HandoffWaiting{HandoffID: handoff, Position: position, EstimateSeconds: pace.estimate(position), Agents: pace.present}, true, nil
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

// pace reads how fast the queue moves now.
func (d *Desk) pace(ctx context.Context, q Queue) (pace, error) {
	p, err := d.store.pace(ctx, q.ID)
	if err != nil {
		return p, err
	}
	open, opens := q.open(d.o.Now())
	p.closed, p.opens = !open, opens
	return p, nil
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
