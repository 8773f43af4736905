package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"
)

// resumes measures how long a device takes to have a session of 200 messages again, from session.resume to the last.
func (s *shop) resumes(ctx context.Context, n int) (quantiles, error) {
	const messages = 200
	customer, o, err := s.come(ctx, 0, func(*line, []byte) {})
	if err != nil {
		return quantiles{}, err
	}
	a := s.agents[0]
	if _, err := s.ask(ctx, customer, a, o.Session); err != nil {
		return quantiles{}, err
	}
	path := s.url + "/console/api/conversations/" + o.Session
	if _, _, err := call(ctx, 0, http.MethodPost, path+"/claim", `{"owner_epoch":1}`, a.header); err != nil {
		return quantiles{}, err
	}
	for i := range messages {
		if _, _, err := call(ctx, i, http.MethodPost, path+"/messages", fmt.Sprintf(`{"client_msg_id":"r%d","text":"message %d of a long conversation about shoes"}`, i, i), a.header); err != nil {
			return quantiles{}, err
		}
	}
	last := fmt.Appendf(nil, `message %d of a long`, messages-1)
	var took []float64
	for i := range n {
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

// handoffs measures how long a request for a person takes to the console.
func (s *shop) handoffs(ctx context.Context, n int) (quantiles, error) {
	var took []float64
	for i := range n {
		customer, o, err := s.come(ctx, i, func(*line, []byte) {})
		if err != nil {
			return quantiles{}, err
		}
		d, err := s.ask(ctx, customer, s.agents[i%len(s.agents)], o.Session)
		if err != nil {
			return quantiles{}, err
		}
		took = append(took, float64(d.Microseconds())/1000)
		customer.conn.Close()
	}
	return quantilesOf(took), nil
}
