package desk

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"
)

// Canned is a reply that is kept ready. Variables stand in it as {name}.
type Canned struct {
	ID string `json:"id"`
	// Lang is the language it is written in; empty for any.
	Lang  string `json:"lang,omitempty"`
	Title string `json:"title"`
	Text  string `json:"text"`
	// Missing are the variables that nothing is known for; they are left in the text. Only in filled replies.
	Missing []string `json:"missing,omitempty"`
}

// Variables of canned replies: agent, customer, product, queue, order, order_status, order_eta, order_tracking.
var variable = regexp.MustCompile(`\{([a-z_]+)\}`)

// fill puts what is known in the place of variables. What was put in is not looked at again, so a customer's
// own words can't bring in another variable.
func (c Canned) fill(values map[string]string) Canned {
	c.Missing = nil
	c.Text = variable.ReplaceAllStringFunc(c.Text, func(name string) string {
		key := name[1 : len(name)-1]
		if value := values[key]; value != "" {
			return value
		}
		if !slices.Contains(c.Missing, key) {
			c.Missing = append(c.Missing, key)
		}
		return name
	})
	return c
}

func (c *Canned) check() error {
	c.Title = strings.TrimSpace(c.Title)
	if !regexp.MustCompile(`^[a-z0-9-]{1,64}$`).MatchString(c.ID) {
		return shop.Errorf(shop.CodeBadRequest, "A reply's id may hold 1 to 64 lower-case letters, digits and - only.")
	}
	if n := len([]rune(c.Title)); n == 0 || n > 120 {
		return shop.Errorf(shop.CodeBadRequest, "A reply's title has 1 to 120 characters.")
	}
	if c.Lang != "" && c.Lang != string(shop.English) && c.Lang != string(shop.Chinese) {
		return shop.Errorf(shop.CodeBadRequest, "The language is en or zh, or empty for any.")
	}
	var err error
	c.Text, err = protocol.CleanText(c.Text, protocol.MaxText)
	return err
}

// Replies are the canned replies, with their variables as they are.
func (d *Desk) Replies(ctx context.Context) ([]Canned, error) { return d.store.replies(ctx) }

// PutReply makes or changes a canned reply; DeleteReply takes it away.
func (d *Desk) PutReply(ctx context.Context, a Agent, c Canned) error {
	if !a.Supervises() {
		return errNoRight
	}
	if err := c.check(); err != nil {
		return err
	}
	if err := d.store.putReply(ctx, c); err != nil {
		return err
	}
	return d.store.audit(ctx, a.ID, "reply_changed", "", c.ID, "")
}

// DeleteReply takes a canned reply away.
func (d *Desk) DeleteReply(ctx context.Context, a Agent, id string) error {
	if !a.Supervises() {
		return errNoRight
	}
	if err := d.store.deleteReply(ctx, id); err != nil {
		return err
	}
	return d.store.audit(ctx, a.ID, "reply_deleted", "", id, "")
}

// RepliesFor are the canned replies in the conversation's language, filled with what is known of it; order,
// which may be nil, is the customer's latest.
func (d *Desk) RepliesFor(ctx context.Context, a Agent, sessionID string, order *shop.Order) ([]Canned, error) {
	now, err := d.sessions.Session(ctx, sessionID)
	if err != nil {
		return nil, err
	}
	if err := d.MaySee(ctx, a, now.ID); err != nil {
		return nil, err
	}
	all, err := d.store.replies(ctx)
	if err != nil {
		return nil, err
	}
	state, _, err := d.sessions.Memory(ctx, now.ID, 0)
	if err != nil {
		return nil, err
	}
	c, err := d.store.latestCase(ctx, now.ID)
	if err != nil {
		return nil, err
	}
	values := map[string]string{"agent": a.Name, "customer": now.Customer, "product": state.Need.Product, "queue": c.Queue}
	if order != nil {
		values["order"], values["order_status"], values["order_eta"], values["order_tracking"] = order.ID, order.Status, order.ETA, order.Tracking
	}
	filled := []Canned{}
	for _, reply := range all {
		if reply.Lang == "" || now.Lang == "" || reply.Lang == string(now.Lang) {
			filled = append(filled, reply.fill(values))
		}
	}
	return filled, nil
}

// Line is what a supervisor sees of a queue.
type Line struct {
	Queue string `json:"queue"`
	Name  string `json:"name"`
	Open  bool   `json:"open"`
	// Waiting is how many stand in it, Longest how long the first of them waits, in seconds.
	Waiting int `json:"waiting"`
	Longest int `json:"longest_seconds"`
	// Claimed is how many of its conversations people have now, Present who is there for it.
	Claimed int `json:"claimed"`
	Present int `json:"present"`
	// EstimateSeconds is what the next customer would be told; 0 where it can't be told.
	EstimateSeconds int `json:"estimate_seconds"`
}

// Overview is what a supervisor sees: who waits for how long, and how much each person has.
type Overview struct {
	Lines  []Line               `json:"lines"`
	People []protocol.Colleague `json:"people"`
	// Satisfaction is the mean score of the last seven days by agent, and how many answered.
	Satisfaction []Score `json:"satisfaction"`
}

// Score is how satisfied an agent's customers were.
type Score struct {
	AgentID string  `json:"agent_id"`
	Mean    float64 `json:"mean"`
	Answers int     `json:"answers"`
}

// Overview is for supervisors.
func (d *Desk) Overview(ctx context.Context, a Agent) (o Overview, err error) {
	if !a.Supervises() {
		return o, errNoRight
	}
	shot, err := d.shoot(ctx, nil, nil)
	if err != nil {
		return o, err
	}
	o.People = shot.people
	now := d.o.Now()
	for _, q := range shot.lines {
		l := Line{Queue: q.ID, Name: q.Name, Open: !q.closed, Waiting: q.waiting, Present: q.present, EstimateSeconds: q.estimate(q.waiting + 1)}
		for _, id := range shot.order {
			c := shot.cases[id]
			switch {
			case c.Queue != q.ID:
			case c.Status == statusClaimed:
				l.Claimed++
			case c.Status == statusQueued:
				l.Longest = max(l.Longest, int(now.Sub(c.WaitingSince)/time.Second))
			}
		}
		o.Lines = append(o.Lines, l)
	}
	o.Satisfaction, err = d.store.scores(ctx)
	return o, err
}

// Entry is one line of the audit log.
type Entry struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	AgentID string    `json:"agent_id"`
	Action  string    `json:"action"`
	Session string    `json:"session,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Address string    `json:"address,omitempty"`
}

// AuditLog is who saw and did what, newest first: at most 200 entries before the id, 0 for the newest. by and
// session, which may be empty, limit it.
func (d *Desk) AuditLog(ctx context.Context, a Agent, by, session string, before int64) ([]Entry, error) {
	if !a.Supervises() {
		return nil, errNoRight
	}
	return d.store.entries(ctx, by, session, before)
}

// Satisfaction is the mean score from 1 to 5 that the customers of the conversations gave, and how many gave one.
func (d *Desk) Satisfaction(ctx context.Context, sessions []string) (mean float64, n int, err error) {
	return d.store.satisfactionOf(ctx, sessions)
}
