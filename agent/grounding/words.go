package grounding

import (
	_ "embed"
	"strings"
	"unicode"
)

//go:embed plain.txt
var plainWords string

// plain are words without a claim in them: what a draft can be put in other words with.
var plain = set(plainWords)

// starters are harmless first words of an answer, in lower case.
var starters = set(`absolutely certainly done glad gladly good goodbye great happy have hello here here's hi how i'd i'll
	i'm i've let's okay perfect please sorry sure take thank thanks that's there there's try unfortunately we we'd we'll
	we're we've welcome what which yes you you'd you'll you're`)

// leading are small words that lead up to what follows and make no sense without it.
var leading = set(`a about an and around as at but by cost costs for from in just of on only or over priced than that
	the to under up with`)

// claims are words that only the shop may say: figures in words, money, promises.
var claims = set(`bargain bargains billion bonus bucks budget-friendly cent cents certified cheap cheaper cheapest clearance
	cashback coupon coupons deal deals discount discounted discounts dollar dollars double eight eighteen eighty eleven
	euro euros fifteen fifty five forty four free freebie giveaway guarantee guaranteed guarantees half hundred
	hundreds in-stock lowest million nine nineteen ninety off offer offers percent percentage pound pounds price-match
	promise promised promises promo promotion promotional quarter rebate refund refundable refunded refunds sale sales
	savings seven seventeen seventy six sixteen sixty sold stock ten third thirteen thirty thousand thousands three
	triple twelve twenty two unlimited voucher vouchers warranty yen yuan
	award award-winning bestseller best-selling bestselling official recalled safest strongest
	http https www html
	password prompt instructions jailbreak system admin`)

// denials turn a sentence round; a model that invents freely may use only the draft's.
var denials = set(`can't cannot couldn't didn't don't doesn't hasn't haven't hardly isn't aren't wasn't weren't neither never no
	nobody none nor not nothing out sorry unable unavailable unfortunately unlikely without won't wouldn't`)

// comparisons rank a product among others; a model that invents freely may use only the draft's.
var comparisons = set(`best better cheaper closest fewer first greatest higher highest last least less lower more most nearest newest perfect
	perfectly second top worst`)

// function are words without a meaning of their own.
var function = set(`a about all also an and any are as at be been but by can could do does for from had has have here here's how i i'd i'll
	i'm i've if in is it it's just like me my now of on one ones or our out please so some than that that's the their them then there
	there's these they this those to too up us was we we'd we'll we're we've were what when where which will with would you you'd you'll
	you're you've your`)

// claimsChinese are terms that only the shop may say.
var claimsChinese = strings.Fields(`折 折扣 优惠 免费 包邮 退款 全额退 保证 保修 元 块钱 赠送 赠品 百分 半价 促销 特价 现货 有货
	缺货 售罄 清仓 返现 红包 最低价 最便宜 官方 认证 获奖 系统提示 提示词 密码 管理员`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// wordSet are the words and figures of a text as a Checker reads them, in lower case, placeholders left out.
func wordSet(text string) map[string]bool {
	m := map[string]bool{}
	var token []rune
	runes := append([]rune(strings.ToLower(text)), ' ', ' ')
	inBracket := false
	for i := 0; i < len(runes)-1; i++ {
		r := runes[i]
		if r == '[' {
			inBracket = true
		}
		switch {
		case !inBracket && isTokenRune(r) && !unicode.Is(unicode.Han, r):
			token = append(token, r)
		case len(token) > 0 && strings.ContainsRune(innerMarks, r) && partOfToken(token, r, runes[i+1]):
			token = append(token, r)
		case len(token) > 0:
			m[straight(string(token))] = true
			token = nil
		}
		if r == ']' {
			inBracket = false
		}
	}
	return m
}

// straight writes typographic apostrophes as plain ones.
func straight(word string) string { return strings.ReplaceAll(word, "’", "'") }

// mayWord reports whether the model may say a word or figure.
func (c *Checker) mayWord(token string) bool {
	word := straight(strings.ToLower(token))
	if c.draft[word] {
		return true
	}
	if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' && !unicode.Is(unicode.Mn, r) }) {
		return harmlessDots[word] // any other figure, sum, address or path is the draft's or nobody's
	}
	if claims[word] || claims[strings.TrimSuffix(word, "'s")] {
		return false
	}
	for _, part := range strings.Split(word, "-") {
		if claims[part] {
			return false
		}
	}
	switch {
	case c.sheet.Closed && (denials[word] || comparisons[word]):
		return false
	case plain[word] || starters[word] || leading[word] || c.heard[word]:
		return true
	case c.sheet.Closed:
		return c.inflected(word)
	}
	// A capital that the sentence does not explain is a name.
	return isLatin(word) && token == strings.ToLower(token)
}

var harmlessDots = map[string]bool{"e.g": true, "i.e": true, "and/or": true}

// inflected reports whether the word is a form of a plain one or of one of the draft's.
func (c *Checker) inflected(word string) bool {
	for _, ending := range endings {
		if stem, ok := strings.CutSuffix(word, ending); ok && len(stem) >= shortestStem && plain[stem] {
			return true
		}
	}
	return c.formOfDraft(word)
}

var endings = []string{"s", "es", "ing", "ed", "d", "'s"}

const shortestStem = 3

// formOfDraft reports whether the word is a form of one of the draft's: "match" for "matches".
func (c *Checker) formOfDraft(word string) bool {
	for _, ending := range endings {
		if stem, ok := strings.CutSuffix(word, ending); ok && len(stem) >= shortestStem && c.draft[stem] {
			return true
		}
		if len(word) >= shortestStem && c.draft[word+ending] {
			return true
		}
	}
	return false
}

func isLatin(word string) bool {
	for _, r := range word {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}
