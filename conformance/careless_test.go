package conformance_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"floorwalker/protocol"

	"github.com/gorilla/websocket"
)

// wrong is what a careless client does wrong, beside coming back at once whatever it is told.
type wrong struct{ forgets, repeats, overlooksGaps, ignoresReset, reusesTickets bool }

// careless is a client that breaks the protocol on purpose.
type careless struct {
	handed
	url    string
	wrong  wrong
	ticket string
	at     protocol.SessionResume
	stop   context.CancelFunc
}

func (c *careless) do(ctx context.Context, what, _ string) {
	switch what {
	case "start":
		ctx, c.stop = context.WithCancel(ctx)
		go c.live(ctx)
	case "stop":
		c.stop()
	}
}

func (c *careless) live(ctx context.Context) {
	var session struct{ Session, Secret string }
	for ctx.Err() == nil && session.Session == "" {
		_ = c.ask(ctx, "/api/sessions", "{}", "", &session) //nolint:errcheck // it tries again
	}
	for ctx.Err() == nil {
		var got struct{ Ticket string }
		if c.ticket == "" || !c.wrong.reusesTickets {
			_ = c.ask(ctx, "/api/tickets", `{"session":"`+session.Session+`"}`, session.Secret, &got) //nolint:errcheck // it tries again
			c.ticket = got.Ticket
		}
		c.once(ctx)
		time.Sleep(30 * time.Millisecond)
	}
}

// once is one line.
func (c *careless) once(ctx context.Context) {
	dialer := websocket.Dialer{Subprotocols: []string{"floorwalker.v1", "ticket." + c.ticket}}
	conn, _, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(c.url, "http")+"/ws/app", nil)
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if c.wrong.forgets {
		c.at.Seq = 0
	}
	env, err := protocol.New(protocol.TypeSessionResume, c.at, time.Now())
	if err != nil || conn.WriteJSON(env) != nil {
		return
	}
	for {
		var env protocol.Envelope
		if conn.ReadJSON(&env) != nil {
			return
		}
		if c.take(env) {
			return
		}
	}
}

// take is true where the line is to be left.
func (c *careless) take(env protocol.Envelope) (leave bool) {
	switch env.Type {
	case protocol.TypeSessionOpened, protocol.TypeSessionReset:
		if env.Type == protocol.TypeSessionReset && c.wrong.ignoresReset {
			break
		}
		var state protocol.SessionState
		_ = env.Into(&state) //nolint:errcheck // the kit's own
		c.at = protocol.SessionResume{Epoch: state.Epoch, Seq: state.From - 1}
	}
	if env.Seq > 0 {
		if env.Seq <= c.at.Seq && !c.wrong.repeats {
			return false
		}
		if env.Seq > c.at.Seq+1 && !c.wrong.overlooksGaps {
			return true
		}
		c.at.Seq = env.Seq
	}
	c.add(event{env.Type, env.Seq})
	return false
}

func (c *careless) ask(ctx context.Context, path, body, secret string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(into)
}
