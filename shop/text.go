package shop

import "strings"

// How many characters of a product models read. An embedding is blurred by what comes late in a long text
// (judged nDCG@10 of the cosine: 0.917 at 150 characters, 0.912 uncut); a cross-encoder, which reads with
// the query in mind, is cut by its own limit of tokens.
const (
	searchTextRunes = 160
	pairTextRunes   = 600
)

// SearchText is the product as embedding models read it, in English: brand and title, category, the
// beginning of the description. What the title says already is not repeated. The stored embedding and the
// ranker both use it, so that they judge the same thing.
func (p Product) SearchText() string { return firstWords(p.text(), searchTextRunes) }

// PairText is the product as a cross-encoder reads it beside the query: SearchText with more of the description.
func (p Product) PairText() string { return firstWords(p.text(), pairTextRunes) }

func (p Product) text() string {
	var b strings.Builder
	if p.Brand != "" && !containsFold(p.Title, p.Brand) {
		b.WriteString(p.Brand)
		b.WriteByte(' ')
	}
	b.WriteString(p.Title)
	if p.Category != "" && !containsFold(p.Title, p.Category) {
		sentence(&b, p.Category)
	}
	if p.Description != "" && p.Description != p.Title {
		sentence(&b, p.Description)
	}
	return b.String()
}

// SearchTextIn is the product as an embedding model of the language reads it: the translated title, which is short
// enough to embed a list of candidates while a customer waits. English where there is no translation.
func (p Product) SearchTextIn(lang Lang) string {
	if title := p.Titles[string(lang)]; lang != English && title != "" {
		return firstWords(title, searchTextRunes)
	}
	return p.SearchText()
}

func sentence(b *strings.Builder, text string) {
	if b.Len() > 0 {
		b.WriteString(". ")
	}
	b.WriteString(text)
}

// containsFold reports whether phrase stands in text as whole words, without regard to case.
func containsFold(text, phrase string) bool {
	words := " " + strings.Join(strings.Fields(strings.ToLower(text)), " ") + " "
	return strings.Contains(words, " "+strings.Join(strings.Fields(strings.ToLower(phrase)), " ")+" ")
}

// longestWord is how many bytes are given up to end at a word; Chinese text has no spaces to end at.
const longestWord = 24

// firstWords cuts text to at most n runes, at the end of a word where there is one near.
func firstWords(text string, n int) string {
	seen := 0
	for i, r := range text {
		if seen++; seen <= n {
			continue
		}
		cut := text[:i]
		if space := strings.LastIndexByte(cut, ' '); r != ' ' && space > len(cut)-longestWord {
			return cut[:space]
		}
		return cut
	}
	return text
}
