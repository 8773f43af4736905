// A conversation as the agent reads it: the customer's page's own log, seen from the other side, with the
// whispers between the messages.
import { element } from "/static/elements.js";
import { locale } from "/static/i18n.js";
import { Log } from "/static/log.js";
import { t } from "./words.js";

export class Transcript extends Log {
  whispers = new Set(); // the ids of those that are shown

  clear() {
    super.clear();
    this.whispers.clear();
  }

  bubble(role, text, at, author, picture) {
    const who = role === "customer" ? t("customer") : author || t("assistant");
    const node = element("li", { class: `message ${role}` },
      element("span", { class: "author" }, who),
      picture ? this.picture(picture) : null,
      element("span", { class: "text", dir: "auto" }, text),
      element("span", { class: "dots" }, element("i"), element("i"), element("i")),
      this.time(at));
    this.list.append(node);
    return node;
  }

  time(at) { return time(at); }

  // replaced keeps what the customer has written anew, since the agent may have read it.
  replaced({ message_id: id, reply_id: answer }) {
    for (const name of [id, answer]) {
      const message = this.messages.get(name);
      message?.node.classList.add("replaced");
      this.note(message?.node, t("replaced"));
    }
  }

  // sending shows a reply before the server has it.
  sending(id, text, author) {
    const node = this.bubble("agent", text, new Date(), author);
    node.classList.add("unsent");
    this.note(node, t("sending"));
    this.mine.set(id, node);
    this.follow = true;
    this.scroll();
  }

  // whisper shows a note among colleagues, once.
  whisper({ id, author, text, ts }) {
    if (this.whispers.has(id)) return;
    this.whispers.add(id);
    const node = element("li", { class: "message whisper" },
      element("span", { class: "author" }, t("whisperBy", author)),
      element("span", { class: "text", dir: "auto" }, text),
      time(new Date(ts)));
    this.place(node, ts);
    this.scroll();
  }

  // place puts a whisper where its time belongs, since whispers and messages come on two ways.
  place(node, ts) {
    const later = [...this.list.children].find(line => (line.querySelector("time")?.dateTime ?? "") > new Date(ts).toISOString());
    if (later) later.before(node);
    else this.list.append(node);
  }

  // sources are named; the agent's own copy of an article is the shop's.
  sources(slugs) { return element("p", { class: "sources" }, slugs.map(slug => slug.replaceAll("-", " ")).join(", ")); }

  typing(who, started) {
    if (who.role === "agent") return;
    super.typing({ ...who, role: "other", name: who.name || t("customer") }, started);
  }
}

function time(at) {
  if (Number.isNaN(at.getTime())) return element("time", {});
  return element("time", { datetime: at.toISOString() }, at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" }));
}
