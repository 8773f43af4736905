package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// passer is a customer whom the shop knows: comes in with its token, looks at something, and goes.
type passer struct {
	load   *load
	name   string
	url    string
	random *rand.Rand

	mu sync.Mutex
	// deeds are what it was told that was kept.
	deeds []deed
}

// deed is something that a customer did, by its session and its own id.
type deed struct{ session, id string }

// issuer is who signs the customers' tokens.
const issuer = "https://chaos.example"

// makeKeys writes the shop's public key where the servers look for it.
func (s *stage) makeKeys() error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	s.key = private
	set := fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	return os.WriteFile(s.keysFile(), []byte(set), 0o600)
}

func (s *stage) keysFile() string { return filepath.Join(s.dir, "keys.json") }

// token is the shop's for a customer; it is good once.
func (s *stage) token(customer string) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": issuer, "aud": "floorwalker", "sub": customer, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()})
	token.Header["kid"] = "1"
	return token.SignedString(s.key)
}

// work comes and goes until ctx ends.
func (p *passer) work(ctx context.Context) {
	for p.load.rest(ctx) == nil {
		p.visit(ctx)
		if doze(ctx, p.random, 800*time.Millisecond) != nil {
			return
		}
	}
}

// visit is one visit. A call whose answer is lost ends it, but for what the customer did: that is told until it is kept.
func (p *passer) visit(ctx context.Context) {
	token, err := p.load.s.token(p.name)
	if err != nil {
		return
	}
	var in struct{ Session, Secret string }
	if err := p.call(ctx, http.MethodPost, "/api/sessions", "", map[string]string{"token": token}, &in); err != nil {
		return
	}
	type event map[string]any
	done := deed{in.Session, "chaos-" + uuid.NewString()}
	batch := map[string]any{"session": in.Session, "events": []event{{"event_id": done.id, "action_name": "click", "timestamp": time.Now().UTC(),
		"event_attributes": event{"object": event{"object_id": "thing-1"}}}}}
	for {
		var receipt struct{ Accepted, Duplicates int }
		err := p.call(ctx, http.MethodPost, "/api/events", in.Secret, batch, &receipt)
		if err == nil && receipt.Accepted+receipt.Duplicates == 1 {
			p.mu.Lock()
			p.deeds = append(p.deeds, done)
			p.mu.Unlock()
		}
		if err == nil || !unsure(err) || doze(ctx, p.random, 300*time.Millisecond) != nil {
			break
		}
	}
	_ = p.call(ctx, http.MethodPut, "/api/consent", in.Secret, map[string]any{"session": in.Session, "personalisation": p.random.IntN(2) == 0}, nil) //nolint:errcheck // the next visit says it again
	_ = p.call(ctx, http.MethodPost, "/api/logout", in.Secret, map[string]string{"session": in.Session}, nil)                                        //nolint:errcheck // the secret is forgotten either way
}

func (p *passer) call(ctx context.Context, method, path, secret string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+secret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		no := &refusal{status: answer.StatusCode}
		_ = json.Unmarshal(text, no) //nolint:errcheck // the status says enough
		return no
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// checkDeeds looks for everything that customers were told is kept: it is there once.
func checkDeeds(ctx context.Context, pool *pgxpool.Pool, r record, _ map[string]*sessionLog, f *findings) error {
	rows, err := pool.Query(ctx, `SELECT session, event_id, count(*) FROM behaviour_events WHERE event_id LIKE 'chaos-%' GROUP BY session, event_id`)
	if err != nil {
		return err
	}
	kept := map[deed]int{}
	var d deed
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&d.session, &d.id, &n}, func() error { kept[d] = n; return nil }); err != nil {
		return err
	}
	for _, d := range r.deeds {
		switch n := kept[d]; {
		case n == 0:
			f.lost = append(f.lost, fmt.Sprintf("session %s: what was done as %s was acknowledged and is not there", d.session, d.id))
		case n > 1:
			f.duplicated = append(f.duplicated, fmt.Sprintf("session %s: what was done as %s is there %d times", d.session, d.id, n))
		}
	}
	return nil
}
