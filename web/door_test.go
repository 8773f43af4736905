package web_test

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
)

func TestWhoMayConnect(t *testing.T) {
	c := open(t, setup{config: web.Config{Origins: []string{"https://Shop.example:443/", "http://127.0.0.1:8080"}}})
	tests := []struct {
		name, path string
		origins    []string
		want       int
	}{
		{"a page of the shop", "/ws", []string{"https://shop.example"}, 101},
		{"a page of the second origin", "/ws", []string{"http://127.0.0.1:8080"}, 101},
		{"a page elsewhere", "/ws", []string{"https://evil.example"}, 403},
		{"a page of another port", "/ws", []string{"https://shop.example:8443"}, 403},
		{"a page of another scheme", "/ws", []string{"http://shop.example"}, 403},
		{"a page whose name ends like the shop's", "/ws", []string{"https://evilshop.example"}, 403},
		{"a page whose name begins like the shop's", "/ws", []string{"https://shop.example.evil.example"}, 403},
		{"no origin on the browsers' route", "/ws", nil, 403},
		{"the null origin", "/ws", []string{"null"}, 403},
		{"two origins", "/ws", []string{"https://shop.example", "https://evil.example"}, 403},
		{"a native app", "/ws/app", nil, 101},
		{"a page on the apps' route", "/ws/app", []string{"https://shop.example"}, 403},
		{"the null origin on the apps' route", "/ws/app", []string{"null"}, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{}
			for _, o := range test.origins {
				header.Add("Origin", o)
			}
			if _, status := c.handshake(test.path, c.ticket(c.open()), header); status != test.want {
				t.Errorf("got %d, want %d", status, test.want)
			}
		})
	}
}

func TestTicketOpensOneSocketOnce(t *testing.T) {
	c := open(t, setup{config: web.Config{TicketLife: 400 * time.Millisecond}})
	session := c.open()
	ticket := c.ticket(session)
	l, _ := c.handshake("/ws/app", ticket, nil)
	if l == nil {
		t.Fatal("a fresh ticket was refused")
	}
	if got := l.Subprotocol(); got != "floorwalker.v1" {
		t.Errorf("subprotocol %q", got)
	}
	if extensions := l.handshake.Get("Sec-WebSocket-Extensions"); extensions != "" {
		t.Errorf("compression was agreed on: %q", extensions)
	}
	if _, status := c.handshake("/ws/app", ticket, nil); status != 401 {
		t.Errorf("a used ticket got %d", status)
	}
	if _, status := c.handshake("/ws/app", "made-up", nil); status != 401 {
		t.Errorf("a made-up ticket got %d", status)
	}
	if _, status := c.handshake("/ws/app", "", nil); status != 400 {
		t.Errorf("no ticket got %d", status)
	}
	late := c.ticket(session)
	time.Sleep(500 * time.Millisecond)
	if _, status := c.handshake("/ws/app", late, nil); status != 401 {
		t.Errorf("a ticket that is too old got %d", status)
	}
}

func TestTicketsAreNotStoredInClear(t *testing.T) {
	c := open(t, setup{})
	ticket := c.ticket(c.open())
	var dump string
	if err := c.pool.QueryRow(t.Context(), `SELECT string_agg(s::text, ' ') FROM socket_tickets s`).Scan(&dump); err != nil {
		t.Fatal(err)
	}
	if dump == "" || strings.Contains(dump, ticket) {
		t.Errorf("the table shows %q", dump)
	}
}

func TestTicketNeedsTheSessionsSecret(t *testing.T) {
	c := open(t, setup{})
	mine, other := c.open(), c.open()
	for name, test := range map[string]struct{ session, authorization string }{
		"no secret":                  {mine.Session, ""},
		"another session's secret":   {mine.Session, "Bearer " + other.Secret},
		"the secret in another form": {mine.Session, "Basic " + mine.Secret},
		"a session that is not":      {"00000000-0000-4000-8000-000000000000", "Bearer " + mine.Secret},
		"a session that can't be":    {"x", "Bearer " + mine.Secret},
	} {
		t.Run(name, func(t *testing.T) {
			var e struct{ Code, Message string }
			r := c.call("POST", "/api/tickets", `{"session":"`+test.session+`"}`, map[string]string{"Authorization": test.authorization}, &e)
			if r.StatusCode != 401 || e.Code != "forbidden" || e.Message == "" {
				t.Errorf("got %s %+v", r.Status, e)
			}
		})
	}
}

func TestPagesElsewhereCanNotUseTheAPI(t *testing.T) {
	c := open(t, setup{})
	var e struct{ Code string }
	r := c.call("POST", "/api/sessions", "{}", map[string]string{"Origin": "https://evil.example"}, &e)
	if r.StatusCode != 403 || e.Code != "forbidden" {
		t.Errorf("got %s %q", r.Status, e.Code)
	}
	if r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the answer may be read from elsewhere")
	}
}

func TestFloodsAreTurnedAwayByAddress(t *testing.T) {
	c := open(t, setup{config: web.Config{
		Limits:         web.Limits{Sessions: web.Rate{PerSecond: 0.001, Burst: 3}, Connects: web.Rate{PerSecond: 0.001, Burst: 2}},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	from := func(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }
	var first opened
	for i := range 4 {
		var e struct{ Code string }
		var into any = &e
		if i == 0 {
			into = &first
		}
		r := c.call("POST", "/api/sessions", "{}", from("203.0.113.7"), into)
		if want := map[bool]int{true: 201, false: 429}[i < 3]; r.StatusCode != want {
			t.Fatalf("session %d got %s", i+1, r.Status)
		}
		if i == 3 && (e.Code != "rate_limited" || r.Header.Get("Retry-After") == "") {
			t.Errorf("got %q, Retry-After %q", e.Code, r.Header.Get("Retry-After"))
		}
	}
	if r := c.call("POST", "/api/sessions", "{}", from("203.0.113.8"), nil); r.StatusCode != 201 {
		t.Errorf("another address got %s", r.Status)
	}
	// What stands further left in the header may be invented by the client: it counts for nothing.
	if r := c.call("POST", "/api/sessions", "{}", from("198.51.100.1, 203.0.113.7"), nil); r.StatusCode != 429 {
		t.Errorf("an invented address got %s", r.Status)
	}
	// Addresses of one /64 are one customer.
	for i, address := range []string{"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:2::4"} {
		r := c.call("POST", "/api/sessions", "{}", from(address), nil)
		if want := map[bool]int{true: 201, false: 429}[i < 3]; r.StatusCode != want {
			t.Errorf("address %d of the network got %s", i+1, r.Status)
		}
	}
	for i := range 3 {
		_, status := c.handshake("/ws/app", c.ticket(first), http.Header{"X-Forwarded-For": {"203.0.113.9"}})
		if want := map[bool]int{true: 101, false: 429}[i < 2]; status != want {
			t.Errorf("connection %d got %d", i+1, status)
		}
	}
}

func TestForwardedAddressesAreBelievedFromKnownProxiesAlone(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{Sessions: web.Rate{PerSecond: 0.001, Burst: 1}}}})
	if r := c.call("POST", "/api/sessions", "{}", map[string]string{"X-Forwarded-For": "203.0.113.1"}, nil); r.StatusCode != 201 {
		t.Fatal(r.Status)
	}
	if r := c.call("POST", "/api/sessions", "{}", map[string]string{"X-Forwarded-For": "203.0.113.2"}, nil); r.StatusCode != 429 {
		t.Errorf("a client that names itself got %s", r.Status)
	}
}

func TestServerHoldsSoManySocketsAndNoMore(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{MaxSockets: 3, MaxSocketsPerSession: 2}}})
	session := c.open()
	for i, want := range []int{101, 101, 429} {
		if _, status := c.handshake("/ws/app", c.ticket(session), nil); status != want {
			t.Errorf("socket %d of the session got %d, want %d", i+1, status, want)
		}
	}
	for i, want := range []int{101, 503} {
		if _, status := c.handshake("/ws/app", c.ticket(c.open()), nil); status != want {
			t.Errorf("socket %d of others got %d, want %d", i+1, status, want)
		}
	}
}

func TestGoClientUnderstandsAddressesOfAnyForm(t *testing.T) {
	c := open(t, setup{})
	host := strings.TrimPrefix(c.url, "http://")
	for _, address := range []string{"http://" + host, "http://" + host + "/", "ws://" + host + "/ws", "ws://" + host + "/ws/app", "ws://" + host} {
		k, err := client.Dial(within(t, 5*time.Second), address, client.Options{})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		k.Close()
	}
	if _, err := client.Dial(t.Context(), "ftp://"+host, client.Options{}); err == nil {
		t.Error("ftp was taken for an address")
	}
}

func TestManySessionsOfOneAddressShareItsMessages(t *testing.T) {
	c := open(t, setup{config: web.Config{Limits: web.Limits{AddressMessages: web.Rate{PerSecond: 0.001, Burst: 3}},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	from := func(address string) *line {
		l, status := c.handshake("/ws/app", c.ticket(c.open()), http.Header{"X-Forwarded-For": {address}})
		if l == nil {
			t.Fatal(status)
		}
		l.say(`{"v":1,"type":"session.resume"}`)
		l.until(protocol.TypeSessionOpened)
		return l
	}
	const message = `{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"hi"}}`
	for range 3 {
		l := from("203.0.113.7")
		l.say(message)
		l.until(protocol.TypeMessageAccepted)
	}
	l := from("203.0.113.7")
	l.say(message)
	if e := l.refused(); e.Code != "rate_limited" {
		t.Errorf("the fourth session got %+v", e)
	}
	l = from("203.0.113.8")
	l.say(message)
	l.until(protocol.TypeMessageAccepted)
}

func TestConnectionsAreLimitedByCustomerOverAllDevices(t *testing.T) {
	c, key := openKnown(t, setup{config: web.Config{Limits: web.Limits{Tickets: web.Rate{PerSecond: 0.001, Burst: 3}}}})
	phone, laptop, visitor := c.in(key.token("ann")), c.in(key.token("ann")), c.open()
	for i, o := range []opened{phone, laptop, phone, laptop} {
		var e struct{ Code string }
		r := c.as(o, "/api/tickets", `{"session":"`+o.Session+`"}`, &e)
		if want := map[bool]int{true: 201, false: 429}[i < 3]; r.StatusCode != want || want == 429 && e.Code != "rate_limited" {
			t.Errorf("ticket %d: %s %+v", i+1, r.Status, e)
		}
	}
	if !c.holds(visitor) {
		t.Error("a visitor pays for the customer")
	}
}

func TestATurnKnowsTheNetworkThatItsTokensAreCountedBy(t *testing.T) {
	networks := make(chan string, 1)
	c := open(t, setup{config: web.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		assistant: script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
			networks <- turn.Network
			return clerk(ctx, turn, out)
		})})
	l, _ := c.handshake("/ws/app", c.ticket(c.open()), http.Header{"X-Forwarded-For": {"2001:db8:1:2::7"}})
	l.say(`{"v":1,"type":"session.resume"}`)
	l.until(protocol.TypeSessionOpened)
	l.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"hi"}}`)
	l.until(protocol.TypeMessageCompleted)
	if got := <-networks; got != "2001:db8:1:2::/64" {
		t.Errorf("the turn came from %q", got)
	}
}
