package understanding

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"floorwalker/shop"
)

// Beside the exemplars the English intents are learned from what people really wrote: the training part of CLINC (what
// no shop answers), four fifths of Bitext (support) and of WebShop's requests (wishes). Only learning needs them; the
// parts that the parser is measured on are never read here. eval/mappings.json says how their intents are read as ours.

// How many utterances are taken of each intent of CLINC and of Bitext, and of WebShop's requests.
const (
	perClincIntent  = 20
	perBitextIntent = 60
	fromWebshop     = 800
)

// heldShare of 256 groups of near-copies are kept for measuring.
const heldShare = 51

var longWord = regexp.MustCompile(`[a-z]{4,}`)

// held reports whether an utterance belongs to the part that is measured on. Utterances of the same words are on one
// side; training/public_sets.py parts them in the same way.
func held(text string) bool {
	words := longWord.FindAllString(strings.ToLower(text), -1)
	slices.Sort(words)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(words), " ")))
	return sum[0] < heldShare
}

// publicExemplars are the training parts, drawn with a fixed seed.
func publicExemplars(t *testing.T) []exemplar {
	t.Helper()
	shared := os.Getenv("FLOORWALKER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	data := filepath.Join(shared, "data")
	var mappings struct{ Bitext, Clinc map[string]*string }
	raw, err := os.ReadFile(filepath.Join("..", "..", "eval", "mappings.json"))
	if err == nil {
		err = json.Unmarshal(raw, &mappings)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []exemplar
	rnd := rand.New(rand.NewPCG(13, 17))
	take := func(intent string, n int, texts []string) {
		rnd.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		for _, text := range texts[:min(n, len(texts))] {
			all = append(all, exemplar{intent: shop.Intent(intent), pieces: []piece{{text: text}}})
		}
	}

	clinc := map[string][][2]string{}
	readGzip(t, filepath.Join(data, "clinc-oos", "data_full.json.gz"), func(d *gzip.Reader) error { return json.NewDecoder(d).Decode(&clinc) })
	measured := map[string]bool{}
	for _, x := range slices.Concat(clinc["test"], clinc["oos_test"]) {
		measured[x[0]] = true
	}
	byIntent := map[string][]string{}
	for _, x := range slices.Concat(clinc["train"], clinc["oos_train"]) {
		byIntent[x[1]] = append(byIntent[x[1]], x[0])
	}
	for _, theirs := range sortedIntents(byIntent) {
		switch ours, mapped := mappings.Clinc[theirs]; {
		case !mapped:
			take(string(shop.IntentOutOfScope), perClincIntent, byIntent[theirs])
		case ours != nil:
			take(*ours, perClincIntent, byIntent[theirs])
		}
	}

	byIntent = map[string][]string{}
	var rows [][]string
	readGzip(t, filepath.Join(data, "bitext", "customer_support.csv.gz"), func(d *gzip.Reader) (err error) {
		rows, err = csv.NewReader(d).ReadAll()
		return err
	})
	for _, row := range rows[1:] {
		if text, theirs := row[1], row[3]; !held(text) && !measured[text] {
			byIntent[theirs] = append(byIntent[theirs], text)
		}
	}
	for _, theirs := range sortedIntents(byIntent) {
		if ours := mappings.Bitext[theirs]; ours != nil {
			take(*ours, perBitextIntent, byIntent[theirs])
		}
	}

	var wishes []string
	readGzip(t, filepath.Join(data, "webshop", "requests.json.gz"), func(d *gzip.Reader) error { return json.NewDecoder(d).Decode(&wishes) })
	take(string(shop.IntentSearch), fromWebshop, slices.DeleteFunc(wishes, held))
	// A few utterances of CLINC stand in two of its parts.
	return slices.DeleteFunc(all, func(e exemplar) bool { return strings.TrimSpace(e.text()) == "" || measured[e.text()] })
}

func sortedIntents(byIntent map[string][]string) []string {
	var names []string
	for name := range byIntent {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func readGzip(t *testing.T, path string, read func(*gzip.Reader) error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatalf("learning needs the shared data: %v", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err == nil {
		err = read(unzipped)
	}
	if err != nil {
		t.Fatalf("read %s: %v", filepath.Base(path), err)
	}
}

// publicExamples puts the utterances into conversations that suit them, once each.
func publicExamples(t *testing.T) []example {
	m := newMaker(shop.English)
	var made []example
	for i, e := range publicExemplars(t) {
		m.rnd = rand.New(rand.NewPCG(uint64(i), 19))
		made = append(made, example{intent: e.intent, pieces: e.pieces, public: true, weight: 1 / float64(variants), utterance: m.talk(e)})
	}
	return made
}

func TestNoMeasuredUtteranceIsLearned(t *testing.T) {
	if _, err := os.Stat(filepath.Join(os.Getenv("FLOORWALKER_SHARED"), "data")); os.Getenv("FLOORWALKER_SHARED") == "" || err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "shared") {
			t.Fatal("this test needs the shared data: set FLOORWALKER_SHARED")
		}
		t.Skip("this test needs the shared data: set FLOORWALKER_SHARED")
	}
	clinc := map[string][][2]string{}
	readGzip(t, filepath.Join(os.Getenv("FLOORWALKER_SHARED"), "data", "clinc-oos", "data_full.json.gz"), func(d *gzip.Reader) error { return json.NewDecoder(d).Decode(&clinc) })
	measured := map[string]bool{}
	for _, x := range slices.Concat(clinc["test"], clinc["oos_test"]) {
		measured[x[0]] = true
	}
	learned := publicExemplars(t)
	for _, e := range learned {
		if measured[e.text()] {
			t.Errorf("%q is learned and measured", e.text())
		}
	}
	if len(learned) < 3000 {
		t.Errorf("only %d utterances", len(learned))
	}
}
