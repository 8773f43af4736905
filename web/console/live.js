// The console's one socket: what happens at the desk, and the conversations that are watched. It comes back by
// itself after every break; who uses it then asks for its conversations again, from where they stand.
const version = 1;
const quietLine = 25_000; // ms without a frame before we ask whether the server is there
const pongWait = 10_000; // ms for its answer

export class Live {
  // take(envelope) gets every frame; opened() is called for each new socket; state(name) is connecting, online
  // or offline; ended() says that the login is over.
  constructor({ take, opened, state, ended }) {
    Object.assign(this, { take, opened, state, ended });
    this.running = false;
    this.tries = 0;
    addEventListener("online", () => this.hurry());
    setInterval(() => this.listen(), 5000);
  }

  start() {
    this.stop();
    this.running = true;
    this.tries = 0;
    this.connect();
  }

  stop() {
    this.running = false;
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  connect() {
    clearTimeout(this.timer);
    this.state(this.tries ? "offline" : "connecting");
    const address = new URL("/console/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, ["floorwalker.v1"]);
    this.socket = socket;
    this.heard = Date.now();
    socket.onopen = () => {
      this.tries = 0;
      this.state("online");
      this.opened();
    };
    socket.onmessage = event => {
      if (socket !== this.socket) return;
      this.heard = Date.now();
      this.take(JSON.parse(event.data));
    };
    socket.onclose = event => socket === this.socket && this.closed(event);
  }

  get up() { return this.socket?.readyState === WebSocket.OPEN; }

  // frame sends now or not at all.
  frame(type, session, data = {}) {
    if (this.up) this.socket.send(JSON.stringify({ v: version, type, data, ...(session && { session }) }));
  }

  async closed({ reason }) {
    this.socket = null;
    if (!this.running) return;
    // A handshake that is refused tells no reason; the API does.
    this.state("offline");
    if (await this.ended()) return this.stop();
    if (!this.running || this.socket) return;
    this.tries++;
    const advice = /retry_ms=(\d+)/.exec(reason);
    const backoff = Math.min(15_000, 250 * 2 ** Math.min(this.tries - 1, 6));
    this.timer = setTimeout(() => this.connect(), Math.max(advice ? Number(advice[1]) : 0, backoff * (0.5 + Math.random() / 2)));
  }

  hurry() {
    if (this.running && !this.socket) this.connect();
  }

  // listen notices a line that is dead though nobody closed it.
  listen() {
    if (!this.up) return;
    const silent = Date.now() - this.heard;
    if (silent > quietLine + pongWait) {
      const dead = this.socket;
      this.socket = null;
      dead.close();
      this.closed({ reason: "" });
    } else if (silent > quietLine) {
      this.frame("ping", "");
    }
  }
}
