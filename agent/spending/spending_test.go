package spending_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
	"floorwalker/agent/spending"
	"floorwalker/embedded/pgtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The embedded PostgreSQL lives until the test process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"))
}

func TestTokensAreCountedByTheHourOverAllReplicas(t *testing.T) {
	pool, ctx := pgtest.New(t), t.Context()
	one, two := spending.NewLedger(pool, spending.Options{Customer: 100}), spending.NewLedger(pool, spending.Options{Customer: 100})
	ann, bob := llm.Payer{Customer: "ann"}, llm.Payer{Customer: "bob"}
	left := func(l *spending.Ledger, p llm.Payer) bool {
		t.Helper()
		ok, err := l.Left(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	spend := func(l *spending.Ledger, p llm.Payer, n int) {
		t.Helper()
		if err := l.Spend(ctx, p, n); err != nil {
			t.Fatal(err)
		}
	}
	spend(one, ann, 60)
	if !left(two, ann) {
		t.Error("60 of 100 are everything")
	}
	spend(two, ann, 40)
	if left(one, ann) || left(two, ann) || !left(one, bob) {
		t.Error("100 of 100 are not everything, or bob's are gone too")
	}
	age := func(by string) {
		t.Helper()
		if _, err := pool.Exec(ctx, `UPDATE model_tokens SET slot = slot - $1::interval`, by); err != nil {
			t.Fatal(err)
		}
	}
	age("50 minutes")
	if left(one, ann) {
		t.Error("forgotten after 50 minutes")
	}
	age("15 minutes")
	if !left(one, ann) {
		t.Error("not forgotten after 65 minutes")
	}
	var dump string
	if err := pool.QueryRow(ctx, `SELECT string_agg(t::text, ' ') FROM model_tokens t`).Scan(&dump); err != nil || strings.Contains(dump, "ann") {
		t.Errorf("the table names the customer: %q, %v", dump, err)
	}
}

func TestManySessionsOfOneNetworkShareItsTokens(t *testing.T) {
	pool, ctx := pgtest.New(t), t.Context()
	l := spending.NewLedger(pool, spending.Options{Customer: 100, Network: 150})
	for _, session := range []string{"s1", "s2"} {
		if err := l.Spend(ctx, llm.Payer{Customer: session, Network: "203.0.113.7"}, 80); err != nil {
			t.Fatal(err)
		}
	}
	for p, want := range map[llm.Payer]bool{{Customer: "s3", Network: "203.0.113.7"}: false, {Customer: "s1", Network: "203.0.113.8"}: true, {Customer: "203.0.113.7"}: true} {
		if got, err := l.Left(ctx, p); err != nil || got != want {
			t.Errorf("%+v: %v, %v", p, got, err)
		}
	}
	free := spending.NewLedger(pool, spending.Options{Customer: -1, Network: -1})
	if got, err := free.Left(ctx, llm.Payer{Customer: "s3", Network: "203.0.113.7"}); err != nil || !got {
		t.Errorf("without a limit: %v, %v", got, err)
	}
}

func TestTheModelIsNotAskedForWhoHasNothingLeft(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	ledger := spending.NewLedger(pgtest.New(t), spending.Options{Customer: 30})
	client, err := llm.New(server.URL, "smollm2", llm.Options{ProbeDown: 5 * time.Millisecond, Budget: ledger})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(running) }()
	t.Cleanup(func() { stop(); <-ended })
	for end := time.Now().Add(5 * time.Second); !client.Up(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the model does not come up")
		}
	}
	as := func(name string) context.Context { return llm.WithPayer(t.Context(), llm.Payer{Customer: name}) }
	ask := func(ctx context.Context) error {
		_, err := client.Stream(ctx, []llm.Message{{Role: llm.User, Content: "hello"}}, func(string) error { return nil })
		return err
	}
	// The server's own count is what is paid.
	server.Script(ollamatest.Reply{Tokens: []string{"a", "b", "c"}, PromptTokens: 27})
	if err := ask(as("ann")); err != nil {
		t.Fatal(err)
	}
	asked := len(server.Requests())
	if err := ask(as("ann")); !errors.Is(err, llm.ErrSpent) || llm.Reason(err) != "spent" {
		t.Errorf("the second question: %v", err)
	}
	if n := len(server.Requests()); n != asked {
		t.Errorf("the model was asked %d times more", n-asked)
	}
	if err := ask(as("bob")); err != nil {
		t.Errorf("another customer: %v", err)
	}
	// An answer that is broken off is paid for too.
	server.Script(ollamatest.Reply{Tokens: strings.Split(strings.Repeat("x", 40), ""), Pause: time.Millisecond})
	leaves, pieces := errors.New("the customer left"), 0
	_, err = client.Stream(as("cy"), []llm.Message{{Role: llm.User, Content: "hello"}}, func(string) error {
		if pieces++; pieces == 32 {
			return leaves
		}
		return nil
	})
	if !errors.Is(err, leaves) {
		t.Fatal(err)
	}
	if err := ask(as("cy")); !errors.Is(err, llm.ErrSpent) {
		t.Errorf("after an answer that was broken off: %v", err)
	}
}
