package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"floorwalker/conformance"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/webhook"

	"github.com/jackc/pgx/v5/pgxpool"
)

// said runs the program and returns what it printed.
func said(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs}); code != want {
		t.Fatalf("%q ended with %d: %s%s", args, code, out.String(), errs.String())
	}
	return out.String()
}

func TestTheWebhooksSecretIsMadeOnceAndKept(t *testing.T) {
	data := t.TempDir()
	first := said(t, 0, "webhook", "secret", "--data", data)
	if !strings.HasPrefix(first, "whsec_") || said(t, 0, "webhook", "secret", "--data", data) != first {
		t.Errorf("%q", first)
	}
	if _, err := webhook.NewSender(nil, nil, webhook.Options{URL: "https://push.shop.example/", Secret: strings.TrimSpace(first)}); err != nil {
		t.Error(err)
	}
}

func TestDeliveriesAreListedAndReplayed(t *testing.T) {
	database := pgtest.URL(t)
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	manager := dialog.NewManager(pool, nil, dialog.Options{Push: webhook.NewOutbox(pool, time.Nanosecond)})
	o, err := manager.Open(t.Context(), dialog.OpenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manager.ChangeOwner(t.Context(), o.SessionID, dialog.OwnerChange{From: 1, To: protocol.OwnerAgent, Agent: "Ada"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		if _, err := manager.PostPerson(t.Context(), o.SessionID, dialog.PersonPost{ClientMsgID: text, Text: text, Author: "Ada"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(context.Background(), `UPDATE webhook_deliveries SET state = 'dead', ended_at = now(), attempts = 15, last_error = 'the receiver answered 503'`); err != nil {
		t.Fatal(err)
	}
	in := []string{"--database-url", database}
	listed := said(t, 0, append([]string{"webhook", "list", "--state", "dead"}, in...)...)
	if strings.Count(listed, "\n") != 2 || strings.Count(listed, "the receiver answered 503") != 2 || !strings.Contains(listed, o.SessionID) || strings.Contains(listed, "one") {
		t.Errorf("%s", listed)
	}
	said(t, 1, append([]string{"webhook", "replay"}, in...)...)
	id, _, _ := strings.Cut(listed, " ")
	if got := said(t, 0, append([]string{"webhook", "replay", id}, in...)...); got != "1 deliveries are sent again\n" {
		t.Errorf("%s", got)
	}
	if got := said(t, 0, append([]string{"webhook", "replay", "--dead"}, in...)...); got != "1 deliveries are sent again\n" {
		t.Errorf("%s", got)
	}
	if got := said(t, 0, append([]string{"webhook", "list", "--state", "waiting"}, in...)...); strings.Count(got, "\n") != 2 {
		t.Errorf("%s", got)
	}
}

func TestConformanceListsItsPointsAndWaitsForAClient(t *testing.T) {
	points, err := conformance.Script()
	if err != nil {
		t.Fatal(err)
	}
	if got := said(t, 0, "conformance", "--list"); strings.Count(got, "\n") != len(points) {
		t.Errorf("%s", got)
	}
	said(t, 1, "conformance", "--only", "none")
	said(t, 1, "conformance", "--wait", "100ms")
	said(t, 1, "conformance", "--", "true") // an adapter that ends before it says hello
}
