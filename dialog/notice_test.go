package dialog

import (
	"encoding/json"
	"log/slog"
	"testing"
)

// Whatever comes over NATS as a notice: it does not end the process, and no reader's inbox grows beyond its bound.
func FuzzNotice(f *testing.F) {
	for _, seed := range []string{`{"from":"b","seq":7}`, `{"from":"b","seq":-1}`, `{"from":"b","delta":{"message_id":"m","offset":-5,"text":"x"}}`,
		`{"from":"b","passing":{"type":"typing.started","data":{}}}`, `{"from":"b","signed_out":["d"]}`, `{"from":"b","stop":true}`, `{"from":"b","who":true}`,
		`{"from":"b","here":true}`, `{"from":"a","seq":7}`, `{"seq":9223372036854775807,"delta":null}`, `{"passing":{"data":`, `null`} {
		f.Add([]byte(seed))
	}
	const room, bound = "s", 4
	f.Fuzz(func(t *testing.T, raw []byte) {
		var n Notice
		if json.Unmarshal(raw, &n) != nil {
			return
		}
		h := newHub("a", nil, slog.New(slog.DiscardHandler))
		r := h.hold(room)
		s := &Subscription{m: &Manager{o: Options{MaxQueue: bound}, hub: h}, room: r, by: Device{ID: "d"}, epoch: "e", next: 1, live: true}
		h.enter(r, s)
		for range 2 * bound {
			h.noticed(r, n)
		}
		if len(s.inbox) > bound {
			t.Errorf("%d notices wait for a reader, %d may", len(s.inbox), bound)
		}
		if n.From == "a" && (len(s.inbox) > 0 || s.err != nil) {
			t.Errorf("a notice of one's own is heeded: %s", raw)
		}
		s.Close()
	})
}
