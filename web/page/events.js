// What the customer does with the cards: gathered, and sent some seconds later or as the page is left, in the words of
// User Behavior Insights. Where the customer or the shop said no, nothing is gathered.
import { uuid } from "./elements.js";
import { recall, remember } from "./i18n.js";
import { home, listen, view } from "./surroundings.js";

const { IntersectionObserver } = view; // those of a hidden frame never fire

const sendAfter = 3000; // ms in which events are gathered
const most = 300; // events that wait; the oldest are given up first
const batch = 150; // events that go out together: under the 64 KiB that may go out as a page is left
const seenAfter = 1000; // ms that half a card must stand in sight to have been seen
const hoverAfter = 500; // ms that a pointer must rest to mean something

// What is done here is gathered to shape what this customer is recommended, and what all are. Whether products that are paid
// for may be shown is asked apart, by name.
const purposes = ["personalisation", "learning", "advertising"];
const both = yes => ({ personalisation: yes, learning: yes });

// read is what was said in this browser; null where nothing was.
function read(kept) {
  if (kept === "yes" || kept === "no") return both(kept === "yes");
  try { return JSON.parse(kept); } catch { return null; }
}

export class Events {
  waiting = [];
  cards = new Map(); // element -> what is known of the card
  ahead = 0; // ms by which this device's clock is ahead of the server's

  // session() is the conversation with its secret, null before there is one; watched() whether somebody looks.
  constructor({ session, watched, consent }) {
    Object.assign(this, { session, watched });
    this.says = read(recall("consent")) ?? (consent === "required" ? both(false) : {});
    this.sight = new IntersectionObserver(changes => {
      for (const { target, intersectionRatio } of changes) {
        const card = this.cards.get(target);
        if (card) card.inSight = intersectionRatio >= 0.5;
      }
      this.look();
    }, { threshold: [0.5] });
    listen(view.document, "visibilitychange", () => {
      this.look();
      if (view.document.hidden) this.send(true);
    });
    listen(view, "pagehide", () => {
      for (const card of this.cards.values()) this.left(card);
      this.send(true);
    });
  }

  // allowed is whether what is done here may be gathered; said whether anybody has spoken of any purpose.
  get allowed() { return (this.says.personalisation ?? true) || (this.says.learning ?? true); }
  get said() { return Object.keys(this.says).length > 0; }

  // allow notes what the customer, or the shop in the customer's name, says: yes or no, or that of each purpose. A no takes
  // effect at once.
  allow(said) {
    const named = said && typeof said === "object" ? Object.fromEntries(purposes.filter(name => name in said).map(name => [name, Boolean(said[name])])) : both(Boolean(said));
    this.says = { ...this.says, ...named };
    remember("consent", JSON.stringify(this.says));
    if (!this.allowed) this.waiting = [];
    this.look();
    return this.tell();
  }

  // began goes on with a connection that was resumed, by whose time stamp the clock is set.
  began(ts) {
    const at = Date.parse(ts);
    if (at) this.ahead = Date.now() - at;
    if (this.said) this.tell();
    this.later();
  }

  // tell says to the server, once a session, what the customer allows: it must not use what it saw itself either.
  async tell() {
    const session = this.session();
    const said = session && `${session.id} ${JSON.stringify(this.says)}`;
    if (!session || recall("consent-told") === said) return;
    try {
      const response = await this.call("PUT", "consent", { session: session.id, ...this.says }, session);
      if (response.ok) remember("consent-told", said);
    } catch { /* the next connection says it */ }
  }

  // watch follows what is done with a card of a list.
  watch(node, { sku, ranking, position }) {
    const card = { sku, ranking, position };
    this.cards.set(node, card);
    this.sight.observe(node);
    let rest;
    node.addEventListener("pointerenter", ({ pointerType }) => {
      if (pointerType === "mouse" && !card.hovered) rest = setTimeout(() => {
        card.hovered = true;
        this.note("hover", card);
      }, hoverAfter);
    });
    node.addEventListener("pointerleave", () => clearTimeout(rest));
    // What puts it into the cart or aside the server sees itself.
    node.addEventListener("click", ({ target }) => { if (!target.closest(".add, .stepper, .decline, .less")) this.note("click", card); });
  }

  // clear forgets the cards of the list that leaves the screen.
  clear() {
    for (const card of this.cards.values()) this.left(card);
    this.sight.disconnect();
    this.cards.clear();
  }

  // look follows which cards stand before somebody's eyes.
  look() {
    const eyes = this.allowed && this.watched();
    for (const card of this.cards.values()) {
      if (!eyes || !card.inSight) this.left(card);
      else if (!card.since) {
        card.since = performance.now();
        if (!card.seen) card.seeing = setTimeout(() => {
          card.seen = true;
          this.note("view", card);
        }, seenAfter);
      }
    }
  }

  // left notes for how long a card was looked at, once it is not any more.
  left(card) {
    if (!card.since) return;
    clearTimeout(card.seeing);
    const seconds = (performance.now() - card.since) / 1000;
    card.since = 0;
    if (seconds * 1000 >= seenAfter) this.note("dwell", card, { dwell_time: Math.min(86_400, Math.round(seconds * 10) / 10) });
  }

  // note keeps one event until the server has it.
  note(action, { sku, ranking, position }, attributes = {}, message) {
    if (!this.allowed) return;
    this.waiting.push({
      event_id: uuid(), action_name: action, timestamp: new Date(Date.now() - this.ahead).toISOString(),
      ...(ranking && { query_id: ranking }), ...(message && { message }),
      event_attributes: { ...(sku && { object: { object_id: sku } }), ...(position && { position: { ordinal: position } }), ...attributes },
    });
    if (this.waiting.length > most) this.waiting.shift();
    this.later();
  }

  // track notes what the shop's own page saw. It throws where that is nothing that a page may tell.
  track({ action, product, ranking, position, seconds, stars, text } = {}) {
    const can = ["view", "hover", "click", "comment", "rating", "share", "dwell"];
    const wants = { comment: text, rating: stars >= 1 && stars <= 5, dwell: seconds > 0 };
    if (!can.includes(action) || (!product && !["comment", "share", "dwell"].includes(action)) || (action in wants && !wants[action])) {
      throw Object.assign(new Error(`An event has an action (${can.join(", ")}) and a product; a comment a text, a rating stars from 1 to 5, dwell seconds.`), { code: "bad_event" });
    }
    this.note(action, { sku: product && String(product), ranking: ranking && String(ranking), position: Number(position) || undefined },
      { ...(action === "rating" && { rating: Number(stars) }), ...(action === "dwell" && { dwell_time: Number(seconds) }) }, text && String(text));
  }

  // later sends in a while what waits then.
  later(after = sendAfter) {
    if (this.waiting.length === 0 || !this.session()) return;
    this.timer ??= setTimeout(() => this.send(), after);
  }

  // send hands the waiting events over. What the server did not take it is given again, and knows by its id; as the page
  // is left, the request outlives it.
  async send(leaving) {
    clearTimeout(this.timer);
    this.timer = undefined;
    const session = this.session();
    if (!session || this.waiting.length === 0 || (this.sending && !leaving)) return;
    const events = this.waiting.slice(0, batch);
    this.sending = true;
    let taken = false, pause = 10 * sendAfter;
    try {
      const { status, headers } = await this.call("POST", "events", { session: session.id, events }, session, leaving);
      taken = status < 500 && status !== 429; // what is refused for good is not sent again
      pause = Math.max(pause, 1000 * Number(headers.get("Retry-After") || 0));
    } catch { /* the line is gone */ }
    this.sending = false;
    if (taken) this.waiting = this.waiting.filter(event => !events.includes(event));
    this.later(taken ? sendAfter : pause);
  }

  call(method, what, body, { secret }, keepalive) {
    return fetch(`${home}/api/${what}`, { method, credentials: "omit", keepalive, headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` }, body: JSON.stringify(body) });
  }
}
