package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"floorwalker/protocol"
	"floorwalker/web"
)

// events is a stream of server-sent events.
type events struct {
	t      testing.TB
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// stream opens a stream with a ticket; it is nil where the server refuses, with its status.
func (c *counter) stream(ticket, resume string, header http.Header) (*events, int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	c.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/api/stream", strings.NewReader(resume))
	if err != nil {
		c.t.Fatal(err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	r.Header.Set("Authorization", "Bearer "+ticket)
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		return nil, answer.StatusCode
	}
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		c.t.Errorf("the stream is %s", kind)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &events{c.t, lines, cancel}, answer.StatusCode
}

// next is the next event; ok is false where the stream has ended.
func (e *events) next() (event, data string, ok bool) {
	event = "message"
	for e.lines.Scan() {
		field, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch {
		case field == "event":
			event = value
		case field == "data":
			data = value
		case field == "" && value == "" && data != "":
			return event, data, true
		}
	}
	return "", "", false
}

// until reads up to an event of the type.
func (e *events) until(typ protocol.Type) (env protocol.Envelope) {
	e.t.Helper()
	for {
		event, data, ok := e.next()
		if !ok || event != "message" {
			e.t.Fatalf("the stream ended before %s: %s %s", typ, event, data)
		}
		if err := json.Unmarshal([]byte(data), &env); err != nil {
			e.t.Fatal(err)
		}
		if env.Type == typ {
			return env
		}
	}
}

// closed reads up to the close event.
func (e *events) closed() (code int, reason string) {
	e.t.Helper()
	for {
		event, data, ok := e.next()
		if !ok {
			e.t.Fatal("the stream ended without a code")
		}
		if event == "close" {
			var said struct {
				Code   int
				Reason string
			}
			if err := json.Unmarshal([]byte(data), &said); err != nil {
				e.t.Fatal(err)
			}
			return said.Code, said.Reason
		}
	}
}

// post sends a frame beside a stream; it returns the status and what the server says to it.
func (c *counter) post(o opened, frame string) (int, []protocol.Envelope) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/api/frames", strings.NewReader(frame))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.Secret)
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var said struct{ Frames []protocol.Envelope }
	if answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal(raw, &said); err != nil {
			c.t.Fatal(err)
		}
	}
	return answer.StatusCode, said.Frames
}

func frameOf(o opened, typ protocol.Type, id, data string) string {
	return fmt.Sprintf(`{"v":1,"type":%q,"session":%q,"client_msg_id":%q,"data":%s}`, typ, o.Session, id, data)
}

const emptyResume = `{"v":1,"type":"session.resume"}`

func TestConversationWhereWebSocketsAreBlocked(t *testing.T) {
	c := open(t, setup{})
	o := c.open()
	s, _ := c.stream(c.ticket(o), emptyResume, nil)
	s.until(protocol.TypeSessionOpened)
	status, said := c.post(o, frameOf(o, protocol.TypeMessageSend, "one", `{"text":"shoes"}`))
	if status != http.StatusOK || len(said) != 1 || said[0].Type != protocol.TypeMessageAccepted || said[0].ClientMsgID != "one" {
		t.Fatalf("%d %+v", status, said)
	}
	var ack, again protocol.Acknowledgement
	if err := said[0].Into(&ack); err != nil {
		t.Fatal(err)
	}
	s.until(protocol.TypeRecommendationsShown)
	var done protocol.MessageCompleted
	last := s.until(protocol.TypeMessageCompleted)
	if err := last.Into(&done); err != nil || done.Text != "You said: shoes" || done.State != protocol.StateComplete {
		t.Errorf("%+v, %v", done, err)
	}

	// A retry is acknowledged as the first was; what can't be done is told in the answer.
	if _, said := c.post(o, frameOf(o, protocol.TypeMessageSend, "one", `{"text":"shoes"}`)); len(said) != 1 || said[0].Into(&again) != nil || again != ack {
		t.Errorf("the retry: %+v", said)
	}
	if _, said := c.post(o, frameOf(o, protocol.TypePing, "p", `{}`)); len(said) != 1 || said[0].Type != protocol.TypePong {
		t.Errorf("the ping: %+v", said)
	}
	for name, frame := range map[string]string{"bad_field": frameOf(o, protocol.TypeMessageSend, "two", `{"text":" "}`),
		"unknown_type": frameOf(o, "message.created", "two", `{}`), "bad_request": frameOf(o, protocol.TypeSessionResume, "two", `{}`)} {
		var e protocol.Error
		if _, said := c.post(o, frame); len(said) != 1 || said[0].Into(&e) != nil || e.Code != name || e.ClientMsgID != "two" {
			t.Errorf("%s: %+v", name, said)
		}
	}

	// Another stream goes on from where this one was left.
	s.cancel()
	s, _ = c.stream(c.ticket(o), fmt.Sprintf(`{"v":1,"type":"session.resume","data":{"epoch":%q,"seq":2}}`, last.Epoch), nil)
	s.until(protocol.TypeSessionResumed)
	if env := s.until(protocol.TypeRecommendationsShown); env.Seq != 3 {
		t.Errorf("resumed with seq %d", env.Seq)
	}
	if env := s.until(protocol.TypeMessageCompleted); env.Seq != last.Seq || string(env.Data) != string(last.Data) {
		t.Errorf("replayed %s", env.Data)
	}
}

func TestWhoMayOpenAStreamAndSendBesideIt(t *testing.T) {
	c := open(t, setup{config: web.Config{TicketLife: 300 * time.Millisecond}})
	o, other := c.open(), c.open()
	ticket := c.ticket(o)
	for name, header := range map[string]http.Header{"a page elsewhere": {"Origin": {"https://evil.example"}}, "the null origin": {"Origin": {"null"}}} {
		if _, status := c.stream(ticket, emptyResume, header); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	if _, status := c.stream(ticket, frameOf(o, protocol.TypePing, "p", `{}`), nil); status != http.StatusBadRequest {
		t.Errorf("another first frame: %d", status)
	}
	if s, _ := c.stream(ticket, emptyResume, http.Header{"Origin": {pageOrigin}}); s == nil {
		t.Fatal("a page of the shop got no stream")
	}
	if _, status := c.stream(ticket, emptyResume, nil); status != http.StatusUnauthorized {
		t.Errorf("a ticket that was used: %d", status)
	}
	if _, status := c.stream(c.ticket(o), frameOf(other, protocol.TypeSessionResume, "r", `{}`), nil); status != http.StatusUnauthorized {
		t.Errorf("another's session: %d", status)
	}
	old := c.ticket(o)
	time.Sleep(400 * time.Millisecond)
	if _, status := c.stream(old, emptyResume, nil); status != http.StatusUnauthorized {
		t.Errorf("an old ticket: %d", status)
	}
	for name, session := range map[string]string{"another's session": other.Session, "no session": ""} {
		if status, _ := c.post(o, frameOf(opened{Session: session}, protocol.TypePing, "p", `{}`)); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestAStreamHasTheLimitsAndCodesOfASocket(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{Frames: web.Rate{PerSecond: 0.1, Burst: 3}, MaxSocketsPerSession: 1},
		Times: web.Times{Ping: 50 * time.Millisecond, Idle: 500 * time.Millisecond}}})
	o := c.open()
	s, _ := c.stream(c.ticket(o), emptyResume, nil)
	s.until(protocol.TypeSessionOpened)
	if _, status := c.stream(c.ticket(o), emptyResume, nil); status != http.StatusTooManyRequests {
		t.Errorf("one stream too many: %d", status)
	}
	if code, reason := s.closed(); code != protocol.CloseIdle.Code || !strings.HasPrefix(reason, "idle retry_ms=") {
		t.Errorf("a silent stream is closed with %d %q", code, reason)
	}
	for i := range 4 {
		want := http.StatusOK
		if i == 3 {
			want = http.StatusTooManyRequests
		}
		if status, _ := c.post(o, frameOf(o, protocol.TypeTypingStart, "t", `{}`)); status != want {
			t.Errorf("frame %d: %d", i, status)
		}
	}
	if status, _ := c.post(o, frameOf(o, protocol.TypeMessageSend, "big", `{"text":"`+strings.Repeat("x", protocol.MaxFrame)+`"}`)); status != http.StatusUnauthorized {
		t.Errorf("a frame too large names no session that can be read: %d", status)
	}
}

func TestAStopEndsStreamsWithAdviceAndAnswersFirst(t *testing.T) {
	c := open(t, setup{assistant: slowly})
	o := c.open()
	s, _ := c.stream(c.ticket(o), emptyResume, nil)
	s.until(protocol.TypeSessionOpened)
	if _, said := c.post(o, frameOf(o, protocol.TypeMessageSend, "one", `{"text":"count"}`)); len(said) != 1 {
		t.Fatalf("%+v", said)
	}
	s.until(protocol.TypeMessageDelta)
	stopped := make(chan error, 1)
	began := time.Now()
	go func() { stopped <- c.stop() }()
	var done protocol.MessageCompleted
	if err := s.until(protocol.TypeMessageCompleted).Into(&done); err != nil || done.State != protocol.StateComplete {
		t.Errorf("the answer under way ended as %+v, %v", done, err)
	}
	if code, reason := s.closed(); code != 1012 || !strings.HasPrefix(reason, "service_restart retry_ms=") {
		t.Errorf("closed with %d %q", code, reason)
	}
	if err := <-stopped; err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("stop: %v after %v", err, time.Since(began))
	}
}

func TestASignedOutDeviceIsToldOnItsStream(t *testing.T) {
	c, key := openKnown(t, setup{})
	o := c.in(key.token("customer-1"))
	s, _ := c.stream(c.ticket(o), emptyResume, nil)
	s.until(protocol.TypeSessionOpened)
	c.as(o, "/api/logout", fmt.Sprintf(`{"session":%q}`, o.Session), nil)
	if code, _ := s.closed(); code != protocol.CloseIdentityChanged.Code {
		t.Errorf("closed with %d", code)
	}
	if status, _ := c.post(o, frameOf(o, protocol.TypePing, "p", `{}`)); status != http.StatusUnauthorized {
		t.Errorf("a frame afterwards: %d", status)
	}
}
