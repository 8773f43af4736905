package understanding

import (
	"regexp"
	"strings"
)

// currencyWords names each currency in the spellings that people use. Order matters: the longer first.
var currencyWords = []struct{ code, words string }{
	{"HKD", `hk\$|hkd|hong kong dollars?|港币|港元|港纸`},
	{"CAD", `ca\$|c\$|cad|canadian dollars?|加元|加币`},
	{"AUD", `au\$|a\$|aud|australian dollars?|aussie dollars?|澳元|澳币`},
	{"SGD", `s\$|sgd|singapore dollars?|新币|新加坡元`},
	{"JPY", `jp¥|jpy|yen|日元|日币|日圆`},
	{"CNY", `cny|rmb|cn¥|yuan|renminbi|kuai|人民币|块钱|元钱|块|元|¥|￥`},
	{"USD", `us\$|usd|\$|us dollars?|dollars?|dolars?|bucks?|美元|美金|美刀|刀`},
	{"EUR", `eur|€|euros?|欧元|欧`},
	{"GBP", `gbp|£|pounds?(?: sterling)?|quid|英镑|镑`},
	{"CHF", `chf|swiss francs?|francs?|瑞士法郎|法郎`},
	{"INR", `inr|₹|rupees?|rs|卢比`},
	{"KRW", `krw|₩|won|韩元|韩币`},
}

var currencyOf = func() func(string) string {
	type entry struct {
		code string
		p    *regexp.Regexp
	}
	var all []entry
	for _, c := range currencyWords {
		all = append(all, entry{c.code, pattern(`^(?:` + c.words + `)$`)})
	}
	return func(word string) string {
		word = strings.TrimSpace(word)
		for _, e := range all {
			if e.p.MatchString(word) {
				return e.code
			}
		}
		return ""
	}
}()

// currencies is the pattern of a currency before or after an amount, in one group. Its words are whole words on the side
// that the amount is not on: "rs" is none in "sneakers 9", nor "won" in "5 wonderful ones".
func currencies(before bool) string {
	var all []string
	for _, c := range currencyWords {
		for _, word := range strings.Split(c.words, "|") {
			first, last := word[0], word[len(word)-1]
			switch {
			case before && first >= 'a' && first <= 'z':
				word = `\b` + word
			case !before && (last >= 'a' && last <= 'z' || last == '?'):
				word += `\b`
			}
			all = append(all, word)
		}
	}
	return `(` + strings.Join(all, "|") + `)`
}

var (
	// money is one amount: currency before or after, digits or words. Groups: currency, digits, multiplier,
	// English words, Chinese characters, currency.
	money = `(?:` + currencies(true) + `\s*)?(?:` + number + `|` + spelledNumber + `|` + chineseNumber + `)(?:\s*` + currencies(false) + `)?`
	// notAPrice is what may follow a bare number that is no price.
	notAPrice = pattern(`^\s*-?(?:inch|in\b|"|''|cm|mm|m\b|gb|tb|mb|kg|g\b|lbs?\b|oz|l\b|liters?|litres?|ml|w\b|watts?|mah|hz|mp\b|ft|feet|foot|person|people|pieces?|pcs|packs?|stars?|years?|days?|hours?|minutes?|months?|weeks?|%|percent|x\d|寸|英寸|厘米|公分|米|升|毫升|瓦|克|公斤|斤|人|个|件|双|码|号|天|小时|年|岁|星|条|台|只|把|套)`)

	rangePattern = pattern(`(?:\b(?:between|from|around|about|price range(?: of)?|priced?)\s+|在|从|介于)?` + money + `\s*(?:and|to|-|–|~|until|till|到|至|和)\s*` + money + `\s*(?:之间|左右)?`)
	maxBefore    = pattern(`(?:\b(?:under|below|less than|lower than|no more than|not more than|not (?:go )?(?:over|above)|nothing over|at most|up to|max(?:imum)?(?: of| is)?|within|cheaper than|beneath|for less than|don't want to (?:spend|pay) (?:over|more than)|(?:my )?budget(?: is| of|:)?(?: about| around| like| up to| max)?|can spend(?: up to)?|(?:stretch|go|increase|raise|lower|drop|reduce|bump|cut|change|push)(?: it| that| the (?:budget|price|limit))?(?: up| down)? to|limit (?:is|of)|for under|spend(?:ing)?(?: up to| about| around)?|around|about|roughly|approximately|approx\.?|circa|near)\s+|<=?\s*|不超过|不要超过|别超过|不能超过|低于|少于|小于|最多|最高|不高于|不到|预算(?:是|在|大概|大约|只有|有|改成|改为|加到|提到|降到|控制在)?(?:大概|大约)?|降到|加到|提高到|控制在|大概|大约|差不多)` + money + `\s*(?:以内|以下|之内|左右|上下|max\b|maximum\b|or (?:less|under|below|cheaper)\b|tops\b)?`)
	maxAfter     = pattern(money + `\s*(?:or (?:less|under|below|cheaper)\b|max\b|maximum\b|tops\b|at (?:the )?most\b|budget\b|and under\b|ish\b|以内|之内|以下|内|左右|上下|预算|封顶)`)
	minBefore    = pattern(`(?:\b(?:over|above|more than|at least|no less than|not (?:less|cheaper) than|starting (?:at|from)|min(?:imum)?(?: of)?|upwards of|from|higher than)\s+|>=?\s*|高于|超过|大于|至少|不低于|不少于|最少|最低)` + money + `\s*(?:以上|or more\b|up\b)?`)
	minAfter     = pattern(money + `\s*(?:or (?:more|above|over|up)\b|and (?:up|above|over)\b|\+|plus\b|以上|起步|起)`)
	bareMoney    = pattern(`(?:\b(?:for|at|cost(?:s|ing)?)\s+)?` + money)
)

// rangeEnds follows a range that stands by itself, as in "wooden chairs, 50 to 200".
var rangeEnds = pattern(`^\s*(?:$|[.!?,])`)

// moneyGroups is how many groups one money pattern has.
const moneyGroups = 6

// readMoney reads one amount from its groups.
func readMoney(g []string) (value float64, currency string, ok bool) {
	switch {
	case g[1] != "":
		value, ok = amount(g[1], g[2])
	case g[3] != "":
		value, ok = spelled(g[3])
	case g[4] != "":
		value, ok = chineseAmount(g[4])
	}
	currency = currencyOf(g[0])
	if currency == "" {
		currency = currencyOf(g[5])
	}
	return value, currency, ok
}

// prices reads limits of price: ranges first, then upper and lower ones. A number without a currency counts only
// after words that speak of a limit.
func (r *reading) prices() {
	limit := func(p *regexp.Regexp, set func(float64)) {
		at := p.FindStringSubmatchIndex(r.lower)
		if at == nil {
			return
		}
		g := groups(r.lower, at)
		value, currency, ok := readMoney(g[1 : 1+moneyGroups])
		if !ok || (currency == "" && (notAPrice.MatchString(r.lower[at[1]:]) || g[2] == "" && g[4] == "" && g[5] == "")) {
			return
		}
		if currency == "" && g[2] == "" && value < 10 { // "at least five": no price
			return
		}
		r.cut(at[0], at[1], asPrice)
		set(value)
		if currency != "" {
			r.slots.Currency = currency
		}
	}
	setMax := func(v float64) { r.slots.PriceMax = &v }
	setMin := func(v float64) { r.slots.PriceMin = &v }
	if at := rangePattern.FindStringSubmatchIndex(r.lower); at != nil {
		g := groups(r.lower, at)
		low, c1, ok1 := readMoney(g[1 : 1+moneyGroups])
		high, c2, ok2 := readMoney(g[1+moneyGroups : 1+2*moneyGroups])
		alone := low >= 5 && high >= 20 && strings.HasSuffix(strings.TrimSpace(r.lower[:at[0]]), ",") && rangeEnds.MatchString(r.lower[at[1]:])
		cued := alone || c1 != "" || c2 != "" || strings.HasPrefix(g[0], "between") || strings.HasSuffix(g[0], "之间") || strings.Contains(g[0], "price")
		if ok1 && ok2 && low < high && cued && (c1+c2 != "" || !notAPrice.MatchString(r.lower[at[1]:])) {
			if low < 10 && strings.HasSuffix(g[0], "k") { // "1-2k"
				low *= 1000
			}
			r.cut(at[0], at[1], asPrice)
			setMin(low)
			setMax(high)
			if r.slots.Currency = c2; c2 == "" {
				r.slots.Currency = c1
			}
			return
		}
	}
	limit(maxAfter, setMax)
	if r.slots.PriceMax == nil {
		limit(maxBefore, setMax)
	}
	limit(minAfter, setMin)
	if r.slots.PriceMin == nil {
		limit(minBefore, setMin)
	}
	if r.slots.PriceMax == nil && r.slots.PriceMin == nil {
		// "a spaceship for 3 dollars": an amount with a currency and no other word is the most to be paid.
		at := bareMoney.FindStringSubmatchIndex(r.lower)
		if at == nil {
			return
		}
		g := groups(r.lower, at)
		if value, currency, ok := readMoney(g[1 : 1+moneyGroups]); ok && currency != "" {
			r.cut(at[0], at[1], asPrice)
			setMax(value)
			r.slots.Currency = currency
		}
	}
}
