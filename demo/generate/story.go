package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// story is what can be said of one product: its words by token, in both languages.
type story struct {
	en, zh map[string]string
	values map[string]value
	// order is the facts' names as the kind lists them.
	order []string
}

// newStory draws the product's brand, model, purposes and facts.
func newStory(r *rand.Rand, d department, k kind, v variant) story {
	s := story{en: map[string]string{}, zh: map[string]string{}, values: map[string]value{}}
	facts := slices.DeleteFunc(slices.Clone(k.facts), func(f fact) bool { return slices.Contains(v.without, f.name) })
	for _, own := range v.facts {
		if i := slices.IndexFunc(facts, func(f fact) bool { return f.name == own.name }); i >= 0 {
			facts[i] = own
		} else {
			facts = append(facts, own)
		}
	}
	audience := ""
	for _, f := range facts {
		if f.name == "for" {
			audience = f.pick(r, "").en
			s.en["audience"], s.zh["audience"] = possessive[audience].en, possessive[audience].zh
			s.values["audience"] = value{words: words{audience, audienceChinese[audience]}, attribute: audience}
			s.order = append(s.order, "audience")
		}
	}
	for _, f := range facts {
		if f.name == "for" {
			continue
		}
		picked := f.pick(r, audience)
		s.values[f.name] = picked
		s.order = append(s.order, f.name)
		s.en[f.name], s.zh[f.name] = picked.en, picked.zh
	}
	brand := d.brands[r.IntN(len(d.brands))]
	if k.titled { // a book has one publisher
		brand = d.brands[hash(v.name.en)%uint64(len(d.brands))]
	} else {
		s.both("model", newModel(r, d.codes))
	}
	s.both("brand", brand)
	s.name(k, v)
	for _, i := range r.Perm(len(k.purposes)) {
		p := k.purposes[i]
		if !p.fits(v) {
			continue
		}
		if s.en["purpose"] != "" {
			s.en["purpose2"], s.zh["purpose2"] = p.en, p.zh
			break
		}
		s.en["purpose"], s.zh["purpose"] = p.en, p.zh
	}
	s.grammar(k)
	return s
}

func (s story) both(token, text string) { s.en[token], s.zh[token] = text, text }

// name builds the product's kind with its variant: "trail running shoes".
func (s story) name(k kind, v variant) {
	en, zh := k.name.en, k.name.zh
	s.en["kind"], s.zh["kind"] = en, zh
	switch {
	case k.titled: // its name stays the kind's
	case strings.HasPrefix(v.name.en, "="):
		en, zh = v.name.en[1:], strings.TrimPrefix(v.name.zh, "=")
	case strings.Contains(v.name.en, "%"):
		en, zh = strings.ReplaceAll(v.name.en, "%", en), strings.ReplaceAll(v.name.zh, "%", zh)
	case v.name.en != "-":
		en, zh = v.name.en+" "+en, v.name.zh+zh
	}
	s.en["vkind"], s.zh["vkind"] = en, zh
	if strings.Contains(en, s.en["audience"]) { // "kids' sleeping bag" is not said twice
		s.en["audience"], s.zh["audience"] = "", ""
	}
	s.en["variant"], s.zh["variant"] = strings.TrimPrefix(v.name.en, "="), strings.TrimPrefix(v.name.zh, "=")
	s.en["name"], s.zh["name"] = "the "+s.en["brand"]+" "+s.en["model"], s.en["brand"]+" "+s.en["model"]
	s.zh["mw"] = k.measure
}

// grammar fills in the small words that go with one thing, a pair, or an amount.
func (s story) grammar(k kind) {
	number := func(one, many string) string {
		if k.plural {
			return many
		}
		return one
	}
	full := strings.TrimSpace(s.en["audience"] + " " + s.en["vkind"])
	article := "a "
	if startsWithVowel(full) {
		article = "an "
	}
	switch {
	case k.of != "":
		article = "a " + k.of + " of "
	case k.plural, k.mass:
		article = ""
	}
	s.en["akind"] = article + full
	for token, text := range map[string]string{
		"is": number("is", "are"), "was": number("was", "were"), "has": number("has", "have"), "does": number("does", "do"),
		"s": number("s", ""), "es": number("es", ""), "it": number("it", "they"), "its": number("its", "their"),
		"them": number("it", "them"), "this": number("this", "these"),
	} {
		s.en[token] = text
	}
}

func startsWithVowel(text string) bool {
	lower := strings.ToLower(text)
	for _, p := range []string{"usb", "one", "uni", "use", "uk", "eu"} {
		if strings.HasPrefix(lower, p) {
			return false
		}
	}
	for _, p := range []string{"led", "lcd", "mp3", "mmo", "spf", "ssd", "sd ", "hdmi", "hour", "8", "11", "18"} {
		if strings.HasPrefix(lower, p) {
			return true
		}
	}
	return lower != "" && strings.ContainsRune("aeiou", rune(lower[0]))
}

// title is the product's title in both languages.
func (s story) title(k kind) (en, zh string) {
	if k.title.en != "" {
		en, _ = fill(k.title.en, s.en, nil)
		zh, _ = fill(k.title.zh, s.zh, nil)
		return titleCase(en), zh
	}
	en = s.en["brand"] + " " + s.en["model"] + " " + titleCase(strings.TrimSpace(s.en["audience"]+" "+s.en["vkind"]))
	zh = s.zh["brand"] + " " + s.zh["model"] + " " + s.zh["audience"] + s.zh["vkind"]
	if c := s.en["colour"]; c != "" {
		en += ", " + titleCase(c)
		zh += " " + s.zh["colour"]
	}
	return en, zh
}

// titleCase writes every longer word with a capital.
func titleCase(text string) string {
	parts := strings.Fields(text)
	for i, w := range parts {
		switch w {
		case "of", "with", "and", "for", "from", "in", "to", "the", "a", "on", "or":
			if i > 0 {
				continue
			}
		}
		if i > 0 && unicode.IsDigit(rune(parts[i-1][0])) && (len(strings.TrimRight(w, ",")) <= 2 || strings.Contains(w, "/")) || strings.ToLower(w) != w {
			continue // a unit, or written as it should be
		}
		parts[i] = upperFirst(w)
	}
	return strings.Join(parts, " ")
}

func upperFirst(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// attributes are the facts as a listing has them.
func (s story) attributes(k kind) map[string]string {
	listed := map[string]string{"type": s.en["vkind"]}
	for _, name := range s.order {
		listed[strings.ReplaceAll(name, "_", " ")] = s.values[name].attribute
	}
	return listed
}

// tell writes a description: an opening, the variant's claim, two or three features and a close, none of which
// repeats a fact. ok is false where the draw does not fit together.
func (s story) tell(r *rand.Rand, d department, k kind, v variant) (en, zh string, ok bool) {
	pool := openings
	if k.titled {
		pool = bookOpenings
	}
	opening := pool[r.IntN(len(pool))]
	if !s.knows(opening) {
		return "", "", false
	}
	body := s.draw(r, k.features, v, 2+r.IntN(2), append(tokens(opening), tokens(v.claim)...))
	endings := k.closers
	if len(endings) == 0 || r.IntN(3) == 0 {
		endings = slices.Concat(k.closers, d.closers)
	}
	told := append([]sentence{opening, v.claim}, body...)
	said := []string{}
	for _, t := range told {
		said = append(said, tokens(t)...)
	}
	told = append(told, s.draw(r, endings, v, 1, said)...)
	var english, chinese []string
	for _, t := range told {
		// The same draws choose among alternatives, so that both languages say the same.
		seed := r.Uint64()
		e, okE := fill(t.en, s.en, rand.New(rand.NewPCG(seed, 0)))
		z, okZ := fill(t.zh, s.zh, rand.New(rand.NewPCG(seed, 0)))
		if !okE || !okZ {
			return "", "", false
		}
		english, chinese = append(english, upperFirst(e)), append(chinese, z)
	}
	return strings.Join(english, " "), strings.Join(chinese, ""), true
}

// draw picks up to n sentences that fit, without repeating a fact.
func (s story) draw(r *rand.Rand, pool []sentence, v variant, n int, said []string) []sentence {
	var drawn []sentence
	for _, i := range r.Perm(len(pool)) {
		t := pool[i]
		if len(drawn) == n {
			break
		}
		own := tokens(t)
		if !t.fits(v) || !s.knows(t) || slices.ContainsFunc(own, func(f string) bool { return s.values[f].en != "" && slices.Contains(said, f) }) {
			continue
		}
		drawn, said = append(drawn, t), append(said, own...)
	}
	return drawn
}

// knows tells whether every token of the sentence has a word.
func (s story) knows(t sentence) bool {
	return !slices.ContainsFunc(tokens(t), func(token string) bool {
		return s.en[lowerFirst(token)] == "" && s.zh[token] == "" && !slices.Contains([]string{"s", "es"}, token)
	})
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// tokens are the names in braces of a sentence.
func tokens(t sentence) []string {
	var names []string
	for _, text := range []string{t.en, t.zh} {
		for rest := text; ; {
			_, after, found := strings.Cut(rest, "{")
			if !found {
				break
			}
			name, after, _ := strings.Cut(after, "}")
			names = append(names, lowerFirst(name))
			rest = after
		}
	}
	return names
}

// fill replaces {token} by its word and [one/other] by one of them. ok is false where a token has no word.
func fill(frame string, tokens map[string]string, r *rand.Rand) (text string, ok bool) {
	var b strings.Builder
	for frame != "" {
		at := strings.IndexAny(frame, "{[")
		if at < 0 {
			b.WriteString(frame)
			break
		}
		b.WriteString(frame[:at])
		end := "}"
		if frame[at] == '[' {
			end = "]"
		}
		inside, rest, found := strings.Cut(frame[at+1:], end)
		if !found {
			return "", false
		}
		if end == "]" {
			choices := strings.Split(inside, "/")
			choice, ok := fill(choices[r.IntN(len(choices))], tokens, r)
			if !ok {
				return "", false
			}
			b.WriteString(choice)
		} else {
			word, known := tokens[inside]
			if !known {
				if word, known = tokens[lowerFirst(inside)]; !known {
					return "", false
				}
				word = upperFirst(word)
			}
			b.WriteString(word)
		}
		frame = rest
	}
	return b.String(), true
}
