// What a supervisor sees: who waits for how long, how much each person has, and who saw and did what.
import { element } from "/static/elements.js";
import { get } from "./api.js";
import { table } from "./table.js";
import { span, stamp, t } from "./words.js";

const every = 3000; // ms between two looks while the sheet is shown

export class Overview {
  // cases knows who waits; open(session) shows a conversation; failed(error) what went wrong.
  constructor(sheet, { cases, open, failed }) {
    Object.assign(this, { sheet, cases, open, failed });
    this.lines = element("section", { id: "overview-lines" });
    this.waiting = element("section", { id: "overview-waiting" });
    this.people = element("section", { id: "overview-people" });
    this.log = element("section", { id: "overview-audit" });
    sheet.append(this.lines, this.waiting, this.people, this.log);
    this.agent = "";
    this.entries = [];
  }

  async show() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), every);
    await Promise.all([this.look(), this.audit()]);
  }

  hide() { clearInterval(this.timer); }

  async look() {
    try {
      this.draw(await get("overview"));
    } catch (error) {
      if (error.status) this.failed(error);
    }
  }

  draw({ lines, people, satisfaction }) {
    this.lines.replaceChildren(element("h2", {}, t("linesTitle")), table([t("line"), "", t("waiting"), t("longest"), t("handled"), t("present"), t("estimate")],
      lines.map(l => [l.name, t(l.open ? "lineOpen" : "lineClosed"), String(l.waiting), l.waiting ? span(l.longest_seconds) : "–", String(l.claimed), String(l.present),
        l.estimate_seconds ? span(l.estimate_seconds) : t("unknown")])));
    const queued = this.cases.groups().find(([name]) => name === "groupWaiting")[1];
    this.waiting.replaceChildren(...(queued.length ? [element("h2", {}, t("groupWaiting")), element("ul", { class: "queue-list" }, ...queued.map(c => element("li", {}, this.cases.row(c))))] : []));
    this.people.replaceChildren(element("h2", {}, t("peopleTitle")), table([t("person"), t("role"), t("status"), t("loadHead"), t("score")],
      people.map(p => {
        const given = satisfaction.find(s => s.agent_id === p.id);
        return [p.name, p.role, t(p.present ? (p.away ? "isAway" : "there") : "gone"),
          element("span", { class: "load" }, element("meter", { "aria-label": t("loadHead"), min: 0, max: p.capacity, value: p.load, high: p.capacity - 0.5 }), ` ${t("load", p.load, p.capacity)}`),
          given ? t("scoreOf", given.mean.toFixed(1), given.answers) : "–"];
      })));
    this.cases.tick();
  }

  // audit reads the newest entries, or those before the oldest that is shown.
  async audit(more = false) {
    const before = more ? this.entries.at(-1)?.id ?? 0 : 0;
    try {
      const { entries } = await get(`audit?agent=${encodeURIComponent(this.agent)}&before=${before}`);
      this.entries = more ? [...this.entries, ...entries] : entries;
    } catch (error) {
      return this.failed(error);
    }
    const chosen = element("select", { "aria-label": t("person"), onchange: event => { this.agent = event.target.value; this.audit(); } },
      element("option", { value: "" }, t("everybody")), ...this.cases.people.map(p => element("option", { value: p.id, selected: p.id === this.agent }, p.name)));
    this.log.replaceChildren(element("h2", {}, t("auditTitle"), " ", chosen),
      this.entries.length === 0 ? element("p", { class: "empty" }, t("auditEmpty")) : table([t("when"), t("person"), t("action"), t("viewTalks"), t("detail"), t("address")],
        this.entries.map(e => [stamp(e.at), e.agent_id, e.action,
          e.session ? element("button", { type: "button", class: "quiet", onclick: () => this.open(e.session) }, e.session.slice(-4)) : "", e.detail ?? "", e.address ?? ""])),
      element("button", { type: "button", class: "older", onclick: () => this.audit(true) }, t("older")));
  }
}
