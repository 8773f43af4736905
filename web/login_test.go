package web_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/identity"
	"floorwalker/orders"
	"floorwalker/protocol"
	"floorwalker/web"

	"github.com/golang-jwt/jwt/v5"
)

// shopKey signs customers' tokens as the shop does.
type shopKey struct {
	t       testing.TB
	private ed25519.PrivateKey
	serial  atomic.Int64
}

// token is good for the customer, with the claims changed as given.
func (k *shopKey) token(customer string, changes ...func(jwt.MapClaims)) string {
	k.t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{"iss": pageOrigin, "aud": "floorwalker", "sub": customer, "jti": fmt.Sprint(k.serial.Add(1)),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	for _, change := range changes {
		change(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["kid"] = "1"
	signed, err := token.SignedString(k.private)
	if err != nil {
		k.t.Fatal(err)
	}
	return signed
}

// openKnown opens a shop that knows its customers.
func openKnown(t testing.TB, s setup) (*counter, *shopKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	set := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}]}`
	if err := os.WriteFile(path, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.pool == nil {
		s.pool = pgtest.New(t)
	}
	s.dialog.Carts = orders.NewCarts(s.pool, shelf{}, orders.CartOptions{})
	more := s.parts
	s.parts = func(p *web.Parts) {
		v, err := identity.New(p.Pool, path, identity.Options{Issuer: pageOrigin})
		if err != nil {
			t.Fatal(err)
		}
		p.Identity = v
		if more != nil {
			more(p)
		}
	}
	return open(t, s), &shopKey{t: t, private: private}
}

// in opens a session with a token alone.
func (c *counter) in(token string) opened {
	c.t.Helper()
	var o opened
	if r := c.call("POST", "/api/sessions", `{"token":"`+token+`"}`, nil, &o); r.StatusCode != 201 || o.Session == "" || o.Secret == "" {
		c.t.Fatalf("open a session with a token: %s %+v", r.Status, o)
	}
	return o
}

// as makes a call with a session's secret.
func (c *counter) as(o opened, path, body string, into any) answer {
	c.t.Helper()
	return c.call("POST", path, body, map[string]string{"Authorization": "Bearer " + o.Secret}, into)
}

func (c *counter) login(o opened, token string) opened {
	c.t.Helper()
	var now opened
	if r := c.as(o, "/api/login", `{"session":"`+o.Session+`","token":"`+token+`"}`, &now); r.StatusCode != 200 || now.Secret == "" || now.Secret == o.Secret {
		c.t.Fatalf("log in: %s %+v", r.Status, now)
	}
	return now
}

// line is a resumed socket of the session.
func (c *counter) line(o opened) *line {
	c.t.Helper()
	l, status := c.handshake("/ws/app", c.ticket(o), nil)
	if l == nil {
		c.t.Fatalf("handshake refused: %d", status)
	}
	l.say(`{"v":1,"type":"session.resume"}`)
	l.until(protocol.TypeSessionOpened)
	return l
}

// holds is true while the secret gets tickets.
func (c *counter) holds(o opened) bool {
	c.t.Helper()
	return c.as(o, "/api/tickets", `{"session":"`+o.Session+`"}`, nil).StatusCode == 201
}

func TestAKnownCustomerComesInByTheShopsTokenAlone(t *testing.T) {
	c, key := openKnown(t, setup{})
	phone, laptop := c.in(key.token("ann")), c.in(key.token("ann"))
	if phone.Session != laptop.Session || phone.Secret == laptop.Secret {
		t.Fatalf("two devices got %+v and %+v", phone, laptop)
	}
	if bob := c.in(key.token("bob")); bob.Session == phone.Session {
		t.Fatal("two customers share a session")
	}
	// What one device says the other one reads at once, and both have the same log.
	a, b := c.line(phone), c.line(laptop)
	a.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"red shoes"}}`)
	first, second := a.until(protocol.TypeMessageCompleted), b.until(protocol.TypeMessageCompleted)
	if first.ID != second.ID || string(first.Data) != string(second.Data) || !strings.Contains(string(first.Data), "red shoes") {
		t.Errorf("the phone saw %s %s, the laptop %s %s", first.ID, first.Data, second.ID, second.Data)
	}
	k := c.customer(client.Options{Token: key.token("ann")})
	if k.Credentials().Session != phone.Session || k.State().Seq != first.Seq {
		t.Errorf("the Go client got session %s at %d", k.Credentials().Session, k.State().Seq)
	}
}

func TestAVisitorsSessionBecomesTheCustomersAtLogin(t *testing.T) {
	c, key := openKnown(t, setup{})
	visitor := c.open()
	tab := c.line(visitor)
	tab.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"red shoes"}}`)
	tab.until(protocol.TypeMessageCompleted)
	tab.say(`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":2}}`)
	tab.until(protocol.TypeCartUpdated)
	spare := c.ticket(visitor)

	ann := c.login(visitor, key.token("ann"))
	if ann.Session != visitor.Session || ann.Epoch != visitor.Epoch {
		t.Errorf("the session became another: %+v, was %+v", ann, visitor)
	}
	if code, reason := tab.closed(); code != protocol.CloseIdentityChanged.Code || !strings.Contains(reason, "retry_ms") {
		t.Errorf("the visitor's socket was closed with %d %q", code, reason)
	}
	if c.holds(visitor) {
		t.Error("the visitor's secret still holds")
	}
	if _, status := c.handshake("/ws/app", spare, nil); status != 401 {
		t.Errorf("a ticket from before the login got %d", status)
	}
	// The history and the cart came along, and other devices find them.
	k := c.customer(client.Options{Token: key.token("ann")})
	if k.Credentials().Session != visitor.Session || k.State().Seq < 3 || k.State().Cart == nil || len(k.State().Cart.Lines) != 1 {
		t.Errorf("another device of the customer sees %+v", k.State())
	}
	var owner string
	if err := c.pool.QueryRow(t.Context(), `SELECT string_agg(owner, ' ') FROM cart_lines`).Scan(&owner); err != nil || owner != "ann" {
		t.Errorf("the cart is %q's, %v", owner, err)
	}
	// Once more on the same device: the secret changes, the session stays, the other device is not troubled.
	again := c.login(ann, key.token("ann"))
	if again.Session != ann.Session || c.holds(ann) || k.Err() != nil || k.Reconnects() != 0 {
		t.Errorf("a second login: %+v, the other device: %v after %d reconnects", again, k.Err(), k.Reconnects())
	}
}

func TestASecondDeviceGoesOverToTheCustomersSession(t *testing.T) {
	c, key := openKnown(t, setup{})
	home := c.in(key.token("ann"))
	reading := c.line(home)
	visitor := c.open()
	tab := c.line(visitor)
	tab.say(`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":3}}`)
	tab.until(protocol.TypeCartUpdated)
	moved := c.login(visitor, key.token("ann"))
	if moved.Session != home.Session || moved.Secret == home.Secret {
		t.Errorf("the device came to %+v, the customer's session is %+v", moved, home)
	}
	if code, _ := tab.closed(); code != protocol.CloseIdentityChanged.Code {
		t.Errorf("the visitor's socket was closed with %d", code)
	}
	if c.holds(visitor) || !c.holds(home) || !c.holds(moved) {
		t.Error("the wrong secrets hold")
	}
	if cart := reading.until(protocol.TypeCartUpdated); !strings.Contains(string(cart.Data), `"quantity":3`) {
		t.Errorf("the first device is shown %s", cart.Data)
	}
}

func TestAnotherCustomerOnTheSameDeviceSeesNothingOfTheFirst(t *testing.T) {
	c, key := openKnown(t, setup{})
	ann := c.in(key.token("ann"))
	tab := c.line(ann)
	tab.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"a secret wish"}}`)
	tab.until(protocol.TypeMessageCompleted)
	bob := c.login(ann, key.token("bob"))
	if bob.Session == ann.Session || c.holds(ann) {
		t.Fatalf("bob came into %+v, ann's is %+v", bob, ann)
	}
	if code, _ := tab.closed(); code != protocol.CloseIdentityChanged.Code {
		t.Errorf("ann's socket was closed with %d", code)
	}
	if k := c.customer(client.Options{Token: key.token("bob")}); k.State().Seq != 0 {
		t.Errorf("bob's log holds %d events", k.State().Seq)
	}
	if back := c.in(key.token("ann")); back.Session != ann.Session {
		t.Errorf("ann came back to %+v", back)
	}
}

func TestLogoutEndsTheDeviceAndNoOther(t *testing.T) {
	c, key := openKnown(t, setup{})
	phone, laptop := c.in(key.token("ann")), c.in(key.token("ann"))
	a, b := c.line(phone), c.line(laptop)
	spare := c.ticket(phone)
	var fresh opened
	if r := c.as(phone, "/api/logout", `{"session":"`+phone.Session+`"}`, &fresh); r.StatusCode != 200 || fresh.Secret == "" || fresh.Session == phone.Session {
		t.Fatalf("log out: %s %+v", r.Status, fresh)
	}
	if code, _ := a.closed(); code != protocol.CloseIdentityChanged.Code {
		t.Errorf("the phone's socket was closed with %d", code)
	}
	if c.holds(phone) || !c.holds(laptop) || !c.holds(fresh) {
		t.Error("the wrong secrets hold")
	}
	if _, status := c.handshake("/ws/app", spare, nil); status != 401 {
		t.Errorf("a ticket from before the logout got %d", status)
	}
	b.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"still here"}}`)
	b.until(protocol.TypeMessageCompleted)
	if k := c.customer(client.Options{Credentials: client.Credentials{Session: fresh.Session, Secret: fresh.Secret}}); k.State().Seq != 0 {
		t.Errorf("the fresh session's log holds %d events", k.State().Seq)
	}
}

func TestAFrameIsNotDoneForADeviceThatIsSignedOut(t *testing.T) {
	c, key := openKnown(t, setup{})
	o := c.in(key.token("ann"))
	l := c.line(o)
	// The right goes without anybody telling this server: another replica's notice may be lost.
	if _, err := c.pool.Exec(t.Context(), `DELETE FROM session_devices WHERE session_id = $1`, o.Session); err != nil {
		t.Fatal(err)
	}
	l.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"let me"}}`)
	if code, _ := l.closed(); code != protocol.CloseIdentityChanged.Code {
		t.Errorf("closed with %d", code)
	}
	var messages int
	if err := c.pool.QueryRow(t.Context(), `SELECT count(*) FROM messages`).Scan(&messages); err != nil || messages != 0 {
		t.Errorf("%d messages were stored, %v", messages, err)
	}
}

func TestAReaderThatIsSignedOutElsewhereIsClosed(t *testing.T) {
	c, key := openKnown(t, setup{})
	o := c.in(key.token("ann"))
	l := c.line(o)
	// It says nothing, and no notice comes: the poll finds that its time is over.
	if _, err := c.pool.Exec(t.Context(), `UPDATE session_devices SET expires_at = now() WHERE session_id = $1`, o.Session); err != nil {
		t.Fatal(err)
	}
	if code, _ := l.closed(); code != protocol.CloseIdentityChanged.Code {
		t.Errorf("closed with %d", code)
	}
	if c.holds(o) {
		t.Error("the secret holds beyond its time")
	}
}

func TestATokenThatDoesNotHoldLeavesTheSessionAsItIs(t *testing.T) {
	c, key := openKnown(t, setup{})
	visitor := c.open()
	l := c.line(visitor)
	used := key.token("ann")
	c.in(used)
	for name, test := range map[string]struct{ token, code string }{
		"noise": {"a.b.c", identity.CodeInvalid},
		"used":  {used, identity.CodeReplayed},
		"too old": {key.token("ann", func(m jwt.MapClaims) {
			m["exp"], m["iat"] = time.Now().Add(-time.Minute).Unix(), time.Now().Add(-2*time.Minute).Unix()
		}), identity.CodeExpired},
		"other session": {key.token("ann", func(m jwt.MapClaims) { m["session"] = c.open().Session }), identity.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			var e struct{ Code, Message string }
			body, err := json.Marshal(map[string]string{"session": visitor.Session, "token": test.token})
			if err != nil {
				t.Fatal(err)
			}
			if r := c.as(visitor, "/api/login", string(body), &e); r.StatusCode != 401 || e.Code != test.code || !strings.HasSuffix(e.Message, ".") {
				t.Errorf("log in: %s %+v", r.Status, e)
			}
			if test.code != identity.CodeReplayed && name != "other session" {
				if r := c.call("POST", "/api/sessions", `{"token":"`+test.token+`"}`, nil, &e); r.StatusCode != 401 || e.Code != test.code {
					t.Errorf("open: %s %+v", r.Status, e)
				}
			}
		})
	}
	if !c.holds(visitor) {
		t.Error("the visitor's secret does not hold any more")
	}
	l.say(`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"still here"}}`)
	l.until(protocol.TypeMessageCompleted)
	// A token for this very session opens it, and a stranger's secret does not even get it looked at.
	token := key.token("ann", func(m jwt.MapClaims) { m["session"] = visitor.Session })
	if r := c.as(opened{Secret: "wrong"}, "/api/login", `{"session":"`+visitor.Session+`","token":"`+token+`"}`, nil); r.StatusCode != 401 {
		t.Errorf("with a wrong secret: %s", r.Status)
	}
	c.login(visitor, token)
}

func TestWhereOnlyCustomersAreLetInVisitorsAreNot(t *testing.T) {
	c, key := openKnown(t, setup{config: web.Config{VerifiedOnly: true}})
	var e struct{ Code, Message string }
	if r := c.call("POST", "/api/sessions", "{}", nil, &e); r.StatusCode != 401 || e.Code != protocol.CodeIdentityRequired {
		t.Errorf("a visitor: %s %+v", r.Status, e)
	}
	ann := c.in(key.token("ann"))
	c.line(ann)
	// A visitor's session from before is no way in either.
	old, err := c.manager.Open(t.Context(), dialog.OpenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	o := opened{Session: old.SessionID, Secret: old.Secret}
	if r := c.as(o, "/api/tickets", `{"session":"`+o.Session+`"}`, &e); r.StatusCode != 401 || e.Code != protocol.CodeIdentityRequired {
		t.Errorf("a visitor's ticket: %s %+v", r.Status, e)
	}
	var left opened
	if r := c.as(ann, "/api/logout", `{"session":"`+ann.Session+`"}`, &left); r.StatusCode != 200 || left.Session != "" || left.Secret != "" {
		t.Errorf("log out: %s %+v", r.Status, left)
	}
	if c.holds(ann) {
		t.Error("the secret holds after the logout")
	}
	c.login(o, key.token("ann"))
}

func TestManyDevicesLogInAtOnceAndShareOneSession(t *testing.T) {
	c, _ := openKnown(t, setup{})
	const devices = 8
	visitors := make([]opened, devices)
	for i := range visitors {
		visitors[i] = c.open()
	}
	got := make(chan string, devices)
	for _, o := range visitors {
		go func() {
			session, err := c.manager.Authenticate(t.Context(), o.Session, o.Secret)
			if err != nil {
				got <- err.Error()
				return
			}
			now, err := c.manager.Identify(t.Context(), o.Session, dialog.Device{ID: session.Device}, "ann")
			if err != nil {
				got <- err.Error()
				return
			}
			got <- now.SessionID
		}()
	}
	seen := map[string]int{}
	for range devices {
		seen[<-got]++
	}
	if len(seen) != 1 {
		t.Errorf("the devices came to %v", seen)
	}
}
