// Searches the conversation that is on the screen.
import { t } from "./i18n.js";

export class Finder {
  matches = [];
  at = 0;

  constructor(root) {
    const $ = id => root.getElementById(id);
    Object.assign(this, { form: $("finder"), text: $("find-text"), count: $("find-count"), log: $("log"), back: $("menu-button") });
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      this.step(1);
    });
    this.form.addEventListener("keydown", key => {
      if (key.key === "Escape") {
        key.preventDefault();
        this.close();
      } else if (key.key === "Enter" && key.shiftKey) {
        key.preventDefault();
        this.step(-1);
      }
    });
    this.text.addEventListener("input", () => this.look());
    $("find-back").addEventListener("click", () => this.step(-1));
    $("find-close").addEventListener("click", () => this.close());
  }

  open() {
    this.form.hidden = false;
    this.text.value = "";
    this.look();
    this.text.focus();
  }

  close() {
    this.text.value = "";
    this.look();
    this.form.hidden = true;
    this.back.focus();
  }

  // look finds every message and product with the words, the newest first shown.
  look() {
    const wanted = this.text.value.trim().toLowerCase();
    this.show(false);
    const places = wanted ? [...this.log.querySelectorAll(".message .text, .card h3")] : [];
    this.matches = places.filter(place => place.textContent.toLowerCase().includes(wanted)).map(place => place.closest(".message, .card"));
    this.at = this.matches.length - 1;
    this.count.textContent = wanted ? t("found", this.at + 1, this.matches.length) : "";
    this.show(true);
  }

  step(by) {
    const { length } = this.matches;
    if (length === 0) return;
    this.show(false);
    this.at = (this.at + by + length) % length;
    this.count.textContent = t("found", this.at + 1, length);
    this.show(true);
  }

  show(on) {
    const match = this.matches[this.at];
    match?.classList.toggle("found", on);
    if (on) match?.scrollIntoView({ block: "center", inline: "center" });
  }
}
