package client

import (
	"context"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"
)

// Reply is one answer as it arrived.
type Reply struct {
	// Ack is the acknowledgement of the question.
	Ack protocol.Acknowledgement
	// Shown are the lists of cards, in their order.
	Shown []protocol.RecommendationsShown
	// Text is the whole answer.
	Text string
	// Completed is its final state, with intent, slots, cited articles and trace; nil where a person answers.
	Completed *protocol.MessageCompleted
	// Cart is what the cart holds when the answer is complete.
	Cart shop.Cart
	// Acked, FirstCard, FirstToken and Done are the times from sending the question; zero for what never came.
	Acked, FirstCard, FirstToken, Done time.Duration

	sentAt, ackAt, cardAt, tokenAt, doneAt time.Time
	done                                   chan struct{}
	finished                               bool
}

// Cards are the products shown, over all lists.
func (r *Reply) Cards() []shop.Card {
	var all []shop.Card
	for _, list := range r.Shown {
		all = append(all, list.Cards.Cards...)
	}
	return all
}

func (r *Reply) finish() {
	if !r.finished {
		r.finished = true
		close(r.done)
	}
}

// keptReplies is how many answers are remembered for who may still ask for them.
const keptReplies = 256

// Ask sends a message and waits for its answer's final state. Where a person has the conversation, it returns
// after the acknowledgement, without an answer.
func (c *Client) Ask(ctx context.Context, text string) (Reply, error) {
	ack, p, err := c.send(ctx, protocol.MessageSend{Text: text})
	if err != nil {
		return Reply{}, err
	}
	acked := c.o.Now()
	if ack.ReplyID == "" {
		return Reply{Ack: ack, Acked: acked.Sub(p.sent), Cart: c.Cart()}, nil
	}
	c.mu.Lock()
	r := c.reply(ack.ReplyID)
	c.mu.Unlock()
	select {
	case <-r.done:
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Completed == nil {
		return Reply{}, context.Cause(c.ctx)
	}
	out := *r
	out.Ack, out.sentAt, out.ackAt = ack, p.sent, acked
	since := func(at time.Time) time.Duration {
		if at.IsZero() {
			return 0
		}
		return at.Sub(p.sent)
	}
	out.Acked, out.FirstCard, out.FirstToken, out.Done = since(acked), since(r.cardAt), since(r.tokenAt), since(r.doneAt)
	return out, nil
}

// reply finds or begins the record of an answer. The caller holds mu.
func (c *Client) reply(messageID string) *Reply {
	if r := c.replies[messageID]; r != nil {
		return r
	}
	if len(c.order) >= keptReplies {
		delete(c.replies, c.order[0])
		c.order = c.order[1:]
	}
	r := &Reply{done: make(chan struct{})}
	if c.ctx.Err() != nil {
		r.finish()
	}
	c.replies[messageID] = r
	c.order = append(c.order, messageID)
	return r
}

// apply keeps what an event says. It returns the messages to send again. The caller holds mu.
func (c *Client) apply(e Event) (resend []*pending) {
	switch d := e.Body.(type) {
	case *protocol.SessionState:
		return c.resume(e, d)
	case *protocol.Acknowledgement:
		c.settle(d.ClientMsgID, acknowledged{ack: *d})
	case *protocol.Error:
		if d.ClientMsgID != "" {
			c.settle(d.ClientMsgID, acknowledged{err: &shop.Error{Code: d.Code, Message: d.Message}})
		}
	case *protocol.RecommendationsShown:
		r := c.reply(d.MessageID)
		if r.cardAt.IsZero() {
			r.cardAt = e.At
		}
		r.Shown = append(r.Shown, *d)
	case *protocol.MessageDelta:
		if r := c.reply(d.MessageID); r.tokenAt.IsZero() && d.Text != "" {
			r.tokenAt = e.At
		}
	case *protocol.MessageCompleted:
		r := c.reply(d.MessageID)
		r.Completed, r.Text, r.doneAt = d, d.Text, e.At
		if r.tokenAt.IsZero() && d.Text != "" {
			r.tokenAt = e.At // a quick answer may come whole, without a delta before it
		}
		if c.cart != nil {
			r.Cart = *c.cart
		}
		r.finish()
	case *protocol.CartUpdated:
		c.cart = &d.Cart
	}
	return nil
}

func (c *Client) resume(e Event, d *protocol.SessionState) []*pending {
	if e.Type != protocol.TypeSessionResumed {
		c.at.Seq = d.From - 1
		for _, r := range c.replies {
			r.Shown = nil
		}
	}
	c.at.Epoch, c.state, c.resumed = d.Epoch, *d, true
	if d.Cart != nil {
		c.cart = d.Cart
	}
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
	return append([]*pending(nil), c.pending...)
}

func (c *Client) settle(id string, a acknowledged) {
	for _, p := range c.pending {
		if p.id == id {
			select {
			case p.answer <- a:
			default: // an answer waits there already
			}
			return
		}
	}
}
