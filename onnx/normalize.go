package onnx

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer does what Hugging Face's BertNormalizer does, one rune at a time.
type normalizer struct {
	spaceHan, stripAccents, lowercase bool
}

// runeClass says what the pre-tokenizer does with a rune.
type runeClass uint8

const (
	inWord runeClass = iota
	isSpace
	isPunctuation
	isDropped
	isHan
)

// classify says what becomes of r before accents and case are looked at. Bytes that are not UTF-8 come
// as utf8.RuneError and are dropped, as they are when Python replaces them by U+FFFD.
func (n normalizer) classify(r rune) runeClass {
	if r < utf8.RuneSelf {
		return asciiClass[r]
	}
	switch {
	case r == utf8.RuneError || isControl(r):
		return isDropped
	case unicode.Is(unicode.White_Space, r):
		return isSpace
	case n.spaceHan && han(r):
		return isHan
	case isBertPunctuation(r), n.stripAccents && (r == '≠' || r == '≮' || r == '≯' || r == '\u1FEF'):
		return isPunctuation // those four become =, <, > and ` when their stroke is stripped
	}
	return inWord
}

var asciiClass = func() (table [utf8.RuneSelf]runeClass) {
	for r := range rune(utf8.RuneSelf) {
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r':
			table[r] = isSpace
		case r < ' ' || r == 0x7f:
			table[r] = isDropped
		case r >= '!' && r <= '/' || r >= ':' && r <= '@' || r >= '[' && r <= '`' || r >= '{' && r <= '~':
			table[r] = isPunctuation
		}
	}
	return table
}()

// appendFolded appends the rune to word as the model's vocabulary spells it: without accents, in lower case.
func (n normalizer) appendFolded(word []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if n.lowercase && 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(word, byte(r))
	}
	if n.stripAccents {
		if lead := r - hangulFirst; lead >= 0 && lead < hangulCount {
			return n.appendHangul(word, lead)
		}
		var encoded [utf8.UTFMax]byte
		size := utf8.EncodeRune(encoded[:], r)
		if parts := norm.NFD.Properties(encoded[:size]).Decomposition(); parts != nil {
			for len(parts) > 0 {
				part, width := utf8.DecodeRune(parts)
				word = n.appendPart(word, part)
				parts = parts[width:]
			}
			return word
		}
		return n.appendPart(word, r)
	}
	return n.appendLower(word, r)
}

// Hangul syllables are decomposed by arithmetic; package norm leaves them out of Decomposition.
const (
	hangulFirst, hangulCount    = 0xAC00, 11172
	leadFirst, vowelFirst       = 0x1100, 0x1161
	tailBase                    = 0x11A7
	vowelsTimesTails, tailKinds = 588, 28
)

func (n normalizer) appendHangul(word []byte, syllable rune) []byte {
	word = utf8.AppendRune(word, leadFirst+syllable/vowelsTimesTails)
	word = utf8.AppendRune(word, vowelFirst+syllable%vowelsTimesTails/tailKinds)
	if tail := syllable % tailKinds; tail > 0 {
		word = utf8.AppendRune(word, tailBase+tail)
	}
	return word
}

func (n normalizer) appendPart(word []byte, r rune) []byte {
	if unicode.Is(unicode.Mn, r) && !unicode.Is(unknownToReference, r) || r == 0x1734 {
		return word
	}
	return n.appendLower(word, r)
}

func (n normalizer) appendLower(word []byte, r rune) []byte {
	switch {
	case !n.lowercase:
	case r == 'İ': // the only rune whose lower case is two runes
		return append(word, "i̇"...)
	default:
		r = unicode.ToLower(r)
	}
	return utf8.AppendRune(word, r)
}

// isControl: the general categories Cc, Cf and Co; unassigned code points are kept.
func isControl(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co) && !unicode.Is(unknownToReference, r)
}

func isBertPunctuation(r rune) bool {
	if r == 0x166D || r == 0x111C9 { // punctuation in the reference's Unicode version, not in Go's
		return true
	}
	return unicode.Is(unicode.P, r) && !unicode.Is(unknownToReference, r)
}

// han is BERT's list of CJK ideographs, which are words of their own.
func han(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF || r >= 0x20000 && r <= 0x2A6DF ||
		r >= 0x2A700 && r <= 0x2B73F || r >= 0x2B740 && r <= 0x2B81F || r >= 0x2B920 && r <= 0x2CEAF ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0x2F800 && r <= 0x2FA1F
}
