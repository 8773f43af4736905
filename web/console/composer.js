// The reply box: a reply with product cards, or a whisper that only colleagues see.
import { element } from "/static/elements.js";
import { call, insist, of } from "./api.js";
import { Picker } from "./picker.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);
const typingEvery = 10_000; // ms between two signs that somebody still writes
const mostCards = 12;

export class Composer {
  // typing(session, started) tells the customer that somebody writes; failed(error) shows what went wrong;
  // author() is the agent's name.
  constructor({ typing, failed, author }) {
    Object.assign(this, { typing, failed, author });
    this.field = $("text");
    this.picker = new Picker(this.field, $("picker"), { failed, pickReply: reply => this.fill(reply), pickProduct: card => this.add(card) });
    $("composer").addEventListener("submit", event => {
      event.preventDefault();
      this.send();
    });
    $("mode-reply").addEventListener("click", () => this.mode("reply"));
    $("mode-note").addEventListener("click", () => this.mode("note"));
    $("suggested").querySelector("button").addEventListener("click", () => this.useSuggestion());
    this.field.addEventListener("input", () => this.written());
    this.field.addEventListener("blur", () => { this.picker.close(); this.stopTyping(); });
    this.field.addEventListener("keydown", event => {
      if (this.picker.key(event)) return;
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
    });
  }

  // show makes the box that of a conversation; mine says whether the agent may reply to it.
  show(conversation, mine) {
    if (this.of !== conversation) {
      this.stopTyping();
      this.picker.close();
      this.of = conversation;
      this.draw();
      this.mine = mine;
      this.mode(mine ? conversation.draft.mode : "note");
    } else if (this.mine !== mine) {
      this.mine = mine;
      this.mode(mine ? "reply" : "note");
    }
    this.suggest();
  }

  get replying() { return this.of?.draft.mode === "reply"; }

  mode(name, focus = false) {
    const { draft } = this.of;
    draft.mode = name === "reply" && this.mine ? "reply" : "note";
    $("mode-reply").disabled = !this.mine;
    for (const mode of ["reply", "note"]) $(`mode-${mode}`).setAttribute("aria-selected", String(draft.mode === mode));
    $("composer").dataset.mode = draft.mode;
    this.field.value = this.replying ? draft.text : draft.note;
    this.field.placeholder = t(this.replying ? "replyPlaceholder" : "notePlaceholder");
    this.field.setAttribute("aria-label", this.field.placeholder);
    $("mode-hint").textContent = t(this.replying ? "replyHint" : "noteHint");
    if (!this.replying) this.stopTyping();
    this.draw();
    this.suggest();
    if (focus) this.field.focus();
  }

  // begin puts the caret behind a sign that opens the picker.
  begin(sign) {
    this.mode("reply", true);
    if (!this.replying) return;
    this.field.value = sign === "/" ? sign : this.field.value.replace(/\s*$/, space => (this.field.value.trim() ? space || " " : "")) + sign;
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    this.written();
  }

  written() {
    const { draft } = this.of;
    draft[this.replying ? "text" : "note"] = this.field.value;
    if (!this.replying) return;
    this.picker.look(this.of);
    this.suggest();
    if (!this.field.value) return this.stopTyping();
    if (Date.now() - (this.told ?? 0) < typingEvery) return;
    this.told = Date.now();
    this.toldOf = this.of.session;
    this.typing(this.of.session, true);
  }

  stopTyping() {
    if (!this.told) return;
    this.told = 0;
    this.typing(this.toldOf, false);
  }

  // fill puts a canned reply in; what is not known stays in it, and is named.
  fill(reply) {
    this.field.value = reply.text;
    this.written();
    if (reply.missing?.length) $("mode-hint").textContent = t("fillIn", reply.missing.join(", "));
  }

  add(card) {
    const { draft } = this.of;
    if (this.replying && draft.cards.length < mostCards && !draft.cards.some(c => c.sku === card.sku)) draft.cards.push({ sku: card.sku, title: card.title });
    this.written();
    this.draw();
    this.field.focus();
  }

  useSuggestion() {
    this.mode("reply", true);
    this.field.value = this.of.packet?.suggested ?? "";
    this.written();
  }

  // suggest offers a first reply until one was written or begun.
  suggest() {
    const text = this.of?.packet?.suggested;
    $("suggested").hidden = !text || !this.replying || Boolean(this.field.value) || this.of.log.list.querySelector(".message.agent") !== null;
    $("suggested").querySelector("q").textContent = text ?? "";
  }

  draw() {
    const { draft } = this.of;
    $("chips").replaceChildren(...(this.replying ? draft.cards : []).map(card => element("li", {}, card.title,
      element("button", { type: "button", class: "quiet", "aria-label": t("removeProduct", card.title), onclick: () => {
        draft.cards = draft.cards.filter(c => c !== card);
        this.draw();
        this.field.focus();
      } }, "×"))));
  }

  send() {
    const conversation = this.of, { draft } = conversation;
    const text = this.field.value.trim();
    const skus = this.replying ? draft.cards.map(card => card.sku) : [];
    if (!text && !skus.length) return;
    const client_msg_id = crypto.randomUUID();
    this.picker.close();
    if (this.replying) {
      const words = text || t("haveALook", conversation.lang);
      Object.assign(draft, { text: "", cards: [] });
      conversation.log.sending(client_msg_id, words, this.author());
      this.deliver(conversation, client_msg_id, words, skus);
    } else {
      draft.note = "";
      call("POST", of(conversation.session, "notes"), { client_msg_id, text }).catch(error => {
        if (!draft.note) draft.note = text;
        if (this.of === conversation) this.mode(draft.mode);
        this.failed(error);
      });
    }
    this.field.value = "";
    this.stopTyping();
    this.draw();
    this.suggest();
  }

  // deliver sends the conversation's replies one after the other, each until the server has it.
  deliver(conversation, id, text, skus) {
    const before = conversation.sent ?? Promise.resolve();
    conversation.sent = before.then(() => insist("POST", of(conversation.session, "messages"), { client_msg_id: id, text, ...(skus.length && { skus }) }))
      .then(() => conversation.log.accepted(id), error => {
        conversation.log.refused(id, error.message);
        this.failed(error);
      });
  }
}
