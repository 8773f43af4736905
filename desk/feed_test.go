package desk_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// roundTrips counts those to PostgreSQL that are made for a marked context.
type roundTrips struct{ n atomic.Int64 }

type marked struct{}

func mark(ctx context.Context) context.Context { return context.WithValue(ctx, marked{}, true) }

func (r *roundTrips) count(ctx context.Context) context.Context {
	if ctx.Value(marked{}) != nil {
		r.n.Add(1)
	}
	return ctx
}

func (r *roundTrips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return r.count(ctx)
}
func (r *roundTrips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (r *roundTrips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return r.count(ctx)
}
func (r *roundTrips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (r *roundTrips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// settle waits until no more round trips are made, and says how many were made since it was called last.
func (r *roundTrips) settle() int64 {
	for last := int64(-1); last != r.n.Load(); time.Sleep(150 * time.Millisecond) {
		last = r.n.Load()
	}
	return r.n.Swap(0)
}

// TestTheDeskLooksOnceForARequestAndNeverForAMessage holds what the way from a request for a person to the consoles
// costs: the lock, the commit, and one look of the desk, however much is said meanwhile.
func TestTheDeskLooksOnceForARequestAndNeverForAMessage(t *testing.T) {
	trips := &roundTrips{}
	config, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = trips
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	d := desk.New(pool, desk.Options{Sweep: time.Hour, Poll: time.Hour, Lease: time.Hour})
	m := dialog.NewManager(pool, echo, dialog.Options{Desk: d})
	d.Join(m)
	ctx, stop := context.WithCancel(mark(context.Background()))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	r := &room{Desk: d, t: t, m: m, pool: pool}
	kim := r.agent(desk.Agent{ID: "kim"})
	seat := r.sit(kim)
	first, second := r.customer(shop.English), r.customer(shop.English)
	of := func(c *customer, status string) func(protocol.Envelope) bool {
		return func(env protocol.Envelope) bool {
			k := read[protocol.CaseChanged](t, env).Case
			return k.Session == c.session && k.Status == status
		}
	}

	first.says("c1", "where is my kettle")
	trips.settle()
	if _, err := m.AskPerson(mark(t.Context()), first.session, "customer_asked", ""); err != nil {
		t.Fatal(err)
	}
	k := read[protocol.CaseChanged](t, seat.until(protocol.TypeCaseChanged, of(first, "queued"))).Case
	if n := trips.settle(); n != 3 {
		t.Errorf("a request is at the console after %d round trips, want 3", n)
	}
	if k.Last != "where is my kettle" || k.Position != 1 {
		t.Errorf("the console is told %+v", k)
	}

	r.claim(kim, first)
	seat.until(protocol.TypeCaseChanged, of(first, "claimed"))
	trips.settle()
	for i := range 5 {
		reply := desk.Reply{ClientMsgID: fmt.Sprint(i), Text: "it is on its way"}
		if _, err := r.Reply(t.Context(), kim, first.session, reply); err != nil {
			t.Fatal(err)
		}
	}
	if n := trips.settle(); n != 0 {
		t.Errorf("five messages of an agent had the desk look %d times", n)
	}

	// How a conversation ended is told, whatever happens beside it.
	second.asks()
	if err := r.Resolve(t.Context(), kim, first.session); err != nil {
		t.Fatal(err)
	}
	if k := read[protocol.CaseChanged](t, seat.until(protocol.TypeCaseChanged, of(first, "resolved"))).Case; k.Last != "where is my kettle" {
		t.Errorf("what was said last is forgotten: %+v", k)
	}
}
