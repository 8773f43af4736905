// The cart: a count in the header, and a panel with lines, quantities and the total.
import { element, icon, stepper } from "./elements.js";
import { money, t } from "./i18n.js";

const $ = id => document.getElementById(id);

export class Cart {
  constructor(setQuantity) {
    this.set = setQuantity;
    this.cart = null;
    $("cart-button").addEventListener("click", () => this.toggle());
    $("cart-close").addEventListener("click", () => this.toggle(false));
    addEventListener("keydown", event => { if (event.key === "Escape" && !$("cart").hidden) this.toggle(false); });
  }

  quantityOf(sku) { return this.cart?.lines?.find(line => line.sku === sku)?.quantity ?? 0; }

  update(cart) {
    this.cart = cart;
    this.draw();
  }

  toggle(open = $("cart").hidden) {
    $("cart").hidden = !open;
    $("cart-button").setAttribute("aria-expanded", String(open));
    if (open) $("cart").focus();
    else $("cart-button").focus();
  }

  draw() {
    const lines = this.cart?.lines ?? [];
    const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
    $("cart-count").textContent = pieces > 99 ? "99+" : String(pieces);
    $("cart-count").hidden = pieces === 0;
    $("cart-button").setAttribute("aria-label", t("cartLabel", pieces));
    $("cart-close").setAttribute("aria-label", t("close"));
    if (lines.length === 0) return $("cart-lines").replaceChildren(element("p", { class: "empty" }, t("empty")));
    $("cart-lines").replaceChildren(
      element("ul", {}, ...lines.map(line => this.line(line))),
      element("p", { class: "total" }, element("span", {}, t("total")), element("strong", {}, money(this.cart.total))));
  }

  line({ sku, title, quantity, price }) {
    return element("li", {},
      element("img", { src: `/images/${encodeURIComponent(sku)}`, alt: "", width: 56, height: 42, loading: "lazy" }),
      element("span", { class: "title" }, title),
      element("span", { class: "sum" }, money(price, quantity)),
      stepper(quantity, { less: t("less"), more: t("more") }, count => this.set(sku, count)),
      element("button", { class: "quiet icon", type: "button", "aria-label": `${t("remove")}: ${title}`, onclick: () => this.set(sku, 0) }, icon("m6 6 12 12M18 6 6 18")));
  }
}
