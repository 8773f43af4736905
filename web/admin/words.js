// The words of the operators' page in both languages; which one is the choice of /static/i18n.js.
import { locale } from "/static/i18n.js";

const words = {
  en: {
    title: "Shop", loginTitle: "Log in as an admin", loginId: "Id", loginPassword: "Password", loginCode: "Code of your authenticator app", logIn: "Log in", logOut: "Log out",
    viewsLabel: "Views", viewInsights: "Insights", viewPlayground: "Playground", viewImports: "Import", viewRules: "Search", viewArticles: "Articles", viewLook: "Chat", toDesk: "Desk", other: "中文",
    notAdmin: "This account is no admin. Log in with one that is.",
    ask: "What a customer would write", askButton: "Ask", again: "New conversation", inspecting: "Working…", nothingYet: "Write what a customer would write, and see each step of the answer. Nothing of it is stored.",
    understood: "Understood", parser: "Parser", confidence: "Confidence", searched: "Searched", limits: "Limits", found: n => `${n} found`, ranked: "Ranked", floorIs: f => `Shown from ${f} on`, degraded: "The ranker was late or failed: this is the search's order.",
    product: "Product", words: "Words", meaning: "Meaning", fused: "Both", relevance: "Relevance", score: "Score", reasons: "What moved it", knowledge: "Articles", noAnswer: "Under the floor: not answered.",
    prompt: "Given to the model", wrote: "The model wrote", answer: "Answer", shown: n => `${n} cards`, time: "Time", step: "Step", ms: "ms", handoff: why => `A person is wanted: ${why}`, removed: n => `${n} pieces of the model's text were taken out.`, allCandidates: n => `All ${n}`,
    file: "File", format: "Format", currency: "Currency of rows that name none", stock: "Stock of rows that name none", catalogue: "Name of the catalogue", replace: "Remove products of this catalogue that are not in the file",
    preview: "Preview", column: "Column", takenAs: "Taken as", sample: "First value", passOver: "(passed over)", check: "Check the whole file", start: "Import", line: "Line", problem: "Problem", price: "Price", inStock: "Stock", category: "Category",
    jobRuns: (name, phase, rows, total) => `${name}: ${phase}, ${rows}${total ? ` of ${total}` : ""} rows`, jobDone: r => `${r.rows} rows, ${r.bad} skipped: ${r.inserted} new, ${r.updated} changed, ${r.unchanged} as they were, ${r.removed} removed`, jobChecked: r => `${r.rows} rows read, ${r.bad} would be skipped. Nothing was changed.`,
    jobBy: (by, at) => `by ${by}, ${at}`, phase_read: "reading", phase_embed: "embedding", phase_apply: "applying", phase_done: "done", saveErrors: "Save the errors as CSV", chooseFile: "Choose a file: CSV, JSON Lines, Google Merchant or Shopify, gzipped or not.",
    format_csv: "CSV", format_jsonl: "JSON Lines", format_merchant: "Google Merchant", format_shopify: "Shopify", format_icecat: "Icecat", format_retail: "YAML",
    newArticle: "New article", slug: "Name in links", topic: "Topic", titleIn: lang => (lang === "zh" ? "Title, Chinese" : "Title, English"), bodyIn: lang => (lang === "zh" ? "Text, Chinese" : "Text, English"), save: "Save", remove: "Delete", saved: "Saved.", removed2: "Deleted.",
    sureDelete: name => `Delete the article "${name}"?`, whichQuestions: "Which questions would this answer?", questionsHint: "One question a line. Save the article first.", tryQuestions: "Try", question: "Question", answeredBy: "Answered by", refused: "not answered", thisOne: "this article", mean: "Score",
    rulesHint: "A synonym's word is searched as what it means. A brand, category or SKU stands higher (up to 1) or lower (down to -1) among what fits; nothing is shown that does not fit. Rules hold two seconds after they are saved.", addRule: "Add a rule", tryRules: "Try before saving", before: "Now", after: "With these rules", nothingShown: "No product is shown.",
    rule_kind: "Rule", rule_subject: "About", rule_means: "Means", rule_boost: "Higher or lower", kind_synonym: "Synonym", kind_brand: "Brand", kind_category: "Category", kind_sku: "SKU",
    lookHint: "What is left empty is as the chat has it. Customers see it when they open the chat next. Colours that a page sets itself go before.", chatTitle: "Name over the chat", accent: "Colour", openChat: "Open the chat",
    welcomeIn: lang => (lang === "zh" ? "Greeting, Chinese" : "Greeting, English"), welcomeTextIn: lang => (lang === "zh" ? "Text below, Chinese" : "Text below, English"), startersIn: lang => (lang === "zh" ? "To begin with, one a line, Chinese" : "To begin with, one a line, English"),
    fromDay: "From", toDay: "To", customers: "Customers", only_all: "All", only_en: "English", only_zh: "Chinese", only_known: "Logged in", only_visitor: "Visitors",
    conversations: "Conversations", containment: "Answered without a person", handedOver: "Went to a person", satisfaction: "Satisfaction", scoreOf: (mean, n) => `${mean} of 5 (${n})`, revenue: "Revenue", perConversation: "Revenue per conversation",
    answers: "Answers", answersOf: (complete, interrupted, failed) => `${complete} complete, ${interrupted} interrupted, ${failed} failed`, sawCards: "Saw products", clicked: "Clicked", carted: "Put into the cart", bought: "Bought within a week",
    what: "What", count: "Count", share: "Share", nothing: "Nothing in this time.", byDay: "Conversations by day", funnel: "Funnel", unmet: n => `Searched and not found (${n})`, fewest: n => `What at least ${n} conversations have in common.`, topQuestions: "Questions to the articles",
    intents: "What customers want", reasons_: "Why a person was asked for", latency: "Time of a turn", models: "Rankers, parsers and who words the answers", saveReport: "Save as CSV",
    noArticles: "There is no article yet.", language: "Language",
    viewDeliveries: "Deliveries", deliveriesOff: "Your own server is told of no messages. FLOORWALKER_WEBHOOK_URL says where it takes them (docs/webhook.md).", deliveriesHint: "Messages to customers who are not connected, told to your own server for push notifications. They are kept for 30 days after they ended; the newest 200 are listed.",
    delivery_all: "All", delivery_waiting: "Waiting", delivery_sent: "Sent", delivery_seen: "Read without", delivery_dead: "Given up", deliveryState: "State", deliveryAt: "Message of", deliveryTries: "Tries", deliveryMessage: "Conversation · event", nextTry: "Next try",
    replay: "Send again", replayLabel: id => `Send again: ${id}`, replayDead: n => (n === 1 ? "Send what was given up again" : `Send all ${n} given up again`), replayed: n => `${n} ${n === 1 ? "delivery is" : "deliveries are"} sent again.`, noDeliveries: "There is none.",
  },
  zh: {
    title: "商店", loginTitle: "管理员登录", loginId: "账号", loginPassword: "密码", loginCode: "验证器应用的验证码", logIn: "登录", logOut: "退出",
    viewsLabel: "视图", viewInsights: "数据", viewPlayground: "试验台", viewImports: "导入", viewRules: "搜索规则", viewArticles: "知识文章", viewLook: "聊天窗口", toDesk: "客服台", other: "English",
    notAdmin: "此账号不是管理员，请用管理员账号登录。",
    ask: "顾客会写的话", askButton: "提问", again: "新对话", inspecting: "处理中…", nothingYet: "写下顾客会说的话，查看回答的每一步。这里不会保存任何内容。",
    understood: "理解", parser: "解析器", confidence: "置信度", searched: "检索", limits: "限制", found: n => `找到 ${n} 件`, ranked: "排序", floorIs: f => `相关度 ${f} 以上才展示`, degraded: "排序模型超时或出错，此处为检索顺序。",
    product: "商品", words: "词", meaning: "语义", fused: "融合", relevance: "相关度", score: "得分", reasons: "影响因素", knowledge: "文章", noAnswer: "低于阈值：不回答。",
    prompt: "交给模型的内容", wrote: "模型的原文", answer: "回答", shown: n => `${n} 张卡片`, time: "耗时", step: "步骤", ms: "毫秒", handoff: why => `需要人工：${why}`, removed: n => `删去了模型的 ${n} 处文字。`, allCandidates: n => `全部 ${n} 件`,
    file: "文件", format: "格式", currency: "未注明时的货币", stock: "未注明时的库存", catalogue: "目录名称", replace: "删除此目录中文件里没有的商品",
    preview: "预览", column: "列", takenAs: "作为", sample: "第一个值", passOver: "（忽略）", check: "检查整个文件", start: "导入", line: "行", problem: "问题", price: "价格", inStock: "库存", category: "类别",
    jobRuns: (name, phase, rows, total) => `${name}：${phase}，${rows}${total ? ` / ${total}` : ""} 行`, jobDone: r => `共 ${r.rows} 行，跳过 ${r.bad} 行：新增 ${r.inserted}，更新 ${r.updated}，未变 ${r.unchanged}，删除 ${r.removed}`, jobChecked: r => `读取 ${r.rows} 行，将跳过 ${r.bad} 行。没有任何改动。`,
    jobBy: (by, at) => `${by}，${at}`, phase_read: "读取", phase_embed: "向量化", phase_apply: "写入", phase_done: "完成", saveErrors: "将错误另存为 CSV", chooseFile: "选择文件：CSV、JSON Lines、Google Merchant 或 Shopify，可用 gzip 压缩。",
    format_csv: "CSV", format_jsonl: "JSON Lines", format_merchant: "Google Merchant", format_shopify: "Shopify", format_icecat: "Icecat", format_retail: "YAML",
    newArticle: "新文章", slug: "链接名", topic: "主题", titleIn: lang => (lang === "zh" ? "中文标题" : "英文标题"), bodyIn: lang => (lang === "zh" ? "中文正文" : "英文正文"), save: "保存", remove: "删除", saved: "已保存。", removed2: "已删除。",
    sureDelete: name => `删除文章“${name}”？`, whichQuestions: "这篇文章能回答哪些问题？", questionsHint: "每行一个问题。请先保存文章。", tryQuestions: "试试", question: "问题", answeredBy: "由此回答", refused: "不回答", thisOne: "本文", mean: "得分",
    rulesHint: "同义词会按其含义搜索。品牌、类别或 SKU 在合适的商品中排得更高（最高 1）或更低（最低 -1）；不合适的商品不会展示。保存两秒后生效。", addRule: "添加规则", tryRules: "保存前试试", before: "现在", after: "使用这些规则", nothingShown: "没有展示商品。",
    rule_kind: "规则", rule_subject: "对象", rule_means: "含义", rule_boost: "升降", kind_synonym: "同义词", kind_brand: "品牌", kind_category: "类别", kind_sku: "SKU",
    lookHint: "留空的部分使用默认内容。顾客下次打开聊天时可见。页面自己设置的颜色优先。", chatTitle: "聊天窗口名称", accent: "颜色", openChat: "打开聊天",
    welcomeIn: lang => (lang === "zh" ? "中文问候" : "英文问候"), welcomeTextIn: lang => (lang === "zh" ? "中文说明" : "英文说明"), startersIn: lang => (lang === "zh" ? "中文开场建议，每行一个" : "英文开场建议，每行一个"),
    fromDay: "从", toDay: "到", customers: "顾客", only_all: "全部", only_en: "英文", only_zh: "中文", only_known: "已登录", only_visitor: "访客",
    conversations: "对话", containment: "无需人工", handedOver: "转人工", satisfaction: "满意度", scoreOf: (mean, n) => `${mean} / 5（${n}）`, revenue: "收入", perConversation: "每次对话收入",
    answers: "回答", answersOf: (complete, interrupted, failed) => `完成 ${complete}，中断 ${interrupted}，失败 ${failed}`, sawCards: "看到商品", clicked: "点击", carted: "加入购物车", bought: "一周内购买",
    what: "项目", count: "数量", share: "占比", nothing: "此期间没有数据。", byDay: "每日对话", funnel: "漏斗", unmet: n => `搜索无结果（${n}）`, fewest: n => `至少 ${n} 次对话共有的内容。`, topQuestions: "常见问题",
    intents: "顾客意图", reasons_: "转人工原因", latency: "回合耗时", models: "排序、解析与回答模型", saveReport: "另存为 CSV",
    noArticles: "还没有文章。", language: "语言",
    viewDeliveries: "推送", deliveriesOff: "没有把消息告知您的服务器。FLOORWALKER_WEBHOOK_URL 指定接收地址（docs/webhook.md）。", deliveriesHint: "发给未在线顾客的消息，会告知您的服务器以便推送通知。结束后保留 30 天，此处列出最新的 200 条。",
    delivery_all: "全部", delivery_waiting: "等待中", delivery_sent: "已发送", delivery_seen: "顾客已读", delivery_dead: "已放弃", deliveryState: "状态", deliveryAt: "消息时间", deliveryTries: "次数", deliveryMessage: "对话 · 事件", nextTry: "下次尝试",
    replay: "重新发送", replayLabel: id => `重新发送：${id}`, replayDead: n => `重新发送已放弃的 ${n} 条`, replayed: n => `将重新发送 ${n} 条。`, noDeliveries: "没有记录。",
  },
};

// t is the word of the name in the chosen language, with its values filled in.
export function t(name, ...values) {
  const word = words[locale()][name];
  return typeof word === "function" ? word(...values) : word;
}
