package evaluation

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"floorwalker/shop"
)

// Parser is what is measured.
type Parser interface {
	Parse(ctx context.Context, u shop.Utterance) (shop.Parse, error)
}

// UnderstandingCase is one utterance with its meaning.
type UnderstandingCase struct {
	ID    string `json:"id"`
	Lang  string `json:"lang"`
	Shown []struct {
		Title, Brand, Color string
		Price               float64
	} `json:"shown"`
	History []string       `json:"history"`
	Text    string         `json:"text"`
	Intent  shop.Intent    `json:"intent"`
	Slots   map[string]any `json:"slots"`
}

// UnderstandingReport is what `floorwalker eval understanding` prints.
type UnderstandingReport struct {
	Cases          int     `json:"cases"`
	IntentAccuracy float64 `json:"intent_accuracy"`
	IntentMacroF1  float64 `json:"intent_macro_f1"`
	SlotF1         float64 `json:"slot_f1"`
	Exact          float64 `json:"exact"`
	MsP50          float64 `json:"ms_p50"`
	MsP99          float64 `json:"ms_p99"`
	LLMShare       float64 `json:"llm_share"`
}

// maxCase is the longest line of a case file, in bytes.
const maxCase = 1 << 20

// ReadCases reads one JSON object a line.
func ReadCases[T any](r io.Reader) ([]T, error) {
	var cases []T
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxCase)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("line %d is no case: %w", n, err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	return cases, nil
}

// Utterance is the case as a parser gets it.
func (c UnderstandingCase) Utterance() shop.Utterance {
	u := shop.Utterance{Text: c.Text, History: c.History}
	for _, s := range c.Shown {
		u.Shown = append(u.Shown, shop.ShownProduct{Title: s.Title, Brand: s.Brand, Color: s.Color, Price: shop.FromMajor(s.Price, "USD")})
	}
	return u
}

// Understanding measures a parser. told, where not nil, hears how each case was read, and whether that is exact.
func Understanding(ctx context.Context, p Parser, cases []UnderstandingCase, told func(c UnderstandingCase, got shop.Parse, exact bool)) (UnderstandingReport, error) {
	report := UnderstandingReport{Cases: len(cases)}
	var times []float64
	var slots tally
	perIntent := map[shop.Intent]*tally{}
	right, exact, asked := 0, 0, 0
	for _, c := range cases {
		began := time.Now()
		got, err := p.Parse(ctx, c.Utterance())
		if err != nil {
			return report, fmt.Errorf("case %s: %w", c.ID, err)
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
		if got.Parser == "llm" {
			asked++
		}
		for _, i := range []shop.Intent{c.Intent, got.Intent} {
			if perIntent[i] == nil {
				perIntent[i] = &tally{}
			}
		}
		if got.Intent == c.Intent {
			right++
			perIntent[c.Intent].both++
		}
		perIntent[c.Intent].wanted++
		perIntent[got.Intent].got++
		wantPairs, gotPairs := pairs(c.Slots), pairs(slotMap(got.Slots))
		both := 0
		for p := range wantPairs {
			if gotPairs[p] {
				both++
			}
		}
		slots.add(len(wantPairs), len(gotPairs), both)
		whole := got.Intent == c.Intent && both == len(wantPairs) && both == len(gotPairs)
		if whole {
			exact++
		}
		if told != nil {
			told(c, got, whole)
		}
	}
	if len(cases) == 0 {
		return report, nil
	}
	n := float64(len(cases))
	report.IntentAccuracy, report.Exact, report.LLMShare = float64(right)/n, float64(exact)/n, float64(asked)/n
	report.SlotF1 = slots.f1()
	present := 0
	for _, t := range perIntent {
		if t.wanted > 0 {
			report.IntentMacroF1 += t.f1()
			present++
		}
	}
	report.IntentMacroF1 /= float64(present)
	report.MsP50, report.MsP99 = Percentile(times, 50), Percentile(times, 99)
	return report, nil
}

// tally counts for an F1: wanted, got, and both.
type tally struct{ wanted, got, both int }

func (t *tally) add(wanted, got, both int) {
	t.wanted, t.got, t.both = t.wanted+wanted, t.got+got, t.both+both
}

func (t *tally) f1() float64 {
	if t.wanted+t.got == 0 {
		return 1
	}
	return 2 * float64(t.both) / float64(t.wanted+t.got)
}

// slotMap is the slots as they are written in a case.
func slotMap(s shop.Slots) map[string]any {
	text, err := json.Marshal(s)
	if err != nil {
		panic("slots are always JSON: " + err.Error()) // strings, numbers and lists of them
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		panic("slots are always JSON: " + err.Error())
	}
	return m
}

// pairs are the (name, value) pairs of slots: text case-folded and trimmed, a list as one set.
func pairs(slots map[string]any) map[string]bool {
	set := map[string]bool{}
	for name, value := range slots {
		if text := pairValue(value); text != "" {
			set[name+"\x00"+text] = true
		}
	}
	return set
}

func pairValue(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return strings.ToLower(strings.TrimSpace(v))
	case []any:
		parts := make([]string, 0, len(v))
		for _, e := range v {
			parts = append(parts, pairValue(e))
		}
		slices.Sort(parts)
		return strings.Join(slices.Compact(parts), "\x01")
	default:
		return fmt.Sprint(v)
	}
}

// Percentile is the nearest-rank percentile of values, p from 0 to 100; 0 where there are none.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
