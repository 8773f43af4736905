package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/gorilla/websocket"
)

const (
	// writeWait bounds one frame's way out, silence the time without a frame or ping before a line counts as lost.
	writeWait = 10 * time.Second
	silence   = 90 * time.Second
	// maxServerFrame bounds what is read, in bytes: a list of cards is the largest frame.
	maxServerFrame = 4 << 20
)

// connect gets a ticket, opens the socket and says where it stands.
func (c *Client) connect(ctx context.Context) (*websocket.Conn, error) {
	ticket, err := c.ticket(ctx)
	if err != nil {
		return nil, fmt.Errorf("get a ticket: %w", err)
	}
	header := http.Header{}
	if c.o.Origin != "" {
		header.Set("Origin", c.o.Origin)
	}
	dialer := websocket.Dialer{HandshakeTimeout: c.o.Timeout, Subprotocols: []string{"floorwalker.v1", "ticket." + ticket}}
	conn, response, err := dialer.DialContext(ctx, c.base.socket(c.o.Origin != ""), header)
	if response != nil {
		defer response.Body.Close()
	}
	if err != nil {
		if response != nil {
			raw, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10)) //nolint:errcheck // the status says enough
			return nil, fmt.Errorf("open the socket: %w", refusal(response, raw))
		}
		return nil, fmt.Errorf("open the socket: %w", err)
	}
	conn.SetReadLimit(maxServerFrame)
	c.mu.Lock()
	c.conn, c.resumed = conn, false
	at := c.at
	c.mu.Unlock()
	if err := c.Frame(protocol.TypeSessionResume, protocol.SessionResume{Epoch: at.Epoch, Seq: at.Seq}, ""); err != nil {
		conn.Close()
		return nil, fmt.Errorf("resume: %w", err)
	}
	return conn, nil
}

// run reads one line after another until the client ends.
func (c *Client) run(conn *websocket.Conn) {
	defer close(c.done)
	defer c.end()
	for {
		err := c.read(conn)
		conn.Close()
		c.mu.Lock()
		c.conn, c.resumed = nil, false
		c.mu.Unlock()
		if c.ctx.Err() != nil {
			return
		}
		if conn = c.comeBack(err); conn == nil {
			return
		}
	}
}

// end closes the events and tells who waits.
func (c *Client) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events != nil {
		close(c.events)
	}
	for _, r := range c.replies {
		r.finish()
	}
}

// comeBack waits as the close code advises and connects again; nil when that makes no sense any more.
func (c *Client) comeBack(lost error) *websocket.Conn {
	advice := protocol.LookupClose(closeCode(lost))
	if c.o.NoReconnect {
		c.cancel(fmt.Errorf("the line is lost: %w", lost))
		return nil
	}
	if !advice.Reconnect {
		c.cancel(&CloseError{advice})
		return nil
	}
	wait := advised(lost, advice.Wait(c.o.Random))
	for try := 0; ; try++ {
		select {
		case <-time.After(wait):
		case <-c.ctx.Done():
			return nil
		}
		conn, err := c.connect(c.ctx)
		if err == nil {
			c.mu.Lock()
			c.reconnects++
			c.mu.Unlock()
			c.o.Logger.Info("connected again", "session", c.creds.Session, "after", lost, "tries", try+1)
			return conn
		}
		if code, _ := shop.CodeOf(err); code == shop.CodeForbidden || code == shop.CodeNotFound {
			c.cancel(fmt.Errorf("%w: %w", ErrSessionGone, err))
			return nil
		}
		lost = err
		half := min(100*time.Millisecond<<min(try, 7), 10*time.Second) / 2
		wait = half + time.Duration(c.o.Random.Int64N(int64(half)))
	}
}

func closeCode(err error) int {
	if e, ok := errors.AsType[*websocket.CloseError](err); ok {
		return e.Code
	}
	return websocket.CloseAbnormalClosure
}

var retryAdvice = regexp.MustCompile(`retry_ms=(\d{1,6})`)

// advised is the wait that the close frame's reason names, else the given one.
func advised(err error, otherwise time.Duration) time.Duration {
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok {
		return otherwise
	}
	if m := retryAdvice.FindStringSubmatch(e.Text); m != nil {
		if ms, err := strconv.Atoi(m[1]); err == nil {
			return time.Duration(ms) * time.Millisecond
		}
	}
	return otherwise
}

// errGap says that an event is missing between what came and what was there.
var errGap = errors.New("an event is missing")

// read takes frames until the line is lost.
func (c *Client) read(conn *websocket.Conn) error {
	alive := func() error { return conn.SetReadDeadline(time.Now().Add(silence)) }
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error { return errors.Join(alive(), pong(data)) })
	for {
		if err := alive(); err != nil {
			return err
		}
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		env, body, err := protocol.DecodeServer(frame)
		if err != nil {
			return err
		}
		if err := c.take(conn, Event{env, body, c.o.Now()}); err != nil {
			return err
		}
	}
}

// take applies one event once and in order.
func (c *Client) take(conn *websocket.Conn, e Event) error {
	c.mu.Lock()
	if e.Seq > 0 {
		switch {
		case e.Seq <= c.at.Seq:
			c.mu.Unlock()
			return nil
		case e.Seq > c.at.Seq+1:
			c.mu.Unlock()
			return errGap
		}
		c.at = Position{e.Epoch, e.Seq}
	}
	resend := c.apply(e)
	events := c.events
	c.mu.Unlock()
	if c.o.Each != nil {
		c.o.Each(e)
	}
	for _, p := range resend {
		c.transmit(p)
	}
	if e.Type == protocol.TypeError {
		if d := e.Body.(*protocol.Error); d.Code == protocol.CodePositionAhead {
			// The server's log is not the one that we knew: begin anew.
			c.mu.Lock()
			c.at = Position{}
			c.mu.Unlock()
			return c.Frame(protocol.TypeSessionResume, protocol.SessionResume{}, "")
		}
	}
	if events == nil {
		return nil
	}
	select {
	case events <- e:
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
	return nil
}

// transmit sends a message where a line is up; otherwise the next resume does.
func (c *Client) transmit(p *pending) {
	c.mu.Lock()
	conn, resumed := c.conn, c.resumed
	if resumed {
		p.sent = c.o.Now()
	}
	c.mu.Unlock()
	if !resumed {
		return
	}
	env, err := protocol.New(protocol.TypeMessageSend, p.data, c.o.Now())
	if err != nil {
		return
	}
	env.ClientMsgID = p.id
	if frame, err := env.Encode(); err == nil {
		_ = c.write(conn, frame) //nolint:errcheck // a lost line is read's to find
	}
}

func (c *Client) write(conn *websocket.Conn, frame []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, frame)
}

func (c *Client) forget(p *pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, q := range c.pending {
		if q == p {
			c.pending = append(c.pending[:i:i], c.pending[i+1:]...)
			return
		}
	}
}
