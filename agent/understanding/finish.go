package understanding

import (
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// finish gives the slots that belong to the intent.
func (s *scene) finish(intent shop.Intent, topic string) shop.Slots {
	x := s.r.slots
	switch intent {
	case shop.IntentSearch, shop.IntentRecommend, shop.IntentRefine:
		s.need(&x, intent)
	case shop.IntentAddToCart, shop.IntentRemoveFromCart, shop.IntentCompare, shop.IntentProductQuestion:
		s.point(intent)
		x = shop.Slots{Reference: s.r.slots.Reference}
		if intent == shop.IntentAddToCart && len(x.Reference) < 2 || intent == shop.IntentRemoveFromCart {
			x.Quantity = s.quantity()
		}
		if len(x.Reference) == 0 && (intent != shop.IntentProductQuestion && intent != shop.IntentCompare || len(s.r.shown) == 0) {
			x.Product, x.Brand, x.Color = s.product(), s.brand(), s.first(tagColor)
		}
	case shop.IntentReturnRefund, shop.IntentComplaint, shop.IntentOrderStatus:
		x = shop.Slots{Product: s.product(), OrderID: x.OrderID}
	case shop.IntentFAQ:
		x = shop.Slots{Topic: topic}
	default:
		x = shop.Slots{}
	}
	return x
}

// need fills in what limits a search.
func (s *scene) need(x *shop.Slots, intent shop.Intent) {
	x.Product, x.Brand, x.Color, x.Material = s.product(), s.brand(), s.first(tagColor), s.first(tagMaterial)
	if x.Product == "" && intent == shop.IntentSearch {
		x.Product = s.untaggedKind()
	}
	if owner := s.belongsTo(); owner != "" {
		x.Product = owner
	}
	x.Audience = s.audience()
	x.OrderID = ""
	for _, e := range s.spans(tagExclude) {
		if !s.r.has(denies) {
			break // "in white or black" rules nothing out
		}
		said := strings.TrimSuffix(s.said(e), "的")
		if said != "" && !slices.Contains(x.Exclude, said) {
			x.Exclude = append(x.Exclude, said)
		}
	}
	for _, said := range s.ruledOut() {
		if !slices.ContainsFunc(x.Exclude, func(known string) bool { return strings.Contains(strings.ToLower(known), strings.ToLower(said)) }) {
			x.Exclude = append(x.Exclude, said)
		}
	}
	if intent != shop.IntentRefine || !s.r.has(likeThat) {
		x.Reference = nil
	}
	if intent == shop.IntentSearch {
		x.Quantity = s.quantityBefore()
	}
	if intent == shop.IntentRecommend && gifts[strings.ToLower(x.Product)] {
		x.Product = ""
	}
	if x.Sort != "" && x.Product == "" && intent == shop.IntentRecommend {
		x.Sort = ""
	}
}

// denies is any word that can rule something out.
var denies = pattern(`\b(?:not|no|non|none|nothing|never|without|except|excluding|exclude|but|other than|apart from|besides|instead|rather|hate|dislike|avoid|skip|minus|leave out|drop|remove|sick of|tired of|anything else)\b|n't\b|不|别|除|没|非|无|勿|讨厌`)

// ruledOutCue ends a clause with one word that is not wanted: "and not curved".
var ruledOutCue = pattern(`(?:^|[\s,])(?:not|no|nothing with|nothing in|without|anything but|but no|but not|except(?: for)?|other than)\s+(?:an? |the |any |too |in )?([\p{L}-]{3,})(?: ones?| please| pls| thanks)?\s*(?:$|[,.!?;])`)

// ruledOut are words that are not wanted and that the tagger passed over.
func (s *scene) ruledOut() (words []string) {
	for _, g := range ruledOutCue.FindAllStringSubmatchIndex(s.r.full, -1) {
		at := slices.IndexFunc(s.tokens, func(t token) bool { return t.from == g[2] && t.to == g[3] })
		if at < 0 || s.tokens[at].as != 0 || s.tokens[at].is&isCommon != 0 || s.tags[at] != tagNone && s.tags[at] != tagExclude || noAversion[s.tokens[at].text] {
			continue
		}
		words = append(words, s.said(span{at, at + 1}))
	}
	return words
}

// noAversion are words after "not" or "no" that rule nothing out.
var noAversion = listed(`expensive cheap pricey sure bad idea problem worries thanks thank matter hurry rush yet really interested available important necessary
	sold working fair good great nice right wrong true possible limit budget preference`)

// belongsTo is "case for an iphone 15" where the tagger took what the thing belongs to for what is wanted; "" where it did
// not.
func (s *scene) belongsTo() string {
	if !s.beginsWithKind() {
		return ""
	}
	thing := slices.IndexFunc(s.tokens, func(t token) bool { return t.is&isHead != 0 && t.is&isCommon == 0 })
	if s.tags[thing] == tagProduct || thing+2 >= len(s.tokens) || s.tokens[thing+1].text != "for" {
		return ""
	}
	owner := thing + 2
	for owner < len(s.tokens) && s.tokens[owner].is&isCommon != 0 {
		owner++
	}
	end := owner
	for end < len(s.tokens) && (s.tags[end] == tagProduct || s.tokens[end].as == 0 && s.tokens[end].is&(isNoun|isHead) != 0 && s.tags[end] == tagNone) {
		end++
	}
	if end == owner {
		return ""
	}
	return s.said(s.model(span{thing, end}))
}

// untaggedKind is the first name of a kind of product that the tagger took for something else; "" where there is none.
func (s *scene) untaggedKind() string {
	names := func(i int) bool {
		t := s.tokens[i]
		return t.as == 0 && s.tags[i] == tagNone && t.is&isNoun != 0 && t.is&(isCommon|isBrand|isColor|isMaterial|isAudience|isShown) == 0
	}
	for i := range s.tokens {
		if !names(i) {
			continue
		}
		j := i + 1
		for j < len(s.tokens) && names(j) {
			j++
		}
		if s.tokens[j-1].is&isHead != 0 {
			return s.said(span{i, j})
		}
	}
	return ""
}

// likeThat says that what is pointed at is an example of what is wanted.
var likeThat = pattern(`\b(?:like|similar|same as|resembl\w+)\b|类似|差不多|一样的|像`)

// gifts are words for a present, which name no kind of product.
var gifts = listed(`gift gifts present presents 礼物 礼品 生日礼物 小礼物`)

// brand is the brand that was named, as the public or the catalogue spells a misspelled one.
func (s *scene) brand() string {
	all := s.spans(tagBrand)
	if len(all) == 0 {
		return ""
	}
	said := s.said(all[0])
	lower := strings.ToLower(said)
	for _, suffix := range []string{"'s", "牌", "的"} {
		if rest := strings.TrimSuffix(lower, suffix); rest != lower && rest != "" {
			said, lower = said[:len(rest)], rest
		}
	}
	if s.w.isBrand(lower) {
		return said
	}
	if near := s.w.nearBrand(lower); near != "" {
		return near
	}
	return said
}

// audience is whom the product is for.
func (s *scene) audience() string {
	for _, x := range s.spans(tagAudience) {
		for size := x.to - x.from; size > 0; size-- {
			for i := x.from; i+size <= x.to; i++ {
				if phrase, ok := join(s.tokens[i : i+size]); ok {
					if group, ok := lexicon.Audience(phrase); ok {
						return group
					}
					if group, ok := lexicon.Audience(strings.TrimSuffix(phrase, "'s")); ok {
						return group
					}
				}
			}
		}
	}
	if s.r.lang == shop.Chinese {
		// 男鞋, 女包, 童装: the group is part of the word for the thing.
		for _, c := range []struct{ han, group string }{{"男", "men"}, {"女", "women"}, {"童装", "kids"}, {"童鞋", "kids"}} {
			if strings.Contains(s.product(), c.han) {
				return c.group
			}
		}
	}
	return ""
}

// quantity is how many pieces go into or out of the cart.
func (s *scene) quantity() int {
	if n := s.r.cartCount(); n > 0 {
		return n
	}
	return s.quantityBefore()
}

// quantityBefore is the number right before the product and its properties.
func (s *scene) quantityBefore() int {
	first := -1
	for i, t := range s.tags {
		if t == tagProduct || t == tagColor || t == tagMaterial || t == tagBrand {
			first = i
			break
		}
	}
	for i := first - 1; i >= 0 && i >= first-3; i-- {
		t := s.tokens[i].text
		switch {
		case counters[t]:
			continue
		case s.tokens[i].is&isNumber != 0 && s.tokens[i].as == 0:
			if n, ok := count(t); ok && n > 1 {
				return n
			}
			return 0
		case lexicon.IsHan(t):
			if g := hanQuantity.FindStringSubmatch(t); g != nil {
				if n, ok := count(g[1]); ok && n > 1 {
					return n
				}
			}
			return 0
		default:
			return 0
		}
	}
	return 0
}

// counters stand between a number and what is counted.
var counters = listed(`pairs pair of sets set packs pack boxes box pieces bottles new good 件 个 双 条 台 只 把 套 本 瓶 盒 包 支 份 张 块 顶 副 部 辆 盏 袋 罐 对 箱`)
