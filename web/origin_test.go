package web

import (
	"net/http"
	"net/netip"
	"slices"
	"testing"
)

func TestOriginsAreExact(t *testing.T) {
	for given, want := range map[string]string{
		"https://shop.example": "https://shop.example", "HTTPS://Shop.Example:443/": "https://shop.example", "http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"http://localhost:80": "http://localhost", "https://*.example": "", "https://shop.example/chat": "", "shop.example": "", "null": "", "ftp://shop.example": "", "https://u:p@shop.example": "",
		"http://[::1]:80": "http://[::1]", "https://xn--bcher-kva.example": "https://xn--bcher-kva.example", "https://bücher.example": "", "https://shop.example;sandbox": "", "https://shop.example,b": "", "https://'self'": "",
	} {
		got, err := CleanOrigin(given)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s became %q, %v", given, got, err)
		}
	}
	want := []string{"http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"}
	if got := OriginsFor("127.0.0.1:8080"); !slices.Equal(got, want) {
		t.Errorf("a server on this machine is known as %q", got)
	}
	if got := OriginsFor("shop.example:80"); !slices.Equal(got, []string{"http://shop.example"}) {
		t.Errorf("a server elsewhere is known as %q", got)
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:99", "203.0.113.7, 10.0.0.2")
	f.Add("[::1]:1", "2001:db8::1")
	f.Add("no address", ",,,")
	s := &Server{c: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := s.clientAddress(r)
		if !got.IsValid() || addressKey(got) == "" {
			t.Errorf("%q for %q: %v", remote, forwarded, got)
		}
		if peer, err := netip.ParseAddrPort(remote); err == nil && !s.trusted(peer.Addr().Unmap()) && got != peer.Addr().Unmap() {
			t.Errorf("a stranger at %q made himself %v", remote, got)
		}
	})
}

func TestForgottenKeysMakeRoom(t *testing.T) {
	s := New(Parts{}, Config{Limits: Limits{Requests: Rate{PerSecond: 0.001, Burst: 1}, MaxAddresses: 2}})
	for i, step := range []struct {
		key  string
		want bool
	}{{"a", true}, {"a", false}, {"b", true}, {"a", false}, {"c", true}, {"a", false}, {"b", true}} {
		if got := s.requestRate.allow(step.key); got != step.want {
			t.Errorf("step %d, %s: %t", i+1, step.key, got)
		}
	}
	if len(s.requestRate.keys) != 2 || s.requestRate.order.Len() != 2 {
		t.Errorf("%d keys, %d in order", len(s.requestRate.keys), s.requestRate.order.Len())
	}
}
