// How the chat looks. The launcher that is drawn first and the chat that comes after it are dressed alike.
import chatStyle from "./chat.css";
import { locale, recall } from "./i18n.js";
import pageStyle from "./page.css";
import { computed, media, view } from "./surroundings.js";

// adopt gives the host's shadow root the style sheet. The host must be on the page.
export function adopt(host, root) {
  // The page's own font size is not ours: a rem is what the reader chose in the browser.
  const sheet = new view.CSSStyleSheet();
  root.adoptedStyleSheets = [sheet];
  sheet.replaceSync(":host { all: initial !important; }");
  const rem = parseFloat(computed(host).fontSize) || 16;
  sheet.replaceSync((pageStyle + chatStyle).replace(/(\d*\.?\d+)rem\b/g, (_, count) => `${count * rem}px`));
}

export const dark = "(prefers-color-scheme: dark)";

// theme is light or dark: what the reader chose, what the page wishes, or what the system has.
export const theme = settings => recall("theme") ?? settings.theme ?? (media(dark).matches ? "dark" : "light");

// tint gives the chat the language and the theme of the moment.
export function tint(body, settings) {
  body.lang = locale() === "zh" ? "zh-CN" : "en";
  body.dataset.theme = theme(settings);
}
