package identity_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/identity"
	"floorwalker/shop"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const issuer = "https://shop.example"

// signer is one key of the shop.
type signer struct {
	kid     string
	method  jwt.SigningMethod
	private any
	public  any
}

// signers makes a key of each kind.
func signers(t *testing.T) map[string]signer {
	t.Helper()
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	secret := bytes.Repeat([]byte("s3cret!!"), 4)
	return map[string]signer{
		"EdDSA": {"ed", jwt.SigningMethodEdDSA, edPrivate, edPublic},
		"ES256": {"ec", jwt.SigningMethodES256, ec, &ec.PublicKey},
		"RS256": {"rs", jwt.SigningMethodRS256, rs, &rs.PublicKey},
		"HS256": {"hs", jwt.SigningMethodHS256, secret, secret},
	}
}

// keysFile writes the public sides as the shop would.
func keysFile(t *testing.T, path string, all ...signer) string {
	t.Helper()
	var set jwkset.JWKSMarshal
	for _, s := range all {
		jwk, err := jwkset.NewJWKFromKey(s.public, jwkset.JWKOptions{Marshal: jwkset.JWKMarshalOptions{Private: true},
			Metadata: jwkset.JWKMetadataOptions{KID: s.kid, ALG: jwkset.ALG(s.method.Alg())}})
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, jwk.Marshal())
	}
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	if path == "" {
		path = filepath.Join(t.TempDir(), "keys.json")
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var serial atomic.Int64

// good are the claims of a token that holds now.
func good() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"iss": issuer, "aud": "floorwalker", "sub": "ann", "jti": fmt.Sprint("n", serial.Add(1)),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix()}
}

func (s signer) sign(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(s.method, claims)
	token.Header["kid"] = s.kid
	signed, err := token.SignedString(s.private)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func verifier(t *testing.T, pool *pgxpool.Pool, path string, o identity.Options) *identity.Verifier {
	t.Helper()
	o.Issuer = issuer
	v, err := identity.New(pool, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func code(err error) string {
	if err == nil {
		return ""
	}
	c, _ := shop.CodeOf(err)
	return c
}

func TestATokenOfEachConfiguredKeyIsGoodOnce(t *testing.T) {
	pool, keys := pgtest.New(t), signers(t)
	path := keysFile(t, "", keys["EdDSA"], keys["ES256"], keys["RS256"], keys["HS256"])
	v, other := verifier(t, pool, path, identity.Options{}), verifier(t, pool, path, identity.Options{})
	for name, s := range keys {
		t.Run(name, func(t *testing.T) {
			token := s.sign(t, good())
			if c, err := v.Verify(t.Context(), token, "any session"); err != nil || c.ID != "ann" {
				t.Fatalf("got %+v, %v", c, err)
			}
			for _, replica := range []*identity.Verifier{v, other} {
				if _, err := replica.Verify(t.Context(), token, ""); code(err) != identity.CodeReplayed {
					t.Errorf("again: %v", err)
				}
			}
		})
	}
}

func TestOfManyWhoComeWithOneTokenOneGetsIn(t *testing.T) {
	pool, s := pgtest.New(t), signers(t)["EdDSA"]
	v := verifier(t, pool, keysFile(t, "", s), identity.Options{})
	token := s.sign(t, good())
	var in atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := v.Verify(t.Context(), token, ""); err == nil {
				in.Add(1)
			}
		})
	}
	all.Wait()
	if in.Load() != 1 {
		t.Errorf("%d got in", in.Load())
	}
}

func TestTokensThatDoNotHold(t *testing.T) {
	pool, keys := pgtest.New(t), signers(t)
	v := verifier(t, pool, keysFile(t, "", keys["EdDSA"], keys["ES256"], keys["RS256"], keys["HS256"]), identity.Options{})
	now := time.Now()
	changed := func(name string, value any) jwt.MapClaims {
		c := good()
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return c
	}
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	bad := map[string]jwt.MapClaims{
		"no exp": changed("exp", nil), "no iat": changed("iat", nil), "no jti": changed("jti", nil), "no sub": changed("sub", nil),
		"no iss": changed("iss", nil), "no aud": changed("aud", nil), "an empty jti": changed("jti", ""), "an empty sub": changed("sub", ""),
		"another issuer": changed("iss", issuer+"/"), "another audience": changed("aud", []string{"mail"}),
		"a long jti": changed("jti", strings.Repeat("n", 129)), "a sub with NUL": changed("sub", "ann\x00"), "a sub of two lines": changed("sub", "ann\nbob"),
		"a long life": changed("exp", at(11*time.Minute)), "issued tomorrow": changed("iat", at(time.Minute)),
		"not yet valid": changed("nbf", at(time.Minute)), "for another session": changed("session", "b"),
	}
	for name, claims := range bad {
		t.Run(name, func(t *testing.T) {
			if c, err := v.Verify(t.Context(), keys["EdDSA"].sign(t, claims), "a"); code(err) != identity.CodeInvalid {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
	t.Run("expired", func(t *testing.T) {
		claims := good()
		claims["iat"], claims["exp"] = at(-2*time.Minute), at(-16*time.Second)
		if _, err := v.Verify(t.Context(), keys["EdDSA"].sign(t, claims), ""); code(err) != identity.CodeExpired {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the leeway", func(t *testing.T) {
		claims := good()
		claims["iat"], claims["nbf"], claims["session"] = at(10*time.Second), at(10*time.Second), "a"
		if _, err := v.Verify(t.Context(), keys["EdDSA"].sign(t, claims), "a"); err != nil {
			t.Errorf("a clock ten seconds ahead: %v", err)
		}
		claims = good()
		claims["iat"], claims["exp"] = at(-2*time.Minute), at(-10*time.Second)
		if _, err := v.Verify(t.Context(), keys["EdDSA"].sign(t, claims), ""); err != nil {
			t.Errorf("ten seconds after its end: %v", err)
		}
	})
}

func TestNoAlgorithmIsTakenForAnother(t *testing.T) {
	pool, keys := pgtest.New(t), signers(t)
	v := verifier(t, pool, keysFile(t, "", keys["EdDSA"], keys["ES256"], keys["RS256"], keys["HS256"]), identity.Options{})
	forged := map[string]string{"nothing": "", "noise": "a.b.c", "too long": strings.Repeat("a", 1<<20)}
	write := func(name string, method jwt.SigningMethod, header map[string]any, private any) {
		token := jwt.NewWithClaims(method, good())
		for k, value := range header {
			token.Header[k] = value
		}
		signed, err := token.SignedString(private)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		forged[name] = signed
	}
	kid := func(s string) map[string]any { return map[string]any{"kid": s} }
	for _, s := range keys {
		write("none under "+s.kid, jwt.SigningMethodNone, kid(s.kid), jwt.UnsafeAllowNoneSignatureType)
		token := jwt.NewWithClaims(jwt.SigningMethodNone, good())
		token.Header["kid"], token.Header["alg"] = s.kid, s.method.Alg()
		unsigned, err := token.SigningString()
		if err != nil {
			t.Fatal(err)
		}
		forged["no signature under "+s.kid] = unsigned + "."
		if s.kid == "hs" {
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(s.public)
		if err != nil {
			t.Fatal(err)
		}
		write("HMAC by the public DER of "+s.kid, jwt.SigningMethodHS256, kid(s.kid), der)
		write("HMAC by the public PEM of "+s.kid, jwt.SigningMethodHS256, kid(s.kid), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	write("HMAC by the raw public key", jwt.SigningMethodHS256, kid("ed"), []byte(keys["EdDSA"].public.(ed25519.PublicKey)))
	write("another hash", jwt.SigningMethodHS512, kid("hs"), keys["HS256"].private)
	write("another padding", jwt.SigningMethodPS256, kid("rs"), keys["RS256"].private)
	write("the wrong key's name", jwt.SigningMethodEdDSA, kid("ec"), keys["EdDSA"].private)
	write("no kid", jwt.SigningMethodEdDSA, nil, keys["EdDSA"].private)
	write("a kid that is a number", jwt.SigningMethodEdDSA, map[string]any{"kid": 1}, keys["EdDSA"].private)
	write("an unknown kid", jwt.SigningMethodEdDSA, kid("../keys"), keys["EdDSA"].private)
	write("critical extensions", jwt.SigningMethodEdDSA, map[string]any{"kid": "ed", "crit": []string{"b64"}, "b64": false}, keys["EdDSA"].private)
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write("a stranger's key", jwt.SigningMethodEdDSA, kid("ed"), stranger)
	write("a stranger's key in the header", jwt.SigningMethodEdDSA, map[string]any{"kid": "ed",
		"jwk": map[string]string{"kty": "OKP", "crv": "Ed25519"}, "jku": "https://evil.example/keys"}, stranger)
	whole := keys["EdDSA"].sign(t, good())
	parts := strings.Split(whole, ".")
	forged["another body under the signature"] = parts[0] + "." + strings.Split(keys["EdDSA"].sign(t, good()), ".")[1] + "." + parts[2]
	forged["something behind it"] = whole + "."
	for name, token := range forged {
		if c, err := v.Verify(t.Context(), token, ""); code(err) != identity.CodeInvalid {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
	var used int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM identity_nonces`).Scan(&used); err != nil || used != 0 {
		t.Errorf("%d nonces of refused tokens were used up, %v", used, err)
	}
}

func TestKeysAreChangedWithoutARestart(t *testing.T) {
	pool, keys := pgtest.New(t), signers(t)
	old, next := keys["EdDSA"], keys["ES256"]
	path := keysFile(t, "", old)
	var log bytes.Buffer
	v := verifier(t, pool, path, identity.Options{RereadEvery: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	try := func(s signer) string {
		_, err := v.Verify(t.Context(), s.sign(t, good()), "")
		return code(err)
	}
	if try(old) != "" || try(next) != identity.CodeInvalid {
		t.Fatal("before the change")
	}
	keysFile(t, path, old, next)
	if a, b := try(old), try(next); a != "" || b != "" {
		t.Errorf("both beside each other: %q %q", a, b)
	}
	if err := os.WriteFile(path, []byte(`{"keys":[`), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, b := try(old), try(next); a != "" || b != "" {
		t.Errorf("with a broken file: %q %q", a, b)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("the broken file was complained of %d times", n)
	}
	keysFile(t, path, next)
	if a, b := try(old), try(next); a != identity.CodeInvalid || b != "" {
		t.Errorf("the old one taken away: %q %q", a, b)
	}
	if strings.Contains(log.String(), "eyJ") {
		t.Error("a token stands in the log")
	}
}

func TestFilesOfKeysThatAreRefused(t *testing.T) {
	keys := signers(t)
	short := signer{"short", jwt.SigningMethodHS256, nil, []byte("too short a secret")}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, nameless := keys["EdDSA"], keys["EdDSA"]
	private.public, nameless.kid = private.private, ""
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"a short secret":    keysFile(t, "", short),
		"another curve":     keysFile(t, "", signer{"p", jwt.SigningMethodES384, nil, &p384.PublicKey}),
		"a private key":     keysFile(t, "", private),
		"a key of no name":  keysFile(t, "", nameless),
		"two of one name":   keysFile(t, "", keys["EdDSA"], signer{"ed", jwt.SigningMethodES256, nil, keys["ES256"].public}),
		"no keys":           write(`{"keys":[]}`),
		"no JSON":           write(`-----BEGIN PUBLIC KEY-----`),
		"no file":           filepath.Join(t.TempDir(), "none"),
		"a foreign alg":     write(`{"keys":[{"kty":"oct","kid":"a","alg":"HS512","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}`),
		"a key of no kind":  write(`{"keys":[{"kty":"none","kid":"a"}]}`),
		"keys of no length": write(`{"keys":[{"kty":"oct","kid":"a","k":""}]}`),
	} {
		if _, err := identity.New(nil, path, identity.Options{Issuer: issuer}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"sub": "ann"})
	token.Header["kid"] = "ed"
	signed, err := token.SignedString(private)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add("eyJhbGciOiJub25lIiwia2lkIjoiZWQifQ.eyJzdWIiOiJhbm4ifQ.")
	path := filepath.Join(f.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`), 0o600); err != nil {
		f.Fatal(err)
	}
	v, err := identity.New(nil, path, identity.Options{Issuer: issuer})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		// Nobody has this key's private side, so nothing may ever come as far as the (absent) database.
		if c, err := v.Verify(t.Context(), token, ""); code(err) != identity.CodeInvalid {
			t.Errorf("%q: %+v, %v", token, c, err)
		}
	})
}
