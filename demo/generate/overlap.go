package main

import (
	"strings"
	"unicode"
)

// shingleSize is how many words, or characters of Chinese, make a shingle.
const shingleSize = 5

// overlaps remember what was written, by its shingles.
type overlaps struct{ english, chinese *index }

func newOverlaps() *overlaps {
	return &overlaps{
		english: &index{split: wordsOf, glue: " ", texts: map[string][]int{}},
		chinese: &index{split: characters, texts: map[string][]int{}},
	}
}

// index finds the texts that have a shingle.
type index struct {
	split func(string) []string
	glue  string
	texts map[string][]int
	sizes []int
}

// share is the largest share that the text has in common with an earlier one, of the smaller of the two.
func (x *index) share(text string) float64 {
	own := x.shingles(text)
	common := map[int]int{}
	for s := range own {
		for _, t := range x.texts[s] {
			common[t]++
		}
	}
	most := 0.0
	for t, n := range common {
		most = max(most, float64(n)/float64(min(len(own), x.sizes[t])))
	}
	return most
}

func (x *index) add(text string) {
	own := x.shingles(text)
	for s := range own {
		x.texts[s] = append(x.texts[s], len(x.sizes))
	}
	x.sizes = append(x.sizes, len(own))
}

func (x *index) shingles(text string) map[string]bool {
	parts := x.split(strings.ToLower(text))
	set := map[string]bool{}
	for i := 0; i+shingleSize <= len(parts); i++ {
		set[strings.Join(parts[i:i+shingleSize], x.glue)] = true
	}
	return set
}

// wordsOf are the words of a text without its punctuation.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '-' })
}

func characters(text string) []string { return strings.Split(text, "") }
