// How quick and how frugal the widget is, in headless Chromium against the real server: node figures.mjs. It prints what
// it measured and fails where that is more than promised. Take the figures on a machine that does nothing else.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { answered, ask, online, openPage } from "./pages.mjs";
import { Ollama, openBrowser, pause, Shop } from "./shop.mjs";

const promised = { firstPaint: 100, input: 50 }; // ms
const rounds = 9; // of first paint; the median counts
const keys = 60; // typed while an answer streams
const cards = 300; // in the history
const messages = 1000;

const browser = await openBrowser();
assert.ok(browser, "this needs Chromium");
const ollama = await new Ollama().start();
const shop = new Shop();
const host = createServer((_, response) => response.setHeader("Content-Type", "text/html; charset=utf-8").end(`<!doctype html><title>Nordwind outdoor</title>
<script src="${shop.url}/floorwalker.js" async></script><h1>Nordwind outdoor</h1>`));
await new Promise(done => host.listen(0, "127.0.0.1", done));
const address = `http://127.0.0.1:${host.address().port}/`;
await shop.start(ollama, `http://127.0.0.1:${host.address().port}`);

const median = list => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const figures = {};

try {
  // First paint: from the script's last byte to the frame in which the launcher stands.
  const paints = [];
  for (let round = 0; round < rounds; round++) {
    const page = await openPage(browser, "about:blank");
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector("floorwalker-chat")?.shadowRoot?.getElementById("launcher")) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
      }).observe(document, { childList: true, subtree: true });
    });
    await page.goto(address);
    await page.waitForFunction(() => window.painted);
    paints.push(await page.evaluate(() => window.painted - performance.getEntriesByType("resource").find(entry => entry.name.endsWith("/floorwalker.js")).responseEnd));
    await page.context().close();
  }
  figures["first paint after the script has arrived, ms, median"] = median(paints);
  figures["first paint, ms, the worst"] = Math.max(...paints);

  // Input latency: from the key to the frame that shows it, with a long history and a stream on the screen.
  const page = await openPage(browser, address);
  await page.locator("#launcher").click();
  await online(page);
  let asked = 0;
  for (; await page.locator(".card").count() < cards; asked++) {
    await ask(page, ["running shoes", "mugs", "lamps", "backpacks"][asked % 4]);
    await answered(page, asked + 1);
    await page.locator(".message.writing").waitFor({ state: "detached" });
  }
  Object.assign(ollama, { pause: 60, lingers: true }); // an answer that lasts as long as the typing does
  await ask(page, "running shoes");
  await page.locator(".message.writing .text", { hasText: "Let" }).waitFor();
  await page.evaluate(() => {
    window.delays = [];
    const text = document.querySelector("floorwalker-chat").shadowRoot.getElementById("text");
    text.addEventListener("keydown", key => {
      const pressed = key.timeStamp;
      requestAnimationFrame(() => setTimeout(() => window.delays.push(performance.now() - pressed)));
    }, true);
  });
  await page.locator("#text").focus();
  for (let key = 0; key < keys; key++) {
    await page.keyboard.press("abcdefghij"[key % 10]);
    await pause(30);
  }
  figures["cards in the history"] = await page.locator(".card").count();
  figures["a stream was on the screen to the end"] = await page.locator(".message.writing").count() === 1;
  Object.assign(ollama, { pause: 4, lingers: false });
  const delays = await page.evaluate(() => window.delays);
  figures["input latency, ms, median"] = median(delays);
  figures["input latency, ms, 95th percentile"] = delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.95)];
  ollama.pause = 0;
  await page.context().close();

  // Memory: what a long conversation costs beyond what stands on the screen. A page that was there for all of it is set
  // beside one that has just read the same history, early and at the end: what both have more of at the end is on the
  // screen, and what the one had more of early is not for the messages.
  const heap = async session => {
    await session.send("HeapProfiler.collectGarbage");
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  const talker = await openPage(browser, address);
  await talker.locator("#launcher").click();
  await online(talker);
  const inspect = await talker.context().newCDPSession(talker);
  const said = () => talker.locator("floorwalker-chat .message").count();
  const talk = async to => {
    for (let n = await talker.locator(".message.assistant").count(); await said() < to; n++) {
      await ask(talker, ["hello", "thank you"][n % 2]);
      await answered(talker, n + 1);
    }
    await pause(1000);
    const there = await said();
    const reader = await openPage(browser, address, { storageState: await talker.context().storageState() });
    await reader.waitForFunction(count => document.querySelector("floorwalker-chat")?.shadowRoot?.querySelectorAll(".message").length >= count, there);
    await pause(1000);
    const read = await heap(await reader.context().newCDPSession(reader));
    await reader.context().close();
    return { there, lived: await heap(inspect), read };
  };
  figures["heap of an empty conversation, KiB"] = await heap(inspect) / 1024;
  const early = await talk(messages / 5), end = await talk(messages);
  figures["messages"] = end.there;
  figures["heap after all messages, KiB"] = end.lived / 1024;
  figures["heap of a page that only read them, KiB"] = end.read / 1024;
  figures["left behind by a message, bytes"] = ((end.lived - end.read) - (early.lived - early.read)) / (end.there - early.there);
  await talker.context().close();
} finally {
  await browser.close();
  await shop.stop();
  await ollama.stop();
  host.closeAllConnections();
  host.close();
}

for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${typeof value === "number" ? Math.round(value * 10) / 10 : value}`);
assert.ok(figures["first paint after the script has arrived, ms, median"] <= promised.firstPaint, "the first paint is late");
assert.ok(figures["cards in the history"] >= cards && figures["a stream was on the screen to the end"], "the latency was measured under the load that was promised");
assert.ok(figures["input latency, ms, 95th percentile"] <= promised.input, "input is slow");
assert.ok(figures["left behind by a message, bytes"] <= 512, "memory grows");
