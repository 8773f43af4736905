// One conversation: opens a session, comes back with its position after every break, hands on every event once and in
// order, and keeps what was written until the server has acknowledged it.
import { ask, Refusal, type Fetch } from "./http.ts";
import { frame, socketLine, streamLine, type Line } from "./line.ts";
import { closeCodes, closeRanges, retryable, type ClientFrames, type Envelope, type ErrorBody, type MessageSend, type ServerEvents, type SessionResume, type SessionState } from "./protocol.ts";

// State is how a client stands: closed means that the server wants it to stay away until the page or app is loaded
// again, stranger that the shop talks with known customers alone, unkeyed that it lets the page in under another key alone.
export type State = "connecting" | "online" | "offline" | "closed" | "stranger" | "unkeyed";

// Position is the last logged event that was applied.
export interface Position { epoch: string; seq: number }

// Unsent is a message that is not acknowledged yet.
export interface Unsent { id: string; data: MessageSend }

// Kept is a place for one text that outlives the page or app. It may lose it: then what it held begins anew.
export interface Kept { get(): string | null; set(text: string): void }

export interface Options {
  // url is where the server is: "https://chat.shop.example".
  url: string;
  // app connects as a native app, which sends no Origin.
  app?: boolean;
  locale?: () => "en" | "zh";
  // key is the data-key of the page's tag, where the shop's sites have keys.
  key?: string;
  // platform is where the client is: "web" where nothing is said, "mobile", or the shop's own name of another. What the
  // customer allows holds there alone.
  platform?: string;
  // session is where the session and its secret are kept: somewhere that others can't read. unsent is where messages
  // wait for their acknowledgement. Without them both last as long as the client.
  session?: Kept;
  unsent?: Kept;
  // position is the last event that the caller has of that session; none asks for all.
  position?: Position;
  // way is how to connect: a WebSocket and, where that is blocked, a stream (auto); or always one of them.
  way?: "auto" | "socket" | "stream";
  // What else a runtime may lack, and tests replace.
  fetch?: Fetch;
  WebSocket?: typeof WebSocket;
  random?: () => number;
}

type Session = { id: string; secret: string };
type Listener = (envelope: Envelope) => void;

const quietLine = 25_000; // ms without a word before we ask whether the server is there
const pongWait = 10_000; // ms for its answer
const openWait = 12_000; // ms for a line to open and resume
const looksEvery = 5000; // ms between two looks at the line
const hurried = 10; // so many tries come at most hurriedWait apart: a server that restarts is back by then
const hurriedWait = 5000; // ms
const longestWait = 15_000; // ms
const socketAgain = 600_000; // ms until a WebSocket is tried again after a stream had to do
const blockedAfter = 2; // so many sockets in a row that never resumed are blocked ones

export class Client {
  #o: Options;
  #home: string;
  #fetch: Fetch;
  #random: () => number;
  #session: Session | null;
  #position: Position;
  #unsent: Unsent[];
  #line: Line | null = null;
  #way: "socket" | "stream" = "socket";
  #streamSince = 0; // when the stream had to do, of Date.now
  #blocked = 0; // sockets in a row that ended before a word of the server
  #heard = 0; // when something last came, of performance.now: no clock that is set
  #opened = 0; // the same, of the line's opening
  #started = false;
  #resumed = false;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks: ReturnType<typeof setInterval> | undefined;
  #pause = 500; // ms until a message that was put off goes out again
  #changes = 0; // how often somebody logged in or out, or stopped
  #changing = false;
  #state: State = "connecting";
  #each = new Set<Listener>();
  #ofType = new Map<string, Set<(data: never, envelope: Envelope) => void>>();
  #states = new Set<(state: State) => void>();
  #refusals = new Set<(id: string, error: ErrorBody) => void>();

  constructor(options: Options) {
    this.#o = options;
    this.#home = options.url.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#random = options.random ?? Math.random;
    this.#session = parse<Session>(options.session?.get());
    this.#position = { ...(options.position ?? { epoch: "", seq: 0 }) };
    this.#unsent = parse<Unsent[]>(options.unsent?.get()) ?? [];
    if (options.way === "stream") this.#way = "stream";
  }

  // known is whether there is a conversation to go on with.
  get known(): boolean { return Boolean(this.#session); }
  // credentials are what the server's HTTP API asks for beside the line; null before there is a conversation.
  get credentials(): Readonly<Session> | null { return this.#session; }
  get session(): string { return this.#session?.id ?? ""; }
  get position(): Readonly<Position> { return this.#position; }
  get unsent(): readonly Unsent[] { return this.#unsent; }
  get state(): State { return this.#state; }
  get way(): "socket" | "stream" { return this.#way; }

  // on hears one type of event, each once and in order; onEvent hears all, also of types that are not known here.
  // What they return ends that.
  on<T extends keyof ServerEvents>(type: T, listener: (data: ServerEvents[T], envelope: Envelope) => void): () => void {
    const all = this.#ofType.get(type) ?? new Set();
    this.#ofType.set(type, all.add(listener as (data: never, envelope: Envelope) => void));
    return () => all.delete(listener as (data: never, envelope: Envelope) => void);
  }

  onEvent(listener: Listener): () => void { return added(this.#each, listener); }

  // onState hears how the client stands, whenever that changes.
  onState(listener: (state: State) => void): () => void { return added(this.#states, listener); }

  // onRefused hears of messages that the server will never take.
  onRefused(listener: (id: string, error: ErrorBody) => void): () => void { return added(this.#refusals, listener); }

  // start connects, and from then on keeps connected. Without it nothing is asked of the server.
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#tries = 0;
    this.#looks = setInterval(() => this.#look(), looksEvery);
    void this.#connect();
  }

  // stop leaves the line, as an app does that goes to the background; start comes back to where it was.
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#changes++;
    clearInterval(this.#looks);
    this.#clearTimer();
    this.#drop();
    this.#tell("offline");
  }

  // hurry says that the network or the app is back: waiting on makes no sense.
  hurry(): void {
    if (!this.#started) return;
    if (this.#timer) void this.#connect();
    else this.#look();
  }

  // send keeps the text, and what more goes with it, until it is acknowledged, and returns its name.
  send(text: string, more: Omit<MessageSend, "text"> = {}): string {
    const message = { id: name(), data: { text, ...(this.#o.locale && { locale: this.#o.locale() }), ...more } };
    this.#unsent.push(message);
    this.#keep();
    this.#transmit(message);
    return message.id;
  }

  // frame sends now or not at all.
  frame<T extends keyof ClientFrames>(type: T, data: ClientFrames[T], id?: string): void {
    if (this.#resumed && this.#line?.open) this.#line.send(frame(type, data, id));
  }

  // identify goes on as the customer of whom the shop's token speaks, with what was said and chosen so far.
  identify(token: string): Promise<void> {
    return this.#change(() => (this.#session ? this.#ask("/api/login", { session: this.#session.id, token }, this.#session.secret)
      : this.#ask("/api/sessions", { ...this.#opening(), token })));
  }

  // logout goes on as a visitor; nothing of the customer's stays here.
  logout(): Promise<void> {
    return this.#change(async () => {
      const visitor: Opened = this.#session ? await this.#ask("/api/logout", { session: this.#session.id }, this.#session.secret) : {};
      this.#unsent = [];
      this.#keep();
      return visitor;
    });
  }

  // #change goes over to the session that ask answers with. What was under way for the one before ends; where asking
  // fails all stays as it was.
  async #change(ask: () => Promise<Opened>): Promise<void> {
    if (this.#changing) throw Object.assign(new Error("Another login or logout is under way."), { code: "busy" });
    this.#changing = true;
    this.#changes++;
    this.#clearTimer();
    try {
      const opened = await ask();
      if (opened.session !== this.#session?.id) this.#position = { epoch: "", seq: 0 };
      this.#keepSession(opened);
      this.#drop();
      this.#tries = 0;
    } finally {
      this.#changing = false;
      if (this.#started && !this.#line?.open) void this.#connect();
    }
  }

  async #connect(): Promise<void> {
    this.#clearTimer();
    if (this.#changing || !this.#started) return; // the change connects when it is done
    this.#tell(this.#tries ? "offline" : "connecting");
    const change = this.#changes;
    try {
      this.#session ??= parse<Session>(this.#o.session?.get()); // another tab may have been faster
      if (!this.#session) {
        const opened = await this.#ask<Opened>("/api/sessions", this.#opening());
        if (change !== this.#changes) return;
        this.#keepSession(opened);
      }
      const session = this.#session!;
      const { key } = this.#o;
      const { ticket } = await this.#ask<{ ticket: string }>("/api/tickets", { session: session.id, ...(key && { key }) }, session.secret);
      if (change !== this.#changes) return;
      this.#open(session, ticket);
    } catch (error) {
      if (change !== this.#changes) return;
      if (error instanceof DOMException && error.name === "SecurityError") this.#blocked++; // no socket can even be made
      const refusal = error instanceof Refusal ? error : null;
      if (refusal?.code === "site_key_refused") return this.#tell("unkeyed"); // until the tag is another
      if (refusal?.code === "identity_required") return this.#tell("stranger"); // until the shop says who it is
      if (refusal?.status === 401) this.#forget();
      this.#again(refusal?.wait ?? 0);
    }
  }

  #open(session: Session, ticket: string): void {
    this.#drop();
    this.#choose();
    const { epoch, seq } = this.#position;
    const from: SessionResume = epoch ? { epoch, seq } : {};
    const change = this.#changes;
    // What an earlier line still says is not for us.
    const ours = () => change === this.#changes && this.#line === line;
    const ears = {
      heard: () => { if (ours()) this.#heard = performance.now(); },
      frame: (envelope: Envelope) => {
        if (!ours()) return;
        this.#heard = performance.now();
        this.#receive(envelope);
      },
      closed: (code: number, reason: string) => { if (ours()) this.#closed(code, reason); },
    };
    this.#heard = this.#opened = performance.now();
    const line: Line = this.#way === "stream" ? streamLine(this.#fetch, this.#home, session, ticket, from, ears)
      : socketLine(this.#o.WebSocket ?? WebSocket, `${this.#home.replace(/^http/, "ws")}/ws${this.#o.app ? "/app" : ""}`, ticket, from, ears);
    this.#line = line;
  }

  // #choose takes the stream where sockets are blocked, and tries a socket again later.
  #choose(): void {
    if ((this.#o.way ?? "auto") !== "auto") return;
    if (this.#way === "socket" && this.#blocked >= blockedAfter) {
      this.#way = "stream";
      this.#streamSince = performance.now();
      this.#blocked = 0;
    } else if (this.#way === "stream" && (this.#blocked >= blockedAfter || performance.now() - this.#streamSince > socketAgain)) {
      this.#way = "socket";
      this.#blocked = 0;
    }
  }

  #receive(envelope: Envelope): void {
    const { type, seq } = envelope;
    if (seq) {
      if (seq <= this.#position.seq) return; // seen before
      if (seq > this.#position.seq + 1) return this.#afresh(); // a gap: resume brings what is missing
      this.#position.seq = seq;
    }
    switch (type) {
      case "session.opened":
      case "session.reset":
        this.#position.seq = (envelope.data as SessionState).from - 1;
        // fall through
      case "session.resumed":
        this.#position.epoch = (envelope.data as SessionState).epoch;
        this.#resumed = true;
        this.#tries = this.#blocked = 0;
        this.#hand(envelope);
        this.#tell("online");
        for (const message of this.#unsent) this.#transmit(message);
        return;
      case "message.accepted":
        this.#pause = 500;
        this.#settle((envelope.data as ServerEvents["message.accepted"]).client_msg_id);
        break;
      case "error": {
        const error = envelope.data as ErrorBody;
        if (error.code === "position_ahead") {
          this.#position = { epoch: "", seq: 0 };
          return this.#afresh();
        }
        const message = this.#unsent.find(m => m.id === error.client_msg_id);
        if (message) return this.#notTaken(message, error);
      }
    }
    this.#hand(envelope);
  }

  #hand(envelope: Envelope): void {
    for (const listener of this.#each) listener(envelope);
    for (const listener of this.#ofType.get(envelope.type) ?? []) listener(envelope.data as never, envelope);
  }

  // #afresh opens another line at once, to resume from where we stand.
  #afresh(): void {
    this.#drop();
    this.#tries++;
    void this.#connect();
  }

  #keep(): void { this.#o.unsent?.set(JSON.stringify(this.#unsent)); }

  #transmit({ data, id }: Unsent): void { this.frame("message.send", data, id); }

  #notTaken(message: Unsent, error: ErrorBody): void {
    if (!retryable.includes(error.code)) {
      this.#settle(message.id);
      for (const listener of this.#refusals) listener(message.id, error);
      return;
    }
    setTimeout(() => { if (this.#unsent.includes(message)) this.#transmit(message); }, this.#pause);
    this.#pause = Math.min(8000, this.#pause * 2);
  }

  #settle(id: string): void {
    this.#unsent = this.#unsent.filter(message => message.id !== id);
    this.#keep();
  }

  #keepSession({ session, secret }: Opened): void {
    this.#session = session && secret ? { id: session, secret } : null;
    this.#o.session?.set(JSON.stringify(this.#session));
  }

  #drop(): void {
    this.#line?.drop();
    this.#line = null;
    this.#resumed = false;
  }

  #closed(code: number, reason: string): void {
    // A close code of the server's shows that the way is open.
    if (!this.#resumed && code < 4000) this.#blocked++;
    this.#line = null;
    this.#resumed = false;
    const advice = closeCodes.find(known => known.code === code) ?? closeRanges.find(({ from, to }) => code >= from && code < to);
    if (advice && !advice.reconnect) return this.#tell("closed");
    if (code === 4202) this.#forget();
    const wait = /retry_ms=(\d{1,6})/.exec(reason)?.[1];
    this.#again(wait !== undefined ? Number(wait) : advice ? advice.minWait + this.#random() * (advice.maxWait - advice.minWait) : 0);
  }

  // #again waits longer each time, at random, so that a crowd does not come back at once.
  #again(advised: number): void {
    if (this.#changing || !this.#started) return;
    this.#tries++;
    this.#tell("offline");
    const backoff = Math.min(this.#tries > hurried ? longestWait : hurriedWait, 250 * 2 ** Math.min(this.#tries - 1, 6));
    this.#timer = setTimeout(() => void this.#connect(), Math.max(advised, backoff * (0.5 + this.#random() / 2)));
  }

  // #look finds a line that never opens, or is dead without a word. Pings of the server are invisible to pages.
  #look(): void {
    if (!this.#line) return;
    const now = performance.now(), silent = now - this.#heard;
    if (!this.#resumed ? now - this.#opened > openWait : silent > quietLine + pongWait) {
      this.#line.drop();
      this.#closed(1006, "");
    } else if (this.#resumed && silent > quietLine) {
      this.frame("ping", {});
    }
  }

  // #forget ends the session here; the next connect goes on with what another tab has by now, or opens a new one.
  #forget(): void {
    const kept = parse<Session>(this.#o.session?.get());
    if (!kept || kept.secret === this.#session?.secret) this.#o.session?.set("null");
    this.#session = null;
    this.#position = { epoch: "", seq: 0 };
  }

  #tell(state: State): void {
    this.#state = state;
    for (const listener of this.#states) listener(state);
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #opening(): { locale?: "en" | "zh"; key?: string; platform?: string } {
    const { locale, key, platform } = this.#o;
    return { ...(locale && { locale: locale() }), ...(key && { key }), ...(platform && { platform }) };
  }

  #ask<T>(path: string, body: unknown, secret?: string): Promise<T> { return ask<T>(this.#fetch, this.#home + path, body, secret); }
}

// Opened is what the server answers where a session is opened, continued or left.
interface Opened { session?: string; secret?: string }

function added<T>(all: Set<T>, one: T): () => void {
  all.add(one);
  return () => all.delete(one);
}

// name is one that nobody else makes, also on pages without TLS.
function name(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
}

// parse reads what was kept; null where there is nothing, or nothing of ours.
function parse<T>(text: string | null | undefined): T | null {
  try { return JSON.parse(text ?? "null") as T | null; } catch { return null; }
}
