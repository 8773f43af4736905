// Drives the client for `floorwalker conformance`, which says what to do.
import { WebSocket } from "ws";
import { Client } from "./dist/index.js";

const kit = process.env.FLOORWALKER_CONFORMANCE_URL;
const post = (path, body) => fetch(`${kit}/conformance/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

let client, events;
const doing = {
  start({ url }) {
    events = [];
    client = new Client({ url, app: true, WebSocket, locale: () => "en" });
    client.onEvent(({ type, seq }) => events.push({ type, seq }));
    client.start();
  },
  send: ({ text }) => { client.send(text); },
  background: () => client.stop(),
  foreground: () => client.start(),
  stop: () => client.stop(),
  report() {},
  end() {},
};

await post("hello", { client: "floorwalker-ts", can: ["stream"] });
for (let last = ""; last !== "end";) {
  const command = await (await fetch(`${kit}/conformance/next`)).json();
  last = command.do;
  doing[last](command);
  await post("done", { n: command.n, ...(last === "report" && { events }) });
}
