// A plain table: each cell is text or an element. A column without a head has buttons or signs that speak for themselves.
import { element } from "/static/elements.js";

export function table(heads, rows) {
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map(head => (head ? element("th", { scope: "col" }, head) : element("td"))))),
    element("tbody", {}, ...rows.map(row => element("tr", {}, ...row.map(cell => element("td", {}, cell))))));
}
