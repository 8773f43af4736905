// The list of conversations: the agent's own, those that wait, and those that colleagues have.
import { element } from "/static/elements.js";
import { span, t } from "./words.js";

export class Cases {
  // open(session) opens a conversation; unread(session) counts what the agent has not seen of it.
  constructor(list, { open, unread }) {
    Object.assign(this, { list, open, unread });
    this.all = new Map(); // handoff id -> case
    this.me = null;
    this.people = [];
    this.queues = [];
    this.chosen = "";
    setInterval(() => this.tick(), 1000);
  }

  // whole replaces everything; change puts one case in, or takes it out when it is closed.
  whole({ me, queues, cases, people }) {
    Object.assign(this, { me, queues, people });
    this.all = new Map(cases.map(c => [c.handoff_id, c]));
    this.draw();
  }

  change(c) {
    if (c.status === "queued" || c.status === "claimed") this.all.set(c.handoff_id, c);
    else this.all.delete(c.handoff_id);
    this.draw();
  }

  of(session) { return [...this.all.values()].find(c => c.session === session); }
  mine(c) { return c?.status === "claimed" && c.agent_id === this.me?.id; }
  name(agent) { return this.people.find(p => p.id === agent)?.name ?? agent; }
  queueName(id) { return this.queues.find(q => q.id === id)?.name ?? id; }

  groups() {
    const all = [...this.all.values()];
    const oldest = (a, b) => (a.waiting_since < b.waiting_since ? -1 : 1);
    return [
      ["groupMine", all.filter(c => this.mine(c)).sort(oldest)],
      ["groupWaiting", all.filter(c => c.status === "queued").sort((a, b) => Boolean(b.urgent) - Boolean(a.urgent) || oldest(a, b))],
      ["groupOthers", all.filter(c => c.status === "claimed" && !this.mine(c)).sort(oldest)],
    ];
  }

  draw() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.session : "";
    this.list.replaceChildren(...this.groups().filter(([name, cases]) => cases.length || name !== "groupOthers").map(([name, cases]) =>
      element("section", { "data-group": name },
        element("h2", {}, t(name), element("span", { class: "count" }, String(cases.length))),
        cases.length ? element("ul", {}, ...cases.map(c => element("li", {}, this.row(c)))) : element("p", { class: "empty" }, t(`${name}Empty`)))));
    if (focused) this.list.querySelector(`[data-session="${focused}"]`)?.focus();
    this.tick();
  }

  row(c) {
    const unread = this.unread(c.session);
    const classes = ["case", c.session === this.chosen && "chosen", c.urgent && "urgent"].filter(Boolean).join(" ");
    return element("button", { type: "button", class: classes, "data-session": c.session, "aria-current": c.session === this.chosen ? "true" : null, onclick: () => this.open(c.session) },
      element("span", { class: "who" }, who(c)),
      element("span", { class: "wait", "data-since": c.waiting_since }),
      element("span", { class: "why" }, c.status === "claimed" && !this.mine(c) ? this.name(c.agent_id) : t(`reason_${c.reason}`),
        c.urgent ? element("strong", {}, t("urgent")) : null, element("span", { class: "queue" }, this.queueName(c.queue)), c.lang ? element("span", { class: "lang" }, c.lang) : null),
      element("span", { class: "last", dir: "auto" }, c.last || "…"),
      unread ? element("span", { class: "unread", "aria-label": t("unread", unread) }, String(unread)) : null);
  }

  tick() {
    for (const node of document.querySelectorAll("[data-since]")) node.textContent = span((Date.now() - Date.parse(node.dataset.since)) / 1000);
  }

  // step is the session after, or before, the one that is open, in the order of the list.
  step(by) {
    const sessions = this.groups().flatMap(([, cases]) => cases.map(c => c.session));
    if (!sessions.length) return "";
    const at = sessions.indexOf(this.chosen);
    return sessions[at < 0 ? 0 : (at + by + sessions.length) % sessions.length];
  }
}

// who is how agents call a customer: the account where it is known, else a short name of the session.
export const who = ({ customer, session }) => customer || t("visitor", session.slice(-4));
