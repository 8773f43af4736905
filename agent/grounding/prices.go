package grounding

import (
	"regexp"
	"strconv"
	"strings"

	"floorwalker/shop"
)

const amount = `(\d{1,3}(?:[, ]\d{3})+(?:\.\d{1,3})?|\d+(?:[.,]\d{1,3})?)`

var (
	signs = map[string]string{"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "JP¥": "JPY", "₩": "KRW", "₹": "INR",
		"dollar": "USD", "dollars": "USD", "bucks": "USD", "usd": "USD", "euro": "EUR", "euros": "EUR", "eur": "EUR", "pounds": "GBP", "pound": "GBP", "gbp": "GBP",
		"yuan": "CNY", "rmb": "CNY", "cny": "CNY", "元": "CNY", "块": "CNY", "人民币": "CNY", "美元": "USD", "美金": "USD", "欧元": "EUR", "英镑": "GBP", "日元": "JPY", "yen": "JPY", "jpy": "JPY", "chf": "CHF"}
	signBefore = regexp.MustCompile(`(?i)(JP¥|US\$|[$€£¥￥₩₹]|\b(?:USD|EUR|GBP|CNY|JPY|CHF)) ?` + amount)
	signAfter  = regexp.MustCompile(`(?i)` + amount + ` ?(dollars?|bucks|euros?|pounds?|yuan|yen|rmb|(?:USD|EUR|GBP|CNY|JPY|CHF)\b|美元|美金|欧元|英镑|日元|人民币|元|块|€)`)
	shares     = regexp.MustCompile(`\d+(?:[.,]\d+)? ?(?:%|percent\b|per cent\b|折)`)
	links      = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s<>"）)]+|\b[\w.+-]+@[\w-]+\.\w{2,}\b`)
)

// Prices are the amounts of money that a text names.
func Prices(text string) []shop.Money {
	var found []shop.Money
	add := func(figure, sign string) {
		currency, ok := signs[sign]
		if !ok {
			if currency, ok = signs[strings.ToLower(sign)]; !ok {
				currency = strings.ToUpper(sign)
			}
		}
		if value, err := strconv.ParseFloat(plainFigure(figure), 64); err == nil {
			found = append(found, shop.FromMajor(value, currency))
		}
	}
	for _, m := range signBefore.FindAllStringSubmatch(text, -1) {
		add(m[2], m[1])
	}
	rest := signBefore.ReplaceAllString(text, " ")
	for _, m := range signAfter.FindAllStringSubmatch(rest, -1) {
		add(m[1], m[2])
	}
	return found
}

// plainFigure is a figure with a point and without marks between thousands.
func plainFigure(figure string) string {
	figure = strings.ReplaceAll(figure, " ", "")
	if at := strings.LastIndexByte(figure, ','); at >= 0 && len(figure)-at-1 != 3 && !strings.Contains(figure, ".") {
		figure = figure[:at] + "." + figure[at+1:]
	}
	return strings.ReplaceAll(figure, ",", "")
}

// Invented lists the prices, shares and links of an answer that none of the facts carries, as they stand there.
func Invented(answer string, facts []string) []string {
	known := map[shop.Money]bool{}
	carried := strings.Join(facts, "\n")
	for _, p := range Prices(carried) {
		known[p] = true
	}
	var invented []string
	for _, p := range Prices(answer) {
		if !known[p] {
			invented = append(invented, p.String())
		}
	}
	for _, pattern := range []*regexp.Regexp{shares, links} {
		for _, piece := range pattern.FindAllString(answer, -1) {
			if !strings.Contains(carried, piece) {
				invented = append(invented, piece)
			}
		}
	}
	return invented
}
