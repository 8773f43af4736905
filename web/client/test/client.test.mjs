// The client against the conformance kit, and what the kit does not look at.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Client, closeCodes, closeRanges } from "../dist/index.js";
import { Events } from "../dist/line.js";

const binary = process.env.FLOORWALKER_BIN || fileURLToPath(new URL("../../../bin/floorwalker", import.meta.url));

test("the client passes every point of the conformance kit", { timeout: 400_000 }, async () => {
  const kit = spawn(binary, ["conformance", "--", process.execPath, fileURLToPath(new URL("../conformance.mjs", import.meta.url))], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  kit.stdout.on("data", text => { said += text; });
  const code = await new Promise(done => kit.once("exit", done));
  console.log(said.replace(/^/gm, "# "));
  assert.equal(code, 0, said);
  assert.equal(said.match(/^pass {2}/gm).length, said.trim().split("\n").length - 1, "nothing is passed over");
});

test("events are read out of pieces, wherever they are cut", () => {
  const text = ": hello\n\ndata: {\"a\":1}\n\nevent: close\r\ndata: one\r\ndata: two\r\n\r\nid: 7\ndata\n\n: ping\n\ndata:x\n\n";
  const want = [["message", '{"a":1}'], ["close", "one\ntwo"], ["message", ""], ["message", "x"]];
  for (let size = 1; size <= text.length; size++) {
    const heard = [], events = new Events((event, data) => heard.push([event, data]));
    for (let at = 0; at < text.length; at += size) events.push(text.slice(at, at + size));
    assert.deepEqual(heard, want, `in pieces of ${size}`);
  }
});

test("what was written outlives the client, and nothing is asked before start", () => {
  let kept = null;
  const unsent = { get: () => kept, set: text => { kept = text; } };
  const refuse = () => assert.fail("nothing is asked");
  const first = new Client({ url: "http://shop.example", unsent, fetch: refuse });
  const id = first.send("a blue kettle");
  const second = new Client({ url: "http://shop.example/", unsent, fetch: refuse });
  assert.deepEqual(second.unsent, [{ id, data: { text: "a blue kettle" } }]);
  assert.equal(second.known, false);
  assert.equal(new Client({ url: "http://shop.example", unsent: { get: () => "{", set() {} } }).unsent.length, 0, "what is damaged begins anew");
});

test("the advice of every close code is that of its range", () => {
  for (const { code, reconnect, newTicket } of closeCodes.filter(known => known.code >= 4000)) {
    const range = closeRanges.find(({ from, to }) => code >= from && code < to);
    assert.deepEqual({ reconnect, newTicket }, { reconnect: range.reconnect, newTicket: range.newTicket }, String(code));
  }
});

test("a page that is let in under another key alone is told so, and asks once, also where it comes back", async () => {
  for (const [session, path] of [[null, "/api/sessions"], ['{"id":"s","secret":"x"}', "/api/tickets"]]) {
    const asked = [];
    const client = new Client({ url: "http://shop.example", key: "pk_shop_1", session: { get: () => session, set: () => assert.fail("the session is kept as it is") }, fetch: async (address, { body }) => {
      asked.push([address, JSON.parse(body).key]);
      return new Response(JSON.stringify({ code: "site_key_refused", message: "Not here." }), { status: 403 });
    } });
    const refused = new Promise(done => client.onState(state => { if (state === "unkeyed") done(); }));
    client.start();
    await refused;
    client.hurry();
    await new Promise(done => setTimeout(done, 600));
    client.stop();
    assert.deepEqual(asked, [[`http://shop.example${path}`, "pk_shop_1"]]);
  }
});
