// Puts the chat on the page and answers the page's own calls.
import chatStyle from "./chat.css";
import { Chat } from "./chat.js";
import pageStyle from "./page.css";
import { view } from "./surroundings.js";

export function start({ settings, api, waiting }) {
  const { CSSStyleSheet, HTMLElement, customElements } = view;
  const { attachShadow } = Element.prototype;
  class FloorwalkerChat extends HTMLElement {}
  customElements.define("floorwalker-chat", FloorwalkerChat);
  const element = new FloorwalkerChat();
  // Outside of the body: pages replace that.
  Element.prototype.append.call(view.document.documentElement, element);
  const root = attachShadow.call(element, { mode: "open" });

  // The page's own font size is not ours: a rem is what the reader chose in the browser.
  const sheet = new CSSStyleSheet();
  root.adoptedStyleSheets = [sheet];
  sheet.replaceSync(":host { all: initial !important; }");
  const rem = parseFloat(view.getComputedStyle(element).fontSize) || 16;
  sheet.replaceSync((pageStyle + chatStyle).replace(/(\d*\.?\d+)rem\b/g, (_, count) => `${count * rem}px`));

  const chat = new Chat(root, settings);
  const calls = {
    open: () => chat.open(),
    close: () => chat.close(),
    onCartChange: listener => chat.onCartChange(listener),
  };
  Object.assign(api, calls);
  for (let i = 0; waiting[i]; i++) calls[waiting[i].name](waiting[i].argument);
}
