// What will be bought, what runs out and what to order, to be saved as a table.
import { element } from "/static/elements.js";
import { get } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { field } from "./articles.js";
import { quoted } from "./insights.js";
import { t } from "./words.js";

const orders = ["risk", "cover", "demand"];

export class Stock {
  constructor(sheet, failed) {
    Object.assign(this, { sheet, failed });
    this.order = element("select", { id: "stock-order", onchange: () => this.look() });
    this.told = element("div", { id: "forecasts", "aria-live": "polite" });
  }

  hide() {}

  async show() {
    const { value } = this.order;
    this.order.replaceChildren(...orders.map(name => element("option", { value: name, selected: name === value }, t(`stock_${name}`))));
    this.sheet.replaceChildren(element("p", { class: "soft" }, t("stockHint")), element("div", { class: "fields" }, field(t("stockFirst"), this.order)), this.told);
    await this.look();
  }

  async look() {
    try {
      this.draw((await get(`admin/forecasts?${new URLSearchParams({ order: this.order.value, limit: 200 })}`)).forecasts);
    } catch (error) {
      this.failed(error);
    }
  }

  draw(all) {
    if (!all.length) {
      this.told.replaceChildren(element("p", { class: "soft" }, t("noForecasts")));
      return;
    }
    const heads = ["product", "weekly", "range", "inStock", "lasts", "runsOut", "reorderAt", "orderNow", "lostPieces"].map(name => t(name));
    const rows = all.map(f => [`${f.title || f.sku} (${f.sku})`, f.weekly.toFixed(1), t("fromTo", f.week_low, f.week_high), String(f.stock), f.cover_days < 0 ? "–" : t("daysOf", Math.floor(f.cover_days)),
      `${Math.round(100 * f.risk)} %`, String(f.reorder_point), f.order ? String(f.order) : "–", f.lost >= 0.5 ? f.lost.toFixed(1) : "–"]);
    const list = table(heads, rows);
    for (const [i, row] of [...list.tBodies[0].rows].entries()) {
      row.classList.toggle("short", all[i].risk > 0.5);
      row.cells[1].title = t("foretoldBy", all[i].methods, all[i].weeks, all[i].error < 0 ? "–" : `${Math.round(100 * all[i].error)} %`);
    }
    this.told.replaceChildren(element("p", { class: "soft" }, t("madeAt", new Date(all[0].made_at).toLocaleString())), list,
      element("p", {}, element("a", { id: "save-forecasts", download: "floorwalker-stock.csv",
        href: `data:text/csv;charset=utf-8,${encodeURIComponent([heads, ...rows].map(row => row.map(quoted).join(",")).join("\r\n"))}` }, t("saveReport"))));
  }
}
