// The page: connects the conversation's events with what is on the screen.
import { Cards } from "./cards.js";
import { Cart } from "./cart.js";
import { Connection } from "./connection.js";
import { element } from "./elements.js";
import { locale, recall, remember, t, toggleLanguage } from "./i18n.js";
import { Log } from "./log.js";
import { Person } from "./person.js";

const $ = id => document.getElementById(id);
let connectionState = "connecting";
let model = "ready"; // the language model's state: ready, building, failed, absent…

const setQuantity = (sku, quantity) => connection.frame("cart.set", { sku, quantity: Math.max(0, quantity) }, crypto.randomUUID());
const cart = new Cart(setQuantity);
const cards = new Cards({
  quantityOf: sku => cart.quantityOf(sku), setQuantity,
  decline: ({ sku, ranking, position }) => connection.frame("card.decline", { sku, ranking_id: ranking, position }),
});
const log = new Log($("log"), $("scroller"), { shelf: shown => cards.list(shown), article, announce: text => { $("announcer").textContent = text; } });
log.behind = () => { $("newest").hidden = false; };

const person = new Person({ log, frame: (type, data, id) => connection?.frame(type, data, id), position: () => connection.position.seq });

const connection = new Connection({
  locale, take,
  state: name => { connectionState = name; draw(); },
  refused: (id, error) => log.refused(id, error.message),
});

// take shows one event. What types it does not know it passes over.
function take({ type, data, ts, seq }) {
  handlers[type]?.(data, ts, seq);
  if (seq && seq >= upTo) log.live = true;
  if (seq && log.live) person.read();
  $("welcome").hidden = !log.empty;
  $("stop").hidden = !log.writing;
}

let upTo = 0; // the last event of the replay

function begin(state, fresh) {
  if (fresh) {
    log.clear();
    cards.clear();
    person.clear();
    for (const message of connection.unsent) log.waiting(message.id, message.data.text);
  }
  upTo = state.seq;
  log.live = state.from > state.seq;
  if (state.cart) setCart(state.cart);
  else if (fresh) setCart({ lines: [] });
  if (!state.writing) log.writing = "";
  person.begin(state);
  askStatus();
}

function setCart(now) {
  cart.update(now);
  cards.redraw();
}

const handlers = {
  "session.opened": state => begin(state, true),
  "session.reset": state => begin(state, true),
  "session.resumed": state => begin(state, false),
  "message.accepted": ack => log.accepted(ack.client_msg_id),
  "message.created": (message, ts, seq) => log.created(message, ts, seq),
  "message.delta": delta => log.delta(delta),
  "message.completed": (message, ts) => log.completed(message, ts),
  "recommendations.shown": shown => log.cards(shown),
  "card.updated": change => cards.update(change),
  "card.declined": declined => cards.putAside(declined),
  "cart.updated": ({ cart: now }) => setCart(now),
  "turn.queued": place => log.queued(place),
  "typing.started": who => log.typing(who, true),
  "typing.stopped": who => log.typing(who, false),
  "message.seen": ({ role, seq }) => log.seen(role, seq),
  "handoff.requested": () => person.requested(),
  "handoff.queued": place => log.live && person.waiting(place), // a place of long ago says nothing
  "handoff.waiting": place => person.waiting(place),
  "handoff.claimed": change => person.changed(change, t("claimed", change.agent)),
  "handoff.transferred": change => person.changed(change, change.agent ? t("transferred", change.agent) : t("passedOn")),
  "handoff.released": change => person.changed(change, t(change.reason === "agent_lost" ? "lost" : "released")),
  "handoff.resolved": change => person.changed(change, t("resolved")),
  "contact.offered": offer => person.offer(offer),
  "contact.received": ticket => person.received(ticket),
  "satisfaction.asked": asked => person.ask(asked),
  "satisfaction.given": given => person.given(given),
  "assistant.status": ({ llm }) => { if (llm) { model = "ready"; draw(); } else askStatus(); },
  error: problem => person.refused(problem) || log.event(problem.message),
};

// askStatus learns whether the language model is there, or still being built.
async function askStatus() {
  try {
    const can = await (await fetch("/capabilities", { signal: AbortSignal.timeout(5000) })).json();
    model = can.llm.state;
  } catch { /* the next look will tell */ }
  draw();
}

async function article(slug) {
  const dialog = $("article");
  try {
    const response = await fetch(`/api/articles/${encodeURIComponent(slug)}?lang=${locale()}`);
    if (!response.ok) throw new Error(response.statusText);
    const found = await response.json();
    $("article-title").textContent = found.title;
    $("article-text").replaceChildren(...found.text.split(/\n+/).map(paragraph => element("p", {}, paragraph)));
  } catch {
    $("article-title").textContent = slug.replaceAll("-", " ");
    $("article-text").replaceChildren(element("p", {}, t("articleGone")));
  }
  dialog.showModal();
}

// draw writes everything that depends on language, connection and model.
function draw() {
  document.documentElement.lang = locale() === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  $("state").dataset.state = connectionState;
  $("state-text").textContent = t(connectionState);
  const notice = model === "building" || model === "starting" ? t("building") : model === "failed" ? t("failed") : "";
  $("notice").hidden = !notice;
  $("notice").textContent = notice;
  $("text").placeholder = t("placeholder");
  $("language").textContent = t("other");
  $("language").setAttribute("aria-label", t("otherLabel"));
  $("theme").setAttribute("aria-label", t("theme"));
  $("person-button").textContent = t("personButton");
  person.draw();
  $("starters").replaceChildren(...t("starters").map(text =>
    element("li", {}, element("button", { type: "button", onclick: () => say(text) }, text))));
  cart.draw();
}

function say(text) {
  log.waiting(connection.send(text), text);
  $("welcome").hidden = true;
}

$("composer").addEventListener("submit", submitted => {
  submitted.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  say(text);
  $("text").value = "";
  person.written("");
  grow();
});
$("text").addEventListener("keydown", key => {
  if (key.key === "Enter" && !key.shiftKey && !key.isComposing) {
    key.preventDefault();
    $("composer").requestSubmit();
  }
});
const grow = () => {
  $("text").style.height = "auto";
  $("text").style.height = `${Math.min($("text").scrollHeight + 2, 160)}px`;
};
$("text").addEventListener("input", () => {
  grow();
  person.written($("text").value);
});
$("stop").addEventListener("click", () => connection.frame("turn.stop", { message_id: log.writing }));
$("newest").addEventListener("click", () => {
  log.follow = true;
  log.scroll();
});
$("scroller").addEventListener("scroll", () => { if (log.follow) $("newest").hidden = true; }, { passive: true });
$("language").addEventListener("click", () => {
  toggleLanguage();
  draw();
  cards.redraw();
});

// The theme follows the system until the customer chooses.
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => recall("theme") || (dark.matches ? "dark" : "light");
const paint = () => { document.documentElement.dataset.theme = theme(); };
dark.addEventListener("change", paint);
$("theme").addEventListener("click", () => {
  remember("theme", theme() === "dark" ? "light" : "dark");
  paint();
});

paint();
draw();
setInterval(() => { if (model !== "ready" && model !== "absent") askStatus(); }, 10_000);
if (matchMedia("(pointer: fine)").matches) $("text").focus();
