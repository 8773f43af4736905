package behaviour

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/nats-io/nats.go"
)

// Subject is where the shop's own servers tell what customers did: a request of {"events": […]} whose reply, a
// SubjectReply, comes after the commit. Without a reply, or with one of code busy or internal, send it again:
// duplicates are known.
const Subject = "floorwalker.events"

// SubjectReply answers a batch.
type SubjectReply struct {
	OK bool `json:"ok"`
	Receipt
	// Code and Message say what to do when OK is false.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

const (
	subjectQueue   = "floorwalker-events"
	subjectTimeout = 30 * time.Second
	// subjectWaiting is how many batches wait for this process; NATS drops more, and their senders get no reply.
	subjectWaiting = 64
)

// Serve takes events from NATS until ctx ends. Of several replicas one gets each batch.
func (l *Log) Serve(ctx context.Context, nc *nats.Conn) error {
	batches := make(chan *nats.Msg, subjectWaiting)
	sub, err := nc.ChanQueueSubscribe(Subject, subjectQueue, batches)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", Subject, err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // the connection may be gone already
	for {
		select {
		case <-ctx.Done():
			return nil
		case m := <-batches:
			reply := l.take(ctx, m.Data)
			if m.Reply == "" {
				continue
			}
			raw, err := json.Marshal(reply)
			if err != nil {
				return fmt.Errorf("write a reply: %w", err)
			}
			_ = m.Respond(raw) // a sender that is gone sends again
		}
	}
}

// take keeps one batch of the shop's own servers.
func (l *Log) take(ctx context.Context, data []byte) SubjectReply {
	ctx, cancel := context.WithTimeout(ctx, subjectTimeout)
	defer cancel()
	var batch struct {
		Events []Event `json:"events"`
	}
	err := json.Unmarshal(data, &batch)
	if err != nil {
		err = shop.Errorf(shop.CodeBadRequest, `A batch is {"events": […]} with timestamps in RFC 3339.`)
	}
	for i := range batch.Events {
		batch.Events[i].Trusted = true
	}
	reply := SubjectReply{OK: true}
	if err == nil {
		reply.Receipt, err = l.Add(ctx, batch.Events)
	}
	if err != nil {
		reply.OK = false
		reply.Code, reply.Message = shop.CodeOf(err)
		if reply.Code == shop.CodeInternal {
			l.o.Logger.ErrorContext(ctx, "events not kept", "error", err)
		}
	}
	return reply
}
