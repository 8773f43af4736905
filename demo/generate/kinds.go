package main

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed kinds/*.txt
var kindFiles embed.FS

// words is the same text in English and Chinese.
type words struct{ en, zh string }

// sentence is a frame for one sentence. It may hold facts in braces, which must all be known of a product
// before the sentence is said of it, and alternatives in brackets.
type sentence struct {
	words
	fit
}

// purpose is what a kind is good for, as a noun or gerund.
type purpose struct {
	words
	fit
}

// fit says which variants something may be said of: those whose English name has one of only and none of except.
type fit struct{ only, except []string }

// department is one file of kinds.
type department struct {
	name    words
	prefix  string   // of its SKUs
	codes   bool     // models are called A320 rather than Alder
	brands  []string // invented
	closers []sentence
	kinds   []kind
}

// kind is a sort of product with all that can be said about it.
type kind struct {
	name     words
	count    int
	low      float64 // price in dollars
	high     float64
	plural   bool   // "they are"
	of       string // "pair": a pair of them
	mass     bool   // no article
	titled   bool   // a book, whose variants are its titles
	measure  string // Chinese measure word
	title    words  // frame that follows brand and model; empty is the usual one
	facts    []fact
	variants []variant
	purposes []purpose
	features []sentence
	closers  []sentence
}

// variant is a subtype with a claim of its own and facts that differ from its kind's.
type variant struct {
	name      words
	low, high float64 // price in dollars; 0 is the kind's
	facts     []fact
	without   []string // facts of the kind that it has not
	claim     sentence
}

// readDepartments parses every file under kinds/, by name.
func readDepartments() ([]department, error) {
	files, err := kindFiles.ReadDir("kinds")
	if err != nil {
		return nil, fmt.Errorf("list the kinds: %w", err)
	}
	var all []department
	for _, f := range files {
		text, err := kindFiles.ReadFile("kinds/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		d, err := parseDepartment(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		all = append(all, d)
	}
	return all, nil
}

// parseDepartment reads the format that kinds/README.md describes.
func parseDepartment(text string) (department, error) {
	var d department
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		mark, rest, _ := strings.Cut(line, " ")
		if err := d.take(mark, strings.TrimSpace(rest)); err != nil {
			return d, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return d, nil
}

func (d *department) take(mark, rest string) error {
	fields := strings.Split(rest, "|")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	switch mark {
	case "@":
		if len(fields) != 3 {
			return fmt.Errorf("a department has a name, a Chinese name and a prefix")
		}
		d.name, d.prefix = words{fields[0], fields[1]}, fields[2]
		return nil
	case "brands":
		d.brands = strings.Fields(rest)
		return nil
	case "models":
		d.codes = rest == "codes"
		return nil
	case "close":
		s, err := newSentence(fields)
		d.closers = append(d.closers, s)
		return err
	case "#":
		k, err := newKind(fields)
		d.kinds = append(d.kinds, k)
		return err
	}
	if len(d.kinds) == 0 {
		return fmt.Errorf("%q before the first kind", mark)
	}
	return d.kinds[len(d.kinds)-1].take(mark, rest, fields)
}

func newKind(fields []string) (kind, error) {
	k := kind{measure: "款"}
	if len(fields) != 3 {
		return k, fmt.Errorf("a kind has a name, a Chinese name and settings")
	}
	k.name = words{fields[0], fields[1]}
	for _, o := range strings.Fields(fields[2]) {
		key, value, _ := strings.Cut(o, "=")
		var err error
		switch key {
		case "n":
			k.count, err = strconv.Atoi(value)
		case "price":
			k.low, k.high, err = span(value)
		case "pl":
			k.plural = true
		case "of": // "a pair of"
			k.plural, k.of = true, value
		case "mass":
			k.mass = true
		case "titled":
			k.titled = true
		case "mw":
			k.measure = value
		default:
			err = fmt.Errorf("unknown setting")
		}
		if err != nil {
			return k, fmt.Errorf("%s: %w", o, err)
		}
	}
	return k, nil
}

func (k *kind) take(mark, rest string, fields []string) error {
	only, except := "", ""
	if len(mark) > 1 {
		switch mark[1] {
		case '@':
			mark, only = mark[:1], mark[2:]
		case '!':
			mark, except = mark[:1], mark[2:]
		}
	}
	switch mark {
	case "title":
		if len(fields) != 2 {
			return fmt.Errorf("a title has two languages")
		}
		k.title = words{fields[0], fields[1]}
	case "=":
		facts, err := newFacts(rest)
		k.facts = append(k.facts, facts...)
		return err
	case "for":
		for _, p := range strings.Split(rest, ";") {
			en, zh, ok := strings.Cut(p, "=")
			if !ok {
				return fmt.Errorf("%q has no Chinese", p)
			}
			zh, only, _ := strings.Cut(zh, "@")
			zh, except, _ := strings.Cut(zh, "!")
			k.purposes = append(k.purposes, purpose{words{strings.TrimSpace(en), strings.TrimSpace(zh)},
				fit{limits(strings.TrimSpace(only)), limits(strings.TrimSpace(except))}})
		}
	case "*":
		if len(fields) != 5 {
			return fmt.Errorf("a variant has 5 fields, not %d", len(fields))
		}
		v := variant{name: words{fields[0], fields[1]}, claim: sentence{words: words{fields[3], fields[4]}}}
		var others []string
		for _, o := range strings.Split(fields[2], ";") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(o), "price "); ok {
				var err error
				if v.low, v.high, err = span(value); err != nil {
					return err
				}
				continue
			}
			if name, ok := strings.CutPrefix(strings.TrimSpace(o), "!"); ok {
				v.without = append(v.without, name)
				continue
			}
			others = append(others, o)
		}
		var err error
		v.facts, err = newFacts(strings.Join(others, ";"))
		k.variants = append(k.variants, v)
		return err
	case "-", ">":
		s, err := newSentence(fields)
		if err != nil {
			return err
		}
		s.fit = fit{limits(only), limits(except)}
		if mark == "-" {
			k.features = append(k.features, s)
		} else {
			k.closers = append(k.closers, s)
		}
	default:
		return fmt.Errorf("unknown mark %q", mark)
	}
	return nil
}

func limits(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(list, "_", " "), ",")
}

func newSentence(fields []string) (sentence, error) {
	if len(fields) != 2 || fields[0] == "" || fields[1] == "" {
		return sentence{}, fmt.Errorf("a sentence has two languages")
	}
	return sentence{words: words{fields[0], fields[1]}}, nil
}

// fits tells whether it may be said of the variant.
func (f fit) fits(v variant) bool {
	named := func(part string) bool { return strings.Contains(v.name.en, part) }
	return (len(f.only) == 0 || slices.ContainsFunc(f.only, named)) && !slices.ContainsFunc(f.except, named)
}

// span reads "45-160".
func span(text string) (low, high float64, err error) {
	a, b, ok := strings.Cut(text, "-")
	if !ok {
		b = a
	}
	if low, err = strconv.ParseFloat(strings.TrimSpace(a), 64); err != nil {
		return 0, 0, fmt.Errorf("%q is not a span of numbers", text)
	}
	if high, err = strconv.ParseFloat(strings.TrimSpace(b), 64); err != nil || high < low {
		return 0, 0, fmt.Errorf("%q is not a span of numbers", text)
	}
	return low, high, nil
}
