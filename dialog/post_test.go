package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestAConversationArrivesInOrder(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	r.quiet(20 * time.Millisecond) // the replay is through, so pieces come as they are said
	ack := d.post("c1", "  red shoes ")
	r.until(protocol.TypeMessageCompleted)

	want := []protocol.Type{protocol.TypeSessionOpened, protocol.TypeMessageCreated, protocol.TypeMessageCreated,
		protocol.TypeRecommendationsShown, protocol.TypeMessageDelta, protocol.TypeMessageDelta, protocol.TypeMessageDelta,
		protocol.TypeMessageCompleted}
	if diff := cmp.Diff(want, r.view.types); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if ack.Seq != 1 || ack.ClientMsgID != "c1" || ack.MessageID == "" || ack.ReplyID == "" {
		t.Errorf("acknowledgement: %+v", ack)
	}
	if got := r.view.texts[ack.ReplyID]; got != "You said: red shoes" {
		t.Errorf("answer %q", got)
	}
	if got := r.view.states[ack.ReplyID]; got != protocol.StateComplete {
		t.Errorf("state %q", got)
	}
}

func TestARetryGetsTheFirstAcknowledgementAndRunsNothing(t *testing.T) {
	var turns sync.Map
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		n, _ := turns.LoadOrStore(turn.Text, new(int))
		*n.(*int)++
		return echo(ctx, turn, out)
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	first := d.post("c1", "hello")
	r.until(protocol.TypeMessageCompleted)
	for range 3 {
		if diff := cmp.Diff(first, d.post("c1", "hello ")); diff != "" {
			t.Errorf("acknowledgement of the retry (-first +retry):\n%s", diff)
		}
	}
	r.quiet(300 * time.Millisecond)
	if n, _ := turns.Load("hello"); *n.(*int) != 1 {
		t.Errorf("the assistant was asked %d times", *n.(*int))
	}
	_, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c1", Text: "something else"})
	if !errors.Is(err, dialog.ErrConflict) {
		t.Errorf("another text under the same id: %v", err)
	}
	if code, _ := shop.CodeOf(err); code != protocol.CodeDuplicateConflict {
		t.Errorf("code %q", code)
	}
}

func TestRetriesAtTheSameTimeWriteOneMessage(t *testing.T) {
	pool := pgtest.New(t)
	a, b := start(t, pool, echo, dialog.Options{}), start(t, pool, echo, dialog.Options{})
	a.open()
	b.session = a.session
	const n = 20
	acks := make([]protocol.Acknowledgement, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { acks[i] = []*desk{a, b}[i%2].post("same", "hello") })
	}
	wg.Wait()
	for _, ack := range acks {
		if ack != acks[0] {
			t.Fatalf("two acknowledgements: %+v and %+v", acks[0], ack)
		}
	}
	a.attach(dialog.Position{}).until(protocol.TypeMessageCompleted)
	check(t, pool, a.session)
}

func TestManyWritersLeaveNoGapOverTwoManagers(t *testing.T) {
	pool := pgtest.New(t)
	slow := script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		time.Sleep(time.Millisecond)
		return echo(ctx, turn, out)
	})
	// The readers begin to read when all is written.
	o := dialog.Options{MaxPending: 1000, MaxQueue: 1000, PollEvery: 50 * time.Millisecond}
	a, b := start(t, pool, slow, o), start(t, pool, slow, o)
	a.open()
	b.session = a.session
	ra, rb := a.attach(dialog.Position{}), b.attach(dialog.Position{})
	const n = 40
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { []*desk{a, b}[i%2].post(fmt.Sprintf("c%d", i), fmt.Sprintf("message %d", i)) })
		wg.Go(func() {
			if err := []*desk{b, a}[i%2].CartChanged(t.Context(), a.session, shop.Cart{Lines: []shop.CartLine{}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range []*reader{ra, rb} {
		for done := 0; done < n; {
			if r.next().Type == protocol.TypeMessageCompleted {
				done++
			}
		}
	}
	if diff := cmp.Diff(ra.view.events, rb.view.events); diff != "" {
		t.Errorf("two replicas show different logs:\n%s", diff)
	}
	check(t, pool, a.session)
	same(t, pool, a.session, ra.view)
}

func TestQuestionsAreAnsweredInTheirOrder(t *testing.T) {
	hold := make(chan struct{})
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		select {
		case <-hold:
		case <-t.Context().Done():
		}
		return echo(ctx, turn, out)
	}), dialog.Options{MaxPending: 3})
	d.open()
	r := d.attach(dialog.Position{})
	d.post("c0", "q0")
	for range 2 {
		r.until(protocol.TypeMessageCreated)
	}
	var want []string
	for i := 1; i <= 3; i++ {
		want = append(want, d.post(fmt.Sprintf("c%d", i), fmt.Sprintf("q%d", i)).ReplyID)
	}
	_, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c4", Text: "one too many"})
	if !errors.Is(err, dialog.ErrBusy) {
		t.Errorf("the fourth waiting question: %v", err)
	}
	if again := d.post("c2", "q2"); again.ReplyID != want[1] {
		t.Error("a retry is not answered while the session is busy")
	}
	close(hold)
	r.until(protocol.TypeMessageCompleted)
	var got []string
	for range want {
		got = append(got, read[protocol.MessageCompleted](t, r.until(protocol.TypeMessageCompleted)).MessageID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers in another order:\n%s", diff)
	}
	if again := d.post("c4", "one too many"); again.ReplyID == "" {
		t.Error("what was refused as busy can be sent again")
	}
}

func TestTheStateOfATurnIsThereInTheNext(t *testing.T) {
	var seen [][]string
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		seen = append(seen, append(turn.State.History, turn.State.Rejected...))
		return outcome(turn), out.Say(ctx, "ok")
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	d.post("c1", "shoes")
	r.until(protocol.TypeMessageCompleted)
	for range 2 {
		if err := d.Decline(t.Context(), d.session, protocol.CardDecline{SKU: "S9"}); err != nil {
			t.Fatal(err)
		}
	}
	d.post("c2", "cheaper")
	r.until(protocol.TypeMessageCompleted)
	if diff := cmp.Diff([][]string{nil, {"shoes", "S9"}}, seen); diff != "" {
		t.Errorf("what the assistant knew (-want +got):\n%s", diff)
	}
	declined := 0
	for _, typ := range r.view.types {
		if typ == protocol.TypeCardDeclined {
			declined++
		}
	}
	if declined != 1 {
		t.Errorf("card.declined came %d times", declined)
	}
}

func TestATurnKnowsThePageThatTheCustomerIsOn(t *testing.T) {
	pages := make(chan shop.Page, 2)
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		pages <- turn.Page
		return echo(ctx, turn, out)
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	for _, page := range []shop.Page{{Product: "S1", Title: "Trail shoe"}, {}} {
		if err := d.SetPage(t.Context(), d.session, page); err != nil {
			t.Fatal(err)
		}
		d.post("on-"+page.Product, "how much is this?")
		r.until(protocol.TypeMessageCompleted)
		if got := <-pages; got != page {
			t.Errorf("the turn knows %+v, the customer is on %+v", got, page)
		}
	}
	if err := d.SetPage(t.Context(), "nobody's", shop.Page{}); !errors.Is(err, dialog.ErrNoSession) {
		t.Errorf("the page of a session that is none: %v", err)
	}
}

func TestTheLastMessageIsWrittenAnew(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	writing := make(chan struct{})
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		mu.Lock()
		asked = append(asked, strings.Join(append(slices.Clone(turn.State.History), turn.Text), " > "))
		mu.Unlock()
		if strings.HasPrefix(turn.Text, "slow") {
			writing <- struct{}{}
			<-ctx.Done()
			return outcome(turn), ctx.Err()
		}
		return echo(ctx, turn, out)
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	replace := func(id, text, replaced string) (protocol.Acknowledgement, error) {
		return d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: id, Text: text, Replaces: replaced})
	}
	first := d.post("c1", "tents")
	r.until(protocol.TypeMessageCompleted)
	second := d.post("c2", "slow rucksack")
	<-writing
	if _, err := replace("c3", "backpack", second.MessageID); !errors.Is(err, dialog.ErrAnswering) {
		t.Errorf("while it is answered: %v", err)
	}
	if err := d.Interrupt(t.Context(), d.session, second.ReplyID); err != nil {
		t.Fatal(err)
	}
	r.until(protocol.TypeMessageCompleted)
	if _, err := replace("c3", "backpack", first.MessageID); !errors.Is(err, dialog.ErrTooLate) {
		t.Errorf("an earlier message: %v", err)
	}
	third, err := replace("c3", "backpack", second.MessageID)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := replace("c3", "backpack", second.MessageID); err != nil || again != third {
		t.Errorf("a retry got %+v, %v", again, err)
	}
	replaced := r.until(protocol.TypeMessageReplaced)
	var data protocol.MessageReplaced
	if err := replaced.Into(&data); err != nil || data.MessageID != second.MessageID || data.ReplyID != second.ReplyID || replaced.Seq != third.Seq-1 {
		t.Errorf("%+v at %d before %d, %v", data, replaced.Seq, third.Seq, err)
	}
	r.until(protocol.TypeMessageCompleted)
	// The same question again is another answer to it.
	if _, err := replace("c4", "backpack", third.MessageID); err != nil {
		t.Fatal(err)
	}
	r.until(protocol.TypeMessageCompleted)
	d.post("c5", "in red")
	r.until(protocol.TypeMessageCompleted)
	mu.Lock()
	defer mu.Unlock()
	want := []string{"tents", "tents > slow rucksack", "tents > backpack", "tents > backpack", "tents > backpack > in red"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("what the assistant remembered (-want +got):\n%s", diff)
	}
	check(t, d.pool, d.session)
}

func TestAMessageThatAPersonAnsweredStays(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	ack := d.post("c1", "tents")
	r.until(protocol.TypeMessageCompleted)
	now, err := d.Session(t.Context(), d.session)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ChangeOwner(t.Context(), d.session, dialog.OwnerChange{To: protocol.OwnerAgent, Agent: "Kim", From: now.OwnerEpoch}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "c2", Text: "boots", Replaces: ack.MessageID}); !errors.Is(err, dialog.ErrTooLate) {
		t.Errorf("while a person has the conversation: %v", err)
	}
}

func TestWhatCantBePostedSaysWhy(t *testing.T) {
	d := start(t, pgtest.New(t), echo, dialog.Options{MaxText: 10})
	d.open()
	for name, c := range map[string]struct {
		session string
		r       dialog.PostRequest
		code    string
	}{
		"a session that does not exist": {"00000000-0000-4000-8000-000000000000", dialog.PostRequest{ClientMsgID: "a", Text: "x"}, shop.CodeNotFound},
		"a session that can't be":       {"' OR 1=1", dialog.PostRequest{ClientMsgID: "a", Text: "x"}, shop.CodeNotFound},
		"no client_msg_id":              {d.session, dialog.PostRequest{Text: "x"}, protocol.CodeBadField},
		"a client_msg_id with a space":  {d.session, dialog.PostRequest{ClientMsgID: "a b", Text: "x"}, protocol.CodeBadField},
		"empty text":                    {d.session, dialog.PostRequest{ClientMsgID: "a", Text: " \n\x00 "}, protocol.CodeBadField},
		"text that is too long":         {d.session, dialog.PostRequest{ClientMsgID: "a", Text: strings.Repeat("很", 11)}, shop.CodeTooLarge},
		"text that is not UTF-8":        {d.session, dialog.PostRequest{ClientMsgID: "a", Text: "\xff\xfe"}, protocol.CodeBadUTF8},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Post(t.Context(), c.session, c.r)
			if code, sentence := shop.CodeOf(err); code != c.code || !strings.HasSuffix(sentence, ".") {
				t.Errorf("got %q %q, want code %q", code, sentence, c.code)
			}
		})
	}
	if s, err := d.Session(t.Context(), d.session); err != nil || s.Seq != 0 {
		t.Errorf("refused messages left %d events, %v", s.Seq, err)
	}
}

func TestEveryUnicodeTextComesBackAsItWas(t *testing.T) {
	texts := []string{"红色的跑步鞋 300元以下", "👟👩‍👩‍👧‍👦 zero\u200dwidth", "combining e\u0301 and \u202eright-to-left", "quotes \" \\ / <b>&amp;</b>",
		"line one\nline two\ttab", "a\u2028b\u2029c", "\U0010ffff"}
	d := start(t, pgtest.New(t), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		for i := range len(turn.Text) { // one byte at a time, so that code points come in pieces
			if err := out.Say(ctx, turn.Text[i:i+1]); err != nil {
				return shop.Outcome{}, err
			}
		}
		return outcome(turn), nil
	}), dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	r.quiet(20 * time.Millisecond) // the replay is through, so pieces come as they are said
	for i, text := range texts {
		ack := d.post(fmt.Sprint("c", i), text)
		deltas, ended := "", false
		for !ended {
			env := r.next()
			if env.Type == protocol.TypeMessageDelta {
				deltas += read[protocol.MessageDelta](t, env).Text
			}
			ended = env.Type == protocol.TypeMessageCompleted
		}
		if got := r.view.texts[ack.ReplyID]; got != text || deltas != text {
			t.Errorf("%q came back as %q, in pieces as %q", text, got, deltas)
		}
	}
	same(t, d.pool, d.session, r.view)
}
