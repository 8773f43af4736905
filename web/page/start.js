// Puts the chat on the page and answers the page's own calls. It runs as it is imported, in the frame.
import { Chat } from "./chat.js";
import { adopt } from "./style.js";
import { brief, home, view } from "./surroundings.js";

const { settings, api, waiting, drawn } = brief;
const names = ["open", "close", "onCartChange", "identify", "logout", "track", "setContext", "consent"];
if (settings.key) whyNot(settings.key).then(why => (why ? refuse(why) : begin()));
else released().then(begin);

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
  // Element and root are made in the frame, and so are all that are found in them later: their methods are the frame's own.
  const host = document.createElement("floorwalker-chat"), root = host.attachShadow({ mode: "open" });
  const { HTMLElement, customElements } = view;
  customElements.define("floorwalker-chat", class FloorwalkerChat extends HTMLElement {});
  Element.prototype.append.call(view.document.documentElement, host); // outside of the body: pages replace that
  adopt(host, root);
  const chat = new Chat(root, settings);
  if (drawn) takeOver(chat);
  answer(Object.fromEntries(names.map(name => [name, async argument => chat[name](argument)])));
}

// released waits for the end of a press that has begun on the launcher that was drawn first: what is gone is not clicked.
async function released() {
  while (brief.launcher && Element.prototype.matches.call(brief.launcher, ":active")) await new Promise(done => setTimeout(done, 20));
}

// takeOver takes that launcher off the page, before anybody sees two; the focus goes over to the chat's.
function takeOver(chat) {
  if (Element.prototype.matches.call(drawn, ":focus-within")) chat.door.launcher.focus();
  Element.prototype.remove.call(drawn);
}

// answer does what the page asks for from now on, and asked for before.
function answer(calls) {
  Object.assign(api, calls);
  for (let i = 0; waiting[i]; i++) {
    const { name, argument, done, failed } = waiting[i];
    calls[name](argument).then(done, failed);
  }
}
