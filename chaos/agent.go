package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"floorwalker/protocol"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// agent is a person at the desk, working the console's API and its socket.
type agent struct {
	load     *load
	id, name string
	url      string
	random   *rand.Rand
	cookie   string
	csrf     string
	socket   sync.WaitGroup
	stop     context.CancelFunc

	mu    sync.Mutex
	cases map[string]protocol.Case
	acked []told
	// claims are those that were granted: session and owner epoch.
	claims  []claim
	refused []string
}

// claim is a claim that somebody was told to have won.
type claim struct {
	session string
	epoch   int64
	agent   string
}

// seat makes an account with the program's own command and logs it in.
func (s *stage) seat(ctx context.Context, l *load, i int) (*agent, error) {
	a := &agent{load: l, id: fmt.Sprint("agent-", i+1), name: fmt.Sprint("Agent ", i+1), cases: map[string]protocol.Case{},
		// Customers and agents are on different replicas as often as not.
		url: s.replicas[(i+1)%len(s.replicas)].url, random: rand.New(rand.NewPCG(s.c.Seed, uint64(1000+i)))}
	capacity := fmt.Sprint(s.c.Customers/s.c.Agents + 2)
	out, err := exec.CommandContext(ctx, s.c.Binary, "agent", "add", a.id, "--name", a.name, "--capacity", capacity, "--queues", "*",
		"--database-url", s.postgres.URL()).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("make an account: %w: %s", err, out)
	}
	password := regexp.MustCompile(`password: (\S+)`).FindSubmatch(out)
	if password == nil {
		return nil, fmt.Errorf("no password in %q", out)
	}
	var in struct{ CSRF string }
	if err := a.call(ctx, http.MethodPost, "/login", map[string]string{"id": a.id, "password": string(password[1])}, &in); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	a.csrf = in.CSRF
	watching, stop := context.WithCancel(ctx)
	a.stop = stop
	a.socket.Go(func() { a.watch(watching) })
	return a, nil
}

func (a *agent) leave() { a.stop(); a.socket.Wait() }

// refusal is an answer of the API that says no.
type refusal struct {
	status        int
	Code, Message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.Code, r.Message) }

// unsure is true for answers that do not say whether it was done.
func unsure(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return !ok || r.status >= 500 || r.status == http.StatusTooManyRequests
}

// call makes one call of the console's API.
func (a *agent) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, a.url+"/console/api"+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Origin", a.url)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", a.csrf)
	r.Header.Set("Cookie", a.cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		no := &refusal{status: answer.StatusCode}
		_ = json.Unmarshal(text, no) //nolint:errcheck // the status says enough
		return no
	}
	for _, c := range answer.Cookies() {
		a.cookie = c.Name + "=" + c.Value
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// watch keeps the list of cases as the console's socket says it, and comes back when the line breaks.
func (a *agent) watch(ctx context.Context) {
	for ctx.Err() == nil {
		_ = a.listen(ctx) //nolint:errcheck // it comes back
		if doze(ctx, a.random, 300*time.Millisecond) != nil {
			return
		}
	}
}

func (a *agent) listen(ctx context.Context) error {
	header := http.Header{"Origin": {a.url}, "Cookie": {a.cookie}}
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, Subprotocols: []string{"floorwalker.v1"}}
	conn, answer, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(a.url, "http")+"/console/ws", header)
	if err != nil {
		if answer != nil {
			answer.Body.Close()
		}
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		_, body, err := protocol.DecodeServer(frame)
		if err != nil {
			return err
		}
		a.mu.Lock()
		switch d := body.(type) {
		case *protocol.DeskOpened:
			clear(a.cases)
			for _, c := range d.Cases {
				a.cases[c.Session] = c
			}
		case *protocol.CaseChanged:
			if a.cases[d.Case.Session] = d.Case; d.Case.Status != "queued" && d.Case.Status != "claimed" {
				delete(a.cases, d.Case.Session)
			}
		}
		a.mu.Unlock()
	}
}

// seen are the cases that fit, in a stable order.
func (a *agent) seen(fits func(protocol.Case) bool) []protocol.Case {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []protocol.Case
	for _, session := range slices.Sorted(maps.Keys(a.cases)) {
		if c := a.cases[session]; fits(c) {
			found = append(found, c)
		}
	}
	return found
}

// work claims, answers and gives back until ctx ends.
func (a *agent) work(ctx context.Context) {
	for n := 0; a.load.rest(ctx) == nil; n++ {
		waiting := a.seen(func(c protocol.Case) bool { return c.Status == "queued" })
		mine := a.seen(func(c protocol.Case) bool { return c.Status == "claimed" && c.AgentID == a.id })
		switch {
		case len(waiting) > 0:
			a.claim(ctx, waiting[a.random.IntN(min(3, len(waiting)))])
		case len(mine) > 0:
			a.serve(ctx, mine[a.random.IntN(len(mine))], n)
		}
		if doze(ctx, a.random, 120*time.Millisecond) != nil {
			return
		}
	}
}

func (a *agent) claim(ctx context.Context, c protocol.Case) {
	var won protocol.Case
	if err := a.call(ctx, http.MethodPost, "/conversations/"+c.Session+"/claim", map[string]any{"owner_epoch": c.OwnerEpoch}, &won); err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if won.AgentID == a.id {
		a.claims = append(a.claims, claim{c.Session, won.OwnerEpoch, a.name})
		a.cases[c.Session] = won
	}
}

// serve does one thing in a conversation that the agent has.
func (a *agent) serve(ctx context.Context, c protocol.Case, n int) {
	path := "/conversations/" + c.Session
	switch roll := a.random.IntN(100); {
	case roll < 4:
		_ = a.call(ctx, http.MethodPost, path+"/resolve", map[string]any{}, nil) //nolint:errcheck // the next look says how it went
	case roll < 7:
		_ = a.call(ctx, http.MethodPost, path+"/release", map[string]any{"note": "all said"}, nil) //nolint:errcheck // the same
	case roll < 9:
		_ = a.call(ctx, http.MethodPost, path+"/transfer", map[string]any{"queue": "general"}, nil) //nolint:errcheck // the same
	case roll < 12:
		colleague := fmt.Sprint("agent-", 1+a.random.IntN(a.load.s.c.Agents))
		_ = a.call(ctx, http.MethodPost, path+"/transfer", map[string]any{"agent": colleague}, nil) //nolint:errcheck // the same
	case roll < 16:
		_ = a.call(ctx, http.MethodPost, path+"/notes", map[string]any{"client_msg_id": uuid.NewString(), "text": "between us"}, nil) //nolint:errcheck // the same
	default:
		a.reply(ctx, c.Session, phrase(a.random, a.name, n))
	}
}

// reply sends one message until it is acknowledged, or refused because the conversation is somebody else's.
func (a *agent) reply(ctx context.Context, session, text string) {
	id := uuid.NewString()
	for {
		var ack protocol.Acknowledgement
		err := a.call(ctx, http.MethodPost, "/conversations/"+session+"/messages", map[string]any{"client_msg_id": id, "text": text}, &ack)
		a.mu.Lock()
		if err == nil {
			a.acked = append(a.acked, told{session: session, clientMsgID: id, messageID: ack.MessageID, text: text, seq: ack.Seq, agent: a.id})
			a.load.acked.Add(1)
		} else if r, ok := errors.AsType[*refusal](err); ok && !unsure(err) && r.status != http.StatusForbidden && r.status != http.StatusConflict && r.status != http.StatusNotFound {
			a.refused = append(a.refused, err.Error())
		}
		a.mu.Unlock()
		if err == nil || !unsure(err) || doze(ctx, a.random, 300*time.Millisecond) != nil {
			return
		}
	}
}
