package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// customer is one conversation. What it is shown is kept.
type customer struct {
	*client.Client
	load   *load
	name   string
	random *rand.Rand
	// asks is true for one who only asks the assistant, so that answers are being written at all times.
	asks bool

	mu    sync.Mutex
	owner protocol.Owner
	// view are the logged events as they came, as frames; resets counts how often history broke off.
	view   []string
	resets int
	acked  []told
	// refused says of a message that was refused for good, which nothing here should be.
	refused []string
}

// visit opens a conversation, on each replica in turn.
func (l *load) visit(ctx context.Context, i int) (*customer, error) {
	door := l.s.replicas[i%len(l.s.replicas)].url
	dialling, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c, err := client.Dial(dialling, door, client.Options{Locale: shop.English})
	if err != nil {
		return nil, err
	}
	const oneIn = 10
	k := &customer{Client: c, load: l, name: fmt.Sprint("customer ", i), owner: protocol.OwnerAssistant, asks: i%oneIn == oneIn-1,
		random: rand.New(rand.NewPCG(l.s.c.Seed, uint64(i)))}
	events := c.Events()
	l.all.Go(func() {
		for e := range events {
			k.see(e)
		}
	})
	return k, nil
}

// see keeps what the client was shown.
func (k *customer) see(e client.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch d := e.Body.(type) {
	case *protocol.SessionState:
		k.owner = d.Owner
		if e.Type == protocol.TypeSessionReset {
			k.resets++
			k.view = nil
		}
	case *protocol.HandoffQueued:
		k.owner = protocol.OwnerQueued
	case *protocol.HandoffChanged:
		k.owner = d.Owner
	}
	if e.Seq > 0 {
		frame, err := e.Encode()
		if err != nil {
			frame = []byte(err.Error())
		}
		k.view = append(k.view, string(frame))
	}
}

func (k *customer) has() protocol.Owner {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.owner
}

// talk goes on until ctx ends: most of it is with a person.
func (k *customer) talk(ctx context.Context) {
	for n := 0; k.load.rest(ctx) == nil; n++ {
		switch owner := k.has(); {
		case k.random.IntN(60) == 0:
			k.Drop() // as a phone does in a lift
		case k.asks && owner == protocol.OwnerAssistant:
			k.say(ctx, []string{"a kettle", "有没有鼠标", "running shoes under 40 dollars"}[k.random.IntN(3)])
		case owner == protocol.OwnerAgent:
			k.say(ctx, phrase(k.random, k.name, n))
		case owner == protocol.OwnerQueued && k.random.IntN(12) > 0:
			// It waits for its turn.
		case owner == protocol.OwnerResolved, owner == protocol.OwnerQueued:
			k.say(ctx, "thanks, bye")
		case k.random.IntN(3) == 0:
			k.say(ctx, []string{"a kettle", "有没有鼠标", "running shoes under 40 dollars"}[k.random.IntN(3)])
		case k.random.IntN(2) == 0:
			k.say(ctx, "let me talk to a human")
		default:
			_ = k.Frame(protocol.TypeHandoffRequest, protocol.HandoffRequest{}, "") //nolint:errcheck // it asks again
		}
		if doze(ctx, k.random, 600*time.Millisecond) != nil {
			return
		}
	}
}

// say sends one message until it is acknowledged.
func (k *customer) say(ctx context.Context, text string) {
	ack, err := k.Send(ctx, text)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil:
		k.acked = append(k.acked, told{session: k.Credentials().Session, clientMsgID: ack.ClientMsgID, messageID: ack.MessageID, text: text, seq: ack.Seq})
		k.load.acked.Add(1)
	case ctx.Err() == nil && k.Err() == nil:
		k.refused = append(k.refused, fmt.Sprintf("%q: %v", text, err))
	}
}
