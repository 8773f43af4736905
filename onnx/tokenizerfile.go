package onnx

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// tokenizerFile is as much of Hugging Face's tokenizer.json as decides the ids.
type tokenizerFile struct {
	AddedTokens []struct {
		ID         int32  `json:"id"`
		Content    string `json:"content"`
		SingleWord bool   `json:"single_word"`
		LStrip     bool   `json:"lstrip"`
		RStrip     bool   `json:"rstrip"`
		Normalized bool   `json:"normalized"`
	} `json:"added_tokens"`
	Normalizer struct {
		Type               string `json:"type"`
		CleanText          bool   `json:"clean_text"`
		HandleChineseChars bool   `json:"handle_chinese_chars"`
		StripAccents       *bool  `json:"strip_accents"`
		Lowercase          bool   `json:"lowercase"`
	} `json:"normalizer"`
	PreTokenizer struct {
		Type string `json:"type"`
	} `json:"pre_tokenizer"`
	PostProcessor struct {
		Type string `json:"type"`
	} `json:"post_processor"`
	Model struct {
		Type        string           `json:"type"`
		Unknown     string           `json:"unk_token"`
		Prefix      string           `json:"continuing_subword_prefix"`
		LongestWord int              `json:"max_input_chars_per_word"`
		Vocabulary  map[string]int32 `json:"vocab"`
	} `json:"model"`
}

// LoadTokenizer reads a tokenizer.json. Padding and truncation settings in the file are left aside: the
// caller gives the limit. A file that asks for anything but BERT's WordPiece is ErrTokenizer.
func LoadTokenizer(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer: %w: %w", ErrTokenizer, err)
	}
	t, err := parseTokenizer(data)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer %s: %w", path, err)
	}
	return t, nil
}

func parseTokenizer(data []byte) (*Tokenizer, error) {
	var f tokenizerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: not a tokenizer.json: %w", ErrTokenizer, err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	stripAccents := f.Normalizer.Lowercase
	if f.Normalizer.StripAccents != nil {
		stripAccents = *f.Normalizer.StripAccents
	}
	t := &Tokenizer{
		normalizer: normalizer{spaceHan: f.Normalizer.HandleChineseChars, stripAccents: stripAccents,
			lowercase: f.Normalizer.Lowercase},
		vocabulary:    make(map[string]int32, len(f.Model.Vocabulary)),
		continuations: map[string]int32{},
		longestWord:   f.Model.LongestWord,
	}
	for piece, id := range f.Model.Vocabulary {
		if id < 0 {
			return nil, fmt.Errorf("%w: piece %q has the negative id %d", ErrTokenizer, piece, id)
		}
		t.size = max(t.size, int(id)+1)
		t.vocabulary[piece] = id
		t.longestInitial = max(t.longestInitial, len(piece))
		if rest, ok := strings.CutPrefix(piece, f.Model.Prefix); ok && rest != "" {
			t.continuations[rest] = id
			t.longestContinuation = max(t.longestContinuation, len(rest))
		}
	}
	for _, needed := range []struct {
		text string
		id   *int32
	}{{f.Model.Unknown, &t.unknown}, {"[CLS]", &t.begin}, {"[SEP]", &t.separator}, {"[PAD]", &t.padding}} {
		id, ok := f.Model.Vocabulary[needed.text]
		if !ok {
			return nil, fmt.Errorf("%w: the vocabulary lacks %q", ErrTokenizer, needed.text)
		}
		*needed.id = id
	}
	for _, a := range f.AddedTokens {
		t.special = append(t.special, specialToken{text: a.Content, id: a.ID})
		t.size = max(t.size, int(a.ID)+1)
	}
	return t, nil
}

// check refuses what would tokenize otherwise than the reference does.
func (f *tokenizerFile) check() error {
	for _, part := range []struct{ name, got, want string }{
		{"model", f.Model.Type, "WordPiece"},
		{"normalizer", f.Normalizer.Type, "BertNormalizer"},
		{"pre-tokenizer", f.PreTokenizer.Type, "BertPreTokenizer"},
		{"continuation prefix", f.Model.Prefix, "##"},
	} {
		if part.got != part.want {
			return fmt.Errorf("%w: its %s is %q, only %q is known", ErrTokenizer, part.name, part.got, part.want)
		}
	}
	if p := f.PostProcessor.Type; p != "TemplateProcessing" && p != "BertProcessing" {
		return fmt.Errorf("%w: its post-processor is %q", ErrTokenizer, p)
	}
	if !f.Normalizer.CleanText {
		return fmt.Errorf("%w: it keeps control characters (clean_text is false)", ErrTokenizer)
	}
	if f.Model.LongestWord <= 0 {
		return fmt.Errorf("%w: max_input_chars_per_word is %d", ErrTokenizer, f.Model.LongestWord)
	}
	for _, a := range f.AddedTokens {
		if a.SingleWord || a.LStrip || a.RStrip || a.Normalized || a.Content == "" || a.ID < 0 {
			return fmt.Errorf("%w: the added token %q has settings that are not known", ErrTokenizer, a.Content)
		}
	}
	return nil
}
