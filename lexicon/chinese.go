package lexicon

import (
	"embed"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"floorwalker/shop"
)

//go:embed terms/*.tsv
var termFiles embed.FS

// Class says what a word does in a need.
type Class uint8

// The classes of words.
const (
	// Unknown words stand in no list.
	Unknown Class = iota
	// Kind names a product: "mouse", "跑步鞋".
	Kind
	// Describing words say what a product is like or for: "wireless", "办公".
	Describing
	// Function words ask, point and join.
	Function
	// BrandName is a brand that the public knows.
	BrandName
)

// termOrder is the order in which files are read; where a term stands twice the first counts.
var termOrder = []struct {
	class Class
	files []string
}{
	{Kind, []string{"core", "electronics", "office", "home", "kitchen", "clothing", "beauty", "leisure", "english"}},
	{Describing, []string{"describing"}},
	{BrandName, []string{"brands"}},
	{Function, []string{"function"}},
}

// dictionary maps Chinese terms to English; it is built once, from the tables beside this file.
type dictionary struct {
	english map[string]string
	class   map[string]Class
	// kinds, describing and brands are the English sides of their classes, in lower case.
	kinds, describing map[string]bool
	brands            map[string]string
	longest           int // characters of the longest term
}

var chinese = readDictionary()

// readDictionary reads lines "English<TAB>term term …", or English alone; colours, materials and audiences come from their families.
func readDictionary() dictionary {
	d := dictionary{english: map[string]string{}, class: map[string]Class{}, kinds: map[string]bool{}, describing: map[string]bool{}, brands: map[string]string{}}
	add := func(term, english string, class Class) {
		if _, ok := d.english[term]; !ok {
			d.english[term], d.class[term] = english, class
			d.longest = max(d.longest, utf8.RuneCountInString(term))
		}
	}
	for _, group := range termOrder {
		for _, file := range group.files {
			table, err := termFiles.ReadFile("terms/" + file + ".tsv")
			if err != nil {
				panic("a table of terms is not in the binary: " + err.Error()) // a mistake in this file, seen by every test
			}
			for line := range strings.Lines(string(table)) {
				english, terms, _ := strings.Cut(strings.TrimSpace(line), "\t")
				if english == "" || strings.HasPrefix(line, "#") {
					continue
				}
				switch group.class {
				case Kind:
					d.kinds[english] = true
				case Describing:
					d.describing[english] = true
				case BrandName:
					d.brands[strings.ToLower(english)] = english
				case Function: // words without a meaning of their own
					english = ""
				}
				for _, term := range strings.Fields(terms) {
					add(term, english, group.class)
				}
			}
		}
	}
	for _, family := range []map[string][]string{colorFamilies, materialWords, audienceWords} {
		for canonical, words := range family {
			for _, w := range words {
				if IsHan(w) && utf8.RuneCountInString(w) > 1 {
					add(w, canonical, Describing)
				}
			}
		}
	}
	return d
}

// ClassOf is the class of a Chinese term or of an English one as the tables write it, in lower case.
func ClassOf(term string) Class {
	if c, ok := chinese.class[term]; ok {
		return c
	}
	switch {
	case chinese.kinds[term]:
		return Kind
	case chinese.describing[term]:
		return Describing
	case chinese.brands[term] != "":
		return BrandName
	}
	return Unknown
}

// Brand is the Latin name of a brand that the public knows: "索尼" and "sony" are "Sony".
func Brand(word string) (name string, ok bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	if chinese.class[word] == BrandName {
		return chinese.english[word], true
	}
	name, ok = chinese.brands[word]
	return name, ok
}

// Brands are the public brands, Latin and Chinese names together.
func Brands() []string {
	var names []string
	for _, name := range chinese.brands {
		names = append(names, name)
	}
	for term, class := range chinese.class {
		if class == BrandName {
			names = append(names, term)
		}
	}
	slices.Sort(names)
	return names
}

// Terms are the English terms of a class, sorted.
func Terms(class Class) []string {
	switch class {
	case Kind:
		return slices.Sorted(maps.Keys(chinese.kinds))
	case Describing:
		return slices.Sorted(maps.Keys(chinese.describing))
	}
	return nil
}

// ChineseTerms are the Chinese terms of a class, sorted.
func ChineseTerms(class Class) []string {
	var terms []string
	for term, c := range chinese.class {
		if c == class {
			terms = append(terms, term)
		}
	}
	slices.Sort(terms)
	return terms
}

// DetectLang is Chinese where a text holds enough Han characters to be it, English otherwise: one Han
// character counts as much as a short word of Latin letters.
func DetectLang(text string) shop.Lang {
	han, words := 0, 0
	inWord := false
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
			inWord = false
		case unicode.IsLetter(r):
			if !inWord {
				words++
			}
			inWord = true
		default:
			inWord = false
		}
	}
	if han > 0 && han >= words {
		return shop.Chinese
	}
	return shop.English
}

// ToEnglish translates a Chinese need term by term, the longest first. Latin words and numbers stay, unknown
// characters are left out; English text comes back as it is.
func ToEnglish(text string) string {
	if !IsHan(text) {
		return text
	}
	var out []string
	for _, word := range Segment(text) {
		if !IsHan(word) {
			out = append(out, word)
		} else if english := chinese.english[strings.ToLower(word)]; english != "" && (len(out) == 0 || out[len(out)-1] != english) {
			out = append(out, english)
		}
	}
	return strings.Join(out, " ")
}

// Translate is the English of one Chinese term; ok is false where it is unknown.
func Translate(term string) (english string, ok bool) {
	english, ok = chinese.english[term]
	return english, ok && english != ""
}

// Segment parts a text into words by the longest known term; unknown Han characters stand alone, and runs of
// Latin letters and digits are words. Punctuation is dropped.
func Segment(text string) []string {
	var words []string
	for _, w := range Parts(text) {
		words = append(words, text[w.From:w.To])
	}
	return words
}

// Part is a word of a text by its place in bytes.
type Part struct{ From, To int }

// Parts is Segment with the places of the words.
func Parts(text string) []Part {
	var parts []Part
	var starts []int // byte at which each rune starts, and the end
	var runes []rune
	for i, r := range text {
		starts, runes = append(starts, i), append(runes, unicode.ToLower(r))
	}
	starts = append(starts, len(text))
	latin := func(r rune) bool { return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.Is(unicode.Han, r) }
	for i := 0; i < len(runes); {
		r := runes[i]
		han := unicode.Is(unicode.Han, r)
		if !han && !latin(r) {
			i++
			continue
		}
		n := 1
		for !han && i+n < len(runes) && (latin(runes[i+n]) || (runes[i+n] == '-' || runes[i+n] == '.' || runes[i+n] == '\'') && i+n+1 < len(runes) && latin(runes[i+n+1])) {
			n++
		}
		for size := min(chinese.longest, len(runes)-i); size > n; size-- {
			if term := string(runes[i : i+size]); chinese.has(term) && IsHan(term) {
				n = size
				break
			}
		}
		parts = append(parts, Part{starts[i], starts[i+n]})
		i += n
	}
	return parts
}

func (d dictionary) has(term string) bool { _, ok := d.english[term]; return ok }

// EnglishTerms are the English sides of the term list: kinds of products and what describes them.
func EnglishTerms() map[string]bool {
	terms := make(map[string]bool, len(chinese.english))
	for _, english := range chinese.english {
		if english != "" {
			terms[english] = true
		}
	}
	return terms
}
