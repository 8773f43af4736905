package understanding

import (
	"regexp"
	"strings"

	"floorwalker/shop"
)

var (
	// orderIDs find the number of an order in their first group.
	orderIDs = []*regexp.Regexp{
		pattern(`\b(?:order|purchase|parcel|package)\s*(?:number|num|no\.?|id|#)?\s*(?:is|:)?\s*#?\s*([a-z]{0,4}-?\d{4,}[a-z0-9-]*)`),
		pattern(`#\s?([a-z]{0,3}-?\d{4,}[a-z0-9-]*)`),
		pattern(`(?:订单|单号|包裹)(?:号码|编号|号)?\s*(?:是|为|:)?\s*#?\s*([a-z0-9-]*\d{4,}[a-z0-9-]*)`),
		pattern(`([a-z]{0,4}-?\d{4,}[a-z0-9-]*)\s*(?:号|这个|那个|的)*(?:订单|包裹|快递)`),
		pattern(`\b(?:track|tracking|status|update|delivery|shipment|eta)\b[^\d]{0,25}\b([a-z]{0,3}-?\d{5,})\b`),
	}
	sizes = []*regexp.Regexp{
		pattern(`\b(?:in )?(?:a )?(?:size[sd]?|sz)[:.]?\s+(?:of )?(xxs|xs|s|m|l|xl|xxl|xxxl|[2-5]xl|small|medium|large|extra large|x-large|(?:uk|us|eu)?\s?\d{1,3}(?:\.5)?(?:\s?(?:uk|us|eu))?)(?:[^a-z0-9]|$)`),
		pattern(`\b((?:uk|us|eu)\s?\d{1,2}(?:\.5)?)\b`),
		pattern(`\b(?:in )?(?:an? )?(xxs|xs|xl|xxl|xxxl|[2-5]xl|extra large|x-large)\b`),
		pattern(`(?:\b(?:in|an?)\s+|,\s*|^)(small|medium|large)\b(?:\s*size)?(?:$|\s*[,.?!]|\s+please)`),
		pattern(`\b(?:in|an?)(?: an?)? ((?:3[0-9]|4[0-9]|5[0-2])(?:\.5)?)(?:$|\s*[,.?!]|\s+please)`),
		bareSize,
		pattern(`\b(\d+(?:\.\d+)?in)(?:[^a-z0-9]|$)`),
		pattern(`\b(\d+(?:\.\d+)?\s?-?(?:inch(?:es)?|inches|"|cm|mm|gb|tb|mb|kg|lbs?|oz|liters?|litres?|ml|mah|hz|mp|watts?|ft|feet|person|man|seater))(?:[^a-z]|$)`),
		pattern(`\b(\d+(?:\.\d+)?\s?[lwgm])(?:[^a-z0-9]|$)`),
	}
	// bareSize is a number after what has sizes: "sneakers 9.5 wide".
	bareSize = pattern(`\b(?:shoes?|sneakers?|trainers|boots?|sandals?|heels|loafers|slippers|jeans|trousers|pants|dress(?:es)?|skirts?)\s+((?:[3-9]|[1-5][0-9])(?:\.5)?(?: wide| narrow)?)(?:$|\s*[,.?!])`)
	hanSize  = pattern(`((?:\d+(?:\.\d+)?|[一二两三四五六七八九十]+)\s?(?:码|英寸|寸|厘米|公分|毫升|升|瓦|公斤|克|米|人份|gb|tb|ml|cm|mah|g|t|l)|(?:xs|s|m|l|xl|xxl|xxxl|[2-5]xl)码|[超特]?[大中小]号)(?:[^元块钱a-z]|$)`)
	// network is a generation of mobile network, no weight.
	network = pattern(`^[2-6]\s?g$`)

	sorts = []struct {
		by shop.Sort
		p  *regexp.Regexp
	}{
		{shop.SortRating, pattern(`\b(?:best|highest|top)[ -]?(?:rated|reviewed|ratings?|reviews?)(?: (?:one|first|products?))?\b|\bby (?:customer )?(?:rating|reviews?)\b|\bwith (?:the )?(?:best|highest|good) (?:ratings?|reviews?)\b|评分(?:最高|高|好|从高到低)的?|好评(?:最多|最高|率高|多)?的?|口碑(?:最好|好)的?|评价(?:最高|最好|好|高)的?`)},
		{shop.SortNewest, pattern(`\b(?:newest|latest|most recent|brand new|new arrivals?|just (?:released|in)|newly released)(?: (?:ones?|first|models?))?\b|最新款?的?|新款的?|新出的?|新品|新上市的?|刚上市的?|新到的?`)},
		{shop.SortPriceDesc, pattern(`\b(?:most expensive|priciest|highest price|expensive(?:st)? first|price (?:high to low|desc(?:ending)?)|(?:from )?(?:most )?expensive to cheap(?:est)?|highest price first|high to low|premium ones?|high[- ]end|more expensive|dearest)(?: (?:ones?|first))?\b|最贵的?|高端的?|贵一点的?|价格(?:从高到低|由高到低|降序)(?:排列|排序|排)?|从贵到便宜|更贵的?`)},
		{shop.SortPriceAsc, pattern(`\b(?:cheaper|cheapest|less expensive|least expensive|lower price[ds]?|lowest price[ds]?|more affordable|price (?:low to high|ascending)|low to high|(?:from )?cheap(?:est)? to (?:most )?expensive|lowest (?:price )?first|sort(?:ed)? by price|cheap(?:est)? first|most affordable|budget[- ]friendly|lower[- ]cost)(?: (?:ones?|first|options?|alternatives?))?\b|(?:too|so|a bit|bit|very) (?:expensive|pricey|dear|costly)\b|(?:更|最|再)?便宜(?:一点|点|一些|些)?儿?的?|(?:价格|价钱)?(?:低一点|低些|最低|从低到高|低到高|由低到高|升序)的?(?:排列|排序|排一下|排)?|从便宜到贵|实惠(?:一点|点)?的?|太贵了?|有点贵|好贵`)},
	}

	topics = []struct {
		topic string
		p     *regexp.Regexp
	}{
		{"privacy", pattern(`\b(?:privacy|personal (?:data|information|details)|my data|gdpr|cookies?|delete my (?:account|data|information)|data (?:protection|do you (?:keep|store|collect))|unsubscribe|newsletter|(?:chat|conversation)s? (?:stored|saved|recorded))\b|隐私|个人信息|我的数据|个人数据|注销账[号户]|删除.*(?:账[号户]|数据|信息)`)},
		{"warranty", pattern(`\b(?:warrant(?:y|ies)|guarantees?|guaranteed|repairs?|repaired|spare parts?)\b|保修|质保|维修|保固|三包|联保`)},
		{"returns", pattern(`\b(?:returns?|returned|returning|refunds?|refunded|exchanges?|exchanged|send (?:it|them|something|items?) back|money[- ]back|change my mind|take (?:it|them) back|bring (?:it|them) back)\b|退货|退款|换货|退换|无理由|退掉|可以退|能退`)},
		{"payment", pattern(`\b(?:pay|paying|payments?|paypal|credit cards?|debit cards?|visa|mastercard|amex|american express|apple pay|google pay|klarna|afterpay|installments?|instalments?|invoices?|gift cards?|vouchers?|promo codes?|discount codes?|coupons?|cash|bank transfer|billing|alipay|wechat pay|bitcoin|crypto|finance|financing|vat|tax|receipt)\b|支付|付款方式|付款|信用卡|支付宝|微信|花呗|分期|发票|货到付款|银行卡|优惠券|礼品卡|刷卡|现金`)},
		{"hours", pattern(`\b(?:opening (?:hours|times?)|business hours|store hours|office hours|working hours|hours of operation|what (?:time|hours)|when (?:do|are|does|is) (?:you|your|the (?:store|shop)) .{0,20}(?:open|close)\w*|(?:open|close[sd]?|opened) (?:on|at|until|today|tomorrow|now|sundays?|saturdays?|weekends?|holidays?)|are you open|what are your hours|your hours)\b|营业|几点(?:开门|关门|上班|下班|开始|结束)|上班时间|开门|关门|工作时间|客服时间|节假日`)},
		{"shipping", pattern(`\b(?:shipping|ship|ships|shipped|deliver(?:y|ies|s|ed)?|postage|courier|express|overnight|pick ?up|collect in store|international orders?|customs|freight|dispatch|how long .{0,20}(?:arrive|take|get here)|po box|tracking)\b|运费|配送|快递|邮费|包邮|发货|送货|邮寄|寄到|送到|物流|多久(?:能)?(?:到|送达|收到)|几天(?:能)?到|自提|海外|关税`)},
	}
)

// orderNumber reads the id of an order.
func (r *reading) orderNumber() {
	for _, p := range orderIDs {
		if at := p.FindStringSubmatchIndex(r.lower); at != nil {
			r.slots.OrderID = r.original[at[2]:at[3]]
			r.cut(at[2], at[3], asOrder)
			return
		}
	}
}

// size reads clothes' and shoes' sizes and measures, as said.
func (r *reading) size() {
	patterns := sizes
	if r.lang == shop.Chinese {
		patterns = append([]*regexp.Regexp{hanSize}, sizes...)
	}
	for _, p := range patterns {
		at := p.FindStringSubmatchIndex(r.lower)
		if at == nil || network.MatchString(r.lower[at[2]:at[3]]) {
			continue
		}
		r.slots.Size = strings.TrimSpace(r.original[at[2]:at[3]])
		if p == hanSize || p == bareSize || at[0] == at[2] {
			r.cut(at[2], at[3], asSize)
		} else {
			r.cut(at[0], at[3], asSize)
		}
		return
	}
}

// sort reads a wished order.
func (r *reading) sort() {
	for _, s := range sorts {
		if at := s.p.FindStringIndex(r.lower); at != nil {
			r.slots.Sort = s.by
			r.cut(at[0], at[1], asSort)
			return
		}
	}
}

// topicWords are the topics whose words the utterance has.
func (r *reading) topicWords() []string {
	var found []string
	for _, t := range topics {
		if t.p.MatchString(r.full) {
			found = append(found, t.topic)
		}
	}
	return found
}

// Counted things: a number before the product, in the words of a cart.
var (
	quantityWord = pattern(`\bquantity(?: of|:)?\s*(\d{1,3})\b|\bx\s?(\d{1,2})\b|\b(\d{1,2})\s?x\b|\bmake (?:it|that) (\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b`)
	cartQuantity = pattern(`\b(\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|twelve|a dozen|dozen)\s+(?:more\s+)?(?:(?:pieces|pairs|units|items|pcs|copies|packs|sets|boxes)\s*)?(?:of\s+)?(?:the|those|these|them|that|it|this|each|number|no)\b|\b(?:add|get|take|want|order|buy|put|give me|have|need|remove|delete)\s+(?:me\s+)?(?:down for\s+)?(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|twelve|one of|one pair)\b|^(two|three|four|five|six|\d{1,2}),? (?:please|of)\b|\b(one) (?:pair|piece) of\b`)
	hanQuantity  = pattern(`([一二两三四五六七八九十]|\d{1,2})\s?(?:件|个|双|条|台|只|把|套|本|瓶|盒|包|支|份|张|块|顶|副|部|辆|盏|袋|罐|对|箱|款)`)
)

// cartCount reads how many pieces are meant where a cart is spoken of; 0 where nothing is said.
func (r *reading) cartCount() int {
	for _, p := range []*regexp.Regexp{quantityWord, cartQuantity} {
		if g := p.FindStringSubmatch(r.lower); g != nil {
			for _, said := range g[1:] {
				said = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(said, "a "), " of"), " pair")
				if n, ok := count(said); ok && said != "" {
					return n
				}
			}
		}
	}
	if r.lang != shop.Chinese {
		return 0
	}
	for _, m := range hanQuantity.FindAllStringSubmatchIndex(r.lower, -1) {
		before := r.lower[:m[0]]
		pointed := false
		for _, w := range []string{"第", "这", "那", "前", "后", "哪", "每", "另", "某"} {
			pointed = pointed || strings.HasSuffix(before, w)
		}
		if n, ok := count(r.lower[m[2]:m[3]]); ok && !pointed {
			return n
		}
	}
	return 0
}
