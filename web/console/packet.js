// The packet: everything that is known of a conversation beside its words.
import { element } from "/static/elements.js";
import { money } from "/static/i18n.js";
import { who } from "./cases.js";
import { stamp, t } from "./words.js";

// drawPacket fills the panel. add(sku, title) puts a product into the reply, or is null where nothing can be sent.
export function drawPacket(panel, packet, { queueName, add }) {
  const { case: asked, session, known } = packet;
  panel.replaceChildren(
    section("packetWhy",
      asked.reason ? element("p", {}, element("strong", {}, t(`reason_${asked.reason}`)), asked.note ? ` — ${asked.note}` : "") : null,
      facts([[t("customer"), who({ customer: session.customer, session: session.id })], [t("name"), known?.name], [t("email"), known?.email], [t("queue"), asked.queue && queueName(asked.queue)],
        [t("language"), session.lang], [t("page"), [session.page?.title, session.page?.product].filter(Boolean).join(" · ")], [t("asked"), asked.handoff_id && stamp(asked.asked_at)]])),
    packet.summary ? section("packetSummary", element("p", { class: "summary", dir: "auto" }, packet.summary)) : "",
    section("packetNeed", packet.intent ? element("p", { class: "intent" }, t("intent", packet.intent)) : null,
      facts([...pairs(packet.need), ...pairs(packet.slots).filter(([name]) => !(name in (packet.need ?? {})))])),
    packet.suggestions?.length ? section("packetSuggested", products(packet.suggestions, add)) : "",
    section("packetShown", products(packet.shown, add)),
    section("packetRejected", products(rejected(packet), null)),
    section("packetCart", cart(packet.cart) ?? untold(packet, "cart")),
    section("packetOrders", orders(packet.orders) ?? untold(packet, "orders")),
    section("packetTried", tried(packet.tried)));
}

// untold says that a part is missing because the shop's own system did not tell it.
function untold(packet, part) {
  return packet.missing?.includes(part) ? element("p", { class: "empty" }, t("notTold")) : null;
}

function section(name, ...content) {
  const given = content.filter(Boolean);
  return element("section", { "data-part": name }, element("h3", {}, t(name)), ...(given.length ? given : [element("p", { class: "empty" }, t("none"))]));
}

function facts(all) {
  const known = all.filter(([, value]) => value);
  return known.length ? element("dl", {}, ...known.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { dir: "auto" }, String(value))])) : null;
}

// pairs are the fields of a need, or slots, that hold something.
function pairs(given) {
  return Object.entries(given ?? {}).map(([name, value]) => {
    if (Array.isArray(value)) return [name, value.join(", ")];
    if (value && typeof value === "object") return [name, money(value)];
    return [name, value];
  });
}

function products(list, add) {
  if (!list?.length) return null;
  return element("ul", { class: "products" }, ...list.map(p => element("li", {},
    p.sku ? element("img", { src: `/images/${encodeURIComponent(p.sku)}`, alt: "", width: 40, height: 30, loading: "lazy" }) : null,
    element("span", { class: "title" }, p.title), element("span", { class: "sum" }, p.price ? money(p.price) : ""),
    add && p.sku ? element("button", { type: "button", class: "quiet", "aria-label": t("addProduct", p.title), title: t("addProduct", p.title), onclick: () => add(p) }, "+") : null)));
}

// rejected are the products that were turned down; of those that are not sold any more only the SKU is known.
function rejected({ rejected: skus, rejected_products: known }) {
  return (skus ?? []).map(sku => known.find(p => p.sku === sku) ?? { title: sku });
}

function cart(given) {
  if (!given?.lines?.length) return null;
  return element("div", {},
    element("ul", { class: "products" }, ...given.lines.map(line => element("li", {},
      element("span", { class: "title" }, `${line.quantity} × ${line.title}`), element("span", { class: "sum" }, money(line.price, line.quantity))))),
    element("p", { class: "sum" }, t("total", money(given.total))));
}

function orders(list) {
  if (!list?.length) return null;
  return element("ul", { class: "orders" }, ...list.map(order => element("li", {},
    element("strong", {}, order.id), ` ${order.status}`, order.eta ? `, ${order.eta}` : "", ` · ${money(order.total)}`,
    element("span", { class: "soft" }, order.lines.map(line => `${line.quantity} × ${line.title}`).join(", ")),
    order.tracking ? element("span", { class: "soft" }, `${order.carrier ?? ""} ${order.tracking}`) : null)));
}

function tried(list) {
  if (!list?.length) return null;
  return element("ol", { class: "tried" }, ...list.map(one => element("li", {}, t("tried", one.intent ?? "?", one.cards ?? 0),
    one.state === "complete" ? "" : ` (${t(`state_${one.state}`)})`, one.cites?.length ? ` · ${one.cites.join(", ")}` : "")));
}
