package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"floorwalker/protocol"

	"github.com/google/uuid"
)

// player plays the steps of one point.
type player struct {
	kit     *Kit
	shop    *shop
	point   string
	started bool
	// seen is how many resumes were looked at.
	seen int
}

const (
	// patience is how long a client may take where the script says nothing.
	patience = 15 * time.Second
	// slack is how much earlier than told a timer may fire.
	slack = 20 * time.Millisecond
)

func (p *player) play(ctx context.Context, t step) error {
	s := p.shop
	change := func(f func()) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
		return nil
	}
	switch {
	case t.Do != "":
		p.started = true
		_, err := p.kit.tell(ctx, command{Do: t.Do, Text: t.Text, Point: p.point})
		return err
	case t.Resume != nil:
		return p.resume(ctx, *t.Resume)
	case t.Append > 0, t.Lose > 0:
		return change(func() {
			for range t.Append + t.Lose {
				s.appendEvent(t.Type, t.Lose == 0)
			}
		})
	case t.Repeat != nil:
		return change(func() {
			for _, seq := range t.Repeat {
				if s.line != nil {
					s.line.say(s.log[seq-1])
				}
			}
		})
	case t.Say != nil:
		return change(func() {
			for _, env := range t.Say {
				if s.line != nil {
					s.line.say(s.envelope(env.Type, env.Data))
				}
			}
		})
	case t.Cut:
		return p.end(ctx, func(l *line) { l.cut() })
	case t.Close != nil:
		return p.end(ctx, func(l *line) { l.end(*t.Close) })
	case t.Restore != "":
		return change(func() {
			s.epoch, s.log = t.Restore, nil
			if s.line != nil && s.line.resumed {
				s.begin(s.line, protocol.TypeSessionReset, 0)
			}
		})
	case t.Ahead:
		return change(func() { s.ahead = true })
	case t.Acknowledge != "":
		return change(func() { s.acknowledge = t.Acknowledge })
	case t.Sent != nil:
		return p.sent(ctx, *t.Sent)
	case t.Order != nil:
		return p.order(t.Order)
	case t.Reported != nil:
		return p.reported(ctx, t.Reported)
	case t.Unreachable > 0:
		return change(func() { s.unreachable, s.refusals = t.Unreachable, nil })
	case t.WaitsGrew:
		return p.waitsGrew()
	case t.Block:
		return change(func() { s.blocked = true })
	case t.Forget:
		return change(func() { s.gone[s.session] = true })
	case t.ClockMS != 0:
		return change(func() { s.clock = milliseconds(t.ClockMS) })
	case t.QuietMS > 0:
		return pause(ctx, milliseconds(t.QuietMS))
	case t.AwayMS > 0:
		return p.away(ctx, milliseconds(t.AwayMS))
	case t.BeginsAnewMS > 0:
		return p.beginsAnew(ctx, milliseconds(t.BeginsAnewMS))
	case t.CurrentMS > 0:
		return p.until(ctx, milliseconds(t.CurrentMS), "it is not connected again", func() bool { return s.line != nil && s.line.resumed })
	}
	return errors.New("the script has an empty step")
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until waits for what holds while the shop is locked.
func (p *player) until(ctx context.Context, within time.Duration, otherwise string, holds func() bool) error {
	late := time.After(within)
	for {
		p.shop.mu.Lock()
		ok, changed := holds(), p.shop.changed
		p.shop.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-late:
			return fmt.Errorf("%s within %v", otherwise, within)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// appendEvent adds what a person says, or an event of a type that nobody knows. The caller holds mu.
func (s *shop) appendEvent(typ protocol.Type, told bool) {
	if typ != "" {
		s.append(typ, map[string]bool{"new": true}, told)
		return
	}
	s.append(protocol.TypeMessageCreated, protocol.MessageCreated{MessageID: uuid.NewString(), Role: protocol.RoleAgent, State: protocol.StateComplete,
		Text: fmt.Sprintf("This is number %d.", len(s.log)+1), Author: "Ada"}, told)
}

// resume waits for the next session.resume and looks where the client stands.
func (p *player) resume(ctx context.Context, want wantedResume) error {
	within := patience
	if want.WithinMS > 0 {
		within = milliseconds(want.WithinMS)
	}
	var got resumed
	var ended time.Time
	err := p.until(ctx, within, "it does not resume", func() bool {
		if len(p.shop.resumes) <= p.seen {
			return false
		}
		got, ended = p.shop.resumes[p.seen], p.shop.ended
		return true
	})
	if err != nil {
		return err
	}
	p.seen++
	position := protocol.SessionResume{}
	if want.Position != nil {
		position = *want.Position
	}
	if got.position != position {
		return fmt.Errorf("it resumes from %+v, not from %+v", got.position, position)
	}
	if least := milliseconds(want.AfterMS); least > 0 && got.at.Sub(ended) < least-slack {
		return fmt.Errorf("it comes back after %v, earlier than %v", got.at.Sub(ended).Round(time.Millisecond), least)
	}
	if want.Way != "" && got.way != want.Way {
		return fmt.Errorf("it comes by %s, not by %s", got.way, want.Way)
	}
	return nil
}

// end ends the line and waits until it has; where there is none, there is nothing to do.
func (p *player) end(ctx context.Context, how func(l *line)) error {
	// What was said is on its way: a cut would take it with it.
	if err := pause(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	p.shop.mu.Lock()
	l := p.shop.line
	p.shop.mu.Unlock()
	if l == nil {
		return nil
	}
	how(l)
	return p.until(ctx, patience, "its line does not end", func() bool { return p.shop.line != l })
}

func (p *player) sent(ctx context.Context, want wantedSent) error {
	times := func() (n int, ids []string) {
		for _, f := range p.shop.sent {
			if f.text == want.Text {
				n++
				if !slices.Contains(ids, f.id) {
					ids = append(ids, f.id)
				}
			}
		}
		return n, ids
	}
	err := p.until(ctx, patience, fmt.Sprintf("%q does not come for the %d. time", want.Text, want.Times), func() bool {
		n, _ := times()
		return n >= want.Times
	})
	if err != nil {
		return err
	}
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	if n, ids := times(); n != want.Times || len(ids) != 1 {
		return fmt.Errorf("%q came %d times under %d names, not %d times under one", want.Text, n, len(ids), want.Times)
	}
	return nil
}

func (p *player) order(want []string) error {
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	var got []string
	for _, f := range p.shop.sent {
		if !slices.Contains(got, f.text) {
			got = append(got, f.text)
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("sent in the order %q, not %q", got, want)
	}
	return nil
}

// reported asks, until it is so or too late, what the client has handed on since its log began.
func (p *player) reported(ctx context.Context, want []int64) error {
	// What it has too much may be gone in a moment, when a reset arrives.
	const tooMuch = 2 * time.Second
	began, fit := time.Now(), time.Now()
	for {
		r, err := p.kit.tell(ctx, command{Do: "report", Point: p.point})
		if err != nil {
			return err
		}
		var got []int64
		for _, e := range r.Events {
			switch {
			case e.Type == protocol.TypeSessionOpened, e.Type == protocol.TypeSessionReset:
				got = nil
			case e.Seq > 0 && e.Type != "future.happened": // handing on what one does not know is as good as not
				got = append(got, e.Seq)
			}
		}
		if slices.Equal(got, want) {
			return nil
		}
		if len(got) <= len(want) {
			fit = time.Now()
		}
		if time.Since(fit) > tooMuch || time.Since(began) > patience {
			return fmt.Errorf("it has handed on %v, not %v", got, want)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *player) waitsGrew() error {
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	at := p.shop.refusals
	const least = 3
	if len(at) < least {
		return fmt.Errorf("it asked %d times while the server could not be reached, too seldom to tell", len(at))
	}
	first, last := at[1].Sub(at[0]), at[len(at)-1].Sub(at[len(at)-2])
	if last <= first {
		return fmt.Errorf("the last wait, %v, was no longer than the first, %v", last, first)
	}
	return nil
}

// away waits and looks whether the client stays away.
func (p *player) away(ctx context.Context, d time.Duration) error {
	p.shop.mu.Lock()
	before := p.shop.asked
	p.shop.mu.Unlock()
	if err := pause(ctx, d); err != nil {
		return err
	}
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	if p.shop.asked != before || p.shop.line != nil {
		return errors.New("it comes back")
	}
	return nil
}

// beginsAnew looks that the client does not go on with a session that is gone.
func (p *player) beginsAnew(ctx context.Context, d time.Duration) error {
	if err := pause(ctx, d); err != nil {
		return err
	}
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	for _, r := range p.shop.resumes[p.seen:] {
		if p.shop.gone[r.session] || r.position != (protocol.SessionResume{}) {
			return fmt.Errorf("it resumes a session that is gone, from %+v", r.position)
		}
	}
	return nil
}
