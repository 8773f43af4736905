package desk_test

import (
	"bytes"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/desk"
	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
)

// handClock stands still at a second of Unix time until the test moves it; the desk's own loops read it meanwhile.
type handClock struct{ atomic.Int64 }

func (c *handClock) time() time.Time { return time.Unix(c.Load(), 0) }

func credentials(id, password string) desk.Credentials {
	return desk.Credentials{ID: id, Password: password, Address: "192.0.2.1"}
}

func TestThePasswordLetsInAndNothingElse(t *testing.T) {
	r := open(t, desk.Options{})
	kim := r.agent(desk.Agent{ID: "kim"})
	for name, c := range map[string]desk.Credentials{"a wrong password": credentials("kim", "correct horse batterx"), "no password": credentials("kim", ""),
		"nobody": credentials("nobody", password), "a flood": credentials("kim", strings.Repeat("x", 5000))} {
		if _, err := r.Login(t.Context(), c); err != desk.ErrLogin {
			t.Errorf("%s: %v; every one must look the same", name, err)
		}
	}
	l, err := r.Login(t.Context(), credentials("kim", password))
	if err != nil || l.Agent.ID != kim.ID || l.Token == "" {
		t.Fatalf("%+v, %v", l, err)
	}
	again, err := r.Resume(t.Context(), l.Token)
	if err != nil || again.CSRF != l.CSRF || again.Agent.ID != "kim" {
		t.Errorf("%+v, %v", again, err)
	}
	other, err := r.Login(t.Context(), credentials("kim", password))
	if err != nil || other.Token == l.Token || l.CheckCSRF(other.CSRF) || l.CheckCSRF("") || !l.CheckCSRF(l.CSRF) {
		t.Errorf("the token of another login opens this one: %v", err)
	}
	var clear int
	r.get(`SELECT count(*) FROM desk_logins WHERE encode(token_hash, 'escape') LIKE '%' || $1 || '%'`, []any{l.Token}, &clear)
	var hash string
	r.get(`SELECT password_hash FROM desk_agents WHERE id = 'kim'`, nil, &hash)
	if clear != 0 || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, password) {
		t.Errorf("%d tokens in clear, hash %q", clear, hash)
	}
	if err := r.Logout(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(t.Context(), l.Token); err != desk.ErrNoLogin {
		t.Errorf("after logging out: %v", err)
	}
	if _, err := r.Resume(t.Context(), other.Token); err != nil {
		t.Errorf("the other login ended too: %v", err)
	}
}

func TestLoginsRunOut(t *testing.T) {
	r := open(t, desk.Options{Idle: time.Hour, Life: 10 * time.Hour})
	r.agent(desk.Agent{ID: "kim"})
	for name, sql := range map[string]string{"idle": `UPDATE desk_logins SET seen_at = now() - interval '61 minutes'`, "old": `UPDATE desk_logins SET expires_at = now() - interval '1 second'`} {
		l, err := r.Login(t.Context(), credentials("kim", password))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Resume(t.Context(), l.Token); err != nil {
			t.Fatal(err)
		}
		r.run(sql)
		if _, err := r.Resume(t.Context(), l.Token); err != desk.ErrNoLogin {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongPasswordsMakeAnAccountWait(t *testing.T) {
	r := open(t, desk.Options{})
	r.agent(desk.Agent{ID: "kim"})
	blocked := func() time.Duration {
		var seconds float64
		r.get(`SELECT greatest(0, extract(epoch FROM blocked_until - clock_timestamp())) FROM desk_agents WHERE id = 'kim' AND blocked_until > '-infinity'`, nil, &seconds)
		return time.Duration(seconds * float64(time.Second))
	}
	for i := range 5 {
		if _, err := r.Login(t.Context(), credentials("kim", "wrong")); err != desk.ErrLogin {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	if _, err := r.Login(t.Context(), credentials("kim", password)); err != desk.ErrBlocked {
		t.Fatalf("after five wrong ones the right one gets %v", err)
	}
	first := blocked()
	r.run(`UPDATE desk_agents SET blocked_until = now() - interval '1 second'`)
	if _, err := r.Login(t.Context(), credentials("kim", "wrong")); err != desk.ErrLogin {
		t.Fatal(err)
	}
	if second := blocked(); first < 5*time.Second || second < first+5*time.Second {
		t.Errorf("the waits are %v and %v; each further one is longer", first, second)
	}
	r.run(`UPDATE desk_agents SET failures = 40, blocked_until = now() - interval '1 second'`)
	if _, err := r.Login(t.Context(), credentials("kim", "wrong")); err != desk.ErrLogin || blocked() > 15*time.Minute {
		t.Errorf("the longest wait is %v, %v", blocked(), err)
	}
	r.run(`UPDATE desk_agents SET blocked_until = now() - interval '1 second'`)
	if _, err := r.Login(t.Context(), credentials("kim", password)); err != nil {
		t.Fatal(err)
	}
	var failures int
	r.get(`SELECT failures FROM desk_agents WHERE id = 'kim'`, nil, &failures)
	if failures != 0 {
		t.Errorf("%d failures are left after a login", failures)
	}
}

// TestTheSecondFactorIsEncryptedInTheDatabase looks at what is stored, opens it with another key, and moves it to another
// account; and one that was stored before there was a key is encrypted at its login.
func TestTheSecondFactorIsEncryptedInTheDatabase(t *testing.T) {
	var now handClock
	now.Store(1_800_000_010)
	pool, clock := pgtest.New(t), now.time
	r := openOn(t, pool, desk.Options{Now: clock}, echo)
	chosen, secret, err := r.AddAgent(t.Context(), desk.Agent{ID: "kim", Name: "Kim"}, "", true)
	if err != nil {
		t.Fatal(err)
	}
	stored := func() (text string) {
		t.Helper()
		r.get(`SELECT totp_secret FROM desk_agents WHERE id = 'kim'`, nil, &text)
		return text
	}
	if first := stored(); first == "" || strings.Contains(first, secret) || !strings.HasPrefix(first, "aes256gcm:") {
		t.Fatalf("stored is %q", first)
	}
	logIn := func(d *desk.Desk) error {
		t.Helper()
		code, err := desk.Code(secret, now.Add(60)/30) // a code is good once
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Login(t.Context(), desk.Credentials{ID: "kim", Password: chosen, Code: code})
		return err
	}
	if err := logIn(r.Desk); err != nil {
		t.Errorf("with the key: %v", err)
	}
	for name, key := range map[string][]byte{"another key": bytes.Repeat([]byte{8}, 32), "no key": {}} {
		other := desk.New(pool, desk.Options{Key: key, Now: clock})
		if code, _ := shop.CodeOf(logIn(other)); code != shop.CodeUnavailable {
			t.Errorf("with %s: %s", name, code)
		}
	}
	if _, _, err := desk.New(pool, desk.Options{Now: clock}).AddAgent(t.Context(), desk.Agent{ID: "lee", Name: "Lee"}, "", true); err == nil {
		t.Error("a second factor is kept without a key")
	}
	whole := stored()
	r.run(`UPDATE desk_agents SET totp_secret = $1 WHERE id = 'kim'`, whole[:len(whole)-8]+"AAAAAAA=")
	if err := logIn(r.Desk); err == nil {
		t.Error("what was changed in the database opens")
	}
	r.run(`UPDATE desk_agents SET totp_secret = $1 WHERE id = 'kim'`, secret)
	if err := logIn(r.Desk); err != nil || !strings.HasPrefix(stored(), "aes256gcm:") {
		t.Errorf("from before there was a key: %v, stored is %q", err, stored())
	}
	if err := logIn(r.Desk); err != nil {
		t.Errorf("once it is encrypted: %v", err)
	}
}

func TestACodeOfTheAuthenticatorIsGoodOnce(t *testing.T) {
	var now handClock
	now.Store(1_800_000_010)
	r := openOn(t, pgtest.New(t), desk.Options{Now: now.time}, echo)
	chosen, secret, err := r.AddAgent(t.Context(), desk.Agent{ID: "kim", Name: "Kim"}, "", true)
	if err != nil || len(chosen) < 24 || secret == "" {
		t.Fatalf("%q %q %v", chosen, secret, err)
	}
	address, err := url.Parse(desk.TOTPAddress("kim", secret))
	if err != nil || address.Scheme != "otpauth" || address.Query().Get("secret") != secret {
		t.Errorf("%v, %v", address, err)
	}
	with := func(code string) error {
		_, err := r.Login(t.Context(), desk.Credentials{ID: "kim", Password: chosen, Code: code})
		return err
	}
	if err := with(""); err != desk.ErrCode {
		t.Errorf("without a code: %v", err)
	}
	if _, err := r.Login(t.Context(), desk.Credentials{ID: "kim", Password: "wrong", Code: ""}); err != desk.ErrLogin {
		t.Errorf("a wrong password is asked for a code: %v", err)
	}
	if err := with("000000"); err != desk.ErrLogin {
		t.Errorf("a wrong code: %v", err)
	}
	at := func(steps int64) string {
		code, err := desk.Code(secret, now.Load()/30+steps)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if err := with(at(-2)); err != desk.ErrLogin {
		t.Errorf("a code of a minute ago: %v", err)
	}
	if err := with(at(2)); err != desk.ErrLogin {
		t.Errorf("a code of the next minute: %v", err)
	}
	r.run(`UPDATE desk_agents SET failures = 0, blocked_until = '-infinity'`)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = with(at(0)) })
	}
	wg.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
		}
	}
	if in != 1 {
		t.Errorf("one code let in %d of four who came at once: %v", in, errs)
	}
	r.run(`UPDATE desk_agents SET failures = 0, blocked_until = '-infinity'`)
	if err := with(at(-1)); err != desk.ErrLogin {
		t.Errorf("an older code than the last used: %v", err)
	}
	if err := with(at(1)[:3] + " " + at(1)[3:]); err != nil {
		t.Errorf("the next code, written in two groups: %v", err)
	}
}

func TestAClosedAccountIsOutAtOnce(t *testing.T) {
	r := open(t, desk.Options{})
	kim := r.agent(desk.Agent{ID: "kim"})
	seat := r.sit(kim)
	c := r.waiting()
	r.claim(kim, c)
	l, err := r.Login(t.Context(), credentials("kim", password))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Disable(t.Context(), "kim", true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(t.Context(), l.Token); err != desk.ErrNoLogin {
		t.Errorf("the login lives on: %v", err)
	}
	if _, err := r.Login(t.Context(), credentials("kim", password)); err != desk.ErrLogin {
		t.Errorf("a closed account logs in: %v", err)
	}
	eventually(t, "the conversation waits again", func() bool { return c.now().Owner == "queued" })
	for {
		if _, err := seat.Next(t.Context()); err != nil {
			if err != desk.ErrNoLogin {
				t.Errorf("the console ended with %v", err)
			}
			break
		}
	}
	refused(t, "a claim", func() error { _, err := r.Claim(t.Context(), kim, c.session, c.now().OwnerEpoch); return err }(), shop.CodeConflict)
	if err := r.Disable(t.Context(), "kim", false); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Login(t.Context(), credentials("kim", password)); err != nil {
		t.Errorf("opened again: %v", err)
	}
	refused(t, "an unknown one", r.Disable(t.Context(), "nobody", true), shop.CodeNotFound)
}

func TestAccountsThatCantBe(t *testing.T) {
	r := open(t, desk.Options{})
	for name, a := range map[string]desk.Agent{"no id": {Name: "X"}, "capitals": {ID: "Kim", Name: "X"}, "no name": {ID: "x", Name: " "}, "a role from nowhere": {ID: "x", Name: "X", Role: "king"},
		"too much at once": {ID: "x", Name: "X", Capacity: 101}, "a queue from nowhere": {ID: "x", Name: "X", Queues: []string{"a b"}}} {
		_, _, err := r.AddAgent(t.Context(), a, password, false)
		refused(t, name, err, shop.CodeBadRequest)
	}
	_, _, err := r.AddAgent(t.Context(), desk.Agent{ID: "x", Name: "X"}, "short", false)
	refused(t, "a short password", err, shop.CodeBadRequest)
	r.agent(desk.Agent{ID: "kim"})
	_, _, err = r.AddAgent(t.Context(), desk.Agent{ID: "kim", Name: "Another"}, password, false)
	refused(t, "twice", err, shop.CodeConflict)
}
