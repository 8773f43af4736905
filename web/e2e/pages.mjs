// What the tests of both pages do: open a page as somebody of its own, write as a customer, take pictures.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "./shop.mjs";

// Where screenshots go; none are made without it.
const pictures = process.env.FLOORWALKER_SCREENSHOTS;

// openPage opens the address in a context of its own; what the page says to its console is kept.
export async function openPage(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 820 }, locale: "en-US", ...options });
  context.setDefaultTimeout(45_000);
  const page = await context.newPage();
  page.troubles = [];
  page.on("console", message => { if (message.type() === "error" && !/ERR_CONNECTION|WebSocket|401|503|Failed to fetch/.test(message.text())) page.troubles.push(message.text()); });
  page.on("pageerror", error => page.troubles.push(String(error)));
  await page.goto(address);
  return page;
}

export const online = page => page.locator('#state[data-state="online"]').waitFor();

export async function ask(page, text) {
  await page.locator("#text").fill(text);
  await page.keyboard.press("Enter");
}

// answered waits until the n-th answer is complete, and returns its text.
export async function answered(page, n) {
  const answer = page.locator(".message.assistant:not(.writing)").nth(n - 1);
  await answer.waitFor();
  return answer.locator(".text").textContent();
}

export async function picture(page, name) {
  if (!pictures) return;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

// choose does what an entry of the chat's menu says.
export async function choose(page, entry) {
  await page.locator("#menu-button").click();
  await page.locator(`#menu #${entry}`).click();
}

// focused is the element that has the focus, in the chat or outside.
export const focused = page => page.evaluateHandle(() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node;
});

// conversation is what stands on the screen, in its order.
export const conversation = page => page.locator("#log > li:not(.after)").evaluateAll(lines => lines.map(line => line.classList.contains("shelf")
  ? [...line.querySelectorAll("h3")].map(title => title.textContent).join(" | ")
  : `${line.className.split(" ").slice(0, 2).join(" ")}: ${line.querySelector(".text")?.textContent ?? line.textContent}`));

// clean lets axe-core look at the page and fails with what it finds.
export async function clean(page, what) {
  const source = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  await page.evaluate(source);
  const found = await page.evaluate(async () => (await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })).violations
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.flat().join(" ")}: ${failureSummary.replaceAll("\n", " ")}`)));
  assert.deepEqual(found, [], what);
}

export const until = async (what, holds, patience = 45_000) => {
  for (const end = Date.now() + patience; ;) {
    if (await holds()) return;
    assert.ok(Date.now() < end, what);
    await pause(50);
  }
};
