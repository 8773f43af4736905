package desk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 as every authenticator speaks it
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// argon2id with 19 MiB, 2 passes and 1 lane, as OWASP advises.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonLanes   = 1
	argonKey     = 32 // bytes
	argonSalt    = 16 // bytes
	minPassword  = 10 // characters
	maxPassword  = 200
	argonVersion = argon2.Version
)

// nobody is what a password of an unknown account is compared with, so that it takes as long as a known one.
var nobody = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	argonVersion, argonMemory, argonTime, argonLanes)

// hash is a password in the PHC string format.
func (d *Desk) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	key, err := d.derive(ctx, password, salt, argonMemory, argonTime, argonLanes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argonVersion, argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// fits compares a password with a stored hash, in constant time.
func (d *Desk) fits(ctx context.Context, password, stored string) (bool, error) {
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("a stored password hash is not argon2id")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil || version != argonVersion {
		return false, fmt.Errorf("read a stored password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read a stored salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read a stored key: %w", err)
	}
	got, err := d.derive(ctx, password, salt, memory, passes, lanes)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

// derive waits for one of the places where passwords are hashed.
func (d *Desk) derive(ctx context.Context, password string, salt []byte, memory, passes uint32, lanes uint8) ([]byte, error) {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, argonKey), nil
}

// NewPassword is a random password of 120 bits, in groups that can be read aloud.
func NewPassword() string {
	raw := make([]byte, 15)
	if _, err := rand.Read(raw); err != nil {
		panic("desk: the random source failed: " + err.Error())
	}
	text := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
	return text[:6] + "-" + text[6:12] + "-" + text[12:18] + "-" + text[18:]
}

const totpStep = 30 * time.Second

// newTOTP is a fresh secret in base32.
func newTOTP() string {
	raw := make([]byte, 20)
	if _, err := rand.Read(raw); err != nil {
		panic("desk: the random source failed: " + err.Error())
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}

// TOTPAddress is what an authenticator app is given, as a QR code or by hand.
func TOTPAddress(agentID, secret string) string {
	return "otpauth://totp/Floorwalker:" + url.PathEscape(agentID) + "?" + url.Values{"secret": {secret}, "issuer": {"Floorwalker"}}.Encode()
}

// code is the six digits of a time step.
func code(secret string, step int64) (string, error) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return "", fmt.Errorf("read a stored second factor: %w", err)
	}
	mac := hmac.New(sha1.New, key)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000), nil
}

// matchTOTP is the time step whose code was given: the present one or a neighbour, later than last; 0 for none.
func matchTOTP(secret, given string, now time.Time, last int64) (int64, error) {
	given = strings.ReplaceAll(given, " ", "")
	present := now.Unix() / int64(totpStep/time.Second)
	for step := present - 1; step <= present+1; step++ {
		want, err := code(secret, step)
		if err != nil {
			return 0, err
		}
		if step > last && subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1 {
			return step, nil
		}
	}
	return 0, nil
}
