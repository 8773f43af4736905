package behaviour_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded"
	"floorwalker/embedded/pgtest"
	"floorwalker/migrations"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var noon = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func click(id, session, sku string, at time.Time) behaviour.Event {
	return behaviour.Event{ID: id, Action: behaviour.Click, Session: session, Time: at,
		Attributes: behaviour.Attributes{Object: behaviour.Object{ID: sku}}}
}

func add(t testing.TB, l *behaviour.Log, events ...behaviour.Event) behaviour.Receipt {
	t.Helper()
	r, err := l.Add(t.Context(), events)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func count(t testing.TB, pool *pgxpool.Pool, query string, args ...any) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnEventIsCountedOnceHoweverOftenItComes(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	first := click("1", "s", "mug", noon)
	elsewhere := first
	elsewhere.Attributes.Object.ID = "tent"
	if r := add(t, l, first, first, click("1", "other", "mug", noon)); r.Accepted != 2 || r.Duplicates != 1 {
		t.Errorf("twice in one batch: %+v", r)
	}
	if r := add(t, l, elsewhere, click("2", "s", "mug", noon)); r.Accepted != 1 || r.Duplicates != 1 {
		t.Errorf("a retry: %+v", r)
	}
	// The same event under another time, in another month's partition.
	if r := add(t, l, click("1", "s", "mug", noon.Add(-6*24*time.Hour))); r.Accepted != 0 || r.Duplicates != 1 {
		t.Errorf("under another time: %+v", r)
	}
	if n := count(t, pool, `SELECT count(*) FROM behaviour_events WHERE sku = 'mug'`); n != 3 {
		t.Errorf("%d rows", n)
	}
	var all sync.WaitGroup
	got := make([]behaviour.Receipt, 8)
	for i := range got {
		all.Go(func() {
			batch := []behaviour.Event{click("a", "s", "mug", noon), click("b", "s", "mug", noon), click("c", "s", "mug", noon)}
			if i%2 == 0 {
				batch[0], batch[2] = batch[2], batch[0]
			}
			r, err := l.Add(t.Context(), batch)
			if err != nil {
				t.Error(err)
			}
			got[i] = r
		})
	}
	all.Wait()
	accepted := 0
	for _, r := range got {
		accepted += r.Accepted
	}
	if accepted != 3 {
		t.Errorf("eight at once: %d accepted, want each of the three once", accepted)
	}
}

func TestWhatIsTooOldOrNotYetOrMalformedIsRefusedAloneAndSaidWhy(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon, Late: 48 * time.Hour, Ahead: time.Minute})
	unknown := click("7", "s", "mug", noon)
	unknown.Action = "stare"
	stars := click("8", "s", "mug", noon)
	stars.Action, stars.Attributes.Stars = behaviour.Rating, 6
	r := add(t, l, click("1", "s", "mug", noon.Add(-47*time.Hour)), click("2", "s", "mug", noon.Add(-49*time.Hour)),
		click("3", "s", "mug", noon.Add(59*time.Second)), click("4", "s", "mug", noon.Add(61*time.Second)),
		click("5", "s", "", noon), click("6", "s", "a\x00b", noon), unknown, stars, click("", "s", "mug", noon),
		click("9", "s", strings.Repeat("x", 129), noon))
	var codes []string
	for _, refused := range r.Refused {
		codes = append(codes, fmt.Sprintf("%d %s", refused.Index, refused.Code))
		if refused.Message == "" {
			t.Errorf("no reason: %+v", refused)
		}
	}
	want := []string{"1 too_late", "3 in_the_future", "4 bad_request", "5 bad_request", "6 bad_request", "7 bad_request", "8 bad_request", "9 bad_request"}
	if diff := cmp.Diff(want, codes); diff != "" || r.Accepted != 2 {
		t.Errorf("accepted %d, %s", r.Accepted, diff)
	}
	if _, err := l.Add(t.Context(), make([]behaviour.Event, behaviour.MaxBatch+1)); err == nil {
		t.Error("a batch over the limit was taken")
	}
	var received time.Time
	if err := pool.QueryRow(t.Context(), `SELECT received_at FROM behaviour_events WHERE event_id = '1'`).Scan(&received); err != nil || time.Since(received) > time.Minute {
		t.Errorf("received at %v: %v", received, err)
	}
}

func partitions(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'behaviour_events'::regclass ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPartitionsAreMadeAheadAndDroppedByAge(t *testing.T) {
	pool := pgtest.New(t)
	now := noon
	l := behaviour.NewLog(pool, behaviour.Options{Now: func() time.Time { return now }, Keep: 40 * 24 * time.Hour})
	if err := l.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"behaviour_events_2026_02", "behaviour_events_2026_03", "behaviour_events_2026_04", "behaviour_events_2026_05"}
	if diff := cmp.Diff(want, partitions(t, pool)); diff != "" {
		t.Fatal(diff)
	}
	add(t, l, click("old", "s", "mug", noon))
	now = time.Date(2026, 5, 12, 0, 0, 0, 0, time.UTC) // all of March is more than forty days ago
	add(t, l, click("new", "s", "mug", now))
	if err := l.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	want = []string{"behaviour_events_2026_04", "behaviour_events_2026_05", "behaviour_events_2026_06", "behaviour_events_2026_07"}
	if diff := cmp.Diff(want, partitions(t, pool)); diff != "" {
		t.Error(diff)
	}
	if n := count(t, pool, `SELECT count(*) FROM behaviour_events`); n != 1 {
		t.Errorf("%d events left, want the new one", n)
	}
}

func TestWhatAClientDidIsErasedAndNobodyElses(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	known := click("1", "s1", "mug", noon)
	known.Client = "ann"
	add(t, l, known, click("2", "s1", "mug", noon), click("3", "s2", "mug", noon))
	if n, err := l.Erase(t.Context(), "ann"); n != 1 || err != nil {
		t.Errorf("ann: %d, %v", n, err)
	}
	if err := l.Claim(t.Context(), "s2", "bob"); err != nil || count(t, pool, `SELECT count(*) FROM behaviour_events WHERE client = 'bob' AND session = 's2'`) != 1 {
		t.Errorf("what was done before the login is not bob's: %v", err)
	}
	if n, err := l.Erase(t.Context(), "s1"); n != 1 || err != nil {
		t.Errorf("s1: %d, %v", n, err)
	}
	if n := count(t, pool, `SELECT count(*) FROM behaviour_events WHERE session = 's2'`); n != 1 {
		t.Errorf("%d of another's events left", n)
	}
}

func TestShopsServersTellByNATSAndAreAnsweredAfterTheCommit(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	server, err := embedded.StartNATS(embedded.NATSOptions{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- l.Serve(ctx, nc) }()
	ask := func(text string) (reply behaviour.SubjectReply) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			m, err := nc.Request(behaviour.Subject, []byte(text), 5*time.Second)
			if err != nil && time.Now().Before(deadline) {
				continue // not subscribed yet
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(m.Data, &reply); err != nil {
				t.Fatal(err)
			}
			return reply
		}
	}
	bought := `{"events":[{"event_id":"o-1/1","action_name":"purchase","session_id":"visit","client_id":"ann","timestamp":"2026-03-15T11:59:00Z",
		"event_attributes":{"object":{"object_id":"mug"},"quantity":3}}]}`
	if r := ask(bought); !r.OK || r.Accepted != 1 {
		t.Errorf("bought: %+v", r)
	}
	if n := count(t, pool, `SELECT count(*) FROM behaviour_events WHERE client = 'ann' AND action = 'purchase' AND amount = 3 AND trusted`); n != 1 {
		t.Errorf("%d purchases in the table", n)
	}
	if r := ask(bought); !r.OK || r.Duplicates != 1 {
		t.Errorf("again: %+v", r)
	}
	if r := ask(`{"events":[{"timestamp":5}]}`); r.OK || r.Code != shop.CodeBadRequest {
		t.Errorf("not a batch: %+v", r)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestAcknowledgedEventsSurviveAKilledPostgreSQL kills the server several times while eight senders write, and looks
// for each event that was acknowledged.
func TestAcknowledgedEventsSurviveAKilledPostgreSQL(t *testing.T) {
	cache := embedded.DefaultCache()
	if !embedded.PostgresFetched(cache) {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "postgres") {
			t.Fatal("this test needs PostgreSQL of its own: run `make fetch`")
		}
		t.Skip("this test needs PostgreSQL of its own: run `make fetch`")
	}
	dir := t.TempDir()
	for d := dir; len(d) > len(os.TempDir()); d = d[:strings.LastIndexByte(d, '/')] {
		if err := os.Chmod(d, 0o755); err != nil { // PostgreSQL may run under another account
			t.Fatal(err)
		}
	}
	pg, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Cache: cache, DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(context.Background()); err != nil {
			t.Log(err)
		}
	})
	if err := migrations.Up(t.Context(), pg.URL()); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), pg.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	const senders, each = 8, 40
	var mu sync.Mutex
	acknowledged, failures, stop := map[string]bool{}, 0, make(chan struct{})
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				batch := make([]behaviour.Event, each)
				for i := range batch {
					batch[i] = click(fmt.Sprintf("%d/%d", n, i), fmt.Sprint("s", s), "mug", noon)
				}
				for began := time.Now(); ; {
					ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
					r, err := l.Add(ctx, batch)
					cancel()
					if err == nil && r.Accepted+r.Duplicates == each {
						mu.Lock()
						for _, e := range batch {
							acknowledged[e.Session+" "+e.ID] = true
						}
						mu.Unlock()
						break
					}
					mu.Lock()
					failures++
					mu.Unlock()
					if time.Since(began) > time.Minute {
						t.Errorf("never acknowledged: %+v, %v", r, err)
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	const kills = 3
	for range kills {
		time.Sleep(time.Second)
		pg.Kill()
	}
	time.Sleep(2 * time.Second)
	close(stop)
	all.Wait()
	for began := time.Now(); pool.Ping(t.Context()) != nil && time.Since(began) < time.Minute; {
		time.Sleep(20 * time.Millisecond)
	}
	rows, err := pool.Query(t.Context(), `SELECT session || ' ' || event_id FROM behaviour_events`)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, id := range stored {
		if there[id] {
			t.Errorf("%s is there twice", id)
		}
		there[id] = true
	}
	lost := 0
	for id := range acknowledged {
		if !there[id] {
			lost++
		}
	}
	t.Logf("%d acknowledged over %d kills, %d failed calls", len(acknowledged), kills, failures)
	if lost > 0 || failures == 0 || len(acknowledged) < senders*each {
		t.Errorf("%d of %d acknowledged events are lost; %d calls met a killed server", lost, len(acknowledged), failures)
	}
}

// BenchmarkAdd measures how many events a second go into a durable PostgreSQL (fsync on) in batches of 500, four
// senders at once.
func BenchmarkAdd(b *testing.B) {
	cache := embedded.DefaultCache()
	if !embedded.PostgresFetched(cache) {
		b.Skip("this needs PostgreSQL of its own: run `make fetch`")
	}
	dir, err := os.MkdirTemp("", "behaviour-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	pg, err := embedded.StartPostgres(b.Context(), embedded.PostgresOptions{Cache: cache, DataDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { pg.Stop(context.Background()) })
	if err := migrations.Up(b.Context(), pg.URL()); err != nil {
		b.Fatal(err)
	}
	pool, err := pgxpool.New(b.Context(), pg.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	const batchSize, senders = 500, 4
	var mu sync.Mutex
	next := 0
	b.ResetTimer()
	began := time.Now()
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for {
				mu.Lock()
				n := next
				next++
				mu.Unlock()
				if n >= b.N {
					return
				}
				batch := make([]behaviour.Event, batchSize)
				for i := range batch {
					batch[i] = click(fmt.Sprintf("%d/%d", n, i), fmt.Sprint("session-", (n*31+i)%5000), fmt.Sprint("sku-", i%997), noon.Add(-time.Duration(n)*time.Second))
				}
				if r, err := l.Add(context.Background(), batch); err != nil || r.Accepted != batchSize {
					b.Errorf("%+v, %v", r, err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N*batchSize)/time.Since(began).Seconds(), "events/s")
}
