package identity

import "testing"

// Whatever a file of keys holds: what is taken verifies by one algorithm, is named, and is no private key.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","kid":"2","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`,
		`{"keys":[{"kty":"oct","kid":"3","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"}]}`,
		`{"keys":[{"kty":"RSA","kid":"4","n":"AQAB","e":"AQAB"}]}`, `{"keys":[{}]}`, `{"keys":[]}`, `{"keys":[{"kty":"oct","kid":"3","k":""}]}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	algorithms := map[string]bool{"EdDSA": true, "ES256": true, "RS256": true, "HS256": true}
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := parseKeys(raw)
		if err != nil {
			return
		}
		if len(keys) == 0 {
			t.Error("no key, and no error")
		}
		for kid, k := range keys {
			again, err := use(k.material)
			if !name(kid) || !algorithms[k.algorithm] || err != nil || again.algorithm != k.algorithm {
				t.Errorf("%q is taken as %+v: %v", kid, k, err)
			}
		}
	})
}
