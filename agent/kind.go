package agent

import (
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// A search finds what is near in meaning; a customer who asks for a laptop wants no laptop bag. selected keeps the
// candidates that are what was asked for: their category, or else their title, names the head noun of the request
// or a word for the same kind, and does not name it as the thing that they belong to ("laptop lock", "bag for
// laptops"). Related kinds fill up where these are rare. Where no candidate's category or title names the kind, those
// whose description does are kept; where none names it at all, none is.
func (k kind) selected(found []shop.Candidate) []shop.Candidate {
	if k.head == "" {
		return k.chineseOnly(found)
	}
	var named, near, described []shop.Candidate
	wider := k
	wider.names = slices.Concat(k.names, k.near)
	for _, c := range found {
		switch verdict := k.verdict(c.Product); {
		case verdict == isIt:
			named = append(named, c)
		case len(k.near) > 0 && wider.verdict(c.Product) == isIt:
			near = append(near, c)
		case verdict == mentions:
			described = append(described, c)
		}
	}
	if len(named) < enoughNamed {
		named = append(named, near...)
	}
	if len(named) == 0 {
		return described
	}
	return named
}

// enoughNamed is how many products of the very kind make related ones unnecessary.
const enoughNamed = 3

// chineseOnly keeps what carries a Chinese name that has no English word in the lexicon.
func (k kind) chineseOnly(found []shop.Candidate) []shop.Candidate {
	var named []shop.Candidate
	for _, c := range found {
		if k.han != "" && strings.Contains(c.Product.Titles[string(shop.Chinese)]+c.Product.Descriptions[string(shop.Chinese)], k.han) {
			named = append(named, c)
		}
	}
	return named
}

// kind is a kind of thing that was asked for.
type kind struct {
	// words are those of the request in English, singular; head is the noun, the last word before "for" and the like.
	words []string
	head  string
	// names are the head, or the request's last two words where those are one name, and all that means the same or
	// is narrower; near are those that will do where these are rare.
	names, near []string
	// han is the request as it stands, where it is Chinese.
	han string
	// qualities are the words that describe the head.
	qualities []string
}

// nounEnds are the words after the name of a thing: "case | for a phone".
var nounEnds = wordSet("for with without of in from to under over that which made by at on and or")

func readKind(product string) kind {
	k := kind{}
	if lexicon.IsHan(product) {
		k.han = product
		product = lexicon.ToEnglish(product)
	}
	for _, w := range lexicon.Words(product) {
		if nounEnds[w] && len(k.words) > 0 {
			break
		}
		if !nounEnds[w] && !lexicon.IsHan(w) {
			k.words = append(k.words, singular(w))
		}
	}
	if len(k.words) == 0 {
		return k
	}
	k.head = k.words[len(k.words)-1]
	k.qualities = k.words[:len(k.words)-1]
	k.names, k.near = means(k.head), related[k.head]
	if n := len(k.words); n > 1 {
		// "flash drive", "running shoe": two words may be one name.
		if pair := k.words[n-2] + " " + k.head; len(means(pair)) > 1 || related[pair] != nil {
			k.names, k.near, k.qualities = means(pair), related[pair], k.words[:n-2]
		}
	}
	return k
}

// means are a name, its equivalents and what is narrower.
func means(name string) []string {
	all := []string{name}
	add := func(names []string) {
		for _, w := range names {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	for _, group := range equivalents {
		if slices.Contains(group, name) {
			add(group)
		}
	}
	for _, w := range slices.Clone(all) {
		add(narrower[w])
	}
	return all
}

// sameKind reports whether two requests are for the same kind of thing.
func sameKind(a, b string) bool {
	x, y := readKind(a), readKind(b)
	if x.head == "" || y.head == "" {
		return strings.EqualFold(a, b)
	}
	return slices.Contains(x.names, y.head) || slices.Contains(y.names, x.head)
}

// onlyQuality reports whether a phrase describes a thing and names none: "wireless".
func onlyQuality(phrase string) bool {
	if lexicon.IsHan(phrase) && !slices.ContainsFunc(lexicon.Segment(phrase), func(w string) bool { return !describing(w) }) {
		return true
	}
	k := readKind(phrase)
	return k.head != "" && !slices.ContainsFunc(k.words, func(w string) bool {
		return !qualities[w] && !strings.HasSuffix(w, "proof") && !strings.HasSuffix(w, "less")
	})
}

// How a product stands to a kind.
const (
	another = iota
	mentions
	isIt
)

func (k kind) verdict(p shop.Product) int {
	if k.han != "" && k.inChinese(p) {
		return isIt
	}
	category := k.inPhrase(leaf(p.Category))
	style := k.inPhrase(p.Attributes["style"] + " ; " + p.Attributes["type"])
	title := k.inTitle(p.Title)
	switch {
	case category == asHead || style == asHead:
		if title == asOwner { // "notebook battery" in the category "notebook"
			return mentions
		}
		return isIt
	case category == asOwner || style == asOwner:
		return another
	case title == asHead && !k.accessoryCategory(p.Category):
		return isIt
	case title != absent:
		return another
	}
	if k.inPhrase(p.Category) != absent {
		return isIt
	}
	if k.inTitle(p.Description) == asHead && !k.accessoryCategory(p.Category) {
		return mentions
	}
	return another
}

// accessoryCategory reports whether the category's last word names an accessory that was not asked for.
func (k kind) accessoryCategory(category string) bool {
	words := singulars(leaf(category))
	return len(words) > 0 && k.isAccessory(words[len(words)-1])
}

// inChinese reports whether the Chinese title ends in what was asked for, or names it before a space.
func (k kind) inChinese(p shop.Product) bool {
	title := p.Titles[string(shop.Chinese)]
	at := strings.LastIndex(title, k.han)
	if at < 0 {
		return false
	}
	after := strings.TrimLeft(title[at+len(k.han):], "机器 ")
	words := lexicon.Segment(after)
	if len(words) == 0 || strings.HasPrefix(title[at+len(k.han):], " ") {
		return true
	}
	english := lexicon.ToEnglish(words[0])
	return !accessories[singular(english)] || slices.Contains(k.names, singular(english))
}

// How a text names a kind.
const (
	absent  = iota
	asOwner // as what the thing belongs to
	asHead
)

// inPhrase reads a category or a style: the last words of each of its parts name the thing.
func (k kind) inPhrase(phrase string) int {
	best := absent
	for _, part := range strings.FieldsFunc(phrase, func(r rune) bool { return strings.ContainsRune("/,;>|&", r) }) {
		words := singulars(part)
		for i, w := range words {
			if nounEnds[w] {
				words = words[:i]
				break
			}
		}
		for at := range words {
			if n := k.nameAt(words, at); n > 0 {
				if at+n == len(words) {
					return asHead
				}
				if accessories[words[len(words)-1]] || accessories[words[at+n]] {
					best = max(best, asOwner)
				} else {
					best = asHead
				}
			}
		}
	}
	return best
}

// inTitle reads a title or description, in which anything may follow: the name counts unless it stands after "for"
// or before a word for an accessory.
func (k kind) inTitle(title string) int {
	best := absent
	accessory := false
	for _, clause := range strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune(",;()|[]", r) }) {
		words := singulars(clause)
		// "Holder (iPhone)": what is set behind an accessory is what it belongs to.
		belongs := accessory
		accessory = accessory || len(words) > 0 && k.isAccessory(words[len(words)-1])
		for at := 0; at < len(words); at++ {
			if w := words[at]; w == "for" || w == "compatible" || w == "fit" {
				belongs = true
			}
			n := k.nameAt(words, at)
			if n == 0 {
				continue
			}
			next := at + n
			owner := belongs || next < len(words) && (k.isAccessory(words[next]) || k.isOtherKind(words[next]) || shapes[words[next]])
			// "laptop hard drive", "notebook ac adapter": the accessory may have two words.
			owner = owner || next+1 < len(words) && k.isAccessory(words[next+1]) && !connects(words[next]) && !knownColor(words[next])
			if !owner {
				return asHead
			}
			best = asOwner
		}
	}
	return best
}

func connects(w string) bool {
	switch w {
	case "with", "in", "and", "by", "plus", "w":
		return true
	}
	return nounEnds[w]
}

func knownColor(w string) bool {
	_, ok := lexicon.Color(w)
	return ok
}

// isAccessory reports whether a word names an accessory that was not asked for.
func (k kind) isAccessory(w string) bool {
	return accessories[w] && !slices.Contains(k.words, w) && !slices.Contains(k.names, w) && !slices.Contains(narrower[w], k.head)
}

// isOtherKind reports whether a word names a kind of thing that was not asked for.
func (k kind) isOtherKind(w string) bool {
	return kindNouns[w] && !slices.Contains(k.words, w) && !slices.Contains(k.names, w)
}

// nameAt is how many words from at on are a name of the kind; 0 for none.
func (k kind) nameAt(words []string, at int) int {
	longest := 0
	for _, name := range k.names {
		parts := strings.Fields(name)
		if len(parts) > longest && at+len(parts) <= len(words) && slices.Equal(words[at:at+len(parts)], parts) {
			longest = len(parts)
		}
	}
	return longest
}

// qualified keeps the candidates that have what describes the request ("wireless", "coffee" of a coffee mug) where at
// least two do, and puts those that have more of it first. Words that are a matter of taste ("nice") need not stand in
// a listing; of products that have none of the others, only what the ranker finds clearly fitting is kept.
func (k kind) qualified(found []shop.Candidate) []shop.Candidate {
	firm := slices.DeleteFunc(slices.Clone(k.qualities), func(q string) bool { return tastes[q] })
	if len(firm) == 0 {
		return found
	}
	byCount := make([][]shop.Candidate, len(firm)+1)
	for _, c := range found {
		if contradicts(c.Product.Title, firm) {
			continue
		}
		has := k.count(firm, c.Product)
		if has == 0 && c.Relevance < clearlyFitting {
			continue
		}
		byCount[has] = append(byCount[has], c)
	}
	var kept []shop.Candidate
	for has := len(firm); has >= 0; has-- {
		if kept = append(kept, byCount[has]...); len(kept) >= 2 {
			break
		}
	}
	return kept
}

// contradicts reports whether a title says the opposite of what was asked for, and not that too.
func contradicts(title string, asked []string) bool {
	words := singulars(title)
	return slices.ContainsFunc(asked, func(q string) bool {
		return slices.ContainsFunc(opposites[q], func(o string) bool { return slices.Contains(words, o) }) &&
			!slices.ContainsFunc(sameQuality(q), func(same string) bool { return slices.Contains(words, same) })
	})
}

// clearlyFitting is a relevance that only products of the asked kind reach.
const clearlyFitting = 0.75

// count is how many of the describing words the listing has.
func (k kind) count(words []string, p shop.Product) int {
	text := " " + strings.Join(singulars(everything(p)), " ") + " "
	if k.han != "" {
		text += p.Titles[string(shop.Chinese)] + p.Descriptions[string(shop.Chinese)]
	}
	has := 0
	for _, q := range words {
		if slices.ContainsFunc(sameQuality(q), func(w string) bool { return strings.Contains(text, " "+w+" ") }) {
			has++
		}
	}
	return has
}

// sameQuality are a describing word and others for it.
func sameQuality(word string) []string {
	for _, group := range equivalentQualities {
		if slices.Contains(group, word) {
			return group
		}
	}
	return means(word)
}

// everything is all that the English listing says. An attribute that is denied counts for nothing.
func everything(p shop.Product) string {
	var b strings.Builder
	b.WriteString(p.Brand + " " + p.Title + " " + p.Category + " " + p.Description)
	for _, name := range sortedKeys(p.Attributes) {
		switch value := strings.ToLower(p.Attributes[name]); value {
		case "no", "false", "0", "none", "not supported", "n":
		default:
			b.WriteString(" " + name + " " + value)
		}
	}
	return b.String()
}

// leaf is the last part of a category's path.
func leaf(category string) string {
	if i := strings.LastIndexAny(category, ">|"); i >= 0 {
		return category[i+1:]
	}
	return category
}

// singulars are the words of a text in lower case and in the singular; hyphens part words.
func singulars(text string) []string {
	words := lexicon.Words(text)
	for i, w := range words {
		words[i] = singular(w)
	}
	return words
}

// singular is a word in the singular, without a possessive.
func singular(w string) string { return lexicon.Singular(strings.TrimSuffix(w, "'s")) }

// wordSet is the set of the words of a text.
func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
