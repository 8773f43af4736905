package onnx

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Tokenizer turns text into the token ids that a BERT model was trained with, equal to those of Hugging
// Face's tokenizers for the same tokenizer.json. It is safe for concurrent use.
//
// Bytes that are not UTF-8 count as U+FFFD, which BERT's normalizer drops: "wi\xffre" is "wire".
type Tokenizer struct {
	normalizer normalizer
	// vocabulary holds word-initial pieces, continuations the pieces after "##", without the prefix.
	vocabulary, continuations map[string]int32
	// longest are the lengths in bytes of the longest key of each map.
	longestInitial, longestContinuation int
	unknown, begin, separator, padding  int32
	special                             []specialToken
	// longestWord is how many runes a word may have before it becomes one unknown token.
	longestWord int
	size        int
}

// specialToken is a token that is recognised in raw text, before any normalization.
type specialToken struct {
	text string
	id   int32
}

// Encoding is one text, or one pair of texts, as the model takes it.
type Encoding struct {
	// IDs begin with [CLS], and each text ends with [SEP].
	IDs []int32
	// SecondFrom is where the second text of a pair begins: token type 0 before, 1 from there on.
	// It is len(IDs) where there is one text.
	SecondFrom int
}

// alone reports whether it is a text that is read apart from any other, as encodeQuery and encodeProduct make them.
func (e Encoding) alone() bool { return e.SecondFrom == 1 || e.SecondFrom == len(e.IDs) }

// VocabularySize is one more than the highest token id.
func (t *Tokenizer) VocabularySize() int { return t.size }

// Encode tokenizes one text to at most limit tokens, [CLS] and [SEP] counted; limit 0 is no limit.
// Reading stops once the limit is reached, so a long description costs little more than a short one.
func (t *Tokenizer) Encode(text string, limit int) Encoding {
	keep := roomFor(limit, 2)
	ids := make([]int32, 1, min(max(limit, 0), len(text))+8)
	ids[0] = t.begin
	ids = t.pieces(ids, text, keep)
	ids = append(truncate(ids, 1, keep), t.separator)
	return Encoding{IDs: ids, SecondFrom: len(ids)}
}

// EncodePair tokenizes a pair to at most limit tokens, three special ones counted; limit 0 is no limit.
// The longer text gives way first.
func (t *Tokenizer) EncodePair(first, second string, limit int) Encoding {
	return t.joinPair(t.pieces(nil, first, -1), second, limit)
}

// joinPair is EncodePair for a first text whose pieces are known already, all of them, as one query's are
// for fifty documents. Of the second text only as many are made as decide which of the two is longer.
func (t *Tokenizer) joinPair(first []int32, second string, limit int) Encoding {
	keep := roomFor(limit, 3)
	enough := keep
	if keep >= 0 {
		enough = max(keep, len(first))
	}
	ids := make([]int32, 0, min(max(limit, 0), len(second))+len(first)+3)
	ids = append(append(ids, t.begin), first...)
	ids = t.pieces(append(ids, t.separator), second, enough)
	a, b := len(first), len(ids)-len(first)-2
	if keep >= 0 && a+b > keep {
		na, nb := longestFirst(a, b, keep)
		cut := append(ids[:1+na], t.separator)
		ids = append(cut, ids[2+a:2+a+nb]...)
		a = na
	}
	return Encoding{IDs: append(ids, t.separator), SecondFrom: a + 2}
}

// encodeQuery is the first text of a pair without the second: [CLS] and the pieces, of which keep are kept.
func (t *Tokenizer) encodeQuery(text string, keep int) Encoding {
	ids := truncate(t.pieces([]int32{t.begin}, text, keep), 1, keep)
	ids = slices.DeleteFunc(ids, func(id int32) bool { return id == t.separator }) // as text it would part the pair
	return Encoding{IDs: ids, SecondFrom: len(ids)}
}

// encodeProduct is the second text of a pair without the first: the [SEP] before it, the pieces, of which keep are
// kept, and the [SEP] after it.
func (t *Tokenizer) encodeProduct(text string, keep int) Encoding {
	ids := truncate(t.pieces([]int32{t.separator}, text, keep), 1, keep)
	return Encoding{IDs: append(ids, t.separator), SecondFrom: 1}
}

// roomFor is how many pieces fit beside the special tokens; -1 is no limit.
func roomFor(limit, special int) int {
	if limit <= 0 {
		return -1
	}
	return max(limit-special, 0)
}

func truncate(ids []int32, from, keep int) []int32 {
	if keep >= 0 && len(ids) > from+keep {
		return ids[:from+keep]
	}
	return ids
}

// longestFirst is Hugging Face's rule for which of two texts gives way.
func longestFirst(a, b, keep int) (int, int) {
	short := min(a, b)
	long := short
	if short <= keep {
		long = max(short, keep-short)
	}
	if short+long > keep {
		short = keep / 2
		long = short + keep%2
	}
	if a > b {
		return long, short
	}
	return short, long
}

// pieces appends the tokens of text without special ones around it. With keep >= 0 it stops as soon as
// there are more than keep of them.
func (t *Tokenizer) pieces(ids []int32, text string, keep int) []int32 {
	w := wordReader{t: t, ids: ids, enough: len(text) + len(ids) + 1}
	if keep >= 0 {
		w.enough = len(ids) + keep + 1
	}
	for len(text) > 0 && len(w.ids) < w.enough {
		at, token := t.nextSpecial(text)
		w.read(text[:at])
		if token == nil {
			break
		}
		w.ids = append(w.ids, token.id)
		text = text[at+len(token.text):]
	}
	return w.ids
}

// nextSpecial finds the first special token in text; without one it returns len(text) and nil.
func (t *Tokenizer) nextSpecial(text string) (int, *specialToken) {
	at, found := len(text), (*specialToken)(nil)
	for i := range t.special {
		s := &t.special[i]
		if j := strings.Index(text[:min(at+len(s.text), len(text))], s.text); j >= 0 &&
			(j < at || j == at && (found == nil || len(s.text) > len(found.text))) {
			at, found = j, s
		}
	}
	return at, found
}

// wordReader splits normalized text into words and words into pieces.
type wordReader struct {
	t      *Tokenizer
	ids    []int32
	enough int
	word   []byte
}

func (w *wordReader) read(text string) {
	n := w.t.normalizer
	for _, r := range text {
		switch n.classify(r) {
		case isSpace:
			w.endWord()
		case isDropped:
			continue
		case isPunctuation, isHan:
			w.endWord()
			w.word = n.appendFolded(w.word, r)
			w.endWord()
		default:
			w.word = n.appendFolded(w.word, r)
			continue
		}
		if len(w.ids) >= w.enough {
			return
		}
	}
	w.endWord()
}

// endWord appends the pieces of the word by greedy longest match, or one unknown token.
func (w *wordReader) endWord() {
	word := w.word
	if len(word) == 0 {
		return
	}
	w.word = w.word[:0]
	t, start := w.t, len(w.ids)
	if len(word) > t.longestWord && utf8.RuneCount(word) > t.longestWord {
		w.ids = append(w.ids, t.unknown)
		return
	}
	pieces, longest := t.vocabulary, t.longestInitial
	for len(word) > 0 {
		end := min(len(word), longest)
		for end > 0 {
			if end == len(word) || utf8.RuneStart(word[end]) {
				if id, ok := pieces[string(word[:end])]; ok {
					w.ids = append(w.ids, id)
					break
				}
			}
			end--
		}
		if end == 0 {
			w.ids = append(w.ids[:start], t.unknown)
			return
		}
		word = word[end:]
		pieces, longest = t.continuations, t.longestContinuation
	}
}

// String names the tokenizer in logs.
func (t *Tokenizer) String() string { return fmt.Sprintf("WordPiece of %d tokens", t.size) }
