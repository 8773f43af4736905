// The shop's knowledge: articles in both languages, and which questions each would answer.
import { element } from "/static/elements.js";
import { call, get, post } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { t } from "./words.js";

const languages = ["en", "zh"];

export class Articles {
  constructor(sheet, { failed, toast }) {
    Object.assign(this, { sheet, failed, toast, articles: [], open: null });
  }

  hide() {}

  async show() {
    try {
      this.articles = (await get("admin/articles")).articles;
      this.draw();
    } catch (error) {
      this.failed(error);
    }
  }

  draw() {
    const open = this.articles.find(a => a.slug === this.open);
    this.sheet.replaceChildren(element("div", { class: "two" },
      element("nav", { "aria-label": t("viewArticles") }, element("button", { type: "button", onclick: () => { this.open = null; this.draw(); } }, t("newArticle")),
        element("ul", {}, ...this.articles.map(a => element("li", {}, element("button", { type: "button", class: "quiet", "aria-current": a.slug === this.open ? "true" : null,
          onclick: () => { this.open = a.slug; this.draw(); } }, a.titles.en || a.titles.zh || a.slug)))),
        this.articles.length ? "" : element("p", { class: "soft" }, t("noArticles"))),
      this.editor(open)));
  }

  editor(article) {
    const slug = element("input", { name: "slug", required: true, maxlength: 80, pattern: "[a-z0-9][a-z0-9-]*", value: article?.slug ?? "", readonly: Boolean(article) });
    const topic = element("input", { name: "topic", maxlength: 80, value: article?.topic ?? "" });
    const title = {}, body = {};
    for (const lang of languages) {
      title[lang] = element("input", { name: `title-${lang}`, lang, maxlength: 300, value: article?.titles[lang] ?? "" });
      body[lang] = element("textarea", { name: `body-${lang}`, lang, rows: 8, maxlength: 200000 });
      body[lang].value = article?.bodies[lang] ?? "";
    }
    const save = async event => {
      event.preventDefault();
      const written = part => Object.fromEntries(languages.map(lang => [lang, part[lang].value.trim()]).filter(([, text]) => text));
      try {
        await call("PUT", `admin/articles/${encodeURIComponent(slug.value)}`, { topic: topic.value.trim(), titles: written(title), bodies: written(body) });
        this.open = slug.value;
        this.toast(t("saved"));
        await this.show();
      } catch (error) {
        this.failed(error);
      }
    };
    const remove = async () => {
      if (!confirm(t("sureDelete", article.titles.en || article.titles.zh || article.slug))) return;
      try {
        await call("DELETE", `admin/articles/${encodeURIComponent(article.slug)}`);
        this.open = null;
        this.toast(t("removed2"));
        await this.show();
      } catch (error) {
        this.failed(error);
      }
    };
    return element("div", {}, element("form", { id: "article", onsubmit: save }, field(t("slug"), slug), field(t("topic"), topic),
      ...languages.flatMap(lang => [field(t("titleIn", lang), title[lang]), field(t("bodyIn", lang), body[lang])]),
      element("p", {}, element("button", { class: "strong", type: "submit" }, t("save")), article ? element("button", { type: "button", onclick: remove }, t("remove")) : "")),
    article ? this.questions(article) : "");
  }

  questions(article) {
    const lang = element("select", { "aria-label": t("language") }, ...languages.map(l => element("option", { value: l }, l)));
    const asked = element("textarea", { id: "questions", rows: 4, placeholder: t("questionsHint"), "aria-label": t("whichQuestions") });
    const answers = element("div", { "aria-live": "polite" });
    const ask = async event => {
      event.preventDefault();
      const questions = asked.value.split("\n").map(line => line.trim()).filter(Boolean).slice(0, 50);
      if (!questions.length) return;
      try {
        const told = await post("admin/articles/ask", { questions, lang: lang.value });
        answers.replaceChildren(table([t("question"), t("answeredBy"), t("mean")], told.answers.map(a => [a.question,
          a.answered ? (a.found[0].slug === article.slug ? element("strong", {}, t("thisOne")) : a.found[0].title) : t("refused"), a.found.length ? a.found[0].score.toFixed(3) : "–"])));
      } catch (error) {
        this.failed(error);
      }
    };
    return element("form", { id: "try", onsubmit: ask }, element("h2", {}, t("whichQuestions")), asked, element("p", {}, lang, element("button", { type: "submit" }, t("tryQuestions"))), answers);
  }
}

export function field(name, input) {
  return element("label", { class: "field" }, element("span", {}, name), input);
}
