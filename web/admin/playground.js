// The playground: what a customer would write, and every step of the answer.
import { element } from "/static/elements.js";
import { locale } from "/static/i18n.js";
import { post } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { t } from "./words.js";

const few = 8; // candidates that are shown unfolded

export class Playground {
  constructor(sheet, failed) {
    Object.assign(this, { sheet, failed, turns: [] });
  }

  hide() {}

  show() {
    this.text = element("input", { id: "ask", maxlength: 4000, autocomplete: "off", "aria-label": t("ask"), placeholder: t("ask") });
    this.button = element("button", { class: "strong", type: "submit" }, t("askButton"));
    this.said = element("div", { id: "turns", "aria-live": "polite" });
    this.sheet.replaceChildren(element("form", { class: "asking", onsubmit: event => { event.preventDefault(); this.ask(); } }, this.text, this.button,
      element("button", { type: "button", onclick: () => { this.turns = []; this.draw(); this.text.focus(); } }, t("again"))), this.said);
    this.draw();
    this.text.focus();
  }

  draw() {
    this.said.replaceChildren(...(this.turns.length ? this.turns.map(turn => this.turn(turn)).reverse() : [element("p", { class: "soft" }, t("nothingYet"))]));
  }

  async ask() {
    const text = this.text.value.trim();
    if (!text || this.button.disabled) return;
    this.button.disabled = true;
    this.button.textContent = t("inspecting");
    try {
      const told = await post("admin/playground", { text, locale: locale(), ...(this.turns.length && { state: this.turns.at(-1).told.state }) });
      this.turns.push({ text, told });
      this.text.value = "";
      this.draw();
    } catch (error) {
      this.failed(error);
    } finally {
      this.button.disabled = false;
      this.button.textContent = t("askButton");
    }
  }

  turn({ text, told }) {
    return element("article", { class: "turn" }, element("h2", {}, text),
      element("section", { class: "said" }, element("h3", {}, t("answer")), element("p", { class: "words" }, told.answer || "–"),
        ...told.shown.map(list => element("p", { class: "soft" }, `${t("shown", list.cards.length)}: ${list.cards.map(card => card.title).join(" · ")}`)),
        told.handoff ? element("p", {}, t("handoff", told.handoff.reason)) : "", told.trace.removed ? element("p", {}, t("removed", told.trace.removed)) : ""),
      step(t("understood"), facts([[t("parser"), told.trace.parser + (told.trace.fallback ? ` (${told.trace.fallback})` : "")], ["intent", told.parse.intent],
        [t("confidence"), told.parse.confidence.toFixed(2)], ["slots", brief(told.parse.slots)], ["need", brief(told.state.need)]])),
      ...told.searches.map(s => step(`${t("searched")}: “${s.text}”`, element("p", { class: "soft" }, `${t("found", s.found)} · ${millis(s.us)}`),
        facts([[t("limits"), brief(s.filter)]]), candidates(s.candidates, [[t("words"), c => c.text], [t("meaning"), c => c.vector], [t("fused"), c => c.fused]]))),
      ...told.rankings.map(r => step(`${t("ranked")}: ${r.model}`, element("p", { class: "soft" }, `${t("floorIs", r.floor.toFixed(2))} · ${millis(r.us)}`), r.degraded ? element("p", {}, t("degraded")) : "",
        candidates(r.candidates, [[t("relevance"), c => c.relevance], [t("score"), c => c.score]], true))),
      ...told.knowledge.map(k => step(`${t("knowledge")}: “${k.question}”`, element("p", { class: "soft" }, `${t("floorIs", k.floor.toFixed(2))} · ${millis(k.us)}`),
        k.found.length && k.found[0].score >= k.floor ? "" : element("p", {}, t("noAnswer")),
        table(["", t("mean"), ""], k.found.map(p => [p.title, p.score.toFixed(3), element("span", { class: "words" }, p.text)])))),
      ...told.prompts.map(p => step(t("prompt"), element("p", { class: "soft" }, millis(p.us)), element("pre", {}, [p.system, ...p.lines].join("\n\n")), element("h3", {}, t("wrote")), element("pre", {}, p.wrote), p.error ? element("p", {}, p.error) : "")),
      step(t("time"), table([t("step"), t("ms")], (told.trace.stages ?? []).map(s => [s.name, (s.us / 1000).toFixed(1)]))));
  }
}

const millis = us => `${(us / 1000).toFixed(1)} ${t("ms")}`;

function step(title, ...content) {
  return element("details", { open: true }, element("summary", {}, title), ...content);
}

function facts(pairs) {
  return element("dl", { class: "facts" }, ...pairs.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

// brief writes what is set of an object as "price_max 5000 · brand acme".
function brief(value) {
  if (value === null || value === undefined || value === "" || value === false) return "";
  if (Array.isArray(value)) return value.map(brief).filter(Boolean).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, inner]) => [name, brief(inner)]).filter(([, inner]) => inner).map(([name, inner]) => `${name} ${inner}`).join(" · ");
}

function candidates(all, columns, reasons = false) {
  const rows = list => table([t("product"), ...columns.map(([name]) => name), ...(reasons ? [t("reasons")] : [])],
    list.map(c => [`${c.title} (${c.sku})`, ...columns.map(([, value]) => value(c).toFixed(3)),
      ...(reasons ? [(c.reasons ?? []).map(r => `${r.code} ${r.weight.toFixed(3)}${r.detail ? ` (${r.detail})` : ""}`).join(", ")] : [])]));
  if (all.length <= few) return rows(all);
  const rest = element("details", {}, element("summary", {}, t("allCandidates", all.length)), rows(all.slice(few)));
  return element("div", {}, rows(all.slice(0, few)), rest);
}
