package web_test

import (
	"context"
	"sync"
	"testing"

	"floorwalker/desk"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
)

// suggests is an assistant's suggestions: what it was asked last, and one product.
type suggests struct {
	mu    sync.Mutex
	asked shop.Turn
}

func (s *suggests) Suggest(_ context.Context, turn shop.Turn) (shop.Cards, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = turn
	return shop.Cards{Cards: []shop.Card{{Position: 1, SKU: "S1", Title: "Trail shoe", Why: []string{}}}}, nil
}

func TestProductsAreSuggestedForAConversationToWhoMaySeeIt(t *testing.T) {
	s := &suggests{}
	far := desk.Agent{ID: "far", Name: "Far", Capacity: 1, Queues: []string{"elsewhere"}}
	f := openFloor(t, floorSetup{agents: []desk.Agent{far}, parts: func(p *web.Parts) { p.Suggestions = s }})
	v := f.customer(0)
	v.say("red shoes")
	v.until(protocol.TypeMessageCompleted)
	v.say("a person please")
	v.until(protocol.TypeHandoffQueued)
	kim := f.sit(0, "kim")
	kim.claim(kim.waits(v.session(), "queued"))
	v.say("or blue ones?")
	v.until(protocol.TypeMessageCreated)
	kim.reply(v.session(), "1", "Let me see")
	var got struct{ Cards []shop.Card }
	if code := kim.call("GET", "conversations/"+v.session()+"/suggestions", nil, &got); code != 200 || len(got.Cards) != 1 || got.Cards[0].SKU != "S1" {
		t.Fatalf("%d %+v", code, got)
	}
	if s.asked.SessionID != v.session() || s.asked.Customer != v.session() || s.asked.Verified || s.asked.Text != "or blue ones?" ||
		s.asked.State.Need.Product != "red shoes" || s.asked.Platform != shop.PlatformWeb {
		t.Errorf("asked for %+v", s.asked)
	}
	if code := f.logIn(0, "far").call("GET", "conversations/"+v.session()+"/suggestions", nil, nil); code != 403 {
		t.Errorf("an agent without a right to the conversation is answered %d", code)
	}
}
