package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/agent"
	"floorwalker/behaviour"
	"floorwalker/client"
	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
	"floorwalker/web/webtest"

	"github.com/gorilla/websocket"
	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// floor is a shop of several servers over one PostgreSQL and one external NATS.
type floor struct {
	t       testing.TB
	servers []*served
	pool    *poolOf
}

// served is one server of the floor.
type served struct {
	url   string
	desk  *desk.Desk
	nc    *nats.Conn
	stop  func()
	first *dialog.Manager
}

// floorSetup is what a test changes about a floor.
type floorSetup struct {
	servers   int
	assistant webtest.Script
	desk      desk.Options
	dialog    dialog.Options
	web       web.Config
	products  webtest.Products
	behaviour bool
	agents    []desk.Agent
	// parts changes what the servers work with.
	parts func(*web.Parts)
}

var (
	kim  = desk.Agent{ID: "kim", Name: "Kim", Capacity: 2}
	lee  = desk.Agent{ID: "lee", Name: "Lee", Capacity: 2}
	boss = desk.Agent{ID: "boss", Name: "The boss", Role: desk.RoleAdmin}
)

// wantsPerson asks for a person when it hears "person", and echoes otherwise.
var wantsPerson = webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	o := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State, Trace: shop.Trace{Stages: []shop.Stage{}}}
	o.State.Need.Product = "red shoes"
	if strings.Contains(turn.Text, "person") {
		o.Parse.Intent, o.Handoff = shop.IntentHandoff, &shop.HandoffRequest{Reason: "customer_asked"}
		return o, out.Say(ctx, "I'll fetch somebody.")
	}
	return o, out.Say(ctx, "You said: "+turn.Text)
})

func openFloor(t testing.TB, s floorSetup) *floor {
	t.Helper()
	address := pgtest.URL(t)
	broker, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	t.Cleanup(func() { broker.Shutdown(); broker.WaitForShutdown() })
	if !broker.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	f := &floor{t: t, pool: poolFor(t, address)}
	if s.assistant == nil {
		s.assistant = wantsPerson
	}
	for range max(1, s.servers) {
		f.servers = append(f.servers, f.open(s, address, broker.ClientURL()))
	}
	for _, a := range append([]desk.Agent{kim, lee, boss}, s.agents...) {
		if _, _, err := f.servers[0].desk.AddAgent(t.Context(), a, webtest.AgentPassword, false); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *floor) open(s floorSetup, database, broker string) *served {
	t := f.t
	t.Helper()
	pool := poolFor(t, database).Pool
	nc, err := nats.Connect(broker, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	wake := dialog.NewNATSWake(nc)
	s.desk.Wake, s.dialog.Wake = wake, wake
	people := desk.New(pool, s.desk)
	s.dialog.Desk, s.dialog.Relay = people, dialog.NewRelay(pool, nc, dialog.RelayOptions{Every: 50 * time.Millisecond})
	s.dialog.Summariser = agent.New(agent.Parts{}, agent.Config{})
	manager := dialog.NewManager(pool, s.assistant, s.dialog)
	people.Join(manager)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.web.Origins = append(s.web.Origins, pageOrigin)
	parts := web.Parts{Sessions: manager, Catalogue: s.products, Pool: pool, Drain: manager.Drain, Desk: people,
		Status: func(context.Context) web.Readiness { return web.Readiness{Ready: true} }}
	if s.behaviour {
		parts.Behaviour = behaviour.NewLog(pool, behaviour.Options{})
	}
	if s.parts != nil {
		s.parts(&parts)
	}
	server := web.New(parts, s.web)
	serving, stopServing := context.WithCancel(context.Background())
	working, stopWorking := context.WithCancel(context.Background())
	ended := make(chan error, 4)
	go func() { ended <- server.Serve(serving, listener) }()
	for _, work := range []func(context.Context) error{manager.Run, people.Run, s.dialog.Relay.Run} {
		go func() { ended <- work(working) }()
	}
	var once bool
	stop := func() {
		if once {
			return
		}
		once = true
		stopServing()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		stopWorking()
		for range 3 {
			if err := <-ended; err != nil {
				t.Errorf("work: %v", err)
			}
		}
		nc.Close()
	}
	t.Cleanup(stop)
	return &served{url: "http://" + listener.Addr().String(), desk: people, nc: nc, stop: stop, first: manager}
}

// customer opens a conversation on the server.
func (f *floor) customer(server int) *visitor {
	f.t.Helper()
	c, err := client.Dial(within(f.t, 10*time.Second), f.servers[server].url, client.Options{Origin: pageOrigin, Locale: shop.English})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	return &visitor{t: f.t, Client: c}
}

// visitor is a customer whose events a test reads one by one.
type visitor struct {
	*client.Client
	t testing.TB
}

func (v *visitor) session() string { return v.Credentials().Session }

// say sends a message without waiting for an answer.
func (v *visitor) say(text string) {
	v.t.Helper()
	if _, err := v.Send(within(v.t, 10*time.Second), text); err != nil {
		v.t.Fatal(err)
	}
}

// until reads events up to and with the first of the type that fits.
func (v *visitor) until(typ protocol.Type, fits ...func(protocol.Envelope) bool) protocol.Envelope {
	v.t.Helper()
	var seen []protocol.Type
	timeout := time.After(10 * time.Second)
	for {
		select {
		case e := <-v.Events():
			seen = append(seen, e.Type)
			if e.Type == typ && (len(fits) == 0 || fits[0](e.Envelope)) {
				return e.Envelope
			}
		case <-timeout:
			v.t.Fatalf("no %s came; %v did", typ, seen)
		}
	}
}

// seat is an agent who is logged in.
type seat struct {
	t      testing.TB
	url    string
	http   *http.Client
	csrf   string
	conn   *websocket.Conn
	opened protocol.DeskOpened
}

// sit logs the agent in at the server and opens the console.
func (f *floor) sit(server int, id string) *seat {
	f.t.Helper()
	s := f.logIn(server, id)
	s.connect()
	return s
}

func (f *floor) logIn(server int, id string) *seat {
	f.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	s := &seat{t: f.t, url: f.servers[server].url, http: &http.Client{Jar: jar}}
	var login struct{ CSRF string }
	if r := s.call("POST", "login", map[string]string{"id": id, "password": webtest.AgentPassword}, &login); r != 200 || login.CSRF == "" {
		f.t.Fatalf("login of %s: %d %+v", id, r, login)
	}
	s.csrf = login.CSRF
	return s
}

// connect opens the console's socket.
func (s *seat) connect() {
	s.t.Helper()
	request, err := http.NewRequest("GET", s.url+"/console", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range s.http.Jar.Cookies(request.URL.JoinPath("ws")) {
		request.AddCookie(c)
	}
	header := http.Header{"Origin": {pageOrigin}, "Cookie": request.Header["Cookie"]}
	dialer := websocket.Dialer{Subprotocols: []string{"floorwalker.v1"}, HandshakeTimeout: 10 * time.Second}
	conn, r, err := dialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/console/ws", header)
	if err != nil {
		text := ""
		if r != nil {
			raw, _ := io.ReadAll(r.Body)
			text = string(raw)
		}
		s.t.Fatalf("console: %v %s", err, text)
	}
	s.conn = conn
	s.t.Cleanup(func() { conn.Close() })
	s.opened = readInto[protocol.DeskOpened](s.t, s.until(protocol.TypeDeskOpened))
}

// call is one call of the console's API; it returns the status.
func (s *seat) call(method, path string, body, into any) int {
	s.t.Helper()
	status, raw := s.request(method, path, body)
	if into != nil && status/100 == 2 {
		if err := json.Unmarshal(raw, into); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return status
}

func (s *seat) request(method, path string, body any) (int, []byte) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest(method, s.url+"/console/api/"+path, bytes.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", pageOrigin)
	r.Header.Set("X-CSRF-Token", s.csrf)
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err = io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, raw
}

// do is a call that must work.
func (s *seat) do(method, path string, body, into any) {
	s.t.Helper()
	status, raw := s.request(method, path, body)
	if status/100 != 2 {
		s.t.Fatalf("%s %s: %d %s", method, path, status, raw)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
}

// frame sends one frame over the console's socket.
func (s *seat) frame(typ protocol.Type, session string, data any) {
	s.t.Helper()
	env, err := protocol.New(typ, data, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	env.Session = session
	if err := s.conn.WriteJSON(env); err != nil {
		s.t.Fatal(err)
	}
}

// until reads the console's frames up to and with the first of the type that fits.
func (s *seat) until(typ protocol.Type, fits ...func(protocol.Envelope) bool) protocol.Envelope {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	var seen []protocol.Type
	for {
		var env protocol.Envelope
		if err := s.conn.ReadJSON(&env); err != nil {
			s.t.Fatalf("no %s came: %v; %v did", typ, err, seen)
		}
		seen = append(seen, env.Type)
		if env.Type == typ && (len(fits) == 0 || fits[0](env)) {
			return env
		}
	}
}

// waits is the case of the session in the state, as the console is told.
func (s *seat) waits(session, status string) protocol.Case {
	s.t.Helper()
	for _, c := range s.opened.Cases {
		if c.Session == session && c.Status == status {
			s.opened.Cases = nil
			return c
		}
	}
	env := s.until(protocol.TypeCaseChanged, func(env protocol.Envelope) bool {
		c := readInto[protocol.CaseChanged](s.t, env).Case
		return c.Session == session && c.Status == status
	})
	return readInto[protocol.CaseChanged](s.t, env).Case
}

func (s *seat) claim(c protocol.Case) protocol.Case {
	s.t.Helper()
	var claimed protocol.Case
	s.do("POST", "conversations/"+c.Session+"/claim", map[string]any{"owner_epoch": c.OwnerEpoch}, &claimed)
	return claimed
}

func (s *seat) reply(session, id, text string, skus ...string) protocol.Acknowledgement {
	s.t.Helper()
	var ack protocol.Acknowledgement
	s.do("POST", "conversations/"+session+"/messages", map[string]any{"client_msg_id": id, "text": text, "skus": skus}, &ack)
	return ack
}

func readInto[T any](t testing.TB, env protocol.Envelope) T {
	t.Helper()
	var data T
	if err := env.Into(&data); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAPersonTakesOverAnswersAndResolves(t *testing.T) {
	f := openFloor(t, floorSetup{behaviour: true, products: webtest.Products{{SKU: "S1", Title: "Trail shoe", Price: shop.Money{Minor: 7999, Currency: "USD"}, Stock: 3}}})
	v := f.customer(0)
	v.say("red shoes")
	v.until(protocol.TypeMessageCompleted)
	v.say("a person please")
	queued := readInto[protocol.HandoffQueued](t, v.until(protocol.TypeHandoffQueued))
	if queued.Position != 1 {
		t.Errorf("queued at %d", queued.Position)
	}
	if err := v.Frame(protocol.TypeContextSet, protocol.ContextSet{Product: "S1", Page: " Trail shoes\x00 "}, ""); err != nil {
		t.Fatal(err)
	}
	s := f.sit(0, "kim")
	c := s.waits(v.session(), "queued")
	if c.Position != 1 || c.Reason != "customer_asked" || c.Last != "a person please" || c.Queue != "general" {
		t.Errorf("the case %+v", c)
	}
	s.frame(protocol.TypeSessionResume, c.Session, protocol.SessionResume{})
	if opened := readInto[protocol.SessionState](t, s.until(protocol.TypeSessionOpened)); opened.Owner != protocol.OwnerQueued {
		t.Errorf("the console sees %+v", opened)
	}
	var packet struct {
		Transcript []dialog.Said
		Need       shop.Need
		Suggested  string
		Summary    string
		Tried      []desk.Try
		Session    struct{ Page shop.Page }
	}
	s.do("GET", "conversations/"+c.Session, nil, &packet)
	if len(packet.Transcript) != 4 || packet.Need.Product != "red shoes" || !strings.Contains(packet.Suggested, "red shoes") || !strings.Contains(packet.Summary, "red shoes") || len(packet.Tried) != 2 {
		t.Errorf("the packet %+v", packet)
	}
	if packet.Session.Page != (shop.Page{Product: "S1", Title: "Trail shoes"}) {
		t.Errorf("the customer looks at %+v", packet.Session.Page)
	}
	claimed := s.claim(c)
	if claimed.Status != "claimed" || claimed.AgentID != "kim" || claimed.OwnerEpoch != c.OwnerEpoch+1 {
		t.Errorf("claimed %+v", claimed)
	}
	if told := readInto[protocol.HandoffChanged](t, v.until(protocol.TypeHandoffClaimed)); told.Agent != "Kim" {
		t.Errorf("the customer is told %+v", told)
	}
	s.frame(protocol.TypeTypingStart, c.Session, protocol.TypingStart{})
	if typing := readInto[protocol.Typing](t, v.until(protocol.TypeTypingStarted)); typing.Role != protocol.RoleAgent || typing.Name != "Kim" {
		t.Errorf("typing %+v", typing)
	}
	first := s.reply(c.Session, "r1", "Hello, these?", "S1")
	if again := s.reply(c.Session, "r1", "Hello, these?", "S1"); again != first {
		t.Errorf("a retry got %+v after %+v", again, first)
	}
	if shown := readInto[protocol.RecommendationsShown](t, v.until(protocol.TypeRecommendationsShown)); len(shown.Cards.Cards) != 1 || shown.Cards.Cards[0].PriceText != "$79.99" {
		t.Errorf("cards %+v", shown)
	}
	var impressions int
	f.pool.get(t, `SELECT count(*) FROM behaviour_events WHERE session = $1 AND action = 'impression' AND sku = 'S1' AND ranking_id LIKE 'agent-%'
		AND position = 1 AND model = 'agent' AND trusted`, []any{c.Session}, &impressions)
	if impressions != 1 {
		t.Errorf("a card of an agent, sent twice, is %d impressions", impressions)
	}
	got := readInto[protocol.MessageCreated](t, v.until(protocol.TypeMessageCreated))
	if got.Text != "Hello, these?" || got.Author != "Kim" || got.Role != protocol.RoleAgent || got.MessageID != first.MessageID {
		t.Errorf("the customer got %+v", got)
	}
	if err := v.Frame(protocol.TypeMessageRead, protocol.MessageRead{Seq: first.Seq}, ""); err != nil {
		t.Fatal(err)
	}
	if seen := readInto[protocol.MessageSeen](t, s.until(protocol.TypeMessageSeen)); seen.Seq != first.Seq || seen.Role != protocol.RoleCustomer {
		t.Errorf("seen %+v", seen)
	}
	v.say("great")
	s.until(protocol.TypeMessageCreated, func(env protocol.Envelope) bool {
		return readInto[protocol.MessageCreated](t, env).Text == "great"
	})
	s.do("POST", "conversations/"+c.Session+"/resolve", nil, nil)
	v.until(protocol.TypeHandoffResolved)
	asked := readInto[protocol.SatisfactionAsked](t, v.until(protocol.TypeSatisfactionAsked))
	if err := v.Frame(protocol.TypeSatisfactionSend, protocol.SatisfactionSend{HandoffID: asked.HandoffID, Score: 5, Comment: "kind"}, ""); err != nil {
		t.Fatal(err)
	}
	v.until(protocol.TypeSatisfactionGiven)
	var score int
	var comment string
	f.pool.get(t, `SELECT score, comment FROM desk_satisfaction WHERE handoff_id = $1`, []any{asked.HandoffID}, &score, &comment)
	if score != 5 || comment != "kind" {
		t.Errorf("stored %d %q", score, comment)
	}
	s.waits(c.Session, "resolved")
	// The next message goes to the assistant again.
	v.say("anything else")
	if done := readInto[protocol.MessageCompleted](t, v.until(protocol.TypeMessageCompleted)); done.Text != "You said: anything else" {
		t.Errorf("after the person: %+v", done)
	}
	if status, _ := s.request("POST", "conversations/"+c.Session+"/messages", map[string]any{"client_msg_id": "r2", "text": "late"}); status != 409 {
		t.Errorf("a reply after the end: %d", status)
	}
}

// shut is a shop's own system that does not answer.
type shut struct{}

var errShut = shop.Errorf(shop.CodeUnavailable, "The shop's order system does not answer.")

func (shut) Get(context.Context, string) (shop.Cart, error)              { return shop.Cart{}, errShut }
func (shut) Set(context.Context, string, string, int) (shop.Cart, error) { return shop.Cart{}, errShut }

func TestAPacketIsThereThoughTheShopsOwnSystemIsNot(t *testing.T) {
	f := openFloor(t, floorSetup{parts: func(p *web.Parts) { p.Carts = shut{} }})
	v := f.customer(0)
	v.say("a person please")
	v.until(protocol.TypeHandoffQueued)
	s := f.sit(0, "kim")
	c := s.waits(v.session(), "queued")
	var packet struct {
		Transcript []dialog.Said
		Missing    []string
	}
	s.do("GET", "conversations/"+c.Session, nil, &packet)
	if len(packet.Transcript) == 0 || !slices.Equal(packet.Missing, []string{"cart"}) {
		t.Errorf("the packet %+v", packet)
	}
}
