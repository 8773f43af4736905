package agent

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/lexicon"
)

// lines reads a list of utterances, without comments.
func lines(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

func TestGuardKnowsAttacksFromWhatCustomersSay(t *testing.T) {
	attacks, missed := lines(t, "attacks.txt"), 0
	chinese := 0
	for _, text := range attacks {
		if lexicon.IsHan(text) {
			chinese++
		}
	}
	if english := len(attacks) - chinese; english < 100 || chinese < 100 {
		t.Errorf("only %d English and %d Chinese attacks", english, chinese)
	}
	for _, text := range attacks {
		if !isAttack(text) {
			missed++
			t.Logf("not taken for an attack: %s", text)
		}
	}
	// The guard is not what keeps the shop safe; it may miss some.
	if missed*10 > len(attacks) {
		t.Errorf("%d of %d attacks missed", missed, len(attacks))
	}
	for _, text := range lines(t, "harmless.txt") {
		if isAttack(text) {
			t.Errorf("taken for an attack: %s", text)
		}
	}
}

func TestGuardLetsRealCustomersPass(t *testing.T) {
	shared := os.Getenv("FLOORWALKER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(shared, "data", "bitext", "customer_support.csv.gz"))
	if err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatalf("this test needs the shared data: %v", err)
		}
		t.Skipf("this test needs the shared data: %v", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := 0
	for i, name := range rows[0] {
		if name == "utterance" || name == "instruction" {
			column = i
		}
	}
	taken := 0
	for i, row := range rows[1:] {
		if i%4 != 0 {
			continue
		}
		if isAttack(row[column]) {
			if taken++; taken <= 10 {
				t.Logf("taken for an attack: %s", row[column])
			}
		}
	}
	t.Logf("%d of %d support utterances taken for attacks", taken, len(rows)/4)
	if taken*2000 > len(rows) {
		t.Errorf("%d of %d are too many", taken, len(rows)/4)
	}
}
