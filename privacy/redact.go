package privacy

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The forms that are looked for. Digits of full width and the like are folded before.
var (
	mails = []*regexp.Regexp{
		regexp.MustCompile(`[\p{Latin}\p{Greek}\p{Cyrillic}\pN._%+'-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`),
		// A name in another script can't be told from the words before it where no space stands between.
		regexp.MustCompile(`[\pL\pN._%+'-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`),
	}
	// uuid is no number, however its digits fall.
	uuid = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	// digits are groups of digits with one separator between them; the last digit of an identity number may be X.
	digits = regexp.MustCompile(`\d+(?:[ \-]\d+)*[Xx]?`)
	group  = regexp.MustCompile(`\d+[Xx]?`)
	phones = []*regexp.Regexp{
		// With the country: +49 30 1234567, 0086 138 1234 5678.
		regexp.MustCompile(`(?:\+|\b00)[1-9](?:[ ().\-]{0,2}\d){6,14}`),
		// Chinese mobile and fixed numbers.
		regexp.MustCompile(`\b(?:86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}\b`),
		regexp.MustCompile(`\b0\d{2,3}[ -]\d{7,8}\b`),
		// North America: (415) 555-0132, 415-555-0132, 415.555.0132.
		regexp.MustCompile(`(?:\([2-9]\d{2}\) ?|\b[2-9]\d{2}[ .\-])[2-9]\d{2}[ .\-]\d{4}\b`),
		// Others that begin with a 0 and have a separator: 030 1234567, 0171/2345678, 01 23 45 67 89, 020 7946 0958.
		regexp.MustCompile(`\b0\d{1,4}[ /\-]\d{2,8}(?:[ \-]\d{2,4}){0,4}\b`),
		// Whatever is called a number to call.
		regexp.MustCompile(`(?i)(?:tel|telephone|phone|mobile|cell|call|whatsapp|fax|text me|ring me|电话|手机|号码|致电|微信)(?:[ .:：#]| number| me| at| on| is|是|为)*(\+?\d(?:[ ().\-/]{0,2}\d){6,14})`),
	}
)

// span is a place in the text, in bytes, and what stands there.
type span struct {
	from, to int
	kind     string
}

// Redact puts the kind of what it finds in its place: [email], [phone], [card], [id].
func Redact(text string) string {
	folded, at := fold(text)
	found := find(folded)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	from := 0
	for _, s := range found {
		b.WriteString(text[from:at(s.from)])
		b.WriteString("[" + s.kind + "]")
		from = at(s.to)
	}
	b.WriteString(text[from:])
	return b.String()
}

// Holds is true where Redact would change the text.
func Holds(text string) bool {
	folded, _ := fold(text)
	return len(find(folded)) > 0
}

// fold makes digits, @, + and separators of other widths plain; at leads from a place in the folded text to the
// same in the original.
func fold(text string) (folded string, at func(int) int) {
	same := func(i int) int { return i }
	if isASCII(text) {
		return text, same
	}
	var b strings.Builder
	starts := make([]int, 0, len(text)+1) // for each byte of the folded text, the byte of the original
	for i, r := range text {
		before := b.Len()
		b.WriteRune(plain(r))
		for range b.Len() - before {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(text))
	return b.String(), func(i int) int { return starts[i] }
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func plain(r rune) rune {
	switch {
	case r >= '！' && r <= '～': // the full-width forms
		return r - '！' + '!'
	case r == '　' || r != '\n' && unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.Is(unicode.Pd, r):
		return '-'
	case r == '。' || r == '．':
		return '.'
	}
	return r
}

// find lists what there is, in order and without overlaps; of two that overlap, the first of the kinds stays.
func find(text string) (found []span) {
	free := func(s span) bool {
		return !slices.ContainsFunc(found, func(f span) bool { return s.from < f.to && f.from < s.to })
	}
	take := func(s span) {
		if free(s) {
			found = append(found, s)
		}
	}
	for _, m := range uuid.FindAllStringIndex(text, -1) {
		take(span{m[0], m[1], ""})
	}
	for _, form := range mails {
		for _, m := range form.FindAllStringIndex(text, -1) {
			take(span{m[0], m[1], "email"})
		}
	}
	for _, m := range digits.FindAllStringIndex(text, -1) {
		if !alone(text, m[0], m[1]) {
			continue
		}
		for _, s := range numbers(text[m[0]:m[1]]) {
			take(span{m[0] + s.from, m[0] + s.to, s.kind})
		}
	}
	for _, form := range phones {
		for _, m := range form.FindAllStringSubmatchIndex(text, -1) {
			from, to := m[len(m)-2], m[len(m)-1]
			if n := count(text[from:to]); n >= 7 && n <= 15 && alone(text, from, to) {
				take(span{from, to, "phone"})
			}
		}
	}
	found = slices.DeleteFunc(found, func(s span) bool { return s.kind == "" })
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	return found
}

// alone is false for digits that go on before or behind, as in a part number.
func alone(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !word(before) && !word(after)
}

// word is true for what makes digits a part of something longer. Chinese has no spaces: its characters do not.
func word(r rune) bool {
	return r == '_' || unicode.IsDigit(r) || unicode.IsLetter(r) && !unicode.Is(unicode.Han, r)
}

func count(text string) (n int) {
	for _, r := range text {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// numbers finds cards and identity numbers in groups of digits: each begins and ends where a group does.
func numbers(text string) (found []span) {
	groups := group.FindAllStringIndex(text, -1)
	for i := 0; i < len(groups); i++ {
		var whole strings.Builder
		for j := i; j < len(groups); j++ {
			whole.WriteString(text[groups[j][0]:groups[j][1]])
			kind := ""
			switch n := whole.String(); {
			case len(n) > 19:
			case identity(n):
				kind = "id"
			case card(n):
				kind = "card"
			}
			if kind != "" {
				found = append(found, span{groups[i][0], groups[j][1], kind})
				i = j
				break
			}
			if whole.Len() > 19 {
				break
			}
		}
	}
	return found
}

// card is true for 13 to 19 digits of a payment network whose check digit (Luhn) is right.
func card(n string) bool {
	if len(n) < 13 || len(n) > 19 || n[0] < '2' || n[0] > '6' {
		return false
	}
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// identity is true for 18 characters whose date can be one and whose check character (ISO 7064, 11-2) is right.
func identity(n string) bool {
	if len(n) != 18 || n[0] == '0' {
		return false
	}
	if year, month, day := n[6:8], n[10:12], n[12:14]; year != "19" && year != "20" || month < "01" || month > "12" || day < "01" || day > "31" {
		return false
	}
	sum, weight := 0, 1
	for i := 17; i >= 0; i-- {
		d := int(n[i] - '0')
		if i == 17 && (n[i] == 'X' || n[i] == 'x') {
			d = 10
		} else if d < 0 || d > 9 {
			return false
		}
		sum += d * weight
		weight = weight * 2 % 11
	}
	return sum%11 == 1
}
