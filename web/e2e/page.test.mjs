// The customer's page in headless Chromium, against the real server.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { answered, ask, choose, clean, conversation, focused, online, openPage, picture, until } from "./pages.mjs";
import { Ollama, openBrowser, pause, Shop } from "./shop.mjs";

const browser = await openBrowser();
const required = (process.env.FLOORWALKER_REQUIRE || "").includes("chromium");
const skip = !browser && !required ? "this test needs Chromium" : false;
const ollama = new Ollama();
const shop = new Shop();

before(async () => {
  if (skip) return;
  assert.ok(browser, "this test needs Chromium");
  await ollama.start();
  await shop.start(ollama);
}, { timeout: 400_000 });

after(async () => {
  if (skip) return;
  await browser.close();
  await shop.stop();
  await ollama.stop();
}, { timeout: 60_000 });

// visit opens the page as a customer of its own.
async function visit(options) {
  const page = await openPage(browser, shop.url, options);
  await online(page);
  return page;
}

test("a customer asks, sees cards, and then the answer as it is written", { skip }, async () => {
  ollama.pause = 120; // slow enough to be seen growing on a busy machine
  const page = await visit();
  await picture(page, "page-welcome");
  await ask(page, "running shoes under 80 dollars");
  await page.locator(".card").first().waitFor();
  assert.equal(await page.locator(".message.assistant.writing").count(), 1, "cards come before the answer is complete");
  const pieces = new Set();
  while (await page.locator(".message.assistant.writing").count()) {
    pieces.add((await page.locator(".message.assistant .text").textContent()).length);
    await pause(20);
  }
  const text = await answered(page, 1);
  assert.ok(pieces.size >= 3, `the answer grew in ${pieces.size} steps`);
  assert.match(text, /Let me have a look/);
  const prices = await page.locator(".card .price").allTextContents();
  assert.ok(prices.length >= 3 && prices.every(price => Number(price.replace("$", "")) <= 80), prices.join(" "));
  const first = page.locator(".card").first();
  await first.locator("summary").click();
  assert.ok(await first.locator("details li").count() > 0, "it says why");
  assert.ok(await first.locator("img").evaluate(image => image.complete && image.naturalWidth > 0), "it has a picture");
  assert.deepEqual(page.troubles, []);
  await picture(page, "page");
  await page.context().close();
  ollama.pause = 4;
});

test("the cart counts what is put in, changes quantities, and empties", { skip }, async () => {
  const page = await visit();
  await ask(page, "stoneware mug");
  await answered(page, 1);
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await page.locator(".card .stepper button").last().click();
  await page.locator("#cart-count", { hasText: "2" }).waitFor();
  await page.locator("#cart-button").click();
  await page.locator("#cart .total strong", { hasText: "$37.00" }).waitFor();
  await picture(page, "page-cart");
  await page.keyboard.press("Escape");
  assert.equal(await (await focused(page)).evaluate(node => node.id), "cart-button", "the focus returns");
  await page.keyboard.press("Enter");
  await page.locator("#cart li .icon").click();
  await page.locator("#cart .empty").waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a card that is paid for says so in both languages, stands third, and no other does", { skip }, async () => {
  const stranger = await visit();
  await ask(stranger, "running shoes");
  await answered(stranger, 1);
  const order = await stranger.locator(".card").evaluateAll(cards => cards.map(card => card.dataset.sku));
  assert.ok(order.length >= 4, order.join(" "));
  assert.equal(await stranger.locator(".card .sponsored").count(), 0, "nobody has paid yet");
  await stranger.context().close();
  await shop.campaign("shoes", order.at(-1));
  for (const [locale, word, question] of [["en-GB", "Sponsored", "running shoes"], ["zh-CN", "广告", "running shoes"]]) {
    const page = await visit({ locale });
    await ask(page, question);
    await answered(page, 1);
    const label = page.locator(".card .sponsored");
    assert.equal(await label.count(), 1, locale);
    assert.ok(await label.isVisible());
    assert.equal(await label.textContent(), word);
    const shown = await page.locator(".card").evaluateAll(cards => cards.map(card => [card.dataset.sku, card.querySelector(".sponsored") !== null]));
    assert.deepEqual(shown[2], [order.at(-1), true], JSON.stringify(shown));
    await page.context().close();
  }
});

test("text is text: nothing from catalogue or customer becomes HTML", { skip }, async () => {
  const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>';
  await shop.put("evil-1", { title: `Evil teapot ${evil}`, brand: evil, category: "Kitchen", description: `A teapot. ${evil}`, price_minor: 900, currency: "USD", stock: 3,
    attributes: { [evil]: evil }, rating: 4 });
  await assert.rejects(shop.put("evil-2", { title: "Teapot", price_minor: 900, currency: "USD", stock: 3, image_url: "javascript:window.hacked=3" }), /invalid_product/);
  const page = await visit();
  await ask(page, "evil teapot");
  await page.locator(".card h3", { hasText: "Evil teapot <img src=x onerror" }).waitFor();
  await answered(page, 1);
  await ask(page, `${evil} <b>bold</b> <a href="javascript:window.hacked=4">link</a>`);
  await answered(page, 2);
  assert.ok((await page.locator(".message.customer .text").last().textContent()).includes("<b>bold</b>"));
  await page.locator(".card .add").first().click();
  await page.locator("#cart-count", { hasText: "1" }).waitFor();
  await page.locator("#cart-button").click();
  await page.reload();
  await answered(page, 2);
  await pause(300);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('#log script, #log img[src="x"], #log b, #cart b, #log a').count(), 0);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the policy forbids what an attacker would need", { skip }, async () => {
  const page = await visit();
  const blocked = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener("securitypolicyviolation", event => seen.push(event.effectiveDirective));
    document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hacked = 5" }));
    document.body.append(Object.assign(document.createElement("img"), { src: "https://pictures.invalid/x.png" }));
    document.body.append(Object.assign(document.createElement("iframe"), { src: "https://frames.invalid/" }));
    await fetch("https://elsewhere.invalid/").catch(() => {});
    await new Promise(done => setTimeout(done, 300));
    return seen.sort();
  });
  assert.deepEqual(blocked, ["connect-src", "frame-src", "img-src", "script-src-elem"]);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await page.context().close();
});

test("a page of another origin gets neither session nor socket", { skip }, async () => {
  const elsewhere = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<p>elsewhere"));
  await new Promise(done => elsewhere.listen(0, "127.0.0.1", done));
  const opened = await (await fetch(`${shop.url}/api/sessions`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" })).json();
  const { ticket } = await (await fetch(`${shop.url}/api/tickets`, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${opened.secret}` },
    body: JSON.stringify({ session: opened.session }) })).json();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  const got = await page.evaluate(async ({ url, ticket }) => {
    const session = await fetch(`${url}/api/sessions`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).then(r => r.status, () => "refused");
    const socket = await new Promise(done => {
      const s = new WebSocket(`${url.replace("http", "ws")}/ws`, ["floorwalker.v1", `ticket.${ticket}`]);
      s.onopen = () => done("open");
      s.onerror = () => done("refused");
    });
    return { session, socket };
  }, { url: shop.url, ticket });
  assert.deepEqual(got, { session: "refused", socket: "refused" });
  await context.close();
  await new Promise(done => elsewhere.close(done));
});

test("stop ends the answer at once", { skip }, async () => {
  ollama.pause = 150;
  const page = await visit();
  await ask(page, "canvas backpack");
  await page.locator(".message.writing .text", { hasText: "Let me" }).waitFor();
  await page.locator("#stop").click();
  await page.locator(".message.assistant .note", { hasText: "Stopped" }).waitFor();
  assert.equal(await page.locator("#stop").isVisible(), false);
  ollama.pause = 4;
  await ask(page, "desk lamp");
  await answered(page, 2);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a restart of the server loses nothing, and what is written meanwhile is sent", { skip }, async () => {
  const page = await visit();
  await ask(page, "desk lamp");
  await answered(page, 1);
  const earlier = await conversation(page);
  await shop.close("SIGTERM");
  await page.locator('#state[data-state="offline"]').waitFor();
  await ask(page, "stoneware mug");
  await page.locator(".message.customer.unsent .note", { hasText: "Not sent yet" }).waitFor();
  await shop.open();
  await answered(page, 2);
  assert.equal(await page.locator(".unsent").count(), 0);
  const whole = await conversation(page);
  assert.deepEqual(whole.slice(0, earlier.length), earlier);
  assert.equal(whole.filter(line => line === "message customer: stoneware mug").length, 1, whole.join("\n"));
  await page.reload();
  await answered(page, 2);
  await until("the same conversation after a reload", async () => JSON.stringify(await conversation(page)) === JSON.stringify(whole));
  await page.context().close();
});

test("a server killed in the middle of an answer leaves the customer with one ended answer", { skip }, async () => {
  ollama.pause = 120;
  const page = await visit();
  await ask(page, "canvas backpack");
  await page.locator(".message.writing .text", { hasText: "Let me" }).waitFor();
  await shop.close("SIGKILL");
  ollama.pause = 4;
  await shop.open();
  await online(page);
  await page.locator(".message.assistant:not(.writing) .note").waitFor();
  await ask(page, "desk lamp");
  await answered(page, 2);
  const whole = await conversation(page);
  assert.equal(whole.filter(line => line.startsWith("message customer")).length, 2, whole.join("\n"));
  assert.equal(whole.filter(line => line.startsWith("message assistant")).length, 2, whole.join("\n"));
  await page.reload();
  await answered(page, 2);
  await until("the same conversation after a reload", async () => JSON.stringify(await conversation(page)) === JSON.stringify(whole));
  await page.context().close();
});

test("a lost network is told, and found again", { skip }, async () => {
  const page = await visit();
  await page.route("**/api/**", route => route.abort());
  // Chromium keeps open sockets when it plays offline, so the line is cut by hand.
  await page.frames()[1].evaluate(() => { const send = WebSocket.prototype.send; WebSocket.prototype.send = function (data) { WebSocket.prototype.send = send; this.close(); }; });
  await ask(page, "desk lamp");
  await page.locator('#state[data-state="offline"]').waitFor();
  await page.unroute("**/api/**");
  await answered(page, 1);
  assert.equal(await page.locator(".message.customer").count(), 1);
  await page.context().close();
});

test("two tabs of one session show one conversation", { skip }, async () => {
  const page = await visit();
  await ask(page, "desk lamp");
  await answered(page, 1);
  const other = await page.context().newPage();
  await other.goto(shop.url);
  await answered(other, 1);
  await ask(other, "stoneware mug");
  await answered(other, 2);
  await answered(page, 2);
  await until("both the same", async () => JSON.stringify(await conversation(page)) === JSON.stringify(await conversation(other)));
  await page.locator(".card .add").first().click();
  await other.locator("#cart-count", { hasText: "1" }).waitFor();
  await page.context().close();
});

test("the page says while the language model is away, and takes it into use without a reload", { skip }, async () => {
  ollama.present = false;
  await until("the server notices", async () => (await (await fetch(`${shop.url}/readyz`)).json()).components.llm.state !== "ready");
  const page = await visit();
  await page.locator("#notice", { hasText: "Answers are short" }).waitFor();
  await ask(page, "desk lamp");
  assert.doesNotMatch(await answered(page, 1), /Let me have a look/);
  ollama.present = true;
  await page.locator("#notice").waitFor({ state: "hidden" });
  await ask(page, "stoneware mug");
  assert.match(await answered(page, 2), /Let me have a look/);
  await page.context().close();
});

test("the interface is Chinese for who reads Chinese", { skip }, async () => {
  const page = await visit({ locale: "zh-CN" });
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  assert.match(await page.locator("#text").getAttribute("placeholder"), /商品/);
  await ask(page, "五百元以内的跑步鞋");
  await page.locator(".card h3", { hasText: "跑步鞋" }).first().waitFor();
  assert.match(await answered(page, 1), /\p{Script=Han}/u);
  await picture(page, "page-chinese");
  await choose(page, "language");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.locator(".card .add").first().textContent(), "Add to cart");
  await page.reload();
  await online(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "en", "the choice is kept");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("axe finds nothing on the page", { skip }, async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit({ colorScheme, reducedMotion: "reduce" });
    await clean(page, `welcome, ${colorScheme}`);
    await ask(page, "running shoes");
    await answered(page, 1);
    await page.locator(".card .add").first().click();
    await page.locator("#cart-count", { hasText: "1" }).waitFor();
    await clean(page, `cards, ${colorScheme}`);
    await page.locator("#person-button").click();
    await page.locator('#person[data-owner="queued"]').waitFor();
    await page.locator("#cart-button").click();
    await clean(page, `cart and queue, ${colorScheme}`);
    await page.context().close();
  }
});

test("both languages have the same words", { skip }, async () => {
  const page = await visit();
  const words = await page.evaluate(async () => (await import("/static/i18n.js")).vocabulary());
  assert.deepEqual(words.en, words.zh);
  await page.context().close();
});

test("it works on a phone, in the dark, and by keyboard alone", { skip }, async () => {
  const page = await visit({ viewport: { width: 390, height: 780 }, colorScheme: "dark", isMobile: false, reducedMotion: "reduce" });
  assert.equal(await page.locator(".chat").getAttribute("data-theme"), "dark");
  await page.locator("#text").focus();
  await page.keyboard.type("running shoes");
  await page.keyboard.press("Enter");
  await answered(page, 1);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing sticks out");
  await picture(page, "page-phone-dark");
  // Backwards from the message field come the last card's buttons.
  await page.locator("#text").focus();
  let reached = false;
  for (let i = 0; i < 12 && !reached; i++) {
    await page.keyboard.press("Shift+Tab");
    reached = await (await focused(page)).evaluate(node => node.matches(".card .decline"));
  }
  assert.ok(reached, "the keyboard reaches the cards");
  const sku = await (await focused(page)).evaluate(node => node.closest(".card").dataset.sku);
  await page.keyboard.press("Enter");
  await page.locator(`.card.aside[data-sku="${sku}"]`).waitFor();
  assert.equal(await page.locator("#announcer").textContent() !== "", true, "screen readers hear of the answer");
  await page.context().close();
});

test("the message field keeps what can't be sent and says why", { skip }, async () => {
  const page = await visit();
  await page.locator("#text").evaluate(field => field.removeAttribute("maxlength"));
  await ask(page, "a".repeat(4100));
  await page.locator(".message.refused .note", { hasText: "4100 characters" }).waitFor();
  await ask(page, "desk lamp");
  await answered(page, 1);
  await page.context().close();
});
