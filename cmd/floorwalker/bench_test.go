package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/shop"
	"floorwalker/web/webtest"
)

// quickClerk answers with a trace.
var quickClerk = webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	card := shop.Card{Position: 1, SKU: "1", Title: "Mug", Price: shop.Money{Minor: 1850, Currency: "USD"}, Why: []string{}}
	outcome := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State,
		Trace: shop.Trace{TemplateShare: 1, Stages: []shop.Stage{{Name: "parse", Micros: 1500}, {Name: "search", Micros: 4000}, {Name: "first_card", Micros: 1}}}}
	return outcome, errors.Join(out.Show(ctx, shop.Cards{RankingID: "r", Cards: []shop.Card{card}}), out.Say(ctx, "A mug."))
})

func TestBenchReportsEveryStage(t *testing.T) {
	url := webtest.Open(t, webtest.Shop{Assistant: quickClerk})
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"bench", "--url", url, "--conversations", "4", "--turns", "3", "--concurrency", "1,4"}, streams{strings.NewReader(""), &out, &errs})
	if code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	var report struct{ Runs []benchRun }
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &report); err != nil || len(report.Runs) != 2 {
		t.Fatalf("%v in %s", err, &out)
	}
	for _, r := range report.Runs {
		if r.Turns != 12 || r.Failed != 0 || r.LLM != "absent" || r.TemplateShare != 1 {
			t.Errorf("%+v", r)
		}
		if p := r.Stages["parse"]; p.N != 12 || p.P50Ms != 1.5 || p.P99Ms != 1.5 {
			t.Errorf("parse %+v", p)
		}
		for _, stage := range []string{"acknowledged", "search", "first_card", "first_token", "done"} {
			if s := r.Stages[stage]; s.N != 12 || s.P50Ms <= 0 || s.P95Ms < s.P50Ms || s.P99Ms < s.P95Ms {
				t.Errorf("%s %+v", stage, s)
			}
		}
	}
}

func TestDialogueCommandPrintsOneObjectLast(t *testing.T) {
	url := webtest.Open(t, webtest.Shop{Assistant: quickClerk})
	cases := filepath.Join(t.TempDir(), "cases.jsonl")
	if err := os.WriteFile(cases, []byte(`{"id":"a","lang":"en","turns":[{"say":"mug","expect":{"products_min":1}}]}`+"\n"+
		`{"id":"b","lang":"en","turns":[{"say":"mug","expect":{"products_max":0}}]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	address := strings.Replace(url, "http", "ws", 1) + "/ws"
	if code := run(t.Context(), []string{"eval", "dialogue", "--url", address, "--cases", cases}, streams{strings.NewReader(""), &out, &errs}); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	var report map[string]float64
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report["conversations"] != 2 || report["passed"] != 1 || report["turns_passed"] != 1 {
		t.Errorf("%v: %s", err, &out)
	}
	for _, field := range []string{"conversations", "turns", "turns_passed", "passed", "first_card_ms_p50", "first_card_ms_p99", "done_ms_p50", "template_share", "invented_facts"} {
		if _, ok := report[field]; !ok {
			t.Errorf("%s is missing", field)
		}
	}
	if !strings.Contains(errs.String(), "FAIL b turn 1") {
		t.Errorf("progress: %s", &errs)
	}
}
