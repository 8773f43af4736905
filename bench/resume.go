package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"
)

// alone measures what a customer waits for while nothing goes on but the idle connections.
func (s *shop) alone(ctx context.Context, c *sessionsCmd, r *report) error {
	a, err := s.sit(ctx, "measure")
	if err != nil {
		return err
	}
	defer a.line.conn.Close()
	if r.Handoff, err = s.handoffs(ctx, a, c.Resumes); err != nil {
		return fmt.Errorf("measure handoffs: %w", err)
	}
	say("handoff to the console: %+v ms", r.Handoff)
	if r.Resume, err = s.resumes(ctx, a, c.Resumes); err != nil {
		return fmt.Errorf("measure resumes: %w", err)
	}
	say("resume of 200 messages: %+v ms", r.Resume)
	return nil
}

// conversation makes a session of so many messages of the agent.
func (s *shop) conversation(ctx context.Context, i int, a *seat, messages int, text string) (session, error) {
	customer, o, err := s.come(ctx, i, func(*line, []byte) {})
	if err != nil {
		return o, err
	}
	defer customer.conn.Close()
	if _, err := s.ask(ctx, customer, a, o.Session); err != nil {
		return o, err
	}
	if err := s.act(ctx, i, a, o, "claim", `{"owner_epoch":1}`); err != nil {
		return o, err
	}
	for n := range messages {
		if err := s.act(ctx, n, a, o, "messages", fmt.Sprintf(`{"client_msg_id":"r%d","text":"message %d. %s"}`, n, n, text)); err != nil {
			return o, err
		}
	}
	return o, nil
}

// act does one of the things that an agent does with a conversation.
func (s *shop) act(ctx context.Context, i int, a *seat, o session, what, body string) error {
	_, _, err := call(ctx, i, http.MethodPost, s.url+"/console/api/conversations/"+o.Session+"/"+what, body, a.header)
	return err
}

// resumes measures how long a device takes to have a session of 200 messages again, from session.resume to the last.
func (s *shop) resumes(ctx context.Context, a *seat, n int) (quantiles, error) {
	// each is how often one session is resumed: the server turns away who comes back more often than people do.
	const messages, each = 200, 20
	last := fmt.Appendf(nil, `message %d. It`, messages-1)
	var took []float64
	var o session
	for i := range n {
		if i%each == 0 {
			var err error
			if o, err = s.conversation(ctx, i, a, messages, "It belongs to a long conversation about shoes"); err != nil {
				return quantiles{}, err
			}
		}
		offer, err := s.offer(ctx, i, o)
		if err != nil {
			return quantiles{}, err
		}
		l, err := connect(ctx, s.url+"/ws/app", offer, nil)
		if err != nil {
			return quantiles{}, err
		}
		began := time.Now()
		if err := l.say(resume); err != nil {
			return quantiles{}, err
		}
		for whole := false; !whole; {
			_, frame, err := l.conn.ReadMessage()
			if err != nil {
				return quantiles{}, err
			}
			whole = bytes.Contains(frame, last)
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
		l.conn.Close()
	}
	return quantilesOf(took), nil
}

// handoffs measures how long a request for a person takes to the console. Each is answered and resolved before the next.
func (s *shop) handoffs(ctx context.Context, a *seat, n int) (quantiles, error) {
	var took []float64
	for i := range n {
		customer, o, err := s.come(ctx, i, func(*line, []byte) {})
		if err != nil {
			return quantiles{}, err
		}
		d, err := s.ask(ctx, customer, a, o.Session)
		if err != nil {
			return quantiles{}, err
		}
		took = append(took, float64(d.Microseconds())/1000)
		if err := s.act(ctx, i, a, o, "claim", `{"owner_epoch":1}`); err != nil {
			return quantiles{}, err
		}
		if err := s.act(ctx, i, a, o, "resolve", ""); err != nil {
			return quantiles{}, err
		}
		customer.conn.Close()
	}
	return quantilesOf(took), nil
}
