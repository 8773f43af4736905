package onnx

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const modelFolder = "../models"

func loadTokenizer(t testing.TB, model string) *Tokenizer {
	t.Helper()
	tok, err := LoadTokenizer(filepath.Join(modelFolder, model, "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// The golden file holds what Hugging Face's tokenizers make of 10,000 generated texts (testdata/golden.py).
// FLOORWALKER_TOKENS may name a larger file of the same form.
func TestTokenIDsAreHuggingFaces(t *testing.T) {
	path := os.Getenv("FLOORWALKER_TOKENS")
	if path == "" {
		path = "testdata/tokens.jsonl.gz"
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	golden, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	tokenizers := map[string]*Tokenizer{}
	lines, wrong := 0, 0
	for scanner := bufio.NewScanner(golden); scanner.Scan(); lines++ {
		var c struct {
			Model, Text string
			Pair        *string
			Limit       int
			IDs         []int32
			SecondFrom  int `json:"second_from"`
		}
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", lines+1, err)
		}
		if tokenizers[c.Model] == nil {
			tokenizers[c.Model] = loadTokenizer(t, c.Model)
		}
		text := unhex(t, c.Text)
		got := tokenizers[c.Model].Encode(text, c.Limit)
		if c.Pair != nil {
			got = tokenizers[c.Model].EncodePair(text, unhex(t, *c.Pair), c.Limit)
		}
		if diff := cmp.Diff(Encoding{IDs: c.IDs, SecondFrom: c.SecondFrom}, got); diff != "" {
			if wrong++; wrong <= 5 {
				t.Errorf("line %d, %s, limit %d, text %q, pair %v (-want +got):\n%s", lines+1, c.Model, c.Limit, text, c.Pair, diff)
			}
		}
	}
	if lines < 10_000 {
		t.Errorf("only %d cases in %s", lines, path)
	}
	t.Logf("%d of %d texts differ", wrong, lines)
}

func unhex(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestInvalidBytesAreDropped(t *testing.T) {
	tok := loadTokenizer(t, "all-minilm-l6-v2")
	want, got := tok.Encode("wireless mouse", 0), tok.Encode("wire\xff\xe4\xb8less mouse", 0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownTokenizersAreRefused(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(modelFolder, "all-minilm-l6-v2", "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("tokenizer.json has no %s", old)
		}
		return strings.ReplaceAll(string(good), old, new)
	}
	for name, data := range map[string]string{
		"empty file":                 "",
		"not JSON":                   "\x00\x01",
		"another JSON":               `{"model":[]}`,
		"byte pair encoding":         replaced(`"type": "WordPiece",`+"\n"+`    "unk_token"`, `"type": "BPE",`+"\n"+`    "unk_token"`),
		"another normalizer":         replaced("BertNormalizer", "NFKC"),
		"another pre-tokenizer":      replaced("BertPreTokenizer", "Whitespace"),
		"a vocabulary without [SEP]": replaced(`"[SEP]": 102`, `"[XXX]": 102`),
		"a negative id":              replaced(`"[SEP]": 102`, `"[SEP]": -102`),
		"no text cleaning":           replaced(`"clean_text": true`, `"clean_text": false`),
	} {
		if _, err := parseTokenizer([]byte(data)); !errors.Is(err, ErrTokenizer) {
			t.Errorf("%s: error %v, want ErrTokenizer", name, err)
		}
	}
	if _, err := LoadTokenizer("testdata/absent.json"); !errors.Is(err, ErrTokenizer) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("running shoes", "Nike [SEP] 鞋\xff", 16)
	f.Add("", strings.Repeat("a", 300), 0)
	f.Add("\u0301\u0301", "[[MASK]]", 3)
	tok := loadTokenizer(f, "all-minilm-l6-v2")
	f.Fuzz(func(t *testing.T, first, second string, limit int) {
		limit %= 600
		single, pair := tok.Encode(first, limit), tok.EncodePair(first, second, limit)
		for _, e := range []Encoding{single, pair} {
			if limit >= 3 && len(e.IDs) > limit {
				t.Fatalf("%d tokens over the limit of %d", len(e.IDs), limit)
			}
			if len(e.IDs) < 2 || e.SecondFrom < 0 || e.SecondFrom > len(e.IDs) {
				t.Fatalf("malformed encoding %+v", e)
			}
			for _, id := range e.IDs {
				if id < 0 || int(id) >= tok.VocabularySize() {
					t.Fatalf("id %d outside the vocabulary", id)
				}
			}
		}
		if whole := tok.Encode(first, 0); limit >= 2 && len(whole.IDs) <= limit && !cmp.Equal(whole, single) {
			t.Fatalf("a limit that is not reached changes the tokens: %v %v", whole, single)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tok := loadTokenizer(b, "all-minilm-l6-v2")
	text := strings.Repeat("Wireless noise-cancelling over-ear headphones, 30 hours, black. Café crème! ", 4)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		tok.Encode(text, 64)
	}
}
