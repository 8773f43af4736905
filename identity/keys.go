package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// key verifies tokens of one algorithm and no other: a public key can so never be taken for an HMAC's secret.
type key struct {
	algorithm string
	material  any
}

// algorithms are those that any key may have. "none" is not among them.
func algorithms() []string {
	return []string{jwt.SigningMethodEdDSA.Alg(), jwt.SigningMethodES256.Alg(), jwt.SigningMethodRS256.Alg(), jwt.SigningMethodHS256.Alg()}
}

const (
	// maxKeysFile bounds the file in bytes, minSecret an HMAC's secret, minRSA an RSA key in bits.
	maxKeysFile = 1 << 20
	minSecret   = 32
	minRSA      = 2048
)

// keyring holds the keys of a file and reads it again when it changes. A file that can't be read leaves the keys
// as they are, so that a slip of the pen locks nobody out.
type keyring struct {
	path  string
	every time.Duration
	log   *slog.Logger

	mu     sync.Mutex
	keys   map[string]key
	looked time.Time
	// changed and size are the file's as it was read last.
	changed time.Time
	size    int64
}

func openKeyring(path string, every time.Duration, log *slog.Logger) (*keyring, error) {
	r := &keyring{path: path, every: every, log: log}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("read the shop's keys from %s: %w", path, err)
	}
	r.looked = time.Now()
	return r, nil
}

// find is the key of the name, if it is for the algorithm.
func (r *keyring) find(kid, algorithm string) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) >= r.every {
		r.looked = time.Now()
		if err := r.read(); err != nil {
			r.log.Error("the shop's keys were not read again; those from before stay", "file", r.path, "error", err)
		}
	}
	k, ok := r.keys[kid]
	if !ok {
		return nil, fmt.Errorf("there is no key %q", kid)
	}
	if k.algorithm != algorithm {
		return nil, fmt.Errorf("key %q is for %s, the token says %s", kid, k.algorithm, algorithm)
	}
	return k.material, nil
}

// read reads the file if it changed. The caller holds the lock.
func (r *keyring) read() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if r.keys != nil && info.ModTime().Equal(r.changed) && info.Size() == r.size {
		return nil
	}
	if info.Size() > maxKeysFile {
		return errors.New("the file is too large")
	}
	raw, err := os.ReadFile(r.path)
	if err != nil {
		return err
	}
	// What can't be used is complained of once, not at every look.
	r.changed, r.size = info.ModTime(), info.Size()
	keys, err := parseKeys(raw)
	if err != nil {
		return err
	}
	r.keys = keys
	r.log.Info("the shop's keys are read", "kids", slices.Sorted(maps.Keys(keys)))
	return nil
}

// parseKeys reads a JWK Set.
func parseKeys(raw []byte) (map[string]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("the file is no JWK Set: %w", err)
	}
	keys := map[string]key{}
	for i, one := range set.Keys {
		jwk, err := jwkset.NewJWKFromRawJSON(one, jwkset.JWKMarshalOptions{Private: true}, jwkset.JWKValidateOptions{})
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		kid, alg := jwk.Marshal().KID, jwk.Marshal().ALG.String()
		k, err := use(jwk.Key())
		switch {
		case err != nil:
			return nil, fmt.Errorf("key %d (%q): %w", i+1, kid, err)
		case !name(kid):
			return nil, fmt.Errorf("key %d has no kid that tokens could name it by", i+1)
		case alg != "" && alg != k.algorithm:
			return nil, fmt.Errorf("key %q says alg %s, but is for %s", kid, alg, k.algorithm)
		case keys[kid].material != nil:
			return nil, fmt.Errorf("two keys have the kid %q", kid)
		}
		keys[kid] = k
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key in the file")
	}
	return keys, nil
}

// use says what a key is good for: one algorithm by its kind.
func use(material any) (key, error) {
	switch k := material.(type) {
	case ed25519.PublicKey:
		return key{jwt.SigningMethodEdDSA.Alg(), k}, nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return key{}, errors.New("the curve is not P-256, which ES256 needs")
		}
		return key{jwt.SigningMethodES256.Alg(), k}, nil
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSA {
			return key{}, fmt.Errorf("an RSA key needs %d bits", minRSA)
		}
		return key{jwt.SigningMethodRS256.Alg(), k}, nil
	case []byte:
		if len(k) < minSecret {
			return key{}, fmt.Errorf("an HMAC's secret needs %d bytes", minSecret)
		}
		return key{jwt.SigningMethodHS256.Alg(), k}, nil
	case ed25519.PrivateKey, *ecdsa.PrivateKey, *rsa.PrivateKey:
		return key{}, errors.New("this is a private key: it belongs to who signs; put the public one here")
	default:
		return key{}, fmt.Errorf("a key of this kind (%T) verifies no tokens here", material)
	}
}
