// The widget on the pages of shops, in headless Chromium, against the real server.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { answered, ask, openPage, picture } from "./pages.mjs";
import { Ollama, openBrowser, Shop } from "./shop.mjs";

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
      if (!page) return response.writeHead(404).end();
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

before(async () => {
  if (skip) return;
  assert.ok(browser, "this test needs Chromium");
  await ollama.start();
  await host.start();
  await stranger.start();
  await shop.start(ollama, host.url);
}, { timeout: 400_000 });

after(async () => {
  if (skip) return;
  await browser.close();
  await shop.stop();
  await Promise.all([ollama.stop(), host.stop(), stranger.stop()]);
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
  const bytes = await new Promise((done, failed) => import("node:http").then(({ get }) => get(`${shop.url}/floorwalker.js`, { headers: { "Accept-Encoding": "gzip" } }, async answer => {
    assert.equal(answer.headers["content-encoding"], "gzip");
    done(Buffer.concat(await answer.toArray()));
  }).on("error", failed)));
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
  await page.evaluate(() => window.Floorwalker.onCartChange(cart => window.changed(cart)));
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
  await picture(page, "widget");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
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
