package webhook_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"floorwalker/webhook"
)

func TestWhereAWebhookMayNotLead(t *testing.T) {
	for url, why := range map[string]string{
		"":                                "is an address like",
		"ftp://push.shop.example/":        "is an address like",
		"https:///floorwalker":            "is an address like",
		"https://me:word@push.example/":   "no user",
		"http://push.shop.example/":       "begins with https",
		"http://203.0.113.7/":             "not public",
		"https://127.0.0.1/":              "not public",
		"https://10.1.2.3/":               "not public",
		"https://192.168.0.10:8443/":      "not public",
		"https://169.254.169.254/latest/": "not public",
		"https://100.64.1.1/":             "not public",
		"https://0.0.0.0/":                "not public",
		"https://[::1]/":                  "not public",
		"https://[fd00::1]/":              "not public",
		"https://[fe80::1]/":              "not public",
		"https://[::ffff:127.0.0.1]/":     "not public",
		"https://224.0.0.1/":              "not public",
	} {
		if _, err := webhook.NewSender(nil, nil, webhook.Options{URL: url, Secret: secret}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"https://push.shop.example/floorwalker", "https://push.shop.example:8443/a?b=c", "https://8.8.8.8/"} {
		if _, err := webhook.NewSender(nil, nil, webhook.Options{URL: url, Secret: secret}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	inside := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, url := range []string{"http://10.1.2.3/push", "https://10.1.2.3/push", "https://[fd00::1]/push"} {
		if _, err := webhook.NewSender(nil, nil, webhook.Options{URL: url, Secret: secret, Allow: inside}); err != nil {
			t.Errorf("%s, let in: %v", url, err)
		}
	}
}

func TestSecretsThatAreTooWeakAreRefused(t *testing.T) {
	for _, weak := range []string{"", "whsec_", "whsec_c2hvcnQ=", "a secret of thirty-two bytes, ok", "whsec_not base64 at all, is it?"} {
		if _, err := webhook.NewSender(nil, nil, webhook.Options{URL: "https://push.shop.example/", Secret: weak}); err == nil || !strings.Contains(err.Error(), "whsec_") {
			t.Errorf("%q: %v", weak, err)
		}
	}
}

// A name may resolve to an address inside: it is looked at as the line is opened, so that no other look-up comes between.
func TestANameThatLeadsInsideIsNotCalled(t *testing.T) {
	var opened atomic.Int64
	inside := httptest.NewUnstartedServer(http.NotFoundHandler())
	inside.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	inside.StartTLS()
	t.Cleanup(inside.Close)
	d := openDesk(t).claim()
	d.say("one", "Hello?")
	d.send(&receiver{Server: inside}, func(o *webhook.Options) {
		o.URL = strings.Replace(inside.URL, "127.0.0.1", "localhost", 1)
		o.Allow, o.MaxAttempts = nil, 2
	})
	got := d.states(1)[0]
	if got.State != webhook.StateDead || opened.Load() != 0 || strings.Contains(got.LastError, "localhost") {
		t.Errorf("%+v, %d lines", got, opened.Load())
	}
	if !strings.Contains(got.LastError, "prohibited") && !strings.Contains(got.LastError, "denied") && !strings.Contains(got.LastError, "not allowed") {
		t.Errorf("it failed for another reason: %s", got.LastError)
	}
}
