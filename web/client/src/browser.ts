import type { Client } from "./client.ts";

// followBrowser hurries the client when the network or the tab is back: waiting on makes no sense then. view is the
// window that people look at.
export function followBrowser(client: Client, view: Window = window): void {
  const { document } = view, listen = EventTarget.prototype.addEventListener;
  addEventListener("online", () => client.hurry());
  listen.call(document, "visibilitychange", () => { if (!document.hidden) client.hurry(); });
}
