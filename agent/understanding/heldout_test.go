package understanding

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"floorwalker/shop"
)

// run is how many words in a row may not stand both in a held-out case and in what the parser learned from.
const run = 5

// runs are the runs of an utterance's words; each Chinese character counts as one.
func runs(text string) []string {
	var words []string
	for _, field := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' }) {
		latin := ""
		for _, r := range field {
			if unicode.Is(unicode.Han, r) {
				if latin != "" {
					words, latin = append(words, latin), ""
				}
				words = append(words, string(r))
				continue
			}
			latin += string(r)
		}
		if latin != "" {
			words = append(words, latin)
		}
	}
	var all []string
	for i := run; i <= len(words); i++ {
		all = append(all, strings.Join(words[i-run:i], " "))
	}
	return all
}

func TestHeldOutCasesShareNoFiveWordsWithTheExemplars(t *testing.T) {
	learned := map[string]bool{}
	for _, l := range languages {
		exemplars, _, err := readExemplars(l.lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range exemplars {
			for _, words := range runs(e.text()) {
				learned[words] = true
			}
		}
	}
	file, err := os.Open(filepath.Join("..", "..", "eval", "understanding.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cases, chinese := 0, 0
	for lines := bufio.NewScanner(file); lines.Scan(); cases++ {
		var c struct {
			ID, Text string
			Lang     shop.Lang
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Lang == shop.Chinese {
			chinese++
		}
		for _, words := range runs(c.Text) {
			if learned[words] {
				t.Errorf("%s %q shares %q with an exemplar", c.ID, c.Text, words)
				break
			}
		}
	}
	if cases < 300 || chinese < 60 {
		t.Errorf("%d held-out cases, %d of them Chinese", cases, chinese)
	}
}
