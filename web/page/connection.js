// One conversation over one socket: opens a session, comes back with its position after every break, hands on
// every event once and in order, and keeps what was written until the server has acknowledged it.
import { uuid } from "./elements.js";
import { recall, remember } from "./i18n.js";
import { home, listen, view } from "./surroundings.js";

const version = 1;
// What the server may take a little later; everything else it will never take.
const later = new Set(["busy", "rate_limited", "internal", "draining"]);
const quietLine = 25_000; // ms without a frame before we ask whether the server is there
const pongWait = 10_000; // ms for its answer

export class Connection {
  // take(envelope) gets every event; state(name) is connecting, online, offline, closed or
  // stranger (this shop talks with customers alone); refused(id, error)
  // says that a message will never be taken.
  constructor({ take, state, refused, locale }) {
    Object.assign(this, { take, state, refused, locale });
    this.session = parse(recall("session"));
    this.position = { epoch: "", seq: 0 };
    // Each tab keeps its own unsent messages; they outlive a reload.
    this.unsent = parse(recall("unsent", "sessionStorage")) ?? [];
    this.tries = 0;
    this.pause = 500;
    this.resumed = false;
    this.changes = 0; // how often somebody logged in or out
    this.changing = false;
    addEventListener("online", () => this.hurry());
    listen(view.document, "visibilitychange", () => view.document.hidden || this.hurry());
  }

  // known is whether this browser has had a conversation.
  get known() { return Boolean(this.session); }

  // start connects, and from then on keeps connected. Without it nothing is asked of the server.
  start() {
    if (this.started) return;
    this.started = true;
    setInterval(() => this.listen(), 5000);
    this.connect();
  }

  async connect() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.changing) return; // the change connects when it is done
    this.state(this.tries ? "offline" : "connecting");
    const change = this.changes;
    try {
      this.session ??= parse(recall("session")); // another tab may have been faster
      if (!this.session) {
        const opened = await post("/api/sessions", { locale: this.locale() });
        if (change !== this.changes) return;
        this.keepSession(opened);
      }
      const { ticket } = await post("/api/tickets", { session: this.session.id }, this.session.secret);
      if (change === this.changes) this.open(ticket);
    } catch (error) {
      if (change !== this.changes) return;
      if (error.code === "identity_required") return this.state("stranger"); // until the shop says who it is
      if (error.status === 401) this.forget();
      this.again(error.wait || 0);
    }
  }

  // identify goes on as the customer of whom the shop's token speaks, with what was said and chosen so far.
  identify(token) {
    return this.change(() => (this.session ? post("/api/login", { session: this.session.id, token }, this.session.secret)
      : post("/api/sessions", { locale: this.locale(), token })));
  }

  // logout goes on as a visitor; nothing of the customer's stays here.
  logout() {
    return this.change(async () => {
      const visitor = this.session ? await post("/api/logout", { session: this.session.id }, this.session.secret) : {};
      this.unsent = [];
      this.keep();
      return visitor;
    });
  }

  // change goes over to the session that ask answers with. What was under way for the one before ends; where asking
  // fails all stays as it was.
  async change(ask) {
    if (this.changing) throw Object.assign(new Error("Another login or logout is under way."), { code: "busy" });
    this.changing = true;
    this.changes++;
    clearTimeout(this.timer);
    try {
      const opened = await ask();
      if (opened.session !== this.session?.id) this.position = { epoch: "", seq: 0 };
      this.keepSession(opened);
      this.drop();
      this.tries = 0;
    } finally {
      this.changing = false;
      if (this.started && this.socket?.readyState !== WebSocket.OPEN) this.connect();
    }
  }

  keepSession({ session, secret }) {
    this.session = session ? { id: session, secret } : null;
    remember("session", JSON.stringify(this.session));
  }

  // drop leaves the socket without waiting for its end.
  drop() {
    const { socket } = this;
    this.socket = null;
    this.resumed = false;
    socket?.close();
  }

  open(ticket) {
    const address = new URL("/ws", home);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, ["floorwalker.v1", `ticket.${ticket}`]);
    this.socket = socket;
    this.heard = Date.now();
    socket.onopen = () => this.frame("session.resume", this.position);
    socket.onmessage = event => {
      this.heard = Date.now();
      this.receive(JSON.parse(event.data));
    };
    socket.onclose = event => socket === this.socket && this.closed(event);
  }

  receive(envelope) {
    const { type, seq, data } = envelope;
    if (seq) {
      if (seq <= this.position.seq) return; // seen before
      if (seq > this.position.seq + 1) return this.socket.close(); // a gap: resume brings what is missing
      this.position.seq = seq;
    }
    switch (type) {
      case "session.opened":
      case "session.reset":
        this.position.seq = data.from - 1;
        // fall through
      case "session.resumed":
        this.position.epoch = data.epoch;
        this.resumed = true;
        this.tries = 0;
        this.take(envelope);
        this.state("online");
        for (const message of this.unsent) this.transmit(message);
        return;
      case "message.accepted":
        this.pause = 500;
        this.settle(data.client_msg_id);
        break;
      case "error":
        if (data.code === "position_ahead") {
          this.position = { epoch: "", seq: 0 };
          return this.frame("session.resume", this.position);
        }
        if (data.client_msg_id && this.unsent.some(m => m.id === data.client_msg_id)) return this.notTaken(data);
    }
    this.take(envelope);
  }

  // send keeps the text until it is acknowledged, and returns its name.
  send(text) {
    const message = { id: uuid(), data: { text, locale: this.locale() } };
    this.unsent.push(message);
    this.keep();
    this.transmit(message);
    return message.id;
  }

  keep() { remember("unsent", JSON.stringify(this.unsent), "sessionStorage"); }

  transmit(message) {
    if (this.resumed) this.frame("message.send", message.data, message.id);
  }

  notTaken(error) {
    const message = this.unsent.find(m => m.id === error.client_msg_id);
    if (!later.has(error.code)) {
      this.settle(message.id);
      return this.refused(message.id, error);
    }
    setTimeout(() => this.unsent.includes(message) && this.transmit(message), this.pause);
    this.pause = Math.min(8000, this.pause * 2);
  }

  settle(id) {
    this.unsent = this.unsent.filter(message => message.id !== id);
    this.keep();
  }

  // frame sends now or not at all.
  frame(type, data, id) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ v: version, type, data, ...(id && { client_msg_id: id }) }));
  }

  closed({ code, reason }) {
    this.resumed = false;
    if (code >= 4500 && code < 4600) return this.state("closed");
    if (code === 4202) this.forget();
    const advice = /retry_ms=(\d+)/.exec(reason);
    this.again(advice ? Number(advice[1]) : 0);
  }

  // again waits longer each time, at random, so that a crowd does not come back at once.
  again(advised) {
    if (this.changing) return;
    this.tries++;
    this.state("offline");
    const backoff = Math.min(15_000, 250 * 2 ** Math.min(this.tries - 1, 6));
    this.timer = setTimeout(() => this.connect(), Math.max(advised, backoff * (0.5 + Math.random() / 2)));
  }

  // hurry: the network or the tab is back, so waiting on makes no sense.
  hurry() {
    if (this.timer) this.connect();
    else this.listen();
  }

  // listen finds a line that is dead without a word. Pings of the server are invisible to pages.
  listen() {
    if (!this.resumed || this.socket.readyState !== WebSocket.OPEN) return;
    const silent = Date.now() - this.heard;
    if (silent > quietLine + pongWait) {
      this.drop();
      this.closed({ code: 1006, reason: "" });
    } else if (silent > quietLine) {
      this.frame("ping", {});
    }
  }

  // forget ends the session here; the next connect goes on with what another tab has by now, or opens a new one.
  forget() {
    const kept = parse(recall("session"));
    if (!kept || kept.secret === this.session?.secret) remember("session", "null");
    this.session = null;
    this.position = { epoch: "", seq: 0 };
  }
}

async function post(path, body, secret) {
  const headers = { "Content-Type": "application/json" };
  if (secret) headers.Authorization = `Bearer ${secret}`;
  const response = await fetch(home + path, { method: "POST", credentials: "omit", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(15_000) });
  if (response.ok) return response.json();
  const wait = 1000 * Number(response.headers.get("Retry-After") || 0);
  const { code, message } = await response.json().catch(() => ({}));
  throw Object.assign(new Error(message ?? response.statusText), { code, status: response.status, wait });
}

// parse reads what was kept; null where there is nothing, or nothing of ours.
function parse(text) {
  try { return JSON.parse(text); } catch { return null; }
}
