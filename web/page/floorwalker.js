// The one script that a page includes. It draws the launcher, opens an empty frame and runs itself there again: the chat
// then works with built-ins (fetch, Array, JSON…) that the page can't have changed, and leaves one name in the page:
// Floorwalker.
import { early } from "./early.js";

if (window.frameElement?.floorwalker) import("./start.js");
else if (!window.Floorwalker) load(document.currentScript ?? document.querySelector('script[src$="/floorwalker.js"]'));

function load(tag) {
  const { src, nonce } = tag, { form, lang, theme, side, dir, title, launcher, consent, key, platform } = tag.dataset;
  const frame = document.createElement("iframe");
  frame.title = "Floorwalker";
  frame.tabIndex = -1;
  frame.style.setProperty("display", "none", "important");
  // Until the chat is there, calls of the page wait. Each returns a promise.
  let calls = 0;
  const waiting = {};
  const api = {};
  for (const name of ["open", "close", "onCartChange", "identify", "logout", "track", "setContext", "consent"]) {
    api[name] = argument => new Promise((done, failed) => { waiting[calls++] = { name, argument, done, failed }; });
  }
  const brief = { home: new URL(src).origin, settings: { form, lang, theme, side, dir, title, launcher, consent, key, platform }, api, waiting };
  frame.floorwalker = brief;
  window.Floorwalker = api;

  // The page may change these before they are needed. Of what puts an element into another, appendChild is changed least.
  const { requestAnimationFrame, setTimeout } = window, html = document.documentElement, put = html.appendChild.bind(html);
  let made = false;
  const make = () => {
    if (made) return;
    made = true;
    put(frame);
    const inside = frame.contentDocument;
    const script = inside.createElement("script");
    script.nonce = nonce;
    script.src = src;
    script.onerror = () => brief.drawn?.remove(); // nothing would come of a click
    inside.head.append(script);
  };

  // The launcher is painted before the frame is made, which takes longer than all else. Not so where there is none, where
  // only the server knows whether the site's key holds (a launcher that goes away again is worse than a late one), and
  // before there is a body, as it would come ahead of the page for who goes through that by keyboard.
  if (form === "page" || launcher === "off" || key || !document.body) return make();
  try {
    setTimeout(make, 250); // where no frame is painted: in a tab that nobody looks at, under style sheets that don't come
    Object.assign(early, { brief, open: api.open });
    import("./launcher.js").then(() => (brief.drawn ? requestAnimationFrame(() => setTimeout(make)) : make()), make);
  } catch {
    make();
  }
}
