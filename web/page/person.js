// The person behind the conversation: asked for, waited for, writing, gone; the contact form where nobody
// comes, and the question how it was.
import { element, uuid } from "./elements.js";
import { t, when } from "./i18n.js";
import { listen, view } from "./surroundings.js";

const typingEvery = 10_000; // ms between two signs that somebody still writes
const readAfter = 300; // ms; what comes close together is read together

export class Person {
  // frame(type, data, id) sends to the server; position() is the newest event on the screen, and watched() whether
  // somebody looks at it.
  constructor(root, { log, frame, position, watched }) {
    Object.assign(this, { log, frame, position, watched, strip: root.getElementById("person"), button: root.getElementById("person-button"), word: root.getElementById("person-word") });
    this.forms = new Map(); // handoff id -> the form or question of it in the log
    this.begin({ owner: "assistant" });
    this.button.addEventListener("click", () => this.frame("handoff.request", {}));
    listen(view, "focus", () => this.read());
    listen(view.document, "visibilitychange", () => this.read());
  }

  // begin follows what the server says as a connection is resumed.
  begin({ owner, agent = "", queue_position: position, queue_estimate_seconds: estimate, read_by_agent: read = 0 }) {
    Object.assign(this, { owner, agent, place: position ? { position, estimate_seconds: estimate } : null });
    this.log.seen("agent", read);
    // A form that was sent as the line broke may be sent again: it is stored once.
    for (const form of this.forms.values()) form.resend?.();
    this.draw();
    this.read();
  }

  clear() { this.forms.clear(); }

  // requested, waiting and changed follow the handoff's events.
  requested() {
    this.log.event(t("requested"));
    this.owner = "queued";
    this.draw();
  }

  waiting(place) {
    this.place = place;
    this.draw();
  }

  changed({ owner, agent = "", handoff_id: handoff }, line) {
    if (owner === "agent") this.close(handoff);
    Object.assign(this, { owner, agent, place: null });
    this.log.event(line);
    this.draw();
    this.read();
  }

  // draw says in one line who answers; the button is there while nobody was asked for.
  draw() {
    const waits = this.owner === "queued", { strip } = this;
    strip.hidden = !waits && this.owner !== "agent";
    strip.dataset.owner = this.owner;
    const { position, estimate_seconds: estimate, agents } = this.place ?? {};
    const parts = waits ? [t("asked"), position && t("place", position), estimate && t("estimate", estimate), waits && agents === 0 && t("nobodyThere")] : [t("talking", this.agent)];
    strip.textContent = parts.filter(Boolean).join(" ");
    this.word.textContent = this.button.title = t("personButton");
    this.button.hidden = this.owner === "queued" || this.owner === "agent";
  }

  // written tells a person, or one who may come, that the customer writes.
  written(text) {
    if (this.owner !== "agent" && this.owner !== "queued") return;
    if (!text) {
      if (this.told) this.frame("typing.stop", {});
      this.told = 0;
    } else if (Date.now() - (this.told ?? 0) >= typingEvery) {
      this.told = Date.now();
      this.frame("typing.start", {});
    }
  }

  // read tells the person how far the customer has read.
  read() {
    clearTimeout(this.reading);
    if (this.owner !== "agent") return;
    this.reading = setTimeout(() => {
      const seq = this.position();
      if (!this.watched() || seq < 1 || seq === this.readTo) return;
      this.readTo = seq;
      this.frame("message.read", { seq });
    }, readAfter);
  }

  // offer shows the contact form, received what became of it.
  offer({ handoff_id: handoff, reason, opens_at: opens }) {
    const field = (name, settings, tag = "input") => element("label", {}, t(name), element(tag, { name, ...settings }));
    const email = field("email", { type: "email", autocomplete: "email", maxlength: 254, required: true });
    const text = field("formText", { rows: 3, maxlength: 4000, required: true }, "textarea");
    const name = field("name", { autocomplete: "name", maxlength: 80 });
    const problem = element("p", { class: "problem", role: "alert" });
    const button = element("button", { class: "strong", type: "submit" }, t("formSend"));
    const form = element("form", { onsubmit: event => {
      event.preventDefault();
      shown.id ??= uuid();
      button.disabled = true;
      problem.textContent = "";
      shown.resend();
    } }, element("p", {}, reason === "closed" ? t("formClosed", opens && when(opens)) : t("formNobody")), name, email, text, problem, button);
    const shown = { node: element("li", { class: "form" }, form), refused: message => {
      button.disabled = false;
      shown.id = undefined;
      problem.textContent = message;
    }, resend: () => shown.id && this.frame("contact.send", { handoff_id: handoff, name: value(name), email: value(email), text: value(text) }, shown.id) };
    this.put(handoff, shown);
  }

  received({ handoff_id: handoff, ticket_id: ticket }) {
    this.close(handoff);
    this.log.event(t("formReceived", ticket));
  }

  // ask shows the question how it was, given thanks for the answer.
  ask({ handoff_id: handoff, agent }) {
    const scores = [1, 2, 3, 4, 5].map(score => element("button", { type: "button", "aria-label": t("scoreLabel", score), onclick: () => this.frame("satisfaction.send", { handoff_id: handoff, score }) }, t("scoreFace")[score - 1]));
    this.put(handoff, { node: element("li", { class: "form scores" }, element("p", {}, t("howWasIt", agent)), element("div", {}, ...scores)) });
  }

  given({ handoff_id: handoff, score }) {
    const again = this.forms.get(handoff)?.thanked;
    this.close(handoff);
    if (again || !this.log.live) return this.log.event(t("thanks"));
    const comment = element("input", { maxlength: 1000, "aria-label": t("comment"), placeholder: t("comment") });
    const form = element("form", { onsubmit: event => {
      event.preventDefault();
      this.frame("satisfaction.send", { handoff_id: handoff, score, comment: comment.value });
    } }, element("p", {}, t("thanks")), element("div", {}, comment, element("button", { type: "submit" }, t("send"))));
    this.put(handoff, { node: element("li", { class: "form" }, form), thanked: true });
  }

  put(handoff, shown) {
    this.close(handoff);
    this.forms.set(handoff, shown);
    this.log.put(shown.node);
  }

  close(handoff) {
    this.forms.get(handoff)?.node.remove();
    this.forms.delete(handoff);
  }

  // refused shows why a form was not taken; false where the message was none of ours.
  refused({ client_msg_id: id, message }) {
    const form = id && [...this.forms.values()].find(f => f.id === id);
    form?.refused(message);
    return Boolean(form);
  }
}

const value = label => label.querySelector("input, textarea").value.trim();
