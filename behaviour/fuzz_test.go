package behaviour

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// fits checks that an event which passed the checks can be stored and counted.
func fits(t *testing.T, e Event) {
	t.Helper()
	if e.check() != "" {
		return
	}
	if amount := e.amount(); math.IsNaN(amount) || math.IsInf(amount, 0) || amount < 0 {
		t.Errorf("an amount of %v passes the checks", amount)
	}
	if e.ID == "" || e.Session == "" || len(e.ID) > 4*64 || e.Attributes.Position.Ordinal < 0 || e.Attributes.Position.Ordinal > math.MaxInt32 {
		t.Errorf("%+v passes the checks", e)
	}
}

// A line of a file, as other systems write it.
func FuzzReadUBI(f *testing.F) {
	for _, seed := range []string{
		`{"action_name":"click","client_id":"c","session_id":"s","query_id":"q","timestamp":1717000000000,"event_attributes":{"object":{"object_id":"S1"},"position":{"ordinal":3}}}`,
		`{"action_name":"product_hover","client_id":"c","timestamp":"2024-05-01T10:00:00Z","message":"x","event_attributes":{"session_id":"s","object":{"object_id":"S1"}}}`,
		`{"action_name":"user_feedback","client_id":"c","timestamp":"2024-05-01T10:00:00+02:00","event_attributes":{"user_comment":"nice"}}`,
		`{"action_name":"rating","event_id":"e","session_id":"s","timestamp":-1,"event_attributes":{"rating":1e308,"object":{"object_id":"S1"}}}`,
		`{"action_name":"purchase","event_id":"e","session_id":"s","timestamp":9223372036854775807,"event_attributes":{"quantity":-0.5,"object":{"object_id":"S1"}}}`,
		`{"action_name":"search"}`, `{"action_name":"click","timestamp":{}}`, `{"action_name":"click","timestamp":null,"event_id":"\u0000"}`, `[]`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, name, err := readUBI(line)
		if err != nil {
			return
		}
		if e.Action == "" {
			return
		}
		if name == "" || !known[e.Action] || e.ID == "" || e.Time.Location() == nil {
			t.Errorf("%q is read as %+v", line, e)
		}
		fits(t, e)
		again, _, _ := readUBI(line)
		if !reflect.DeepEqual(again, e) {
			t.Errorf("read twice: %+v and %+v", e, again)
		}
	})
}

// A batch, as the shop's own servers send it over NATS and pages by HTTP.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"events":[{"event_id":"1","action_name":"click","session_id":"s","timestamp":"2026-05-01T10:00:00Z","event_attributes":{"object":{"object_id":"S1"}}}]}`,
		`{"events":[{"event_id":"1","action_name":"rating","session_id":"s","timestamp":"0000-01-01T00:00:00Z","event_attributes":{"rating":5,"object":{"object_id":"S1"}}}]}`,
		`{"events":[{"event_id":"1","action_name":"dwell","session_id":"s","timestamp":"9999-12-31T23:59:59Z","event_attributes":{"dwell_time":1e300}}]}`,
		`{"events":null}`, `{"events":[null]}`, `{"events":[{"event_attributes":{"position":{"ordinal":9223372036854775807}}}]}`, `{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var batch struct {
			Events []Event `json:"events"`
		}
		if json.Unmarshal(raw, &batch) != nil {
			return
		}
		for _, e := range batch.Events {
			if e.Trusted {
				t.Error("trust came from outside")
			}
			fits(t, e)
		}
	})
}

// A file of events: plain, gzipped or zipped, whole or damaged.
func FuzzOpenLines(f *testing.F) {
	f.Add([]byte("ubi_events\t{}\n"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x4b\xcc\x01\x00\x07\x1f\x2c\x1c\x02\x00\x00\x00"))
	f.Add([]byte("PK\x03\x04garbage"))
	f.Add([]byte("PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte{})
	path := filepath.Join(f.TempDir(), "events")
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := openLines(path)
		if err != nil {
			return
		}
		const most = 1 << 20
		read, err := io.ReadAll(io.LimitReader(in, most))
		if err == nil && !bytes.HasPrefix(file, []byte("PK\x03\x04")) && !bytes.HasPrefix(file, []byte("\x1f\x8b")) && !bytes.Equal(read, file[:min(len(file), most)]) {
			t.Errorf("a plain file of %d bytes reads as %d others", len(file), len(read))
		}
		_ = in.Close() // a damaged file may say so only now
	})
}
