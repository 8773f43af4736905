package agent

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

var (
	priceCue    = regexp.MustCompile(`(?i)\b(?:how much (?:is|are|does (?:it|this|that|the .{1,30}) cost|do (?:they|these) cost|for)|what(?:'s| is| does| do) .{0,30}(?:price|cost)|the price of|price\?)|多少钱|什么价|价格|价钱|怎么卖`)
	stockCue    = regexp.MustCompile(`(?i)\b(?:in stock|available|availability|sold out|how many (?:are|do you have) left|still have)\b|有货|库存|现货|还有吗|缺货`)
	describeCue = regexp.MustCompile(`(?i)\b(?:tell me (?:more )?about|more (?:about|info|information|details)|describe|details (?:of|on|about)|what is (?:it|this|that)\b)|详细|介绍|说说`)
)

// question answers from the product's own listing, and says so when the listing is silent.
func (t *talk) question(ctx context.Context) error {
	products, missing, err := t.referred(ctx)
	switch {
	case err != nil:
		return err
	case missing:
		return t.say(ctx, "gone")
	case len(products) == 0 && len(t.state.Shown) > 1 && stockCue.MatchString(t.turn.Text):
		return t.stockOfAll(ctx)
	case len(products) == 0:
		if done, err := t.superlative(ctx); done || err != nil {
			return err
		}
		if products, err = t.namedInShop(ctx); err != nil {
			return err
		} else if len(products) == 0 {
			return t.serviceOr(ctx, "which_product")
		}
	}
	p, text := products[0], t.turn.Text
	switch {
	case priceCue.MatchString(text):
		all := make([]string, len(products))
		for i, p := range products {
			all[i] = t.named(p)
		}
		return t.say(ctx, "price_is", strings.Join(all, "; "))
	case stockCue.MatchString(text) && p.Stock == 0:
		return t.say(ctx, "stock_none", p.TitleIn(t.lang))
	case stockCue.MatchString(text):
		return t.say(ctx, "stock_is", p.TitleIn(t.lang), p.Stock)
	}
	if says := listingSays(p, text, t.lang); says != "" {
		return t.say(ctx, "listing_says", p.TitleIn(t.lang), says)
	}
	if describeCue.MatchString(text) && p.DescriptionIn(t.lang) != "" {
		return t.say(ctx, "listing_describe", t.named(p), firstSentences(p.DescriptionIn(t.lang), 3))
	}
	if !serviceCue.MatchString(text) {
		t.state.Offer = offerPerson
		return t.say(ctx, "listing_silent", p.TitleIn(t.lang))
	}
	passage, ok, err := t.passage(ctx, text)
	if err != nil {
		return err
	}
	if !ok {
		t.state.Offer = offerPerson
		return t.say(ctx, "listing_silent", p.TitleIn(t.lang))
	}
	var d draft
	d.add(t.fill("listing_silent_but", p.TitleIn(t.lang)))
	t.quote(&d, passage)
	return t.tell(ctx, "faq", d)
}

// serviceCue speaks of what a shop's articles answer for all products.
var serviceCue = regexp.MustCompile(`(?i)\b(?:warrant(?:y|ies)|guarantees?|returns?|refunds?|exchange|shipping|ship|deliver(?:y|ed)?|pay(?:ment)?|install?ments?|repairs?)\b|保修|质保|退货|退款|换货|配送|运费|快递|送货|付款|支付|分期|维修`)

// serviceOr answers a question that names no product from the shop's articles, where it speaks of the shop's service; else
// it says what the occasion has.
func (t *talk) serviceOr(ctx context.Context, occasion string) error {
	if serviceCue.MatchString(t.turn.Text) {
		passage, ok, err := t.passage(ctx, t.turn.Text)
		if err != nil {
			return err
		}
		if ok {
			var d draft
			t.quote(&d, passage)
			return t.tell(ctx, "faq", d)
		}
	}
	return t.say(ctx, occasion)
}

// stockOfAll says which of the products on the screen are in stock.
func (t *talk) stockOfAll(ctx context.Context) error {
	products, err := t.shownProducts(ctx)
	if err != nil {
		return err
	}
	var there []string
	for _, p := range products {
		if p.Stock > 0 {
			there = append(there, p.TitleIn(t.lang))
		}
	}
	switch {
	case len(there) == 0:
		return t.say(ctx, "all_sold_out")
	case len(there) == len(t.state.Shown):
		return t.say(ctx, "stock_all")
	}
	return t.say(ctx, "stock_some", strings.Join(there, t.comma()))
}

// namedInShop shows the product that a question names though it is on no list; none where it is not clear which.
func (t *talk) namedInShop(ctx context.Context) ([]shop.Product, error) {
	s := t.parse.Slots
	said := singulars(s.Brand + " " + s.Product)
	if len(t.state.Shown) > 0 || len(said) < 2 {
		return nil, nil
	}
	vocabulary, err := t.Search.Vocabulary(ctx)
	if err != nil {
		return nil, err
	}
	need := brandApart(shop.Need{Product: t.mend(bare(s.Product)), Brand: s.Brand, Color: s.Color}, vocabulary)
	r, err := t.lookFor(ctx, queryFor(need, t.lang, nil), shop.Need{})
	if err != nil {
		return nil, err
	}
	for _, c := range r.shown {
		words := singulars(c.Product.Brand + " " + c.Product.Title)
		if !slices.ContainsFunc(said, func(w string) bool { return !slices.Contains(words, w) }) {
			r.shown = []shop.Candidate{c}
			return []shop.Product{c.Product}, t.show(ctx, r)
		}
	}
	return nil, nil
}

// subjects are what questions are about, with the words by which customers and listings speak of it, in both
// languages.
var subjects = [][]string{
	{"heavy", "weigh", "weight", "kg", "gram", "重量", "多重", "重"}, {"tall", "height", "高", "高度"}, {"wide", "width", "宽", "宽度"},
	{"deep", "深度"}, {"long", "length", "长度"}, {"diameter", "直径"},
	{"material", "fabric", "leather", "made", "cotton", "材质", "材料", "面料", "什么做"}, {"waterproof", "water", "rain", "water-resistant", "防水", "防雨"},
	{"battery", "charge", "runtime", "playtime", "续航", "电池", "充电"}, {"colour", "color", "颜色"}, {"power", "watt", "wattage", "功率", "瓦"},
	{"wash", "dishwasher", "clean", "iron", "care", "洗", "清洁", "清洗"}, {"capacity", "liter", "litre", "volume", "hold", "容量", "升"}, {"bluetooth", "蓝牙"}, {"wireless", "cordless", "无线"},
	{"warranty", "guarantee", "保修", "质保"}, {"duplex", "double", "sided", "side", "双面"}, {"usb"}, {"hdmi"}, {"wifi", "wi", "wlan", "无线网"}, {"resolution", "pixel", "分辨率", "像素"},
	{"display", "screen", "diagonal", "inch", "屏幕", "显示"}, {"memory", "ram", "内存"}, {"storage", "ssd", "hdd", "存储", "硬盘"}, {"processor", "cpu", "处理器"},
	{"person", "people", "sleep", "几人", "几个人"}, {"age", "child", "kid", "toddler", "年龄", "儿童", "小孩", "几岁"}, {"noise", "loud", "quiet", "decibel", "db", "噪音", "声音"},
	{"compatible", "compatibility", "兼容"}, {"include", "included", "contain", "包含", "附带", "配件"}, {"scan", "scanner", "扫描"}, {"speed", "fast", "ppm", "rpm", "速度"},
	{"sole", "鞋底"}, {"pocket", "compartment", "口袋", "夹层"}, {"assemble", "assembly", "assembled", "安装", "组装"}, {"ingredient", "成分", "配料"}, {"allergen", "gluten", "nut", "过敏"},
	{"vegan", "vegetarian", "纯素"}, {"organic", "有机"}, {"foldable", "fold", "folding", "folded", "折叠"}, {"adjustable", "adjust", "adjustment", "调节"}, {"warm", "temperature", "insulate", "保暖", "温度"},
	{"page", "author", "writer", "页", "作者"}, {"port", "connector", "接口"}, {"lens", "镜头"}, {"zoom", "变焦"}, {"microphone", "mic", "麦克风"}, {"load", "carry", "承重"},
}

// sizeCue asks for a size without saying in which direction.
var sizeCue = regexp.MustCompile(`(?i)\b(?:size|dimensions?|how (?:big|large|small))\b|尺寸|大小|多大`)

// howMuch asks for a figure.
var howMuch = regexp.MustCompile(`(?i)\bhow (?:much|many|big|large|long|wide|tall|heavy|high|deep|fast|far|old)\b|多(?:大|少|重|长|高|宽|快|远)|几(?:个|寸|升|瓦|米)`)

// listingSays finds what the listing says to a question: the attribute or the sentence that speaks most of what is
// asked about. "" is that it doesn't say.
func listingSays(p shop.Product, question string, lang shop.Lang) string {
	asked := subjectWords(p, question)
	if len(asked) == 0 {
		return ""
	}
	best, says := 0, ""
	for _, name := range sortedKeys(p.Attributes) {
		n := 8*overlap(asked, name, lang) + 4*overlap(asked, p.Attributes[name], lang)
		if n > 0 && howMuch.MatchString(question) && figure.MatchString(p.Attributes[name]) {
			n += 2
		}
		if n > 0 && len(lexicon.Words(name)) < 3 {
			n++ // "internal memory" rather than "memory module capacity of the cache"
		}
		if n > best {
			best, says = n, capital(strings.ReplaceAll(name, "_", " "))+": "+p.Attributes[name]+"."
		}
	}
	texts := []string{p.DescriptionIn(lang)}
	if lang == shop.Chinese && best == 0 && p.DescriptionIn(lang) != p.Description {
		texts = append(texts, p.Description)
	}
	for _, text := range texts {
		for _, s := range sentences(text) {
			if n := 4 * overlap(asked, s, lang); n > best {
				best, says = n, s
			}
		}
	}
	return says
}

// subjectWords are the words that an answer to the question would hold.
func subjectWords(p shop.Product, question string) map[string]bool {
	low := strings.ToLower(question)
	said := spoken(low)
	title := singulars(p.Title + " " + p.Brand + " " + p.Category)
	// What the thing does by its name says nothing: a printer prints.
	named := func(w string) bool {
		return slices.ContainsFunc(title, func(x string) bool {
			return x == w || len(w) > 3 && strings.HasPrefix(x, w) || len(x) > 3 && strings.HasPrefix(w, x)
		})
	}
	asked := map[string]bool{}
	for _, group := range subjects {
		if slices.ContainsFunc(group, func(w string) bool { return said[w] || lexicon.IsHan(w) && strings.Contains(low, w) }) {
			for _, w := range group {
				asked[w] = true
			}
		}
	}
	if len(asked) == 0 && sizeCue.MatchString(low) { // "how big is the memory" asks for no dimensions
		for _, w := range append([]string{"dimension", "尺寸", "大小"}, extents...) {
			asked[w] = true
		}
	}
	for w := range said {
		if len(w) > 3 && !idle[w] && !asking[w] && !named(w) && !lexicon.IsHan(w) {
			asked[w] = true
		}
	}
	return asked
}

// asking are words of questions that say nothing of their subject.
var asking = wordSet(`also another both come does doing each ever fifth first fourth have into itself just last much many only other over product really
	second should some still such than their then there third those use used using very well were when where whether will work yours first one
	okay please think want know`)

// overlap counts the asked words that stand in a text.
func overlap(asked map[string]bool, text string, lang shop.Lang) int {
	n := 0
	seen := map[string]bool{}
	for _, w := range singulars(text) {
		if asked[w] && !seen[w] {
			n++
		}
		seen[w] = true
	}
	if lang == shop.Chinese {
		for w := range asked {
			if lexicon.IsHan(w) && strings.Contains(text, w) {
				n++
			}
		}
	}
	return n
}

var sentenceStop = regexp.MustCompile(`[。！？]|[.!?](?:\s|$)`)

// sentences parts a text; each keeps its stop.
func sentences(text string) []string {
	var all []string
	for text != "" {
		at := sentenceStop.FindStringIndex(text)
		if at == nil {
			return append(all, strings.TrimSpace(text))
		}
		if s := strings.TrimSpace(text[:at[1]]); utf8.RuneCountInString(s) > 1 {
			all = append(all, s)
		}
		text = text[at[1]:]
	}
	return all
}

func firstSentences(text string, n int) string {
	all := sentences(text)
	separator := " "
	if lexicon.IsHan(text) {
		separator = ""
	}
	return strings.Join(all[:min(n, len(all))], separator)
}
