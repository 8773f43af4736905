// The interface's own words, in both languages, and the choice between them.
import { brief } from "./surroundings.js";

const words = {
  en: {
    other: "中文", otherLabel: "Switch to Chinese", theme: "Switch between light and dark", skip: "Skip to the message field",
    welcome: "What can I find for you?", welcomeText: "Tell me what you need in your own words. I look through the whole shop, show you what fits and answer your questions.",
    starters: ["Running shoes under 80 dollars", "A gift for someone who loves coffee", "Can I return something I have opened?"],
    placeholder: "What are you looking for?", label: "Your message", send: "Send", stop: "Stop", newest: "New messages", close: "Close",
    online: "Connected", connecting: "Connecting…", offline: "No connection. Trying again…", closed: "Disconnected. Reload the page to continue.", stranger: "Log in to the shop to talk with us.", unkeyed: "The chat is not set up for this page.",
    building: "The language model is still being set up. Answers are short until it is ready.",
    failed: "The language model is not available. Answers are short until it is back.",
    you: "You", assistant: "Assistant", unsent: "Not sent yet", refused: "Not sent", thinking: "Looking…",
    interrupted: { stopped: "Stopped", left: "Interrupted", taken_over: "A colleague took over", drained: "Interrupted by a restart. Please ask again.", restarted: "Interrupted by a restart. Please ask again." },
    answerFailed: "This answer failed. Please ask again.", queued: n => (n > 1 ? `${n - 1} before you` : "You are next"),
    cards: n => (n === 1 ? "1 product" : `${n} products`), previous: "Previous products", next: "More products",
    stock: n => (n > 10 ? "In stock" : n > 0 ? `Only ${n} left` : "Sold out"), rating: r => `Rated ${r} out of 5`, gone: "No longer available",
    why: "Why this?", was: "Before:", sponsored: "Sponsored", add: "Add to cart", addLabel: t => `Add to cart: ${t}`, decline: "Not for me", declineLabel: t => `Do not show ${t} again`, declined: "Put aside", lessLike: "Less like this", lessLikeText: t => `Less like this: ${t}`,
    cart: "Your cart", cartLabel: n => `Cart, ${n === 1 ? "1 piece" : `${n} pieces`}`, empty: "Nothing in here yet.", total: "Total", remove: "Remove",
    less: "One less", more: "One more", source: "From:", checkout: "Go to checkout", articleGone: "This article can't be shown now.",
    requested: "A colleague was asked to join.", claimed: who => (who ? `${who} has joined the conversation.` : "A colleague has joined the conversation."),
    transferred: who => (who ? `${who} takes over.` : "Another colleague takes over."), passedOn: "You are passed on to another colleague.", lost: "Your colleague had to leave. You are first in line for another one.",
    released: "The assistant is back.", resolved: "The conversation was closed. Write again whenever you like.",
    personButton: "Talk to a person", asked: "A colleague was asked to join; the assistant goes on until then.", place: n => `You are number ${n} in line.`,
    estimate: s => (s < 60 ? "It takes less than a minute." : `It takes about ${Math.round(s / 60) === 1 ? "a minute" : `${Math.round(s / 60)} minutes`}.`), nobodyThere: "Nobody is at the desk just now.",
    talking: who => (who ? `You are talking to ${who}.` : "You are talking to a colleague."),
    formClosed: at => `Our desk is closed${at ? ` until ${at}` : ""}. Leave us a message and we answer by e-mail.`, formNobody: "Nobody could come so far. You can leave us a message and we answer by e-mail, or keep waiting.",
    name: "Name (if you like)", email: "E-mail", formText: "Your message to us", formSend: "Leave the message", formReceived: n => `Thank you. Your message is stored as number ${n}; we answer by e-mail.`,
    howWasIt: who => (who ? `How was it with ${who}?` : "How was it?"), scoreLabel: n => `${n} of 5`, scoreFace: ["1", "2", "3", "4", "5"], thanks: "Thank you for your answer.", comment: "Anything to add?",
    typing: who => (who ? `${who} is writing…` : "Somebody is writing…"), seen: "Seen",
    conversation: "Conversation", menu: "More", closeChat: "Close the chat", launch: n => (n ? `Open the chat, ${n === 1 ? "1 new message" : `${n} new messages`}` : "Open the chat"), launched: "Close the chat",
    find: "Search this conversation", findBack: "Previous match", findOn: "Next match", found: (n, of) => (of ? `${n} of ${of}` : "Nothing found"), download: "Download the conversation",
    soundOn: "Sound is off: turn it on", soundOff: "Sound is on: turn it off", consentYes: "Suggestions follow what I do: turn that off", consentNo: "Suggestions don't follow what I do: turn that on", copy: "Copy", copied: "Copied", again: "Ask again", change: "Change my question", rewriting: "You are changing your last message.", rewriteCancel: "Leave it as it was",
    picture: "Send a picture", pictureSent: "A picture you sent", pictureSending: "The picture is being sent…", pictureDrop: "Take the picture away", pictureLarge: "A picture may have 10 MB. Choose a smaller one.", pictureLater: "The picture could not be sent. Try again in a moment.",
    compare: "Compare", compareLabel: t => `Compare ${t}`, compareButton: n => `Compare ${n} products`, compareMore: "Tick one more to compare", product: "Product", price: "Price", ratingName: "Rating", stockName: "Stock", brand: "Brand",
    quick: ["Cheaper ones", "Best rated first", "Compare the first two"], quickLabel: "Suggestions",
  },
  zh: {
    other: "English", otherLabel: "切换到英文", theme: "切换深色和浅色", skip: "跳到输入框",
    welcome: "想找点什么？", welcomeText: "用您自己的话告诉我需求，我会在整个商店里寻找，展示合适的商品并回答您的问题。",
    starters: ["五百元以内的跑步鞋", "送给咖啡爱好者的礼物", "拆封的商品可以退货吗？"],
    placeholder: "想找商品、查订单或退货？", label: "您的消息", send: "发送", stop: "停止", newest: "有新消息", close: "关闭",
    online: "已连接", connecting: "连接中…", offline: "连接中断，正在重试…", closed: "连接已关闭，请刷新页面。", stranger: "请先登录商店，再与我们对话。", unkeyed: "此页面尚未启用聊天。",
    building: "语言模型正在准备中，在此之前回答会比较简短。", failed: "语言模型暂不可用，恢复之前回答会比较简短。",
    you: "您", assistant: "助手", unsent: "尚未发送", refused: "未能发送", thinking: "正在查找…",
    interrupted: { stopped: "已停止", left: "已中断", taken_over: "人工客服已接手", drained: "服务重启，回答中断，请再问一次。", restarted: "服务重启，回答中断，请再问一次。" },
    answerFailed: "回答失败，请再问一次。", queued: n => (n > 1 ? `前面还有 ${n - 1} 位` : "马上轮到您"),
    cards: n => `${n} 件商品`, previous: "上一组商品", next: "更多商品",
    stock: n => (n > 10 ? "有货" : n > 0 ? `仅剩 ${n} 件` : "已售罄"), rating: r => `评分 ${r}，满分 5 分`, gone: "已下架",
    why: "为什么推荐？", was: "原价：", sponsored: "广告", add: "加入购物车", addLabel: t => `加入购物车：${t}`, decline: "不感兴趣", declineLabel: t => `不再显示 ${t}`, declined: "已收起", lessLike: "少来这类", lessLikeText: t => `少来这类：${t}`,
    cart: "购物车", cartLabel: n => `购物车，${n} 件`, empty: "购物车还是空的。", total: "合计", remove: "移除",
    less: "减少一件", more: "增加一件", source: "来源：", checkout: "去结算", articleGone: "暂时无法显示这篇文章。",
    requested: "已为您请求人工客服。", claimed: who => (who ? `${who} 已加入对话。` : "人工客服已加入对话。"),
    transferred: who => (who ? `现在由 ${who} 为您服务。` : "已转给另一位同事。"), passedOn: "正在为您转接另一位同事。", lost: "客服暂时离开了，您将优先由另一位同事接待。",
    released: "智能助手回来了。", resolved: "对话已结束，欢迎随时再来。",
    personButton: "人工客服", asked: "已请求人工客服，在此之前由助手继续为您服务。", place: n => `您排在第 ${n} 位。`,
    estimate: s => (s < 60 ? "预计不到一分钟。" : `预计约 ${Math.round(s / 60)} 分钟。`), nobodyThere: "目前没有客服在线。",
    talking: who => (who ? `${who} 正在为您服务。` : "人工客服正在为您服务。"),
    formClosed: at => `现在不是服务时间${at ? `，${at} 开始服务` : ""}。请留言，我们会通过邮件回复。`, formNobody: "暂时没有客服能接待您。您可以留言，我们会通过邮件回复，也可以继续等待。",
    name: "称呼（可不填）", email: "电子邮箱", formText: "留言内容", formSend: "提交留言", formReceived: n => `谢谢！留言编号 ${n}，我们会通过邮件回复。`,
    howWasIt: who => (who ? `您对 ${who} 的服务满意吗？` : "您对服务满意吗？"), scoreLabel: n => `${n} 分，满分 5 分`, scoreFace: ["1", "2", "3", "4", "5"], thanks: "谢谢您的评价。", comment: "还有什么想说的吗？",
    typing: who => (who ? `${who} 正在输入…` : "对方正在输入…"), seen: "已读",
    conversation: "对话", menu: "更多", closeChat: "关闭聊天", launch: n => (n ? `打开聊天，${n} 条新消息` : "打开聊天"), launched: "关闭聊天",
    find: "搜索对话内容", findBack: "上一个", findOn: "下一个", found: (n, of) => (of ? `${n} / ${of}` : "没有找到"), download: "下载对话记录",
    soundOn: "提示音已关闭，点击开启", soundOff: "提示音已开启，点击关闭", consentYes: "推荐会参考我的行为，点击关闭", consentNo: "推荐不参考我的行为，点击开启", copy: "复制", copied: "已复制", again: "再问一次", change: "修改问题", rewriting: "正在修改您的上一条消息。", rewriteCancel: "保持原样",
    picture: "发送图片", pictureSent: "您发送的图片", pictureSending: "图片发送中…", pictureDrop: "移除图片", pictureLarge: "图片不能超过 10 MB，请换一张小一点的。", pictureLater: "图片未能发送，请稍后再试。",
    compare: "对比", compareLabel: t => `对比 ${t}`, compareButton: n => `对比 ${n} 件商品`, compareMore: "再选一件即可对比", product: "商品", price: "价格", ratingName: "评分", stockName: "库存", brand: "品牌",
    quick: ["便宜一点的", "评分最高的排前面", "比较前两个"], quickLabel: "快捷回复",
  },
};

let language;
// prefer takes what the page wishes where the reader has chosen nothing, and the browser's where neither has.
export function prefer(wish) {
  const wanted = [recall("language"), wish, (navigator.language || "").slice(0, 2).toLowerCase()];
  language = wanted.find(name => Object.hasOwn(words, name ?? "")) ?? "en";
}
prefer(brief?.settings.lang);

export const locale = () => language;
export const t = (key, ...values) => {
  const found = words[language][key];
  return typeof found === "function" ? found(...values) : found;
};

// reword puts the shop's own words in place of ours, by language; what is empty stays.
export function reword(name, own) {
  for (const [language, value] of Object.entries(own ?? {})) if (Object.hasOwn(words, language) && value.length) words[language][name] = value;
}

export function toggleLanguage() {
  language = language === "en" ? "zh" : "en";
  remember("language", language);
}

// Both languages have the same words; the tests hold them to it.
export const vocabulary = () => Object.fromEntries(Object.entries(words).map(([name, list]) => [name, Object.keys(list).sort()]));

// clock writes the time of a message, with its day where that is not today.
export function clock(date) {
  if (Number.isNaN(date.getTime())) return "";
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(language, { ...(!today && { month: "short", day: "numeric" }), hour: "2-digit", minute: "2-digit" });
}

// when writes a moment to come, in the reader's own time.
export function when(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString(language, { weekday: "long", hour: "2-digit", minute: "2-digit" });
}

// money writes minor units in the reader's manner.
export function money({ minor, currency }, times = 1) {
  try {
    const format = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    return format.format((minor * times) / 10 ** format.resolvedOptions().maximumFractionDigits);
  } catch {
    return `${currency} ${((minor * times) / 100).toFixed(2)}`;
  }
}

// Storage may be blocked or full; what is kept then lasts as long as the page. The area is the browser's
// localStorage, or sessionStorage for what is this tab's own.
export function recall(key, area = "localStorage") {
  try { return window[area].getItem(`floorwalker.${key}`); } catch { return null; }
}
export function remember(key, value, area = "localStorage") {
  try { window[area].setItem(`floorwalker.${key}`, value); } catch { /* blocked or full */ }
}
