package agent

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"floorwalker/shop"
)

// A customer's text is data. Nothing in it can change what the assistant may do: no tool grants discounts, changes
// orders or reveals anything, and the model never sees the text. The guard only keeps such an attempt from being
// taken for a search or a call for a person, and from being counted as a misunderstanding.
var attacks = []*regexp.Regexp{
	// Overriding instructions.
	regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget|override|overrule|bypass|circumvent|neglect)\b.{0,40}\b(?:instructions?|rules?|prompts?|guidelines?|guardrails?|polic(?:y|ies)|restrictions?|safety|limitations?|programming|training|directives?|constraints?|(?:everything|anything|all) (?:above|before|you (?:were|have been|know)|that came before))\b`),
	regexp.MustCompile(`(?i)\b(?:remove|disable|turn off|switch off|delete|drop|suspend|skip|lift|erase)\b.{0,25}\b(?:your|all|any|the|these|safety|content) (?:.{0,20} )?(?:instructions|rules|prompts?|guardrails?|restrictions|programming|limitations|directives|safety|moderation)\b`),
	regexp.MustCompile(`(?i)\b(?:new|updated|revised|following|additional|secret|hidden) (?:system )?(?:instructions?|rules?|prompt|directives?|polic(?:y|ies)) ?:|\b(?:from now on|henceforth|starting now),? (?:you|always|answer|respond|every)|\b(?:your|the) (?:new|only|real|true) (?:rule|task|goal|purpose|instruction|job|role) is\b`),
	regexp.MustCompile(`(?i)\b(?:you are (?:now|no longer)|you're (?:now|no longer)|act as|behave (?:as|like)|pretend|roleplay|role[- ]play|imagine (?:you are|you're|that you)|simulate|take the role|assume the (?:role|identity)|speak as)\b.{0,60}\b(?:admin\w*|developer|owner|manager|ceo|root|dan|unrestricted|jailbroken|ai|assistant|bot|model|terminal|hacker|employee|supervisor|without|no (?:rules|limits|restrictions)|evil|shopgpt|chatgpt|you (?:are|have|can)|i (?:am|have)|everything)\b`),
	regexp.MustCompile(`(?i)\b(?:developer|debug|god|admin(?:istrator)?|maintenance|root|sudo|jailbreak|dan|unrestricted) (?:mode|access|override|console|privileges?|rights)\b|\bjailbr\w+|\bdo anything now\b|\bsudo \w+`),
	// Asking for what is inside.
	regexp.MustCompile(`(?i)\b(?:system|hidden|initial|original|secret|internal|entire) (?:prompt|instructions|message|configuration|config|guidelines|directives)\b|\byour (?:full |exact |complete )?(?:prompts?|instructions|configuration|guidelines|directives|rules)\b|\b(?:repeat|print|show|reveal|output|display|echo|tell me|give me|copy|paste|write out|leak|dump|list|export|send me|what (?:is|are|were))\b.{0,40}\b(?:everything above|text above|words above|api[- ]?keys?|secret keys?|secrets|credentials?|(?:admin|root|database|user|customers?'?|system|your) passwords?|(?:api|access|admin|auth|bearer) tokens?|environment variables|env vars|source code|(?:your|the|whole|customer|user) database|admin\w* (?:url|password|token)|other (?:customers?|users?|people)'?s?|(?:all|every) (?:customers?|users?)|customers?'? (?:data|orders|addresses|emails|list|records)|(?:user|customer) (?:list|data|table|records))\b`),
	regexp.MustCompile(`(?i)<\|?(?:system|im_start|im_end|endoftext|assistant|user)\|?>|\[/?(?:inst|system|assistant)\]|<</?sys>>|^\s*(?:system|assistant|developer)\s*[:>]|[.!\n]\s*(?:system|assistant)\s*:|### ?(?:system|instruction|response)|\bend of (?:system )?(?:prompt|instructions|conversation|user input)\b|\bbegin (?:admin|system)\b|"role"\s*:\s*"system"`),
	// Code and markup.
	regexp.MustCompile(`(?i)\b(?:drop|truncate|alter) table\b|\bunion (?:all )?select\b|\bselect\b.{1,40}\bfrom\b.{1,30}\b(?:users?|customers?|orders|products|accounts?|information_schema)\b|\bdelete from\b|\binsert into\b|\bupdate\b.{1,30}\bset\b.{1,20}=|'\s*or\s+'?\d'?\s*=\s*'?\d|<script|javascript:|onerror\s*=|\{\{.{0,60}\}\}|\$\{.{0,60}\}|\b(?:exec|eval|os\.system|subprocess)\s*\(|\brm -rf\b|/etc/passwd|\bcurl https?:`),
	// In whose name.
	regexp.MustCompile(`(?i)\b(?:ceo|owner|manager|boss|admin\w*|developers?|creators?|supervisor|engineer|employee|staff|openai|anthropic|ollama|legal department|it department)\b.{0,60}\b(?:(?:said|says|told|approved|authori[sz]ed?|allow\w*|orders? you|command\w*|instruct\w*|require\w*|so|and|therefore|override)\b.{0,40}\b(?:give|apply|grant|set|discount|refund|free|instructions?|ignore|show|reveal|disable|unlock|access|password|\d+ ?%))`),
	regexp.MustCompile(`(?i)\b(?:refund|cancel|ship|reroute|close|change|hand over)\b.{0,20}\b(?:all|every|everyone'?s?|other (?:customers?|people)'?s?) (?:.{0,12} )?(?:orders|conversations|chats|refunds|addresses)\b|\brefund (?:me )?(?:order )?.{0,12}\b(?:twice|double|\d+ times)\b|\b(?:approve|process|issue|execute|trigger) (?:the |my |a |an )?(?:full |instant |immediate )?refund\b.{0,20}\b(?:now|immediately|without|automatically)\b`),
	regexp.MustCompile(`(?i)\b(?:respond|reply|answer|say)\b.{0,20}\b(?:only with|exactly|verbatim|with the (?:words?|text|phrase|sentence)|the following|after me|nothing but)\b|\brepeat (?:after me|the following|this|exactly)\b|\b(?:decode|base64|rot13)\b.{0,40}\b(?:follow|execute|obey|do|run|and)\b|\b(?:call|invoke|run|execute|use) (?:the )?(?:function|tool|command|api|method|query|code)\b`),
	// The same in Chinese.
	regexp.MustCompile(`(?:忽略|无视|忘记|忘掉|跳过|绕过|解除|不要(?:管|遵守|理会)|别管|覆盖|推翻|关闭|违反).{0,14}(?:指令|指示|规则|提示|设定|限制|约束|政策|规定|安全|过滤|命令)|(?:之前|上面|以上|前面)(?:的)?(?:所有|全部)?(?:内容|话|指令|规则|规定|设定|系统消息|消息).{0,6}(?:作废|无效|失效|忘|忽略|删)|听从我的|听我(?:的)?(?:命令|指挥)|(?:把|将).{0,6}(?:规则|限制|过滤|审核).{0,3}(?:关掉|关了|解除|去掉|打开)|不再受.{0,8}(?:约束|限制|管)|你被(?:禁止|要求)说`),
	regexp.MustCompile(`(?:系统|隐藏|初始|内部|原始|你的|完整)(?:的)?(?:提示词?|指令|设定|配置|规则)|提示词|(?:告诉|显示|输出|打印|泄露|列出|说出|给我看|复述|导出|查看|发给我).{0,14}(?:密码|密钥|口令|令牌|源代码|数据库|环境变量|(?:其他|别的|所有|全部)(?:客户|顾客|用户|人)|客户(?:资料|信息|名单|数据|地址)|用户(?:资料|信息|名单|数据|表))|(?:管理员|后台|数据库|服务器)的?(?:账号|帐号|密码|口令)|(?:api|API) ?(?:密钥|key)|(?:别的|其他|其它|上一个|上个|上一位|所有|全部|每个)(?:的)?(?:顾客|客户|用户|买家)(?:的|都)?.{0,4}(?:手机号|电话|邮箱|地址|订单|名单|信息|资料|密码)|把名单|订单的(?:收货)?(?:地址|电话|手机号)导出|输出.{0,6}(?:设定|规则|指令)`),
	regexp.MustCompile(`扮演(?:成|一个|一名|店主|店长|管理员|老板|经理|黑客|没有|不受|AI|ai|角色.{0,4}(?:没有|不受))|假装|假设你|冒充|充当|从现在(?:起|开始)|现在开始你|你现在是|你不再是|越狱|开发者模式|管理员(?:模式|权限|身份)|调试模式|无限制模式|最高权限|进入.{0,6}模式`),
	regexp.MustCompile(`(?:给|打|送|发|批|帮我|申请|生成|设|改|要|批准|同意|说).{0,8}(?:[一二三四五六七八九零\d.]+ ?(?:折|%|％)|百分之[一二三四五六七八九十百\d]+|折扣码|优惠码|免单|内部价|员工价|成本价)|(?:价格|单价|总价|售价)(?:全部?|都|统统)?(?:改|设|调|变|设置|修改|调整)(?:成|为|到) ?(?:[01][^\d]|[01]$|零|一[元块分]|免费)|免费(?:给|送)我|(?:全部|统统|都)(?:免费|白)(?:给|送)|(?:一分钱|[01一零]元|一块钱).{0,4}(?:卖|买|给|购)|(?:立刻|马上|直接|现在)(?:就)?(?:给我)?(?:全额)?退款(?:给我|到)|标记(?:为|成).{0,3}(?:退款|付款|支付)|(?:重复|多次|反复)退款|(?:造|生成|弄|做)一?(?:张|个).{0,8}(?:优惠券|代金券|折扣码|优惠码)|不(?:付款|付钱|给钱)也?.{0,4}(?:发货|寄|送)|(?:绕过|跳过)付款|取消(?:所有人|其他人|别人|大家)的|把(?:所有人|其他人|别人)的.{0,6}改(?:成|为|到|寄)`),
	regexp.MustCompile(`(?:我是|这里是|奉).{0,8}(?:管理员|老板|经理|店长|开发者|工程师|员工|ceo|CEO|创始人|主管).{0,20}(?:命令|要求你|批准|授权|允许|给我|请把|把|执行|马上|立即|打开|显示)|(?:只|仅)(?:能)?(?:回复|回答|输出|说).{0,20}|(?:照着|跟着我)(?:说|念)|复述[:：]|一字不[差漏]|(?:回答|回复)的?(?:最后|结尾|末尾|开头).{0,3}(?:加上|写上)|原样(?:输出|重复)|(?:执行|运行|调用).{0,6}(?:函数|命令|代码|工具|接口|sql|SQL)`),
}

// grants demand discounts, free goods or other prices.
var grants = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\b(?:give|grant|apply|approve|authori[sz]e|issue|activate|enable|generate|make|create|add|set|offer|confirm|say|tell me|promise|agree|want|need|demand)\b.{0,50}(?:\b\d{1,3} ?(?:%|percent\b|per cent\b) ?(?:off\b|discount|reduction|rebate|cheaper)|\b(?:discount|coupon|promo) codes?\b|\b(?:free of charge|everything (?:is )?free|employee price|cost price|store credit|admin discount|unlimited (?:discount|credit))\b)`),
	regexp.MustCompile(`(?i)\b(?:set|change|lower|reduce|update|make|override|edit|modify)\b.{0,30}\bprices? ?(?:of .{1,30} )?(?:to|=|at|be|into) ?(?:[$€£¥] ?)?(?:\d|zero\b|nothing\b|free\b|one (?:dollar|cent|euro))|\b(?:sell|give|let me (?:have|buy)|ship|send)\b.{0,40}\bfor (?:only |just )?(?:(?:[$€£¥] ?)?(?:0|0?\.\d+|1|one)(?: ?(?:dollars?|euros?|cents?|pounds?|yuan))?\b|nothing\b|free\b)|\b(?:make|give|ship|send|add)\b.{0,30}\b(?:for free|free of cost|at no (?:cost|charge)|without (?:paying|payment))\b|\btotal (?:is|to|=) ?(?:[$€£¥] ?)?0\b`),
}

// questions are what customers ask about money without demanding any, and limits of price that they move.
var questions = regexp.MustCompile(`(?i)^(?:(?:hi|hello|hey|ok|okay|and|so|please)[, ]+)*(?:how (?:do|can|should|would) (?:i|we)|where (?:do|can) (?:i|we)|can (?:i|we) (?:return|send|use|apply|enter|redeem|exchange|combine)|do (?:i|we)|do you (?:ship|deliver|send|wrap|gift))\b[^.!;:]*$|^(?:please )?(?:lower|raise|change|set|increase|reduce) (?:the |my )?(?:max(?:imum)? )?(?:price|budget)(?: limit| range)? to (?:about |around )?[$€£¥]? ?\d{2,}[^,.;]{0,12}$`)

// isAttack reports whether the text tries to give the assistant orders that no customer can give.
func isAttack(text string) bool {
	text = folded(text)
	matches := func(p *regexp.Regexp) bool { return p.MatchString(text) }
	return slices.ContainsFunc(attacks, matches) || !questions.MatchString(text) && slices.ContainsFunc(grants, matches)
}

// folded undoes what hides words from the patterns: full-width letters, zero-width characters, typographic
// apostrophes, runs of white space, and any between Chinese characters.
func folded(text string) string {
	var b strings.Builder
	space, last := false, ' '
	for _, r := range text {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E && r != '，' && r != '！' && r != '？':
			r -= 0xFEE0
		case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff' || r == '\u00ad':
			continue
		case r == '’' || r == '‘':
			r = '\''
		}
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' {
			space = true
			continue
		}
		if space && b.Len() > 0 && !(unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, r)) {
			b.WriteByte(' ')
		}
		space, last = false, r
		b.WriteRune(r)
	}
	return b.String()
}

// guard takes an attack for what it is.
func guard(p shop.Parse, text string) (parse shop.Parse, attack bool) {
	if !isAttack(text) {
		return p, false
	}
	p.Intent, p.Slots = shop.IntentOutOfScope, shop.Slots{}
	return p, true
}
