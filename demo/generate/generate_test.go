package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
)

func TestTheCommittedFilesAreWhatTheGeneratorWrites(t *testing.T) {
	t.Parallel()
	text, bought, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("../catalogue.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := io.ReadAll(zip) // the text, since compressors change with Go
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, committed) {
		t.Error("demo/catalogue.jsonl.gz is not what the kinds give: run go run ./demo/generate")
	}
	if committed, err = os.ReadFile("../orders.jsonl"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bought, committed) {
		t.Error("demo/orders.jsonl is not what the kinds give: run go run ./demo/generate")
	}
}

func TestGeneratedTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	first, orders1, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	second, orders2, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) || !bytes.Equal(orders1, orders2) {
		t.Error("two runs differ")
	}
}

func TestBadKindsAreRefusedWithTheirLine(t *testing.T) {
	t.Parallel()
	const head = "@ Shoes | 鞋 | SHO\nbrands Tarnvik\n# boots | 靴子 | n=1 price=10-20\n"
	for text, want := range map[string]string{
		"@ Shoes":                      "line 1",
		"= weight 1 g":                 "before the first kind",
		head + "= weight 5-2 g":        "line 4",
		head + "= weight 5 stone":      "unknown unit",
		head + "= colour octarine":     "unknown colour",
		head + "= for martians":        "unknown audience",
		head + "* mid | 中 | |claim":    "5 fields",
		head + "- only English":        "two languages",
		head + "for rain":              "no Chinese",
		head + "? what":                "unknown mark",
		head + "# more | 更多 | n=x":     "n=x",
		head + "# more | 更多 | size=12": "unknown setting",
	} {
		if _, err := parseDepartment(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestFramesAreFilled(t *testing.T) {
	t.Parallel()
	words := map[string]string{"name": "the kettle", "weight": "2 kg", "s": ""}
	for frame, want := range map[string]string{
		"{Name} weighs {weight}.": "The kettle weighs 2 kg.",
		"plain":                   "plain",
		"run{s}":                  "run",
	} {
		if got, ok := fill(frame, words, nil); !ok || got != want {
			t.Errorf("%q: %q %v, want %q", frame, got, ok, want)
		}
	}
	for _, frame := range []string{"{unknown}", "{open", "[open"} {
		if _, ok := fill(frame, words, nil); ok {
			t.Errorf("%q was filled", frame)
		}
	}
}

func TestSharesCountAgainstTheShorterText(t *testing.T) {
	t.Parallel()
	x := newOverlaps().english
	x.add("one two three four five six seven")
	if got := x.share("one two three four five"); got != 1 {
		t.Errorf("share %v, want 1", got)
	}
	if got := x.share("one two three four six seven eight"); got != 0 {
		t.Errorf("share %v, want 0", got)
	}
}
