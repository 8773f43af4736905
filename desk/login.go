package desk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"floorwalker/shop"
)

// Credentials are what a person logs in with.
type Credentials struct {
	ID, Password string
	// Code is the second factor, where one is set.
	Code string
	// Address is where the person logs in from, for the audit log.
	Address string
}

// Login is a logged-in console. Token goes into the cookie, CSRF into the page's own requests.
type Login struct {
	Agent   Agent
	Token   string
	CSRF    string
	Expires time.Time
}

// The errors of logging in. Which of id, password and code was wrong is nobody's business.
var (
	ErrLogin   error = shop.Errorf(shop.CodeForbidden, "Id, password or code does not fit. Try again.")
	ErrCode    error = shop.Errorf("totp_required", "Enter the code of your authenticator app.")
	ErrBlocked error = shop.Errorf(shop.CodeRateLimit, "Too many wrong attempts. Wait a few minutes and try again.")
	// ErrNoLogin says that a cookie is unknown or has run out.
	ErrNoLogin error = shop.Errorf("login_required", "Log in to continue.")
)

// Wrong attempts in a row that are free, then each doubles the wait, up to the longest.
const (
	freeFailures = 5
	firstBlock   = 15 * time.Second
	longestBlock = 15 * time.Minute
)

// Login lets a person in.
func (d *Desk) Login(ctx context.Context, c Credentials) (Login, error) {
	account, err := d.store.account(ctx, c.ID)
	known := err == nil
	if err != nil && !errors.Is(err, errNoAgent) {
		return Login{}, err
	}
	if known && account.blocked {
		return Login{}, ErrBlocked
	}
	if len(c.Password) > 4*maxPassword {
		return Login{}, ErrLogin
	}
	stored := nobody
	if known {
		stored = account.hash
	}
	right, err := d.fits(ctx, c.Password, stored)
	if err != nil {
		return Login{}, fmt.Errorf("check a password: %w", err)
	}
	if !known || !right || account.Disabled {
		return Login{}, d.refuse(ctx, c, known)
	}
	if account.totp != "" {
		if c.Code == "" {
			return Login{}, ErrCode
		}
		secret, open, err := d.unseal(account.ID, account.totp)
		if err != nil {
			return Login{}, err
		}
		step, err := matchTOTP(secret, c.Code, d.o.Now(), account.step)
		if err != nil {
			return Login{}, err
		}
		// A code is good once: of two who come with the same, one moves the step.
		if step == 0 {
			return Login{}, d.refuse(ctx, c, true)
		}
		if used, err := d.store.useStep(ctx, c.ID, step); err != nil {
			return Login{}, err
		} else if !used {
			return Login{}, d.refuse(ctx, c, true)
		}
		if open && len(d.o.Key) > 0 {
			if err := d.sealStored(ctx, account.ID, secret); err != nil {
				return Login{}, err
			}
		}
	}
	l := Login{Agent: account.Agent, Token: newToken(), Expires: d.o.Now().Add(d.o.Life)}
	l.CSRF = csrf(l.Token)
	hash := sha256.Sum256([]byte(l.Token))
	if err := d.store.insertLogin(ctx, hash[:], account.ID, d.o.Life); err != nil {
		return Login{}, err
	}
	return l, d.store.audit(ctx, account.ID, "login", "", "", c.Address)
}

// sealStored encrypts a secret that was stored before there was a key.
func (d *Desk) sealStored(ctx context.Context, account, secret string) error {
	stored, err := d.seal(account, secret)
	if err != nil {
		return err
	}
	return d.store.setTOTP(ctx, account, stored)
}

func (d *Desk) refuse(ctx context.Context, c Credentials, known bool) error {
	if known {
		if err := d.store.failed(ctx, c.ID, freeFailures, firstBlock, longestBlock); err != nil {
			return err
		}
		if err := d.store.audit(ctx, c.ID, "login_failed", "", "", c.Address); err != nil {
			return err
		}
	}
	return ErrLogin
}

// Resume finds the login of a cookie, and keeps it alive.
func (d *Desk) Resume(ctx context.Context, token string) (Login, error) {
	if token == "" {
		return Login{}, ErrNoLogin
	}
	hash := sha256.Sum256([]byte(token))
	a, expires, err := d.store.login(ctx, hash[:], d.o.Idle)
	if err != nil {
		return Login{}, err
	}
	return Login{Agent: a, Token: token, CSRF: csrf(token), Expires: expires}, nil
}

// Logout ends a login.
func (d *Desk) Logout(ctx context.Context, l Login) error {
	hash := sha256.Sum256([]byte(l.Token))
	if err := d.store.deleteLogin(ctx, hash[:]); err != nil {
		return err
	}
	return d.store.audit(ctx, l.Agent.ID, "logout", "", "", "")
}

// CheckCSRF is true where given is the login's own.
func (l Login) CheckCSRF(given string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(l.CSRF)) == 1
}

func newToken() string {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		panic("desk: the random source failed: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// csrf is derived from the token, which a foreign page can send but not read.
func csrf(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
