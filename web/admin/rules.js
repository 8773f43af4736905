// What the shop says about its search: words that mean others, what stands higher or lower, and what that changes.
import { element } from "/static/elements.js";
import { call, get, post } from "/console/static/api.js";
import { t } from "./words.js";

const kinds = ["synonym", "brand", "category", "sku"];

export class Rules {
  constructor(sheet, { failed, toast }) {
    Object.assign(this, { sheet, failed, toast, rules: [] });
  }

  hide() {}

  async show() {
    try {
      this.rules = (await get("admin/rules")).rules;
      this.draw();
    } catch (error) {
      this.failed(error);
    }
  }

  draw() {
    this.text = element("input", { id: "try-text", maxlength: 4000, "aria-label": t("ask"), placeholder: t("ask"), value: this.text?.value ?? "" });
    this.seen = element("div", { id: "tried", class: "pair", "aria-live": "polite" });
    this.list = element("tbody", {}, ...this.rules.map(rule => this.row(rule)));
    this.sheet.replaceChildren(element("p", { class: "soft" }, t("rulesHint")),
      element("table", { id: "rules-table" }, element("thead", {}, element("tr", {}, ...["kind", "subject", "means", "boost"].map(name => element("th", { scope: "col" }, t(`rule_${name}`))), element("td", {}))), this.list),
      element("p", {}, element("button", { type: "button", onclick: () => this.list.append(this.row({ kind: "synonym", subject: "", means: "" })) }, t("addRule")),
        element("button", { type: "button", class: "strong", onclick: () => this.save() }, t("save"))),
      element("form", { class: "asking", onsubmit: event => { event.preventDefault(); this.tryThem(); } }, this.text, element("button", { type: "submit" }, t("tryRules"))), this.seen);
  }

  row(rule) {
    const kind = element("select", { "aria-label": t("rule_kind"), onchange: () => fit() }, ...kinds.map(k => element("option", { value: k, selected: k === rule.kind }, t(`kind_${k}`))));
    const subject = element("input", { "aria-label": t("rule_subject"), maxlength: 200, value: rule.subject });
    const means = element("input", { "aria-label": t("rule_means"), maxlength: 200, value: rule.means ?? "" });
    const boost = element("input", { "aria-label": t("rule_boost"), type: "number", min: -1, max: 1, step: 0.05, value: rule.boost ?? 0.1 });
    const fit = () => { means.disabled = kind.value !== "synonym"; boost.disabled = kind.value === "synonym"; };
    fit();
    const row = element("tr", {}, ...[kind, subject, means, boost, element("button", { type: "button", onclick: () => row.remove() }, t("remove"))].map(cell => element("td", {}, cell)));
    row.read = () => ({ kind: kind.value, subject: subject.value.trim(), ...(kind.value === "synonym" ? { means: means.value.trim() } : { boost: Number(boost.value) }) });
    return row;
  }

  read() { return [...this.list.children].map(row => row.read()); }

  async save() {
    try {
      await call("PUT", "admin/rules", { rules: this.read() });
      this.toast(t("saved"));
      await this.show();
    } catch (error) {
      this.failed(error);
    }
  }

  async tryThem() {
    if (!this.text.value.trim()) return;
    try {
      const { before, after } = await post("admin/rules/try", { text: this.text.value.trim(), rules: this.read() });
      const was = new Map(before.map((card, i) => [card.sku, i]));
      const list = (title, cards, mark) => element("section", {}, element("h2", {}, title),
        cards.length ? element("ol", { class: "shown" }, ...cards.map((card, i) => element("li", { class: mark && was.get(card.sku) !== i ? "moved" : "" }, `${card.title} · ${card.price_text}`))) : element("p", { class: "soft" }, t("nothingShown")));
      this.seen.replaceChildren(list(t("before"), before, false), list(t("after"), after, true));
    } catch (error) {
      this.failed(error);
    }
  }
}
