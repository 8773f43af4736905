// Puts the chat on the page and answers the page's own calls. It runs as it is imported, in the frame.
import chatStyle from "./chat.css";
import { Chat } from "./chat.js";
import pageStyle from "./page.css";
import { brief, home, view } from "./surroundings.js";

const { settings, api, waiting } = brief;
const names = ["open", "close", "onCartChange", "identify", "logout", "track", "setContext", "consent"];
if (settings.key) whyNot(settings.key).then(why => (why ? refuse(why) : begin()));
else begin();

// whyNot is why the server does not talk on this page under the tag's key; null where it does, or can't be asked now.
async function whyNot(key) {
  try {
    const response = await fetch(`${home}/sites/${encodeURIComponent(key)}`, { credentials: "omit", signal: AbortSignal.timeout(5000) });
    if (response.status !== 403) return null;
    const { code, message } = await response.json();
    return Object.assign(new Error(message), { code });
  } catch {
    return null;
  }
}

// refuse puts nothing on the page, and tells who looks, and every call of the page's, why.
function refuse(why) {
  view.console.error(`Floorwalker: ${why.message} (${why.code})`);
  answer(Object.fromEntries(names.map(name => [name, async () => { throw why; }])));
}

function begin() {
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
  answer(Object.fromEntries(names.map(name => [name, async argument => chat[name](argument)])));
}

// answer does what the page asks for from now on, and asked for before.
function answer(calls) {
  Object.assign(api, calls);
  for (let i = 0; waiting[i]; i++) {
    const { name, argument, done, failed } = waiting[i];
    calls[name](argument).then(done, failed);
  }
}
