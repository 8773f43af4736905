// Products ticked to be set side by side, with what the cards say of them.
import { picture } from "./cards.js";
import { element } from "./elements.js";
import { t } from "./i18n.js";
import { Sheet } from "./sheet.js";

const most = 4; // as many as fit beside each other

export class Comparison {
  cards = new Map(); // sku -> card

  // changed is called when a tick went away by itself.
  constructor(root, changed) {
    this.changed = changed;
    this.button = root.getElementById("compare-button");
    this.sheet = new Sheet(root, "comparison");
    this.button.addEventListener("click", () => this.cards.size > 1 && this.sheet.open());
  }

  clear() {
    this.cards.clear();
    this.draw();
  }

  has(sku) { return this.cards.has(sku); }

  // tick adds or takes away; the oldest gives way to one too many.
  tick(card, ticked) {
    if (ticked) this.cards.set(card.sku, card);
    else this.cards.delete(card.sku);
    if (this.cards.size > most) {
      this.cards.delete(this.cards.keys().next().value);
      this.changed();
    }
    this.draw();
  }

  draw() {
    const { size } = this.cards;
    this.button.hidden = size === 0;
    this.button.setAttribute("aria-disabled", String(size < 2));
    this.button.textContent = size > 1 ? t("compareButton", size) : t("compareMore");
    this.sheet.draw(t("compare"), this.table([...this.cards.values()]));
  }

  table(cards) {
    const row = (name, cells) => element("tr", {}, element("th", { scope: "row" }, name), ...cells.map(cell => element("td", {}, cell)));
    const facts = [...new Set(cards.flatMap(card => Object.keys(card.attributes ?? {})))].sort();
    return element("div", { class: "wide", tabindex: "0", role: "group", "aria-label": t("compare") }, element("table", {},
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, t("product")), ...cards.map(card => element("th", { scope: "col" }, picture(card), card.title)))),
      element("tbody", {},
        row(t("price"), cards.map(card => card.price_text)),
        row(t("ratingName"), cards.map(card => (card.rating ? `★ ${Math.round(card.rating * 10) / 10}` : "–"))),
        row(t("stockName"), cards.map(card => (card.gone ? t("gone") : t("stock", card.stock)))),
        row(t("brand"), cards.map(card => card.brand || "–")),
        ...facts.map(fact => row(fact, cards.map(card => card.attributes?.[fact] ?? "–"))))));
  }
}
