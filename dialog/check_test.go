package dialog_test

import (
	"fmt"
	"testing"
	"time"

	"floorwalker/protocol"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// check asserts what must hold of a session's rows at rest: a log without gaps, one row for each
// client_msg_id, one reply for each question, and exactly one final state and event for each message.
func check(t testing.TB, pool *pgxpool.Pool, session string) {
	t.Helper()
	for name, sql := range map[string]string{
		"seq runs from 1 without gaps up to next_seq": `
			SELECT count(*) FILTER (WHERE seq <> n) + abs(count(*) - (SELECT next_seq - 1 FROM sessions WHERE id = $1))
			FROM (SELECT seq, row_number() OVER (ORDER BY seq) n FROM events WHERE session_id = $1) e`,
		"every message has a final state": `
			SELECT count(*) FROM messages WHERE session_id = $1 AND status NOT IN ('complete', 'interrupted', 'failed')`,
		"every answer has exactly one message.completed, at its final_seq": `
			SELECT count(*) FROM messages m WHERE session_id = $1 AND role = 'assistant' AND
				(SELECT array_agg(seq) FROM events e WHERE e.session_id = $1 AND e.type = 'message.completed'
				 AND e.data->>'message_id' = m.id::text) IS DISTINCT FROM ARRAY[m.final_seq]`,
		"every message.completed says what the row says": `
			SELECT count(*) FROM events e JOIN messages m ON m.id = (e.data->>'message_id')::uuid
			WHERE e.session_id = $1 AND e.type = 'message.completed' AND (e.data->>'text' <> m.text OR e.data->>'state' <> m.status)`,
		"every question has one message.created, at its seq": `
			SELECT count(*) FROM messages m WHERE session_id = $1 AND role = 'customer' AND
				(SELECT array_agg(seq) FROM events e WHERE e.session_id = $1 AND e.type = 'message.created'
				 AND e.data->>'message_id' = m.id::text) IS DISTINCT FROM ARRAY[m.seq]`,
		"no turn is left running": `SELECT count(*) FROM sessions WHERE id = $1 AND turn_message_id IS NOT NULL`,
	} {
		var wrong int
		if err := pool.QueryRow(t.Context(), sql, session).Scan(&wrong); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if wrong != 0 {
			t.Errorf("broken %d times: %s", wrong, name)
		}
	}
}

// same asserts that what a client saw equals the log, byte for byte.
func same(t testing.TB, pool *pgxpool.Pool, session string, v *view) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT e.seq, e.type, e.data::text, e.ts, s.epoch FROM events e JOIN sessions s ON s.id = e.session_id
		WHERE session_id = $1 AND seq <= $2 ORDER BY seq`, session, v.seq)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[int64]string{}
	var (
		env         protocol.Envelope
		data, epoch string
		ts          time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&env.Seq, &env.Type, &data, &ts, &epoch}, func() error {
		env.V, env.Session, env.Epoch, env.TS, env.Data = 1, session, epoch, ts.UTC(), []byte(data)
		env.ID = fmt.Sprintf("%s-%d", epoch, env.Seq)
		frame, err := env.Encode()
		stored[env.Seq] = string(frame)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stored, v.events); diff != "" {
		t.Errorf("the client's view is not the log (-stored +seen):\n%s", diff)
	}
	for id, text := range v.texts {
		var row string
		if err := pool.QueryRow(t.Context(), `SELECT text FROM messages WHERE id = $1`, id).Scan(&row); err != nil {
			t.Fatal(err)
		}
		if v.states[id].Final() && row != text {
			t.Errorf("the client shows %q, the row holds %q", text, row)
		}
	}
}
