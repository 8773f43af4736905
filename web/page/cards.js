// Product cards: one list an answer, side by side, each with picture, price, rating, stock and reasons.
import { element, icon, stepper } from "./elements.js";
import { money, t } from "./i18n.js";
import { home, view } from "./surroundings.js";

const { ResizeObserver } = view; // those of a hidden frame never fire

export class Cards {
  // quantityOf and setQuantity are the cart's; decline puts a product aside, less asks for others that are less like it; compared(sku) is whether it is ticked,
  // compare(card, ticked) ticks it; watch(node, card) follows what is done with it, where that is wanted.
  constructor({ quantityOf, setQuantity, decline, less, compared, compare, watch }) {
    Object.assign(this, { quantityOf, setQuantity, decline, less, compared, compare, watch });
    this.shown = new Map(); // sku -> the cards on the screen, each with its element
    this.declined = new Set();
  }

  clear() {
    this.shown.clear();
    this.declined.clear();
  }

  // list makes the element for one list of recommendations.
  list({ ranking_id: ranking, cards }) {
    const row = element("ul", { class: "cards", tabindex: "0", "aria-label": t("cards", cards.length) });
    for (const card of cards) {
      const entry = { card: { ...card, ranking }, node: element("li", { class: "card" }) };
      if (!this.shown.has(card.sku)) this.shown.set(card.sku, []);
      this.shown.get(card.sku).push(entry);
      this.draw(entry);
      this.watch?.(entry.node, entry.card);
      row.append(entry.node);
    }
    const scroll = by => row.scrollBy({ left: by * row.clientWidth * 0.8, behavior: "smooth" });
    const back = element("button", { class: "scroll back", type: "button", "aria-label": t("previous"), onclick: () => scroll(-1) }, icon("m14.5 6-6 6 6 6"));
    const on = element("button", { class: "scroll on", type: "button", "aria-label": t("next"), onclick: () => scroll(1) }, icon("m9.5 6 6 6-6 6"));
    const frame = element("li", { class: "shelf" }, row, back, on);
    const arrows = () => {
      back.hidden = row.scrollLeft < 8;
      on.hidden = row.scrollLeft + row.clientWidth > row.scrollWidth - 8;
    };
    row.addEventListener("scroll", arrows, { passive: true });
    new ResizeObserver(arrows).observe(row);
    return frame;
  }

  // draw fills a card's element anew; what was unfolded stays so, and the focus stays in the card.
  draw(entry) {
    const { card, node } = entry;
    const open = node.querySelector("details")?.open;
    const held = node.getRootNode().activeElement, part = node.contains(held) && (parts.find(name => held.matches(name)) ?? "button");
    const aside = this.declined.has(card.sku);
    entry.quantity = this.quantityOf(card.sku);
    node.dataset.sku = card.sku;
    node.classList.toggle("gone", Boolean(card.gone));
    node.classList.toggle("aside", aside);
    node.replaceChildren(
      picture(card),
      element("div", { class: "about" },
        element("p", { class: "brand" }, card.sponsored ? element("span", { class: "sponsored" }, t("sponsored")) : null, card.brand || card.category || "\u00a0"),
        element("h3", { title: card.title }, card.title),
        element("p", { class: "facts" }, ...price(card), stars(card.rating)),
        stockLine(card),
        reasons(card, open),
        aside ? element("p", { class: "note" }, t("declined")) : this.actions(card)));
    if (part) (node.querySelector(part) ?? node.querySelector(".stepper button:last-child") ?? node.querySelector("button, summary"))?.focus();
  }

  actions(card) {
    if (card.gone) return null;
    const have = this.quantityOf(card.sku);
    const buy = have > 0
      ? stepper(have, { less: t("less"), more: t("more") }, quantity => this.setQuantity(card.sku, quantity, card))
      : element("button", { class: "add", type: "button", disabled: card.stock <= 0, "aria-label": t("addLabel", card.title), onclick: () => this.setQuantity(card.sku, 1, card) }, t("add"));
    const decline = element("button", { class: "decline", type: "button", "aria-label": t("declineLabel", card.title), title: t("decline"), onclick: () => this.decline(card) }, icon("m7 7 10 10M17 7 7 17"));
    const tick = element("input", { type: "checkbox", "aria-label": t("compareLabel", card.title) });
    tick.checked = this.compared(card.sku);
    tick.addEventListener("change", () => this.compare(card, tick.checked));
    const less = element("button", { class: "less", type: "button", "aria-label": t("lessLikeText", card.title), onclick: () => this.less(card) }, t("lessLike"));
    return element("div", { class: "actions" }, buy, decline, element("div", { class: "further" }, element("label", { class: "tick" }, tick, t("compare")), less));
  }

  // redraw after the language changed; recount after the cart did.
  redraw() {
    for (const entries of this.shown.values()) entries.forEach(entry => this.draw(entry));
  }

  recount() {
    for (const [sku, entries] of this.shown) {
      const quantity = this.quantityOf(sku);
      for (const entry of entries) if (entry.quantity !== quantity) this.draw(entry);
    }
  }

  update({ sku, ...change }) {
    for (const entry of this.shown.get(sku) ?? []) {
      // What it cost before is said anew with every price.
      if (change.price) entry.card.was = entry.card.was_text = undefined;
      Object.assign(entry.card, Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)));
      this.draw(entry);
    }
  }

  putAside({ sku }) {
    this.declined.add(sku);
    this.update({ sku });
  }
}

// The parts of a card that can hold the focus.
const parts = ["summary", ".decline", ".less", ".tick input", ".stepper button:first-child"];

// picture shows the product's own picture where it is ours or the policy lets it in; else the drawn one.
export function picture(card) {
  const drawn = `${home}/images/${encodeURIComponent(card.sku)}`;
  const given = typeof card.image_url !== "string" ? drawn : /^\/(?!\/)/.test(card.image_url) ? home + card.image_url : /^https:\/\//.test(card.image_url) ? card.image_url : drawn;
  const image = element("img", { src: given, alt: "", loading: "lazy", decoding: "async", width: 240, height: 180 });
  image.addEventListener("error", () => { if (image.getAttribute("src") !== drawn) image.src = drawn; }, { once: true });
  return image;
}

// price is what it costs, and what it cost before where that was more.
function price({ price: now, price_text: text, was, was_text: before }) {
  const cost = element("strong", { class: "price" }, text);
  if (!was || !now || was.minor <= now.minor) return [cost];
  return [cost, element("s", { class: "was" }, element("span", { class: "hidden" }, `${t("was")} `), before || money(was))];
}

function stars(rating) {
  if (!rating) return null;
  const rounded = Math.round(rating * 10) / 10;
  return element("span", { class: "rating", role: "img", "aria-label": t("rating", rounded) }, `★ ${rounded}`);
}

function stockLine(card) {
  if (card.gone) return element("p", { class: "stock none" }, t("gone"));
  const level = card.stock <= 0 ? "none" : card.stock <= 10 ? "low" : "good";
  return element("p", { class: `stock ${level}` }, t("stock", card.stock));
}

function reasons(card, open) {
  if (!card.why?.length) return null;
  return element("details", { open }, element("summary", {}, t("why")), element("ul", {}, ...card.why.map(reason => element("li", {}, reason))));
}
