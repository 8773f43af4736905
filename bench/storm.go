package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// stormCmd restarts the server under many customers, and measures when they are all back and whether anything is lost.
// Each says something just before and while it stops, and again until it stands in the log. Most turn a product down,
// which the server writes and confirms without an answer of the assistant's; some ask a question.
type stormCmd struct {
	Customers int           `help:"Customers who are connected." default:"2000"`
	Talkers   int           `help:"How many of them ask the assistant." default:"100"`
	Within    time.Duration `help:"By when all must be back after the server is open again." default:"10s"`
	Kill      bool          `help:"Kill the server instead of stopping it in order."`
	Binary    string        `help:"The program." default:"../bin/floorwalker"`
	Models    string        `help:"Folder with the models." default:"../models"`
}

// stormReport is the last line. Times are in milliseconds, from the moment that the server is open again.
type stormReport struct {
	Customers int `json:"customers"`
	// DownMs is how long the server was away.
	DownMs float64 `json:"down_ms"`
	// Back is when customers had their session again, Last when the last of them did, Within how many did in time.
	Back   quantiles `json:"back"`
	Last   float64   `json:"last"`
	Within int       `json:"within"`
	// Said is how many things were said, Lost how many of them are not in the logs, Doubled how many stand there twice,
	// Gaps how many events are missing in what customers saw.
	Said    int `json:"said"`
	Lost    int `json:"lost"`
	Doubled int `json:"doubled"`
	Gaps    int `json:"gaps"`
}

// Run prints the report; it fails where something is lost or somebody is late.
func (c *stormCmd) Run(ctx context.Context) error {
	r, err := c.run(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Println(string(raw))
	if r.Lost+r.Doubled+r.Gaps > 0 {
		return errors.New("something is lost or doubled")
	}
	if r.Within < r.Customers {
		return fmt.Errorf("%d of %d customers were back within %v", r.Within, r.Customers, c.Within)
	}
	return nil
}

func (c *stormCmd) run(ctx context.Context) (r stormReport, err error) {
	s, err := openShop(ctx, &sessionsCmd{Binary: c.Binary, Models: c.Models})
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(s.dir)
	defer func() { s.stop() }()
	living, stop := context.WithCancel(ctx)
	defer stop()
	customers := make([]*customer, c.Customers)
	err = many(ctx, c.Customers, func(i int) error {
		o, err := s.session(ctx, i)
		if err != nil {
			return err
		}
		k := &customer{shop: s, i: i, session: o, talks: i < c.Talkers, arrived: make(chan struct{})}
		customers[i] = k
		go k.live(living)
		select {
		case <-k.arrived:
			return nil
		case <-time.After(time.Minute):
			return fmt.Errorf("customer %d does not arrive", i)
		}
	})
	if err != nil {
		return r, err
	}
	say("%d customers are connected", c.Customers)
	for _, k := range customers {
		k.say("before")
	}
	time.Sleep(time.Second)
	// Half of what is said now may still be stored, half may not: the customers say it again.
	for _, k := range customers {
		k.say("while it stops")
	}
	stopped := time.Now()
	if c.Kill {
		_ = s.cmd.Process.Kill() //nolint:errcheck // it may have ended
		_ = s.cmd.Wait()         //nolint:errcheck // the same
	} else {
		s.stop()
	}
	say("the server is stopped, after %v", time.Since(stopped).Round(time.Millisecond))
	if err := s.again(ctx); err != nil {
		return r, err
	}
	open := time.Now()
	r.Customers, r.DownMs = c.Customers, float64(open.Sub(stopped).Milliseconds())
	say("the server is open again, %.1f s after it was told to stop", r.DownMs/1000)
	for _, k := range customers {
		k.say("after")
	}
	late := time.After(5 * time.Minute)
	for settled := 0; settled < c.Customers; {
		settled = 0
		for _, k := range customers {
			if k.settled(stopped) {
				settled++
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-late:
			return r, fmt.Errorf("%d of %d customers have said all that they had to say after five minutes", settled, c.Customers)
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
	var back []float64
	for _, k := range customers {
		at := max(0, float64(k.backAt().Sub(open).Microseconds())/1000)
		back = append(back, at)
		r.Last = max(r.Last, at)
		if at <= float64(c.Within.Milliseconds()) {
			r.Within++
		}
		r.Gaps += int(k.gaps.Load())
	}
	r.Back = quantilesOf(back)
	say("back: %+v ms, the last after %.0f ms; their logs are read", r.Back, r.Last)
	stop()
	return r, c.check(ctx, customers, &r)
}

// check reads every log from its beginning and looks for what was said.
func (c *stormCmd) check(ctx context.Context, customers []*customer, r *stormReport) error {
	var said, lost, doubled, gaps atomic.Int64
	err := many(ctx, len(customers), func(i int) error {
		k := customers[i]
		offer, err := k.shop.offer(ctx, i, k.session)
		if err != nil {
			return err
		}
		l, err := connect(ctx, k.shop.url+"/ws/app", offer, nil)
		if err != nil {
			return err
		}
		defer l.conn.Close()
		if err := l.say(resume); err != nil {
			return err
		}
		found := map[string]int{}
		for next, last := int64(1), int64(1<<62); next <= last; {
			if err := l.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
				return err
			}
			_, raw, err := l.conn.ReadMessage()
			if err != nil {
				return fmt.Errorf("read a log: %w", err)
			}
			f := frameOf(raw)
			if f.Type == "session.opened" {
				last = f.Data.Seq
			}
			if f.Seq > 0 {
				if f.Seq != next {
					gaps.Add(1)
				}
				next = f.Seq + 1
				found[f.name()]++
			}
		}
		for _, id := range k.all() {
			said.Add(1)
			switch n := found[id]; {
			case n == 0:
				lost.Add(1)
			case n > 1:
				doubled.Add(1)
			}
		}
		return nil
	})
	r.Said, r.Lost, r.Doubled, r.Gaps = int(said.Load()), int(lost.Load()), int(doubled.Load()), r.Gaps+int(gaps.Load())
	return err
}

// customer is connected for as long as it can be, as docs/protocol.md asks of clients.
type customer struct {
	shop    *shop
	i       int
	session session
	talks   bool
	arrived chan struct{}
	gaps    atomic.Int64

	mu    sync.Mutex
	line  *line
	epoch string
	seq   int64
	back  time.Time
	// unsaid are what does not stand in the log yet, as frames by their names; names are all that was ever said.
	unsaid map[string]string
	names  []string
}

type frame struct {
	Type string `json:"type"`
	Seq  int64  `json:"seq"`
	Data struct {
		Epoch string `json:"epoch"`
		Seq   int64  `json:"seq"`
		From  int64  `json:"from"`
		SKU   string `json:"sku"`
		ID    string `json:"client_msg_id"`
		Code  string `json:"code"`
	} `json:"data"`
}

func frameOf(raw []byte) (f frame) {
	_ = json.Unmarshal(raw, &f) //nolint:errcheck // what is no frame says nothing
	return f
}

// name is what the customer calls what the event confirms.
func (f frame) name() string {
	switch f.Type {
	case "message.created":
		return f.Data.ID
	case "card.declined":
		return f.Data.SKU
	}
	return ""
}

// say says something, and again after each break until it stands in the log.
func (k *customer) say(what string) {
	id := fmt.Sprintf("%d.%d", k.i, time.Now().UnixNano())
	text := fmt.Sprintf(`{"v":1,"type":"card.decline","data":{"sku":%q}}`, id)
	if k.talks {
		text = fmt.Sprintf(`{"v":1,"type":"message.send","client_msg_id":%q,"data":{"text":"a kettle, please, %s"}}`, id, what)
	}
	k.mu.Lock()
	if k.unsaid == nil {
		k.unsaid = map[string]string{}
	}
	k.unsaid[id], k.names = text, append(k.names, id)
	l := k.line
	k.mu.Unlock()
	if l != nil {
		_ = l.say(text) //nolint:errcheck // it is said again after the break
	}
}

func (k *customer) all() []string { k.mu.Lock(); defer k.mu.Unlock(); return k.names }

func (k *customer) backAt() time.Time { k.mu.Lock(); defer k.mu.Unlock(); return k.back }

// settled is true once the customer is back and all that it said stands in the log.
func (k *customer) settled(since time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.back.After(since) && len(k.unsaid) == 0
}

var retryAdvice = regexp.MustCompile(`retry_ms=(\d+)`)

// live connects again and again until ctx ends.
func (k *customer) live(ctx context.Context) {
	tries := 0
	for ctx.Err() == nil {
		resumed, err := k.once(ctx)
		if resumed {
			tries = 0
		}
		var advised time.Duration
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			if m := retryAdvice.FindStringSubmatch(closed.Text); m != nil {
				ms, _ := strconv.Atoi(m[1]) //nolint:errcheck // digits
				advised = time.Duration(ms) * time.Millisecond
			}
		}
		// As the TypeScript client does.
		longest := 5 * time.Second
		if tries >= 10 {
			longest = 15 * time.Second
		}
		backoff := min(250*time.Millisecond<<min(tries, 6), longest)
		tries++
		select {
		case <-ctx.Done():
		case <-time.After(max(advised, backoff/2+time.Duration(rand.Int64N(int64(backoff/2))))):
		}
	}
}

// once is one line, from its ticket to its end.
func (k *customer) once(ctx context.Context) (resumed bool, err error) {
	offer, err := k.shop.offer(ctx, k.i, k.session)
	if err != nil {
		return false, err
	}
	l, err := connect(ctx, k.shop.url+"/ws/app", offer, nil)
	if err != nil {
		return false, err
	}
	defer l.conn.Close()
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	k.mu.Lock()
	at := fmt.Sprintf(`{"v":1,"type":"session.resume","data":{"epoch":%q,"seq":%d}}`, k.epoch, k.seq)
	k.mu.Unlock()
	if err := l.say(at); err != nil {
		return false, err
	}
	defer func() { k.mu.Lock(); k.line = nil; k.mu.Unlock() }()
	for {
		if err := l.conn.SetReadDeadline(time.Now().Add(90 * time.Second)); err != nil {
			return resumed, err
		}
		_, raw, err := l.conn.ReadMessage()
		if err != nil {
			return resumed, err
		}
		if k.take(l, frameOf(raw)) {
			resumed = true
		}
		if bytes.Contains(raw, []byte(`"position_ahead"`)) {
			k.gaps.Add(1) // what was confirmed is gone
		}
	}
}

// take is true where the frame says that the customer has its session again.
func (k *customer) take(l *line, f frame) (resumed bool) {
	k.mu.Lock()
	var again []string
	switch f.Type {
	case "session.opened", "session.resumed", "session.reset":
		if f.Type == "session.reset" {
			k.gaps.Add(1)
		}
		k.epoch, k.seq = f.Data.Epoch, f.Data.From-1
		k.line, k.back, resumed = l, time.Now(), true
		for _, text := range k.unsaid {
			again = append(again, text)
		}
		select {
		case <-k.arrived:
		default:
			close(k.arrived)
		}
	case "error":
		if text, ok := k.unsaid[f.Data.ID]; ok && (f.Data.Code == "busy" || f.Data.Code == "draining" || f.Data.Code == "rate_limited" || f.Data.Code == "internal") {
			time.AfterFunc(time.Second, func() { _ = l.say(text) }) //nolint:errcheck // it is said again after the break
		}
	}
	if f.Seq > 0 {
		if f.Seq != k.seq+1 {
			k.gaps.Add(1)
		}
		k.seq = f.Seq
		delete(k.unsaid, f.name())
	}
	k.mu.Unlock()
	for _, text := range again {
		_ = l.say(text) //nolint:errcheck // it is said again after the break
	}
	return resumed
}
