package sponsored

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"floorwalker/shop"
)

// Campaign is what an advertiser pays for.
type Campaign struct {
	ID string `json:"id"`
	// SKUs are the products that are placed.
	SKUs []string `json:"skus"`
	// Words, where there are some, of which one must stand in what the customer looks for; Categories, one of which the
	// product must be in; Langs, one of which the customer must speak.
	Words      []string `json:"words,omitempty"`
	Categories []string `json:"categories,omitempty"`
	Langs      []string `json:"langs,omitempty"`
	// Bid is the most that a click may cost, Budget the most that all may; both in one currency, which is that of all
	// campaigns.
	Bid    shop.Money `json:"bid"`
	Budget shop.Money `json:"budget"`
	// Starts and Ends bound when it runs; the budget is spent evenly between them.
	Starts time.Time `json:"starts"`
	Ends   time.Time `json:"ends"`
	// Cap is how often a day one customer is shown the campaign at most.
	Cap    int  `json:"cap"`
	Paused bool `json:"paused,omitempty"`
	// Spent is what clicks have cost so far.
	Spent shop.Money `json:"spent"`
}

var campaignID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// check says what is wrong with a campaign.
func (c Campaign) check() error {
	const mostTexts, longest = 1000, 128
	for _, list := range [][]string{c.SKUs, c.Words, c.Categories, c.Langs} {
		if len(list) > mostTexts {
			return shop.Errorf(shop.CodeBadRequest, "A campaign has at most %d products, words, categories and languages each.", mostTexts)
		}
		for _, text := range list {
			if text == "" || len(text) > longest || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return shop.Errorf(shop.CodeBadRequest, "%q is empty or too long.", text)
			}
		}
	}
	switch {
	case !campaignID.MatchString(c.ID):
		return shop.Errorf(shop.CodeBadRequest, "A campaign's id holds 1 to 64 lower-case letters, digits and -.")
	case len(c.SKUs) == 0:
		return shop.Errorf(shop.CodeBadRequest, "Name the products to place.")
	case c.Bid.Minor <= 0 || c.Budget.Minor < c.Bid.Minor:
		return shop.Errorf(shop.CodeBadRequest, "A bid is above nothing, and the budget pays for one click at least.")
	case c.Bid.Currency == "" || c.Bid.Currency != c.Budget.Currency:
		return shop.Errorf(shop.CodeBadRequest, "Bid and budget are in one currency.")
	case !c.Ends.After(c.Starts):
		return shop.Errorf(shop.CodeBadRequest, "A campaign ends after it starts.")
	case c.Cap < 1:
		return shop.Errorf(shop.CodeBadRequest, "A customer may be shown the campaign once a day at least.")
	}
	return nil
}

// slack is for how much of the running time a campaign may spend ahead of an even pace.
const slack = time.Hour

// onPace reports whether the campaign has spent no more than an even pace allows by now.
func (c Campaign) onPace(now time.Time) bool {
	whole := c.Ends.Sub(c.Starts)
	gone := min(now.Sub(c.Starts)+slack, whole)
	return float64(c.Spent.Minor) <= float64(c.Budget.Minor)*gone.Seconds()/whole.Seconds()
}

// targets reports whether the campaign is meant for the product on this shelf.
func (c Campaign) targets(p shop.Product, s shop.Shelf) bool {
	return some(c.SKUs, func(x string) bool { return x == p.SKU }) &&
		(len(c.Words) == 0 || some(c.Words, func(x string) bool { return containsWord(s.Text, x) })) &&
		(len(c.Categories) == 0 || some(c.Categories, func(x string) bool { return strings.EqualFold(x, p.Category) })) &&
		(len(c.Langs) == 0 || some(c.Langs, func(x string) bool { return x == string(s.Lang) }))
}

func some(list []string, fits func(string) bool) bool {
	for _, x := range list {
		if fits(x) {
			return true
		}
	}
	return false
}

// containsWord looks for a word or phrase between word boundaries; Chinese, which has none, anywhere.
func containsWord(text, phrase string) bool {
	text, phrase = strings.ToLower(text), strings.ToLower(phrase)
	if utf8.RuneCountInString(phrase) != len(phrase) {
		return strings.Contains(text, phrase)
	}
	fields := func(s string) string {
		return " " + strings.Join(strings.FieldsFunc(s, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127)
		}), " ") + " "
	}
	return strings.Contains(fields(text), fields(phrase))
}
