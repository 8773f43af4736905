package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/shop"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write generated files anew")

// parseSettings parses serve's flags with a settings file of the text.
func parseSettings(t *testing.T, text string, args ...string) (serveCmd, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var c cli
	parser, err := newParser(&c, streams{strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"serve", "--config", path}, args...))
	return c.Serve, err
}

func TestSettingsComeFromFlagEnvironmentFileAndSecretsInThisOrder(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(secret, []byte("postgres://u:p@host/shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLOORWALKER_MODEL", "from-environment")
	got, err := parseSettings(t, "# a shop\nFLOORWALKER_LISTEN=0.0.0.0:80\nFLOORWALKER_MODEL=from-file\nFLOORWALKER_ORIGINS=\"https://a.example,https://b.example\"\n"+
		"FLOORWALKER_DEMO=false\nNATS_URL=nats://file:4222\nFLOORWALKER_RATES=EUR=1.2;GBP=1.3\nDATABASE_URL_FILE="+secret+"\n", "--nats-url", "nats://flag:4222")
	if err != nil {
		t.Fatal(err)
	}
	want := serveCmd{Listen: "0.0.0.0:80", Origins: []string{"https://a.example", "https://b.example"}, Rates: map[string]float64{"EUR": 1.2, "GBP": 1.3}}
	want.Model, want.NATSURL, want.DatabaseURL = "from-environment", "nats://flag:4222", "postgres://u:p@host/shop"
	seen := serveCmd{Listen: got.Listen, Origins: got.Origins, Rates: got.Rates, Demo: got.Demo}
	seen.Model, seen.NATSURL, seen.DatabaseURL = got.Model, got.NATSURL, got.DatabaseURL
	if diff := cmp.Diff(want, seen, cmp.AllowUnexported(serveCmd{}, services{}, languageModel{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestASecretComesFromTheFileThatTheEnvironmentNames(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("a long token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLOORWALKER_ADMIN_TOKEN_FILE", secret)
	got, err := parseSettings(t, "")
	if err != nil || got.AdminToken != "a long token" {
		t.Errorf("the token is %q, error %v", got.AdminToken, err)
	}
	t.Setenv("FLOORWALKER_ADMIN_TOKEN_FILE", secret+"-gone")
	if _, err := parseSettings(t, ""); err == nil || !strings.Contains(err.Error(), "FLOORWALKER_ADMIN_TOKEN_FILE") {
		t.Errorf("a secret's file that is not there: %v", err)
	}
}

func TestWrongSettingsAreRefusedWithTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"\nFLOORWALKER_LISTNE=1":                              "line 2: there is no setting FLOORWALKER_LISTNE",
		"FLOORWALKER_THREADS=many":                            "line 1: FLOORWALKER_THREADS",
		"# one\n# two\nFLOORWALKER_PARSER=none":               "line 3: FLOORWALKER_PARSER is one of auto,local,llm",
		"just words":                                          "line 1: a setting is NAME=value",
		"FLOORWALKER_MODEL=a\nFLOORWALKER_MODEL=b":            "line 2: FLOORWALKER_MODEL stands in line 1 already",
		"DATABASE_URL_FILE=/nowhere/at/all":                   "line 1: open /nowhere/at/all",
		"FLOORWALKER_ORIGINS=https://a.example,shop.example":  "line 1: FLOORWALKER_ORIGINS: origin \"shop.example\"",
		"\nFLOORWALKER_LINK_HOSTS=https://a.example/path":     "line 2: FLOORWALKER_LINK_HOSTS",
		"FLOORWALKER_IMAGE_HOSTS=https://a.example,b.example": "line 1: FLOORWALKER_IMAGE_HOSTS: origin \"b.example\"",
		"\nFLOORWALKER_IMAGE_HOSTS=https://*.a.example":       "line 2: FLOORWALKER_IMAGE_HOSTS",
		"FLOORWALKER_IMAGE_HOSTS=https://a.example;sandbox":   "line 1: FLOORWALKER_IMAGE_HOSTS",
		"FLOORWALKER_SITE_KEYS=short=https://a.example":       "line 1: FLOORWALKER_SITE_KEYS: site key \"short\"",
		"FLOORWALKER_SITE_KEYS=pk_shop_1=a.example":           "line 1: FLOORWALKER_SITE_KEYS: site key pk_shop_1: origin \"a.example\"",
		"\n\nFLOORWALKER_TRUSTED_PROXIES=10.0.0.1":            "line 3: FLOORWALKER_TRUSTED_PROXIES: network \"10.0.0.1\"",
		"FLOORWALKER_WEBHOOK_NETWORKS=inside":                 "line 1: FLOORWALKER_WEBHOOK_NETWORKS",
		"FLOORWALKER_RATES=EURO=1.2":                          "line 1: FLOORWALKER_RATES: rate EURO",
		"FLOORWALKER_PERSON_FROM=500":                         "line 1: FLOORWALKER_PERSON_FROM",
		"FLOORWALKER_PERSON_TOPICS=waranty":                   "line 1: FLOORWALKER_PERSON_TOPICS",
		"FLOORWALKER_SPONSORED_WEIGHT=2":                      "line 1: FLOORWALKER_SPONSORED_WEIGHT: is 2; it is from 0 to 1",
		"FLOORWALKER_KEEP_AUDIT=5m":                           "line 1: FLOORWALKER_KEEP_AUDIT",
		"FLOORWALKER_MODEL=" + strings.Repeat("a", 128<<10):   "too long",
	} {
		if _, err := parseSettings(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestServeRefusesWhatNoBrowserSendsAsAnOrigin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what is not refused ends before it has started anything
	for _, flag := range []string{"--origins", "--console-origins", "--link-hosts", "--image-hosts"} {
		var out, said bytes.Buffer
		code := run(ctx, []string{"serve", flag, "https://a.example;sandbox", "--data", t.TempDir(), "--no-llm", "--no-demo"}, streams{strings.NewReader(""), &out, &said})
		if code == 0 || !strings.Contains(said.String(), `origin "https://a.example;sandbox": a host has letters`) {
			t.Errorf("%s: exit status %d, %s", flag, code, said.String())
		}
	}
}

func TestInitWritesWhatServeReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floorwalker.env")
	var out, said bytes.Buffer
	if code := run(t.Context(), []string{"init", path}, streams{strings.NewReader(""), &out, &said}); code != 0 {
		t.Fatalf("exit status %d: %s", code, said.String())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Every setting with its default, the # taken away, is what serve does anyway.
	active := strings.ReplaceAll(string(text), "\n#FLOOR", "\nFLOOR")
	got, err := parseSettings(t, active)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := parseSettings(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain, got, cmp.AllowUnexported(serveCmd{}, services{}, languageModel{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if code := run(t.Context(), []string{"init", path}, streams{strings.NewReader(""), &out, &said}); code == 0 {
		t.Error("a second init wrote over the file")
	}
}

func TestTheSettingsReferenceIsCurrent(t *testing.T) {
	var c cli
	parser, err := kong.New(&c, kong.Configuration(readSettings))
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/settings.md"
	want := settingsReference(parser.Model)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/settings.md is not what the code says; go test -run Reference -update ./cmd/floorwalker writes it: %v", err)
	}
}

func TestAProxysNetworkIsReadOrRefused(t *testing.T) {
	got, err := networks([]string{"10.0.0.0/8", "2001:db8::/32"})
	if err != nil || len(got) != 2 || got[0].String() != "10.0.0.0/8" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"10.0.0.1", "proxy", "*", "10.0.0.0/33"} {
		if got, err := networks([]string{text}); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestWhenAPersonJoinsIsReadOrRefused(t *testing.T) {
	for given, want := range map[string]shop.Money{"": {}, "500USD": {Minor: 50_000, Currency: "USD"}, "0.5EUR": {Minor: 50, Currency: "EUR"}, "80000JPY": {Minor: 80_000, Currency: "JPY"}} {
		if got, err := (personRules{PersonFrom: given}).read(); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", given, got, err, want)
		}
	}
	for _, given := range []string{"500", "USD", "-5USD", "0USD", "NaNUSD", "1e99USD", "500usd", "500 DOLLARS"} {
		if got, err := (personRules{PersonFrom: given}).read(); err == nil {
			t.Errorf("%q is taken as %+v", given, got)
		}
	}
	if _, err := (personRules{PersonTopics: []string{"warranty", "return_refund"}}).read(); err != nil {
		t.Error(err)
	}
	if _, err := (personRules{PersonTopics: []string{"waranty"}}).read(); err == nil {
		t.Error("a topic that is misspelt is taken")
	}
}
