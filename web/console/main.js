// The desk's page: joins the login, the live socket, the list, the conversation that is open, and the keys.
import { element } from "/static/elements.js";
import { locale, recall, remember, toggleLanguage } from "/static/i18n.js";
import { get, of, post } from "./api.js";
import { Cases, who } from "./cases.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Handover } from "./handover.js";
import { help, listen } from "./keys.js";
import { Live } from "./live.js";
import { Door, heading } from "./login.js";
import { Overview } from "./overview.js";
import { drawPacket } from "./packet.js";
import { drawTickets } from "./tickets.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);
const talks = new Map(); // session -> Conversation, of all that are watched
let open = null; // the Conversation on the screen
let me = null;
let view = "talks";
let connection = "connecting";

const failed = error => { if (error.status === 401) door.over(); else toast(error.message); };
const announce = text => { $("announcer").textContent = text; };
const cases = new Cases($("cases"), { open: session => show(session), unread: session => talks.get(session)?.unread ?? 0 });
const composer = new Composer({ failed, author: () => me.name, typing: (session, on) => live.frame(on ? "typing.start" : "typing.stop", session) });
const handover = new Handover({ cases, failed });
const overview = new Overview($("overview"), { cases, open: session => show(session), failed });
const live = new Live({ take, ended: () => door.over(), state: name => { connection = name; draw(); },
  opened: () => { for (const talk of talks.values()) live.frame("session.resume", talk.session, talk.position); } });
const door = new Door(agent => {
  if (me && me.id !== agent.id) return location.reload(); // nothing that one agent saw stays for another
  me = agent;
  draw();
  live.start();
});

// take shows one frame: of a conversation, or of the desk itself.
function take(envelope) {
  const { type, session, data } = envelope;
  if (session && type !== "error") {
    const talk = talks.get(session);
    if (talk && !talk.take(envelope)) live.frame("session.resume", session, talk.position);
    return;
  }
  switch (type) {
    case "desk.opened":
      cases.whole(data);
      return desk(data.me);
    case "case.changed": {
      const known = cases.of(data.case.session);
      cases.change(data.case);
      if (data.case.status === "queued" && known?.status !== "queued") announce(t("newCase", who(data.case)));
      return caseChanged(data.case.session, known);
    }
    case "people.changed":
      cases.people = data.people;
      return desk(data.people.find(p => p.id === me.id));
    case "error":
      if (data.code === "position_ahead" && talks.has(session)) {
        talks.get(session).restart();
        return live.frame("session.resume", session, talks.get(session).position);
      }
      toast(data.message);
  }
}

// desk follows what is known of the agent, and watches what is theirs.
function desk(now) {
  me = { ...me, ...now, away: Boolean(now?.away) };
  for (const c of cases.all.values()) if (cases.mine(c)) watch(c.session);
  cases.draw();
  draw();
  if (open) drawOpen();
}

// watch begins to read a conversation; what is already watched goes on.
function watch(session) {
  let talk = talks.get(session);
  if (talk) return talk;
  talk = new Conversation(session, { changed, announce });
  talks.set(session, talk);
  live.frame("session.resume", session, talk.position);
  return talk;
}

// unwatch leaves those that are neither open nor the agent's.
function unwatch() {
  for (const [session, talk] of talks) {
    if (talk === open || cases.mine(cases.of(session))) continue;
    live.frame("session.leave", session);
    talks.delete(session);
  }
}

// caseChanged follows a case that is another now than was known; the packet is read again where hands changed.
function caseChanged(session, known) {
  const now = cases.of(session);
  if (cases.mine(now)) watch(session);
  if (open?.session === session) {
    if (!["handoff_id", "status", "agent_id", "queue"].every(field => known?.[field] === now?.[field])) readPacket(open);
    drawOpen();
  }
  unwatch();
  draw();
}

// changed follows one event of a conversation; a replay brings many at once, so drawing waits for the last.
function changed(talk, type) {
  if (/delta|typing|seen/.test(type)) return;
  // What a customer says to a person, or turns down, changes what may suit.
  if (talk === open && talk.packet && talk.log.live && /message\.created|card\.declined|handoff/.test(type)) readSuggestions(talk);
  clearTimeout(changed.timer);
  changed.timer = setTimeout(() => {
    if (open && document.hasFocus()) read(open);
    if (open) drawOpen();
    cases.draw();
    draw();
  }, 30);
}

// read tells how far the agent has read: the customer sees it of their own agent alone.
function read(talk) {
  talk.unread = 0;
  const { seq } = talk.position;
  if (!cases.mine(cases.of(talk.session)) || seq <= (talk.told ?? 0)) return;
  talk.told = seq;
  live.frame("message.read", talk.session, { seq });
}

// show opens a conversation.
function show(session) {
  if (!session) return;
  choose("talks");
  open = watch(session);
  cases.chosen = session;
  unwatch();
  $("scroller").replaceChildren(open.node);
  open.log.follow = true;
  open.log.scroll();
  read(open);
  readPacket(open);
  cases.draw();
  drawOpen();
}

async function readPacket(talk) {
  try {
    const { suggestions } = talk.packet ?? {};
    talk.packet = { ...await get(of(talk.session)), suggestions };
    talk.version++;
    readSuggestions(talk);
    for (const note of talk.packet.notes) talk.log.whisper(note);
  } catch (error) {
    failed(error);
  }
  if (talk === open) drawOpen();
}

// readSuggestions asks for products that may suit the customer now. They are a help: without an answer there are none.
async function readSuggestions(talk) {
  const asked = talk.asking = (talk.asking ?? 0) + 1;
  try {
    const { cards } = await get(of(talk.session, "suggestions"));
    if (asked === talk.asking) talk.learn({ suggestions: cards });
  } catch { /* the next word of the customer asks again */ }
  if (talk === open) drawOpen();
}

const states = { agent: "withOther", queued: "isQueued", assistant: "isAssistant", resolved: "isResolved" };

// drawOpen draws everything around the conversation's own lines.
function drawOpen() {
  const asked = cases.of(open.session), mine = cases.mine(asked);
  $("nothing").hidden = true;
  $("open").hidden = false;
  $("talk-who").textContent = who({ customer: asked?.customer || open.packet?.session.customer, session: open.session });
  $("talk-what").textContent = mine ? t("isMine") : t(states[open.owner] ?? "watching", open.agent);
  const button = (name, act) => element("button", { type: "button", "data-act": name, class: name === "claim" ? "strong" : "", onclick: act }, t(name));
  $("actions").replaceChildren(...(mine ? ["release", "transfer", "resolve"].map(name => button(name, () => handover.ask(open.session, name)))
    : asked?.status === "queued" ? [button("claim", claim)] : me.role !== "agent" ? [button(asked ? "takeFrom" : "claim", claim)] : []));
  composer.show(open, mine);
  $("packet").hidden = !open.packet;
  const shown = [open.session, open.version, mine, locale()].join();
  if (!open.packet || drawOpen.shown === shown) return;
  drawOpen.shown = shown;
  drawPacket($("packet"), open.packet, { queueName: id => cases.queueName(id), add: mine ? product => { composer.mode("reply"); composer.add(product); } : null });
}

async function claim() {
  const talk = open;
  const known = cases.of(talk.session);
  try {
    const answer = await post(of(talk.session, "claim"), { owner_epoch: known?.owner_epoch ?? talk.packet?.session.owner_epoch ?? 0 });
    // The socket may have told it already.
    const before = cases.of(talk.session);
    cases.change({ ...before, ...answer });
    caseChanged(talk.session, before);
    if (talk === open) composer.mode("reply", true);
  } catch (error) {
    failed(error);
    readPacket(talk);
  }
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $("toast").hidden = true; }, 8000);
}

// choose changes the view.
function choose(name) {
  view = name;
  if (name === "tickets") drawTickets($("tickets"), { open: show, failed, queueName: id => cases.queueName(id) });
  if (name === "overview") overview.show();
  else overview.hide();
  draw();
}

// draw writes everything that depends on language, connection and the agent.
function draw() {
  document.documentElement.lang = locale() === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  $("state").dataset.state = connection;
  $("state-text").textContent = t(connection);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
  $("language").textContent = t("other");
  $("language").setAttribute("aria-label", `${t("other")}: ${t("otherLabel")}`);
  for (const [id, name] of [["theme", "theme"], ["help-button", "help"]]) $(id).setAttribute("aria-label", t(name));
  for (const name of ["talks", "tickets", "overview"]) $(name).hidden = name !== view;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.hidden = button.dataset.view === "overview" && (!me || me.role === "agent");
    button.setAttribute("aria-current", button.dataset.view === view ? "page" : "false");
  }
  const unread = [...talks.values()].reduce((sum, talk) => sum + talk.unread, 0);
  const waiting = [...cases.all.values()].filter(c => c.status === "queued").length;
  document.title = `${unread + waiting ? `(${unread + waiting}) ` : ""}${t("title")}`;
  if (!me) return;
  $("me").textContent = heading(me);
  $("away").setAttribute("aria-pressed", String(Boolean(me.away)));
}

async function away() {
  try {
    await post("away", { away: !me.away });
    me.away = !me.away;
    draw();
    toast(t(me.away ? "awayOn" : "awayOff"));
  } catch (error) {
    failed(error);
  }
}

const whileOpen = act => () => { if (open && view === "talks") act(); };
const whileMine = act => whileOpen(() => { if (cases.mine(cases.of(open.session))) act(); });
listen({
  next: () => show(cases.step(1)), previous: () => show(cases.step(-1)), first: () => show(cases.groups()[1][1][0]?.session),
  claim: whileOpen(() => { if (!cases.mine(cases.of(open.session))) claim(); }),
  reply: whileMine(() => composer.mode("reply", true)), note: whileOpen(() => composer.mode("note", true)),
  canned: whileMine(() => composer.begin("/")), product: whileMine(() => composer.begin("#")), suggested: whileMine(() => composer.useSuggestion()),
  transfer: whileMine(() => handover.ask(open.session, "transfer")), release: whileMine(() => handover.ask(open.session, "release")), resolve: whileMine(() => handover.ask(open.session, "resolve")),
  away, help, views: key => { const name = ["talks", "tickets", "overview"][key - 1]; if (name !== "overview" || me.role !== "agent") choose(name); },
});

for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => choose(button.dataset.view));
$("away").addEventListener("click", away);
$("help-button").addEventListener("click", help);
$("logout").addEventListener("click", () => {
  live.stop();
  door.leave().then(() => location.reload(), failed);
});
$("language").addEventListener("click", () => {
  toggleLanguage();
  draw();
  cases.draw();
  if (open) { drawOpen(); composer.mode(open.draft.mode); }
  choose(view);
});
addEventListener("focus", () => { if (open) { read(open); cases.draw(); draw(); } });

// The theme follows the system until somebody chooses.
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
door.look();
