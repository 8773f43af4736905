package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"floorwalker/shop"
)

// A passage is a few sentences: a model blurs a long text, and a customer wants no essay.
const (
	passageRunes        = 260
	passageRunesChinese = 70
)

// cut parts a body into passages. A paragraph that is short enough is one; of a longer one each passage
// repeats the sentence before it, so that no answer is torn.
func cut(body string, lang shop.Lang) []string {
	longest := passageRunes
	if lang == shop.Chinese {
		longest = passageRunesChinese
	}
	var passages []string
	for _, paragraph := range strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n\n") {
		sentences := Sentences(strings.Join(strings.Fields(paragraph), " "))
		for first := 0; first < len(sentences); {
			text, next := sentences[first], first+1
			for next < len(sentences) && utf8.RuneCountInString(text)+utf8.RuneCountInString(sentences[next]) < longest {
				text = join(text, sentences[next])
				next++
			}
			passages = append(passages, text)
			if next == len(sentences) {
				break
			}
			first = max(first+1, next-1)
		}
	}
	return passages
}

func join(a, b string) string {
	if last, _ := utf8.DecodeLastRuneInString(a); unicode.Is(unicode.Han, last) || strings.ContainsRune("。！？；", last) {
		return a + b
	}
	return a + " " + b
}

// Sentences parts a text at the ends of its sentences; the pieces keep their stops.
func Sentences(text string) []string {
	var all []string
	start := 0
	runes := []rune(text)
	for i, r := range runes {
		end := strings.ContainsRune("。！？", r)
		if strings.ContainsRune(".!?", r) {
			// "4.95" and "e.g. this" go on.
			end = i+1 == len(runes) || unicode.IsSpace(runes[i+1]) && (i+2 >= len(runes) || !unicode.IsLower(runes[i+2]))
		}
		if end {
			if s := strings.TrimSpace(string(runes[start : i+1])); s != "" {
				all = append(all, s)
			}
			start = i + 1
		}
	}
	if s := strings.TrimSpace(string(runes[start:])); s != "" {
		all = append(all, s)
	}
	return all
}

// pairs are the words of a Chinese text as they are matched: pairs of neighbouring characters, and runs of
// Latin letters and digits in lower case.
func pairs(text string) []string {
	seen := map[string]bool{}
	all := []string{}
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	var before rune
	var word strings.Builder
	for _, r := range strings.ToLower(text) {
		han := unicode.Is(unicode.Han, r)
		if !han && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			word.WriteRune(r)
			before = 0
			continue
		}
		add(word.String())
		word.Reset()
		if han && before != 0 {
			add(string([]rune{before, r}))
		}
		before = 0
		if han {
			before = r
		}
	}
	add(word.String())
	return all
}
