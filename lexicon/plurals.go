package lexicon

import "strings"

// What the rules of Singular and Plural do not find, in lower case: nouns of what shops sell, first of all.
const (
	// pluralChanged are singular and plural by turns.
	pluralChanged = `mouse mice man men woman women child children foot feet tooth teeth goose geese gentleman gentlemen
		snowman snowmen quiz quizzes`
	// pluralSame have one form: they only look plural, or their stem is another word ("short" is no pair of shorts).
	pluralSame = `series species chassis headquarters fish sheep news chess tennis electronics graphics optics athletics
		gymnastics mathematics physics glasses shorts tights clothes sweets goods`
	// pluralES get "es", among them the singulars that end in one s.
	pluralES = `bus minibus virus cactus bonus campus circus focus stylus hibiscus crocus citrus lotus octopus walrus eucalyptus
		gas lens canvas atlas bias alias christmas thermos iris trellis
		potato tomato mango hero echo mosquito domino volcano tornado torpedo`
	// pluralS get "s" like most, but their plural looks like another ending's.
	pluralS = `movie cookie brownie hoodie beanie onesie bootie nightie necktie bowtie smoothie selfie calorie veggie zombie
		genie pixie rookie birdie talkie walkie-talkie cache niche quiche brioche headache toothache moustache avalanche axe
		pickaxe mousse ski bikini tankini kiwi taxi sari salami zucchini jacuzzi safari emoji menu tutu cpu gpu tv`
)

// voiced turn their f into "ves", and so do names that end in them: "bookshelf", "penknife".
var voiced = [...]struct{ one, many string }{{"knife", "knives"}, {"wife", "wives"}, {"elf", "elves"}, {"scarf", "scarves"}, {"leaf", "leaves"},
	{"loaf", "loaves"}, {"half", "halves"}, {"calf", "calves"}, {"wolf", "wolves"}, {"thief", "thieves"}, {"hoof", "hooves"}}

// singulars and plurals are the forms of the words above.
var singulars, plurals = exceptions()

func exceptions() (singulars, plurals map[string]string) {
	singulars, plurals = map[string]string{"cacti": "cactus"}, map[string]string{}
	add := func(one, many string) {
		singulars[one], singulars[many], plurals[one] = one, one, many
	}
	pairs := strings.Fields(pluralChanged)
	for i := 0; i < len(pairs); i += 2 {
		add(pairs[i], pairs[i+1])
	}
	for ending, words := range map[string]string{"": pluralSame, "es": pluralES, "s": pluralS} {
		for _, w := range strings.Fields(words) {
			add(w, w+ending)
		}
	}
	return singulars, plurals
}

// Singular is an English noun in the singular, of a name of several words the last: "wireless mice" is "wireless
// mouse". Words are in lower case. What is singular already, or has one form alone ("shorts"), stays as it is; what
// is only said in the plural loses its s, as listings write it before another word: "headphone".
func Singular(noun string) string {
	at := strings.LastIndexByte(noun, ' ') + 1
	name, word := noun[:at], noun[at:]
	if one, ok := singulars[word]; ok {
		return name + one
	}
	switch {
	case len(word) < 4 || !strings.HasSuffix(word, "s") || endsIn(word, "ss", "us", "is", "'s"):
		return noun
	case strings.HasSuffix(word, "ies") && len(word) > 4:
		return noun[:len(noun)-3] + "y"
	case endsIn(word, "ches", "shes", "xes", "sses", "zzes", "tzes"):
		return noun[:len(noun)-2]
	case strings.HasSuffix(word, "ves"):
		for _, v := range voiced {
			if stem, ok := strings.CutSuffix(noun, v.many); ok {
				return stem + v.one
			}
		}
	}
	return noun[:len(noun)-1]
}

// Plural is an English noun in the plural, of a name of several words the last. Words are in lower case. What is
// plural already stays as it is, and so does Chinese, which has none.
func Plural(noun string) string {
	at := strings.LastIndexByte(noun, ' ') + 1
	name, word := noun[:at], noun[at:]
	if many, ok := plurals[word]; ok {
		return name + many
	}
	short := len(word) < 4 && strings.HasSuffix(word, "s") // "ups"
	if word == "" || short || IsHan(word) || Singular(word) != word {
		return noun
	}
	for _, v := range voiced {
		if stem, ok := strings.CutSuffix(noun, v.one); ok {
			return stem + v.many
		}
	}
	switch {
	case len(word) > 2 && strings.HasSuffix(word, "y") && !strings.ContainsRune("aeiou", rune(word[len(word)-2])):
		return noun[:len(noun)-1] + "ies"
	case endsIn(word, "s", "x", "z", "ch", "sh"):
		return noun + "es"
	}
	return noun + "s"
}

func endsIn(word string, endings ...string) bool {
	for _, ending := range endings {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}
