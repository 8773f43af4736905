package retrieval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"floorwalker/shop"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Subjects by which the shop's own systems change single products. A put carries a product in the import format,
// a delete {"sku": …}.
//
// The first two are requests: the reply is a SubjectReply, sent after the commit, when the next search sees the
// change. The last two are a queue in JetStream: the publisher's acknowledgement says that the change is kept,
// and it is applied in the order of publishing, also after an outage; what can't be applied because the product
// is bad is told on SubjectRejected.
const (
	SubjectPut         = "floorwalker.products.put"
	SubjectDelete      = "floorwalker.products.delete"
	SubjectQueuePut    = "floorwalker.products.queue.put"
	SubjectQueueDelete = "floorwalker.products.queue.delete"
	SubjectRejected    = "floorwalker.products.rejected"
)

// SubjectReply answers a change.
type SubjectReply struct {
	OK      bool   `json:"ok"`
	SKU     string `json:"sku,omitempty"`
	Version int64  `json:"version,omitempty"`
	// Code and Message say what to mend when OK is false.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

const (
	subjectQueue   = "floorwalker-products"
	productStream  = "FLOORWALKER_PRODUCTS"
	subjectTimeout = 30 * time.Second
	// subjectRetry is how long a change that failed for reasons of ours waits, and a queue that can't be reached.
	subjectRetry = 2 * time.Second
)

// Serve takes changes from NATS until ctx ends. Of several replicas one gets each change. Without JetStream the
// requests alone are served.
func (s *Store) Serve(ctx context.Context, nc *nats.Conn) error {
	requests := make(chan *nats.Msg, 256)
	var subscriptions []*nats.Subscription
	defer func() {
		for _, sub := range subscriptions {
			_ = sub.Unsubscribe() // the connection may be gone already
		}
	}()
	for _, subject := range []string{SubjectPut, SubjectDelete} {
		sub, err := nc.ChanQueueSubscribe(subject, subjectQueue, requests)
		if err != nil {
			return fmt.Errorf("subscribe to %s: %w", subject, err)
		}
		subscriptions = append(subscriptions, sub)
	}
	queued := make(chan struct{})
	go func() {
		defer close(queued)
		s.serveQueue(ctx, nc)
	}()
	defer func() { <-queued }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m := <-requests:
			reply, err := s.change(ctx, m.Subject, m.Data)
			if err != nil {
				s.o.Logger.ErrorContext(ctx, "product change failed", "subject", m.Subject, "error", err)
			}
			if m.Reply != "" {
				_ = m.Respond(encodeReply(reply)) // a requester that is gone asks again
			}
		}
	}
}

// change applies one change. The error is one of ours, worth another try; the reply holds it too.
func (s *Store) change(ctx context.Context, subject string, data []byte) (SubjectReply, error) {
	ctx, cancel := context.WithTimeout(ctx, subjectTimeout)
	defer cancel()
	reply := SubjectReply{}
	var err error
	if strings.HasSuffix(subject, ".put") {
		var p shop.Product
		if p, err = jsonProduct(data, ImportOptions{}); err != nil {
			err = shop.Errorf(CodeInvalidProduct, "%s", rowReason(err))
		} else {
			p, err = s.Put(ctx, p)
		}
		reply.SKU, reply.Version = p.SKU, p.Version
	} else {
		var named struct {
			SKU string `json:"sku"`
		}
		if json.Unmarshal(data, &named) != nil || named.SKU == "" {
			err = shop.Errorf(CodeInvalidProduct, `A delete is {"sku": "…"}.`)
		} else {
			err = s.Delete(ctx, named.SKU)
		}
		reply.SKU = named.SKU
	}
	if err == nil {
		reply.OK = true
		return reply, nil
	}
	reply.Code, reply.Message = shop.CodeOf(err)
	if _, told := errors.AsType[*shop.Error](err); told {
		err = nil
	}
	return reply, err
}

func encodeReply(r SubjectReply) []byte {
	text, err := json.Marshal(r)
	if err != nil { // strings and numbers: can't happen
		return []byte(`{"ok":false,"code":"internal"}`)
	}
	return text
}

// serveQueue works through the JetStream queue; it starts again when the queue was lost.
func (s *Store) serveQueue(ctx context.Context, nc *nats.Conn) {
	told := false
	for ctx.Err() == nil {
		err := s.workQueue(ctx, nc)
		if ctx.Err() != nil {
			return
		}
		if !told {
			s.o.Logger.WarnContext(ctx, "no queue of product changes; requests are served", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(subjectRetry):
		}
	}
}

func (s *Store) workQueue(ctx context.Context, nc *nats.Conn) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	setup, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stream, err := js.CreateOrUpdateStream(setup, jetstream.StreamConfig{Name: productStream, Storage: jetstream.FileStorage,
		Subjects: []string{SubjectQueuePut, SubjectQueueDelete}, Retention: jetstream.WorkQueuePolicy,
		Description: "changes of products that wait to be applied"})
	if err != nil {
		return fmt.Errorf("make the stream of product changes: %w", err)
	}
	// One unacknowledged change at a time keeps their order.
	consumer, err := stream.CreateOrUpdateConsumer(setup, jetstream.ConsumerConfig{Durable: "catalogue", AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: subjectTimeout + 10*time.Second, MaxAckPending: 1})
	if err != nil {
		return fmt.Errorf("make the consumer of product changes: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1))
	if err != nil {
		return fmt.Errorf("read product changes: %w", err)
	}
	stop := context.AfterFunc(ctx, messages.Stop)
	defer func() {
		stop()
		messages.Stop()
	}()
	for {
		m, err := messages.Next()
		if err != nil {
			return fmt.Errorf("read product changes: %w", err)
		}
		if err := s.applyQueued(ctx, nc, m); err != nil {
			return err
		}
	}
}

// applyQueued applies one queued change and acknowledges it. A change that failed for reasons of ours comes again,
// and nothing overtakes it.
func (s *Store) applyQueued(ctx context.Context, nc *nats.Conn, m jetstream.Msg) error {
	reply, err := s.change(ctx, m.Subject(), m.Data())
	if err != nil {
		s.o.Logger.ErrorContext(ctx, "queued product change failed, trying again", "subject", m.Subject(), "sku", reply.SKU, "error", err)
		return m.NakWithDelay(subjectRetry)
	}
	// Deleting what is gone already is done: the change may have come twice.
	if !reply.OK && (reply.Code != shop.CodeNotFound) {
		s.o.Logger.WarnContext(ctx, "queued product change rejected", "subject", m.Subject(), "sku", reply.SKU, "reason", reply.Message)
		if err := nc.Publish(SubjectRejected, encodeReply(reply)); err != nil {
			return fmt.Errorf("tell a rejected product: %w", err)
		}
	}
	return m.Ack()
}
