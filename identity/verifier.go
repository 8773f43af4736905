package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode"
	"unicode/utf8"

	"floorwalker/shop"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Codes of tokens that are refused.
const (
	CodeInvalid  = "token_invalid"
	CodeExpired  = "token_expired"
	CodeReplayed = "token_replayed"
)

// What is told to who brings a bad token. The reason is for the shop's operator: a stranger learns no more than this.
const (
	sayInvalid  = "This login token does not hold here. Get a new one from the shop."
	sayExpired  = "This login token is too old. Get a new one from the shop."
	sayReplayed = "This login token was used already. Get a new one from the shop."
)

const (
	// maxToken bounds a token, maxName the customer's id, the key's and the nonce; in bytes.
	maxToken = 8 << 10
	maxName  = 128
)

// Options tune a Verifier. Issuer is needed.
type Options struct {
	// Issuer is what iss must say: who signs.
	Issuer string
	// Audience must be among aud. Default "floorwalker".
	Audience string
	// MaxLife is the longest that exp may lie after iat. Default 10 min.
	MaxLife time.Duration
	// Leeway is by how much the shop's clock may differ from ours. Default 15 s.
	Leeway time.Duration
	// RereadEvery is how often the file of keys is looked at, at most. Default 1 s.
	RereadEvery time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets why a token was refused, never the token. Default: discard.
	Logger *slog.Logger
}

// Customer is who a token speaks of.
type Customer struct {
	// ID is the shop's own id of the customer.
	ID string
}

// Verifier checks tokens. Its methods may be called from any goroutine.
type Verifier struct {
	o      Options
	keys   *keyring
	nonces nonces
	parser *jwt.Parser
}

// claims are what a token says.
type claims struct {
	jwt.RegisteredClaims
	// Session, where given, is the only session that the token is good in.
	Session string `json:"session,omitempty"`
}

// New makes a verifier with the keys of the file; it fails where the file holds none that can be used.
func New(pool *pgxpool.Pool, keysFile string, o Options) (*Verifier, error) {
	if o.Issuer == "" {
		return nil, errors.New("identity needs the issuer of the shop's tokens")
	}
	if o.Audience == "" {
		o.Audience = "floorwalker"
	}
	if o.MaxLife == 0 {
		o.MaxLife = 10 * time.Minute
	}
	if o.Leeway == 0 {
		o.Leeway = 15 * time.Second
	}
	if o.RereadEvery == 0 {
		o.RereadEvery = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	keys, err := openKeyring(keysFile, o.RereadEvery, o.Logger)
	if err != nil {
		return nil, err
	}
	return &Verifier{o: o, keys: keys, nonces: nonces{pool}, parser: jwt.NewParser(jwt.WithValidMethods(algorithms()),
		jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(o.Leeway), jwt.WithStrictDecoding(), jwt.WithTimeFunc(o.Now))}, nil
}

// Verify says who the token speaks of, and uses it up. sessionID is where it is to be used; empty where that session is
// still to be opened. A token that does not hold is a shop.Error of one of the package's codes, and stays as
// it was.
func (v *Verifier) Verify(ctx context.Context, token, sessionID string) (Customer, error) {
	c, err := v.read(token)
	if err == nil {
		err = v.check(c, sessionID)
	}
	if err != nil {
		refused := &shop.Error{Code: CodeInvalid, Message: sayInvalid, Cause: err}
		if errors.Is(err, jwt.ErrTokenExpired) {
			refused = &shop.Error{Code: CodeExpired, Message: sayExpired, Cause: err}
		}
		v.o.Logger.Warn("a customer's token was refused", "code", refused.Code, "reason", err)
		return Customer{}, refused
	}
	fresh, err := v.nonces.use(ctx, c.ID, c.ExpiresAt.Add(v.o.Leeway))
	if err != nil {
		return Customer{}, fmt.Errorf("use a customer's token: %w", err)
	}
	if !fresh {
		v.o.Logger.Warn("a customer's token was refused", "code", CodeReplayed)
		return Customer{}, shop.Errorf(CodeReplayed, sayReplayed)
	}
	return Customer{ID: c.Subject}, nil
}

// read checks the signature and the registered claims.
func (v *Verifier) read(token string) (*claims, error) {
	if len(token) > maxToken {
		return nil, errors.New("the token is too long")
	}
	c := &claims{}
	_, err := v.parser.ParseWithClaims(token, c, func(t *jwt.Token) (any, error) {
		if _, ok := t.Header["crit"]; ok {
			return nil, errors.New("the token asks for extensions (crit) that are not understood")
		}
		kid, ok := t.Header["kid"].(string)
		if !ok || kid == "" || len(kid) > maxName {
			return nil, errors.New("the token names no key (kid)")
		}
		return v.keys.find(kid, t.Method.Alg())
	})
	return c, err
}

// check is what the registered claims' own rules leave open.
func (v *Verifier) check(c *claims, sessionID string) error {
	switch {
	case !name(c.Subject):
		return errors.New("sub is not the customer's id: 1 to 128 bytes without control characters")
	case !name(c.ID):
		return errors.New("jti is missing, longer than 128 bytes or holds control characters")
	case c.IssuedAt == nil:
		return errors.New("iat is missing")
	case c.ExpiresAt.Sub(c.IssuedAt.Time) > v.o.MaxLife:
		return fmt.Errorf("the token lives for longer than %v", v.o.MaxLife)
	case c.Session != "" && subtle.ConstantTimeCompare([]byte(c.Session), []byte(sessionID)) != 1:
		return errors.New("the token is for another session")
	}
	return nil
}

// name is true for text that names something: not empty, not long, printable.
func name(text string) bool {
	if text == "" || len(text) > maxName || !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// Run deletes nonces of tokens that have expired, again and again until ctx ends.
func (v *Verifier) Run(ctx context.Context) error {
	tick := time.NewTicker(v.o.MaxLife)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := v.nonces.sweep(ctx); err != nil && ctx.Err() == nil {
			v.o.Logger.Warn("old nonces not deleted", "error", err)
		}
	}
}
