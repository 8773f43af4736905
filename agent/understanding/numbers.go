package understanding

import (
	"strconv"
	"strings"
)

// number is the pattern of an amount in digits or words, English or Chinese.
const number = `(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(k\b|千|万|百)?`

var englishNumbers = map[string]int{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
	"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
	"seventy": 70, "eighty": 80, "ninety": 90, "couple": 2, "pair": 2, "dozen": 12, "both": 2}

const englishTens = `twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety`

// spelledNumber is an English amount in words as prices are said: "fifty", "a hundred", "two hundred and fifty".
const spelledNumber = `((?:(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|` + englishTens + `)[ -])?(?:hundred|thousand)(?:(?: and)? (?:` + englishTens + `|ten|five|one)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?(?: hundred)?)?|(?:` + englishTens + `)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|ten|fifteen|twelve|five)`

// amount reads "1,200.50", with its multiplier: "1.5" and "k".
func amount(digits, multiplier string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	if err != nil {
		return 0, false
	}
	switch multiplier {
	case "k", "千":
		v *= 1_000
	case "万":
		v *= 10_000
	case "百":
		v *= 100
	}
	return v, v < 1e9
}

// spelled reads an English number in words.
func spelled(text string) (float64, bool) {
	total, current, seen := 0, 0, false
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '-' }) {
		switch w {
		case "and":
		case "hundred":
			current, seen = max(current, 1)*100, true
		case "thousand":
			total, current, seen = total+max(current, 1)*1000, 0, true
		default:
			n, ok := englishNumbers[w]
			if !ok {
				return 0, false
			}
			current, seen = current+n, true
		}
	}
	return float64(total + current), seen
}

var chineseDigits = map[rune]int{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '俩': 2, '三': 3, '仨': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}

// chineseNumber is the pattern of a number in Chinese characters.
const chineseNumber = `([零〇一二两三四五六七八九十百千万]+)`

// chineseAmount reads 三百, 一千五 (1500), 两万, 十五.
func chineseAmount(text string) (float64, bool) {
	total, section, digit, unit := 0, 0, 0, 1
	seen := false
	for _, r := range text {
		if d, ok := chineseDigits[r]; ok {
			digit, seen = d, true
			if r == '零' || r == '〇' {
				unit = 1
			}
			continue
		}
		scale := map[rune]int{'十': 10, '百': 100, '千': 1000, '万': 10000}[r]
		if scale == 0 {
			return 0, false
		}
		seen = true
		if scale == 10000 {
			total += (section + digit) * scale
			section, digit = 0, 0
		} else {
			section += max(digit, 1) * scale
			digit = 0
		}
		unit = scale / 10
	}
	// 一千五 is 1500: a last digit counts in the next lower unit.
	if digit > 0 && unit > 1 {
		digit *= unit
	}
	return float64(total + section + digit), seen
}

// count reads a small whole number: "2", "two", "两".
func count(text string) (int, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.Atoi(text); err == nil {
		return n, n > 0 && n < 1000
	}
	if n, ok := englishNumbers[text]; ok {
		return n, true
	}
	if v, ok := chineseAmount(text); ok && v > 0 && v < 1000 {
		return int(v), true
	}
	return 0, false
}
