package llm_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/agent/grounding"
	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
	"floorwalker/shop"
)

// pace is a model that thinks for 20 ms and then writes a token every 10 ms.
func pace() ollamatest.Reply {
	return ollamatest.Reply{Tokens: strings.SplitAfter(strings.Repeat("have a look at these and tell me what you like ", 4), " "),
		First: 20 * time.Millisecond, Pause: 10 * time.Millisecond}
}

// pacing is what one answer took: to its first token, and tokens a second from the first to the last.
type pacing struct {
	first time.Duration
	rate  float64
}

func paced(began time.Time, tokens []time.Time) pacing {
	spent := tokens[len(tokens)-1].Sub(tokens[0])
	return pacing{tokens[0].Sub(began), float64(len(tokens)-1) / spent.Seconds()}
}

// direct reads the stand-in's own stream, as it comes off the wire.
func direct(tb testing.TB, url string) pacing {
	tb.Helper()
	began := time.Now()
	r, err := http.Post(url+"/api/chat", "application/json", strings.NewReader(`{"model":"smollm2","messages":[{"role":"user","content":"hello"}]}`))
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Body.Close()
	var tokens []time.Time
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		var line struct{ Done bool }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		if !line.Done {
			tokens = append(tokens, time.Now())
		}
	}
	return paced(began, tokens)
}

// through reads it by the client and the checker that answers go through: its first token is what the checker first lets
// go on to the customer. (A small model's sentences are held until they are whole; this is a larger one.)
func through(tb testing.TB, client *llm.Client) pacing {
	tb.Helper()
	check := grounding.NewChecker(grounding.Sheet{Lang: shop.English, Draft: "Have a look at these.", Heard: "hello", Sentences: 4})
	began := time.Now()
	var first time.Time
	var tokens []time.Time
	_, err := client.Stream(context.Background(), hello, func(token string) error {
		if text := check.Write(token); text != "" && first.IsZero() {
			first = time.Now()
		}
		tokens = append(tokens, time.Now())
		return nil
	})
	if err != nil || first.IsZero() {
		tb.Fatalf("nothing came through: %v", err)
	}
	p := paced(began, tokens)
	p.first = first.Sub(began)
	return p
}

// BenchmarkPacedModel says what the client and the checker add to a model's own pace: the time to the first token
// (each answer over the direct one beside it), and tokens a second as a share of the direct ones. What one direct answer takes
// more than another says how much of that is the machine's own.
func BenchmarkPacedModel(b *testing.B) {
	server := ollamatest.New(b, "smollm2")
	server.Answer(func(ollamatest.Request) ollamatest.Reply { return pace() })
	client, err := llm.New(server.URL, "smollm2", llm.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	defer func() { stop(); <-ended }()
	until(b, client.Up)
	var added, noise []time.Duration
	var straight, ours float64
	for b.Loop() {
		// One after the other, so that both meet the same machine.
		d, t, again := direct(b, server.URL), through(b, client), direct(b, server.URL)
		added = append(added, t.first-d.first)
		noise = append(noise, again.first-d.first)
		straight += d.rate
		ours += t.rate
	}
	at := func(all []time.Duration, p int) float64 {
		slices.Sort(all)
		return float64(all[min(len(all)-1, len(all)*p/100)].Microseconds()) / 1000
	}
	b.ReportMetric(at(added, 50), "added-ms-p50")
	b.ReportMetric(at(added, 99), "added-ms-p99")
	b.ReportMetric(at(noise, 99), "direct-again-ms-p99")
	b.ReportMetric(ours/straight, "rate-share")
}
