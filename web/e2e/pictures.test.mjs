// Pictures that customers send, in headless Chromium, against the real server with a scripted vision model.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answered, ask, clean, online, openPage, picture, until } from "./pages.mjs";
import { Ollama, openBrowser, Shop } from "./shop.mjs";

const browser = await openBrowser();
const required = (process.env.FLOORWALKER_REQUIRE || "").includes("chromium");
const skip = !browser && !required ? "this test needs Chromium" : false;
const ollama = new Ollama();
const shop = new Shop();
let kim;

before(async () => {
  if (skip) return;
  assert.ok(browser, "this test needs Chromium");
  await ollama.start();
  process.env.FLOORWALKER_VISION_MODEL = "eyes";
  await shop.start(ollama);
  kim = await shop.agent("kim", "--name", "Kim");
}, { timeout: 400_000 });

after(async () => {
  if (skip) return;
  await browser.close();
  await shop.stop();
  await ollama.stop();
}, { timeout: 60_000 });

async function visit(options) {
  const page = await openPage(browser, shop.url, options);
  await online(page);
  return page;
}

// photo is a PNG of the size: red on the left, blue on the right.
const photo = (page, width, height) => page.evaluate(async ([width, height]) => {
  const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext("2d");
  for (const [colour, x] of [["rgb(230 0 0)", 0], ["rgb(0 0 230)", width / 2]]) {
    pen.fillStyle = colour;
    pen.fillRect(x, 0, width / 2, height);
  }
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
}, [width, height]).then(text => Buffer.from(text, "base64"));

const choose = (page, name, buffer) => page.locator("#picture-file").setInputFiles({ name, mimeType: "image/png", buffer });

// drawn is what stands on the n-th picture of the conversation: a point on its left and one on its right.
const drawn = (page, n = 0) => page.locator(".message canvas.picture").nth(n).evaluate(canvas => {
  const at = share => [...canvas.getContext("2d").getImageData(canvas.width * share, canvas.height / 2, 1, 1).data].slice(0, 3).map(value => (value > 128 ? 1 : 0)).join("");
  return `${at(0.25)} ${at(0.75)}`;
});

test("a picture is found by what the model sees in it, and stays in the conversation", { skip }, async () => {
  ollama.sees = "running shoes";
  const page = await visit();
  await choose(page, "shoes.png", await photo(page, 3000, 1500));
  await page.locator("#attached canvas").waitFor();
  await clean(page, "a picture that will be sent");
  await ask(page, "like these, under 80 dollars");
  await page.locator("#attached").waitFor({ state: "hidden" });
  await answered(page, 1);
  const prices = await page.locator(".card .price").allTextContents();
  assert.ok(prices.length > 0 && prices.every(price => Number(price.replace("$", "")) <= 80), prices.join(" "));
  assert.ok((await page.locator(".card h3").allTextContents()).every(title => title.includes("shoes")));
  assert.ok(ollama.looked.length > 0 && ollama.looked.at(-1).length < 300_000, "the model got a picture that was made small");
  await until("it is drawn", async () => await drawn(page) === "100 001");
  await picture(page, "page-picture");
  await page.reload();
  await answered(page, 1);
  await until("it is drawn again", async () => await drawn(page) === "100 001");
  // One alone, without a word.
  await choose(page, "more.png", await photo(page, 60, 40));
  await page.locator("#attached canvas").waitFor();
  await page.locator("#send").click();
  await answered(page, 2);
  await until("both are drawn", async () => await drawn(page, 1) === "100 001");
  await clean(page, "pictures in the conversation");
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a picture that the model can't make out goes to a person, who sees it; nobody else does", { skip }, async () => {
  ollama.sees = "";
  const page = await visit();
  await choose(page, "riddle.png", await photo(page, 400, 200));
  await page.locator("#attached canvas").waitFor();
  await page.locator("#send").click();
  assert.match(await answered(page, 1), /colleague/);
  await page.locator('#person[data-owner="queued"]').waitFor();
  const desk = await openPage(browser, `${shop.url}/console`);
  await desk.locator("#login-id").fill(kim.id);
  await desk.locator("#login-password").fill(kim.password);
  await desk.keyboard.press("Enter");
  await desk.locator("#cases .case", { hasText: "a picture to look at" }).first().click();
  const seen = desk.locator(".message.customer img.picture");
  await until("the agent sees it", () => seen.evaluate(image => image.complete && image.naturalWidth === 400));
  await clean(desk, "a picture at the desk");
  const address = await seen.evaluate(image => image.src);
  assert.equal((await fetch(address)).status, 401, "not without a login");
  await page.locator("#text").focus();
  await desk.keyboard.press("c");
  await page.locator(".event", { hasText: "Kim has joined" }).waitFor();
  // While a person answers, a picture is that person's alone.
  const before = ollama.looked.length;
  await choose(page, "again.png", await photo(page, 300, 300));
  await page.locator("#attached canvas").waitFor();
  await ask(page, "and this one?");
  await until("the agent sees that too", async () => await seen.count() === 2);
  assert.equal(ollama.looked.length, before);
  assert.deepEqual([...desk.troubles, ...page.troubles], []);
  await Promise.all([page.context().close(), desk.context().close()]);
});

test("what is no picture is refused with a word on why, and can be taken back", { skip }, async () => {
  const page = await visit();
  const html = "<!doctype html><script>window.hacked = 1</script>";
  await choose(page, "picture.jpg", Buffer.alloc(30 << 20, html));
  await page.locator("#attached .problem", { hasText: "10 MB" }).waitFor();
  await choose(page, "picture.jpg", Buffer.from(html));
  await page.locator("#attached .problem", { hasText: "This is no picture" }).waitFor();
  await clean(page, "a picture that was refused");
  await page.locator("#attached button").click();
  await page.locator("#attached").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await ask(page, "desk lamp");
  await answered(page, 1);
  assert.equal(await page.locator(".message canvas").count(), 0);
  assert.deepEqual(page.troubles.filter(text => !/400/.test(text)), []);
  await page.context().close();
});

test("a picture is pasted", { skip }, async () => {
  ollama.sees = "mug";
  const page = await visit();
  const bytes = [...await photo(page, 40, 40)];
  await page.locator("#text").evaluate((field, bytes) => {
    const clip = new DataTransfer();
    clip.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clip, bubbles: true, cancelable: true }));
  }, bytes);
  await page.locator("#attached canvas").waitFor();
  await page.locator("#send").click();
  await answered(page, 1);
  assert.match(await page.locator(".card h3").first().textContent(), /mug/i);
  await page.context().close();
});
