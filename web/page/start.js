// Puts the chat on the page and answers the page's own calls. It runs as it is imported, in the frame.
import chatStyle from "./chat.css";
import { Chat } from "./chat.js";
import pageStyle from "./page.css";
import { brief, view } from "./surroundings.js";

const { settings, api, waiting } = brief;
const { CSSStyleSheet, HTMLElement, customElements } = view;
class FloorwalkerChat extends HTMLElement {}
customElements.define("floorwalker-chat", FloorwalkerChat);
const host = new FloorwalkerChat();
// Outside of the body: pages replace that. The methods are the frame's own.
const { append, attachShadow } = Element.prototype;
append.call(view.document.documentElement, host);
const root = attachShadow.call(host, { mode: "open" });

// The page's own font size is not ours: a rem is what the reader chose in the browser.
const sheet = new CSSStyleSheet();
root.adoptedStyleSheets = [sheet];
sheet.replaceSync(":host { all: initial !important; }");
const rem = parseFloat(view.getComputedStyle(host).fontSize) || 16;
sheet.replaceSync((pageStyle + chatStyle).replace(/(\d*\.?\d+)rem\b/g, (_, count) => `${count * rem}px`));

const chat = new Chat(root, settings);
const calls = {
  open: async () => chat.open(),
  close: async () => chat.close(),
  onCartChange: async listener => chat.onCartChange(listener),
  identify: async token => chat.identify(token),
  logout: async () => chat.logout(),
  track: async event => chat.track(event),
  setContext: async context => chat.setContext(context),
  consent: async yes => chat.consent(yes),
};
Object.assign(api, calls);
for (let i = 0; waiting[i]; i++) {
  const { name, argument, done, failed } = waiting[i];
  calls[name](argument).then(done, failed);
}
