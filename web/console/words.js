// The desk's words in both languages; which one is the choice of /static/i18n.js.
import { locale } from "/static/i18n.js";

const words = {
  en: {
    title: "Desk", loginTitle: "Log in to the desk", loginId: "Id", loginPassword: "Password", loginCode: "Code of your authenticator app", logIn: "Log in", logOut: "Log out",
    noAnswer: "The server does not answer. Trying again may help.", online: "Live", connecting: "Connecting…", offline: "No connection. Trying again…",
    viewsLabel: "Views", packetLabel: "About this conversation", viewTalks: "Conversations", viewTickets: "Tickets", viewOverview: "Overview", away: "Away", awayOn: "You get no transfers while away.", awayOff: "You are back.",
    help: "Keys", other: "中文", otherLabel: "Switch to Chinese", language: "Language", theme: "Switch between light and dark", close: "Close", cancel: "Cancel",
    load: (n, of) => `${n} of ${of}`, nothingOpen: "Choose a conversation. Press ? for the keys.",
    groupMine: "Yours", groupWaiting: "Waiting", groupOthers: "With colleagues", groupMineEmpty: "You have none.", groupWaitingEmpty: "Nobody waits.", groupOthersEmpty: "",
    visitor: id => `Visitor ${id}`, customer: "Customer", assistant: "Assistant", urgent: "First", unread: n => `${n} new`, newCase: who => `${who} waits for a person.`,
    reason_customer_asked: "asked for a person", reason_complaint: "complaint", reason_misunderstood: "not understood", reason_picture: "a picture to look at", reason_policy: "by rule", reason_agent: "taken by a colleague",
    claim: "Take over", takeFrom: "Take over from a colleague", release: "Back to assistant", transfer: "Transfer", resolve: "Resolve", watching: "You only watch.", withOther: who => `${who} has this conversation.`,
    isMine: "Yours", isQueued: "Waits for a person", isAssistant: "With the assistant", isResolved: "Resolved",
    releaseTitle: "Give the conversation back to the assistant", transferTitle: "Transfer the conversation", resolveTitle: "Close the matter and ask the customer how it was?",
    handTo: "To", handNote: "Note for colleagues (customers never see it)", toQueue: name => `Queue: ${name}`, toAgent: (name, load, capacity) => `${name} (${load} of ${capacity})`, toNobody: "There is nobody to transfer to.",
    modeReply: "Reply", modeNote: "Note", send: "Send", replyPlaceholder: "Reply to the customer… / for canned replies, # for products", notePlaceholder: "Whisper to colleagues…",
    replyHint: "The customer sees this.", noteHint: "Only colleagues see this.", fillIn: names => `Not known, fill in yourself: ${names}`, suggested: "Suggested:", useIt: "Use it",
    searchHint: "Write what to look for…", noProducts: "No product fits.", noReplies: "No canned reply fits.", stock: n => (n > 0 ? `${n} in stock` : "sold out"),
    addProduct: name => `Add ${name} to the reply`, removeProduct: name => `Take ${name} out of the reply`, haveALook: lang => (lang === "zh" ? "您可以看看这些：" : "Have a look at these:"),
    sending: "Sending…", whisperBy: name => `Note by ${name}`,
    requested: why => `A person is wanted: ${why}.`, claimed: who => `${who} has taken over.`, transferred: who => `${who} takes over.`, transferredQueue: "Moved to another queue.",
    released: "Back with the assistant.", lost: "The agent was lost; the customer waits again.", ticketLeft: "The customer left a ticket.", resolved: "Resolved.",
    formClosed: "Outside business hours: a contact form was offered.", formNobody: "Nobody came in time: a contact form was offered.", ticketStored: id => `Ticket ${id} was stored.`, satisfaction: n => `The customer gave ${n} of 5.`,
    packetWhy: "Why", packetNeed: "Looks for", packetShown: "Shown last", packetSuggested: "May suit this customer", packetRejected: "Turned down", packetCart: "Cart", packetOrders: "Orders", packetTried: "What the assistant tried", packetSummary: "So far", none: "—", name: "Name", email: "Mail", notTold: "The shop's own system does not answer.",
    queue: "Queue", asked: "Asked", page: "Looks at", pictureAlt: "A picture that the customer sent", replaced: "Written anew by the customer", intent: name => `Understood: ${name}`, total: sum => `Total ${sum}`, tried: (intent, n) => (n ? `${intent}: ${n === 1 ? "1 product" : `${n} products`}` : intent),
    state_streaming: "being written", state_pending: "waiting", state_interrupted: "interrupted", state_failed: "failed",
    ticketsTitle: "Open tickets", ticketsEmpty: "No ticket is open.", ticketId: "No.", from: "From", message: "Message", when: "When", done: "Done", openTalk: "Conversation",
    linesTitle: "Queues", line: "Queue", waiting: "Waiting", longest: "Longest", handled: "With people", present: "People there", estimate: "Told to the next", lineOpen: "open", lineClosed: "closed", unknown: "not known",
    peopleTitle: "People", person: "Person", role: "Role", loadHead: "Load", status: "Status", there: "there", isAway: "away", gone: "not there", score: "Satisfaction (7 days)", scoreOf: (mean, n) => `${mean} of 5 (${n})`,
    auditTitle: "Audit log", everybody: "Everybody", older: "Older", action: "Action", detail: "Detail", address: "Address", auditEmpty: "Nothing yet.",
    keysTitle: "Keys", key_next: "Next conversation", key_previous: "Previous conversation", key_first: "Open the first that waits", key_claim: "Take over", key_reply: "Reply", key_note: "Note",
    key_canned: "Canned reply", key_product: "Search a product for the reply", key_suggested: "Use the suggested reply", key_transfer: "Transfer", key_release: "Back to the assistant", key_resolve: "Resolve", key_away: "Away, or back",
    key_views: "Conversations, tickets, overview", key_help: "This list", key_leave: "Leave the field", key_send: "Send; with Shift a new line",
  },
  zh: {
    title: "客服台", loginTitle: "登录客服台", loginId: "账号", loginPassword: "密码", loginCode: "验证器应用的验证码", logIn: "登录", logOut: "退出",
    noAnswer: "服务器没有回应，请再试一次。", online: "实时", connecting: "连接中…", offline: "连接中断，正在重试…",
    viewsLabel: "视图", packetLabel: "关于此对话", viewTalks: "对话", viewTickets: "留言", viewOverview: "总览", away: "离开", awayOn: "离开期间不会转接给您。", awayOff: "您已回来。",
    help: "快捷键", other: "English", otherLabel: "切换到英文", language: "语言", theme: "切换深色和浅色", close: "关闭", cancel: "取消",
    load: (n, of) => `${n} / ${of}`, nothingOpen: "请选择一个对话。按 ? 查看快捷键。",
    groupMine: "我的对话", groupWaiting: "等待中", groupOthers: "同事的对话", groupMineEmpty: "暂无对话。", groupWaitingEmpty: "没有人在等待。", groupOthersEmpty: "",
    visitor: id => `访客 ${id}`, customer: "顾客", assistant: "助手", urgent: "优先", unread: n => `${n} 条新消息`, newCase: who => `${who} 正在等待人工客服。`,
    reason_customer_asked: "要求人工", reason_complaint: "投诉", reason_misunderstood: "未能理解", reason_picture: "需要查看图片", reason_policy: "按规则转人工", reason_agent: "由同事接手",
    claim: "接手", takeFrom: "从同事处接手", release: "交还助手", transfer: "转接", resolve: "结束", watching: "您正在旁观。", withOther: who => `${who} 正在处理此对话。`,
    isMine: "由您处理", isQueued: "等待人工", isAssistant: "由助手处理", isResolved: "已结束",
    releaseTitle: "把对话交还给助手", transferTitle: "转接对话", resolveTitle: "结束并请顾客评价？",
    handTo: "转给", handNote: "给同事的备注（顾客看不到）", toQueue: name => `队列：${name}`, toAgent: (name, load, capacity) => `${name}（${load} / ${capacity}）`, toNobody: "没有可以转接的对象。",
    modeReply: "回复", modeNote: "备注", send: "发送", replyPlaceholder: "回复顾客… 输入 / 选快捷回复，# 搜索商品", notePlaceholder: "给同事的悄悄话…",
    replyHint: "顾客会看到。", noteHint: "只有同事能看到。", fillIn: names => `未知内容请自行填写：${names}`, suggested: "建议回复：", useIt: "采用",
    searchHint: "输入要找的商品…", noProducts: "没有合适的商品。", noReplies: "没有合适的快捷回复。", stock: n => (n > 0 ? `库存 ${n}` : "已售罄"),
    addProduct: name => `把 ${name} 加入回复`, removeProduct: name => `从回复中移除 ${name}`, haveALook: lang => (lang === "en" ? "Have a look at these:" : "您可以看看这些："),
    sending: "发送中…", whisperBy: name => `${name} 的备注`,
    requested: why => `需要人工：${why}。`, claimed: who => `${who} 已接手。`, transferred: who => `现在由 ${who} 处理。`, transferredQueue: "已转到其他队列。",
    released: "已交还助手。", lost: "客服掉线，顾客重新等待。", ticketLeft: "顾客已留言。", resolved: "已结束。",
    formClosed: "非营业时间，已提供留言表。", formNobody: "无人及时接手，已提供留言表。", ticketStored: id => `留言 ${id} 已保存。`, satisfaction: n => `顾客评分 ${n} / 5。`,
    packetWhy: "原因", packetNeed: "需求", packetShown: "最近展示", packetSuggested: "可能适合这位顾客", packetRejected: "已拒绝", packetCart: "购物车", packetOrders: "订单", packetTried: "助手做过什么", packetSummary: "对话概要", none: "—", name: "姓名", email: "邮箱", notTold: "商店自己的系统没有回应。",
    queue: "队列", asked: "提出时间", page: "正在浏览", pictureAlt: "顾客发送的图片", replaced: "顾客已重新编辑", intent: name => `理解为：${name}`, total: sum => `合计 ${sum}`, tried: (intent, n) => (n ? `${intent}：${n} 件商品` : intent),
    state_streaming: "正在回答", state_pending: "等待中", state_interrupted: "已中断", state_failed: "失败",
    ticketsTitle: "未处理的留言", ticketsEmpty: "没有未处理的留言。", ticketId: "编号", from: "来自", message: "内容", when: "时间", done: "已处理", openTalk: "查看对话",
    linesTitle: "队列", line: "队列", waiting: "等待", longest: "最长等待", handled: "处理中", present: "在线客服", estimate: "预计等待", lineOpen: "营业中", lineClosed: "已休息", unknown: "未知",
    peopleTitle: "客服", person: "客服", role: "角色", loadHead: "负载", status: "状态", there: "在线", isAway: "离开", gone: "不在线", score: "满意度（7 天）", scoreOf: (mean, n) => `${mean} / 5（${n}）`,
    auditTitle: "审计日志", everybody: "所有人", older: "更早", action: "操作", detail: "详情", address: "地址", auditEmpty: "暂无记录。",
    keysTitle: "快捷键", key_next: "下一个对话", key_previous: "上一个对话", key_first: "打开第一个等待的对话", key_claim: "接手", key_reply: "回复", key_note: "备注",
    key_canned: "快捷回复", key_product: "为回复搜索商品", key_suggested: "采用建议回复", key_transfer: "转接", key_release: "交还助手", key_resolve: "结束", key_away: "离开或回来",
    key_views: "对话、留言、总览", key_help: "显示此列表", key_leave: "离开输入框", key_send: "发送；加 Shift 换行",
  },
};

export const t = (key, ...values) => {
  const found = words[locale()][key];
  return typeof found === "function" ? found(...values) : found ?? key;
};

// Both languages have the same words; the tests hold them to it.
export const vocabulary = () => Object.fromEntries(Object.entries(words).map(([name, list]) => [name, Object.keys(list).sort()]));

// span writes a length of time in seconds, short.
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
}

// stamp writes a moment in the reader's manner.
export function stamp(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString(locale(), { dateStyle: "short", timeStyle: "medium" });
}
