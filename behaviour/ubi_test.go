package behaviour_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"

	"github.com/google/go-cmp/cmp"
)

const someUBI = `ubi_queries	{"user_query": "bag", "query_id": "q", "client_id": "ann", "timestamp": 1773500000000}
ubi_events	{"action_name": "on_search", "client_id": "ann", "query_id": "q", "timestamp": 1773500000001, "event_attributes": {"session_id": "v"}}
ubi_events	{"action_name": "item_click", "client_id": "ann", "query_id": "q", "timestamp": 1773500000080, "message": "bag", "event_attributes": {"session_id": "v", "position": {"ordinal": 10, "x": 336}, "object": {"object_id": "376", "description": "Bag"}}}
{"action_name": "purchase", "client_id": "ann", "timestamp": "2026-03-14T15:00:00Z", "event_attributes": {"object": {"object_id": "376"}, "quantity": 2}}
{"action_name": "user_feedback", "client_id": "ann", "timestamp": 1773500000090, "event_attributes": {"session_id": "v", "user_comment": "Nice bag.", "object": {"object_id": "376"}}}
{"action_name": "item_click", "client_id": "ann", "timestamp": 1073500000000, "event_attributes": {"object": {"object_id": "376"}}}
{"action_name": "item_click", "client_id":
`

func TestEventsOfOtherLogsComeInOnce(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(path, []byte(someUBI), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := l.Import(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	want := behaviour.ImportReport{Lines: 7, Accepted: 3, Queries: 1, Other: map[string]int{"on_search": 1},
		Refused: map[string]int{behaviour.CodeTooLate: 1}, Bad: 1}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
	if report, err = l.Import(t.Context(), path); err != nil || report.Accepted != 0 || report.Duplicates != 3 {
		t.Errorf("again: %+v, %v", report, err)
	}
	for what, row := range map[string]string{
		"click":    `action = 'click' AND session = 'v' AND ranking_id = 'q' AND position = 10 AND message = ''`,
		"purchase": `action = 'purchase' AND session = 'ann' AND amount = 2`,
		"comment":  `action = 'comment' AND message = 'Nice bag.'`,
	} {
		if n := count(t, pool, `SELECT count(*) FROM behaviour_events WHERE client = 'ann' AND sku = '376' AND trusted AND `+row); n != 1 {
			t.Errorf("%d rows of the %s", n, what)
		}
	}
}

func TestTheWholeUBIFileComesIn(t *testing.T) {
	path := shared(t, "ubi/log_events.zip")
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Keep: 100 * 365 * 24 * time.Hour})
	report, err := l.Import(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	// Counted in the file by other means.
	actions := map[string]int{"hover": 961, "click": 832, "decline": 488, "add_to_cart": 425, "purchase": 414, "dwell": 136, "comment": 136}
	sum := 0
	for action, n := range actions {
		sum += n
		if got := count(t, pool, `SELECT count(*) FROM behaviour_events WHERE action = $1`, action); got > n || got < n*99/100 {
			t.Errorf("%d of %s, want %d but for what stands twice", got, action, n)
		}
	}
	if report.Queries != 4130 || report.Bad != 0 || len(report.Refused) != 0 || report.Accepted+report.Duplicates != sum {
		t.Errorf("%+v, want %d events", report, sum)
	}
	t.Logf("%+v", report)
}

// shared is a file of the public data sets that are not shipped; without it the test is skipped by name.
func shared(t *testing.T, path string) string {
	t.Helper()
	root := os.Getenv("FLOORWALKER_SHARED")
	if root == "" {
		root = "../../shared"
	}
	full := filepath.Join(root, "data", path)
	if _, err := os.Stat(full); err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatalf("shared data is missing: %v", err)
		}
		t.Skipf("shared data is missing: %v", err)
	}
	return full
}
