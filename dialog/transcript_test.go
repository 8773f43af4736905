package dialog_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

// go test ./dialog -run Transcript -update
var update = flag.Bool("update", false, "write the transcript into docs/protocol.md")

// tape plays a client over one manager and writes down every frame.
type tape struct {
	d     *desk
	sub   *dialog.Subscription
	clock *atomic.Int64
	lines strings.Builder
	epoch string
	seq   int64
}

func (p *tape) note(arrow string, env protocol.Envelope) {
	p.d.t.Helper()
	frame, err := env.Encode()
	if err != nil {
		p.d.t.Fatal(err)
	}
	p.lines.WriteString(arrow + " " + string(frame) + "\n")
}

// say sends one frame as a socket would: through the decoder, to the manager, with the answer written down.
func (p *tape) say(frame string) {
	t := p.d.t
	t.Helper()
	p.clock.Add(1000)
	p.lines.WriteString("→ " + frame + "\n")
	env, data, err := protocol.DecodeClient([]byte(frame))
	now := time.UnixMilli(p.clock.Add(12))
	if err != nil {
		p.note("←", protocol.ErrorEnvelope(err, env, now))
		return
	}
	switch data := data.(type) {
	case *protocol.SessionResume:
		if p.sub, err = p.d.Attach(t.Context(), p.d.session, dialog.Position{Epoch: data.Epoch, Seq: data.Seq}); err == nil {
			t.Cleanup(p.sub.Close)
		}
	case *protocol.MessageSend:
		var ack protocol.Acknowledgement
		ack, err = p.d.Post(t.Context(), p.d.session, dialog.PostRequest{ClientMsgID: env.ClientMsgID, Text: data.Text, Locale: data.Locale})
		if err == nil {
			p.note("←", protocol.AcceptedEnvelope(ack, p.d.session, now))
		}
	default:
		t.Fatalf("the tape plays no %s", env.Type)
	}
	if err != nil {
		p.note("←", protocol.ErrorEnvelope(err, env, now))
	}
}

// hear writes down what comes up to and with the type.
func (p *tape) hear(typ protocol.Type) {
	t := p.d.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		env, err := p.sub.Next(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v", typ, err)
		}
		p.note("←", env)
		if p.epoch, p.seq = env.Epoch, max(p.seq, env.Seq); env.Type == typ {
			return
		}
	}
}

func (p *tape) remark(text string) { p.lines.WriteString("\n" + text + "\n") }

// TestTranscript plays the conversation that docs/protocol.md shows.
func TestTranscript(t *testing.T) {
	clock := &atomic.Int64{}
	clock.Store(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	words := make(chan string)
	assistant := script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		o := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English, Parser: "local"}, State: turn.State,
			Trace: shop.Trace{Parser: "local", Answerer: "llm", Ranker: "blend-1", Stages: []shop.Stage{{Name: "parse", Micros: 3100},
				{Name: "search", Micros: 21400}, {Name: "rank", Micros: 61800}, {Name: "first_card", Micros: 88900}}}}
		if strings.Contains(turn.Text, "person") {
			o.Parse.Intent, o.Handoff = shop.IntentHandoff, &shop.HandoffRequest{Reason: "customer_asked"}
			o.Trace = shop.Trace{Parser: "local", Answerer: "template", TemplateShare: 1, Stages: []shop.Stage{{Name: "parse", Micros: 2900}}}
		} else {
			max80 := 80.0
			o.Parse.Slots = shop.Slots{Product: "running shoes", PriceMax: &max80, Currency: "USD"}
			limit := shop.Money{Minor: 8000, Currency: "USD"}
			err := out.Show(ctx, shop.Cards{RankingID: "rk-1", Model: "blend-1", Filter: shop.Filter{PriceMax: &limit}, Cards: []shop.Card{{
				Position: 1, SKU: "SHOE-7", Version: 3, Title: "Trail Runner", Price: shop.Money{Minor: 7499, Currency: "USD"},
				PriceText: "$74.99", Stock: 12, Rating: 4.5, Why: []string{"Matches running shoes", "Within $80"}}}})
			if err != nil {
				return o, err
			}
		}
		for {
			select {
			case word := <-words:
				if word == "" {
					return o, nil
				}
				if err := out.Say(ctx, word); err != nil {
					return o, err
				}
			case <-ctx.Done():
				return o, ctx.Err()
			}
		}
	})
	d := start(t, pgtest.New(t), assistant, dialog.Options{Replica: "a", Random: rand.NewChaCha8([32]byte{1}),
		Now: func() time.Time { return time.UnixMilli(clock.Load()) }})
	d.open()
	p := &tape{d: d, clock: clock}
	say := func(word string) {
		clock.Add(40)
		select {
		case words <- word:
		case <-time.After(patience):
			t.Fatalf("nobody says %q: the answer has ended", word)
		}
	}

	p.remark("The page knows nothing yet.")
	p.say(`{"v":1,"type":"session.resume","data":{}}`)
	p.hear(protocol.TypeSessionOpened)
	p.remark("The customer asks. Cards come first, then words.")
	p.say(`{"v":1,"type":"message.send","client_msg_id":"9b2e-1","data":{"text":"running shoes under 80 dollars","locale":"en"}}`)
	p.hear(protocol.TypeRecommendationsShown)
	say("The Trail Runner ")
	p.hear(protocol.TypeMessageDelta)
	p.remark("The line breaks here; more is said meanwhile. The page comes back with its position, and retries the message that it is not sure of.")
	// Before the old line goes the new one is there, so the grace for absent readers plays no part.
	old := p.sub
	say("costs $74.99")
	if env, err := old.Next(t.Context()); err != nil || env.Type != protocol.TypeMessageDelta {
		t.Fatalf("%s, %v", env.Type, err)
	}
	p.say(`{"v":1,"type":"session.resume","data":{"epoch":"` + p.epoch + `","seq":3}}`)
	old.Close()
	p.hear(protocol.TypeMessageDelta)
	p.say(`{"v":1,"type":"message.send","client_msg_id":"9b2e-1","data":{"text":"running shoes under 80 dollars","locale":"en"}}`)
	say(", within your limit.")
	p.hear(protocol.TypeMessageDelta)
	say("")
	p.hear(protocol.TypeMessageCompleted)
	p.remark("What can't be done is told, and the connection lives.")
	p.say(`{"v":1,"type":"message.send","client_msg_id":"9b2e-2","data":{"text":"  "}}`)
	p.remark("A person is asked for.")
	p.say(`{"v":1,"type":"message.send","client_msg_id":"9b2e-3","data":{"text":"I want to talk to a person"}}`)
	p.hear(protocol.TypeMessageCreated)
	p.hear(protocol.TypeMessageCreated)
	say("I have asked a colleague to join us.")
	p.hear(protocol.TypeMessageDelta)
	say("")
	p.hear(protocol.TypeHandoffQueued)

	const document, begin, end = "../docs/protocol.md", "<!-- generated: transcript -->\n", "<!-- end: transcript -->"
	want := "```\n" + strings.TrimPrefix(p.lines.String(), "\n") + "```\n"
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), begin)
	got, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no transcript", document)
	}
	if *update {
		if err := os.WriteFile(document, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the transcript is old; run go test ./dialog -run Transcript -update (-played +written):\n%s", diff)
	}
}
