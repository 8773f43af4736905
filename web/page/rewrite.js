// The customer's last message, written anew: it comes back into the field, and what is sent then takes its place.
import { element } from "./elements.js";
import { t } from "./i18n.js";

export class Rewrite {
  replaces = "";

  // stop() ends the answer that is being written to the message.
  constructor(root, { stop }) {
    Object.assign(this, { stop, strip: root.getElementById("rewriting"), field: root.getElementById("text") });
    this.field.addEventListener("keydown", key => {
      if (key.key !== "Escape" || !this.replaces) return;
      key.preventDefault(); // the chat stays open
      this.cancel();
    });
  }

  begin(text, id) {
    this.stop();
    this.replaces = id;
    this.field.value = text;
    this.field.dispatchEvent(new Event("input"));
    this.field.focus();
    this.field.setSelectionRange(text.length, text.length);
    this.draw();
  }

  cancel() {
    this.field.value = "";
    this.field.dispatchEvent(new Event("input"));
    this.end();
  }

  // end returns the message that the next one replaces, or "" for none, and forgets it.
  end() {
    const { replaces } = this;
    this.replaces = "";
    this.draw();
    return replaces;
  }

  draw() {
    this.strip.hidden = !this.replaces;
    this.strip.replaceChildren(element("span", {}, t("rewriting")),
      element("button", { class: "quiet", type: "button", "aria-label": t("rewriteCancel"), onclick: () => { this.cancel(); this.field.focus(); } }, "×"));
  }
}
