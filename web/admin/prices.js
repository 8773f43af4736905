// Prices that are proposed, each with why, to be accepted or rejected; nothing is set by itself.
import { element } from "/static/elements.js";
import { money } from "/static/i18n.js";
import { get, post } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { field } from "./articles.js";
import { quoted } from "./insights.js";
import { t } from "./words.js";

const states = ["open", "accepted", "rejected"];
const unsaid = ["no_cost", "few_purchases", "one_price", "no_forecast", "unsure"];

export class Prices {
  constructor(sheet, { failed, toast }) {
    Object.assign(this, { sheet, failed, toast });
    this.state = element("select", { id: "price-state", onchange: () => this.look() });
    this.told = element("div", { id: "proposals", "aria-live": "polite" });
  }

  hide() {}

  async show() {
    const { value } = this.state;
    this.state.replaceChildren(...states.map(name => element("option", { value: name, selected: name === value }, t(`price_${name}`))));
    this.sheet.replaceChildren(element("p", { class: "soft" }, t("pricesHint")), element("div", { class: "fields" }, field(t("priceState"), this.state)), this.told);
    await this.look();
  }

  async look() {
    try {
      this.draw(await get(`admin/prices?${new URLSearchParams({ state: this.state.value, limit: 200 })}`));
    } catch (error) {
      this.failed(error);
    }
  }

  draw({ proposals, verdicts }) {
    const counts = element("p", { class: "soft", id: "verdicts" }, t("verdicts", verdicts.proposed ?? 0, verdicts.right ?? 0, unsaid.reduce((n, name) => n + (verdicts[name] ?? 0), 0)));
    if (!proposals.length) {
      this.told.replaceChildren(counts, element("p", { class: "soft" }, t("noProposals")));
      return;
    }
    const heads = ["product", "price", "proposedPrice", "moreAWeek", "gainRange"].map(name => t(name));
    const rows = proposals.map(p => [`${p.title || p.sku} (${p.sku})`, money(p.price), money(p.proposed), money(p.gain), t("fromTo", money(p.gain_low), money(p.gain_high))]);
    const open = this.state.value === "open";
    const decide = (p, what, label) => element("button", { type: "button", class: what === "accept" ? "strong" : "", "aria-label": `${label}: ${p.title || p.sku}`, onclick: () => this.decide(p, what) }, label);
    this.told.replaceChildren(counts,
      table([...heads, t("whyPrice"), open ? "" : t("decided")], proposals.map((p, i) => [...rows[i], element("span", { class: "words" }, why(p)),
        open ? element("span", { class: "deciding" }, decide(p, "accept", t("acceptPrice")), decide(p, "reject", t("rejectPrice"))) : `${p.decided_by}, ${new Date(p.decided_at).toLocaleString()}`])),
      element("p", {}, element("a", { id: "save-prices", download: "floorwalker-prices.csv",
        href: `data:text/csv;charset=utf-8,${encodeURIComponent([[...heads, t("whyPrice")], ...proposals.map((p, i) => [...rows[i], why(p)])].map(row => row.map(quoted).join(",")).join("\r\n"))}` }, t("saveReport"))));
  }

  async decide(p, what) {
    if (what === "accept" && !confirm(t("sureAccept", p.title || p.sku, money(p.price), money(p.proposed)))) return;
    try {
      await post(`admin/prices/${p.id}/${what}`);
      this.toast(t(what === "accept" ? "priceSet" : "priceLeft"));
    } catch (error) {
      this.failed(error);
    }
    await this.look();
  }
}

// why says in words what is expected and by what.
function why(p) {
  const reason = { overstock: () => (p.cover_days < 0 ? t("reasonUnsold") : t("reasonOverstock", Math.floor(p.cover_days))), scarce: () => t("reasonScarce", Math.floor(p.cover_days)), at_limit: () => t("reasonLimit") };
  return [t("whyWords", p.weekly.toFixed(1), p.weekly_after.toFixed(1), Math.round(100 * p.sure), p.elasticity.toFixed(1), p.elasticity_low.toFixed(1), p.elasticity_high.toFixed(1), p.purchases, p.prices),
    ...p.reasons.map(name => reason[name]?.() ?? name)].join(" ");
}
