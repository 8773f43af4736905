package web_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/dialog"
	"floorwalker/privacy"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"

	"github.com/gorilla/websocket"
)

func TestConversationOverTheWire(t *testing.T) {
	c := open(t, setup{})
	for name, o := range map[string]client.Options{"as an app": {}, "as a page": {Origin: pageOrigin, Locale: shop.English}} {
		t.Run(name, func(t *testing.T) {
			k := c.customer(o)
			reply, err := k.Ask(within(t, 10*time.Second), "red shoes")
			if err != nil {
				t.Fatal(err)
			}
			if reply.Text != "You said: red shoes" || len(reply.Cards()) != 1 || reply.Cards()[0].Title != "Trail shoe" {
				t.Errorf("got %q with %d cards", reply.Text, len(reply.Cards()))
			}
			if reply.Completed.State != protocol.StateComplete || reply.Completed.Intent != shop.IntentSearch {
				t.Errorf("ended as %+v", reply.Completed)
			}
			if reply.FirstCard <= 0 || reply.Done < reply.FirstCard || reply.Acked <= 0 {
				t.Errorf("times: acknowledged %v, first card %v, done %v", reply.Acked, reply.FirstCard, reply.Done)
			}
		})
	}
}

func TestBadFramesAreAnsweredAndTheSocketLivesOn(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{BadFrames: 100}}})
	l := c.app()
	big := `{"v":1,"type":"message.send","client_msg_id":"big","data":{"text":"` + strings.Repeat("a", 10<<20) + `"}}`
	deep := `{"v":1,"type":"message.send","client_msg_id":"d","data":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + "}"
	tests := []struct{ name, frame, code, id string }{
		{"not JSON", `hello`, "bad_json", ""},
		{"half of JSON", `{"v":1,"type":"mess`, "bad_json", ""},
		{"an array", `[1,2]`, "bad_json", ""},
		{"invalid UTF-8", "{\"v\":1,\"type\":\"message.send\",\"client_msg_id\":\"u\",\"data\":{\"text\":\"\xff\xfe\"}}", "bad_utf8", ""},
		{"an unknown type", `{"v":1,"type":"message.sent","client_msg_id":"t"}`, "unknown_type", "t"},
		{"a type of the server", `{"v":1,"type":"message.completed","data":{}}`, "unknown_type", ""},
		{"a wrong version", `{"v":9,"type":"ping","client_msg_id":"w"}`, "bad_version", "w"},
		{"no version", `{"type":"ping"}`, "bad_version", ""},
		{"empty text", `{"v":1,"type":"message.send","client_msg_id":"e","data":{"text":" "}}`, "bad_field", "e"},
		{"no client_msg_id", `{"v":1,"type":"message.send","data":{"text":"hi"}}`, "bad_field", ""},
		{"text too long", `{"v":1,"type":"message.send","client_msg_id":"l","data":{"text":"` + strings.Repeat("a", 4001) + `"}}`, "too_large", "l"},
		{"10 MB", big, "too_large", ""},
		{"nested too deep", deep, "too_deep", ""},
		{"data of a wrong type", `{"v":1,"type":"message.send","client_msg_id":"y","data":{"text":7}}`, "bad_json", "y"},
		{"another session", `{"v":1,"type":"message.send","client_msg_id":"o","session":"00000000-0000-4000-8000-000000000000","data":{"text":"hi"}}`, "not_found", "o"},
		{"a second resume", `{"v":1,"type":"session.resume"}`, "bad_request", ""},
		{"a quantity below nothing", `{"v":1,"type":"cart.set","client_msg_id":"q","data":{"sku":"S1","quantity":-1}}`, "bad_field", "q"},
		{"a product that is not", `{"v":1,"type":"cart.set","client_msg_id":"n","data":{"sku":"none","quantity":1}}`, "not_found", "n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l.t = t
			l.say(test.frame)
			e := l.refused()
			if e.Code != test.code || e.ClientMsgID != test.id || !strings.HasSuffix(e.Message, ".") {
				t.Errorf("got %+v, want %s for %q", e, test.code, test.id)
			}
		})
	}
	t.Run("binary", func(t *testing.T) {
		l.t = t
		if err := l.WriteMessage(websocket.BinaryMessage, []byte(`{"v":1,"type":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		if e := l.refused(); e.Code != "bad_json" {
			t.Errorf("got %+v", e)
		}
	})
	l.t = t
	l.say(`{"v":1,"type":"ping"}`)
	l.until(protocol.TypePong)
	l.say(`{"v":1,"type":"message.send","client_msg_id":"fine","data":{"text":"still here"}}`)
	var done protocol.MessageCompleted
	if err := l.until(protocol.TypeMessageCompleted).Into(&done); err != nil || done.Text != "You said: still here" {
		t.Errorf("after all that: %q, %v", done.Text, err)
	}
	var rows int
	if err := c.pool.QueryRow(t.Context(), `SELECT count(*) FROM messages WHERE role = 'customer'`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d messages stored, %v", rows, err)
	}
}

func TestClientThatOnlySendsNonsenseIsClosed(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{BadFrames: 5}}})
	l := c.app()
	for range 5 {
		l.say("nonsense")
	}
	if code, reason := l.closed(); code != 4500 || reason != "bad_protocol" {
		t.Errorf("closed with %d %q", code, reason)
	}
}

func TestMessageLargerThanCanBeReadPastClosesAndTheClientResumes(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{MaxDiscard: 1 << 20}}})
	k := c.customer(client.Options{})
	if _, err := k.Ask(within(t, 10*time.Second), "first"); err != nil {
		t.Fatal(err)
	}
	at := k.Position()
	if err := k.Frame(protocol.TypeMessageSend, protocol.MessageSend{Text: strings.Repeat("a", 3<<20)}, "huge"); err == nil {
		t.Log("the whole message left before the close arrived")
	}
	reply, err := k.Ask(within(t, 20*time.Second), "second")
	if err != nil || reply.Text != "You said: second" {
		t.Fatalf("got %q, %v", reply.Text, err)
	}
	if k.Reconnects() == 0 || reply.Ack.Seq != at.Seq+1 {
		t.Errorf("reconnected %d times; seq went from %d to %d", k.Reconnects(), at.Seq, reply.Ack.Seq)
	}
}

func TestFirstFrameIsResume(t *testing.T) {
	c := open(t, setup{config: web.Config{Times: web.Times{Handshake: 700 * time.Millisecond}}})
	l, _ := c.handshake("/ws/app", c.ticket(c.open()), nil)
	l.say(`{"v":1,"type":"message.send","client_msg_id":"a","data":{"text":"hi"}}`)
	if e := l.refused(); e.Code != "resume_first" {
		t.Errorf("got %+v", e)
	}
	l.say(`{"v":1,"type":"session.resume","data":{"epoch":"x","seq":99}}`)
	l.until(protocol.TypeSessionReset)
	time.Sleep(900 * time.Millisecond)
	l.say(`{"v":1,"type":"ping"}`)
	l.until(protocol.TypePong)

	silent, _ := c.handshake("/ws/app", c.ticket(c.open()), nil)
	if code, reason := silent.closed(); code != 4503 || reason != "not_resumed" {
		t.Errorf("closed with %d %q", code, reason)
	}
}

// away is a session manager that can't reach its database for the first attaches.
type away struct {
	web.Sessions
	left atomic.Int32
	hang time.Duration
}

func (a *away) AttachDevice(ctx context.Context, session string, by dialog.Device, from dialog.Position) (*dialog.Subscription, error) {
	if a.left.Add(-1) >= 0 {
		time.Sleep(a.hang)
		return nil, errors.New("no PostgreSQL")
	}
	return a.Sessions.AttachDevice(ctx, session, by, from)
}

func TestAClientThatMeetsAnOutageAsItResumesComesBack(t *testing.T) {
	for name, hang := range map[string]time.Duration{"an error": 0, "silence": 900 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outage := &away{hang: hang}
			outage.left.Store(1)
			c := open(t, setup{config: web.Config{Times: web.Times{Handshake: 500 * time.Millisecond}},
				parts: func(p *web.Parts) { outage.Sessions, p.Sessions = p.Sessions, outage }})
			l, _ := c.handshake("/ws/app", c.ticket(c.open()), nil)
			l.say(`{"v":1,"type":"session.resume"}`)
			if code, reason := l.closed(); code != protocol.CloseInternal.Code || !strings.Contains(reason, "retry_ms=") {
				t.Errorf("closed with %d %q", code, reason)
			}
			outage.left.Store(1)
			// The advised wait is of up to ten seconds.
			k, err := client.Dial(within(t, 30*time.Second), c.url, client.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer k.Close()
			reply, err := k.Ask(within(t, 20*time.Second), "hello")
			if err != nil || reply.Text != "You said: hello" {
				t.Errorf("got %q, %v", reply.Text, err)
			}
		})
	}
}

func TestPositionInTheFutureIsAnErrorThatCanBeMended(t *testing.T) {
	c := open(t, setup{})
	session := c.open()
	l, _ := c.handshake("/ws/app", c.ticket(session), nil)
	l.say(fmt.Sprintf(`{"v":1,"type":"session.resume","data":{"epoch":%q,"seq":99}}`, session.Epoch))
	if e := l.refused(); e.Code != "position_ahead" {
		t.Fatalf("got %+v", e)
	}
	l.say(`{"v":1,"type":"session.resume"}`)
	l.until(protocol.TypeSessionOpened)
}

func TestPressedTooHardTheServerSaysSo(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{Messages: web.Rate{PerSecond: 0.01, Burst: 2}, Frames: web.Rate{PerSecond: 0.01, Burst: 12}}}})
	l := c.app()
	for i := range 3 {
		l.say(fmt.Sprintf(`{"v":1,"type":"message.send","client_msg_id":"m%d","data":{"text":"hi"}}`, i))
	}
	if e := l.refused(); e.Code != "rate_limited" || e.ClientMsgID != "m2" {
		t.Errorf("got %+v", e)
	}
	for range 200 {
		l.say(`{"v":1,"type":"ping"}`)
	}
	code, reason := l.closed()
	if code != 4101 || !strings.HasPrefix(reason, "rate_limited retry_ms=") {
		t.Errorf("closed with %d %q", code, reason)
	}
}

func TestHalfOpenLineIsGoneByThePongDeadline(t *testing.T) {
	c := open(t, setup{config: web.Config{Times: web.Times{Ping: 100 * time.Millisecond, Pong: 500 * time.Millisecond}}})
	l := c.app()
	l.SetPingHandler(func(string) error { return nil }) // takes pings and never answers
	began := time.Now()
	if code, _ := l.closed(); code != 4001 {
		t.Errorf("closed with %d", code)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	healthy := c.app()
	go func() { time.Sleep(time.Second); healthy.Close() }()
	if _, _, err := healthy.ReadMessage(); err == nil || websocket.IsCloseError(err, 4001) {
		t.Errorf("a client that answers pings was closed: %v", err)
	}
}

func TestSilentAndOldSocketsAreClosedWithAdvice(t *testing.T) {
	c := open(t, setup{config: web.Config{Times: web.Times{Ping: 50 * time.Millisecond, Idle: 300 * time.Millisecond}}})
	if code, reason := c.app().closed(); code != 4001 || !regexp.MustCompile(`^idle retry_ms=\d+$`).MatchString(reason) {
		t.Errorf("closed with %d %q", code, reason)
	}
	c = open(t, setup{config: web.Config{Times: web.Times{MaxAge: 300 * time.Millisecond}}})
	if code, reason := c.app().closed(); code != 4002 || !strings.HasPrefix(reason, "max_age retry_ms=") {
		t.Errorf("closed with %d %q", code, reason)
	}
}

// flood says far more than a socket's buffers hold.
var flood = script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	if turn.Text != "flood" {
		return clerk(ctx, turn, out)
	}
	long := shop.Cards{RankingID: "r", Model: "m", Cards: []shop.Card{{Title: strings.Repeat("long ", 12_000), Why: []string{}}}}
	for range 150 {
		if err := out.Show(ctx, long); err != nil {
			return shop.Outcome{}, err
		}
	}
	return understood(turn), nil
})

func TestSlowReaderIsClosedAndOthersAreNotHeldUp(t *testing.T) {
	c := open(t, setup{assistant: flood, dialog: dialog.Options{MaxQueue: 16},
		config: web.Config{Limits: web.Limits{Queue: 8}, Times: web.Times{Write: time.Second}}})
	session := c.open()
	slow, _ := c.handshake("/ws/app", c.ticket(session), nil)
	if err := slow.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	slow.say(`{"v":1,"type":"session.resume"}`)
	slow.until(protocol.TypeSessionOpened)
	slow.say(`{"v":1,"type":"message.send","client_msg_id":"f","data":{"text":"flood"}}`)
	other := c.customer(client.Options{})
	if reply, err := other.Ask(within(t, 5*time.Second), "hello"); err != nil || reply.Text != "You said: hello" {
		t.Errorf("another customer got %q, %v", reply.Text, err)
	}
	deadline := time.Now().Add(15 * time.Second)
	for !strings.Contains(c.metrics(), `floorwalker_sockets_closed_total{code="slow_reader"} 1`) {
		if time.Now().After(deadline) {
			t.Fatal("the slow reader is still there")
		}
		time.Sleep(50 * time.Millisecond)
	}
	// It comes back and gets all of it.
	back := c.line(session)
	for range 150 {
		back.until(protocol.TypeRecommendationsShown)
	}
}

func (c *counter) metrics() string {
	c.t.Helper()
	r, err := newRequest(c.url+"/metrics", adminToken)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func TestEvilFrames(t *testing.T) {
	c := open(t, setup{config: web.Config{Times: web.Times{Message: time.Second}}})
	masked := func(first byte, length uint64, payload []byte) []byte {
		frame := binary.BigEndian.AppendUint64([]byte{first, 0xff}, length)
		frame = append(frame, 0, 0, 0, 0)
		return append(frame, payload...)
	}
	// What the server cuts short fails to be written, and that is well.
	write := func(raw net.Conn, frame ...byte) bool {
		_, err := raw.Write(frame)
		return err == nil
	}
	tests := map[string]func(raw net.Conn){
		"a length of 2^63": func(raw net.Conn) { write(raw, masked(0x81, 1<<63, nil)...) },
		"a length of 2^62": func(raw net.Conn) { write(raw, masked(0x81, 1<<62, nil)...) },
		"not masked":       func(raw net.Conn) { write(raw, 0x81, 2, '{', '}') },
		"an oversized ping": func(raw net.Conn) {
			write(raw, append([]byte{0x89, 0xfe, 1, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{'x'}, 256)...)...)
		},
		"a reserved bit":         func(raw net.Conn) { write(raw, 0xc1, 0x82, 0, 0, 0, 0, '{', '}') },
		"a continuation of none": func(raw net.Conn) { write(raw, 0x80, 0x82, 0, 0, 0, 0, '{', '}') },
		"a message without an end": func(raw net.Conn) {
			write(raw, 0x01, 0x81, 0, 0, 0, 0, '{')
			for range 40 {
				write(raw, 0x00, 0x80, 0, 0, 0, 0) // empty pieces, again and again
				time.Sleep(50 * time.Millisecond)
			}
		},
		"a flood of pings": func(raw net.Conn) {
			for range 5000 {
				write(raw, 0x89, 0x80, 0, 0, 0, 0)
			}
		},
	}
	for name, attack := range tests {
		t.Run(name, func(t *testing.T) {
			l := c.app()
			l.t = t
			go attack(l.NetConn())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for {
					if _, _, err := l.ReadMessage(); err != nil {
						return
					}
				}
			}()
			select {
			case <-ended:
			case <-time.After(6 * time.Second):
				t.Error("the socket is still open")
			}
		})
	}
	if reply, err := c.customer(client.Options{}).Ask(within(t, 5*time.Second), "hello"); err != nil || reply.Text != "You said: hello" {
		t.Errorf("after all that another customer got %q, %v", reply.Text, err)
	}
}

func TestCartAndCardsByFrame(t *testing.T) {
	c := open(t, setup{})
	l := c.app()
	l.say(`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":2}}`)
	var cart protocol.CartUpdated
	if err := l.until(protocol.TypeCartUpdated).Into(&cart); err != nil || len(cart.Cart.Lines) != 1 || cart.Cart.Total.Minor != 14998 {
		t.Errorf("cart %+v, %v", cart, err)
	}
	l.say(`{"v":1,"type":"card.decline","data":{"sku":"S1"}}`)
	l.until(protocol.TypeCardDeclined)
	l.say(`{"v":1,"type":"typing.start"}`)
	l.until(protocol.TypeTypingStarted)
}

func TestStopEndsTheAnswer(t *testing.T) {
	c := open(t, setup{assistant: script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		if err := out.Say(ctx, "It is"); err != nil {
			return shop.Outcome{}, err
		}
		<-ctx.Done()
		return understood(turn), context.Cause(ctx)
	})})
	l := c.app()
	l.say(`{"v":1,"type":"message.send","client_msg_id":"s","data":{"text":"tell me all"}}`)
	l.until(protocol.TypeMessageDelta)
	l.say(`{"v":1,"type":"turn.stop"}`)
	var done protocol.MessageCompleted
	if err := l.until(protocol.TypeMessageCompleted).Into(&done); err != nil || done.State != protocol.StateInterrupted || done.Reason != "stopped" || done.Text != "It is" {
		t.Errorf("got %+v, %v", done, err)
	}
}

func TestFramesKeepToTheProtocol(t *testing.T) {
	c := open(t, setup{})
	l := c.app()
	l.say(`{"v":1,"type":"message.send","client_msg_id":"p","data":{"text":"shoes"}}`)
	for {
		_, frame, err := l.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		var env protocol.Envelope
		if err := json.Unmarshal(frame, &env); err != nil {
			t.Fatal(err)
		}
		spec, ok := protocol.Lookup(env.Type)
		if !ok || spec.Direction != protocol.FromServer || env.V != 1 || env.Session == "" || env.TS.IsZero() || spec.Logged != (env.Seq > 0) {
			t.Errorf("%s", frame)
		}
		if env.Type == protocol.TypeMessageCompleted {
			return
		}
	}
}

func TestNoLogTellsWhoACustomerIs(t *testing.T) {
	var out syncBuffer
	log := slog.New(privacy.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	c := open(t, setup{config: web.Config{Logger: log}, dialog: dialog.Options{Logger: log},
		assistant: script(func(_ context.Context, turn shop.Turn, _ shop.Output) (shop.Outcome, error) {
			return shop.Outcome{}, fmt.Errorf("nothing is found for %q", turn.Text)
		})})
	l := c.app()
	l.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"I am ann@example.com, 138 1234 5678, 4111 1111 1111 1111"}}`)
	l.until(protocol.TypeMessageCompleted)
	l.say(`{"v":1,"type":"ann@example.com"}`)
	l.refused()
	l.Close()
	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, kept := range []string{"[email]", "[phone]", "[card]", "nothing is found"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q is not in the log:\n%s", kept, text)
		}
	}
	for _, secret := range []string{"example.com", "1234 5678", "4111 1111"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q stands in the log:\n%s", secret, text)
		}
	}
}

// syncBuffer is a buffer that many may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}
func (s *syncBuffer) String() string { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }
