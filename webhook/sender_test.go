package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/webhook"

	"github.com/jackc/pgx/v5/pgxpool"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The embedded PostgreSQL lives until the test process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

var (
	secret   = webhook.SecretOf([]byte("a secret of thirty-two bytes, ok"))
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
)

// try is one request that the receiver got.
type try struct {
	at     time.Time
	header http.Header
	body   []byte
}

// receiver is the shop's own server. reply says how it answers the n-th request, from 0.
type receiver struct {
	*httptest.Server
	reply func(n int, w http.ResponseWriter)
	mu    sync.Mutex
	got   []try
}

func receive(t *testing.T, reply func(n int, w http.ResponseWriter)) *receiver {
	r := &receiver{reply: reply}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		n := len(r.got)
		r.got = append(r.got, try{time.Now(), request.Header.Clone(), body})
		r.mu.Unlock()
		if r.reply != nil {
			r.reply(n, w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) tries() []try { r.mu.Lock(); defer r.mu.Unlock(); return append([]try{}, r.got...) }

// desk is a shop where a person answers.
type desk struct {
	t       *testing.T
	pool    *pgxpool.Pool
	outbox  *webhook.Outbox
	manager *dialog.Manager
	session string
}

type silent struct{}

func (silent) Answer(_ context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State}, out.Say(context.Background(), "Here it is.")
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	pool := pgtest.New(t)
	outbox := webhook.NewOutbox(pool, 50*time.Millisecond)
	d := &desk{t: t, pool: pool, outbox: outbox, manager: dialog.NewManager(pool, silent{}, dialog.Options{Push: outbox})}
	o, err := d.manager.Open(t.Context(), dialog.OpenRequest{Lang: shop.English})
	if err != nil {
		t.Fatal(err)
	}
	d.session = o.SessionID
	return d
}

// claim gives the conversation to a person.
func (d *desk) claim() *desk {
	d.t.Helper()
	if _, err := d.manager.ChangeOwner(d.t.Context(), d.session, dialog.OwnerChange{From: 1, To: protocol.OwnerAgent, Agent: "Ada"}); err != nil {
		d.t.Fatal(err)
	}
	return d
}

func (d *desk) say(id, text string) protocol.Acknowledgement {
	d.t.Helper()
	ack, err := d.manager.PostPerson(d.t.Context(), d.session, dialog.PersonPost{ClientMsgID: id, Text: text, Author: "Ada"})
	if err != nil {
		d.t.Fatal(err)
	}
	return ack
}

// send runs a sender until the test ends.
func (d *desk) send(r *receiver, change func(o *webhook.Options)) {
	d.t.Helper()
	o := webhook.Options{URL: r.URL + "/push", Secret: secret, Allow: loopback, Every: 20 * time.Millisecond, FirstRetry: 40 * time.Millisecond,
		Timeout: 300 * time.Millisecond, Doubt: 300 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	s, err := webhook.NewSender(d.outbox, d.manager, o)
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	d.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			d.t.Errorf("send: %v", err)
		}
	})
}

// states waits until all deliveries have ended and returns them, the oldest first.
func (d *desk) states(n int) []webhook.Delivery {
	d.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		all, err := d.outbox.List(d.t.Context(), "", 100)
		if err != nil {
			d.t.Fatal(err)
		}
		waiting := false
		for _, one := range all {
			waiting = waiting || one.State == webhook.StateWaiting
		}
		if len(all) == n && !waiting {
			for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
				all[i], all[j] = all[j], all[i]
			}
			return all
		}
		if time.Now().After(end) {
			d.t.Fatalf("%d deliveries have not ended: %+v", n, all)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// verified is the event of a request whose signature holds.
func verified(t *testing.T, got try) (e protocol.WebhookEvent) {
	t.Helper()
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := check.Verify(got.body, got.header); err != nil {
		t.Errorf("the signature: %v", err)
	}
	if err := json.Unmarshal(got.body, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAMessageToACustomerWhoIsAwayIsPostedSigned(t *testing.T) {
	d, r := openDesk(t).claim(), receive(t, nil)
	ack := d.say("one", "Your parcel is on its way. "+strings.Repeat("路", 2000))
	d.send(r, nil)
	if got := d.states(1)[0]; got.State != webhook.StateSent || got.Attempts != 1 {
		t.Errorf("%+v", got)
	}
	tries := r.tries()
	if len(tries) != 1 {
		t.Fatalf("posted %d times", len(tries))
	}
	e := verified(t, tries[0])
	if e.Type != protocol.TypeMessageCreated || e.Data.Session != d.session || e.Data.MessageID != ack.MessageID || e.Data.Seq != ack.Seq ||
		e.Data.Role != protocol.RoleAgent || e.Data.Author != "Ada" || e.Data.Epoch == "" || len([]rune(e.Data.Text)) != 1000 || e.Timestamp.IsZero() {
		t.Errorf("%+v", e)
	}
	forged := append([]byte{}, tries[0].body...)
	forged[len(forged)/2] ^= 1
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil || check.Verify(forged, tries[0].header) == nil {
		t.Errorf("a changed body passes, %v", err)
	}
}

func TestARetryKeepsItsIDAndWaitsGrow(t *testing.T) {
	d := openDesk(t).claim()
	r := receive(t, func(n int, w http.ResponseWriter) {
		switch n {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1: // the line breaks
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		case 2: // too late
			time.Sleep(600 * time.Millisecond)
		case 3:
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		}
	})
	d.say("one", "Hello?")
	d.send(r, nil)
	if got := d.states(1)[0]; got.State != webhook.StateSent || got.Attempts != 5 {
		t.Errorf("%+v", got)
	}
	tries := r.tries()
	if len(tries) != 5 {
		t.Fatalf("posted %d times", len(tries))
	}
	for _, one := range tries {
		verified(t, one)
		if id := one.header.Get(standardwebhooks.HeaderWebhookID); id != tries[0].header.Get(standardwebhooks.HeaderWebhookID) || !strings.HasPrefix(id, "msg_") {
			t.Errorf("delivery %q", id)
		}
	}
	if first, last := tries[1].at.Sub(tries[0].at), tries[4].at.Sub(tries[3].at); last <= first {
		t.Errorf("the first wait was %v, the last %v", first, last)
	}
}

func TestWhatIsRefusedTooOftenIsDeadUntilItIsReplayed(t *testing.T) {
	d := openDesk(t).claim()
	var open sync.Map
	r := receive(t, func(_ int, w http.ResponseWriter) {
		if _, ok := open.Load("now"); !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	d.say("one", "Hello?")
	d.send(r, func(o *webhook.Options) { o.MaxAttempts = 3 })
	dead := d.states(1)[0]
	if dead.State != webhook.StateDead || dead.Attempts != 3 || dead.LastError != "the receiver answered 503" {
		t.Fatalf("%+v", dead)
	}
	time.Sleep(200 * time.Millisecond)
	if n := len(r.tries()); n != 3 {
		t.Errorf("posted %d times", n)
	}
	open.Store("now", true)
	if n, err := d.outbox.Replay(t.Context(), nil); n != 1 || err != nil {
		t.Fatalf("replayed %d, %v", n, err)
	}
	if got := d.states(1)[0]; got.State != webhook.StateSent || got.ID != dead.ID {
		t.Errorf("%+v", got)
	}
	tries := r.tries()
	if first, last := tries[0].header.Get(standardwebhooks.HeaderWebhookID), tries[len(tries)-1].header.Get(standardwebhooks.HeaderWebhookID); len(tries) != 4 || first != last {
		t.Errorf("%d tries, %s and %s", len(tries), first, last)
	}
	// One that was sent can be named.
	if n, err := d.outbox.Replay(t.Context(), []string{dead.ID}); n != 1 || err != nil {
		t.Errorf("replayed %d, %v", n, err)
	}
	d.states(1)
	if n := len(r.tries()); n != 5 {
		t.Errorf("posted %d times", n)
	}
}

func TestAReceiverThatIsGoneIsNotTriedAgain(t *testing.T) {
	d := openDesk(t).claim()
	r := receive(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusGone) })
	d.say("one", "Hello?")
	d.send(r, nil)
	if got := d.states(1)[0]; got.State != webhook.StateDead || got.Attempts != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhoIsConnectedIsNotPushed(t *testing.T) {
	d, r := openDesk(t).claim(), receive(t, nil)
	there, err := d.manager.Attach(t.Context(), d.session, dialog.Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	read := d.say("one", "Hello?")
	if err := d.manager.Read(t.Context(), d.session, protocol.RoleCustomer, read.Seq); err != nil {
		t.Fatal(err)
	}
	d.say("two", "Are you there?")
	d.send(r, nil)
	for i, got := range d.states(2) {
		if got.State != webhook.StateSeen || got.Doubted != (i == 1) {
			t.Errorf("%+v", got)
		}
	}
	if n := len(r.tries()); n != 0 {
		t.Errorf("posted %d times", n)
	}
}

func TestALineThatWasDeadWithoutAWordIsPushedInTheEnd(t *testing.T) {
	d, r := openDesk(t).claim(), receive(t, nil)
	there, err := d.manager.Attach(t.Context(), d.session, dialog.Position{})
	if err != nil {
		t.Fatal(err)
	}
	d.say("one", "Hello?")
	d.send(r, nil)
	time.Sleep(200 * time.Millisecond) // the first look is over
	there.Close()
	if got := d.states(1)[0]; got.State != webhook.StateSent || !got.Doubted {
		t.Errorf("%+v", got)
	}
}

func TestAnAnswerThatNobodyHeardIsPushed(t *testing.T) {
	d, r := openDesk(t), receive(t, nil)
	running, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- d.manager.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	if _, err := d.manager.Post(t.Context(), d.session, dialog.PostRequest{ClientMsgID: "q", Text: "a kettle"}); err != nil {
		t.Fatal(err)
	}
	d.send(r, nil)
	if got := d.states(1)[0]; got.State != webhook.StateSent {
		t.Errorf("%+v", got)
	}
	if e := verified(t, r.tries()[0]); e.Data.Role != protocol.RoleAssistant || e.Data.Text != "Here it is." {
		t.Errorf("%+v", e)
	}
}

func TestADeliveryIsWrittenWithItsMessageOrNotAtAll(t *testing.T) {
	d := openDesk(t)
	if _, err := d.manager.PostPerson(t.Context(), d.session, dialog.PersonPost{ClientMsgID: "one", Text: "Hello?"}); !errors.Is(err, dialog.ErrOwnerChanged) {
		t.Fatal(err)
	}
	if all, err := d.outbox.List(t.Context(), "", 9); err != nil || len(all) != 0 {
		t.Errorf("a message that was refused left %+v, %v", all, err)
	}
	d.claim()
	d.say("one", "Hello?")
	d.say("one", "Hello?")
	if all, err := d.outbox.List(t.Context(), webhook.StateWaiting, 9); err != nil || len(all) != 1 {
		t.Errorf("a message and its retry left %+v, %v", all, err)
	}
	if _, err := d.pool.Exec(t.Context(), `DELETE FROM sessions`); err != nil {
		t.Fatal(err)
	}
	if all, err := d.outbox.List(t.Context(), "", 9); err != nil || len(all) != 0 {
		t.Errorf("a session that was erased left %+v, %v", all, err)
	}
}

func TestSendersShareTheWork(t *testing.T) {
	d, r := openDesk(t).claim(), receive(t, func(int, http.ResponseWriter) { time.Sleep(5 * time.Millisecond) })
	const messages = 60
	for i := range messages {
		d.say(strings.Repeat("m", i+1), "Hello?")
	}
	d.send(r, nil)
	d.send(r, nil)
	d.send(r, nil)
	d.states(messages)
	ids := map[string]int{}
	for _, one := range r.tries() {
		ids[one.header.Get(standardwebhooks.HeaderWebhookID)]++
	}
	if len(ids) != messages || len(r.tries()) != messages {
		t.Errorf("%d messages were posted %d times", len(ids), len(r.tries()))
	}
}

func TestAClockThatIsOffIsNoticedByTheReceiver(t *testing.T) {
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		off  time.Duration
		want error
	}{"four minutes early": {-4 * time.Minute, nil}, "four minutes late": {4 * time.Minute, nil},
		"three hours early": {-3 * time.Hour, standardwebhooks.ErrMessageTooOld}, "three hours late": {3 * time.Hour, standardwebhooks.ErrMessageTooNew}} {
		t.Run(name, func(t *testing.T) {
			d, r := openDesk(t).claim(), receive(t, nil)
			d.say("one", "Hello?")
			d.send(r, func(o *webhook.Options) { o.Now = func() time.Time { return time.Now().Add(test.off) } })
			d.states(1)
			if got := check.Verify(r.tries()[0].body, r.tries()[0].header); !errors.Is(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
