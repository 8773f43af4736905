package agent

import (
	"floorwalker/shop"
)

// why says in plain words what each reason means.
var why = map[shop.Lang]map[string]string{
	shop.English: {"kind": "The kind of thing you asked for", "details": "Its description fits your words", "audience": "Made for whom you asked",
		"freshness": "New on the market", "delivery": "Arrives within a week", "title_match": "The name fits what you asked for", "semantic": "Close in meaning to your request",
		"rating": "Well rated by customers", "rule": "Picked by the shop", "personal": "Like what you chose before", "take_up": "Often chosen for such wishes", "in_stock": "In stock", "brand": "From the brand you asked for", "color": "In the colour you asked for", "category": "From the right department"},
	shop.Chinese: {"kind": "正是您要找的品类", "details": "描述符合您的关键词", "audience": "适合您指定的人群", "freshness": "新品上市", "delivery": "一周内送达",
		"title_match": "名称符合您的需求", "semantic": "与您的需求含义接近",
		"rating": "顾客评分高", "rule": "店家推荐", "personal": "与您之前选择的相似", "take_up": "类似需求中常被选择", "in_stock": "有现货", "brand": "您指定的品牌", "color": "您想要的颜色", "category": "属于对应的品类"},
}

// card is a product as it is shown.
func card(position int, c shop.Candidate, lang shop.Lang) shop.Card {
	p := c.Product
	out := shop.Card{Position: position, SKU: p.SKU, Version: p.Version, Title: p.TitleIn(lang), Brand: p.Brand, Category: p.Category,
		Description: p.DescriptionIn(lang), Price: p.Price, PriceText: p.Price.String(), Stock: p.Stock, Rating: p.Rating, ImageURL: p.ImageURL,
		Attributes: p.Attributes, Features: c.Features, Sponsored: c.Sponsored, Propensity: c.Propensity, Why: []string{}}
	if p.Was != nil {
		out.Was, out.WasText = p.Was, p.Was.String()
	}
	for _, r := range c.Reasons {
		if r.Code == "margin" {
			continue // what the shop earns is nobody's business but its own
		}
		out.Reasons = append(out.Reasons, r)
		if text := why[lang][r.Code]; text != "" && r.Weight > 0 && len(out.Why) < 3 {
			out.Why = append(out.Why, text)
		}
	}
	return out
}
