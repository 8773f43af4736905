// How the customer's chat greets and looks.
import { element } from "/static/elements.js";
import { call } from "/console/static/api.js";
import { field } from "./articles.js";
import { t } from "./words.js";

const languages = ["en", "zh"];

export class Look {
  constructor(sheet, { failed, toast }) {
    Object.assign(this, { sheet, failed, toast });
  }

  hide() {}

  async show() {
    try {
      const response = await fetch("/api/look", { cache: "no-store" });
      if (!response.ok) throw new Error(t("nothing"));
      this.draw(await response.json());
    } catch (error) {
      this.failed(error);
    }
  }

  draw(look) {
    const title = element("input", { name: "title", maxlength: 60, value: look.title });
    const accent = element("input", { name: "accent", pattern: "#[0-9a-fA-F]{6}", maxlength: 7, placeholder: "#0f6b5c", value: look.accent });
    const parts = Object.fromEntries(languages.map(lang => {
      const welcome = element("input", { name: `welcome-${lang}`, lang, maxlength: 120, value: look.welcome[lang] ?? "" });
      const text = element("textarea", { name: `text-${lang}`, lang, rows: 2, maxlength: 400 });
      const starters = element("textarea", { name: `starters-${lang}`, lang, rows: 3 });
      text.value = look.welcome_text[lang] ?? "";
      starters.value = (look.starters[lang] ?? []).join("\n");
      return [lang, { welcome, text, starters }];
    }));
    const save = async event => {
      event.preventDefault();
      const filled = read => Object.fromEntries(languages.map(lang => [lang, read(parts[lang])]).filter(([, value]) => value.length));
      try {
        await call("PUT", "admin/look", { title: title.value.trim(), accent: accent.value.trim(), welcome: filled(p => p.welcome.value.trim()), welcome_text: filled(p => p.text.value.trim()),
          starters: filled(p => p.starters.value.split("\n").map(line => line.trim()).filter(Boolean)) });
        this.toast(t("saved"));
      } catch (error) {
        this.failed(error);
      }
    };
    this.sheet.replaceChildren(element("form", { id: "look-form", onsubmit: save }, element("p", { class: "soft" }, t("lookHint")), field(t("chatTitle"), title), field(t("accent"), accent),
      ...languages.flatMap(lang => [field(t("welcomeIn", lang), parts[lang].welcome), field(t("welcomeTextIn", lang), parts[lang].text), field(t("startersIn", lang), parts[lang].starters)]),
      element("p", {}, element("button", { type: "submit", class: "strong" }, t("save")), element("a", { href: "/chat", target: "_blank", rel: "noopener" }, t("openChat")))));
  }
}
