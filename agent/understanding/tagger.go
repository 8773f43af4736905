package understanding

import (
	"math"
	"strconv"
)

// tag says what a token is part of.
type tag uint8

const (
	tagNone tag = iota
	tagProduct
	tagBrand
	tagColor
	tagMaterial
	tagAudience
	tagExclude
	tagCount
)

// tagNames are the marks of the exemplars.
var tagNames = [tagCount]string{"", "p", "b", "c", "m", "a", "x"}

// tagger is a linear model over the neighbourhood of a token and the tag before it.
type tagger struct {
	// weights of each feature, by its hash: one for each tag.
	weights map[uint32]*[tagCount]float32
}

// tags finds the best sequence.
func (m *tagger) tags(tokens []token) []tag {
	n := len(tokens)
	if n == 0 {
		return nil
	}
	features := tagFeatures(tokens)
	back := make([][tagCount]tag, n)
	var best [tagCount]float64
	for i := range tokens {
		var own [tagCount]float64
		for _, f := range features[i] {
			if w := m.weights[f]; w != nil {
				for t := range own {
					own[t] += float64(w[t])
				}
			}
		}
		var next [tagCount]float64
		for t := range tagCount {
			next[t] = math.Inf(-1)
			for before := range tagCount {
				if i == 0 && before != tagNone {
					break
				}
				score := own[t]
				if i > 0 {
					score += best[before]
				}
				for _, f := range stepFeatures(before, tokens, i) {
					if w := m.weights[f]; w != nil {
						score += float64(w[t])
					}
				}
				if score > next[t] {
					next[t], back[i][t] = score, before
				}
			}
		}
		best = next
	}
	last := tagNone
	for t := range tagCount {
		if best[t] > best[last] {
			last = t
		}
	}
	found := make([]tag, n)
	for i := n - 1; i >= 0; i-- {
		found[i] = last
		last = back[i][last]
	}
	return found
}

// stepFeatures tie a token to the tag before it.
func stepFeatures(before tag, tokens []token, i int) [2]uint32 {
	b := byte('0' + before)
	return [2]uint32{hashOf("<", b, ""), hashOf("<c", b, classText(tokens[i]))}
}

// tagFeatures are the hashes of what stands at and around each token.
func tagFeatures(tokens []token) [][]uint32 {
	n := len(tokens)
	word := func(i int) string {
		if i < 0 || i >= n {
			return "^"
		}
		if tokens[i].is&isNumber != 0 {
			return "#"
		}
		return tokens[i].text
	}
	classes := make([]string, n)
	for i := range tokens {
		classes[i] = classText(tokens[i])
	}
	class := func(i int) string {
		if i < 0 || i >= n {
			return "^"
		}
		return classes[i]
	}
	all := make([][]uint32, n)
	for i := range tokens {
		w, c := word(i), class(i)
		f := make([]uint32, 0, 32)
		add := func(name string, values ...string) { f = append(f, hashStrings(name, values...)) }
		add("w", w)
		add("c", c)
		add("w-", word(i-1))
		add("w--", word(i-2))
		add("w+", word(i+1))
		add("w++", word(i+2))
		add("c-", class(i-1))
		add("c+", class(i+1))
		add("c--", class(i-2))
		add("c++", class(i+2))
		add("w-w", word(i-1), w)
		add("ww+", w, word(i+1))
		add("w-c", word(i-1), c)
		add("cw+", c, word(i+1))
		add("c-c", class(i-1), c)
		add("cc+", c, class(i+1))
		add("c-cc+", class(i-1), c, class(i+1))
		add("w--w-", word(i-2), word(i-1))
		add("w--w-c", word(i-2), word(i-1), c)
		add("w+w++", word(i+1), word(i+2))
		add("cw+w++", c, word(i+1), word(i+2))
		add("w-c+", word(i-1), class(i+1))
		add("cc+c++", c, class(i+1), class(i+2))
		add("s", suffix(w, 3), c)
		add("s", suffix(w, 2), c)
		if i < 3 {
			add("at"+strconv.Itoa(i), c)
		}
		if negated(tokens, i) {
			add("no", c)
			add("now-", word(i-1))
		}
		for b := range 13 {
			if tokens[i].is&(1<<b) != 0 {
				add("b", strconv.Itoa(b))
				add("bw-", strconv.Itoa(b), word(i-1))
			}
		}
		all[i] = f
	}
	return all
}

// negations are the words that keep out what follows.
var negations = map[string]bool{"not": true, "no": true, "without": true, "except": true, "but": true, "don't": true, "dont": true, "nothing": true,
	"excluding": true, "exclude": true, "besides": true, "isn't": true, "skip": true, "hide": true, "none": true, "avoid": true, "anything": true,
	"不要": true, "不": true, "除了": true, "不想要": true, "不喜欢": true, "别": true, "排除": true, "不含": true, "不带": true, "非": true}

// negated reports whether a negation stands up to four words before.
func negated(tokens []token, i int) bool {
	for j := i - 1; j >= 0 && j >= i-4; j-- {
		if tokens[j].is&isPunctuation != 0 && tokens[j].text != "," {
			return false
		}
		if negations[tokens[j].text] {
			return true
		}
	}
	return false
}

// classText is the classes of a token as one value.
func classText(t token) string {
	if t.as != 0 {
		return t.text
	}
	return strconv.Itoa(int(t.is))
}

func suffix(w string, n int) string {
	if r := []rune(w); len(r) > n {
		return string(r[len(r)-n:])
	}
	return w
}

// hashStrings is FNV-1a over a feature's name and values.
func hashStrings(name string, values ...string) uint32 {
	h := uint32(2166136261)
	mix := func(s string) {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * 16777619
		}
		h = (h ^ 0xff) * 16777619
	}
	mix(name)
	for _, v := range values {
		mix(v)
	}
	return h
}

func hashOf(name string, b byte, value string) uint32 { return hashStrings(name, string(b), value) }
