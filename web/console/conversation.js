// One conversation that the console watches: its events once and in order, what they tell of the packet, and
// what the agent has begun to write.
import { Cards } from "/static/cards.js";
import { element } from "/static/elements.js";
import { of } from "./api.js";
import { Transcript } from "./transcript.js";
import { t } from "./words.js";

// ShownCards are cards without anything to press: the customer buys, the agent looks.
class ShownCards extends Cards {
  constructor() { super({ quantityOf: () => 0 }); }
  actions() { return null; }
}

export class Conversation {
  // changed(talk, type) is called after every event; announce(text) is for screen readers.
  constructor(session, { changed, announce }) {
    Object.assign(this, { session, changed, announce });
    this.list = element("ol", { class: "log" });
    this.node = element("div", { class: "scroller", tabindex: "0", role: "log", "aria-live": "off", "aria-label": t("viewTalks") }, this.list);
    this.cards = new ShownCards();
    this.log = new Transcript(this.list, this.node, { shelf: shown => this.cards.list(shown), announce, reader: "customer",
      picture: ({ id, width, height }) => element("img", { class: "picture", src: `/console/api/${of(session, "pictures")}/${encodeURIComponent(id)}`, alt: t("pictureAlt"), width, height, loading: "lazy" }) });
    this.version = 0; // rises with every change of the packet
    this.draft = { text: "", note: "", cards: [], mode: "reply" };
    this.packet = null;
    this.replies = null; // canned replies, once they were asked for
    this.unread = 0;
    this.owner = "";
    this.agent = ""; // the name of the person who has it
    this.restart();
  }

  // restart forgets what is known, so that everything is asked for again.
  restart() {
    this.position = { epoch: "", seq: 0 };
    this.upTo = 0;
  }

  // take applies one frame; it returns false where something is missing before it.
  take({ type, seq, data, ts }) {
    if (seq) {
      if (seq <= this.position.seq) return true;
      if (seq > this.position.seq + 1) return false;
      this.position.seq = seq;
    }
    this.handlers[type]?.(data, ts, seq);
    if (seq && seq >= this.upTo) this.log.live = true;
    this.changed(this, type);
    return true;
  }

  begin(state, fresh) {
    if (fresh) {
      this.log.clear();
      this.cards.clear();
      this.position.seq = state.from - 1;
      for (const note of this.packet?.notes ?? []) this.log.whisper(note);
    }
    this.fresh = fresh;
    this.position.epoch = state.epoch;
    this.upTo = state.seq;
    this.log.live = state.from > state.seq;
    if (!state.writing) this.log.writing = "";
    Object.assign(this, { owner: state.owner, agent: state.agent ?? "", lang: state.lang ?? "" });
    this.log.seen("customer", state.read_by_customer ?? 0);
    if (state.cart) this.learn({ cart: state.cart });
  }

  // learn keeps the packet true between two readings of it.
  learn(news) {
    if (!this.packet) return;
    Object.assign(this.packet, news);
    this.version++;
  }

  hands(change, line) {
    Object.assign(this, { owner: change.owner, agent: change.agent ?? "" });
    this.log.event(line);
  }

  said({ role }) {
    if (role === "customer" && (this.log.live || !this.fresh)) this.unread++;
  }

  handlers = {
    "session.opened": state => this.begin(state, true),
    "session.reset": state => this.begin(state, true),
    "session.resumed": state => this.begin(state, false),
    "message.created": (message, ts, seq) => { this.log.created(message, ts, seq); this.said(message); },
    "message.replaced": replaced => this.log.replaced(replaced),
    "message.delta": delta => this.log.delta(delta),
    "message.completed": (message, ts) => {
      this.log.completed(message, ts);
      if (message.lang) this.lang = message.lang;
      if (message.intent && message.intent !== "handoff") this.learn({ intent: message.intent, slots: message.slots });
    },
    "recommendations.shown": shown => {
      this.log.cards(shown);
      if (this.log.live) this.learn({ shown: shown.cards });
    },
    "card.updated": change => this.cards.update(change),
    "card.declined": declined => this.cards.putAside(declined),
    "cart.updated": ({ cart }) => this.learn({ cart }),
    "typing.started": who => this.log.typing(who, true),
    "typing.stopped": who => this.log.typing(who, false),
    "message.seen": ({ role, seq }) => this.log.seen(role, seq),
    "handoff.requested": ({ reason }) => this.log.event(t("requested", t(`reason_${reason}`))),
    "handoff.queued": () => { this.owner = "queued"; },
    "handoff.claimed": change => this.hands(change, t("claimed", change.agent)),
    "handoff.transferred": change => this.hands(change, change.agent ? t("transferred", change.agent) : t("transferredQueue")),
    "handoff.released": change => this.hands(change, t(change.reason === "agent_lost" ? "lost" : change.reason === "ticket" ? "ticketLeft" : "released")),
    "handoff.resolved": change => this.hands(change, t("resolved")),
    "contact.offered": ({ reason }) => this.log.event(t(reason === "closed" ? "formClosed" : "formNobody")),
    "contact.received": ({ ticket_id: id }) => this.log.event(t("ticketStored", id)),
    "satisfaction.given": ({ score }) => this.log.event(t("satisfaction", score)),
    "note.added": ({ note }) => {
      this.log.whisper(note);
      if (this.packet && !this.packet.notes.some(n => n.id === note.id)) this.packet.notes.push(note);
    },
  };
}
