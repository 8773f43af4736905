// What can be done with the newest answer: copy it, have it written again, change the question, go on with a word.
import { element } from "./elements.js";
import { t } from "./i18n.js";
import { view } from "./surroundings.js";

const { clipboard } = view.navigator; // absent on pages without TLS

const copiedFor = 2000; // ms

export class Tools {
  questions = new Map(); // message id -> { text, less: the product of which less is wanted }
  answers = new Map(); // answer's id -> how many cards it has
  node = null;
  newest = ""; // the customer's newest message

  // say(text) sends a message, again(question, id) sends one in the place of another, change(question, id) lets the customer
  // change it first.
  constructor(log, { say, again, change }) { Object.assign(this, { log, say, again, change }); }

  // last is the customer's newest message, which can be changed until a person has read it.
  get last() { return this.newest && { id: this.newest, ...this.questions.get(this.newest) }; }

  clear() {
    this.questions.clear();
    this.answers.clear();
    this.node = null;
    this.newest = "";
  }

  created({ message_id: id, role, text, less_like: less }) {
    if (role === "customer") this.questions.set(id, { text, less });
    if (role === "customer") this.newest = id;
    if (role === "agent") this.newest = "";
    if (role === "customer" || role === "agent") this.put(null);
  }

  shown({ message_id: id, cards }) { this.answers.set(id, cards.length); }

  // completed offers what fits the answer; while a person answers there is nothing to ask the assistant.
  completed({ message_id: id, reply_to: question, text, intent }, owner) {
    const said = this.questions.get(question), asked = owner !== "agent" && question === this.newest && said?.text ? said : null;
    const tool = (word, act) => (asked ? element("button", { type: "button", onclick: () => act(asked, question) }, t(word)) : null);
    const tools = element("p", { class: "tools" }, copier(text), tool("again", this.again), tool("change", this.change));
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
