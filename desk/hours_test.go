package desk

import (
	"testing"
	"time"

	"floorwalker/shop"
)

func TestBusinessHours(t *testing.T) {
	week := Hours{"mon": {{"09:00", "12:00"}, {"13:00", "18:00"}}, "tue": {{"09:00", "18:00"}}, "sat": {{"00:00", "24:00"}}}
	const zone = "Europe/Vienna" // UTC+1, in summer UTC+2
	for _, c := range []struct {
		name  string
		hours Hours
		now   string
		open  bool
		opens string
	}{
		{"no hours are always open", nil, "2026-05-03T03:00:00Z", true, ""},
		{"in the morning", week, "2026-05-04T07:00:00Z", true, ""},
		{"a minute before", week, "2026-05-04T06:59:00Z", false, "2026-05-04T07:00:00Z"},
		{"at lunch", week, "2026-05-04T10:30:00Z", false, "2026-05-04T11:00:00Z"},
		{"the end is not open", week, "2026-05-04T16:00:00Z", false, "2026-05-05T07:00:00Z"},
		{"over free days", week, "2026-05-05T20:00:00Z", false, "2026-05-08T22:00:00Z"},
		{"until midnight", week, "2026-05-09T21:59:00Z", true, ""},
		{"after midnight", week, "2026-05-09T22:00:00Z", false, "2026-05-11T07:00:00Z"},
		{"the one day of the week, just over", Hours{"mon": {{"09:00", "18:00"}}}, "2026-05-04T16:00:00Z", false, "2026-05-11T07:00:00Z"},
		{"the day that the clock goes forward", Hours{"sun": {{"09:00", "10:00"}}}, "2026-03-29T07:30:00Z", true, ""},
		{"the day that the clock goes back", Hours{"sun": {{"09:00", "10:00"}}}, "2026-10-25T08:30:00Z", true, ""},
		{"a day without a span", Hours{"mon": {}}, "2026-05-04T16:00:00Z", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			open, opens := Queue{ID: "q", Timezone: zone, Hours: c.hours}.open(now)
			got := ""
			if !opens.IsZero() {
				got = opens.UTC().Format(time.RFC3339)
			}
			if open != c.open || got != c.opens {
				t.Errorf("open %v, opens %q; want %v, %q", open, got, c.open, c.opens)
			}
		})
	}
}

func TestQueuesThatCantBe(t *testing.T) {
	for name, q := range map[string]Queue{
		"no id": {Name: "X"}, "a bad id": {ID: "Über", Name: "X"}, "no name": {ID: "x"}, "a zone from nowhere": {ID: "x", Name: "X", Timezone: "Mars/Olympus"},
		"a day from nowhere": {ID: "x", Name: "X", Hours: Hours{"someday": nil}}, "backwards": {ID: "x", Name: "X", Hours: Hours{"mon": {{"18:00", "09:00"}}}},
		"no time": {ID: "x", Name: "X", Hours: Hours{"mon": {{"9", "18:00"}}}}, "after midnight": {ID: "x", Name: "X", Hours: Hours{"mon": {{"09:00", "24:01"}}}},
		"no patience at all": {ID: "x", Name: "X", Patience: 1},
	} {
		if code, _ := shop.CodeOf(q.Check()); code != shop.CodeBadRequest {
			t.Errorf("%s: %s", name, code)
		}
	}
	good := Queue{ID: "x", Name: " X ", Hours: Hours{"mon": {{"00:00", "24:00"}}}}
	if err := good.Check(); err != nil || good.Name != "X" || good.Timezone != "UTC" || good.Patience != 300 {
		t.Errorf("%+v, %v", good, err)
	}
}
