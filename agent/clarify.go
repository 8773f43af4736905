package agent

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// A clarifying question is asked where much was found and one answer would part it well: the property whose values
// are spread most evenly over what was found, and that the customer has not settled yet.

const (
	// worthAsking is how many products make a question worth the customer's time.
	worthAsking = 6
	// wellKnown is the share of them whose listing must name the property.
	wellKnown = 0.6
	// mostChoices is how many answers the question names.
	mostChoices = 3
)

// parted is a property by which products can be told apart.
type parted struct {
	occasion string
	settled  func(shop.Need) bool
	value    func(shop.Product) string
}

var partedBy = []parted{
	{"ask_brand", func(n shop.Need) bool { return n.Brand != "" }, func(p shop.Product) string { return p.Brand }},
	{"ask_color", func(n shop.Need) bool { return n.Color != "" }, func(p shop.Product) string {
		if c, ok := lexicon.Color(colorOf(p)); ok {
			return c
		}
		return ""
	}},
	{"ask_audience", func(n shop.Need) bool { return n.Audience != "" }, func(p shop.Product) string {
		if all := lexicon.AudiencesIn(p.Attributes["audience"]); len(all) == 1 {
			return all[0]
		}
		return ""
	}},
}

// clarify is the question that parts what was found best; "" where none parts it.
func (t *talk) clarify(need shop.Need, found []shop.Candidate) string {
	if len(found) < worthAsking {
		return ""
	}
	best, question := 0.0, ""
	for _, by := range partedBy {
		if by.settled(need) {
			continue
		}
		values, gain := spread(found, by.value)
		if len(values) < 2 || gain <= best {
			continue
		}
		if t.lang == shop.Chinese && by.occasion != "ask_brand" {
			values = inChinese(values)
		}
		if len(values) < 2 {
			continue
		}
		last := len(values) - 1
		best, question = gain, t.fill(by.occasion, strings.Join(values[:last], t.comma()), values[last])
	}
	return question
}

// spread are the most frequent values of a property, and how many bits an answer would give.
func spread(found []shop.Candidate, value func(shop.Product) string) (values []string, gain float64) {
	count := map[string]int{}
	known := 0
	for _, c := range found {
		if v := value(c.Product); v != "" {
			count[v]++
			known++
		}
	}
	share := float64(known) / float64(len(found))
	if share < wellKnown {
		return nil, 0
	}
	for v, n := range count {
		p := float64(n) / float64(known)
		gain -= share * p * math.Log2(p)
		if n > 1 {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
	return values[:min(len(values), mostChoices)], gain
}

// inChinese are colours and audiences as a Chinese customer reads them; those without a word are left out.
func inChinese(values []string) []string {
	var said []string
	for _, v := range values {
		if w := cmp.Or(audiencesChinese[v], colorsChinese[v]); w != "" {
			said = append(said, w)
		}
	}
	return said
}

// colorsChinese are the families of colours in Chinese.
var colorsChinese = map[string]string{"black": "黑色", "white": "白色", "red": "红色", "blue": "蓝色", "green": "绿色", "yellow": "黄色", "grey": "灰色", "gray": "灰色",
	"pink": "粉色", "purple": "紫色", "brown": "棕色", "silver": "银色", "gold": "金色", "beige": "米色", "orange": "橙色"}
