package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
	"floorwalker/web/webtest"
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

func TestEventsComeOverTheSocketToo(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{Events: web.Rate{PerSecond: 0.001, Burst: 3}}},
		parts: func(p *web.Parts) { p.Behaviour = behaviour.NewLog(p.Pool, behaviour.Options{}) }})
	l := c.app()
	now := time.Now().UTC().Format(time.RFC3339Nano)
	event := func(id, action string) string {
		return fmt.Sprintf(`{"event_id":%q,"action_name":%q,"query_id":"r-1","timestamp":%q,
			"event_attributes":{"object":{"object_id":"S1"},"position":{"ordinal":2},"dwell_time":12.5}}`, id, action, now)
	}
	send := func(name string, events ...string) {
		l.say(fmt.Sprintf(`{"v":1,"type":"events.send","client_msg_id":%q,"data":{"events":[%s]}}`, name, strings.Join(events, ",")))
	}
	want := func(name string, accepted, duplicates int, refused ...int) {
		t.Helper()
		env := l.until(protocol.TypeEventsAccepted)
		var got protocol.EventsAccepted
		if err := env.Into(&got); err != nil || env.ClientMsgID != name || got.Accepted != accepted || got.Duplicates != duplicates || len(got.Refused) != len(refused) {
			t.Fatalf("%s is answered with %s %+v, %v", name, env.ClientMsgID, got, err)
		}
		for i, at := range refused {
			if got.Refused[i].Index != at || got.Refused[i].Code != "bad_request" || got.Refused[i].EventID == "" {
				t.Errorf("%+v", got.Refused[i])
			}
		}
	}
	send("first", event("p", "purchase"), event("1", "click"), event("2", "dwell"))
	want("first", 2, 0, 0)
	send("again", event("1", "click"))
	want("again", 0, 1)
	if n := c.rows(`SELECT count(*) FROM behaviour_events WHERE NOT trusted AND client = session AND ranking_id = 'r-1' AND position = 2 AND (action <> 'dwell' OR amount = 12.5)`); n != 2 {
		t.Errorf("%d rows", n)
	}
	send("none")
	if e := l.refused(); e.Code != "bad_field" || e.ClientMsgID != "none" {
		t.Errorf("no events: %+v", e)
	}
	send("third", event("3", "click"))
	want("third", 1, 0)
	send("flood", event("4", "click"))
	if e := l.refused(); e.Code != "rate_limited" || e.ClientMsgID != "flood" {
		t.Errorf("a flood: %+v", e)
	}
}

// TestWhatACustomerAllowsHoldsOnTheDevicesPlatform has ann on the shop's page and in its app, in one session.
func TestWhatACustomerAllowsHoldsOnTheDevicesPlatform(t *testing.T) {
	c, key := openKnown(t, setup{parts: func(p *web.Parts) { p.Behaviour = behaviour.NewLog(p.Pool, behaviour.Options{}) }})
	begin := func(body string) (o opened) {
		t.Helper()
		if r := c.call("POST", "/api/sessions", body, nil, &o); r.StatusCode != 201 {
			t.Fatalf("open with %s: %s", body, r.Status)
		}
		return o
	}
	page := begin(fmt.Sprintf(`{"token":%q}`, key.token("ann")))
	app := c.login(begin(`{"platform":"mobile"}`), key.token("ann"))
	if page.Session != app.Session {
		t.Fatal("ann's devices do not share their session")
	}
	type consent struct {
		Platform                               string
		Personalisation, Learning, Advertising bool
	}
	holds := func(o opened) (got consent) {
		t.Helper()
		if r := c.call("GET", "/api/consent?session="+o.Session, "", map[string]string{"Authorization": "Bearer " + o.Secret}, &got); r.StatusCode != 200 {
			t.Fatalf("what holds: %s", r.Status)
		}
		return got
	}
	say := func(o opened, body string) int {
		t.Helper()
		return c.call("PUT", "/api/consent", fmt.Sprintf(`{"session":%q%s}`, o.Session, body), map[string]string{"Authorization": "Bearer " + o.Secret}, nil).StatusCode
	}
	if got := holds(app); got != (consent{"mobile", true, true, true}) {
		t.Errorf("before anything was said %+v", got)
	}
	if code := say(app, `,"personalisation":false,"advertising":false`); code != 204 {
		t.Fatalf("refused: %d", code)
	}
	if code := say(page, `,"learning":false`); code != 204 {
		t.Fatalf("refused: %d", code)
	}
	if got := holds(app); got != (consent{"mobile", false, true, false}) {
		t.Errorf("in the app holds %+v", got)
	}
	if got := holds(page); got != (consent{"web", true, false, true}) {
		t.Errorf("on the page holds %+v", got)
	}
	if code := say(app, ""); code != 400 {
		t.Errorf("nothing said: %d", code)
	}
	if r := c.call("GET", "/api/consent?session="+app.Session, "", map[string]string{"Authorization": "Bearer wrong"}, nil); r.StatusCode != 401 {
		t.Errorf("a stranger learns what ann allows: %s", r.Status)
	}
	if r := c.call("POST", "/api/sessions", `{"platform":"Mobile App"}`, nil, nil); r.StatusCode != 422 {
		t.Errorf("a platform without a name: %s", r.Status)
	}
	// What each device tells is kept under its platform, by HTTP and by socket, whatever it claims.
	now := time.Now().UTC().Format(time.RFC3339Nano)
	event := func(id string) string {
		return fmt.Sprintf(`{"event_id":%q,"action_name":"click","timestamp":%q,"event_attributes":{"object":{"object_id":"S1"}}}`, id, now)
	}
	c.as(app, "/api/events", fmt.Sprintf(`{"session":%q,"events":[%s]}`, app.Session, strings.Replace(event("1"), `{`, `{"platform":"web",`, 1)), nil)
	l := c.line(app)
	l.say(fmt.Sprintf(`{"v":1,"type":"events.send","client_msg_id":"e","data":{"events":[%s]}}`, event("2")))
	l.until(protocol.TypeEventsAccepted)
	c.as(page, "/api/events", fmt.Sprintf(`{"session":%q,"events":[%s]}`, page.Session, event("3")), nil)
	if mobile, web := c.rows(`SELECT count(*) FROM behaviour_events WHERE platform = 'mobile'`), c.rows(`SELECT count(*) FROM behaviour_events WHERE platform = 'web'`); mobile != 2 || web != 1 {
		t.Errorf("%d events in the app, %d on the page", mobile, web)
	}
	// A turn knows where it was asked.
	l.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"hello"}}`)
	l.until(protocol.TypeMessageCompleted)
	if c.rows(`SELECT count(*) FROM sessions WHERE id = $1 AND platform = 'mobile'`, app.Session) != 1 {
		t.Error("the session does not know where ann wrote")
	}
	w := c.line(page)
	w.say(`{"v":1,"type":"message.send","client_msg_id":"2","data":{"text":"hello again"}}`)
	w.until(protocol.TypeMessageAccepted)
	if c.rows(`SELECT count(*) FROM sessions WHERE id = $1 AND platform = 'web'`, page.Session) != 1 {
		t.Error("the session does not know that ann went on writing elsewhere")
	}
}

func TestACustomerParts(t *testing.T) {
	var log *behaviour.Log
	c, key := openKnown(t, setup{parts: func(p *web.Parts) {
		log = behaviour.NewLog(p.Pool, behaviour.Options{})
		p.Behaviour = log
	}})
	var visit opened
	c.call("POST", "/api/sessions", `{}`, nil, &visit)
	if _, err := log.Add(t.Context(), []behaviour.Event{{ID: "1", Action: behaviour.Click, Session: visit.Session, Time: time.Now(),
		Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "S1"}}}}); err != nil {
		t.Fatal(err)
	}
	if err := log.Claim(t.Context(), visit.Session, "ann"); err != nil { // as the wired server does at a login
		t.Fatal(err)
	}
	ann := c.login(visit, key.token("ann"))
	const anns = `SELECT count(*) FROM behaviour_events WHERE client = 'ann'`
	if c.rows(anns) != 1 {
		t.Fatal("the visit was not merged")
	}
	if r := c.call("POST", "/api/events/unmerge", fmt.Sprintf(`{"session":%q}`, ann.Session), nil, nil); r.StatusCode != 401 || c.rows(anns) != 1 {
		t.Errorf("without the secret: %s", r.Status)
	}
	var parted struct{ Events int }
	if r := c.as(ann, "/api/events/unmerge", fmt.Sprintf(`{"session":%q}`, ann.Session), &parted); r.StatusCode != 200 || parted.Events != 1 || c.rows(anns) != 0 {
		t.Errorf("%s %+v", r.Status, parted)
	}
}

// TestCardsThatAPersonShowsAreImpressionsOnce sends a reply with a card twice, as a console that got no answer does.
func TestCardsThatAPersonShowsAreImpressionsOnce(t *testing.T) {
	products := webtest.Products{{SKU: "S1", Title: "Trail shoe", Price: shop.Money{Minor: 9900, Currency: "USD"}, Stock: 3}}
	f := openFloor(t, floorSetup{products: products, behaviour: true})
	customer := f.customer(0)
	customer.say("a person please")
	customer.until(protocol.TypeHandoffQueued)
	agent := f.sit(0, "kim")
	agent.claim(agent.waits(customer.session(), "queued"))
	for range 2 {
		agent.reply(customer.session(), "r1", "Look", "S1")
	}
	var shown protocol.RecommendationsShown
	if err := customer.until(protocol.TypeRecommendationsShown).Into(&shown); err != nil {
		t.Fatal(err)
	}
	var n, all int
	if err := f.pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE trusted AND sku = 'S1' AND model = 'agent' AND position = 1 AND propensity = 1
		AND session = $1 AND ranking_id = $2), count(*) FROM behaviour_events WHERE action = 'impression'`, customer.session(), shown.RankingID).Scan(&n, &all); err != nil || n != 1 || all != 1 {
		t.Errorf("%d impressions, %d of them whole, %v", all, n, err)
	}
}
