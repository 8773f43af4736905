// What customers left in the contact form.
import { element } from "/static/elements.js";
import { get, post } from "./api.js";
import { table } from "./table.js";
import { stamp, t } from "./words.js";

// drawTickets lists the open ones. open(session) shows the conversation that one came from.
export async function drawTickets(sheet, { open, failed, queueName }) {
  let list;
  try {
    ({ tickets: list } = await get("tickets"));
  } catch (error) {
    return failed(error);
  }
  const done = ticket => post(`tickets/${ticket.id}/close`, {}).then(() => drawTickets(sheet, { open, failed, queueName }), failed);
  sheet.replaceChildren(element("h2", {}, t("ticketsTitle")),
    list.length === 0 ? element("p", { class: "empty" }, t("ticketsEmpty")) : table([t("ticketId"), t("from"), t("message"), t("queue"), t("when"), ""],
      list.map(ticket => [String(ticket.id), element("span", {}, ticket.name ?? "", ticket.name ? element("br") : null, ticket.email), element("span", { class: "words", dir: "auto" }, ticket.text),
        queueName(ticket.queue), stamp(ticket.created_at),
        element("span", {}, element("button", { type: "button", onclick: () => open(ticket.session) }, t("openTalk")), " ",
          element("button", { type: "button", class: "done", onclick: () => done(ticket) }, t("done")))])));
}
