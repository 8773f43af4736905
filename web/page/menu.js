// What is not needed every day: behind one button.
import { t } from "./i18n.js";

export class Menu {
  // does has what each entry does; after is called when something was done.
  constructor(root, does, after) {
    Object.assign(this, { root, button: root.getElementById("menu-button"), list: root.getElementById("menu") });
    this.button.addEventListener("click", () => this.turn(this.list.hidden));
    for (const [id, act] of Object.entries(does)) {
      root.getElementById(id).addEventListener("click", () => {
        this.turn(false);
        this.button.focus();
        act();
        after();
      });
    }
    const bar = this.list.parentElement;
    bar.addEventListener("keydown", key => {
      if (key.key !== "Escape" || this.list.hidden) return;
      key.preventDefault();
      this.turn(false);
      this.button.focus();
    });
    // Whoever goes on elsewhere has done with it.
    root.addEventListener("pointerdown", event => { if (!this.list.contains(event.target) && !this.button.contains(event.target)) this.turn(false); });
    this.list.addEventListener("focusout", event => { if (event.relatedTarget && !this.list.contains(event.relatedTarget) && event.relatedTarget !== this.button) this.turn(false); });
  }

  turn(open) {
    this.list.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.list.querySelector("button").focus();
  }

  draw({ sound, language, languageLabel, consent }) {
    const words = { find: t("find"), download: t("download"), sound, language, theme: t("theme"), consent };
    for (const [id, text] of Object.entries(words)) this.root.getElementById(id).textContent = text;
    this.root.getElementById("language").setAttribute("aria-label", `${language}: ${languageLabel}`);
  }
}
