package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"
)

// peer is the chat over centrifuge.
type peer struct {
	*process
	agents []*line
	post   *post
}

func openPeer(ctx context.Context) (*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &peer{post: newPost()}
	p.process, err = start(ctx, "", self, "chat")
	return p, err
}

// join connects and subscribes to the channels.
func (p *peer) join(ctx context.Context, each func(*line, []byte), channels ...string) (*line, error) {
	ready := make(chan struct{}, len(channels)+1)
	l, err := open(ctx, p.url+"/connection/websocket", nil, nil, func(l *line, frame []byte) {
		for _, part := range bytes.Split(frame, []byte("\n")) {
			switch {
			case len(part) == 2: // a ping is an empty object, and so is its answer
				_ = l.say("{}") //nolint:errcheck // a dead line shows elsewhere
			case bytes.HasPrefix(part, []byte(`{"id":1,`)), bytes.HasPrefix(part, []byte(`{"id":2,`)):
				ready <- struct{}{}
			default:
				each(l, part)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	frames := []string{`{"id":1,"connect":{}}`}
	for _, c := range channels {
		frames = append(frames, fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q}}`, c))
	}
	for _, f := range frames {
		if err := l.say(f); err != nil {
			return nil, err
		}
		select {
		case <-ready:
		case <-time.After(20 * time.Second):
			return nil, fmt.Errorf("no answer to %s", f)
		}
	}
	return l, nil
}

func (p *peer) idle(ctx context.Context, i int) error {
	_, err := p.join(ctx, func(*line, []byte) {}, fmt.Sprint("idle-", i))
	return err
}

func (p *peer) pair(ctx context.Context, i int) (*pair, error) {
	const each = 50
	channel := fmt.Sprint("talk-", i)
	heard := func(_ *line, frame []byte) { p.post.arrived(frame) }
	if i%each == 0 {
		var channels []string
		for k := range each {
			channels = append(channels, fmt.Sprint("talk-", i+k))
		}
		agent, err := p.join(ctx, heard, channels...)
		if err != nil {
			return nil, err
		}
		p.agents = append(p.agents, agent)
	}
	agent := p.agents[i/each]
	// Both hear what either says; the first of the two to hear it is the sender itself, so each side's words are
	// listened for at the other only.
	customer, err := p.join(ctx, func(_ *line, frame []byte) {
		if bytes.Contains(frame, []byte("from-agent")) {
			p.post.arrived(frame)
		}
	}, channel)
	if err != nil {
		return nil, err
	}
	publish := func(l *line, who string) func() error {
		return func() error {
			text, n := p.post.write()
			return l.say(fmt.Sprintf(`{"id":%d,"publish":{"channel":%q,"data":{"who":%q,"text":%q}}}`, 10+n, channel, who, text))
		}
	}
	return &pair{publish(customer, "from-customer"), publish(agent, "from-agent")}, nil
}
