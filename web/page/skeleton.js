// What the chat is made of before anybody has said anything.
import { element, emblem, icon } from "./elements.js";
import { t } from "./i18n.js";
import { tint } from "./style.js";

const icons = {
  cart: "M3 4h2l2.2 10.5a1.5 1.5 0 0 0 1.5 1.2h7.9a1.5 1.5 0 0 0 1.5-1.1L20 8H6.2M9.5 18.1a1.4 1.4 0 1 0 .01 0M16.5 18.1a1.4 1.4 0 1 0 .01 0",
  chat: "M4 5.5h16v11H10.5L6 20v-3.5H4z",
  cross: "m6 6 12 12M18 6 6 18",
  down: "m6 9.5 6 6 6-6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  picture: "M4.5 5.5h15v13h-15zM4.5 15.5l4.2-4 3.3 3 3.4-3.6 4.1 4M9 9.2h.01",
  person: "M12 11.5a3.8 3.8 0 1 0-.01 0M4.8 20c.6-3.6 3.5-5.6 7.2-5.6s6.6 2 7.2 5.6",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
};

const button = (id, settings, ...children) => element("button", { id, type: "button", ...settings }, ...children);
// worded is an element whose text is a word of the interface, in the language of the moment.
const worded = (name, word, settings) => element(name, { "data-t": word, ...settings });

// skeleton makes the chat in the form that the settings of the script's tag say: a page has the window for itself, a
// widget a corner of it.
export function skeleton(settings) {
  const page = settings.form === "page", title = settings.title || "Floorwalker";
  const panel = element(page ? "div" : "section", { id: "panel", role: page ? null : "dialog", "aria-label": page ? null : title, tabindex: page ? null : "-1", hidden: !page },
    page ? worded("button", "skip", { id: "skip", class: "skip", type: "button" }) : null,
    header(page, title),
    element(page ? "main" : "div", { id: "scroller", tabindex: "0", role: page ? null : "group", "data-label": "conversation" },
      element("div", { id: "welcome" }, worded("h2", "welcome"), worded("p", "welcomeText"), element("ul", { id: "starters" })),
      element("div", { role: "log", "aria-live": "off", "data-label": "conversation" }, worded("h2", "conversation", { class: "hidden" }), element("ol", { id: "log" }))),
    footer(page),
    element("p", { id: "announcer", class: "hidden", "aria-live": "polite" }));
  return shell(settings, page ? null : launcher(), panel);
}

// doorstep makes what a widget shows first: its launcher alone. The launcher calls open.
export const doorstep = (settings, open) => shell(settings, launcher({ onclick: open }));

function shell(settings, ...parts) {
  const body = element("div", { class: `chat ${settings.form === "page" ? "page" : "widget"}`, dir: settings.dir === "rtl" ? "rtl" : "ltr", "data-side": settings.side === "start" ? "start" : "end" }, ...parts);
  // What is typed here is not a shortcut of the page's.
  for (const event of ["keydown", "keypress", "keyup"]) body.addEventListener(event, pressed => pressed.stopPropagation());
  tint(body, settings);
  return body;
}

const launcher = settings => button("launcher", { "aria-expanded": "false", "aria-controls": "panel", "aria-label": t("launch", 0), ...settings },
  icon(icons.chat), element("span", { id: "unread", hidden: true }));

function header(page, title) {
  return element(page ? "header" : "div", { class: "head" },
    element("div", { class: "bar" },
      emblem(),
      element(page ? "h1" : "h2", { id: "title" }, title),
      element("p", { id: "state", role: "status" }, element("span", { class: "dot", "aria-hidden": "true" }), element("span", { id: "state-text" })),
      button("person-button", { class: "quiet" }, icon(icons.person), element("span", { id: "person-word" })),
      button("cart-button", { class: "quiet cart", "aria-haspopup": "dialog" }, icon(icons.cart), element("span", { id: "cart-count", hidden: true })),
      button("menu-button", { class: "quiet icon", "aria-expanded": "false", "aria-controls": "menu", "data-label": "menu" }, icon(icons.more)),
      page ? null : button("close", { class: "quiet icon", "data-label": "closeChat" }, icon(icons.down))),
    element("ul", { id: "menu", hidden: true }, ...["find", "download", "sound", "language", "theme", "consent"].map(id => element("li", {}, button(id, { class: "quiet" })))),
    element("p", { id: "notice", role: "status", hidden: true }),
    element("p", { id: "person", role: "status", hidden: true }),
    element("form", { id: "finder", role: "search", autocomplete: "off", hidden: true },
      element("input", { id: "find-text", type: "search", maxlength: 200, enterkeyhint: "search", "data-label": "find" }),
      element("output", { id: "find-count", for: "find-text" }),
      button("find-back", { class: "quiet icon", "data-label": "findBack" }, icon("m6 14.5 6-6 6 6")),
      button("find-on", { class: "quiet icon", type: "submit", "data-label": "findOn" }, icon(icons.down)),
      button("find-close", { class: "quiet icon", "data-label": "close" }, icon(icons.cross))));
}

function footer(page) {
  return element(page ? "footer" : "div", { class: "foot" },
    worded("button", "newest", { id: "newest", type: "button", hidden: true }),
    button("compare-button", { hidden: true, "aria-haspopup": "dialog" }),
    element("p", { id: "rewriting", class: "strip", role: "status", hidden: true }),
    element("div", { id: "attached", class: "strip", role: "status", hidden: true }),
    element("form", { id: "composer", autocomplete: "off" },
      element("input", { id: "picture-file", type: "file", accept: "image/jpeg,image/png,image/gif,image/webp", tabindex: "-1", hidden: true, "data-label": "picture" }),
      button("picture", { class: "quiet icon", "data-label": "picture" }, icon(icons.picture)),
      worded("label", "label", { for: "text", class: "hidden" }),
      element("textarea", { id: "text", rows: 1, maxlength: 4000, enterkeyhint: "send" }),
      button("stop", { hidden: true }, icon(icons.stop), worded("span", "stop")),
      button("send", { type: "submit" }, icon(icons.send), worded("span", "send", { class: "hidden" }))));
}
