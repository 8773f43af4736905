package main

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// product is one line of the catalogue, in the import format.
type product struct {
	SKU          string            `json:"sku"`
	Title        string            `json:"title"`
	Brand        string            `json:"brand"`
	Category     string            `json:"category"`
	Description  string            `json:"description"`
	PriceMinor   int64             `json:"price_minor"`
	Currency     string            `json:"currency"`
	Stock        int               `json:"stock"`
	ImageURL     string            `json:"image_url"`
	Rating       float64           `json:"rating,omitempty"`
	Attributes   map[string]string `json:"attributes"`
	Titles       map[string]string `json:"titles"`
	Descriptions map[string]string `json:"descriptions"`
	ReleasedAt   string            `json:"released_at"`
}

// What a description may have: words of English, and the share of its shingles that any other one has too.
const (
	fewestWords = 25
	mostWords   = 80
	mostShared  = 0.45
	tries       = 600
)

// compose makes every product of every kind. SKUs are DEP-KKNN: department, kind and number within it.
func compose(departments []department) ([]product, error) {
	var all []product
	seen := newOverlaps()
	titles := map[string]bool{}
	models := map[string]bool{}
	for _, d := range departments {
		for ki, k := range d.kinds {
			r := rand.New(rand.NewPCG(2026, hash(d.prefix+k.name.en)))
			for n := range k.count {
				p, err := composeOne(r, d, k, n, titles, models, seen)
				if err != nil {
					return nil, fmt.Errorf("%s, %s %d: %w", d.name.en, k.name.en, n+1, err)
				}
				p.SKU = fmt.Sprintf("%s-%02d%02d", d.prefix, ki+1, n+1)
				p.ImageURL = "/images/" + p.SKU + ".svg"
				all = append(all, p)
			}
		}
	}
	return all, nil
}

func hash(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text)) //nolint:errcheck // a hash never fails
	return h.Sum64()
}

// composeOne draws products until one has a title and a description of its own.
func composeOne(r *rand.Rand, d department, k kind, n int, titles, models map[string]bool, seen *overlaps) (product, error) {
	v := k.variants[n%len(k.variants)]
	closest := 1.0
	var last string
	for range tries {
		s := newStory(r, d, k, v)
		title, titleZh := s.title(k)
		if titles[title] || titles[titleZh] || models[s.en["model"]] && s.en["model"] != "" {
			continue
		}
		en, zh, ok := s.tell(r, d, k, v)
		last = en
		if count := len(strings.Fields(en)); !ok || count < fewestWords || count > mostWords {
			continue
		}
		share := max(seen.english.share(en), seen.chinese.share(zh))
		closest = min(closest, share)
		if share > mostShared {
			continue
		}
		seen.english.add(en)
		seen.chinese.add(zh)
		titles[title], titles[titleZh], models[s.en["model"]] = true, true, true
		return product{
			Title: title, Brand: s.en["brand"], Category: d.name.en, Description: en,
			PriceMinor: s.price(r, k, v), Currency: "USD", Stock: stock(r), Rating: rating(r), Attributes: s.attributes(k),
			Titles: map[string]string{"zh": titleZh}, Descriptions: map[string]string{"zh": zh}, ReleasedAt: released(r),
		}, nil
	}
	return product{}, fmt.Errorf("no description of its own in %d tries (closest %.2f), as in %q", tries, closest, last)
}

// price is low to high by what its facts are worth, ending as prices do.
func (s story) price(r *rand.Rand, k kind, v variant) int64 {
	low, high := k.low, k.high
	if v.high > 0 {
		low, high = v.low, v.high
	}
	place, weighed := 0.0, 0.0
	for _, name := range s.order {
		switch f := s.values[name]; f.worth {
		case 1:
			place, weighed = place+f.place, weighed+1
		case -1:
			place, weighed = place+1-f.place, weighed+1
		}
	}
	chance := math.Pow(r.Float64(), 1.3)
	if weighed > 0 {
		place = 0.75*place/weighed + 0.25*chance
	} else {
		place = chance
	}
	dollars := math.Floor(low + (high-low)*place)
	endings := []int64{99, 95, 90, 49, 0}
	switch {
	case dollars >= 200:
		endings = []int64{0, 0, 0, 99}
		if dollars > low+5 {
			dollars = math.Floor(dollars/10)*10 + 9
		}
	case dollars >= 40:
		endings = []int64{0, 95, 99, 90}
	}
	return int64(dollars)*100 + endings[r.IntN(len(endings))]
}

// stock is sold out now and then, and low more often.
func stock(r *rand.Rand) int {
	switch chance := r.IntN(100); {
	case chance < 6:
		return 0
	case chance < 17:
		return 1 + r.IntN(4)
	}
	return 5 + r.IntN(180)
}

// rating is around 4.3 of 5; 0, not rated, for one in fifteen.
func rating(r *rand.Rand) float64 {
	if r.IntN(15) == 0 {
		return 0
	}
	return math.Round(10*min(4.9, max(3.1, 4.3+0.35*r.NormFloat64()))) / 10
}

var firstRelease = time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC)

func released(r *rand.Rand) string {
	return firstRelease.AddDate(0, 0, r.IntN(1200)).Format(time.DateOnly)
}
