// The one script that a page includes. It opens an empty frame and runs itself there again: the chat then works with
// built-ins (fetch, Array, JSON…) that the page can't have changed, and leaves one name in the page: Floorwalker.
const brief = window.frameElement?.floorwalker;
if (brief) import("./start.js"); // nothing of it runs in the page
else if (!window.Floorwalker) load(document.currentScript ?? document.querySelector('script[src$="/floorwalker.js"]'));

function load(tag) {
  const { form, lang, theme, side, dir, title, launcher, consent, key, platform } = tag.dataset;
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
  frame.floorwalker = { home: new URL(tag.src).origin, settings: { form, lang, theme, side, dir, title, launcher, consent, key, platform }, api, waiting };
  window.Floorwalker = api;
  document.documentElement.append(frame);
  const inside = frame.contentDocument;
  const script = inside.createElement("script");
  script.nonce = tag.nonce;
  script.src = tag.src;
  inside.head.append(script);
}
