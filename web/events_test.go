package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/web"
)

func (c *counter) rows(query string, args ...any) (n int) {
	c.t.Helper()
	if err := c.pool.QueryRow(c.t.Context(), query, args...).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

func TestAPageTellsWhatItsCustomerDid(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{Events: web.Rate{PerSecond: 0.001, Burst: 5}}},
		parts: func(p *web.Parts) { p.Behaviour = behaviour.NewLog(p.Pool, behaviour.Options{}) }})
	var mine, other dialog.Opened
	c.call("POST", "/api/sessions", `{}`, nil, &mine)
	c.call("POST", "/api/sessions", `{}`, nil, &other)
	secret := map[string]string{"Authorization": "Bearer " + mine.Secret}
	now := time.Now().UTC().Format(time.RFC3339Nano)
	event := func(id, action string) string {
		return fmt.Sprintf(`{"event_id":%q,"action_name":%q,"client_id":"ann","query_id":"r-1","timestamp":%q,
			"event_attributes":{"object":{"object_id":"S1"},"position":{"ordinal":1}}}`, id, action, now)
	}
	batch := func(session string, events ...string) string {
		return fmt.Sprintf(`{"session":%q,"events":[%s]}`, session, strings.Join(events, ","))
	}
	var got behaviour.Receipt
	if r := c.call("POST", "/api/events", batch(mine.SessionID, event("b", "purchase"), event("1", "click"), event("x", "impression"), event("1", "click")), secret, &got); r.StatusCode != 200 {
		t.Fatalf("%s", r.Status)
	}
	if got.Accepted != 1 || got.Duplicates != 1 || len(got.Refused) != 2 || got.Refused[0].Index+got.Refused[1].Index != 2 {
		t.Errorf("a page may tell of its click alone: %+v", got)
	}
	// Whose it is, the server says, whatever the page claims.
	if n := c.rows(`SELECT count(*) FROM behaviour_events WHERE client = $1 AND session = $1 AND NOT trusted AND ranking_id = 'r-1' AND position = 1`, mine.SessionID); n != 1 {
		t.Errorf("%d rows", n)
	}
	for name, try := range map[string]struct {
		body   string
		secret map[string]string
		status int
	}{
		"another's session": {batch(other.SessionID, event("2", "click")), secret, http.StatusUnauthorized},
		"no secret":         {batch(mine.SessionID, event("2", "click")), nil, http.StatusUnauthorized},
		"no events":         {batch(mine.SessionID), secret, http.StatusUnprocessableEntity},
		"501 events":        {batch(mine.SessionID, strings.Split(strings.Repeat(event("2", "click")+"\n\n", 501)[:501*len(event("2", "click")+"\n\n")-2], "\n\n")...), secret, http.StatusUnprocessableEntity},
		"a huge body":       {batch(mine.SessionID, event(strings.Repeat("x", 600<<10), "click")), secret, http.StatusRequestEntityTooLarge},
	} {
		if r := c.call("POST", "/api/events", try.body, try.secret, nil); r.StatusCode != try.status {
			t.Errorf("%s: %s", name, r.Status)
		}
	}
	if r := c.call("PUT", "/api/consent", fmt.Sprintf(`{"session":%q,"personalisation":false}`, mine.SessionID), secret, nil); r.StatusCode != 204 {
		t.Errorf("consent: %s", r.Status)
	}
	if n := c.rows(`SELECT count(*) FROM behaviour_consent WHERE client = $1 AND NOT granted`, mine.SessionID); n != 1 {
		t.Error("the refusal is not noted")
	}
	var erased struct{ Erased int }
	if c.call("DELETE", "/api/events?session="+other.SessionID, "", secret, nil).StatusCode != 401 || c.rows(`SELECT count(*) FROM behaviour_events`) != 1 {
		t.Error("another's events can be erased")
	}
	if r := c.call("DELETE", "/api/events?session="+mine.SessionID, "", secret, &erased); r.StatusCode != 200 || erased.Erased != 1 {
		t.Errorf("erase: %s %+v", r.Status, erased)
	}
	status := 0
	for range 6 {
		status = c.call("POST", "/api/events", batch(mine.SessionID, event("3", "click")), secret, nil).StatusCode
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("a flood: %d", status)
	}
}
