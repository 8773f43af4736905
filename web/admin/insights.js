// What became of conversations: counts, a funnel and a chart, by days and customers, to be saved as a table.
import { element } from "/static/elements.js";
import { money } from "/static/i18n.js";
import { get } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { field } from "./articles.js";
import { t } from "./words.js";

const day = ms => new Date(ms).toISOString().slice(0, 10);

export class Insights {
  constructor(sheet, failed) {
    Object.assign(this, { sheet, failed });
    this.from = element("input", { id: "from", type: "date", value: day(Date.now() - 27 * 86_400_000), onchange: () => this.look() });
    this.to = element("input", { id: "to", type: "date", value: day(Date.now()), onchange: () => this.look() });
    this.lang = element("select", { id: "lang", onchange: () => this.look() });
    this.who = element("select", { id: "who", onchange: () => this.look() });
    this.told = element("div", { id: "report", "aria-live": "polite" });
  }

  hide() {}

  async show() {
    const choose = (select, names) => {
      const { value } = select;
      select.replaceChildren(...names.map(name => element("option", { value: name, selected: name === value }, t(`only_${name || "all"}`))));
    };
    choose(this.lang, ["", "en", "zh"]);
    choose(this.who, ["", "known", "visitor"]);
    this.sheet.replaceChildren(element("div", { class: "fields" }, field(t("fromDay"), this.from), field(t("toDay"), this.to), field(t("language"), this.lang), field(t("customers"), this.who)), this.told);
    await this.look();
  }

  async look() {
    try {
      const asked = new URLSearchParams({ from: this.from.value, to: this.to.value, ...(this.lang.value && { lang: this.lang.value }), ...(this.who.value && { who: this.who.value }) });
      this.draw(await get(`admin/report?${asked}`));
    } catch (error) {
      this.failed(error);
    }
  }

  draw(r) {
    const share = (n, of) => (of ? `${Math.round((100 * n) / of)} %` : "–");
    const sums = all => all.map(m => money(m)).join(" + ") || "–";
    const figures = [[t("conversations"), String(r.conversations)], [t("containment"), r.answered ? `${Math.round(100 * r.containment)} %` : "–"], [t("handedOver"), String(r.handed_over)],
      [t("satisfaction"), r.scores ? t("scoreOf", r.satisfaction.toFixed(1), r.scores) : "–"], [t("revenue"), sums(r.revenue)], [t("perConversation"), sums(r.revenue_per_conversation)],
      [t("answers"), t("answersOf", r.complete, r.interrupted, r.failed)]];
    const funnel = [[t("conversations"), r.conversations], [t("sawCards"), r.funnel.shown], [t("clicked"), r.funnel.clicked], [t("carted"), r.funnel.carted], [t("bought"), r.funnel.bought]];
    const counts = (title, list, hint = "") => element("section", {}, element("h2", {}, title), hint ? element("p", { class: "soft" }, hint) : "",
      list.length ? table([t("what"), t("count")], list.map(c => [c.name, String(c.count)])) : element("p", { class: "soft" }, t("nothing")));
    const rows = [...figures, ...funnel.map(([name, n]) => [`${t("funnel")}: ${name}`, n]), ...r.days.map(d => [d.day, d.conversations]),
      ...["unmet", "questions", "intents", "handoff_reasons", "rankers", "parsers", "answerers"].flatMap(list => r[list].map(c => [`${list}: ${c.name}`, c.count])),
      ...r.stages.map(s => [`${t("time")}: ${s.name}`, `${s.p50.toFixed(1)} ${s.p95.toFixed(1)} ${s.p99.toFixed(1)}`])];
    this.told.replaceChildren(
      element("dl", { class: "figures" }, ...figures.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))),
      element("section", {}, element("h2", {}, t("byDay")), chart(r.days)),
      element("section", { id: "funnel" }, element("h2", {}, t("funnel")), table([t("step"), t("count"), t("share"), ""], funnel.map(([name, n]) =>
        [name, String(n), share(n, r.conversations), element("meter", { min: 0, max: Math.max(1, r.conversations), value: n, "aria-label": name })]))),
      element("div", { class: "pair" }, counts(t("unmet", r.unmet_searches), r.unmet, t("fewest", r.fewest)), counts(t("topQuestions"), r.questions, t("fewest", r.fewest))),
      element("div", { class: "pair" }, counts(t("intents"), r.intents), counts(t("reasons_"), r.handoff_reasons)),
      element("section", {}, element("h2", {}, t("latency")), table([t("step"), "n", "p50", "p95", "p99"], r.stages.map(s => [s.name, String(s.n), ...[s.p50, s.p95, s.p99].map(ms => `${ms.toFixed(1)} ${t("ms")}`)]))),
      counts(t("models"), [...r.rankers, ...r.parsers, ...r.answerers]),
      element("p", {}, element("a", { id: "save-report", download: `floorwalker-${this.from.value}-${this.to.value}.csv`,
        href: `data:text/csv;charset=utf-8,${encodeURIComponent([[t("what"), t("count")], ...rows].map(row => row.map(quoted).join(",")).join("\r\n"))}` }, t("saveReport"))));
  }
}

// quoted keeps a spreadsheet from taking a value for a formula.
export const quoted = value => `"${String(value).replace(/^([=+\-@])/, "'$1").replaceAll('"', '""')}"`;

// chart draws a bar a day, with those that went to a person below.
function chart(days) {
  if (!days.length) return element("p", { class: "soft" }, t("nothing"));
  const shape = (name, attributes, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const most = Math.max(...days.map(d => d.conversations)), width = 900 / days.length, height = n => (110 * n) / most;
  return shape("svg", { class: "chart", viewBox: "0 0 900 140", role: "img", "aria-label": t("byDay") },
    ...days.flatMap((d, i) => {
      const bar = (n, kind) => shape("rect", { class: kind, x: i * width + 1, y: 120 - height(n), width: Math.max(1, Math.min(40, width - 2)), height: height(n) });
      const all = bar(d.conversations, "all");
      all.append(shape("title", {}, `${d.day}: ${d.conversations}`));
      return [all, bar(d.handed_over, "handed"), ...(days.length < 15 ? [shape("text", { x: i * width + 1, y: 135 }, d.day.slice(5))] : [])];
    }));
}
