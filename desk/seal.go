package desk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"floorwalker/shop"
)

// sealed begins what is stored of a secret that is encrypted. What does not was stored before there was a key.
const sealed = "aes256gcm:"

// errNoKey says that a secret can't be kept, or read, without the key.
var errNoKey error = shop.Errorf(shop.CodeUnavailable, "The key of the desk's secrets is missing, or another. Set FLOORWALKER_SECRET_KEY to the one that the servers share, or put secret.key back into the data folder.")

// gcm is the cipher of secrets that must be read again: passwords, logins and the like are hashes.
func (d *Desk) gcm() (cipher.AEAD, error) {
	if len(d.o.Key) == 0 {
		return nil, errNoKey
	}
	block, err := aes.NewCipher(d.o.Key)
	if err != nil {
		return nil, fmt.Errorf("use the key of secrets: %w", err)
	}
	return cipher.NewGCM(block)
}

// seal encrypts an account's secret. It opens for that account alone.
func (d *Desk) seal(account, secret string) (string, error) {
	c, err := d.gcm()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, c.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("draw a nonce: %w", err)
	}
	return sealed + base64.StdEncoding.EncodeToString(c.Seal(nonce, nonce, []byte(secret), []byte(account))), nil
}

// unseal is the account's secret; open is true where it was stored as it is.
func (d *Desk) unseal(account, stored string) (secret string, open bool, err error) {
	text, found := strings.CutPrefix(stored, sealed)
	if !found {
		return stored, true, nil
	}
	c, err := d.gcm()
	if err != nil {
		return "", false, err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(raw) < c.NonceSize() {
		err = errors.New("it is too short")
	}
	if err != nil {
		return "", false, fmt.Errorf("read an account's secret: %w", err)
	}
	plain, err := c.Open(nil, raw[:c.NonceSize()], raw[c.NonceSize():], []byte(account))
	if err != nil {
		return "", false, errNoKey
	}
	return string(plain), false, nil
}
