package agent_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"floorwalker/agent"
	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
	"floorwalker/agent/understanding"
	"floorwalker/shop"
)

// obedient is a writer that says what an attacker would want to hear.
type obedient struct{ prompts []string }

func (*obedient) Up() bool { return true }

func (o *obedient) Write(_ context.Context, system string, lines []string, each func(string) error) error {
	o.prompts = append(o.prompts, system+"\n"+strings.Join(lines, "\n"))
	for _, piece := range []string{"APPROVED! Your 90", "% discount applied. Everything is fr", "ee. The pass", "word is hunter2. [1] costs $0.00 now. ", "您的订单免费，打一折。", "The system prompt says hello."} {
		if err := each(piece); err != nil {
			return err
		}
	}
	return nil
}

// withModel gives the shop a model that answers by the script.
func withModel(t *testing.T, s *testShop, replies ...ollamatest.Reply) *ollamatest.Server {
	t.Helper()
	return withBudget(t, s, nil, replies...)
}

// withBudget is withModel where the budget says who may ask it.
func withBudget(t *testing.T, s *testShop, budget llm.Budget, replies ...ollamatest.Reply) *ollamatest.Server {
	t.Helper()
	server := ollamatest.New(t, "smollm2")
	client, err := llm.New(server.URL, "smollm2", llm.Options{ProbeDown: 5 * time.Millisecond, ProbeUp: 20 * time.Millisecond,
		FirstToken: 300 * time.Millisecond, NextToken: 300 * time.Millisecond, Rest: 50 * time.Millisecond, Budget: budget})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	wait(t, "the model", client.Up)
	server.Script(replies...)
	s.parts.Writer = modelWriter{client}
	return server
}

var _ agent.Writer = modelWriter{}

func testTheModelWordsTheAnswerAroundTheServersFacts(t *testing.T, s *testShop) {
	server := withModel(t, s)
	c := s.customer(t)

	t.Run("its words, our facts", func(t *testing.T) {
		server.Script(ollamatest.Reply{Text: "Have a look at these [1] for [2]. The closest match is [3]."})
		c.says("wireless mouse").wantSome("mou-1 mou-4")
		c.wantText(`Have a look at these 2 products for "wireless mouse". The closest match is ` + c.first() + ".")
		if tr := c.outcome.Trace; tr.Answerer != "llm" || tr.TemplateShare != 0 || tr.Removed != 0 {
			t.Errorf("trace %+v", tr)
		}
	})
	t.Run("the prompt begins alike for every answer, and holds nothing that the customer or a listing says", func(t *testing.T) {
		server.Script(ollamatest.Reply{Text: "Here are [1]."}, ollamatest.Reply{Text: "Here are [1]."})
		c.says("a mouse called rosebud")
		c.says("backpacks please")
		all := server.Requests()
		a, b := all[len(all)-2].Prompt(), all[len(all)-1].Prompt()
		if before := func(p string) string { return p[:strings.LastIndex(p, "Draft: ")] }; before(a) != before(b) {
			t.Errorf("the prompts differ before the draft:\n%s\n%s", a, b)
		}
		for _, word := range []string{"rosebud", "mouse", "backpack", "$", "Orin"} {
			if strings.Contains(a+b, word) {
				t.Errorf("%q is in the prompt", word)
			}
		}
	})
	t.Run("what it invents is taken out, what it leaves out is said by template", func(t *testing.T) {
		server.Script(ollamatest.Reply{Text: "Here are [1] for [2]. The Acme Turbo costs just $9.99 today."})
		c.says("wireless mouse").wantText(`Here are 2 products for "wireless mouse".`).wantNoText("Acme", "9.99")
		c.wantText(c.first())
		if tr := c.outcome.Trace; tr.Removed != 1 || tr.TemplateShare <= 0 || tr.TemplateShare >= 1 {
			t.Errorf("trace %+v", tr)
		}
	})
	t.Run("a small model is held to plain words", func(t *testing.T) {
		server.Script(ollamatest.Reply{Text: "Here are [1] for [2]. They are waterproof and not dangerous."})
		c.says("wireless mouse").wantNoText("waterproof", "dangerous")
	})
	t.Run("nonsense becomes the draft", func(t *testing.T) {
		server.Script(ollamatest.Reply{Text: "Lorem ipsum dolor. Sit amet 12. Foo $5. Bar 90%. Baz."})
		c.says("wireless mouse").wantNoText("lorem", "ipsum", "90%")
		c.wantText(c.first())
		if tr := c.outcome.Trace; tr.Answerer != "template" || tr.TemplateShare == 0 {
			t.Errorf("trace %+v", tr)
		}
	})
	t.Run("an answer without end is ended", func(t *testing.T) {
		server.Script(ollamatest.Reply{Text: "This is fine. ", Endless: true})
		c.says("wireless mouse")
		c.wantText(c.first())
		wait(t, "the server to be left", func() bool { return server.Cancelled() > 0 })
	})
	t.Run("Chinese is beyond this model", func(t *testing.T) {
		asked := len(server.Requests())
		c.says("无线鼠标").wantText("为您", "这里")
		if len(server.Requests()) != asked {
			t.Error("the model was asked")
		}
	})
}

func testWithoutTheModelTheDraftAnswers(t *testing.T, s *testShop) {
	s.config.FirstWord = 150 * time.Millisecond
	server := withModel(t, s)
	for name, reply := range map[string]ollamatest.Reply{
		"it hangs": {Hang: true}, "it is late": {Text: "Here you go.", First: time.Second}, "it refuses": {Status: 503, Text: "busy"}, "it breaks off": {Text: "Here are [1] for", Cut: true},
		"it answers garbage": {Raw: "\x00\xff<html>\n"}, "it stops in the middle": {Text: "Here are [1] for [2]. The closest", Pause: 400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			server.Script(reply)
			c := s.customer(t)
			began := time.Now()
			c.says("wireless mouse").wantSome("mou-1 mou-4")
			c.wantText(c.first())
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			time.Sleep(60 * time.Millisecond) // the breaker's rest
		})
	}
	t.Run("it goes away", func(t *testing.T) {
		server.SetDown(true)
		c := s.customer(t)
		c.says("wireless mouse")
		c.wantText(c.first())
	})
}

func testACustomerWhoLeavesStopsTheModel(t *testing.T, s *testShop) {
	server := withModel(t, s, ollamatest.Reply{Text: "Here are some more words ", Pause: 10 * time.Millisecond, Endless: true})
	ctx, leave := context.WithCancel(t.Context())
	c := s.customer(t)
	c.agent = agent.New(s.parts, s.config)
	left := make(chan struct{})
	go func() {
		defer close(left)
		defer leave()
		// Once the model is at it: on a busy machine that takes its time.
		for end := time.Now().Add(20 * time.Second); len(server.Requests()) == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		}
		time.Sleep(100 * time.Millisecond)
	}()
	err := c.try(ctx, "wireless mouse")
	<-left
	if err == nil {
		t.Error("the turn went on")
	}
	began := time.Now()
	wait(t, "the server to be left", func() bool { return server.Cancelled() == 1 })
	if took := time.Since(began); took > time.Second {
		t.Errorf("the model worked on for %s", took)
	}
	if c.state.Lang != shop.Lang("") {
		t.Error("the state moved though the turn was stopped")
	}
}

// spent is a budget of which nothing is left for one customer.
type spent struct{ who string }

func (s spent) Left(_ context.Context, p llm.Payer) (bool, error) { return p.Customer != s.who, nil }
func (s spent) Spend(context.Context, llm.Payer, int) error       { return nil }

func testWhoUsedUpTheModelIsServedWithoutIt(t *testing.T, s *testShop) {
	server := withBudget(t, s, spent{"ann"})
	c, other := s.customer(t), s.customer(t)
	c.name, other.name = "ann", "bob"
	c.says("wireless mouse").wantSome("mou-1 mou-4")
	if tr := c.outcome.Trace; tr.Answerer != "template" || len(server.Requests()) != 0 {
		t.Errorf("trace %+v, the model was asked %d times", tr, len(server.Requests()))
	}
	server.Script(ollamatest.Reply{Text: "Have a look at these [1] for [2]. The closest match is [3]."})
	if other.says("wireless mouse"); other.outcome.Trace.Answerer != "llm" {
		t.Errorf("another customer: %+v", other.outcome.Trace)
	}
}

func testNoPromptTellsWhoACustomerIs(t *testing.T, s *testShop) {
	server := withModel(t, s)
	asked, err := understanding.NewLLM(s.parts.Writer.(modelWriter).Client, nil)
	if err != nil {
		t.Fatal(err)
	}
	local := s.parts.Parser
	defer func() { s.parts.Parser = local }()
	s.parts.Parser = understanding.NewAuto(local.(*understanding.Local), asked, 2)
	server.Answer(func(ollamatest.Request) ollamatest.Reply {
		return ollamatest.Reply{Text: `{"intent":"search","product":"mouse"}`}
	})
	c := s.customer(t)
	c.says("a wireless mouse for ann@example.com, my phone is 138 1234 5678")
	c.says("no, one that I can pay by 4111 1111 1111 1111")
	var all string
	for _, r := range server.Requests() {
		all += r.Prompt()
	}
	for _, secret := range []string{"example.com", "1234 5678", "4111"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands in a prompt:\n%s", secret, all)
		}
	}
	for _, kept := range []string{"wireless mouse", "[email]", "[phone]", "[card]"} {
		if !strings.Contains(all, kept) {
			t.Errorf("%q stands in no prompt", kept)
		}
	}
}
