// The widget's launcher and its panel: opened, closed, remembered for the next page of this tab. A page's chat is
// always open.
import { recall, remember } from "./i18n.js";
import { listen, media, view } from "./surroundings.js";

const narrow = "(max-width: 34rem)"; // as in chat.css

// wasOpen is whether the widget was open on the page before; on a phone it covers the page, and is not opened again.
export const wasOpen = () => !media(narrow).matches && recall("open", "sessionStorage") === "yes";

export class Door {
  constructor(root, { form, launcher }, { opened, closed }) {
    Object.assign(this, { root, opened, closed, panel: root.getElementById("panel"), launcher: root.getElementById("launcher") });
    if (form === "page") return;
    if (launcher === "off") this.launcher.hidden = true;
    this.phone = media(narrow);
    listen(this.phone, "change", () => this.draw());
    this.launcher.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    root.getElementById("close").addEventListener("click", () => this.close());
    this.panel.addEventListener("keydown", key => {
      if (key.key === "Escape" && !key.defaultPrevented) this.close();
      if (key.key === "Tab" && this.phone.matches) this.stay(key);
    });
    this.draw();
  }

  get isOpen() { return !this.panel.hidden; }
  get wasOpen() { return Boolean(this.launcher) && wasOpen(); }

  open(focus = true) { this.turn(true, focus); }
  close() { this.turn(false); }

  turn(open, focus) {
    if (!this.launcher || open === this.isOpen) return;
    if (open) this.opener = view.document.activeElement;
    this.panel.hidden = !open;
    remember("open", open ? "yes" : "no", "sessionStorage");
    this.draw();
    if (open) {
      if (focus) this.panel.focus();
      this.opened(focus);
    } else {
      this.closed();
      (this.launcher.hidden ? this.opener : this.launcher)?.focus();
    }
  }

  // draw tells a screen reader what the panel is: beside the page, or, on a phone, all that there is.
  draw() {
    this.launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.panel.setAttribute("aria-modal", String(this.phone.matches));
  }

  // stay keeps the focus in a panel that covers the page.
  stay(key) {
    const inside = [...this.panel.querySelectorAll("button, textarea, input, summary, a[href], [tabindex='0']")]
      .filter(node => !node.disabled && !node.closest("[inert]") && node.checkVisibility());
    const edge = key.shiftKey ? inside[0] : inside.at(-1);
    if (this.root.activeElement !== edge && this.root.activeElement !== this.panel) return;
    if (this.root.activeElement === this.panel && !key.shiftKey) return;
    key.preventDefault();
    (key.shiftKey ? inside.at(-1) : inside[0]).focus();
  }
}
