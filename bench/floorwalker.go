package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// shop is Floorwalker: the real program with its own PostgreSQL and NATS, as `make run` starts it, without a language
// model.
type shop struct {
	*process
	c      *sessionsCmd
	dir    string
	post   *post
	agents []*seat
}

// seat is an agent at the console.
type seat struct {
	line   *line
	header http.Header
	id     string
	mu     sync.Mutex
	// arrived are the sessions that somebody waits for.
	arrived map[string]chan struct{}
}

func openShop(ctx context.Context, c *sessionsCmd) (s *shop, err error) {
	s = &shop{c: c, post: newPost()}
	if s.dir, err = os.MkdirTemp("", "floorwalker-bench-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return nil, err
	}
	if err := s.serve(ctx, "127.0.0.1:0"); err != nil {
		return nil, err
	}
	for i, title := range []string{"Boil Steel Kettle", "Pour Clay Teapot", "Fleet Trail Running Shoes", "Nimbra Light Backpack", "Click Wireless Mouse"} {
		body := fmt.Sprintf(`{"title":%q,"brand":"Boil","category":"Things","description":"A thing for every day.","price_minor":%d,"currency":"USD","stock":9}`, title, 1900+i*700)
		if _, _, err := call(ctx, 0, http.MethodPut, fmt.Sprintf("%s/api/products/thing-%d", s.url, i+1), body, http.Header{"Authorization": {"Bearer bench"}}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// serve starts the program on the address.
func (s *shop) serve(ctx context.Context, listen string) (err error) {
	s.process, err = start(ctx, filepath.Join(s.dir, "log"), s.c.Binary, "serve", "--listen", listen, "--no-llm", "--no-demo", "--models", s.c.Models, "--data", s.dir,
		"--admin-token", "bench", "--origins", origin)
	return err
}

// again starts the program, which has ended, where it was before.
func (s *shop) again(ctx context.Context) error {
	return s.serve(ctx, strings.TrimPrefix(s.url, "http://"))
}

// origin is the page that consoles come from.
const origin = "http://bench.example"

type session struct{ Session, Secret, Epoch string }

func (s *shop) session(ctx context.Context, i int) (o session, err error) {
	raw, _, err := call(ctx, i, http.MethodPost, s.url+"/api/sessions", `{"locale":"en"}`, nil)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(raw, &o)
}

// offer is what a handshake for the session offers: a ticket.
func (s *shop) offer(ctx context.Context, i int, o session) ([]string, error) {
	raw, _, err := call(ctx, i, http.MethodPost, s.url+"/api/tickets", fmt.Sprintf(`{"session":%q}`, o.Session), http.Header{"Authorization": {"Bearer " + o.Secret}})
	if err != nil {
		return nil, err
	}
	var t struct{ Ticket string }
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, err
	}
	return []string{"floorwalker.v1", "ticket." + t.Ticket}, nil
}

const resume = `{"v":1,"type":"session.resume"}`

// come connects a customer and resumes.
func (s *shop) come(ctx context.Context, i int, each func(*line, []byte)) (*line, session, error) {
	o, err := s.session(ctx, i)
	if err != nil {
		return nil, o, err
	}
	offer, err := s.offer(ctx, i, o)
	if err != nil {
		return nil, o, err
	}
	ready := make(chan struct{})
	var once sync.Once
	l, err := open(ctx, s.url+"/ws/app", offer, nil, func(l *line, frame []byte) {
		if bytes.Contains(frame, []byte(`"session.opened"`)) {
			once.Do(func() { close(ready) })
		}
		each(l, frame)
	})
	if err != nil {
		return nil, o, err
	}
	if err := l.say(resume); err != nil {
		return nil, o, err
	}
	select {
	case <-ready:
		return l, o, nil
	case <-time.After(20 * time.Second):
		return nil, o, fmt.Errorf("session %s is not opened", o.Session)
	}
}

func (s *shop) idle(ctx context.Context, i int) error {
	_, _, err := s.come(ctx, i, func(*line, []byte) {})
	return err
}

// sit makes an agent of the name and opens a console.
func (s *shop) sit(ctx context.Context, name string) (*seat, error) {
	a := &seat{id: "agent-" + name, arrived: map[string]chan struct{}{}}
	out, err := exec.CommandContext(ctx, s.c.Binary, "agent", "add", a.id, "--name", "Agent", "--capacity", "100", "--queues", "*", "--data", s.dir).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("make an account: %w: %s", err, out)
	}
	password := regexp.MustCompile(`password: (\S+)`).FindSubmatch(out)
	if password == nil {
		return nil, fmt.Errorf("no password in %q", out)
	}
	a.header = http.Header{"Origin": {origin}}
	raw, header, err := call(ctx, len(s.agents), http.MethodPost, s.url+"/console/api/login", fmt.Sprintf(`{"id":%q,"password":%q}`, a.id, password[1]), a.header)
	if err != nil {
		return nil, err
	}
	var in struct{ CSRF string }
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
	a.header.Set("Cookie", cookie)
	a.line, err = open(ctx, s.url+"/console/ws", []string{"floorwalker.v1"}, a.header, func(_ *line, frame []byte) { a.hear(s.post, frame) })
	a.header.Set("X-CSRF-Token", in.CSRF)
	return a, err
}

// hear takes news of cases, and what customers write.
func (a *seat) hear(p *post, frame []byte) {
	if !bytes.Contains(frame, []byte(`"case.changed"`)) {
		if bytes.Contains(frame, []byte(`"role":"customer"`)) {
			p.arrived(frame)
		}
		return
	}
	var env struct {
		Data struct {
			Case struct {
				Session, Status string
				OwnerEpoch      int64 `json:"owner_epoch"`
			}
		}
	}
	if json.Unmarshal(frame, &env) != nil || env.Data.Case.Status != "queued" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if waits := a.arrived[env.Data.Case.Session]; waits != nil {
		close(waits)
		delete(a.arrived, env.Data.Case.Session)
	}
}

// expect is closed when the session's case is at the console.
func (a *seat) expect(session string) <-chan struct{} {
	waits := make(chan struct{})
	a.mu.Lock()
	defer a.mu.Unlock()
	a.arrived[session] = waits
	return waits
}

// pair brings a customer and an agent together.
func (s *shop) pair(ctx context.Context, i int) (*pair, error) {
	const each = 50
	if i%each == 0 {
		a, err := s.sit(ctx, fmt.Sprint(len(s.agents)))
		if err != nil {
			return nil, err
		}
		s.agents = append(s.agents, a)
	}
	a := s.agents[i/each]
	customer, o, err := s.come(ctx, i, func(_ *line, frame []byte) {
		if bytes.Contains(frame, []byte(`"role":"agent"`)) {
			s.post.arrived(frame)
		}
	})
	if err != nil {
		return nil, err
	}
	if _, err := s.ask(ctx, customer, a, o.Session); err != nil {
		return nil, err
	}
	if err := s.act(ctx, i, a, o, "claim", `{"owner_epoch":1}`); err != nil {
		return nil, err
	}
	if err := a.line.say(fmt.Sprintf(`{"v":1,"type":"session.resume","session":%q}`, o.Session)); err != nil {
		return nil, err
	}
	return &pair{
		func() error {
			text, n := s.post.write()
			return customer.say(fmt.Sprintf(`{"v":1,"type":"message.send","client_msg_id":"c%d","data":{"text":%q}}`, n, text))
		},
		func() error {
			text, n := s.post.write()
			return s.act(ctx, i/each, a, o, "messages", fmt.Sprintf(`{"client_msg_id":"a%d","text":%q}`, n, text))
		}}, nil
}

// ask asks for a person and waits until the console shows it.
func (s *shop) ask(ctx context.Context, customer *line, a *seat, session string) (time.Duration, error) {
	shown, began := a.expect(session), time.Now()
	if err := customer.say(`{"v":1,"type":"handoff.request"}`); err != nil {
		return 0, err
	}
	select {
	case <-shown:
		return time.Since(began), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(20 * time.Second):
		return 0, fmt.Errorf("session %s does not come to the console", session)
	}
}
