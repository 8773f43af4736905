// The conversation on the screen, built from the protocol's events by its rules alone.
import { element } from "./elements.js";
import { clock, t } from "./i18n.js";

export class Log {
  // shelf(list) makes the element of a list of cards, picture(sent) that of a picture; article(slug) shows a cited article; announce(text) is
  // for screen readers; links makes links of addresses in what is said to the customer, where given; reader is the side whose
  // reading is shown: agent on the customer's page.
  constructor(list, scroller, { shelf, picture, article, announce, links, reader = "agent" }) {
    Object.assign(this, { list, scroller, shelf, picture, article, announce, links, reader });
    this.readTo = 0; // the newest event that the reader has seen
    this.follow = true;
    this.live = false; // false while history is replayed
    this.messages = new Map(); // message id -> { node, text, state }
    this.mine = new Map(); // client_msg_id -> the bubble that is not acknowledged yet
    this.writing = ""; // the answer being written
    this.signs = new Map(); // who writes -> its line
    scroller.addEventListener("scroll", () => {
      this.follow = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
    }, { passive: true });
  }

  clear() {
    this.list.replaceChildren();
    this.messages.clear();
    this.mine.clear();
    this.signs.clear();
    this.writing = "";
    this.readTo = 0;
  }

  get empty() { return this.list.childElementCount === 0; }

  // waiting shows what the customer wrote before the server has it.
  waiting(id, text, picture) {
    const node = this.bubble("customer", text, new Date(), "", picture);
    node.classList.add("unsent");
    this.note(node, t("unsent"));
    this.mine.set(id, node);
    this.follow = true;
    this.scroll();
  }

  accepted(id) {
    const node = this.mine.get(id);
    node?.classList.remove("unsent");
    this.note(node, "");
  }

  refused(id, message) {
    const node = this.mine.get(id);
    node?.classList.add("refused");
    this.note(node, `${t("refused")}: ${message}`);
    this.mine.delete(id);
  }

  created({ message_id: id, reply_to: question, role, state, text, author, picture, client_msg_id: client }, ts, seq) {
    let node = client && this.mine.get(client);
    if (node) {
      this.mine.delete(client);
      node.classList.remove("unsent");
      this.note(node, "");
      // The log's order holds; what is not acknowledged yet stays last.
      this.list.append(node, ...this.mine.values());
    } else {
      node = this.bubble(role, text, new Date(ts), author, picture);
    }
    node.querySelector("time").replaceWith(this.time(new Date(ts))); // the server's clock is the one that counts
    this.messages.set(id, { node, text, state, question });
    node.dataset.seq = seq;
    this.seen(this.reader, this.readTo);
    if (state === "streaming") {
      node.classList.add("writing");
      this.writing = id;
    } else if (role === "agent" && this.live) {
      this.announce(text);
    }
    this.scroll();
  }

  // replaced takes away a question that the customer has written anew, with its answer and its cards.
  replaced({ message_id: id }) {
    for (const [name, { node, question, shelf }] of this.messages) {
      if (name !== id && question !== id) continue;
      shelf?.remove();
      node.remove();
      this.messages.delete(name);
    }
  }

  cards(shown) {
    if (shown.cards.length === 0) return;
    const shelf = this.shelf(shown);
    const message = this.messages.get(shown.message_id);
    if (message) {
      message.node.before(shelf);
      message.shelf = shelf;
    } else this.list.append(shelf);
    if (this.live) this.announce(t("cards", shown.cards.length));
    this.scroll();
  }

  // delta applies one piece; a piece that begins beyond what is there is passed over.
  delta({ message_id: id, offset, text }) {
    const message = this.messages.get(id);
    if (!message || message.state !== "streaming") return;
    const have = Array.from(message.text);
    if (offset > have.length) return;
    message.text = have.slice(0, offset).join("") + text;
    message.node.querySelector(".text").textContent = message.text;
    this.scroll();
  }

  completed({ message_id: id, reply_to: question, state, reason, text, error, cites, checkout_url: checkout }, ts) {
    const message = this.messages.get(id) ?? { node: this.bubble("assistant", text, new Date(ts)), question };
    Object.assign(message, { text, state });
    this.messages.set(id, message);
    const { node } = message;
    node.classList.remove("writing", "queued");
    node.querySelector(".text").replaceChildren(...this.written("assistant", text));
    this.note(node, state === "interrupted" ? t("interrupted")[reason] ?? t("interrupted").left
      : state === "failed" ? error?.message ?? t("answerFailed") : "");
    if (cites?.length) node.append(this.sources(cites));
    if (checkout && /^https:\/\//.test(checkout)) {
      node.append(element("a", { class: "checkout", href: checkout, rel: "noopener noreferrer", target: "_blank" }, t("checkout")));
    }
    if (this.writing === id) this.writing = "";
    if (this.live && text) this.announce(text);
    this.scroll();
  }

  // relink writes everything anew, as links may lead elsewhere now.
  relink() {
    for (const { node, text } of this.messages.values()) {
      const role = ["assistant", "agent"].find(name => node.matches(`.${name}:not(.writing)`));
      if (role) node.querySelector(".text").replaceChildren(...this.written(role, text));
    }
  }

  // written is a text as it is shown: what customers write themselves has no links.
  written(role, text) { return this.links && role !== "customer" ? this.links.parts(text) : [text]; }

  queued({ message_id: id, position }) {
    const message = this.messages.get(id);
    if (message) this.note(message.node, t("queued", position));
  }

  // typing shows who writes; the sign clears itself.
  typing({ role, name, expires_ms: expires = 30_000 }, started) {
    if (role === "customer") return;
    const key = `${role} ${name ?? ""}`;
    clearTimeout(this.signs.get(key)?.timer);
    this.signs.get(key)?.node.remove();
    this.signs.delete(key);
    if (!started) return;
    const node = element("li", { class: "event" }, t("typing", name));
    this.list.append(node);
    this.signs.set(key, { node, timer: setTimeout(() => this.typing({ role, name }, false), expires) });
    this.scroll();
  }

  // seen marks the newest message that the other side has read.
  seen(role, seq) {
    if (role !== this.reader || seq < this.readTo) return;
    this.readTo = seq;
    const writer = role === "agent" ? "customer" : "agent";
    const last = [...this.list.querySelectorAll(`.message.${writer}[data-seq]`)].findLast(node => Number(node.dataset.seq) <= seq);
    this.list.querySelector(".seen")?.remove();
    last?.append(element("span", { class: "seen" }, t("seen")));
  }

  // put adds a line of another's making.
  put(node) {
    this.list.append(node);
    this.scroll();
  }

  event(text) {
    this.list.append(element("li", { class: "event" }, text));
    if (this.live) this.announce(text);
    this.scroll();
  }

  bubble(role, text, at, author, picture) {
    const who = role === "customer" ? t("you") : author || t("assistant");
    const node = element("li", { class: `message ${role}` },
      element("span", { class: "hidden" }, `${who}: `),
      author ? element("span", { class: "author" }, author) : null,
      picture && this.picture ? this.picture(picture) : null,
      element("span", { class: "text", dir: "auto" }, ...this.written(role, text)),
      element("span", { class: "dots", role: "img", "aria-label": t("thinking") }, element("i"), element("i"), element("i")),
      this.time(at));
    this.list.append(node);
    return node;
  }

  time(at) { return element("time", { datetime: Number.isNaN(at.getTime()) ? undefined : at.toISOString() }, clock(at)); }

  note(node, text) {
    node?.querySelector(".note")?.remove();
    if (node && text) node.append(element("span", { class: "note" }, text));
  }

  sources(slugs) {
    return element("p", { class: "sources" }, t("source"), ...slugs.map(slug =>
      element("button", { type: "button", onclick: () => this.article(slug) }, slug.replaceAll("-", " "))));
  }

  scroll() {
    if (this.follow) this.scroller.scrollTop = this.scroller.scrollHeight;
    else this.behind?.();
  }
}
