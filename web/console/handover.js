// Giving a conversation away: back to the assistant, to a colleague or a queue, or closed for good.
import { element } from "/static/elements.js";
import { of, post } from "./api.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);

export class Handover {
  // cases knows people and queues; failed(error) shows what went wrong.
  constructor({ cases, failed }) {
    Object.assign(this, { cases, failed });
    $("hand").addEventListener("close", () => { if ($("hand").returnValue === "go") this.go(); });
    $("hand-note").addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("hand-go").click();
    });
  }

  // ask opens the question; action is release, transfer or resolve.
  ask(session, action) {
    Object.assign(this, { session, action });
    $("hand-title").textContent = t(`${action}Title`);
    $("hand-go").textContent = t(action);
    $("hand-target-row").hidden = action !== "transfer";
    $("hand-note-row").hidden = action === "resolve";
    $("hand-note").value = "";
    $("hand").returnValue = "";
    if (action === "transfer") this.targets();
    $("hand").showModal();
    (action === "transfer" ? $("hand-target") : action === "release" ? $("hand-note") : $("hand-go")).focus();
  }

  targets() {
    const { cases, session } = this;
    const asked = cases.of(session);
    const free = cases.people.filter(p => p.id !== asked?.agent_id && p.present && !p.away && p.load < p.capacity);
    const options = [
      ...free.map(p => element("option", { value: `agent ${p.id}` }, t("toAgent", p.name, p.load, p.capacity))),
      ...cases.queues.map(q => element("option", { value: `queue ${q.id}` }, t("toQueue", q.name)))];
    $("hand-target").replaceChildren(...(options.length ? options : [element("option", { value: "" }, t("toNobody"))]));
  }

  async go() {
    const note = $("hand-note").value.trim();
    const body = { ...(note && { note }) };
    if (this.action === "transfer") {
      const [kind, id] = $("hand-target").value.split(" ");
      if (!id) return;
      body[kind] = id;
    }
    try {
      await post(of(this.session, this.action), body);
    } catch (error) {
      this.failed(error);
    }
  }
}
