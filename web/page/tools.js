// What can be done with the newest answer: copy it, ask again, go on with a word.
import { element } from "./elements.js";
import { t } from "./i18n.js";
import { view } from "./surroundings.js";

const { clipboard } = view.navigator; // absent on pages without TLS

const copiedFor = 2000; // ms

export class Tools {
  questions = new Map(); // message id -> its text
  answers = new Map(); // answer's id -> how many cards it has
  node = null;

  // say(text) sends a message.
  constructor(log, say) { Object.assign(this, { log, say }); }

  clear() {
    this.questions.clear();
    this.answers.clear();
    this.node = null;
  }

  created({ message_id: id, role, text }) {
    if (role === "customer") this.questions.set(id, text);
    if (role === "customer" || role === "agent") this.put(null);
  }

  shown({ message_id: id, cards }) { this.answers.set(id, cards.length); }

  // completed offers what fits the answer; while a person answers there is nothing to ask the assistant.
  completed({ message_id: id, reply_to: question, text, intent }, owner) {
    const asked = this.questions.get(question);
    const tools = element("p", { class: "tools" }, copier(text), owner !== "agent" && asked ? element("button", { type: "button", onclick: () => this.say(asked) }, t("again")) : null);
    const choose = owner !== "agent" && ["search", "refine", "recommend"].includes(intent) && this.answers.get(id) > 1;
    this.put(element("li", { class: "after" }, tools, choose
      ? element("ul", { class: "quick", "aria-label": t("quickLabel") }, ...t("quick").map(words => element("li", {}, element("button", { type: "button", onclick: () => this.say(words) }, words))))
      : null));
  }

  put(node) {
    this.node?.remove();
    this.node = node;
    if (node) this.log.put(node);
  }
}

function copier(text) {
  if (!clipboard || !text) return null;
  const button = element("button", { type: "button", onclick: async () => {
    try { await clipboard.writeText(text); } catch { return; } // the customer said no
    button.textContent = t("copied");
    setTimeout(() => { button.textContent = t("copy"); }, copiedFor);
  } }, t("copy"));
  return button;
}
