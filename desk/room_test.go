package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The embedded PostgreSQL lives until the test process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

const password = "correct horse battery"

// script is an assistant that does what its function says.
type script func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)

func (f script) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return f(ctx, turn, out)
}

// echo understands red shoes and says what it was asked.
var echo = script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	state := turn.State
	state.Need.Product = "red shoes"
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English, Slots: shop.Slots{Product: "red shoes"}}, State: state,
		Trace: shop.Trace{Stages: []shop.Stage{}}}, out.Say(ctx, "You said: "+turn.Text)
})

// room is a running desk with its session manager, as one server has them.
type room struct {
	*desk.Desk
	t    testing.TB
	m    *dialog.Manager
	pool *pgxpool.Pool
}

func quick(o desk.Options) desk.Options {
	if o.Sweep == 0 {
		o.Sweep = 30 * time.Millisecond
	}
	if o.Key == nil {
		o.Key = bytes.Repeat([]byte{7}, 32)
	}
	if o.Poll == 0 {
		o.Poll = 30 * time.Millisecond
	}
	return o
}

func open(t testing.TB, o desk.Options) *room { return openOn(t, pgtest.New(t), o, echo) }

// openOn opens one more server on the database.
func openOn(t testing.TB, pool *pgxpool.Pool, o desk.Options, assistant dialog.Assistant) *room {
	t.Helper()
	d := desk.New(pool, quick(o))
	m := dialog.NewManager(pool, assistant, dialog.Options{Desk: d, SweepEvery: 50 * time.Millisecond})
	d.Join(m)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- d.Run(ctx) }()
	go func() { ended <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("run: %v", err)
			}
		}
	})
	return &room{Desk: d, t: t, m: m, pool: pool}
}

// agent makes an account; what is not given has its default.
func (r *room) agent(a desk.Agent) desk.Agent {
	r.t.Helper()
	if a.Name == "" {
		a.Name = strings.ToUpper(a.ID[:1]) + a.ID[1:]
	}
	if _, _, err := r.AddAgent(r.t.Context(), a, password, false); err != nil {
		r.t.Fatal(err)
	}
	return r.account(a.ID)
}

func (r *room) account(id string) desk.Agent {
	r.t.Helper()
	all, err := r.Agents(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, a := range all {
		if a.ID == id {
			return a
		}
	}
	r.t.Fatalf("there is no %s", id)
	return desk.Agent{}
}

// sit opens the agent's console, which makes the agent present.
func (r *room) sit(a desk.Agent) *console {
	r.t.Helper()
	l, err := r.Login(r.t.Context(), desk.Credentials{ID: a.ID, Password: password})
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := r.Open(r.t.Context(), l)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return &console{c, r.t}
}

// console reads an agent's console.
type console struct {
	*desk.Console
	t testing.TB
}

// until reads up to and with the first frame of the type that fits.
func (c *console) until(typ protocol.Type, fits ...func(protocol.Envelope) bool) protocol.Envelope {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	var seen []protocol.Type
	for {
		env, err := c.Next(ctx)
		if err != nil {
			c.t.Fatalf("no %s came: %v; %v did", typ, err, seen)
		}
		if seen = append(seen, env.Type); env.Type == typ && (len(fits) == 0 || fits[0](env)) {
			return env
		}
	}
}

// customer is one conversation, read as its customer reads it.
type customer struct {
	*dialog.Subscription
	t       testing.TB
	r       *room
	session string
}

func (r *room) customer(lang shop.Lang) *customer {
	r.t.Helper()
	o, err := r.m.Open(r.t.Context(), dialog.OpenRequest{Lang: lang})
	if err != nil {
		r.t.Fatal(err)
	}
	sub, err := r.m.Attach(r.t.Context(), o.SessionID, dialog.Position{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(sub.Close)
	return &customer{sub, r.t, r, o.SessionID}
}

// asks asks for a person and returns the owner epoch that agents see.
func (c *customer) asks() int64 {
	c.t.Helper()
	if _, err := c.r.m.AskPerson(c.t.Context(), c.session, "customer_asked", ""); err != nil {
		c.t.Fatal(err)
	}
	return c.now().OwnerEpoch
}

func (c *customer) says(id, text string) {
	c.t.Helper()
	if _, err := c.r.m.Post(c.t.Context(), c.session, dialog.PostRequest{ClientMsgID: id, Text: text}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *customer) now() dialog.Session {
	c.t.Helper()
	s, err := c.r.m.Session(c.t.Context(), c.session)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *customer) until(typ protocol.Type, fits ...func(protocol.Envelope) bool) protocol.Envelope {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	var seen []protocol.Type
	for {
		env, err := c.Next(ctx)
		if err != nil {
			c.t.Fatalf("no %s came: %v; %v did", typ, err, seen)
		}
		if seen = append(seen, env.Type); env.Type == typ && (len(fits) == 0 || fits[0](env)) {
			return env
		}
	}
}

// waiting is a customer who has asked for a person.
func (r *room) waiting() *customer {
	r.t.Helper()
	c := r.customer(shop.English)
	c.asks()
	return c
}

// claim takes the customer's conversation over as it is now.
func (r *room) claim(a desk.Agent, c *customer) {
	r.t.Helper()
	if _, err := r.Claim(r.t.Context(), a, c.session, c.now().OwnerEpoch); err != nil {
		r.t.Fatal(err)
	}
}

// get reads one row.
func (r *room) get(sql string, args []any, into ...any) {
	r.t.Helper()
	if err := r.pool.QueryRow(r.t.Context(), sql, args...).Scan(into...); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
}

// route is where a request would wait.
func (r *room) route(q dialog.PersonRequest) (dialog.Route, error) {
	r.t.Helper()
	b := &pgx.Batch{}
	route := r.Route(b)
	if err := r.pool.SendBatch(r.t.Context(), b).Close(); err != nil {
		r.t.Fatal(err)
	}
	return route(q)
}

func (r *room) run(sql string, args ...any) {
	r.t.Helper()
	if _, err := r.pool.Exec(r.t.Context(), sql, args...); err != nil {
		r.t.Fatalf("%s: %v", sql, err)
	}
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// refused checks that the error has the code.
func refused(t testing.TB, what string, err error, code string) {
	t.Helper()
	if got, _ := shop.CodeOf(err); err == nil || got != code {
		t.Errorf("%s: %v (%s), want %s", what, err, got, code)
	}
}

func read[T any](t testing.TB, env protocol.Envelope) T {
	t.Helper()
	var data T
	if err := env.Into(&data); err != nil {
		t.Fatal(err)
	}
	return data
}

func isOwnerChanged(err error) bool { return errors.Is(err, dialog.ErrOwnerChanged) }

func names(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%d", prefix, i)
	}
	return all
}
