package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fast are options under which a test need not wait.
func fast() llm.Options {
	return llm.Options{ProbeDown: 10 * time.Millisecond, ProbeUp: 10 * time.Millisecond, Wait: 300 * time.Millisecond,
		JSONTimeout: 500 * time.Millisecond, FirstToken: 300 * time.Millisecond, NextToken: 200 * time.Millisecond,
		StreamTimeout: 2 * time.Second, Rest: 100 * time.Millisecond, MaxBytes: 2000}
}

// start runs a client until the test ends and waits for it to be up.
func start(t *testing.T, server *ollamatest.Server, o llm.Options) *llm.Client {
	t.Helper()
	client, err := llm.New(server.URL, "smollm2", o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, client)
	until(t, client.Up)
	return client
}

// run has a client look for its model until the test ends.
func run(t *testing.T, client *llm.Client) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

func until(t testing.TB, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatal("waited in vain")
}

var hello = []llm.Message{{Role: llm.System, Content: "Be brief."}, {Role: llm.User, Content: "hello"}}

var schema = json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer"}}}`)

func TestStreamPassesOnTokensAsTheyCome(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	server.Script(ollamatest.Reply{Tokens: []string{"Good", " day", "!"}})
	var got []string
	usage, err := client.Stream(t.Context(), hello, func(token string) error {
		got = append(got, token)
		return nil
	})
	if err != nil || strings.Join(got, "|") != "Good| day|!" {
		t.Fatalf("got %q, %v", got, err)
	}
	if usage.AnswerTokens != 3 || usage.PromptTokens == 0 || usage.FirstToken <= 0 {
		t.Errorf("usage %+v", usage)
	}
	if server.Loads() != 1 {
		t.Errorf("the model was loaded %d times, want once before its first use", server.Loads())
	}
	asked := server.Requests()[0]
	if asked.Options["temperature"] != 0.0 || asked.Options["num_predict"] != 160.0 || asked.Options["seed"] != 1.0 || len(asked.Format) != 0 {
		t.Errorf("asked with %v and format %s", asked.Options, asked.Format)
	}
}

func TestJSONDecodesWhatMeetsTheSchema(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	server.Script(ollamatest.Reply{Text: `{"n": 7, "surprise": true}`})
	var out struct{ N int }
	if err := client.JSON(t.Context(), hello, schema, &out); err != nil || out.N != 7 {
		t.Fatalf("got %+v, %v", out, err)
	}
	if got := string(server.Requests()[0].Format); got != string(schema) {
		t.Errorf("format %s", got)
	}
}

func TestWhatTheModelDoesWrongIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		reply  ollamatest.Reply
		json   bool
		want   error
		reason string
	}{
		"refuses":                {ollamatest.Reply{Status: 503, Text: "server busy"}, false, llm.ErrDown, "down"},
		"hangs":                  {ollamatest.Reply{Hang: true}, false, llm.ErrLate, "late"},
		"first token too late":   {ollamatest.Reply{Text: "x", First: time.Second}, false, llm.ErrLate, "late"},
		"stops between tokens":   {ollamatest.Reply{Text: "one two three", Pause: time.Second}, false, llm.ErrLate, "late"},
		"never ends":             {ollamatest.Reply{Text: "again ", Endless: true}, false, llm.ErrInvalid, "invalid"},
		"breaks off":             {ollamatest.Reply{Text: "half an ans", Cut: true}, false, llm.ErrInvalid, "invalid"},
		"no Ollama at all":       {ollamatest.Reply{Raw: "<html>hello</html>\n"}, false, llm.ErrInvalid, "invalid"},
		"a line without end":     {ollamatest.Reply{Raw: strings.Repeat("x", 9<<20)}, false, llm.ErrInvalid, "invalid"},
		"an empty body":          {ollamatest.Reply{Raw: "\n"}, false, llm.ErrInvalid, "invalid"},
		"error in the stream":    {ollamatest.Reply{Raw: `{"error":"out of memory"}` + "\n"}, false, llm.ErrInvalid, "invalid"},
		"JSON cut by the limit":  {ollamatest.Reply{Text: `{"n": 1`, Reason: "length"}, true, llm.ErrInvalid, "invalid"},
		"JSON not closed":        {ollamatest.Reply{Text: `{"n": 1`}, true, llm.ErrInvalid, "invalid"},
		"JSON of another type":   {ollamatest.Reply{Text: `{"n": "many"}`}, true, llm.ErrInvalid, "invalid"},
		"JSON followed by words": {ollamatest.Reply{Text: `{"n": 1} I hope that helps`}, true, llm.ErrInvalid, "invalid"},
		"JSON that never ends":   {ollamatest.Reply{Text: `{"n": [`, Endless: true}, true, llm.ErrInvalid, "invalid"},
		"words for JSON":         {ollamatest.Reply{Text: "Sure! Here you go."}, true, llm.ErrInvalid, "invalid"},
		"JSON in other bytes":    {ollamatest.Reply{Raw: "{\"message\":{\"content\":\"{\xff\"},\"done\":true}\n"}, true, llm.ErrInvalid, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			server := ollamatest.New(t, "smollm2")
			client := start(t, server, fast())
			server.Script(c.reply)
			var err error
			if c.json {
				var out struct{ N int }
				err = client.JSON(t.Context(), hello, schema, &out)
			} else {
				_, err = client.Stream(t.Context(), hello, func(string) error { return nil })
			}
			if !errors.Is(err, c.want) || llm.Reason(err) != c.reason {
				t.Errorf("got %v (%q), want %v (%q)", err, llm.Reason(err), c.want, c.reason)
			}
		})
	}
}

func TestCancelReachesTheServerAtOnce(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	server.Script(ollamatest.Reply{Text: "a ", Pause: 20 * time.Millisecond, Endless: true})
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	_, err := client.Stream(ctx, hello, func(string) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || llm.Reason(err) != "" {
		t.Errorf("got %v, want the cancel and no blame", err)
	}
	until(t, func() bool { return server.Cancelled() == 1 })
	if took := time.Since(began); took > time.Second {
		t.Errorf("the server worked on for %s", took)
	}
}

func TestAnErrorOfTheReaderStopsTheServer(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	server.Script(ollamatest.Reply{Text: "a ", Pause: time.Millisecond, Endless: true})
	enough := errors.New("enough")
	if _, err := client.Stream(t.Context(), hello, func(string) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	until(t, func() bool { return server.Cancelled() == 1 })
}

func TestOneCallAtATime(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	server.Script(ollamatest.Reply{Text: "slow ", Pause: 10 * time.Millisecond, Endless: true})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	begun := make(chan struct{}, 1)
	go func() {
		_, err := client.Stream(ctx, hello, func(string) error {
			select {
			case begun <- struct{}{}:
			default:
			}
			return nil
		})
		first <- err
	}()
	<-begun
	_, err := client.Stream(t.Context(), hello, func(string) error { return nil })
	if !errors.Is(err, llm.ErrLate) || len(server.Requests()) != 1 {
		t.Errorf("the second got %v after %d requests, want to give up in line", err, len(server.Requests()))
	}
	cancel()
	<-first
	if _, err := client.Stream(t.Context(), hello, func(string) error { return nil }); err != nil {
		t.Errorf("the seat is not free again: %v", err)
	}
}

func TestBreakerRestsAModelThatFailsAndTriesAgain(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	bad := ollamatest.Reply{Status: 500, Text: "boom"}
	server.Script(bad, bad, bad)
	for range 3 {
		if _, err := client.Stream(t.Context(), hello, func(string) error { return nil }); !errors.Is(err, llm.ErrDown) {
			t.Fatalf("got %v", err)
		}
	}
	_, err := client.Stream(t.Context(), hello, func(string) error { return nil })
	if !errors.Is(err, llm.ErrBreaker) || llm.Reason(err) != "breaker" || len(server.Requests()) != 3 {
		t.Fatalf("got %v after %d requests, want the breaker", err, len(server.Requests()))
	}
	until(t, func() bool {
		_, err := client.Stream(t.Context(), hello, func(string) error { return nil })
		return err == nil
	})
}

func TestCustomersWhoLeaveDoNotOpenTheBreaker(t *testing.T) {
	server := ollamatest.New(t, "smollm2")
	client := start(t, server, fast())
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := client.Stream(ctx, hello, func(string) error { cancel(); return nil }); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
	}
	if _, err := client.Stream(t.Context(), hello, func(string) error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestTheModelComesAndGoesWithoutARestart(t *testing.T) {
	server := ollamatest.New(t)
	client, err := llm.New(server.URL, "smollm2", fast())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	defer func() { stop(); <-ended }()

	until(t, func() bool { return strings.Contains(client.Status(), "not found") })
	if _, err := client.Stream(t.Context(), hello, nil); !errors.Is(err, llm.ErrDown) {
		t.Errorf("got %v without the model", err)
	}
	server.SetModels("smollm2")
	until(t, client.Up)
	if info := client.Info(); info.Parameters != 134515008 || info.Server != "0.17.4" {
		t.Errorf("info %+v", info)
	}
	server.SetDown(true)
	until(t, func() bool { return !client.Up() })
	server.SetDown(false)
	until(t, client.Up)
	if server.Loads() != 2 {
		t.Errorf("loaded %d times, want once each time it came", server.Loads())
	}
}

func TestAddressesThatAreNoneAreRefused(t *testing.T) {
	for _, address := range []string{"", "ftp://host", "http://", "http://a b"} {
		if _, err := llm.New(address, "smollm2", llm.Options{}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	if _, err := llm.New("127.0.0.1:11434", "", llm.Options{}); err == nil {
		t.Error("no model was taken")
	}
}
