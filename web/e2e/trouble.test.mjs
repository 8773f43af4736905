// The chat on bad days: lines that break at every point, clocks that are wrong, frames of third parties.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createLine } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { answered, ask, conversation, online, openPage, until } from "./pages.mjs";
import { launching, Ollama, openBrowser, pause, Shop } from "./shop.mjs";

const browser = await openBrowser();
const required = (process.env.FLOORWALKER_REQUIRE || "").includes("chromium");
const skip = !browser && !required ? "this test needs Chromium" : false;
const ollama = new Ollama();
const shop = new Shop();

// A Line stands between pages and the shop, and breaks once where a test wants: as soon as breaks(way, text, asked) is
// true of a piece on its way up or down. asked is the first line of the request that the connection carries.
class Line {
  open = new Set();
  broken = 0;

  async start() {
    this.server = createLine(near => {
      const far = connect(shop.port, "127.0.0.1");
      let asked = "";
      const ends = [near, far];
      for (const end of ends) {
        this.open.add(end);
        end.on("error", () => {});
        end.on("close", () => { this.open.delete(end); for (const other of ends) other.destroy(); });
      }
      const carry = (from, to, way) => from.on("data", piece => {
        const text = piece.toString("latin1");
        if (way === "up" && /^(GET|POST|PUT|OPTIONS) /.test(text)) asked = text.slice(0, text.indexOf("\r\n"));
        if (this.breaks?.(way, text, asked)) {
          this.breaks = null;
          this.broken++;
          for (const end of ends) end.destroy();
          return;
        }
        to.write(piece);
      });
      carry(near, far, "up");
      carry(far, near, "down");
    });
    await new Promise(done => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  stop() {
    for (const end of this.open) end.destroy();
    return new Promise(done => this.server.close(done));
  }
}

const line = new Line();
// A host has pages of others: /shop is a shop's own with the widget, /frame one of somebody else with that in a frame.
let host;

before(async () => {
  if (skip) return;
  assert.ok(browser, "this test needs Chromium");
  await ollama.start();
  await line.start();
  host = createServer((request, response) => response.setHeader("Content-Type", "text/html; charset=utf-8").end(request.url === "/frame"
    ? `<!doctype html><title>Somebody else</title><iframe src="http://127.0.0.1:${host.address().port}/shop" title="A shop" width="900" height="780"></iframe>`
    : `<!doctype html><title>Nordwind</title><script src="${shop.url}/floorwalker.js" async></script><h1>Nordwind</h1>`));
  await new Promise(done => host.listen(0, done));
  await shop.start(ollama, line.url, `http://127.0.0.1:${host.address().port}`);
}, { timeout: 400_000 });

after(async () => {
  if (skip) return;
  await browser.close();
  await shop.stop();
  await Promise.all([ollama.stop(), line.stop()]);
  host.closeAllConnections();
  host.close();
}, { timeout: 60_000 });

// Where a line can break. The names of frames are read where they pass: the server's are not masked.
const says = type => (way, text, asked) => way === "down" && asked.startsWith("GET /ws") && text.includes(`"type":"${type}"`);
const phases = {
  "the script is on its way": (way, _, asked) => way === "down" && asked.startsWith("GET /floorwalker.js"),
  "a session is asked for": (way, _, asked) => way === "up" && asked.startsWith("POST /api/sessions"),
  "the session is on its way": (way, _, asked) => way === "down" && asked.startsWith("POST /api/sessions"),
  "a ticket is asked for": (way, _, asked) => way === "up" && asked.startsWith("POST /api/tickets"),
  "the ticket is on its way": (way, _, asked) => way === "down" && asked.startsWith("POST /api/tickets"),
  "the socket is asked for": (way, _, asked) => way === "up" && asked.startsWith("GET /ws"),
  "the socket opens": (way, text, asked) => way === "down" && asked.startsWith("GET /ws") && text.startsWith("HTTP/1.1 101"),
  "the conversation begins": says("session.opened"),
  "the message is on its way": (way, text, asked) => way === "up" && asked.startsWith("GET /ws") && !text.startsWith("GET") && line.sent,
  "the message is acknowledged": says("message.accepted"),
  "the message comes back": says("message.created"),
  "the cards come": says("recommendations.shown"),
  "the answer is written": says("message.delta"),
  "the answer ends": says("message.completed"),
};

for (const [phase, breaks] of Object.entries(phases)) {
  test(`a line that breaks as ${phase} loses nothing and doubles nothing`, { skip }, async () => {
    line.broken = 0;
    line.sent = false;
    line.breaks = breaks;
    ollama.pause = 30;
    const page = await openPage(browser, "about:blank");
    await page.goto(`${line.url}/chat`);
    if (phase === "the script is on its way") {
      await until("the script was cut", () => line.broken === 1);
      await page.reload(); // as a person does who sees an empty page
    }
    await page.locator("#text").waitFor();
    if (phase === "the message is on its way") {
      await online(page);
      await pause(300); // what the page says of itself as it comes is through
      line.sent = true;
    }
    await ask(page, "running shoes under 80 dollars");
    await until("the line broke", () => line.broken === 1);
    assert.match(await answered(page, 1), /Let me have a look/);
    assert.equal(await page.locator(".unsent").count(), 0);
    const seen = await conversation(page);
    assert.deepEqual(seen.map(what => what.split(":")[0]).map(what => (what.includes("|") ? "cards" : what)), ["message customer", "cards", "message assistant"], seen.join("\n"));
    await page.reload();
    await answered(page, 1);
    await until("the same after a reload", async () => JSON.stringify(await conversation(page)) === JSON.stringify(seen));
    ollama.pause = 4;
    await page.context().close();
  });
}

for (const hours of [3, -3]) {
  test(`a clock that is ${Math.abs(hours)} hours ${hours > 0 ? "fast" : "slow"} harms nothing`, { skip }, async () => {
    const page = await openPage(browser, "about:blank");
    await page.context().addInitScript(off => {
      const Real = Date;
      window.Date = class extends Real {
        constructor(...given) { super(...(given.length ? given : [Real.now() + off])); }
        static now() { return Real.now() + off; }
      };
    }, hours * 3_600_000);
    await page.goto(shop.url);
    await online(page);
    const inside = page.frames()[1];
    assert.ok(Math.abs(await inside.evaluate(() => Date.now()) - Date.now() - hours * 3_600_000) < 60_000, "the chat's clock is wrong indeed");
    await ask(page, "running shoes");
    await answered(page, 1);
    for (const time of await page.locator(".message time").evaluateAll(nodes => nodes.map(node => node.dateTime))) {
      assert.ok(Math.abs(Date.parse(time) - Date.now()) < 120_000, `${time} is the server's time`);
    }
    await page.locator(".card summary").first().click();
    const { id } = await page.evaluate(() => JSON.parse(localStorage.getItem("floorwalker.session")));
    let click;
    await until("what is done is taken, at its right time", async () => (click = (await shop.kept(id)).behaviour.find(event => event.action === "click")));
    assert.ok(Math.abs(Date.parse(click.event_time) - Date.now()) < 120_000, click.event_time);
    await page.reload();
    await answered(page, 1);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  });
}

// inFrame talks in a widget that stands in a frame of a third party.
async function inFrame(page) {
  await page.goto(`http://localhost:${host.address().port}/frame`);
  const frame = page.frameLocator("iframe");
  await frame.locator("#launcher").click();
  await frame.locator("#text").fill("desk lamp");
  await frame.locator("#text").press("Enter");
  await frame.locator(".message.assistant:not(.writing) .text").first().waitFor();
  assert.match(await frame.locator(".message.assistant .text").first().textContent(), /Let me have a look/);
  await frame.locator(".card .add").first().click();
  await frame.locator("#cart-count", { hasText: "1" }).waitFor();
  return frame;
}

test("in a frame of a third party it works, and its conversation is another than the shop's own page has", { skip }, async () => {
  const page = await openPage(browser, "about:blank");
  await inFrame(page);
  const own = await page.context().newPage();
  await own.goto(`http://127.0.0.1:${host.address().port}/shop`);
  await own.locator("#launcher").waitFor();
  assert.equal(await own.evaluate(() => localStorage.getItem("floorwalker.session")), null);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("in a frame of a third party whose storage is blocked it works for as long as the page", { skip }, async () => {
  const profile = await mkdtemp(join(tmpdir(), "floorwalker-profile-"));
  await mkdir(join(profile, "Default"));
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { cookie_controls_mode: 1, block_third_party_cookies: true, default_content_setting_values: { cookies: 1 } } }));
  const context = await chromium.launchPersistentContext(profile, { ...launching(), locale: "en-US" });
  const page = await context.newPage();
  const frame = await inFrame(page);
  assert.equal(await page.frames()[1].evaluate(() => { try { return typeof localStorage.length; } catch (error) { return error.name; } }), "SecurityError", "this browser keeps nothing for third parties");
  await frame.locator("#cart-button").click();
  await frame.locator("#cart .total").waitFor();
  await context.close();
  await rm(profile, { recursive: true, force: true });
});

test("a full page does not let itself be framed", { skip }, async () => {
  const response = await fetch(`${shop.url}/chat`);
  assert.equal(response.headers.get("x-frame-options"), "DENY");
  assert.match(response.headers.get("content-security-policy"), /frame-ancestors 'none'/);
});
