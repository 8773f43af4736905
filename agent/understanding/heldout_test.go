package understanding

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
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

// trainedRuns are the runs of words of the text that the small model was trained on, as the first six bytes of their
// SHA-256: the text itself holds what may not be shipped. training/parser_data.py writes them.
func trainedRuns(t *testing.T) map[[6]byte]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "training", "parser_learned_runs.bin"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[[6]byte]bool{}
	for hash := range slices.Chunk(data, 6) {
		all[[6]byte(hash)] = true
	}
	if len(all) < 10_000 {
		t.Fatalf("only %d runs of words", len(all))
	}
	// The exemplars are among the text: their own runs must be found, else hashes are made in another way.
	exemplars, _, err := readExemplars(shop.English)
	if err != nil {
		t.Fatal(err)
	}
	found, runsOfAll := 0, 0
	for _, e := range exemplars {
		for _, words := range runs(e.text()) {
			runsOfAll++
			if sum := sha256.Sum256([]byte(words)); all[[6]byte(sum[:6])] {
				found++
			}
		}
	}
	if found*4 < runsOfAll*3 {
		t.Errorf("%d of %d runs of the exemplars are found", found, runsOfAll)
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
	trained := trainedRuns(t)
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
			if sum := sha256.Sum256([]byte(words)); trained[[6]byte(sum[:6])] {
				t.Errorf("%s %q shares %q with what the small model was trained on", c.ID, c.Text, words)
				break
			}
		}
	}
	if cases < 300 || chinese < 60 {
		t.Errorf("%d held-out cases, %d of them Chinese", cases, chinese)
	}
}
