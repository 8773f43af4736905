// A whole shop for the page tests: the real binary with PostgreSQL, NATS, session manager and catalogue of its
// own, and a scripted stand-in for Ollama, which is slow, absent or present as a test wants it.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const here = fileURLToPath(new URL(".", import.meta.url));
const binary = process.env.FLOORWALKER_BIN || join(here, "../../bin/floorwalker");
const adminToken = "page tests";

// launching is how Chromium is started, as the distribution ships it; null where there is none.
export function launching() {
  const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(path => path && existsSync(path));
  if (!found) return null;
  return { executablePath: found, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"] };
}

export async function openBrowser() {
  const how = launching();
  return how && chromium.launch(how);
}

// Ollama says each draft again, a few characters at a time, as a model large enough to be given words of its own.
export class Ollama {
  pause = 4; // ms between pieces
  lingers = false; // it goes on with its first sentence for as long as this is true
  present = true;
  sees = ""; // the product that it sees in every picture
  looked = []; // the pictures that it was shown, in base64

  async start() {
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise(done => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async answer(request, response) {
    let body = "";
    for await (const piece of request) body += piece;
    if (!this.present) return response.destroy();
    const asked = body ? JSON.parse(body) : {};
    const reply = value => response.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
    switch (request.url) {
      case "/api/version": return reply({ version: "0.17.4" });
      case "/api/show": return reply({ details: { family: "llama" }, model_info: { "general.parameter_count": 8e9 } });
      case "/api/chat": return this.chat(asked, response);
    }
    response.statusCode = 404;
    response.end("{}");
  }

  async chat({ model, messages }, response) {
    const line = (content, more) => JSON.stringify({ model, created_at: "2026-01-01T00:00:00Z", message: { role: "assistant", content }, done: false, ...more }) + "\n";
    response.setHeader("Content-Type", "application/x-ndjson");
    const shown = messages?.at(-1)?.images;
    if (shown?.length) {
      this.looked.push(...shown);
      response.write(line(JSON.stringify({ product: this.sees })));
    } else if (messages?.length) {
      const say = async text => {
        for (const piece of text.match(/.{1,5}/gsu)) {
          if (response.destroyed) return;
          response.write(line(piece));
          await pause(this.pause);
        }
      };
      await say("Let me have a look");
      while (this.lingers && !response.destroyed) await say(", and a look");
      await say(`. ${messages.at(-1).content.replace(/^Draft: /, "")}`);
      if (response.destroyed) return;
    }
    response.end(line("", { done: true, done_reason: "stop", eval_count: 1, eval_duration: 1 }));
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise(done => this.server.close(done));
  }
}

export class Shop {
  // start opens a shop for its own pages and those of the origins.
  async start(ollama, ...origins) {
    this.ollama = ollama;
    this.origins = origins;
    this.data = await mkdtemp(join(tmpdir(), "floorwalker-page-"));
    await chmod(this.data, 0o755); // PostgreSQL may run as another user
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    await this.open();
    const products = JSON.parse(await readFile(join(here, "products.json"), "utf8"));
    for (const [sku, product] of Object.entries(products)) await this.put(sku, product);
    return this;
  }

  get env() {
    const env = { ...process.env, FLOORWALKER_DATA: this.data, OLLAMA_HOST: this.ollama.url, FLOORWALKER_ADMIN_TOKEN: adminToken,
      FLOORWALKER_ORIGINS: [this.url, ...this.origins].join(),
      FLOORWALKER_MODELS: process.env.FLOORWALKER_MODELS || join(here, "../../models") };
    for (const external of ["DATABASE_URL", "NATS_URL"]) delete env[external];
    return env;
  }

  // open starts the server and waits until it is ready.
  async open() {
    const { env } = this;
    this.output = "";
    this.process = spawn(binary, ["serve", "--no-demo", "--parser", "local", "--listen", `127.0.0.1:${this.port}`], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise(done => this.process.once("exit", done));
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", text => { this.output += text; });
    const deadline = Date.now() + 300_000;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the server ended:\n${this.output}`);
      if (Date.now() > deadline) throw new Error(`the server did not open:\n${this.output}`);
      try {
        await fetch(`${this.url}/healthz`);
        return;
      } catch {
        await pause(100);
      }
    }
  }

  // close ends the server by a signal and waits for its end.
  async close(signal = "SIGTERM") {
    this.process.kill(signal);
    await this.ended;
  }

  async stop() {
    await this.close();
    await rm(this.data, { recursive: true, force: true });
  }

  // run runs one of the program's other commands on the shop's data.
  async run(...command) {
    return (await promisify(execFile)(binary, command, { env: this.env, maxBuffer: 64 << 20 })).stdout;
  }

  // agent makes an account at the desk, by the command that shops use; it returns what the command shows once.
  async agent(id, ...settings) {
    const { stdout } = await promisify(execFile)(binary, ["agent", "add", id, ...settings], { env: this.env });
    return { id, password: /password: (\S+)/.exec(stdout)[1], secret: /secret=(\w+)/.exec(stdout)?.[1] };
  }

  // run gives one of the commands that shops use.
  async run(...what) { await promisify(execFile)(binary, what, { env: this.env }); }

  // campaign pays for products, by the command that shops use.
  async campaign(id, ...skus) {
    const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    await this.run("campaign", "add", id, `--skus=${skus.join()}`, "--bid=50", "--budget=5000", "--currency=USD", `--until=${until}`);
  }

  // kept is all that the server keeps of a visitor's session.
  async kept(session) {
    const { stdout } = await promisify(execFile)(binary, ["customer", "export", "--session", session], { env: this.env, maxBuffer: 64 << 20 });
    return JSON.parse(stdout);
  }

  async put(sku, product) {
    const response = await fetch(`${this.url}/api/products/${encodeURIComponent(sku)}`, { method: "PUT",
      headers: { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" }, body: JSON.stringify(product) });
    if (!response.ok) throw new Error(`put ${sku}: ${response.status} ${await response.text()}`);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

export const pause = ms => new Promise(done => setTimeout(done, ms));
