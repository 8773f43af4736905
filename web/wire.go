package web

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// wire is what a socket writes to. Each call has until by; after one that failed the wire is of no more use.
type wire interface {
	frame(raw []byte, by time.Time) error
	ping(by time.Time) error
	// bye says with which code the server ends it, and why.
	bye(code int, reason string, by time.Time) error
	// Close ends it, and frees whoever is stuck in it. It may be called twice and from any goroutine.
	Close() error
}

// webSocket is the wire of most.
type webSocket struct{ *websocket.Conn }

var _ wire = webSocket{}

func (w webSocket) frame(raw []byte, by time.Time) error {
	if err := w.SetWriteDeadline(by); err != nil {
		return err
	}
	return w.WriteMessage(websocket.TextMessage, raw)
}

func (w webSocket) ping(by time.Time) error { return w.WriteControl(websocket.PingMessage, nil, by) }

func (w webSocket) bye(code int, reason string, by time.Time) error {
	return w.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), by)
}

// eventStream is the wire of clients for whom WebSockets are blocked: server-sent events, one for each envelope, and
// the event close for the code.
type eventStream struct {
	w    http.ResponseWriter
	c    *http.ResponseController
	once sync.Once
	// gone is closed when it has ended.
	gone chan struct{}
}

var _ wire = (*eventStream)(nil)

// newEventStream answers the request with a stream.
func newEventStream(w http.ResponseWriter) (*eventStream, error) {
	e := &eventStream{w: w, c: http.NewResponseController(w), gone: make(chan struct{})}
	// The server's own limits are for requests that end.
	if err := e.c.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	w.WriteHeader(http.StatusOK)
	return e, e.write(": floorwalker.v1", time.Now().Add(streamOpens))
}

// streamOpens bounds the first words of a stream.
const streamOpens = 10 * time.Second

func (e *eventStream) write(event string, by time.Time) error {
	if err := e.c.SetWriteDeadline(by); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte(event + "\n\n")); err != nil {
		return err
	}
	return e.c.Flush()
}

func (e *eventStream) frame(raw []byte, by time.Time) error { return e.write("data: "+string(raw), by) }
func (e *eventStream) ping(by time.Time) error              { return e.write(": ping", by) }

func (e *eventStream) bye(code int, reason string, by time.Time) error {
	raw, err := json.Marshal(struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}{code, reason})
	if err != nil {
		return err
	}
	err = e.write("event: close\ndata: "+string(raw), by)
	_ = e.Close() // nobody answers a close here
	return err
}

// Close lets the request end. A write under way fails at once.
func (e *eventStream) Close() (err error) {
	e.once.Do(func() {
		close(e.gone)
		err = e.c.SetWriteDeadline(time.Unix(1, 0))
	})
	return err
}
