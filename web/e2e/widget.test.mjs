// The widget on the pages of shops, in headless Chromium, against the real server.
import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { answered, ask, choose, clean, conversation, focused, online, openPage, picture, until } from "./pages.mjs";
import { launching, Ollama, openBrowser, pause, Shop } from "./shop.mjs";

const browser = await openBrowser();
const required = (process.env.FLOORWALKER_REQUIRE || "").includes("chromium");
const skip = !browser && !required ? "this test needs Chromium" : false;
const ollama = new Ollama();
const shop = new Shop();

// A host is a server of somebody else's pages: each test says what its page is, and under which policy it stands.
class Host {
  pages = new Map();

  async start() {
    this.server = createServer((request, response) => {
      const page = this.pages.get(new URL(request.url, "http://host").pathname);
      if (!page) return response.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
      if (page.policy) response.setHeader("Content-Security-Policy", page.policy);
      response.setHeader("Content-Type", page.type ?? "text/html; charset=utf-8").end(page.body);
    });
    await new Promise(done => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  // page puts a shop's page with the widget at the path, and returns its address. before stands ahead of the script.
  page(path, { settings = "", before = "", body = "", policy } = {}) {
    this.pages.set(path, { policy, body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nordwind outdoor</title>${before}<script src="${shop.url}/floorwalker.js" ${settings} async></script></head>
<body><header><h1>Nordwind outdoor</h1></header><main><h2>Autumn</h2><p>Everything for the <a href="#rain">rain</a>.</p>${body}</main></body></html>` });
    return this.url + path;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise(done => this.server.close(done));
  }
}

const host = new Host(), stranger = new Host();
const outlet = new Host(), outletKey = "pk_outlet_1"; // pages that are let in under a key
let kim, boss; // who sit at the desk

// The shop's own server, as far as it signs tokens of its customers.
const key = randomBytes(32), keys = await mkdtemp(join(tmpdir(), "floorwalker-keys-"));
function token(customer, secret = key) {
  const part = value => Buffer.from(JSON.stringify(value)).toString("base64url"), now = Math.floor(Date.now() / 1000);
  const said = `${part({ alg: "HS256", kid: "one", typ: "JWT" })}.${part({ iss: host.url, aud: "floorwalker", sub: customer, iat: now, exp: now + 300, jti: randomUUID() })}`;
  return `${said}.${createHmac("sha256", secret).update(said).digest("base64url")}`;
}

before(async () => {
  if (skip) return;
  assert.ok(browser, "this test needs Chromium");
  await ollama.start();
  await host.start();
  await stranger.start();
  await outlet.start();
  await writeFile(join(keys, "keys.json"), JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", kid: "one", k: key.toString("base64url") }] }));
  Object.assign(process.env, { FLOORWALKER_IDENTITY_KEYS: join(keys, "keys.json"), FLOORWALKER_IDENTITY_ISSUER: host.url,
    FLOORWALKER_SITE_KEYS: `${outletKey}=${outlet.url}`, FLOORWALKER_LINK_HOSTS: "https://help.nordwind.example" });
  await shop.start(ollama, host.url);
  kim = await shop.agent("kim", "--name", "Kim");
  boss = await shop.agent("boss", "--name", "The boss", "--role", "admin");
}, { timeout: 400_000 });

after(async () => {
  if (skip) return;
  await browser.close();
  await shop.stop();
  await Promise.all([ollama.stop(), host.stop(), stranger.stop(), outlet.stop(), rm(keys, { recursive: true })]);
}, { timeout: 60_000 });

// visit opens a page of the host as somebody of its own, and its chat.
async function visit(address, options) {
  const page = await openPage(browser, address, options);
  await page.locator("#launcher").click();
  await page.locator("#panel").waitFor();
  return page;
}

test("the script is one file of at most 40 KiB", { skip }, async () => {
  const response = await fetch(`${shop.url}/floorwalker.js`, { headers: { "Accept-Encoding": "identity" } });
  const plain = Buffer.from(await response.arrayBuffer());
  const bytes = await new Promise((done, failed) => get(`${shop.url}/floorwalker.js`, { headers: { "Accept-Encoding": "gzip" } }, async answer => {
    assert.equal(answer.headers["content-encoding"], "gzip");
    done(Buffer.concat(await answer.toArray()));
  }).on("error", failed));
  assert.ok(gunzipSync(bytes).equals(plain), "both forms say the same");
  assert.ok(bytes.length <= 40 * 1024, `${bytes.length} bytes`);
  console.log(`# floorwalker.js: ${bytes.length} bytes zipped, ${plain.length} plain`);
});

test("one tag gives a page a chat, under a policy that allows the shop's server alone", { skip }, async () => {
  const socket = shop.url.replace("http", "ws");
  const page = await openPage(browser, host.page("/strict", { policy: `default-src 'none'; script-src ${shop.url}; connect-src ${shop.url} ${socket}; img-src ${shop.url}` }));
  const changes = [];
  await page.exposeFunction("changed", cart => { changes.push(cart); });
  await page.locator("#launcher").waitFor();
  await page.evaluate(async () => { window.quiet = await window.Floorwalker.onCartChange(cart => window.changed(cart)); });
  assert.equal(await page.evaluate(() => localStorage.length), 0, "who only passes by opens no session");
  await page.locator("#launcher").click();
  await ask(page, "running shoes under 80 dollars");
  assert.match(await answered(page, 1), /Let me have a look/);
  assert.ok(await page.locator(".card").count() >= 3);
  assert.ok(await page.locator(".card img").first().evaluate(image => image.complete && image.naturalWidth > 0), "the picture is let through");
  const sku = await page.locator(".card").first().getAttribute("data-sku");
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  assert.deepEqual(changes.at(-1).lines.map(line => [line.sku, line.quantity]), [[sku, 1]]);
  await page.evaluate(() => window.quiet());
  const heard = changes.length;
  await page.locator(".card .stepper button").last().click();
  await page.locator("#cart-count", { hasText: "2" }).waitFor();
  assert.equal(changes.length, heard, "who listens no more hears nothing");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

// early opens a page whose frame gets its script only when come is called: until then there is the launcher alone, as on a
// slow machine. window.first is what came first, a frame on the screen with the launcher or the frame that the chat runs in.
async function early(address, options) {
  const page = await openPage(browser, "about:blank", options);
  await page.addInitScript(() => {
    if (window !== top) return;
    new MutationObserver((_, observer) => {
      const html = document.documentElement;
      if (!html) return;
      html.appendChild = frame => {
        window.first ??= "the frame";
        Node.prototype.appendChild.call(html, frame);
        const { head } = frame.contentDocument;
        head.append = script => { window.come = (src = script.src) => { delete head.append; script.src = src; head.append(script); }; };
      };
      if (!document.querySelector("floorwalker-chat")) return;
      observer.disconnect();
      requestAnimationFrame(() => { window.first ??= "the launcher"; });
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(address);
  await page.waitForFunction(() => window.come && window.first);
  assert.equal(await page.locator("#panel").count(), 0, "there is no chat yet");
  return Object.assign(page, { come: src => page.evaluate(src => window.come(src), src) });
}

for (const [look, settings, options] of [
  ["as it is", "", {}],
  ["dark by the system, for a Chinese", "", { colorScheme: "dark", locale: "zh-CN" }],
  ["by the tag's settings", 'data-theme="dark" data-lang="zh" data-side="start" data-dir="rtl"', {}],
]) test(`the launcher is painted before the frame is made, and the chat changes nothing of it: ${look}`, { skip }, async () => {
  const page = await early(host.page("/early", { settings, before: "<style>:root { font-size: 10px; --floorwalker-accent: #7a1f5c; }</style>" }), options);
  assert.equal(await page.evaluate(() => window.first), "the launcher");
  const launcher = page.locator("#launcher");
  const seen = () => launcher.evaluate(node => [node, ...node.querySelectorAll("*"), node.parentNode].map(one => {
    const style = getComputedStyle(one), { x, y, width, height } = one.getBoundingClientRect();
    return [one.cloneNode(false).outerHTML, x, y, width, height, ...[...style].map(name => `${name}: ${style.getPropertyValue(name)}`)];
  }));
  const before = await seen();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  const ring = () => launcher.evaluate(node => `${node.getRootNode().activeElement === node} ${getComputedStyle(node).outline}`);
  const focus = await ring();
  assert.match(focus, /^true .*3px/);
  await page.come();
  await page.locator("#panel").waitFor({ state: "attached" });
  assert.equal(await ring(), focus, "the focus and its ring stay");
  await launcher.evaluate(node => node.blur());
  assert.deepEqual(await seen(), before);
  assert.equal(await page.locator("floorwalker-chat").count(), 1, "nothing is left of what was drawn first");
  assert.equal(await page.evaluate(() => customElements.get("floorwalker-chat") === document.querySelector("floorwalker-chat").constructor), true);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("who clicks before the chat is there, or presses as it comes, has it open as soon as it is", { skip }, async () => {
  const page = await early(host.page("/hasty"));
  await page.locator("#launcher").click();
  await page.locator("#launcher").click();
  await page.come();
  await page.locator("#panel").waitFor();
  assert.equal(await (await focused(page)).evaluate(node => node.id), "text");
  await page.context().close();

  for (const what of ["mouse", "key", "finger"]) {
    const page = await early(host.page("/hasty"), { hasTouch: what === "finger" });
    const { x, y } = await page.locator("#launcher").boundingBox(), input = await page.context().newCDPSession(page);
    const [press, release] = {
      mouse: [async () => { await page.mouse.move(x + 20, y + 20); await page.mouse.down(); }, () => page.mouse.up()],
      key: [async () => { await page.locator("#launcher").focus(); await page.keyboard.down("Space"); }, () => page.keyboard.up("Space")],
      finger: [() => input.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + 20, y: y + 20 }] }), () => input.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] })],
    }[what];
    await press();
    await page.come();
    await pause(300);
    await release();
    await page.locator("#panel").waitFor();
    await pause(300);
    assert.equal(await page.locator("#panel").isVisible(), true, `it stays open: ${what}`);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  }
});

test("where the launcher can't be drawn first, or is not left where it was, the chat comes with its own", { skip }, async () => {
  const breaks = (type, name) => `<script>${type}.prototype.${name} = () => { throw new Error("no ${name}"); };</script>`;
  for (const before of [breaks("Element", "attachShadow"), breaks("Element", "append"), breaks("DocumentFragment", "append"), breaks("String", "replace"), breaks("Promise", "then"),
    "<script>Promise.prototype.then = () => {};</script>", "<script>requestAnimationFrame = () => {};</script>",
    "<script>const { attachShadow } = Element.prototype; Element.prototype.attachShadow = function () { return attachShadow.call(this, { mode: 'closed' }); };</script>",
    // as soon as the launcher is drawn
    `<script>new MutationObserver(() => {
      if (document.querySelector("floorwalker-chat")) window.setTimeout = window.requestAnimationFrame = Node.prototype.appendChild = () => { throw new Error("no more"); };
    }).observe(document, { childList: true, subtree: true });</script>`]) {
    const page = await visit(host.page("/broken", { before }));
    assert.equal(await page.locator("floorwalker-chat").count(), 1, before);
    assert.deepEqual(page.troubles, [], before);
    await page.context().close();
  }
  for (const moves of ["drawn.remove()", "document.body.append(drawn)", "drawn.shadowRoot.replaceChildren()"]) {
    const page = await early(host.page("/moved"));
    await page.evaluate(`{ const drawn = document.querySelector("floorwalker-chat"); ${moves}; }`);
    await page.come();
    await page.locator("#panel").waitFor({ state: "attached" });
    await page.locator("#launcher").click();
    await page.locator("#panel").waitFor();
    assert.deepEqual(await page.locator("floorwalker-chat").evaluateAll(hosts => hosts.map(node => node.parentNode.tagName)), ["HTML"], moves);
    await page.context().close();
  }
  const cut = await early(host.page("/cut"));
  await cut.come(`${host.url}/nothing.js`);
  await cut.locator("floorwalker-chat").waitFor({ state: "detached" }); // rather than one that does nothing
  await cut.context().close();
});

test("nothing is drawn first where the server has the last word, where the panel was open, and ahead of the page", { skip }, async () => {
  const page = await early(outlet.page("/early", { settings: `data-key="${outletKey}"` }));
  const first = async (page, why) => {
    assert.equal(await page.evaluate(() => window.first), "the frame", why);
    assert.equal(await page.locator("#launcher").count(), 0, why);
    await page.come();
  };
  await first(page, "with a site's key");
  await page.locator("#launcher").click();
  await page.locator("#panel").waitFor();
  await page.context().close();

  const open = await early(host.page("/opened", { before: "<script>sessionStorage.setItem('floorwalker.open', 'yes');</script>" }));
  await first(open, "where the panel was open");
  await open.locator("#panel").waitFor();
  await open.context().close();

  host.pages.set("/head", { body: `<!doctype html><title>Nordwind outdoor</title><script src="${shop.url}/floorwalker.js"></script><h1>Nordwind outdoor</h1>` });
  const head = await early(`${host.url}/head`);
  await first(head, "before there is a body");
  await head.locator("#launcher").waitFor();
  await head.context().close();
});

test("a page whose origin is not on the list gets no session", { skip }, async () => {
  const page = await visit(stranger.page("/"));
  await ask(page, "desk lamp");
  await page.locator('#state[data-state="offline"]').waitFor();
  const status = await page.evaluate(url => fetch(`${url}/api/sessions`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).then(r => r.status, () => "refused"), shop.url);
  assert.equal(status, "refused");
  assert.equal(await page.evaluate(() => localStorage.getItem("floorwalker.session")), null);
  assert.equal((await fetch(`${shop.url}/api/products/x`, { headers: { Origin: host.url } })).headers.get("access-control-allow-origin"), null, "the products API is not for pages");
  await page.context().close();
});

test("a page of a site with a key has a chat under that key alone, and says why where it has none", { skip }, async () => {
  const page = await visit(outlet.page("/keyed", { settings: `data-key="${outletKey}"` }));
  await ask(page, "desk lamp");
  assert.match(await answered(page, 1), /Let me have a look/);
  assert.deepEqual(page.troubles, []);
  await page.context().close();

  for (const [where, key] of [[outlet, "pk_another_2"], [host, outletKey], [stranger, outletKey]]) {
    const refused = await openPage(browser, where.page("/refused", { settings: `data-key="${key}"`,
      before: "<script>addEventListener('load', () => { window.early = window.Floorwalker.open().then(() => 'open', error => error.code); })</script>" }));
    assert.equal(await refused.evaluate(async () => { while (!window.early) await new Promise(done => setTimeout(done, 20)); return window.early; }), "site_key_refused", "a call that came before the answer");
    assert.equal(await refused.evaluate(() => window.Floorwalker.identify("x").catch(error => error.code)), "site_key_refused");
    assert.equal(await refused.locator("floorwalker-chat").count(), 0, "no widget");
    assert.match(refused.troubles.join(), /Floorwalker: .*data-key.*\(site_key_refused\)/);
    assert.equal(await refused.evaluate(() => localStorage.length), 0);
    await refused.context().close();
  }

  const bare = await openPage(browser, outlet.page("/bare"));
  let sessions = 0;
  bare.on("request", request => { if (request.url().endsWith("/api/sessions") && request.method() === "POST") sessions++; });
  await bare.locator("#launcher").click();
  await bare.locator('#state[data-state="unkeyed"]', { hasText: "not set up for this page" }).waitFor();
  await pause(1500);
  assert.equal(sessions, 1, "it is not asked for again and again");
  await bare.context().close();
});

test("addresses are links where the shop lets links lead, and text elsewhere", { skip }, async () => {
  const admin = await openPage(browser, `${shop.url}/admin#articles`);
  await admin.locator("#login-id").fill(boss.id);
  await admin.locator("#login-password").fill(boss.password);
  await admin.keyboard.press("Enter");
  await admin.locator("#article").waitFor();
  const text = "We wrap presents in recycled paper for 3 dollars. Tick gift wrapping in the cart. Read https://help.nordwind.example/wrapping?a=1, and not https://evil.example/wrapping or http://help.nordwind.example/x or https://help.nordwind.example@evil.example/ or javascript:alert(1) or https://help.nordwind.example.evil.example/y.";
  assert.equal(await admin.evaluate(async body => {
    const { csrf } = await (await fetch("/console/api/me")).json();
    return (await fetch("/console/api/admin/articles/gift-wrapping", { method: "PUT", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify({ topic: "gifts", titles: { en: "Gift wrapping" }, bodies: { en: body } }) })).status;
  }, text), 204);
  await admin.context().close();

  const page = await visit(host.page("/links"));
  const links = place => page.locator(place).locator("a").evaluateAll(found => found.map(a => [a.textContent, a.href, a.rel, a.target]));
  const expected = [["https://help.nordwind.example/wrapping?a=1", "https://help.nordwind.example/wrapping?a=1", "noopener noreferrer", "_blank"]];
  await ask(page, "Do you wrap gifts?");
  await answered(page, 1);
  await page.locator(".sources button").first().click();
  await page.locator("#article p", { hasText: "We wrap" }).waitFor();
  assert.deepEqual(await links("#article"), expected, "in an article");
  assert.equal(await page.locator("#article p").textContent(), text, "what is written is what is shown");
  await clean(page, "an article with a link");
  await page.keyboard.press("Escape");
  await ask(page, "See https://help.nordwind.example/mine");
  await answered(page, 2);
  await page.locator("#person-button").click();
  await page.locator('#person[data-owner="queued"]').waitFor();
  const session = await page.evaluate(() => JSON.parse(localStorage.getItem("floorwalker.session")).id);
  const desk = await openPage(browser, `${shop.url}/console`);
  await desk.locator("#login-id").fill(kim.id);
  await desk.locator("#login-password").fill(kim.password);
  await desk.keyboard.press("Enter");
  await desk.locator(`#cases .case[data-session="${session}"]`).click();
  await desk.locator('#actions [data-act="claim"]').click();
  await desk.locator(`#cases [data-group="groupMine"] .case[data-session="${session}"]`).waitFor();
  await desk.locator("#text").fill(text);
  await desk.keyboard.press("Enter");
  await page.locator(".message.agent .text", { hasText: "We wrap" }).waitFor();
  assert.deepEqual(await links(".message.agent"), expected, "of a person at the desk");
  assert.equal(await page.locator(".message.agent .text").textContent(), text);
  assert.deepEqual(await links(".message.customer"), [], "what customers write themselves is text");
  assert.equal(await desk.locator(".message a").count(), 0, "at the desk all is text");
  await clean(page, "a message with a link");
  await page.reload();
  await until("links come back with the history", async () => JSON.stringify(await links(".message.agent")) === JSON.stringify(expected));
  await page.locator("#menu-button").click();
  await page.locator("#menu #theme").click();
  await clean(page, "a message with a link, dark");
  assert.deepEqual(page.troubles, []);
  await Promise.all([page.context().close(), desk.context().close()]);
});

test("a card says what a product cost before, until that is over", { skip }, async () => {
  const fleece = { title: "Nordwind fleece blanket", brand: "Nordwind", category: "Bedding", description: "A warm blanket.", currency: "USD", stock: 9, rating: 4.2 };
  await shop.put("fleece-1", { ...fleece, price_minor: 3900, was_minor: 5250 });
  const page = await visit(host.page("/was"));
  await ask(page, "fleece blanket");
  await answered(page, 1);
  const card = page.locator('.card[data-sku="fleece-1"]');
  assert.equal(await card.locator(".price").textContent(), "$39.00");
  assert.equal(await card.locator("s.was").textContent(), "Before: $52.50");
  await clean(page, "an old price");
  await shop.put("fleece-1", { ...fleece, price_minor: 3500, was_minor: 5250 });
  await card.locator(".price", { hasText: "$35.00" }).waitFor();
  assert.equal(await card.locator("s.was").textContent(), "Before: $39.00", "what it cost on this very card");
  await choose(page, "language");
  assert.match(await card.locator("s.was").textContent(), /^原价：/);
  await shop.put("fleece-1", { ...fleece, price_minor: 5250 });
  await card.locator(".was").waitFor({ state: "detached" });
  assert.equal(await card.locator(".price").textContent(), "$52.50");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

// What a careless or unkind page does before the chat comes, and after.
const unkindBefore = `<style>
  html { font-size: 5px !important; }
  html * { display: none !important; }
  html, head, body, header, main, h1 { display: block !important; }
  html > * { color: red !important; font: 30px fantasy !important; transform: rotate(40deg); }
  floorwalker-chat, floorwalker-chat * { visibility: hidden !important; opacity: 0 !important; position: static !important; pointer-events: none !important; direction: rtl !important; --accent: red; }
</style><script>
  for (const name of ["map", "filter", "find", "findLast", "forEach", "includes", "join", "push", "slice", "reduce", "flatMap"]) Array.prototype[name] = () => { throw new Error("an unkind Array." + name); };
  Array.prototype.toJSON = () => "unkind";
  Object.prototype.unkind = "enumerable";
  for (const name of ["replace", "replaceAll", "split", "trim", "startsWith"]) String.prototype[name] = () => { throw new Error("an unkind String." + name); };
  JSON.parse = JSON.stringify = () => { throw new Error("an unkind JSON"); };
  Map.prototype.get = Set.prototype.has = () => { throw new Error("an unkind Map"); };
</script>`;
const unkindAfter = `<script>
  addEventListener("load", () => {
    const no = what => function () { throw new Error("an unkind " + what); };
    for (const name of ["fetch", "WebSocket", "setTimeout", "setInterval", "matchMedia", "getComputedStyle", "structuredClone"]) window[name] = no(name);
    for (const name of ["createElement", "createElementNS", "getElementById", "querySelector", "querySelectorAll"]) Document.prototype[name] = no(name);
    for (const name of ["append", "before", "closest", "matches", "querySelector", "querySelectorAll", "remove", "replaceChildren", "setAttribute"]) Element.prototype[name] = no(name);
    Node.prototype.appendChild = no("appendChild");
    EventTarget.prototype.addEventListener = no("addEventListener");
    Storage.prototype.getItem = Storage.prototype.setItem = no("Storage");
    HTMLElement.prototype.focus = no("focus");
    Promise.prototype.then = no("then");
  });
</script>`;

for (const [when, unkind] of Object.entries({ "": { before: unkindBefore, body: unkindAfter }, " that turned unkind after the launcher was drawn": { body: unkindAfter } })) test(`an unkind page${when} breaks nothing in the chat`, { skip }, async () => {
  const page = await openPage(browser, host.page("/unkind", unkind));
  await page.locator("#launcher").click();
  await ask(page, "stoneware mug");
  assert.match(await answered(page, 1), /Let me have a look/);
  await page.frames()[1].evaluate(() => { for (let i = 0, garbage = []; i < 3e6; i++) garbage = [garbage.length, i]; }); // what nobody holds is collected
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await page.locator("#cart-button").click();
  await page.locator("#cart .total strong", { hasText: "$18.50" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".tick input").first().check();
  const launcher = await page.locator("#launcher").boundingBox(), panel = await page.locator("#panel").boundingBox();
  assert.ok(launcher.width > 50 && launcher.x > 900 && panel.width > 380, JSON.stringify({ launcher, panel }));
  await ask(page, "desk lamp");
  await answered(page, 2);
  await page.locator("#close").click();
  await page.locator("#panel").waitFor({ state: "hidden" });
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the chat breaks nothing in a page", { skip }, async () => {
  const body = '<button id="send">Buy</button><ol id="log"><li class="message">One</li></ol><button class="quiet strong">Two</button>';
  const look = () => page.evaluate(() => ({
    names: Object.getOwnPropertyNames(window).filter(name => !/^\d+$/.test(name)).sort(),
    prototypes: [Array, Object, String, Node, Element, HTMLElement, Event, Promise].map(type => Object.getOwnPropertyNames(type.prototype).length),
    fetch: String(window.fetch), title: document.title, sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
    body: document.body.outerHTML.replace(/<script.*?<\/script>/gs, ""), height: document.documentElement.scrollHeight,
    styles: [...document.body.querySelectorAll("*")].map(node => { const style = getComputedStyle(node); return [style.color, style.font, style.display, style.position, style.margin].join(); }),
  }));
  const page = await openPage(browser, "about:blank");
  await page.route("**/floorwalker.js", route => route.abort());
  await page.goto(host.page("/quiet", { body }));
  const before = await look();
  await page.unroute("**/floorwalker.js");
  await page.reload();
  await page.evaluate(() => {
    window.pressed = [];
    for (const event of ["keydown", "keyup", "keypress"]) document.addEventListener(event, key => window.pressed.push(key.key));
  });
  await page.locator("#launcher").click();
  await page.locator("floorwalker-chat #text").pressSequentially("desk /k");
  await page.keyboard.press("Enter");
  await answered(page, 1);
  const after = await look();
  assert.deepEqual(after.names.filter(name => !before.names.includes(name)), ["Floorwalker", "pressed"], "one name of ours");
  for (const part of ["prototypes", "fetch", "title", "sheets", "body", "height", "styles"]) assert.deepEqual(after[part], before[part], part);
  assert.deepEqual(await page.evaluate(() => window.pressed), [], "what is typed into the chat is no shortcut of the page's");
  await page.context().close();
});

test("the page opens and closes it, and both ends keep the focus", { skip }, async () => {
  const page = await openPage(browser, host.page("/calls", { settings: 'data-launcher="off" data-title="Ask Nordwind"', body: '<button id="help" onclick="Floorwalker.open()">Help</button>',
    before: "<script>addEventListener('load', () => { window.early = typeof Floorwalker.open; })</script>" }));
  await until("the script has loaded", () => page.evaluate(() => window.early === "function"));
  assert.equal(await page.locator("#launcher").isVisible(), false);
  await page.locator("#help").click();
  await page.locator("#panel h2", { hasText: "Ask Nordwind" }).first().waitFor();
  assert.equal(await (await focused(page)).evaluate(node => node.id), "text");
  await page.keyboard.press("Escape");
  await page.locator("#panel").waitFor({ state: "hidden" });
  assert.equal(await (await focused(page)).evaluate(node => node.id), "help", "the focus returns to what opened it");
  await page.evaluate(() => window.Floorwalker.open());
  await page.locator("#panel").waitFor();
  await page.evaluate(() => window.Floorwalker.close());
  await page.locator("#panel").waitFor({ state: "hidden" });
  await page.context().close();
});

test("what is said while it is closed is counted, and heard where that is wanted", { skip }, async () => {
  ollama.pause = 150; // slow enough to be left in the middle on a busy machine
  const page = await visit(host.page("/away"));
  const inside = page.frames()[1];
  await inside.evaluate(() => { const Real = AudioContext; window.rings = 0; window.AudioContext = class extends Real { constructor() { super(); window.rings++; } }; });
  const leaveWhileAnswering = async (question, n) => {
    await ask(page, question);
    await page.locator(".message.writing .text", { hasText: "Let" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#unread", { hasText: "1" }).waitFor();
    assert.equal(await page.locator(".message.assistant:not(.writing)").count(), n);
  };
  await leaveWhileAnswering("desk lamp", 1);
  assert.equal(await page.title(), "(1) Nordwind outdoor");
  assert.match(await page.locator("#launcher").getAttribute("aria-label"), /1 new message/);
  assert.equal(await inside.evaluate(() => window.rings), 0, "sound is off at first");
  await page.locator("#launcher").click();
  await page.locator("#unread").waitFor({ state: "hidden" });
  assert.equal(await page.title(), "Nordwind outdoor");
  await choose(page, "sound");
  assert.equal(await inside.evaluate(() => window.rings), 1, "it says what it sounds like");
  await leaveWhileAnswering("stoneware mug", 2);
  assert.equal(await inside.evaluate(() => window.rings), 2);
  ollama.pause = 4;
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the conversation goes along from page to page and from tab to tab", { skip }, async () => {
  const page = await visit(host.page("/first"));
  await ask(page, "desk lamp");
  await answered(page, 1);
  const whole = await conversation(page);
  await page.goto(host.page("/second", { body: '<input id="search" autofocus>' }));
  await answered(page, 1);
  assert.deepEqual(await conversation(page), whole);
  assert.equal(await page.evaluate(() => document.activeElement.tagName === "FLOORWALKER-CHAT"), false, "it opens again without taking the focus");
  const other = await page.context().newPage();
  await other.goto(host.page("/first"));
  assert.equal(await other.locator("#panel").isVisible(), false, "another tab begins closed");
  await other.locator("#launcher").click();
  await ask(other, "stoneware mug");
  await answered(other, 2);
  await answered(page, 2);
  await page.locator(".shelf").last().locator(".add").first().click();
  await other.locator("#cart-count", { hasText: "1" }).waitFor();
  await until("both the same", async () => JSON.stringify(await conversation(page)) === JSON.stringify(await conversation(other)));
  await page.context().close();
});

test("a line that breaks neither loses anything nor moves what is read", { skip }, async () => {
  const page = await visit(host.page("/line"));
  for (const [n, question] of ["desk lamp", "stoneware mug", "canvas backpack"].entries()) {
    await ask(page, question);
    await answered(page, n + 1);
  }
  const scroller = page.locator("#scroller");
  await scroller.evaluate(node => { node.scrollTop = 120; });
  await pause(200);
  const inside = page.frames()[1];
  await page.route("**/api/**", route => route.abort());
  await inside.evaluate(() => { const { send } = WebSocket.prototype; WebSocket.prototype.send = function () { WebSocket.prototype.send = send; this.close(); }; });
  await page.locator(".tick input").first().check(); // nothing is sent by that
  await page.locator(".card .decline").first().click();
  await page.locator('#state[data-state="offline"]').waitFor();
  await page.unroute("**/api/**");
  await online(page);
  assert.equal(await scroller.evaluate(node => node.scrollTop), 120);
  // What is written without a line waits, and goes out once.
  await page.route("**/api/**", route => route.abort());
  await inside.evaluate(() => { const { send } = WebSocket.prototype; WebSocket.prototype.send = function () { WebSocket.prototype.send = send; this.close(); }; });
  await ask(page, "running shoes");
  await page.locator(".message.customer.unsent").waitFor();
  await page.unroute("**/api/**");
  await answered(page, 4);
  assert.equal((await conversation(page)).filter(line => line === "message customer: running shoes").length, 1);
  await page.context().close();
});

test("it works where the browser keeps nothing, and where the storage is full", { skip }, async () => {
  const profile = await mkdtemp(join(tmpdir(), "floorwalker-profile-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const blocked = await chromium.launchPersistentContext(profile, { ...launching(), locale: "en-US" });
  const page = await blocked.newPage();
  await page.goto(host.page("/blocked"));
  assert.equal(await page.evaluate(() => { try { return localStorage.length; } catch (error) { return error.name; } }), "SecurityError", "this browser keeps nothing");
  await page.locator("#launcher").click();
  await ask(page, "desk lamp");
  await answered(page, 1);
  await choose(page, "theme");
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await blocked.close();
  await rm(profile, { recursive: true, force: true });

  const full = await visit(host.page("/full", { before: "<script>for (const area of [localStorage, sessionStorage]) for (const size of [1e6, 1e4, 1e2, 1]) try { for (let i = 0; ; i++) area.setItem('full' + size + i, 'x'.repeat(size)); } catch {}</script>" }));
  assert.equal(await full.evaluate(() => { try { localStorage.setItem("one more", "x".repeat(50)); return "kept"; } catch (error) { return error.name; } }), "QuotaExceededError", "this storage is full");
  await ask(full, "desk lamp");
  await answered(full, 1);
  await ask(full, "stoneware mug");
  await answered(full, 2);
  assert.deepEqual(full.troubles, []);
  await full.context().close();
});

test("ticked products are set side by side", { skip }, async () => {
  const page = await visit(host.page("/compare"));
  await ask(page, "running shoes");
  await answered(page, 1);
  const titles = (await page.locator(".card h3").allTextContents()).slice(0, 3);
  await page.locator(".card .tick input").nth(0).check();
  await page.locator("#compare-button", { hasText: "Tick one more" }).waitFor();
  await page.locator(".card .tick input").nth(1).check();
  await page.locator(".card .tick input").nth(2).check();
  await page.locator("#compare-button", { hasText: "Compare 3 products" }).click();
  assert.deepEqual((await page.locator("#comparison thead th").allTextContents()).slice(1), titles);
  const prices = await page.locator("#comparison tbody tr").first().locator("td").allTextContents();
  assert.deepEqual(prices, (await page.locator(".card .price").allTextContents()).slice(0, 3));
  await clean(page, "a comparison");
  assert.equal(await page.locator("#text").evaluate(node => Boolean(node.closest("[inert]"))), true, "what lies under it can't be reached");
  await page.keyboard.press("Escape");
  assert.equal(await (await focused(page)).evaluate(node => node.id), "compare-button");
  await page.context().close();
});

test("less like this: the card goes, and the next ones are others first", { skip }, async () => {
  const page = await visit(host.page("/less"));
  await ask(page, "running shoes");
  await answered(page, 1);
  const brands = shelf => shelf.locator(".brand").allTextContents();
  const first = await brands(page.locator(".shelf").first());
  const card = page.locator(".card").first(), sku = await card.getAttribute("data-sku");
  assert.equal(first.filter(brand => brand === first[0]).length, 2, first.join());
  await card.locator(".less").focus();
  await page.keyboard.press("Enter");
  assert.match(await answered(page, 2), /less like|behind the others/i);
  await page.locator(`.card.aside[data-sku="${sku}"]`).waitFor();
  assert.match(await page.locator(".message.customer .text").last().textContent(), /^Less like this: .*running shoes$/);
  const next = await brands(page.locator(".shelf").last());
  assert.equal(next.length, first.length - 1, next.join());
  assert.equal(next.at(-1), first[0], "what is most like it comes last");
  assert.equal(await page.locator(".shelf").last().locator(`.card[data-sku="${sku}"]`).count(), 0);
  await clean(page, "a card that was put aside");
  // Asked once more it is the same wish, and later lists hold to it.
  await page.locator(".tools button", { hasText: "Ask again" }).click();
  await until("it is asked anew", async () => await page.locator(".message.customer").count() === 2 && await page.locator(".shelf").count() === 2);
  await answered(page, 2);
  assert.deepEqual(await brands(page.locator(".shelf").last()), next);
  await ask(page, "running shoes under 120 dollars");
  await answered(page, 3);
  assert.equal((await brands(page.locator(".shelf").last())).at(-1), first[0]);
  await until("the wish is kept as what was done", async () => (await deeds(page)).behaviour.some(event => event.action === "decline" && event.sku === sku));
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("an answer can be gone on from: cheaper, compared, copied, asked again, its question changed", { skip }, async () => {
  const page = await visit(host.page("/tools"), { permissions: ["clipboard-read", "clipboard-write"] });
  await ask(page, "running shoes");
  const text = await answered(page, 1);
  await page.locator(".tools button", { hasText: "Copy" }).click();
  await page.locator(".tools button", { hasText: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  await page.locator(".quick button", { hasText: "Cheaper" }).click();
  await answered(page, 2);
  const prices = (await page.locator(".shelf").last().locator(".price").allTextContents()).map(price => Number(price.replace("$", "")));
  assert.deepEqual(prices, prices.toSorted((a, b) => a - b), "the cheapest first");
  await page.locator(".quick button", { hasText: "Compare" }).click();
  assert.match(await answered(page, 3), new RegExp(await page.locator(".shelf").nth(1).locator("h3").nth(1).textContent()));
  // Another answer takes the place of the one before, and so does a question that was changed.
  const questions = () => page.locator(".message.customer .text").allTextContents();
  const newest = () => page.locator(".message.customer").last().getAttribute("data-seq").then(Number);
  const replaced = async act => {
    const before = await newest();
    await act();
    await until("it is asked anew", async () => await newest() > before);
    return answered(page, 3);
  };
  const other = await page.context().newPage();
  await other.goto(host.page("/tools"));
  await other.locator("#launcher").click();
  await answered(other, 3);
  await replaced(() => page.locator(".tools button", { hasText: "Ask again" }).click());
  assert.deepEqual(await questions(), ["running shoes", "Cheaper ones", "Compare the first two"]);
  await replaced(async () => {
    await page.locator(".tools button", { hasText: "Change my question" }).click();
    await page.locator("#rewriting").getByText("changing your last message").waitFor();
    await clean(page, "a question that is changed");
    assert.equal(await page.locator("#text").inputValue(), "Compare the first two");
    await ask(page, "desk lamp");
  });
  assert.deepEqual(await questions(), ["running shoes", "Cheaper ones", "desk lamp"]);
  assert.equal(await page.locator(".shelf").last().locator("h3", { hasText: "lamp" }).count() > 0, true);
  // In the middle of an answer the arrow key brings the question back, and the answer stops; Escape leaves it as it was.
  ollama.pause = 120;
  await ask(page, "stoneware mug");
  await page.locator(".message.writing .text", { hasText: "Let" }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.locator(".message.assistant .note", { hasText: "Stopped" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#rewriting").isVisible(), false);
  assert.equal(await page.locator("#text").inputValue(), "");
  ollama.pause = 4;
  await page.keyboard.press("ArrowUp");
  await ask(page, "canvas backpack");
  await until("it is replaced", async () => (await questions()).at(-1) === "canvas backpack" && (await questions()).length === 4);
  await answered(page, 4);
  await until("on other devices too", async () => JSON.stringify(await conversation(other)) === JSON.stringify(await conversation(page)));
  await page.reload();
  await answered(page, 4);
  await until("and after a reload", async () => JSON.stringify(await conversation(other)) === JSON.stringify(await conversation(page)));
  await page.context().close();
});

test("the conversation is searched, and kept as a file", { skip }, async () => {
  const page = await visit(host.page("/find"));
  await ask(page, "desk lamp");
  await answered(page, 1);
  await ask(page, "stoneware mug");
  await answered(page, 2);
  await choose(page, "find");
  await page.keyboard.type("desk lamp");
  const count = page.locator("#find-count");
  const [, all] = /^(\d+) of (\d+)$/.exec(await count.textContent()).slice(1).map(Number);
  assert.ok(all >= 2);
  await page.keyboard.press("Enter");
  await count.getByText(`1 of ${all}`, { exact: true }).waitFor();
  assert.equal(await page.locator(".found .text").textContent(), "desk lamp");
  assert.ok(await page.locator(".found").evaluate(node => node.getBoundingClientRect().top > 0), "it is scrolled into sight");
  await page.keyboard.press("Shift+Enter");
  await count.getByText(`${all} of ${all}`, { exact: true }).waitFor();
  await page.keyboard.type(" of gold");
  await count.getByText("Nothing found").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#finder").waitFor({ state: "hidden" });
  assert.equal(await page.locator(".found").count(), 0);
  const [file] = await Promise.all([page.waitForEvent("download"), choose(page, "download")]);
  assert.match(file.suggestedFilename(), /^floorwalker-\d{4}-\d\d-\d\d\.txt$/);
  const kept = await readFile(await file.path(), "utf8");
  for (const line of ["You: desk lamp", "Assistant: Let me have a look", "You: stoneware mug", await page.locator(".card h3").first().textContent()]) assert.ok(kept.includes(line), `${line} in\n${kept}`);
  await page.context().close();
});

test("axe finds nothing: open, with cards, with the cart, dark, Chinese, from right to left", { skip }, async () => {
  const page = await openPage(browser, host.page("/axe", { settings: 'data-theme="light"' }), { reducedMotion: "reduce" });
  await page.locator("#launcher").waitFor();
  await clean(page, "closed");
  await page.locator("#launcher").click();
  await online(page);
  await clean(page, "welcome");
  await ask(page, "running shoes");
  await answered(page, 1);
  await page.locator(".card summary").first().click();
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await page.locator(".tick input").first().check();
  await clean(page, "cards");
  await page.locator("#menu-button").click();
  await clean(page, "menu");
  await page.locator("#menu #theme").click();
  await clean(page, "dark");
  await page.locator("#cart-button").click();
  await clean(page, "cart, dark");
  await page.keyboard.press("Escape");
  await choose(page, "find");
  await choose(page, "language");
  await clean(page, "Chinese, dark, search");
  await page.goto(host.page("/rtl", { settings: 'data-dir="rtl" data-side="start"' }));
  await page.locator("#panel").waitFor();
  await answered(page, 1);
  await clean(page, "from right to left");
  await page.context().close();
});

test("from right to left and on the other side everything is mirrored", { skip }, async () => {
  const page = await visit(host.page("/mirror", { settings: 'data-dir="rtl"', before: "<style>:root { --floorwalker-accent: #7a1f5c; }</style>" }));
  await ask(page, "running shoes");
  await answered(page, 1);
  const place = name => page.locator(name).first().boundingBox();
  const [launcher, panel, emblem, close, mine] = await Promise.all(["#launcher", "#panel", ".emblem", "#close", ".message.customer"].map(place));
  assert.ok(launcher.x < 100 && panel.x < 100, "the end of the line is on the left");
  assert.ok(emblem.x > close.x, "the header runs from right to left");
  assert.ok(mine.x < panel.x + panel.width / 2, "the customer's side is the left one");
  assert.equal(await page.locator("#panel").evaluate(node => node.scrollWidth <= node.clientWidth), true, "nothing sticks out");
  assert.equal(await page.locator(".message.customer").evaluate(node => getComputedStyle(node).backgroundColor), "rgb(122, 31, 92)", "the shop's colour");
  await page.goto(host.page("/start", { settings: 'data-side="start"' }));
  assert.ok((await place("#launcher")).x < 100);
  await page.context().close();
});

test("on a phone it covers the page, keeps the focus in, and gives it back", { skip }, async () => {
  const page = await openPage(browser, host.page("/phone"), { viewport: { width: 390, height: 780 }, reducedMotion: "reduce" });
  await page.keyboard.press("Tab"); // the page's own link
  assert.equal(await (await focused(page)).evaluate(node => node.tagName), "A");
  await page.keyboard.press("Tab");
  assert.equal(await (await focused(page)).evaluate(node => node.id), "launcher");
  await page.keyboard.press("Enter");
  const panel = await page.locator("#panel").boundingBox();
  assert.deepEqual(panel, { x: 0, y: 0, width: 390, height: 780 });
  assert.equal(await page.locator("#panel").getAttribute("aria-modal"), "true");
  await page.keyboard.type("running shoes");
  await page.keyboard.press("Enter");
  await answered(page, 1);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
  await picture(page, "widget-phone");
  const reached = new Set();
  for (const key of ["Tab", "Shift+Tab"]) {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press(key);
      reached.add(await (await focused(page)).evaluate(node => `${node.getRootNode().host ? "" : "outside "}${node.id || node.className || node.tagName}`));
    }
  }
  assert.deepEqual([...reached].filter(name => name.startsWith("outside")), []);
  for (const name of ["text", "close", "menu-button", "cart-button", "add", "decline", "SUMMARY"]) assert.ok(reached.has(name), `${name} in ${[...reached]}`);
  await clean(page, "on a phone");
  await page.keyboard.press("Escape");
  assert.equal(await (await focused(page)).evaluate(node => node.id), "launcher");
  await page.context().close();
});

test("text is text on the shop's own page too", { skip }, async () => {
  const evil = '<img src=x onerror="window.top.hacked=1"><script>window.top.hacked=2</script><a href="javascript:window.top.hacked=3">x</a>';
  await shop.put("evil-widget", { title: `Wicked teapot ${evil}`, brand: evil, category: "Kitchen", description: evil, price_minor: 900, currency: "USD", stock: 3, attributes: { [evil]: evil }, rating: 4 });
  await shop.put("evil-widget-2", { title: `Wicked teapot two ${evil}`, brand: evil, category: "Kitchen", description: evil, price_minor: 950, currency: "USD", stock: 3, attributes: { [evil]: evil }, rating: 4 });
  const page = await visit(host.page("/evil", { settings: `data-title="${evil.replaceAll('"', "&quot;")}"` }));
  await ask(page, "wicked teapot");
  await answered(page, 1);
  await page.locator(".card h3", { hasText: "Wicked teapot <img" }).first().waitFor();
  await page.locator(".tick input").nth(0).check();
  await page.locator(".tick input").nth(1).check();
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await page.locator("#cart-button").click();
  await page.locator("#cart .title", { hasText: "<script>" }).waitFor();
  await page.keyboard.press("Escape");
  await ask(page, evil);
  await page.locator(".message.customer .text", { hasText: "<script>" }).waitFor();
  await page.locator("#compare-button").click();
  await page.locator("#comparison th", { hasText: "onerror" }).first().waitFor();
  await pause(300);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('floorwalker-chat :is(script, img[src="x"], a[href^="javascript"])').count(), 0);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("it looks as it should: light, dark, Chinese", { skip }, async () => {
  const shown = async (name, settings, question, options) => {
    const page = await visit(host.page(`/${name}`, { settings, before: "<style>body { margin: 0; font: 17px/1.6 Georgia, serif; background: #f3efe6; color: #2b2a27; } header { background: #23352d; color: #fff; padding: 1rem 3rem; } main { padding: 2rem 3rem; max-width: 34rem; }</style>",
      body: "<p>Boots that stay dry, jackets that pack small and a lamp for the evenings in the hut. Our people in the shop wear all of it themselves.</p>" }), { reducedMotion: "reduce", ...options });
    await ask(page, question);
    const text = await answered(page, 1);
    await page.locator(".card .add").first().click();
    await page.locator("#cart-count", { hasText: "1" }).waitFor();
    await page.locator(".shelf").evaluate(node => node.scrollIntoView());
    await page.locator("#launcher").hover();
    await picture(page, name);
    assert.equal(await page.locator("#panel").evaluate(node => getComputedStyle(node).animationName), "none", "nothing moves for who wants less motion");
    const colour = await page.locator("#panel").evaluate(node => getComputedStyle(node).backgroundColor);
    await page.context().close();
    return { text, colour };
  };
  const light = await shown("widget", 'data-theme="light"', "running shoes under 80 dollars", { colorScheme: "dark" });
  const dark = await shown("widget-dark", "", "running shoes under 80 dollars", { colorScheme: "dark" });
  const chinese = await shown("widget-chinese", 'data-lang="zh"', "五百元以内的跑步鞋");
  assert.equal(light.colour, "rgb(245, 244, 240)", "the page's wish goes before the system's");
  assert.equal(dark.colour, "rgb(18, 22, 20)", "the system's goes where the page has none");
  assert.match(chinese.text, /\p{Script=Han}/u);
});

// deeds are what the server keeps of what was done in the page's conversation.
async function deeds(page) {
  const { id } = await page.evaluate(() => JSON.parse(localStorage.getItem("floorwalker.session")));
  return shop.kept(id);
}

test("what is done with the cards is told once, by list and place, also as the page is left", { skip }, async () => {
  const page = await visit(host.page("/deeds"));
  await ask(page, "running shoes");
  await answered(page, 1);
  let cut = 0;
  await page.route("**/api/events", async route => {
    if (cut++) return route.continue();
    await route.fetch(); // the server has it, and the page does not know
    await route.abort();
  });
  const card = page.locator(".card").nth(1), sku = await card.getAttribute("data-sku");
  await card.locator("h3").hover();
  await pause(1500);
  await card.locator("summary").click();
  await card.locator(".add").click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await until("the page has tried again", () => cut > 1);
  const of = async action => (await deeds(page)).behaviour.filter(event => event.action === action && event.sku === sku);
  await until("the server has the click", async () => (await of("click")).length > 0);
  const [shown] = await of("impression");
  for (const action of ["impression", "view", "hover", "click", "add_to_cart"]) {
    const found = await of(action);
    assert.deepEqual(found.map(event => [event.ranking_id, event.position]), [[shown.ranking_id, 2]], action);
  }
  assert.deepEqual(await of("dwell"), [], "it is still looked at");
  await page.goto(host.page("/left"));
  await until("what was looked at is told as the page is left", async () => (await of("dwell")).length === 1);
  assert.ok((await of("dwell"))[0].amount >= 1.5, "for as long as it was");
  assert.deepEqual(page.troubles.filter(text => !text.includes("ERR_FAILED")), []);
  await page.context().close();
});

test("the page tells what it saw itself, and only what a page may tell", { skip }, async () => {
  const page = await openPage(browser, host.page("/track"));
  await page.locator("#launcher").waitFor();
  const track = event => page.evaluate(event => window.Floorwalker.track(event).then(() => "noted", error => error.code), event);
  assert.equal(await track({ action: "share", product: "run-1" }), "noted");
  assert.equal(await track({ action: "dwell", product: "run-2", seconds: 12.5 }), "noted");
  for (const wrong of [{ action: "purchase", product: "run-1" }, { action: "click" }, { action: "rating", product: "run-1", stars: 9 }, undefined]) assert.equal(await track(wrong), "bad_event");
  assert.equal(await page.evaluate(() => localStorage.getItem("floorwalker.session")), null, "nothing is asked of the server for that");
  await page.locator("#launcher").click();
  await online(page);
  await until("both are kept", async () => JSON.stringify((await deeds(page)).behaviour.map(event => [event.action, event.sku, event.amount]).sort()) === JSON.stringify([["dwell", "run-2", 12.5], ["share", "run-1", 0]]));
  await page.context().close();
});

test("nothing is gathered of who said no, or has not said yes where the shop asks", { skip }, async () => {
  const page = await visit(host.page("/asked", { settings: 'data-consent="required"' }));
  const sent = [];
  page.on("request", request => { if (request.url().endsWith("/api/events")) sent.push(request.postData()); });
  const look = async () => {
    await page.locator(".card summary").first().click();
    await page.locator(".card h3").first().hover();
    await pause(4000);
  };
  await ask(page, "running shoes");
  await answered(page, 1);
  await look();
  assert.deepEqual(sent, []);
  await until("the server knows", async () => (await deeds(page)).consent.some(said => !said.granted));
  await page.evaluate(() => window.Floorwalker.consent(true));
  await look();
  await until("what is done from now on is told", () => sent.length > 0);
  await until("the server knows that too", async () => (await deeds(page)).consent.every(said => said.granted));
  await choose(page, "consent");
  await pause(300);
  const before = sent.length;
  await look();
  assert.equal(sent.length, before, "the customer has the last word");
  await page.reload();
  await answered(page, 1);
  await look();
  assert.equal(sent.length, before, "and it is remembered");
  await until("and held to by the server", async () => (await deeds(page)).consent.some(said => !said.granted));
  await page.evaluate(() => window.Floorwalker.consent({ personalisation: true, advertising: false }));
  await until("each purpose is said apart", async () => {
    const said = Object.fromEntries((await deeds(page)).consent.map(({ purpose, granted }) => [purpose, granted]));
    return said.personalisation && said.learning === false && said.advertising === false;
  });
  await page.context().close();
  const outlet = await visit(host.page("/outlet", { settings: 'data-platform="outlet"' }));
  await ask(outlet, "running shoes");
  await answered(outlet, 1);
  await outlet.evaluate(() => window.Floorwalker.consent(false));
  await until("it is said where the page is", async () => (await deeds(outlet)).consent.length > 0);
  assert.deepEqual([...new Set((await deeds(outlet)).consent.map(said => said.platform))], ["outlet"]);
  assert.deepEqual([...new Set((await deeds(outlet)).behaviour.map(event => event.platform))], ["outlet"], "what the server saw itself too");
  await outlet.context().close();
});

test("this is the product of the page, and the person at the desk sees where the customer is", { skip }, async () => {
  const page = await visit(host.page("/product"));
  await page.evaluate(() => window.Floorwalker.setContext({ product: "run-2", page: "Northpath Trail <b>shoes</b>" }));
  await ask(page, "how much is this?");
  assert.match(await answered(page, 1), /Northpath Trail running shoes.*\$79\.00/);
  await page.reload(); // the next page says for itself where the customer is
  await answered(page, 1);
  await page.evaluate(() => window.Floorwalker.setContext({ product: "run-1", page: "Fleetfoot Glide" }));
  await ask(page, "how much is this?");
  assert.match(await answered(page, 2), /Fleetfoot Glide running shoes.*\$69\.95/);
  await page.locator("#person-button").click();
  await page.locator('#person[data-owner="queued"]').waitFor();
  const session = await page.evaluate(() => JSON.parse(localStorage.getItem("floorwalker.session")).id);
  const desk = await openPage(browser, `${shop.url}/console`);
  await desk.locator("#login-id").fill(kim.id);
  await desk.locator("#login-password").fill(kim.password);
  await desk.keyboard.press("Enter");
  await desk.locator(`#cases .case[data-session="${session}"]`).click();
  await desk.locator("#packet dd", { hasText: "Fleetfoot Glide · run-1" }).waitFor();
  await Promise.all([page.context().close(), desk.context().close()]);
});

test("a customer logs in on the shop's page, on two devices, and out on one", { skip }, async () => {
  const identify = (page, jwt) => page.evaluate(jwt => window.Floorwalker.identify(jwt).then(() => "known", error => error.code), jwt);
  const page = await visit(host.page("/known"));
  await ask(page, "desk lamp");
  await answered(page, 1);
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  assert.equal(await identify(page, token("ann", randomBytes(32))), "token_invalid", "somebody else's signature");
  await online(page);
  await ask(page, "stoneware mug");
  await answered(page, 2);
  const before = await conversation(page);
  const ann = token("ann");
  assert.equal(await identify(page, ann), "known");
  await online(page);
  assert.equal(await identify(page, ann), "token_replayed", "a token is good once");
  await until("the conversation stays", async () => JSON.stringify(await conversation(page)) === JSON.stringify(before));
  await page.locator("#cart-count", { hasText: "1" }).waitFor();

  const phone = await openPage(browser, host.page("/known"), { viewport: { width: 390, height: 780 } });
  await phone.locator("#launcher").waitFor();
  assert.equal(await identify(phone, token("ann")), "known");
  await phone.locator("#launcher").click();
  await answered(phone, 2);
  assert.deepEqual(await conversation(phone), before, "the same conversation on another device");
  await ask(phone, "canvas backpack");
  await answered(page, 3);

  assert.equal(await page.evaluate(() => window.Floorwalker.logout().then(() => "out")), "out");
  await page.locator("#welcome").waitFor();
  await online(page);
  assert.deepEqual(await conversation(page), [], "nothing of hers stays on the screen");
  await page.locator("#cart-count").waitFor({ state: "hidden" });
  await ask(page, "running shoes");
  await answered(page, 1);
  await page.reload();
  await answered(page, 1);
  assert.deepEqual(await page.locator(".message.customer .text").allTextContents(), ["running shoes"]);
  assert.equal(await phone.locator(".message.customer").count(), 3, "the other device stays hers, and hears nothing of the visitor");
  await Promise.all([page.context().close(), phone.context().close()]);
});

test("where WebSockets are blocked the chat goes by server-sent events, and loses nothing over a restart", { skip }, async () => {
  // The policy lets the shop's server be asked, and no socket be opened.
  const page = await openPage(browser, host.page("/no-sockets", { policy: `default-src 'none'; script-src ${shop.url}; connect-src ${shop.url}; img-src ${shop.url}` }));
  const asked = [];
  page.on("request", request => asked.push(new URL(request.url()).pathname));
  page.on("websocket", socket => asked.push(`socket ${socket.url()}`));
  await page.locator("#launcher").click();
  await ask(page, "running shoes under 80 dollars");
  assert.match(await answered(page, 1), /Let me have a look/);
  assert.ok(asked.includes("/api/stream") && asked.includes("/api/frames"), asked.join(" "));
  const sku = await page.locator(".card").first().getAttribute("data-sku");
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  ollama.pause = 300; // it is still being written when the server is killed
  await ask(page, "desk lamp");
  await page.locator(".message.writing .text", { hasText: "Let" }).waitFor();
  await shop.close("SIGKILL");
  await page.locator('#state[data-state="offline"]').waitFor();
  await ask(page, "stoneware mug");
  await page.locator(".message.unsent").waitFor();
  ollama.pause = 4;
  await shop.open();
  await online(page);
  await answered(page, 3);
  assert.deepEqual(await page.locator(".message.customer .text").allTextContents(), ["running shoes under 80 dollars", "desk lamp", "stoneware mug"]);
  assert.equal(await page.locator(".message.unsent").count(), 0);
  const seen = await conversation(page);
  await page.reload(); // the open chat is open again
  await answered(page, 3);
  assert.deepEqual(await conversation(page), seen, "what is replayed is what was seen");
  await page.locator(`.card[data-sku="${sku}"] .stepper`).first().waitFor();
  await page.context().close();
});
