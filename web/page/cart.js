// The cart: a count in the header, and a sheet with lines, quantities and the total.
import { element, icon, stepper } from "./elements.js";
import { money, t } from "./i18n.js";
import { Sheet } from "./sheet.js";
import { home } from "./surroundings.js";

export class Cart {
  constructor(root, setQuantity) {
    this.set = setQuantity;
    this.cart = null;
    this.button = root.getElementById("cart-button");
    this.count = root.getElementById("cart-count");
    this.sheet = new Sheet(root, "cart");
    this.button.addEventListener("click", () => this.sheet.open());
  }

  quantityOf(sku) { return this.cart?.lines?.find(line => line.sku === sku)?.quantity ?? 0; }

  update(cart) {
    this.cart = cart;
    this.draw();
  }

  draw() {
    const lines = this.cart?.lines ?? [];
    const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
    this.count.textContent = pieces > 99 ? "99+" : String(pieces);
    this.count.hidden = pieces === 0;
    this.button.setAttribute("aria-label", t("cartLabel", pieces));
    // What was pressed is drawn anew; the focus stays with its line.
    const held = this.sheet.body.contains(this.sheet.root.activeElement) && this.sheet.root.activeElement;
    const line = held && held.closest("li")?.dataset.sku, label = held && held.getAttribute("aria-label");
    if (lines.length === 0) this.sheet.draw(t("cart"), element("p", { class: "empty" }, t("empty")));
    else {
      this.sheet.draw(t("cart"),
        element("ul", {}, ...lines.map(line => this.line(line))),
        element("p", { class: "total" }, element("span", {}, t("total")), element("strong", {}, money(this.cart.total))));
    }
    if (held) (this.sheet.body.querySelector(`li[data-sku="${CSS.escape(line)}"] [aria-label="${CSS.escape(label)}"]`) ?? this.sheet.node).focus();
  }

  line({ sku, title, quantity, price }) {
    return element("li", { "data-sku": sku },
      element("img", { src: `${home}/images/${encodeURIComponent(sku)}`, alt: "", width: 56, height: 42, loading: "lazy" }),
      element("span", { class: "title" }, title),
      element("span", { class: "sum" }, money(price, quantity)),
      stepper(quantity, { less: t("less"), more: t("more") }, count => this.set(sku, count)),
      element("button", { class: "quiet icon", type: "button", "aria-label": `${t("remove")}: ${title}`, onclick: () => this.set(sku, 0) }, icon("m6 6 12 12M18 6 6 18")));
  }
}
