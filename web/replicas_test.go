package web_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web/webtest"
)

// talkative never stops by itself, and does not hear that it should: what it says too late must be dropped.
var talkative = webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	o := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State}
	if turn.Text != "tell me everything" {
		return o, out.Say(ctx, "You said: "+turn.Text)
	}
	deaf := context.WithoutCancel(ctx)
	for {
		if err := out.Say(deaf, "and so on, "); err != nil {
			return o, err
		}
		if err := ctx.Err(); err != nil {
			return o, errors.Join(err, out.Say(deaf, "one more thing"))
		}
		time.Sleep(10 * time.Millisecond)
	}
})

// The customer is on one replica, the agent on another; between them are PostgreSQL and an external NATS.
func TestCustomerAndAgentOnDifferentReplicas(t *testing.T) {
	f := openFloor(t, floorSetup{servers: 2, assistant: talkative})
	v, s := f.customer(0), f.sit(1, "kim")
	v.say("hello")
	v.until(protocol.TypeMessageCompleted)
	if err := v.Frame(protocol.TypeHandoffRequest, protocol.HandoffRequest{}, ""); err != nil {
		t.Fatal(err)
	}
	c := s.waits(v.session(), "queued")
	s.frame(protocol.TypeSessionResume, c.Session, protocol.SessionResume{})
	s.until(protocol.TypeSessionOpened)

	// The claim comes while the assistant writes on the other replica.
	v.say("tell me everything")
	writing := readInto[protocol.MessageDelta](t, v.until(protocol.TypeMessageDelta)).MessageID
	s.until(protocol.TypeMessageDelta, func(env protocol.Envelope) bool {
		return readInto[protocol.MessageDelta](t, env).MessageID == writing
	})
	claimed := s.claim(c)
	ended := readInto[protocol.MessageCompleted](t, v.until(protocol.TypeMessageCompleted))
	if ended.MessageID != writing || ended.State != protocol.StateInterrupted || ended.Reason != "taken_over" {
		t.Errorf("the answer ended as %+v", ended)
	}
	if told := readInto[protocol.HandoffChanged](t, v.until(protocol.TypeHandoffClaimed)); told.OwnerEpoch != claimed.OwnerEpoch || told.Agent != "Kim" {
		t.Errorf("the customer is told %+v", told)
	}

	// From here on no word of the old owner's reaches anybody.
	s.reply(c.Session, "r1", "Hello, I am Kim.")
	v.until(protocol.TypeMessageCreated, func(env protocol.Envelope) bool {
		return readInto[protocol.MessageCreated](t, env).Author == "Kim"
	})
	quiet := time.After(500 * time.Millisecond)
	for silent := false; !silent; {
		select {
		case e := <-v.Events():
			if e.Type == protocol.TypeMessageDelta || e.Type == protocol.TypeMessageCompleted {
				t.Errorf("after the claim: %s %s", e.Type, e.Data)
			}
		case <-quiet:
			silent = true
		}
	}
	var text string
	f.pool.get(t, `SELECT text FROM messages WHERE id = $1`, []any{writing}, &text)
	if strings.Contains(text, "one more thing") {
		t.Errorf("the late words are stored: %q", text)
	}

	// Typing goes both ways, and what the customer writes arrives.
	if err := v.Frame(protocol.TypeTypingStart, protocol.TypingStart{}, ""); err != nil {
		t.Fatal(err)
	}
	s.until(protocol.TypeTypingStarted, func(env protocol.Envelope) bool {
		return readInto[protocol.Typing](t, env).Role == protocol.RoleCustomer
	})
	s.frame(protocol.TypeTypingStart, c.Session, protocol.TypingStart{})
	v.until(protocol.TypeTypingStarted, func(env protocol.Envelope) bool {
		return readInto[protocol.Typing](t, env).Name == "Kim"
	})
	v.say("is it blue?")
	s.until(protocol.TypeMessageCreated, func(env protocol.Envelope) bool {
		return readInto[protocol.MessageCreated](t, env).Text == "is it blue?"
	})

	// The customer goes over to the agent's replica and misses nothing.
	at := v.Position()
	v.Close()
	s.reply(c.Session, "r2", "It is, and it is in stock.")
	moved, err := client.Dial(within(t, 10*time.Second), f.servers[1].url, client.Options{Origin: pageOrigin, Credentials: v.Credentials(), Position: client.Position(at)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { moved.Close() })
	if state := moved.State(); state.Owner != protocol.OwnerAgent || state.Agent != "Kim" || state.From != at.Seq+1 || state.Seq != at.Seq+1 {
		t.Errorf("it goes on with %+v after %d", state, at.Seq)
	}

	// Given back, the assistant answers again.
	s.do("POST", "conversations/"+c.Session+"/release", map[string]any{"note": "all said"}, nil)
	s.waits(c.Session, "released")
	reply, err := moved.Ask(within(t, 10*time.Second), "thanks")
	if err != nil || reply.Text != "You said: thanks" {
		t.Errorf("the assistant says %q, %v", reply.Text, err)
	}
}

// A replica that stops gives nothing away: its agent's console comes back on the other one and still has the conversation.
func TestAConversationOutlivesTheReplicaOfItsAgent(t *testing.T) {
	f := openFloor(t, floorSetup{servers: 2})
	v, s := f.customer(0), f.sit(1, "kim")
	v.Events()
	v.say("a person please")
	c := s.claim(s.waits(v.session(), "queued"))
	s.reply(c.Session, "r1", "Hello.")
	f.servers[1].stop()
	other := f.sit(0, "kim")
	other.reply(c.Session, "r2", "I am still here.")
	v.until(protocol.TypeMessageCreated, func(env protocol.Envelope) bool {
		return readInto[protocol.MessageCreated](t, env).Text == "I am still here."
	})
	if again := other.reply(c.Session, "r1", "Hello."); again.Seq == 0 {
		t.Errorf("the retry on the other replica got %+v", again)
	}
	var rows int
	f.pool.get(t, `SELECT count(*) FROM messages WHERE session_id = $1 AND role = 'agent'`, []any{c.Session}, &rows)
	if rows != 2 {
		t.Errorf("%d rows for two messages", rows)
	}
}
