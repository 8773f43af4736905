package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// What a person types as the code of an authenticator: a code that is taken is that of its time step, and later than the
// last one.
func FuzzMatchTOTP(f *testing.F) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	f.Add("287082", int64(59), int64(0))
	f.Add("287 082", int64(59), int64(1))
	f.Add("", int64(0), int64(-1))
	f.Add("\xff\x00", int64(1<<62), int64(1<<62))
	f.Add("287082", int64(-59), int64(-1<<62))
	f.Fuzz(func(t *testing.T, given string, at, last int64) {
		now := time.Unix(at, 0)
		step, err := matchTOTP(secret, given, now, last)
		if err != nil {
			t.Fatal(err)
		}
		if step == 0 {
			return
		}
		want, err := code(secret, step)
		if present := now.Unix() / 30; err != nil || step <= last || step < present-1 || step > present+1 || want != strings.ReplaceAll(given, " ", "") {
			t.Errorf("%q at %d after step %d is taken for step %d (%s, %v)", given, at, last, step, want, err)
		}
	})
}

// Business hours as an admin sends them: a desk that is closed opens at a time when it is open.
func FuzzHours(f *testing.F) {
	for _, seed := range []string{`{"mon":[["09:00","18:00"]]}`, `{"sun":[["00:00","24:00"],["01:00","02:00"]]}`, `{"mon":[["18:00","09:00"]]}`,
		`{"xyz":[]}`, `{"tue":[["2:30 ","+1:+2"]]}`, `{}`, `{"sun":[["02:10","02:20"]]}`, `{"mon":[["09:00","18:00","19:00"]]}`} {
		f.Add([]byte(seed), int64(1_774_000_000))
	}
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte, at int64) {
		var h Hours
		const year2100 = 4_102_444_800
		if json.Unmarshal(raw, &h) != nil || h.check() != nil || at < 0 || at > year2100 {
			return
		}
		now := time.Unix(at, 0)
		open, opens := h.at(now, zone)
		if open && !opens.IsZero() || !opens.IsZero() && opens.Before(now) {
			t.Errorf("%s at %v: open %v, opens %v", raw, now.In(zone), open, opens)
		}
		if !opens.IsZero() {
			if then, _ := h.at(opens, zone); !then {
				t.Errorf("%s at %v: opens at %v, and is closed then", raw, now.In(zone), opens)
			}
		}
	})
}
