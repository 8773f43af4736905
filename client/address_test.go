package client

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"ws://127.0.0.1:8080/ws", "https://shop.example/chat/ws/app", "http://[::1]:80/", "wss://a/%zz", "ws:///ws"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := parseAddress(raw)
		if err != nil {
			return
		}
		for _, made := range []string{a.http + "/api/tickets", a.socket(true), a.socket(false)} {
			if u, err := url.Parse(made); err != nil || u.Host == "" || strings.Contains(u.Host, "/") {
				t.Errorf("%q became %q: %v", raw, made, err)
			}
		}
	})
}
