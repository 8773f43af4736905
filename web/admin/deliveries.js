// What the shop's own server was told of, what it did not take, and sending it again.
import { element } from "/static/elements.js";
import { get, post } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { t } from "./words.js";

const every = 2000; // ms between two looks
const states = ["", "waiting", "sent", "seen", "dead"];

export class Deliveries {
  state = "";

  constructor(sheet, { failed, toast }) {
    Object.assign(this, { sheet, failed, toast });
  }

  hide() { clearInterval(this.timer); }

  async show() {
    this.hide();
    this.told = "";
    this.timer = setInterval(() => this.look(), every);
    await this.look();
  }

  async look() {
    const { state } = this;
    try {
      const answer = await get(`admin/deliveries${state && `?state=${state}`}`);
      if (state === this.state) this.draw(answer);
    } catch (error) {
      if (!error.status) return; // the next look may reach the server
      this.hide();
      this.failed(error);
    }
  }

  draw(answer) {
    const now = JSON.stringify(answer);
    if (now === this.told) return; // nothing is taken from under a finger
    this.told = now;
    if (!answer.told) {
      this.hide();
      this.sheet.replaceChildren(element("p", { class: "soft" }, t("deliveriesOff")));
      return;
    }
    const { counts, deliveries } = answer, all = Object.values(counts).reduce((sum, n) => sum + n, 0);
    const choice = state => element("button", { type: "button", "data-state": state, "aria-pressed": String(state === this.state), onclick: () => this.choose(state) }, `${t(`delivery_${state || "all"}`)} (${state ? counts[state] ?? 0 : all})`);
    const held = this.sheet.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    this.sheet.replaceChildren(element("p", { class: "soft" }, t("deliveriesHint")),
      element("div", { class: "choices", role: "group", "aria-label": t("deliveryState") }, ...states.map(choice),
        counts.dead ? element("button", { type: "button", class: "strong", id: "replay-dead", onclick: () => this.replay({ dead: true }) }, t("replayDead", counts.dead)) : ""),
      deliveries.length ? table([t("deliveryAt"), t("deliveryState"), t("deliveryTries"), t("deliveryMessage"), t("problem"), ""], deliveries.map(one => this.row(one))) : element("p", { class: "soft" }, t("noDeliveries")));
    if (held !== null) [...this.sheet.querySelectorAll("button")].find(button => nameOf(button) === held)?.focus();
  }

  row(one) {
    const time = at => element("time", { datetime: at }, new Date(at).toLocaleString());
    const again = element("button", { type: "button", "aria-label": t("replayLabel", one.id), onclick: () => this.replay({ ids: [one.id] }) }, t("replay"));
    return [time(one.created_at), element("span", { class: one.state === "dead" ? "problem" : "" }, t(`delivery_${one.state}`)), String(one.attempts),
      element("span", { title: one.id }, `${one.session.slice(0, 8)} · ${one.seq}`),
      element("span", {}, one.last_error ?? "", one.state === "waiting" && one.attempts > 0 ? element("span", { class: "soft" }, " ", t("nextTry"), " ", time(one.next_at)) : ""),
      one.state === "waiting" ? "" : again];
  }

  choose(state) {
    this.state = state;
    this.told = "";
    this.look();
  }

  async replay(which) {
    try {
      const { replayed } = await post("admin/deliveries/replay", which);
      this.toast(t("replayed", replayed));
      await this.look();
    } catch (error) {
      this.failed(error);
    }
  }
}

// nameOf tells buttons apart, so that the focus stays where it was as they are drawn anew.
const nameOf = button => button.getAttribute("aria-label") ?? button.dataset.state ?? button.id;
