// What came of experiments: which way customers prefer, as figures and as a picture. Looking often spoils nothing.
import { element } from "/static/elements.js";
import { locale } from "/static/i18n.js";
import { get } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { t } from "./words.js";

const share = value => `${(100 * value).toFixed(1)} %`;
const difference = value => `${value > 0 ? "+" : ""}${value.toFixed(4)}`;
const day = at => new Date(at).toLocaleDateString(locale(), { dateStyle: "medium" });

export class Experiments {
  constructor(sheet, failed) { Object.assign(this, { sheet, failed, open: null }); }

  hide() {}

  async show() {
    try {
      this.all = (await get("admin/experiments")).experiments;
      this.open = (this.all.find(e => e.id === this.open) ?? this.all[0])?.id ?? null;
      const results = this.open && await get(`admin/experiments/${encodeURIComponent(this.open)}`);
      this.draw(results);
    } catch (error) {
      this.failed(error);
    }
  }

  draw(results) {
    this.sheet.replaceChildren(element("div", { class: "two" },
      element("nav", { "aria-label": t("viewExperiments") },
        element("ul", {}, ...this.all.map(({ id }) => element("li", {}, element("button", { type: "button", class: "quiet", "aria-current": id === this.open ? "true" : null,
          onclick: () => { this.open = id; this.show(); } }, id)))),
        element("p", { class: "soft" }, t("experimentHint"))),
      results ? this.results(results) : element("p", { class: "soft" }, t("noExperiments"))));
  }

  results(r) {
    const e = r.experiment;
    const says = verdict => (verdict?.known ? t("differs", difference(verdict.difference), difference(verdict.low), difference(verdict.high), verdict.p.toPrecision(2)) : t("tooFew"));
    const rows = (r.arms ?? []).map((arm, n) => [arm.arm, String(arm.units), share(arm.mean), `${share(arm.doubly_robust.value)} ± ${share(1.96 * arm.doubly_robust.error)}`,
      n === 0 || !r.against_first ? "" : says(r.against_first[arm.arm])]);
    const p = r.preference;
    return element("section", { id: "experiment" },
      element("h2", {}, e.id),
      element("p", { class: "soft" }, `${t(`kind_${e.kind}`)} · ${e.ended ? t("ranUntil", day(e.started), day(e.ended)) : t("runsSince", day(e.started))}`),
      r.broken ? element("p", { class: "broken", role: "alert" }, t("broken")) : "",
      element("img", { src: `/console/api/admin/experiments/${encodeURIComponent(e.id)}/picture?${Date.now()}`, alt: t("pictureOf", e.id), width: 720 }),
      p ? table([t("customers"), t("prefer", e.arms[0]), t("prefer", e.arms[1]), t("preference")], [[String(p.units), String(p.prefer_first), String(p.prefer_second), says(p)]])
        : table([t("arm"), t("customers"), t("tookSomething"), t("givenToAll"), t("against", e.arms[0])], rows));
  }
}
