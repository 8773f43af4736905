package retrieval

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxFieldWords bounds how many words of one field are searched; nobody looks for the ten-thousandth.
const maxFieldWords = 4_000

// units are written together with their number, so that "27 inch", 27" and 27in are one word.
var units = map[string]string{
	"inch": "inch", "inches": "inch", "in": "inch", "ft": "ft", "foot": "ft", "feet": "ft", "mm": "mm", "cm": "cm", "m": "m",
	"metre": "m", "meter": "m", "metres": "m", "meters": "m", "kg": "kg", "g": "g", "gram": "g", "grams": "g", "oz": "oz",
	"lb": "lb", "lbs": "lb", "ml": "ml", "l": "l", "litre": "l", "litres": "l", "liter": "l", "liters": "l",
	"kb": "kb", "mb": "mb", "gb": "gb", "tb": "tb", "ghz": "ghz", "mhz": "mhz", "hz": "hz", "w": "w", "watt": "w", "watts": "w",
	"kw": "kw", "v": "v", "volt": "v", "volts": "v", "va": "va", "mah": "mah", "wh": "wh", "dpi": "dpi", "rpm": "rpm",
	"mp": "mp", "megapixel": "mp", "megapixels": "mp", "pin": "pin", "port": "port", "ports": "port", "mbps": "mbps", "gbps": "gbps",
}

// words parts a text into lower-case words: accents folded, Han characters left out, codes and compounds both
// in parts and as a whole ("NB-6L" is nb, 6l and nb6l), numbers with their unit ("500 GB" is 500gb).
func words(text string) []string {
	var out []string
	raw := rawWords(text)
	for i := 0; i < len(raw) && len(out) < maxFieldWords; i++ {
		w := raw[i]
		n := leadingNumber(w)
		if n > 0 && n < len(w) { // 500gb, 27-inch
			if unit, ok := units[strings.TrimPrefix(w[n:], "-")]; ok {
				out = append(out, w[:n]+unit)
				continue
			}
		}
		if n > 0 && n == len(w) && i+1 < len(raw) && raw[i+1] != "in" { // not "2 in 1"
			if unit, ok := units[raw[i+1]]; ok {
				out = append(out, w+unit)
				i++
				continue
			}
		}
		out = append(out, compound(w)...)
	}
	return out
}

// compound is a word itself, or the parts of one with hyphens or dots and then the whole without them.
func compound(w string) []string {
	if number(w) || !strings.ContainsAny(w, "-.") {
		return []string{w}
	}
	parts := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '.' })
	if whole := strings.Join(parts, ""); len(parts) > 1 && len(whole) <= 40 {
		parts = append(parts, whole)
	}
	return parts
}

// rawWords cuts at everything but letters, digits, and hyphens, dots and apostrophes between them.
func rawWords(text string) []string {
	var out []string
	var word strings.Builder
	flush := func() {
		w := strings.Trim(word.String(), "-.',")
		word.Reset()
		w = strings.ReplaceAll(strings.TrimSuffix(w, "'s"), "'", "")
		for _, part := range separators(w) {
			if part != "" && len(part) <= 100 {
				out = append(out, part)
			}
		}
	}
	var last rune
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r): // an accent, parted from its letter
			continue
		case unicode.Is(unicode.Han, r):
			flush()
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '.':
			word.WriteRune(r)
		case r == '\'' || r == '’' || r == '′':
			word.WriteByte('\'')
		case r == ',' && unicode.IsDigit(last): // 1,000 and 4,7
			word.WriteByte(',')
		case (r == '"' || r == '”' || r == '″') && unicode.IsDigit(last):
			flush()
			out = append(out, "inch")
		default:
			flush()
		}
		last = r
	}
	flush()
	return out
}

// separators makes a decimal comma a dot, drops the thousands' commas, and cuts at all others.
func separators(w string) []string {
	groups := strings.Split(strings.Trim(w, ","), ",")
	if len(groups) == 1 {
		return groups
	}
	thousands := true
	for _, g := range groups[1:] {
		thousands = thousands && leadingNumber(g) == 3 && len(g) == 3
	}
	switch {
	case thousands && len(groups[0]) <= 3:
		return []string{strings.Join(groups, "")}
	case len(groups) == 2 && number(groups[0]) && leadingNumber(groups[1]) > 0:
		return []string{groups[0] + "." + groups[1]}
	}
	return groups
}

// number reports whether w is digits, perhaps with a decimal dot.
func number(w string) bool { return w != "" && leadingNumber(w) == len(w) }

// leadingNumber is the length of the number that w begins with; 0 where there is none.
func leadingNumber(w string) int {
	end := 0
	dot := false
	for i := 0; i < len(w); i++ {
		switch {
		case w[i] >= '0' && w[i] <= '9':
			end = i + 1
		case w[i] == '.' && !dot && i > 0:
			dot = true
		default:
			return end
		}
	}
	return end
}

// chineseTerms are the overlapping pairs of Han characters of a text, which is full text without a dictionary;
// a character that stands alone is a term of its own. With singles every character is one as well.
func chineseTerms(text string, singles bool) []string {
	var terms []string
	var run []rune
	flush := func() {
		if len(run) == 1 && !singles {
			terms = append(terms, string(run))
		}
		for i := range run {
			if singles {
				terms = append(terms, string(run[i]))
			}
			if i > 0 {
				terms = append(terms, string(run[i-1:i+1]))
			}
		}
		run = run[:0]
	}
	for _, r := range text {
		if len(terms) >= maxFieldWords {
			break
		}
		if unicode.Is(unicode.Han, r) {
			run = append(run, r)
		} else {
			flush()
		}
	}
	flush()
	return terms
}

// set sorts and drops repetitions; never nil, because the columns are not.
func set(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	values = slices.Compact(values)
	if values == nil {
		values = []string{}
	}
	return values
}
