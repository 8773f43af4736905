package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/embedded"
	"floorwalker/embedded/pgtest"
	"floorwalker/onnx/onnxtest"
	"floorwalker/shop"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "ollama" { // the stand-in is this program again
		main()
		return
	}
	os.Exit(m.Run())
}

type mute struct{}

func (mute) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State}, out.Say(ctx, "You said: "+turn.Text)
}

// TestTheCheckFindsWhatIsWrong damages a good database in one way after the other.
func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	// Each is one statement, $1 the session; count is how many findings of the kind there must be.
	for name, damage := range map[string]struct {
		sql  string
		kind func(*findings) []string
	}{
		"nothing":               {`SELECT $1::uuid`, nil},
		"a message is lost":     {`DELETE FROM messages WHERE session_id = $1 AND client_msg_id = 'c2'`, func(f *findings) []string { return f.lost }},
		"its event is lost":     {`DELETE FROM events WHERE session_id = $1 AND data ->> 'client_msg_id' = 'c2'`, func(f *findings) []string { return f.lost }},
		"its text changed":      {`UPDATE messages SET text = 'else' WHERE session_id = $1 AND client_msg_id = 'c2'`, func(f *findings) []string { return f.lost }},
		"an event is twice":     {`WITH n AS (UPDATE sessions SET next_seq = next_seq + 1 WHERE id = $1 RETURNING next_seq - 1 AS seq) INSERT INTO events SELECT session_id, n.seq, type, data, ts FROM events, n WHERE session_id = $1 AND events.seq = 1`, func(f *findings) []string { return f.duplicated }},
		"an answer ends twice":  {`WITH n AS (UPDATE sessions SET next_seq = next_seq + 1 WHERE id = $1 RETURNING next_seq - 1 AS seq) INSERT INTO events SELECT session_id, n.seq, type, data, ts FROM events, n WHERE session_id = $1 AND type = 'message.completed' ORDER BY events.seq LIMIT 1`, func(f *findings) []string { return f.duplicated }},
		"an answer never ends":  {`UPDATE messages SET status = 'streaming', final_seq = NULL WHERE session_id = $1 AND role = 'assistant'`, func(f *findings) []string { return f.lost }},
		"a gap":                 {`UPDATE events SET seq = seq + 100 WHERE session_id = $1 AND seq = 5`, func(f *findings) []string { return f.gaps }},
		"a byte differs":        {`UPDATE events SET data = replace(data::text, 'question', 'Question')::json WHERE session_id = $1 AND data ->> 'client_msg_id' = 'c1'`, func(f *findings) []string { return f.gaps }},
		"a time differs":        {`UPDATE events SET ts = ts + interval '1 ms' WHERE session_id = $1 AND seq = 3`, func(f *findings) []string { return f.gaps }},
		"what was done is lost": {`DELETE FROM behaviour_events WHERE session = $1::uuid::text`, func(f *findings) []string { return f.lost }},
		"what was done is twice": {`INSERT INTO behaviour_events SELECT event_time + interval '1 ms', received_at, client, session, event_id, action, sku, ranking_id, model, position, propensity,
			amount, message, trusted FROM behaviour_events WHERE session = $1::uuid::text`, func(f *findings) []string { return f.duplicated }},
		"an owner that no event made": {`UPDATE sessions SET owner = 'agent', agent = 'Kim' WHERE id = $1`, func(f *findings) []string { return f.doubleOwned }},
		"a stranger writes": {`WITH n AS (UPDATE sessions SET next_seq = next_seq + 1 WHERE id = $1 RETURNING next_seq - 1 AS seq)
			INSERT INTO events SELECT $1, n.seq, 'message.created', '{"message_id":"x","role":"agent","state":"complete","text":"hi","author":"Kim"}', now() FROM n`, func(f *findings) []string { return f.doubleOwned }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			m := dialog.NewManager(pool, mute{}, dialog.Options{})
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- m.Run(ctx) }()
			opened, err := m.Open(t.Context(), dialog.OpenRequest{})
			if err != nil {
				t.Fatal(err)
			}
			r := record{views: map[string][]string{}, resets: map[string]int{}}
			for i := range 3 {
				id, text := fmt.Sprint("c", i), fmt.Sprint("question ", i)
				ack, err := m.Post(t.Context(), opened.SessionID, dialog.PostRequest{ClientMsgID: id, Text: text})
				if err != nil {
					t.Fatal(err)
				}
				r.acked = append(r.acked, told{session: opened.SessionID, clientMsgID: id, messageID: ack.MessageID, text: text, seq: ack.Seq})
			}
			click := behaviour.Event{ID: "chaos-1", Action: behaviour.Click, Session: opened.SessionID, Time: time.Now()}
			click.Attributes.Object.ID = "thing-1"
			if receipt, err := behaviour.NewLog(pool, behaviour.Options{}).Add(t.Context(), []behaviour.Event{click}); err != nil || receipt.Accepted != 1 {
				t.Fatalf("%+v, %v", receipt, err)
			}
			r.deeds = []deed{{opened.SessionID, click.ID}}
			sub, err := m.Attach(t.Context(), opened.SessionID, dialog.Position{})
			if err != nil {
				t.Fatal(err)
			}
			const events = 9 // three questions, three answers that begin, three ends
			for len(r.views[opened.SessionID]) < events {
				env, err := sub.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if env.Seq > 0 {
					frame, err := env.Encode()
					if err != nil {
						t.Fatal(err)
					}
					r.views[opened.SessionID] = append(r.views[opened.SessionID], string(frame))
				}
			}
			sub.Close()
			stop()
			<-ended
			if _, err := pool.Exec(t.Context(), damage.sql, opened.SessionID); err != nil {
				t.Fatal(err)
			}
			f, err := check(t.Context(), pool, r, true)
			if err != nil {
				t.Fatal(err)
			}
			if damage.kind == nil {
				if !f.none() {
					t.Errorf("found %+v in a good database", f)
				}
				return
			}
			if len(damage.kind(f)) == 0 {
				t.Errorf("not found; what was: %+v", f)
			}
		})
	}
}

// programs builds what a run needs.
func programs(t *testing.T) (binary, nats string) {
	t.Helper()
	dir := t.TempDir()
	binary, nats = filepath.Join(dir, "floorwalker"), filepath.Join(dir, "nats-server")
	for program, source := range map[string]string{binary: "floorwalker/cmd/floorwalker", nats: "github.com/nats-io/nats-server/v2"} {
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v: %s", source, err, out)
		}
	}
	return binary, nats
}

// tooEarly answers commits of messages in PostgreSQL's place and passes them on a moment later: a server behind it
// acknowledges before the commit.
func tooEarly(point string, batch []byte) (answer []byte, pause time.Duration) {
	if !strings.Contains(point, "messages+") {
		return nil, 0
	}
	message := func(kind byte, body string) {
		answer = append(answer, kind)
		answer = binary.BigEndian.AppendUint32(answer, uint32(len(body)+4))
		answer = append(answer, body...)
	}
	for len(batch) > 0 {
		switch batch[0] {
		case 'P':
			return nil, 0 // being prepared: that asks for more than we can answer
		case 'B':
			message('2', "")
		case 'D':
			message('n', "")
		case 'E':
			message('C', "INSERT 0 1\x00")
		case 'S':
			message('Z', "I")
		}
		batch = batch[1+binary.BigEndian.Uint32(batch[1:]):]
	}
	return answer, 400 * time.Millisecond
}

func TestAServerThatAcknowledgesBeforeTheCommitIsCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole run takes a minute")
	}
	onnxtest.Library(t) // skips by name where it is missing
	program, nats := programs(t)
	c := &runCmd{Rounds: 3, Customers: 12, Agents: 2, CheckEach: 100, Seed: 1, Binary: program, NATS: nats, Models: onnxtest.Models(),
		Cache: embedded.DefaultCache(), onWire: func(w *wire) { w.hasty = tooEarly }}
	r, err := c.run(t.Context())
	if r.Lost == 0 {
		t.Errorf("nothing was found lost: %+v, %v", r, err)
	}
	t.Logf("%+v, %v", r, err)
}
