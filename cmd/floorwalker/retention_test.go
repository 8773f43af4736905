package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// silent is an assistant that says one word.
type silent struct{}

func (silent) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State, Trace: shop.Trace{Stages: []shop.Stage{}}}, out.Say(ctx, "Yes.")
}

// keeper is a session manager under a clock of the test's, with what deletes what is old.
type keeper struct {
	t    *testing.T
	pool *pgxpool.Pool
	*retention
	clock time.Time
}

const day = 24 * time.Hour

func openKeeper(t *testing.T, k keeping) *keeper {
	t.Helper()
	o := &keeper{t: t, pool: pgtest.New(t), clock: time.Now()}
	now := func() time.Time { return o.clock }
	manager := dialog.NewManager(o.pool, silent{}, dialog.Options{Now: now})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- manager.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	o.retention = &retention{keeping: k, pool: o.pool, sessions: manager, now: now, batch: 2, log: slog.New(slog.DiscardHandler)}
	return o
}

func (k *keeper) run(sql string, args ...any) {
	k.t.Helper()
	if _, err := k.pool.Exec(k.t.Context(), sql, args...); err != nil {
		k.t.Fatalf("%s: %v", sql, err)
	}
}

// session opens one in which a question was answered so long ago.
func (k *keeper) session(age time.Duration) string {
	k.t.Helper()
	o, err := k.sessions.Open(k.t.Context(), dialog.OpenRequest{Lang: shop.English})
	if err != nil {
		k.t.Fatal(err)
	}
	k.asks(o.SessionID, "1")
	k.run(`UPDATE sessions SET active_at = $2, created_at = $2 WHERE id = $1`, o.SessionID, k.clock.Add(-age))
	return o.SessionID
}

// asks asks in a session and waits for the answer's end.
func (k *keeper) asks(session, id string) {
	k.t.Helper()
	ack, err := k.sessions.Post(k.t.Context(), session, dialog.PostRequest{ClientMsgID: id, Text: "question " + id})
	if err != nil {
		k.t.Fatal(err)
	}
	eventually(k.t, "an answer", func() bool {
		return slices.Equal(k.list(`SELECT id::text FROM messages WHERE id = $1 AND status = 'complete'`, ack.ReplyID), []string{ack.ReplyID})
	})
}

func (k *keeper) list(sql string, args ...any) []string {
	k.t.Helper()
	rows, err := k.pool.Query(k.t.Context(), sql, args...)
	if err != nil {
		k.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		k.t.Fatal(err)
	}
	return all
}

func (k *keeper) passes() {
	k.t.Helper()
	if err := k.pass(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

func TestConversationsAreKeptForSoLongAndNoLonger(t *testing.T) {
	k := openKeeper(t, keeping{KeepSessions: 90 * day})
	kept, gone := map[string]string{}, map[string]string{}
	for i := range 5 {
		gone[fmt.Sprint("old ", i)] = k.session(91 * day)
	}
	kept["young"] = k.session(89 * day)
	kept["a question is open"] = k.session(91 * day)
	k.run(`INSERT INTO messages (id, session_id, role, status) VALUES (gen_random_uuid(), $1, 'assistant', 'pending')`, kept["a question is open"])
	k.run(`UPDATE sessions SET turn_message_id = gen_random_uuid(), lease_expires_at = now() + interval '1 hour' WHERE id = $1`, kept["a question is open"])
	kept["a person has it"] = k.session(91 * day)
	k.run(`UPDATE sessions SET owner = 'agent' WHERE id = $1`, kept["a person has it"])
	gone["nobody came"] = k.session(91 * day)
	k.run(`UPDATE sessions SET owner = 'queued' WHERE id = $1`, gone["nobody came"])
	ticket := `INSERT INTO desk_tickets (session_id, queue_id, client_msg_id, email, text, status) VALUES ($1, 'general', 'x', 'a@example.com', 'help', $2)`
	kept["a ticket is open"] = k.session(91 * day)
	k.run(ticket, kept["a ticket is open"], "open")
	gone["a ticket was answered"] = k.session(91 * day)
	k.run(ticket, gone["a ticket was answered"], "closed")
	gone["a known customer's"] = k.session(91 * day)
	k.run(`UPDATE sessions SET customer = 'ann' WHERE id = $1`, gone["a known customer's"])
	for _, owner := range []string{gone["old 0"], kept["young"], "ann"} {
		k.run(`INSERT INTO cart_lines (id, owner, sku, quantity) VALUES (gen_random_uuid(), $1, 'S1', 1)`, owner)
	}
	k.run(`INSERT INTO desk_audit (agent_id, action, session_id) VALUES ('kim', 'packet', $1)`, gone["old 0"])

	// While another replica is at it, this one does nothing.
	other, err := k.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_lock($1)`, int64(keepLock)); err != nil {
		t.Fatal(err)
	}
	k.passes()
	if n := len(k.list(`SELECT id::text FROM sessions`)); n != len(kept)+len(gone) {
		t.Errorf("two replicas delete at once: %d sessions are left", n)
	}
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_unlock_all()`); err != nil {
		t.Fatal(err)
	}
	other.Release()

	k.passes()
	left := k.list(`SELECT id::text FROM sessions`)
	for what, id := range kept {
		if !slices.Contains(left, id) {
			t.Errorf("deleted: %s", what)
		}
	}
	content := strings.Join(slices.Concat(left, k.list(`SELECT session_id::text FROM messages`), k.list(`SELECT session_id::text FROM events`),
		k.list(`SELECT owner FROM cart_lines`), k.list(`SELECT coalesce(session_id::text, '') FROM desk_audit`)), " ")
	for what, id := range gone {
		if strings.Contains(content, id) {
			t.Errorf("something is left of: %s", what)
		}
	}
	if carts := k.list(`SELECT owner FROM cart_lines ORDER BY owner`); !slices.Contains(carts, "ann") || len(carts) != 2 {
		t.Errorf("carts of %v are left; a known customer's is no part of a conversation", carts)
	}
	// Later the young one is old.
	k.clock = k.clock.Add(2 * day)
	k.passes()
	if slices.Contains(k.list(`SELECT id::text FROM sessions`), kept["young"]) {
		t.Error("it stays for ever")
	}
}

func TestWhatWasSaidLongAgoGoesFromConversationsThatGoOn(t *testing.T) {
	k := openKeeper(t, keeping{KeepMessages: 30 * day, KeepAudit: 60 * day})
	id := k.session(0)
	k.asks(id, "2")
	old, err := k.sessions.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	k.clock = k.clock.Add(31 * day)
	k.asks(id, "3")
	k.run(`INSERT INTO desk_notes (id, session_id, agent_id, author, client_msg_id, text, created_at) SELECT gen_random_uuid(), $1, 'kim', 'Kim', n::text, 'a note', $2::timestamptz - n * interval '20 days' FROM generate_series(0, 5) AS n`, id, k.clock)
	k.run(`INSERT INTO desk_audit (agent_id, action, at) SELECT 'kim', 'login', $1::timestamptz - n * interval '20 days' FROM generate_series(0, 5) AS n`, k.clock)
	k.passes()
	now, err := k.sessions.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if now.Oldest != old.Seq+1 || now.Seq <= old.Seq {
		t.Errorf("the log is kept from %d to %d; it had reached %d when what is old was said", now.Oldest, now.Seq, old.Seq)
	}
	if said := k.list(`SELECT text FROM messages WHERE session_id = $1 ORDER BY seq`, id); !slices.Equal(said, []string{"question 3", "Yes."}) {
		t.Errorf("of what was said is left %q", said)
	}
	if notes, audit := k.list(`SELECT text FROM desk_notes`), k.list(`SELECT action FROM desk_audit`); len(notes) != 2 || len(audit) != 4 {
		t.Errorf("%d notes and %d lines of the audit log are left, want 2 and 4", len(notes), len(audit))
	}
	// Who read up to where the log begins now goes on; who read less forgets what is on the screen.
	for from, want := range map[int64]protocol.Type{old.Seq: protocol.TypeSessionResumed, old.Seq - 1: protocol.TypeSessionReset} {
		sub, err := k.sessions.Attach(t.Context(), id, dialog.Position{Epoch: old.Epoch, Seq: from})
		if err != nil {
			t.Fatal(err)
		}
		env, err := sub.Next(t.Context())
		sub.Close()
		if err != nil || env.Type != want {
			t.Errorf("from %d the first frame is %s, %v; want %s", from, env.Type, err, want)
		}
	}
	// An answer that is not there yet keeps its question, and all that came after it.
	k.clock = k.clock.Add(31 * day)
	k.run(`UPDATE messages SET status = 'pending', final_seq = NULL, seq = NULL, asked_seq = $2 WHERE session_id = $1 AND role = 'assistant'`, id, now.Oldest)
	k.run(`UPDATE sessions SET turn_message_id = gen_random_uuid(), lease_expires_at = now() + interval '1 hour' WHERE id = $1`, id)
	k.passes()
	if said := k.list(`SELECT text FROM messages WHERE session_id = $1 AND role = 'customer'`, id); !slices.Equal(said, []string{"question 3"}) {
		t.Errorf("a question that waits for its answer: %q", said)
	}
}

func TestTimesTooShortToKeepAnythingAreRefused(t *testing.T) {
	for k, want := range map[keeping]bool{{}: true, {KeepSessions: day}: true, {KeepSessions: time.Hour}: false, {KeepMessages: -day}: false, {KeepAudit: time.Minute}: false} {
		if err := k.check(); (err == nil) != want {
			t.Errorf("%+v: %v", k, err)
		}
	}
}

func TestPlacementsAndExposuresGoByAge(t *testing.T) {
	k := openKeeper(t, keeping{KeepSponsored: 90 * day, KeepExperiments: 30 * day})
	k.run(`INSERT INTO sponsored_campaigns VALUES ('c', '{a}', '{}', '{}', '{}', 10, 100, 20, 'USD', now() - interval '1 year', now() + interval '1 day', 3, false)`)
	for age, list := range map[int]string{91: "old", 89: "young"} {
		k.run(`INSERT INTO sponsored_placements SELECT $1 || n, 'a', 'c', 'visit', 'ann', 3, 10, 0.1, now() - make_interval(days => $2) FROM generate_series(1, 5) n`, list, age)
	}
	k.run(`INSERT INTO experiments VALUES ('long over', 'interleaving', '{a,b}', now() - interval '90 days', now() - interval '31 days'),
		('just over', 'interleaving', '{a,b}', now() - interval '90 days', now() - interval '29 days'), ('running', 'interleaving', '{a,b}', now() - interval '90 days', NULL)`)
	for _, e := range []string{"long over", "just over", "running"} {
		k.run(`INSERT INTO experiment_exposures SELECT $1, 'unit ' || n, 'both', 1, now() - interval '60 days' FROM generate_series(1, 5) n`, e)
		k.run(`INSERT INTO experiment_drafts SELECT $1, 'unit ' || n, 'a', 'a' FROM generate_series(1, 5) n`, e)
	}
	k.passes()
	if left := k.list(`SELECT ranking_id FROM sponsored_placements ORDER BY 1`); !slices.Equal(left, []string{"young1", "young2", "young3", "young4", "young5"}) {
		t.Errorf("placements that stay: %v", left)
	}
	if spent := k.list(`SELECT spent_minor::text FROM sponsored_campaigns`); !slices.Equal(spent, []string{"20"}) {
		t.Errorf("spent is %v", spent)
	}
	for _, table := range []string{"experiment_exposures", "experiment_drafts"} {
		left := k.list(map[string]string{"experiment_exposures": `SELECT experiment || count(*) FROM experiment_exposures GROUP BY experiment ORDER BY 1`,
			"experiment_drafts": `SELECT experiment || count(*) FROM experiment_drafts GROUP BY experiment ORDER BY 1`}[table])
		if !slices.Equal(left, []string{"just over5", "running5"}) {
			t.Errorf("%s that stay: %v", table, left)
		}
	}
}
