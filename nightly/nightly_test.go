package nightly_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/nightly"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

var noon = time.Date(2026, 3, 16, 12, 0, 0, 0, time.UTC)

// watch is a work that is due from two in the night on, and what became of it.
type watch struct {
	now         time.Time
	last, times atomic.Int64
}

func (w *watch) work(do func(ctx context.Context) error) nightly.Work {
	return nightly.Work{Lock: 7, Due: 2 * time.Hour, Now: func() time.Time { return w.now },
		Last: func(context.Context) (time.Time, error) { return time.Unix(w.last.Load(), 0), nil },
		Do: func(ctx context.Context) error {
			w.times.Add(1)
			if err := do(ctx); err != nil {
				return err
			}
			w.last.Store(w.now.Unix())
			return nil
		}}
}

func atOnce(context.Context) error { return nil }

func TestWorkIsDoneOnceANight(t *testing.T) {
	pool := pgtest.New(t)
	var w watch
	for _, at := range []struct {
		what string
		now  time.Time
		want int64
	}{
		{"never done", noon, 1},
		{"later that day", noon.Add(11 * time.Hour), 0},
		{"before two in the night", noon.Add(14*time.Hour - time.Second), 0},
		{"two in the night", noon.Add(14 * time.Hour), 1},
		{"once more", noon.Add(14 * time.Hour), 0},
		{"an hour before the next, where it is another day", noon.Add(37 * time.Hour).In(time.FixedZone("", 9*3600)), 0},
		{"days later, before two in the night", noon.Add(5*24*time.Hour + 13*time.Hour), 1},
		{"two in that night", noon.Add(5*24*time.Hour + 14*time.Hour), 1},
	} {
		w.now = at.now
		w.times.Store(0)
		if err := w.work(atOnce).Once(t.Context(), pool); err != nil || w.times.Load() != at.want {
			t.Errorf("%s: done %d times, want %d; %v", at.what, w.times.Load(), at.want, err)
		}
	}
}

func TestOneReplicaWorksAndTheOthersWait(t *testing.T) {
	pool := pgtest.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	w := watch{now: noon}
	others := func(ctx context.Context) error {
		for waiting := 0; waiting < 2; time.Sleep(time.Millisecond) {
			if err := pool.QueryRow(ctx, `SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
				WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`).Scan(&waiting); err != nil {
				return err
			}
		}
		other := w.work(atOnce)
		other.Lock, other.Do = 8, atOnce
		return other.Once(ctx, pool) // has no reason to wait
	}
	var replicas sync.WaitGroup
	for range 3 {
		replicas.Go(func() {
			if err := w.work(others).Once(ctx, pool); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	if n := w.times.Load(); n != 1 {
		t.Errorf("done %d times", n)
	}
}

func TestWorkThatFailsIsLeftToTheNextReplica(t *testing.T) {
	address := pgtest.URL(t)
	replica := func() *pgxpool.Pool {
		pool, err := pgxpool.New(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return pool
	}
	one, two := replica(), replica()
	w, broken := watch{now: noon}, errors.New("not now")
	if err := w.work(func(context.Context) error { return broken }).Once(t.Context(), one); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	if err := w.work(func(ctx context.Context) error { stop(); return ctx.Err() }).Once(stopped, one); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	unread := w.work(atOnce)
	unread.Last = func(context.Context) (time.Time, error) { return time.Time{}, broken }
	if err := unread.Once(t.Context(), one); !errors.Is(err, broken) || w.times.Load() != 2 {
		t.Errorf("done %d times where nobody knows when it was last: %v", w.times.Load()-2, err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.work(atOnce).Once(soon, two); err != nil || w.times.Load() != 3 {
		t.Errorf("done %d times in all, %v", w.times.Load(), err)
	}
}

func TestEntriesGetTheirProductsTitles(t *testing.T) {
	type entry struct{ sku, title string }
	titled := func(e *entry) (string, *string) { return e.sku, &e.title }
	products := func(_ context.Context, skus []string) (all []shop.Product, err error) {
		if strings.Join(skus, " ") != "mug gone mug" {
			t.Errorf("asked for %q", skus)
		}
		return []shop.Product{{SKU: "mug", Title: "A mug"}}, nil
	}
	all := []entry{{"mug", ""}, {"gone", "A chair"}, {"mug", "A cup"}}
	if err := nightly.Entitle(t.Context(), products, all, titled); err != nil {
		t.Fatal(err)
	}
	if all[0].title != "A mug" || all[1].title != "" || all[2].title != "A mug" {
		t.Errorf("%+v", all)
	}
	broken := errors.New("not now")
	fails := func(context.Context, []string) ([]shop.Product, error) { return nil, broken }
	if err := nightly.Entitle(t.Context(), fails, all, titled); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
