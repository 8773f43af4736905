package lexicon

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// family finds canonical words by any word for them, in both languages.
type family struct {
	words map[string]string
	// longest is the most words that one English entry has; han the most characters of a Chinese one.
	longest, han int
}

func newFamily(entries map[string][]string) family {
	f := family{words: map[string]string{}, longest: 1}
	for canonical, words := range entries {
		for _, w := range append([]string{canonical}, words...) {
			f.words[w] = canonical
			f.longest = max(f.longest, len(strings.Fields(w)))
			if IsHan(w) {
				f.han = max(f.han, utf8.RuneCountInString(w))
			}
		}
	}
	return f
}

var (
	colors    = newFamily(colorFamilies)
	fabrics   = newFamily(materialWords)
	audiences = newFamily(audienceWords)
)

// Color finds the family of a colour word: "navy" is "blue", "红色" is "red".
func Color(word string) (canonical string, ok bool) { return colors.find(word) }

// Material finds the canonical name of a material.
func Material(word string) (canonical string, ok bool) { return fabrics.find(word) }

// Audience finds whom a word means: men, women, kids, boys, girls, baby or unisex.
func Audience(word string) (canonical string, ok bool) { return audiences.find(word) }

// ColorsIn are the colour families that a text names, in its order.
func ColorsIn(text string) []string { return colors.in(text) }

// MaterialsIn are the materials that a text names, in its order.
func MaterialsIn(text string) []string { return fabrics.in(text) }

// AudiencesIn are the groups that a text names, in its order.
func AudiencesIn(text string) []string { return audiences.in(text) }

func (f family) find(word string) (string, bool) {
	word = strings.Join(strings.Fields(strings.ToLower(word)), " ")
	if c, ok := f.words[word]; ok {
		return c, true
	}
	if IsHan(word) {
		if c, ok := f.words[strings.TrimSuffix(word, "的")]; ok {
			return c, true
		}
		return "", false
	}
	// "dark green", "light-blue": a shade of a colour is that colour.
	if i := strings.IndexAny(word, " -"); i > 0 && shades[word[:i]] {
		c, ok := f.words[word[i+1:]]
		return c, ok
	}
	return "", false
}

// shades are words before a colour that leave it in its family.
var shades = map[string]bool{"dark": true, "light": true, "deep": true, "bright": true, "pale": true, "matte": true, "matt": true, "neon": true, "hot": true,
	"pastel": true, "soft": true, "forest": true, "sky": true, "royal": true, "army": true, "baby": true, "electric": true, "solid": true, "all": true, "pure": true}

// in looks for the longest entries, English by whole words, Chinese by characters.
func (f family) in(text string) []string {
	var found []string
	add := func(c string) {
		if !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	words := Words(text)
	for i := 0; i < len(words); {
		step := 1
		if IsHan(words[i]) {
			run := []rune(words[i])
			for at := 0; at < len(run); {
				n := 1
				for size := min(f.han, len(run)-at); size > 0; size-- {
					if c, ok := f.words[string(run[at:at+size])]; ok && (size > 1 || len(run) == 1) {
						add(c)
						n = size
						break
					}
				}
				at += n
			}
		} else {
			for size := min(f.longest, len(words)-i); size > 0; size-- {
				if c, ok := f.words[strings.Join(words[i:i+size], " ")]; ok {
					add(c)
					step = size
					break
				}
			}
		}
		i += step
	}
	return found
}

// Words parts a text into lower-case words; a run of Han characters is one word, hyphens part words.
func Words(text string) []string {
	var words []string
	var b strings.Builder
	han := false
	flush := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	for _, r := range strings.ToLower(text) {
		isHan := unicode.Is(unicode.Han, r)
		if !isHan && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' {
			flush()
			continue
		}
		if isHan != han {
			flush()
			han = isHan
		}
		if r == '’' {
			r = '\''
		}
		b.WriteRune(r)
	}
	flush()
	return words
}

// IsHan reports whether the text holds a Han character.
func IsHan(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
