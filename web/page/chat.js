// The chat, in either form: connects the conversation's events with what is on the screen.
import { followBrowser } from "../client/src/browser.ts";
import { Client } from "../client/src/client.ts";
import { Attention } from "./attention.js";
import { Cards } from "./cards.js";
import { Cart } from "./cart.js";
import { Comparison } from "./comparison.js";
import { Door } from "./door.js";
import { element, uuid } from "./elements.js";
import { Events } from "./events.js";
import { Finder } from "./finder.js";
import { locale, recall, remember, reword, t, toggleLanguage } from "./i18n.js";
import { Links } from "./links.js";
import { Log } from "./log.js";
import { Menu } from "./menu.js";
import { Person } from "./person.js";
import { Pictures } from "./pictures.js";
import { Rewrite } from "./rewrite.js";
import { Sheet } from "./sheet.js";
import { skeleton } from "./skeleton.js";
import { dark, theme, tint } from "./style.js";
import { home, listen, media, view } from "./surroundings.js";
import { Tools } from "./tools.js";
import { download } from "./transcript.js";

const modelEvery = 10_000; // ms between two looks at a language model that is not there

export class Chat {
  connectionState = "connecting";
  model = "ready"; // the language model's state: ready, building, failed, absent…
  upTo = 0; // the last event of the replay
  cartListeners = new Set();

  // root is the element's shadow root. The settings are those of the script's tag: form (page, or a widget with its
  // launcher), lang, theme (light, dark), side (start, or the end of the line), dir (rtl), title, and launcher ("off" for none).
  constructor(root, settings) {
    this.root = root;
    this.settings = settings;
    this.page = settings.form === "page";
    this.body = skeleton(settings);
    root.append(this.body);
    const $ = this.$ = id => root.getElementById(id);

    const setQuantity = (sku, quantity, { ranking, position } = {}) =>
      this.frame("cart.set", { sku, quantity: Math.max(0, quantity), ranking_id: ranking, position }, uuid());
    this.events = new Events({ session: () => this.connection.credentials, watched: () => this.watched, consent: settings.consent });
    this.cart = new Cart(root, setQuantity);
    this.comparison = new Comparison(root, () => this.cards.redraw());
    this.cards = new Cards({
      quantityOf: sku => this.cart.quantityOf(sku), setQuantity,
      decline: ({ sku, ranking, position }) => this.frame("card.decline", { sku, ranking_id: ranking, position }),
      less: ({ sku, title }) => this.say(t("lessLikeText", title), { less: sku }),
      compared: sku => this.comparison.has(sku), compare: (card, ticked) => this.comparison.tick(card, ticked),
      watch: (node, card) => this.events.watch(node, card),
    });
    this.pictures = new Pictures(root, { session: () => this.connection.credentials });
    this.links = new Links();
    this.log = new Log($("log"), $("scroller"), { shelf: shown => this.cards.list(shown), picture: sent => this.pictures.node(sent), article: slug => this.article(slug), links: this.links, announce: text => { $("announcer").textContent = text; } });
    this.log.behind = () => { $("newest").hidden = false; };
    this.rewrite = new Rewrite(root, { stop: () => this.stop() });
    this.tools = new Tools(this.log, { say: text => this.say(text), again: ({ text, less }, replaces) => this.say(text, { replaces, less }), change: ({ text }, replaces) => this.rewrite.begin(text, replaces) });
    this.articleSheet = new Sheet(root, "article");
    this.finder = new Finder(root);
    this.attention = new Attention(root, () => this.watched);
    this.menu = new Menu(root, {
      find: () => this.finder.open(),
      download: () => download($("log"), root),
      sound: () => this.attention.toggleSound(),
      language: () => toggleLanguage(),
      theme: () => remember("theme", theme(settings) === "dark" ? "light" : "dark"),
      consent: () => this.events.allow(!this.events.allowed),
    }, () => this.draw());
    this.person = new Person(root, { log: this.log, frame: (...what) => this.frame(...what), position: () => this.connection.position.seq, watched: () => this.watched });
    // What is kept outlives a reload; each tab keeps its own unsent messages.
    const kept = (key, area) => ({ get: () => recall(key, area), set: text => remember(key, text, area) });
    this.connection = new Client({ url: home, locale, key: settings.key, platform: settings.platform, session: kept("session"), unsent: kept("unsent", "sessionStorage") });
    this.connection.onEvent(event => this.take(event));
    this.connection.onState(name => { this.connectionState = name; this.drawState(); });
    this.connection.onRefused((id, error) => this.log.refused(id, error.message));
    followBrowser(this.connection, view);
    this.door = new Door(root, settings, { opened: focus => this.opened(focus), closed: () => this.closed() });
    this.listen();
    this.draw();
    // Who only passes by costs the server nothing; who has talked before hears what is new.
    if (this.page) this.opened(true);
    else if (this.connection.known) this.start();
    if (this.door.wasOpen) this.door.open(false);
  }

  open() { this.door.open(); }
  close() { this.door.close(); }

  // onCartChange calls the page's listener with the cart of every change; it returns what ends that.
  onCartChange(listener) {
    this.cartListeners.add(listener);
    if (this.cart.cart) listener(structuredClone(this.cart.cart));
    return () => this.cartListeners.delete(listener);
  }

  // consent says for the customer whether what is done here may be gathered and used, or for which purposes; track tells of
  // what the page itself saw.
  consent(said) {
    const told = this.events.allow(said);
    this.draw();
    return told;
  }

  track(event) { this.events.track(event); }

  // setContext says what the customer looks at on the page; "this" then means it.
  setContext({ product, page } = {}) {
    this.context = { product: cut(product, 128), page: cut(page, 300) };
    this.frame("context.set", this.context);
  }

  // identify goes on as the customer of the shop's token, logout as a visitor.
  async identify(token) {
    await this.connection.identify(String(token));
    this.start();
  }

  async logout() {
    await this.events.send();
    this.events.waiting = [];
    await this.connection.logout();
    this.begin({ seq: 0, from: 1, owner: "assistant" }, true);
    this.$("welcome").hidden = false;
  }

  // watched is whether somebody has the conversation before their eyes.
  get watched() { return this.door.isOpen && !view.document.hidden; }

  start() {
    if (this.started) return;
    this.started = true;
    this.connection.start();
    setInterval(() => { if (this.model !== "ready" && this.model !== "absent") this.askServer(); }, modelEvery);
  }

  // opened begins what an open chat does; it takes the focus where the customer asked for the chat.
  opened(focus) {
    this.dressed ??= this.dress();
    this.start();
    this.attention.seen();
    this.person.read();
    this.log.scroll();
    this.events.look();
    if (focus && media("(pointer: fine)").matches) this.$("text").focus();
  }

  closed() {
    this.attention.draw();
    this.events.look();
  }

  frame(...what) { this.connection.frame(...what); }

  // take shows one event. What types it does not know it passes over.
  take({ type, data, ts, seq }) {
    this.handlers[type]?.(data, ts, seq);
    if (seq && seq >= this.upTo) this.log.live = true;
    if (seq && this.log.live) this.person.read();
    this.$("welcome").hidden = !this.log.empty;
    this.$("stop").hidden = !this.log.writing;
  }

  begin(state, fresh, ts) {
    if (fresh) {
      this.events.clear();
      this.log.clear();
      this.cards.clear();
      this.person.clear();
      this.tools.clear();
      this.comparison.clear();
      this.rewrite.end();
      for (const message of this.connection.unsent) this.log.waiting(message.id, message.data.text, message.data.picture && { id: message.data.picture });
    }
    this.upTo = state.seq;
    this.log.live = state.from > state.seq;
    if (state.cart) this.setCart(state.cart);
    else if (fresh) this.setCart({ lines: [] });
    if (!state.writing) this.log.writing = "";
    this.person.begin(state);
    if (ts) this.events.began(ts);
    if (ts && this.context) this.frame("context.set", this.context);
    this.askServer();
  }

  setCart(now) {
    this.cart.update(now);
    this.cards.recount();
    for (const listener of this.cartListeners) listener(structuredClone(now));
  }

  handlers = {
    "session.opened": (state, ts) => this.begin(state, true, ts),
    "session.reset": (state, ts) => this.begin(state, true, ts),
    "session.resumed": (state, ts) => this.begin(state, false, ts),
    "message.accepted": ack => this.log.accepted(ack.client_msg_id),
    "message.created": (message, ts, seq) => {
      this.log.created(message, ts, seq);
      this.tools.created(message);
      if (message.role === "agent") this.came();
    },
    "message.replaced": replaced => {
      this.log.replaced(replaced);
      this.tools.put(null);
    },
    "message.delta": delta => this.log.delta(delta),
    "message.completed": (message, ts) => {
      this.log.completed(message, ts);
      this.tools.completed(message, this.person.owner);
      this.came();
    },
    "recommendations.shown": shown => {
      this.log.cards(shown);
      this.tools.shown(shown);
    },
    "card.updated": change => this.cards.update(change),
    "card.declined": declined => this.cards.putAside(declined),
    "cart.updated": ({ cart: now }) => this.setCart(now),
    "turn.queued": place => this.log.queued(place),
    "typing.started": who => this.log.typing(who, true),
    "typing.stopped": who => this.log.typing(who, false),
    "message.seen": ({ role, seq }) => this.log.seen(role, seq),
    "handoff.requested": () => this.person.requested(),
    "handoff.queued": place => this.log.live && this.person.waiting(place), // a place of long ago says nothing
    "handoff.waiting": place => this.person.waiting(place),
    "handoff.claimed": change => this.person.changed(change, t("claimed", change.agent)),
    "handoff.transferred": change => this.person.changed(change, change.agent ? t("transferred", change.agent) : t("passedOn")),
    "handoff.released": change => this.person.changed(change, t(change.reason === "agent_lost" ? "lost" : "released")),
    "handoff.resolved": change => this.person.changed(change, t("resolved")),
    "contact.offered": offer => this.person.offer(offer),
    "contact.received": ticket => this.person.received(ticket),
    "satisfaction.asked": asked => this.person.ask(asked),
    "satisfaction.given": given => this.person.given(given),
    "assistant.status": ({ llm }) => {
      if (!llm) return this.askServer();
      this.model = "ready";
      this.drawState();
    },
    error: problem => this.person.refused(problem) || this.log.event(problem.message),
  };

  // came counts what is said while nobody looks; what was said before this page was there is no news.
  came() { if (this.log.live) this.attention.came(); }

  // askServer learns whether the language model is there, or still being built, and where links may lead.
  async askServer() {
    try {
      const response = await fetch(`${home}/capabilities`, { credentials: "omit", signal: AbortSignal.timeout(5000) });
      const { llm, link_origins: origins } = await response.json();
      this.model = llm.state;
      if (this.links.allow(origins)) this.log.relink();
    } catch { /* the next look will tell */ }
    this.drawState();
  }

  async article(slug) {
    let title = slug.replaceAll("-", " "), text = t("articleGone");
    try {
      const response = await fetch(`${home}/api/articles/${encodeURIComponent(slug)}?lang=${locale()}`, { credentials: "omit" });
      if (response.ok) ({ title, text } = await response.json());
    } catch { /* then it can't be shown now */ }
    this.articleSheet.draw(title, ...text.split(/\n+/).map(paragraph => element("p", {}, ...this.links.parts(paragraph))));
    this.articleSheet.open();
  }

  // say sends a message; with it a picture, in the place of another message, or to see less like a product, where that is wanted.
  say(text, { picture, replaces, less } = {}) {
    this.start();
    if (replaces && this.log.writing) this.stop();
    this.log.waiting(this.connection.send(text, { ...(picture && { picture: picture.id }), ...(replaces && { replaces }), ...(less && { less_like: less }) }), text, picture);
    this.$("welcome").hidden = true;
  }

  // dress takes on the words and the colour that the shop chose at /admin.
  async dress() {
    try {
      const look = await (await fetch(`${home}/api/look`)).json();
      reword("welcome", look.welcome);
      reword("welcomeText", look.welcome_text);
      reword("starters", look.starters);
      if (look.title && !this.settings.title) {
        this.$("title").textContent = look.title;
        if (!this.page) this.$("panel").setAttribute("aria-label", look.title);
      }
      if (look.accent) {
        this.body.style.setProperty("--look-accent", look.accent);
        this.body.style.setProperty("--look-ink", inkOn(look.accent));
      }
      this.draw();
    } catch { /* it looks as it is */ }
  }

  stop() { this.frame("turn.stop", { message_id: this.log.writing }); }

  // draw writes everything that depends on language and theme, drawState what depends on connection and model.
  draw() {
    const { $, body } = this;
    tint(body, this.settings);
    if (this.page) view.document.documentElement.lang = body.lang;
    for (const node of body.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
    for (const node of body.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
    $("text").placeholder = $("text").ariaPlaceholder = t("placeholder");
    $("starters").replaceChildren(...t("starters").map(text =>
      element("li", {}, element("button", { type: "button", onclick: () => this.say(text) }, text))));
    this.menu.draw({ sound: t(this.attention.sound ? "soundOff" : "soundOn"), language: t("other"), languageLabel: t("otherLabel"), consent: t(this.events.allowed ? "consentYes" : "consentNo") });
    for (const part of [this.rewrite, this.person, this.cart, this.comparison, this.attention]) part.draw();
    this.cards.redraw();
    this.drawState();
  }

  drawState() {
    const { $, model } = this;
    $("state").dataset.state = this.connectionState;
    $("state-text").textContent = t(this.connectionState);
    const notice = model === "building" || model === "starting" ? t("building") : model === "failed" ? t("failed") : "";
    $("notice").hidden = !notice;
    $("notice").textContent = notice;
  }

  listen() {
    const { $ } = this, text = $("text");
    const grow = () => {
      text.style.height = "auto";
      text.style.height = `${Math.min(text.scrollHeight + 2, 160)}px`;
    };
    $("composer").addEventListener("submit", submitted => {
      submitted.preventDefault();
      const said = text.value.trim();
      if (this.pictures.busy || (!said && !this.pictures.attached)) return;
      this.say(said, { picture: this.pictures.release(), replaces: this.rewrite.end() });
      text.value = "";
      this.person.written("");
      grow();
    });
    text.addEventListener("keydown", key => {
      const last = key.key === "ArrowUp" && !text.value && this.person.owner !== "agent" && this.tools.last;
      if (last) {
        key.preventDefault();
        this.rewrite.begin(last.text, last.id);
      }
      if (key.key !== "Enter" || key.shiftKey || key.isComposing) return;
      key.preventDefault();
      $("composer").requestSubmit();
    });
    text.addEventListener("input", () => {
      grow();
      this.person.written(text.value);
    });
    $("skip")?.addEventListener("click", () => text.focus());
    $("stop").addEventListener("click", () => this.stop());
    $("newest").addEventListener("click", () => {
      this.log.follow = true;
      this.log.scroll();
    });
    $("scroller").addEventListener("scroll", () => { if (this.log.follow) $("newest").hidden = true; }, { passive: true });
    // The theme follows the system until the customer or the page chooses.
    this.dark = media(dark);
    listen(this.dark, "change", () => this.draw());
    listen(view.document, "visibilitychange", () => { if (this.watched) this.attention.seen(); });
  }
}

// inkOn is black or white, whichever reads better on the colour: one of them always has a contrast of 4.5 (WCAG 2.2).
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16) / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#fff" : "#000";
}

// cut is what a page gave as text, not longer than it may be.
const cut = (value, most) => (value === undefined || value === null ? "" : String(value).slice(0, most));
