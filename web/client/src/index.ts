// What an app imports.
export { Client } from "./client.ts";
export type { Kept, Options, Position, State, Unsent } from "./client.ts";
export { followBrowser } from "./browser.ts";
export { Refusal } from "./http.ts";
export * from "./protocol.ts";
