// What can be put into a reply while it is written: a canned reply after "/", products after "#".
import { element } from "/static/elements.js";
import { get, of } from "./api.js";
import { t } from "./words.js";

const patience = 200; // ms without a key before products are searched

export class Picker {
  // pickReply(reply) and pickProduct(card) take what was chosen.
  constructor(field, list, { pickReply, pickProduct, failed }) {
    Object.assign(this, { field, list, pickReply, pickProduct, failed });
    this.items = [];
    this.at = 0;
    this.asked = 0;
    list.addEventListener("mousedown", event => event.preventDefault()); // the field keeps the focus
  }

  get open() { return !this.list.hidden; }

  close() {
    clearTimeout(this.timer);
    this.asked++;
    this.list.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  // look reads what stands before the caret and offers what fits.
  look(conversation) {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const canned = /^\/([^\n]*)$/.exec(before);
    const product = /(?:^|\s)#([^#\n]*)$/.exec(before);
    clearTimeout(this.timer);
    if (canned) return this.offerReplies(conversation, canned[1]);
    if (!product) return this.close();
    const words = product[1].trim();
    if (!words) return this.show((conversation.packet?.suggestions ?? []).map(card => this.product(card)), t("searchHint"));
    this.timer = setTimeout(() => this.offerProducts(conversation, words), patience);
  }

  async offerReplies(conversation, words) {
    const asked = ++this.asked;
    try {
      conversation.replies ??= (await get(of(conversation.session, "replies"))).replies;
    } catch (error) {
      return this.failed(error);
    }
    if (asked !== this.asked) return;
    const wanted = words.trim().toLowerCase();
    const fitting = conversation.replies.filter(r => `${r.id} ${r.title} ${r.text}`.toLowerCase().includes(wanted));
    this.show(fitting.map(reply => ({ title: reply.title, detail: reply.text, choose: () => this.pickReply(reply) })), t("noReplies"));
  }

  async offerProducts(conversation, words) {
    const asked = ++this.asked;
    const lang = conversation.lang === "zh" ? "zh" : "en";
    let found;
    try {
      found = (await get(`products?lang=${lang}&q=${encodeURIComponent(words.slice(0, 300))}`)).cards;
    } catch (error) {
      return this.failed(error);
    }
    if (asked !== this.asked) return;
    this.show(found.map(card => this.product(card)), t("noProducts"));
  }

  // product is one that can be chosen: it takes the place of what was written to find it.
  product(card) {
    return { title: card.title, detail: `${card.price_text} · ${t("stock", card.stock)}`, sku: card.sku, choose: () => {
      const caret = this.field.selectionStart;
      const before = this.field.value.slice(0, caret).replace(/(^|\s)#[^#\n]*$/, "$1");
      this.field.value = before + this.field.value.slice(caret);
      this.field.setSelectionRange(before.length, before.length);
      this.pickProduct(card);
    } };
  }

  show(items, otherwise) {
    this.items = items;
    this.at = 0;
    this.list.replaceChildren(...(items.length ? items.map((item, n) => element("li", { id: `pick-${n}`, role: "option", onclick: () => this.choose(n) },
      item.sku ? element("img", { src: `/images/${encodeURIComponent(item.sku)}`, alt: "", width: 40, height: 30 }) : null,
      element("strong", {}, item.title), element("span", { class: "soft" }, item.detail))) : [element("li", { class: "empty" }, otherwise)]));
    this.list.hidden = false;
    this.mark();
  }

  mark() {
    if (!this.items.length) return;
    [...this.list.children].forEach((node, n) => node.setAttribute("aria-selected", String(n === this.at)));
    this.field.setAttribute("aria-activedescendant", `pick-${this.at}`);
    this.list.children[this.at].scrollIntoView({ block: "nearest" });
  }

  choose(n) {
    const item = this.items[n];
    this.close();
    item?.choose();
  }

  // key takes a key while something is offered; it returns true where it was for the list.
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.items.length) {
      this.at = (this.at + step + this.items.length) % this.items.length;
      this.mark();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.items.length) {
      this.choose(this.at);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
