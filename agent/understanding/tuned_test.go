package understanding

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"floorwalker/agent/llm"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

// TestTunedTextsAreThoseOfTraining holds the prompts and answers to the cases that training is held to.
func TestTunedTextsAreThoseOfTraining(t *testing.T) {
	file, err := os.Open(filepath.Join("..", "..", "training", "parser_texts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	prompts, answers := 0, map[shop.Intent]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var c struct {
			Text, Prompt, Answer string
			Shown, History       []string
			Intent               shop.Intent
			Details              [][2]string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Answer == "" {
			u := shop.Utterance{Text: c.Text, History: c.History}
			for _, title := range c.Shown {
				u.Shown = append(u.Shown, shop.ShownProduct{Title: title})
			}
			if diff := cmp.Diff(c.Prompt, tunedPrompt(read(u))); diff != "" {
				t.Errorf("%q: prompts differ (-training +server):\n%s", c.Text, diff)
			}
			prompts++
			continue
		}
		got, ok := tunedReply(c.Answer + "\n")
		if !ok || got.Intent != string(c.Intent) {
			t.Errorf("%q is read as %q", c.Answer, got.Intent)
		}
		answers[c.Intent] = true
		for _, d := range c.Details {
			held := map[string][]string{"p": {got.Product}, "b": {got.Brand}, "c": {got.Color}, "m": {got.Material}, "a": {"husband"}, "x": got.Exclude, "t": {got.Topic}}
			if !slices.Contains(held[d[0]], d[1]) {
				t.Errorf("%q is read as %+v: no %s", c.Answer, got, d)
			}
		}
		if len(c.Details) > 4 && got.Audience != "men" {
			t.Errorf("%q is for %q", c.Answer, got.Audience)
		}
	}
	if prompts < 5 || len(answers) != len(shop.Intents()) {
		t.Errorf("%d prompts and %d intents", prompts, len(answers))
	}
}

func TestAReplyOfTheTunedModelIsData(t *testing.T) {
	for _, text := range []string{"", " nonsense", "search", " search search", " discount|p shoes", "|p shoes"} {
		if m, ok := tunedReply(text); ok {
			t.Errorf("%q is taken for %+v", text, m)
		}
	}
	m, ok := tunedReply(" search|p shoes|p boots|z 9|b|q 3|t shipping")
	if !ok || m.Product != "shoes" || m.Brand != "" || m.Quantity != 0 {
		t.Errorf("read as %+v", m)
	}
	if got := m.checked(read(shop.Utterance{Text: "red socks"})); got.Product != "" {
		t.Errorf("%q was not said", got.Product)
	}
}

func TestBeliefsNeedWordsForIntents(t *testing.T) {
	p, err := beliefs(map[string]float64{" search": 0.6, " change": 0.3, " the": 0.1})
	if err != nil || p[slices.Index(intentOrder, shop.IntentSearch)] != 0.6 || p[slices.Index(intentOrder, shop.IntentRefine)] != 0.3 {
		t.Errorf("%v, %v", p, err)
	}
	if _, err := beliefs(map[string]float64{" search": 0.2, " the": 0.8}); !errors.Is(err, llm.ErrInvalid) {
		t.Errorf("other words were taken for an answer: %v", err)
	}
}

func TestTwoThatJudgeApartDecideTogether(t *testing.T) {
	both := together([]float64{0.4, 0.35, 0.25}, []float64{0.1, 0.85, 0.05})
	sum := 0.0
	for _, p := range both {
		sum += p
	}
	if argmax(both) != 1 || math.Abs(sum-1) > 1e-9 {
		t.Errorf("%v", both)
	}
	if both = together([]float64{0.9, 0.1, 0}, []float64{0.3, 0, 0.7}); argmax(both) != 0 {
		t.Errorf("what one is nearly sure of gave way to a guess: %v", both)
	}
}
