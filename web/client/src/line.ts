// The two ways to the server: a WebSocket, and, where that is blocked, a stream of server-sent events with a POST for
// each frame of ours. Both carry the same envelopes and end with the same close codes.
import { post, Refusal, type Fetch } from "./http.ts";
import { version, type ClientFrames, type Envelope, type SessionResume } from "./protocol.ts";

// Line is one connection, from its opening to its end.
export interface Line {
  readonly open: boolean;
  // send sends a frame now or not at all.
  send(frame: Frame): void;
  // drop leaves without waiting for the end; closed is not called any more.
  drop(): void;
}

// Frame is one envelope of ours.
export interface Frame {
  v: number;
  type: keyof ClientFrames;
  session?: string;
  client_msg_id?: string;
  data: unknown;
}

// Ears are told what comes over a line.
export interface Ears {
  // frame gets each envelope of the server; heard is called for whatever else shows that the line lives.
  frame(envelope: Envelope): void;
  heard(): void;
  // closed says that the line has ended: by the server with a code, or lost (1006).
  closed(code: number, reason: string): void;
}

const lost = 1006;

export function frame<T extends keyof ClientFrames>(type: T, data: ClientFrames[T], id?: string): Frame {
  return { v: version, type, data, ...(id && { client_msg_id: id }) };
}

// socketLine opens a WebSocket and resumes.
export function socketLine(Socket: typeof WebSocket, address: string, ticket: string, from: SessionResume, ears: Ears): Line {
  const socket = new Socket(address, ["floorwalker.v1", `ticket.${ticket}`]);
  const line: Line = {
    get open() { return socket.readyState === socket.OPEN; },
    send: sent => { if (line.open) socket.send(JSON.stringify(sent)); },
    drop: () => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
  socket.onopen = () => line.send(frame("session.resume", from));
  socket.onmessage = event => ears.frame(JSON.parse(event.data as string) as Envelope);
  socket.onclose = event => ears.closed(event.code, event.reason);
  socket.onerror = () => {}; // its end follows
  return line;
}

const answerWait = 20_000; // ms for a POST

// streamLine opens a stream of server-sent events. What is sent goes out one after the other, and what the server says
// to it comes with the POST's answer.
export function streamLine(fetch: Fetch, home: string, session: { id: string; secret: string }, ticket: string, from: SessionResume, ears: Ears): Line {
  const end = new AbortController();
  let open = false, ended = false, last = Promise.resolve();
  const close = (code: number, reason = "") => {
    if (ended) return;
    ended = true;
    open = false;
    end.abort();
    ears.closed(code, reason);
  };
  const hear = (event: string, data: string) => {
    if (event === "close") {
      const { code, reason } = JSON.parse(data) as { code: number; reason: string };
      close(code, reason);
    } else if (event === "message") {
      ears.frame(JSON.parse(data) as Envelope);
    }
  };
  const read = async () => {
    try {
      const response = await post(fetch, `${home}/api/stream`, { ...frame("session.resume", from), session: session.id }, ticket, end.signal);
      open = true;
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const events = new Events(hear);
      for (;;) {
        const { done, value } = await reader.read();
        if (done || ended) break;
        ears.heard();
        events.push(value);
      }
      close(lost);
    } catch (error) {
      close(error instanceof Refusal ? codeOf(error) : lost, error instanceof Refusal && error.wait ? `refused retry_ms=${error.wait}` : "");
    }
  };
  const sendOne = async (sent: Frame) => {
    if (ended) return;
    try {
      const signal = AbortSignal.any ? AbortSignal.any([end.signal, AbortSignal.timeout(answerWait)]) : end.signal;
      const response = await post(fetch, `${home}/api/frames`, { ...sent, session: session.id }, session.secret, signal);
      const { frames } = await response.json() as { frames: Envelope[] };
      ears.heard();
      for (const envelope of frames) if (!ended) ears.frame(envelope);
    } catch (error) {
      if (ended) return;
      if (!(error instanceof Refusal)) return close(lost); // what is unsent goes out again after the resume
      if (error.status === 401) return close(codeOf(error));
      ears.frame({ v: version, type: "error", ...(sent.client_msg_id && { client_msg_id: sent.client_msg_id }),
        data: { code: error.code || "internal", message: error.message, client_msg_id: sent.client_msg_id, type: sent.type } });
    }
  };
  void read();
  return {
    get open() { return open; },
    send: sent => { last = last.then(() => sendOne(sent)); },
    drop: () => {
      ended = true;
      open = false;
      end.abort();
    },
  };
}

// codeOf is the close code that says what a refused request says.
function codeOf({ status }: Refusal): number {
  if (status === 401) return 4200; // the ticket, or the secret: a new ticket will tell
  if (status === 429) return 4101;
  return status === 503 ? 4100 : lost;
}

// Events reads server-sent events out of pieces of text.
export class Events {
  #hear: (event: string, data: string) => void;
  #rest = "";
  #event = "message";
  #data: string[] = [];

  constructor(hear: (event: string, data: string) => void) { this.#hear = hear; }

  push(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === "") {
      if (this.#data.length > 0) this.#hear(this.#event, this.#data.join("\n"));
      this.#event = "message";
      this.#data = [];
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (field === "event") this.#event = value!;
    if (field === "data") this.#data.push(value!);
  }
}
