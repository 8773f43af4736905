package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/embedded"
	"floorwalker/orders"
	"floorwalker/protocol"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// knownShop starts the program with a key of the shop and returns what signs tokens.
func knownShop(t *testing.T) (p *program, brokerURL string, token func(customer string) string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	set := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}]}`
	if err := os.WriteFile(file, []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := embedded.StartNATS(embedded.NATSOptions{DataDir: t.TempDir(), Listen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	p = startProgram(t, "--no-demo", "--no-llm", "--nats-url", server.URL(), "--identity-keys", file, "--identity-issuer", "https://shop.example")
	serial := 0
	return p, server.URL(), func(customer string) string {
		serial++
		now := time.Now()
		token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": "https://shop.example", "aud": "floorwalker", "sub": customer,
			"jti": fmt.Sprint(serial), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
		token.Header["kid"] = "1"
		signed, err := token.SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
}

// told is everything that other systems can still read of handoffs.
func told(t *testing.T, brokerURL string) string {
	t.Helper()
	nc, err := nats.Connect(brokerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "FLOORWALKER_HANDOFF")
	if err != nil {
		return ""
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq && seq > 0; seq++ {
		if m, err := stream.GetMsg(t.Context(), seq); err == nil {
			all.Write(m.Data)
		}
	}
	return all.String()
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestOfACustomerWhoIsErasedNothingIsLeft(t *testing.T) {
	p, broker, token := knownShop(t)
	p.stockShelves(t)
	pool, err := pgxpool.New(t.Context(), p.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	lines := ""
	for _, who := range []string{"customer-ann", "customer-bob"} {
		lines += `{"id":"order-of-` + who + `","customer":"` + who + `","status":"shipped","lines":[],"total":{"minor":7900,"currency":"USD"},"placed_at":"2026-05-01"}` + "\n"
	}
	if _, err := orders.NewOrders(pool).Import(t.Context(), strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	known := map[string]*client.Client{}
	for _, who := range []string{"customer-ann", "customer-bob"} {
		c, err := client.Dial(t.Context(), p.url, client.Options{Token: token(who)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		known[who] = c
		ask(t, c, "running shoes for the cousin of "+who)
		if err := c.SetCart("shoe-1", 2); err != nil {
			t.Fatal(err)
		}
		if err := c.Frame(protocol.TypeHandoffRequest, nil, ""); err != nil {
			t.Fatal(err)
		}
	}
	ann, bob := known["customer-ann"].Credentials().Session, known["customer-bob"].Credentials().Session
	eventually(t, "other systems to be told", func() bool {
		said := told(t, broker)
		return strings.Contains(said, ann) && strings.Contains(said, bob)
	})
	// What hangs on a session at the desk and in the ledger of tokens.
	for _, sql := range []string{
		`INSERT INTO desk_notes (id, session_id, agent_id, author, client_msg_id, text) SELECT gen_random_uuid(), id, 'kim', 'Kim', '1', 'a note on ' || customer FROM sessions`,
		`INSERT INTO desk_tickets (session_id, queue_id, client_msg_id, email, text) SELECT id, 'general', '1', customer || '@example.com', 'help' FROM sessions`,
		`INSERT INTO desk_audit (agent_id, action, session_id, detail) SELECT 'kim', 'packet', id, customer FROM sessions`,
		`INSERT INTO sponsored_campaigns VALUES ('c', '{shoe-1}', '{}', '{}', '{}', 10, 100, 0, 'USD', now(), now() + interval '1 day', 3, false)`,
		`INSERT INTO sponsored_placements SELECT 'list of ' || customer, 'shoe-1', 'c', id::text, customer, 3, 10, 0.1, now() FROM sessions`,
		`INSERT INTO experiments VALUES ('e', 'interleaving', '{taste,popularity}', now())`,
		`INSERT INTO experiment_exposures SELECT 'e', customer, 'both', 1, now() FROM sessions`,
		`INSERT INTO experiment_drafts SELECT 'e', customer, 'shoe-1', 'taste' FROM sessions`,
		`INSERT INTO model_tokens SELECT sha256(convert_to('customer ' || customer, 'UTF8')), now(), 7 FROM sessions`,
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var account string
	if err := pool.QueryRow(t.Context(), `SELECT encode(sha256('customer customer-ann'), 'hex')`).Scan(&account); err != nil {
		t.Fatal(err)
	}

	code, said := command(t, "customer", "export", "customer-ann", "--database-url", p.database, "--data", p.data)
	var exported map[string][]json.RawMessage
	if err := json.Unmarshal([]byte(said), &exported); code != 0 || err != nil {
		t.Fatalf("export: %d %v %s", code, err, said)
	}
	for _, table := range []string{"sessions", "devices", "messages", "events", "handoffs", "tickets", "notes", "cases", "carts", "orders", "behaviour", "sponsored", "experiments", "experiment_drafts"} {
		if len(exported[table]) == 0 {
			t.Errorf("the export has no %s", table)
		}
	}
	if !strings.Contains(said, "the cousin of customer-ann") || strings.Contains(said, "customer-bob") || strings.Contains(said, "secret") {
		t.Errorf("the export says %s", said)
	}

	if code, said := command(t, "customer", "erase", "customer-ann", "--database-url", p.database, "--data", p.data); code != 0 || !strings.Contains(said, "1 sessions") {
		t.Fatalf("erase: %d %s", code, said)
	}
	eventually(t, "the client to be sent away", func() bool { return known["customer-ann"].Err() != nil })
	eventually(t, "the stream to forget", func() bool { return !strings.Contains(told(t, broker), "customer-ann") })
	traces := []string{"customer-ann", ann, account}
	for table, rows := range content(t, p.database) {
		for _, trace := range traces {
			if strings.Contains(rows, trace) {
				t.Errorf("%q still stands in %s", trace, table)
			}
		}
	}
	if said := told(t, broker); strings.Contains(said, ann) || !strings.Contains(said, bob) {
		t.Errorf("other systems can read %s", said)
	}
	for table, rows := range content(t, p.database) {
		if want := map[string]bool{"sessions": true, "messages": true, "orders": true, "cart_lines": true, "desk_notes": true, "outbox": true,
			"sponsored_placements": true, "experiment_exposures": true, "experiment_drafts": true}[table]; want && !strings.Contains(rows, "customer-bob") && !strings.Contains(rows, bob) {
			t.Errorf("another customer is gone from %s", table)
		}
	}
	ask(t, known["customer-bob"], "a kettle")
	if _, err := client.Dial(context.WithoutCancel(t.Context()), p.url, client.Options{Token: token("customer-ann")}); err != nil {
		t.Errorf("who was erased may come again: %v", err)
	}
}
