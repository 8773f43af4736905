package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// SecretOf writes the bytes of a secret as senders and receivers are given it.
func SecretOf(raw []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(raw) }

// signer reads the secret.
func signer(secret string) (*standardwebhooks.Webhook, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	const least = 24
	if err != nil || !strings.HasPrefix(secret, "whsec_") || len(raw) < least {
		return nil, fmt.Errorf("the webhook's secret is whsec_ and at least %d bytes in base64: leave it empty and one is made", least)
	}
	return standardwebhooks.NewWebhook(secret)
}

// guarded is a client that reaches public addresses and those allowed, whatever a name resolves to when it is called;
// it follows no redirect and asks no proxy.
func guarded(o Options) (*http.Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the webhook's URL is an address like https://push.shop.example/floorwalker")
	}
	if u.User != nil || u.Fragment != "" {
		return nil, errors.New("the webhook's URL has no user and no fragment: the signature says who sends")
	}
	var four, six []netip.Prefix
	for _, network := range o.Allow {
		if network.Addr().Is4() {
			four = append(four, network)
		} else {
			six = append(six, network)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(four...), ssrf.WithAllowedV6Prefixes(six...))
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		network := map[bool]string{true: "tcp4", false: "tcp6"}[addr.Is4()]
		if err := guard.Safe(network, net.JoinHostPort(addr.String(), port), nil); err != nil {
			return nil, fmt.Errorf("the webhook's URL leads to %s, which is not public: --webhook-networks lets it in: %w", addr, err)
		}
	}
	if u.Scheme == "http" && !within(u.Hostname(), o.Allow) {
		return nil, errors.New("the webhook's URL begins with https: what is said to customers is for nobody else to read; http goes to an address of --webhook-networks alone")
	}
	dialer := &net.Dialer{Timeout: o.Timeout, Control: guard.Safe}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: o.Timeout, ResponseHeaderTimeout: o.Timeout,
			MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 16 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// within is true for an address (no name) of the networks.
func within(host string, networks []netip.Prefix) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}
