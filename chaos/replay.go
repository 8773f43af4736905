package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"floorwalker/client"
	"floorwalker/protocol"

	"github.com/gorilla/websocket"
)

// replayed reads every conversation from its beginning, as a new device does, and puts that in the place of what was
// seen live.
func (l *load) replayed(ctx context.Context, r record, logs map[string]*sessionLog) (record, error) {
	r.views = map[string][]string{}
	for i, k := range l.customers {
		creds := k.Credentials()
		view, err := l.s.replay(ctx, l.s.replicas[i%len(l.s.replicas)].url, creds, len(logs[creds.Session].frames))
		if err != nil {
			return r, fmt.Errorf("read session %s again: %w", creds.Session, err)
		}
		r.views[creds.Session] = view
	}
	return r, nil
}

// replay reads the first n logged frames of a session, the very bytes.
func (s *stage) replay(ctx context.Context, url string, creds client.Credentials, n int) (view []string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/tickets", strings.NewReader(fmt.Sprintf(`{"session":%q}`, creds.Session)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+creds.Secret)
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var ticket struct{ Ticket string }
	if err := json.NewDecoder(answer.Body).Decode(&ticket); err != nil {
		return nil, fmt.Errorf("%s: %w", answer.Status, err)
	}
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, Subprotocols: []string{"floorwalker.v1", "ticket." + ticket.Ticket}}
	conn, refused, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(url, "http")+"/ws/app", nil)
	if err != nil {
		if refused != nil {
			refused.Body.Close()
		}
		return nil, err
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"v":1,"type":"session.resume"}`)); err != nil {
		return nil, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return nil, err
	}
	for len(view) < n {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return view, nil //nolint:nilerr // the comparison says what is missing
		}
		var env protocol.Envelope
		if err := json.Unmarshal(frame, &env); err != nil {
			return nil, err
		}
		if env.Seq > 0 {
			view = append(view, string(frame))
		}
	}
	return view, nil
}
