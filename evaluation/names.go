package evaluation

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// quoted finds what stands between marks of quotation.
var quoted = regexp.MustCompile(`"([^"\n]{3,200})"|“([^”\n]{2,200})”|「([^」\n]{2,200})」|《([^》\n]{2,200})》|\*\*([^*\n]{3,200})\*\*`)

// word finds words and model numbers: letters and digits with what joins them.
var word = regexp.MustCompile(`[\p{Latin}\p{N}]+(?:[-'’./+&][\p{Latin}\p{N}]+)*`)

// namesIn finds what looks like a product's name in an answer, apart from the titles given: what is quoted,
// runs of two and more capitalised words, and model numbers. It rather finds too much; what is known is
// sorted out by who asks.
func namesIn(text string, titles []string) (names []string) {
	rest := without(text, titles)
	for _, m := range quoted.FindAllStringSubmatch(rest, -1) {
		for _, inside := range m[1:] {
			if inside = strings.TrimSpace(inside); inside != "" && looksNamed(inside) {
				names = append(names, inside)
			}
		}
	}
	rest = quoted.ReplaceAllString(rest, "\n")
	spans := word.FindAllStringIndex(rest, -1)
	for i := 0; i < len(spans); {
		if !nameLike(rest[spans[i][0]:spans[i][1]]) {
			i++
			continue
		}
		j := i + 1
		for j < len(spans) && onlySpaces(rest[spans[j-1][1]:spans[j][0]]) && (nameLike(rest[spans[j][0]:spans[j][1]]) || isNumber(rest[spans[j][0]:spans[j][1]])) {
			j++
		}
		first := i
		// The first word of a sentence is capitalised whatever it is.
		if begins(rest[:spans[i][0]]) && !hasDigit(rest[spans[i][0]:spans[i][1]]) {
			first++
		}
		if first < j {
			name := rest[spans[first][0]:spans[j-1][1]]
			if j-first >= 2 || isModel(name) {
				names = append(names, name)
			}
		}
		i = j
	}
	return slices.Compact(names)
}

// without cuts known titles out of a text, the longest first.
func without(text string, titles []string) string {
	ordered := slices.Clone(titles)
	slices.SortFunc(ordered, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, t := range slices.Compact(ordered) {
		if t != "" {
			text = strings.ReplaceAll(text, t, "\n")
		}
	}
	return text
}

// looksNamed is true for a quotation that could be a name rather than the customer's words or a way to say
// something: names begin with a capital, and Chinese ones hold none of the words that sentences are made with.
func looksNamed(quotation string) bool {
	first := []rune(quotation)[0]
	if unicode.Is(unicode.Han, first) {
		return !strings.ContainsAny(quotation, "第我您你吗呢吧的了是和要想请个")
	}
	return unicode.IsUpper(first) || unicode.IsDigit(first)
}

func nameLike(w string) bool {
	return unicode.IsUpper([]rune(w)[0]) && w != "I" && !strings.HasPrefix(w, "I'") || isModel(w)
}

// isModel is true for a word of letters and digits together, in capitals: "M185", "WH-1000XM4". Sizes and
// units as in "10inch" or "2kg" are none.
func isModel(w string) bool {
	upper := strings.IndexFunc(w, unicode.IsUpper) >= 0 && strings.IndexFunc(w, unicode.IsLower) < 0
	return len(w) >= 4 && hasDigit(w) && upper && !strings.ContainsRune(w, ' ')
}

func hasDigit(w string) bool { return strings.IndexFunc(w, unicode.IsDigit) >= 0 }

func isNumber(w string) bool { return strings.IndexFunc(w, unicode.IsLetter) < 0 }

func onlySpaces(between string) bool { return strings.Trim(between, " ") == "" }

// begins is true at the start of a sentence, a line, or what a bullet, a colon or a bracket introduces.
func begins(before string) bool {
	before = strings.TrimRight(before, " \t\"“'(")
	if before == "" {
		return true
	}
	last := []rune(before)[len([]rune(before))-1]
	return strings.ContainsRune(".!?:;\n-–—•*。！？：；，、", last)
}

var chineseDigits = map[rune]float64{'一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
var chineseUnits = map[rune]float64{'十': 10, '百': 100, '千': 1000, '万': 10000}

// chineseNumbers are the numbers that a text spells in Chinese: 三百五十 is 350.
func chineseNumbers(text string) (found []float64) {
	total, digit, any := 0.0, 0.0, false
	for _, c := range text + " " {
		if d, ok := chineseDigits[c]; ok {
			digit, any = d, true
			continue
		}
		if u, ok := chineseUnits[c]; ok {
			if u == 10000 {
				total = (total + digit) * u
			} else {
				total += max(digit, 1) * u
			}
			digit, any = 0, true
			continue
		}
		if any {
			found = append(found, total+digit)
		}
		total, digit, any = 0, 0, false
	}
	return found
}
