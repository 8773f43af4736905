package lexicon

import (
	_ "embed" // the synonyms
	"strings"
)

// Synonyms are other words by which listings call what a customer names, in the singular or plural; spellings too. They
// widen the query alone: a word that is rare in a catalogue ("laptop" among notebooks) still finds its kind.
// Words that mean something else as often ("notebook" for paper) are not widened themselves.
func Synonyms(word string) []string { return synonyms[Singular(word)] }

var synonyms = readSynonyms(synonymFile)

//go:embed synonyms.txt
var synonymFile string

// readSynonyms reads lines "a > b c", where b and c stand for a, and "a = b c", where each stands for the others.
func readSynonyms(text string) map[string][]string {
	read := map[string][]string{}
	for line := range strings.Lines(text) {
		mutual := false
		var group []string
		for _, w := range strings.Fields(line) {
			switch w {
			case "=":
				mutual = true
			case ">":
			default:
				group = append(group, w)
			}
		}
		for i, w := range group {
			if i > 0 && !mutual {
				break
			}
			one := Singular(w)
			for j, other := range group {
				if j != i {
					read[one] = append(read[one], other)
				}
			}
		}
	}
	return read
}
