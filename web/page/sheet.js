// A sheet lies over the chat until it is closed: the cart, an article, a comparison. What is under it can't be reached
// meanwhile; the focus goes in and comes back.
import { element, icon } from "./elements.js";
import { t } from "./i18n.js";

export class Sheet {
  constructor(root, id) {
    this.root = root;
    this.title = element("h2", { id: `${id}-title` });
    this.body = element("div", { class: "body" });
    this.closer = element("button", { class: "quiet icon close", type: "button", onclick: () => this.close() }, icon("m6 6 12 12M18 6 6 18"));
    this.node = element("div", { id, class: "sheet", role: "dialog", "aria-modal": "true", "aria-labelledby": `${id}-title`, tabindex: "-1", hidden: true }, this.title, this.closer, this.body);
    this.node.addEventListener("keydown", event => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    root.getElementById("panel").append(this.node);
  }

  get isOpen() { return !this.node.hidden; }

  draw(title, ...content) {
    this.title.textContent = title;
    this.closer.setAttribute("aria-label", t("close"));
    this.body.replaceChildren(...content);
  }

  open() {
    if (this.isOpen) return;
    this.opener = this.root.activeElement;
    this.node.hidden = false;
    this.others(true);
    this.node.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.node.hidden = true;
    this.others(false);
    this.opener?.focus();
  }

  others(inert) {
    for (const other of this.node.parentElement.children) if (other !== this.node && other.id !== "announcer") other.inert = inert;
  }
}
