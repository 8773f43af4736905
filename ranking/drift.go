package ranking

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// Asked is one list as far as drift is seen by it: the query, and the features of the products that were shown.
type Asked struct {
	Query    string
	Features [][]float64
}

// Drift says how far a distribution has moved.
type Drift struct {
	// Of names what is distributed: query_words, query_terms, query_chinese, first_relevance, or a feature.
	Of string `json:"of"`
	// PSI is the population stability index: the sum over bins of (q - p) ln(q / p).
	PSI float64 `json:"psi"`
	// Chance is what PSI stays under in 999 of 1,000 samples of these sizes where nothing has moved.
	Chance float64 `json:"chance"`
	// Reference and Recent are how many values were compared.
	Reference int `json:"reference"`
	Recent    int `json:"recent"`
	// Moved: PSI is beyond both Chance and MuchMoved.
	Moved bool `json:"moved"`
}

// MuchMoved is the PSI from which a model is held to be asked something else than it was made for, by the custom of credit
// scoring (Siddiqi, Credit Risk Scorecards, 2006).
const MuchMoved = 0.25

const (
	// driftBins is in how many parts of like size the reference is cut.
	driftBins = 10
	// driftTerms is how many of the reference's most frequent words are told apart; all others are one.
	driftTerms = 30
)

// Drifts compares what is asked and scored of late with what was before.
func Drifts(reference, recent []Asked) []Drift {
	drifts := []Drift{termDrift(reference, recent),
		numberDrift("query_words", reference, recent, func(a Asked) []float64 { return []float64{float64(len(queryTerms(a.Query).words))} }),
		numberDrift("query_chinese", reference, recent, func(a Asked) []float64 {
			if lexicon.DetectLang(a.Query) == shop.Chinese {
				return []float64{1}
			}
			return []float64{0}
		}),
		numberDrift("first_relevance", reference, recent, func(a Asked) []float64 { return a.of(relevanceFeature, 1) })}
	for i, name := range FeatureNames {
		drifts = append(drifts, numberDrift(name, reference, recent, func(a Asked) []float64 { return a.of(i, len(a.Features)) }))
	}
	return slices.DeleteFunc(drifts, func(d Drift) bool { return d.Reference == 0 || d.Recent == 0 })
}

// of are the known values of a feature of the first n products.
func (a Asked) of(feature, n int) (values []float64) {
	for _, row := range a.Features[:min(n, len(a.Features))] {
		if feature < len(row) && !math.IsNaN(row[feature]) {
			values = append(values, row[feature])
		}
	}
	return values
}

// numberDrift bins by the reference's quantiles; where many values are equal, there are fewer bins.
func numberDrift(of string, reference, recent []Asked, values func(Asked) []float64) Drift {
	var before, after []float64
	for _, a := range reference {
		before = append(before, values(a)...)
	}
	for _, a := range recent {
		after = append(after, values(a)...)
	}
	if len(before) == 0 || len(after) == 0 {
		return Drift{Of: of}
	}
	slices.Sort(before)
	var edges []float64 // a value's bin is how many edges lie at or under it
	for i := 1; i < driftBins; i++ {
		edges = append(edges, before[i*len(before)/driftBins])
	}
	edges = append(edges, math.Nextafter(before[len(before)-1], math.Inf(1))) // what is higher than anything before
	edges = slices.Compact(slices.DeleteFunc(edges, func(e float64) bool { return e == before[0] }))
	edges = append([]float64{before[0]}, edges...) // what is lower than anything before
	bin := func(v float64) int {
		at, there := slices.BinarySearch(edges, v)
		if there {
			at++
		}
		return at
	}
	p, q := make([]float64, len(edges)+1), make([]float64, len(edges)+1)
	for _, v := range before {
		p[bin(v)]++
	}
	for _, v := range after {
		q[bin(v)]++
	}
	return driftOf(of, p, q)
}

// termDrift compares which words are asked for.
func termDrift(reference, recent []Asked) Drift {
	count := func(list []Asked) map[string]float64 {
		words := map[string]float64{}
		for _, a := range list {
			for _, w := range queryTerms(strings.ToLower(a.Query)).words {
				words[w]++
			}
		}
		return words
	}
	before, after := count(reference), count(recent)
	frequent := make([]string, 0, len(before))
	for w := range before {
		frequent = append(frequent, w)
	}
	slices.SortFunc(frequent, func(a, b string) int { return cmp.Or(cmp.Compare(before[b], before[a]), cmp.Compare(a, b)) })
	frequent = frequent[:min(len(frequent), driftTerms)]
	tally := func(words map[string]float64) []float64 {
		bins := make([]float64, len(frequent)+1)
		for w, n := range words {
			at := slices.Index(frequent, w)
			if at < 0 {
				at = len(frequent)
			}
			bins[at] += n
		}
		return bins
	}
	return driftOf("query_terms", tally(before), tally(after))
}

// driftOf compares two counts over the same bins. Half a value is added to each, so that an empty bin has a logarithm.
func driftOf(of string, p, q []float64) Drift {
	d := Drift{Of: of}
	var n, m float64
	used := 0
	for i := range p {
		n, m = n+p[i], m+q[i]
		if p[i]+q[i] > 0 {
			used++
		}
	}
	d.Reference, d.Recent = int(n), int(m)
	if n == 0 || m == 0 {
		return d
	}
	for i := range p {
		if p[i]+q[i] == 0 {
			continue
		}
		a, b := (p[i]+0.5)/(n+0.5*float64(used)), (q[i]+0.5)/(m+0.5*float64(used))
		d.PSI += (b - a) * math.Log(b/a)
	}
	d.Chance = (1/n + 1/m) * chiSquare999(float64(max(used-1, 1)))
	d.Moved = d.PSI > max(MuchMoved, d.Chance)
	return d
}

// chiSquare999 is about the 99.9 % point of chi-square, by which PSI is distributed, times 1/n + 1/m, where nothing has
// moved (Yurdakul, Statistical Properties of Population Stability Index, 2018); after Wilson and Hilferty, 1931.
func chiSquare999(freedom float64) float64 {
	const z = 3.0902
	return freedom * math.Pow(1-2/(9*freedom)+z*math.Sqrt(2/(9*freedom)), 3)
}
