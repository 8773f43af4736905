// The desk by keyboard. A key counts where nothing is being written and no dialog is open.
import { element } from "/static/elements.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);

// The keys in the order in which the help lists them; the last three hold in the reply box itself.
const table = [["j", "next"], ["k", "previous"], ["g", "first"], ["c", "claim"], ["r", "reply"], ["n", "note"], ["/", "canned"], ["#", "product"], ["s", "suggested"],
  ["t", "transfer"], ["b", "release"], ["e", "resolve"], ["a", "away"], ["1", "views"], ["2", "views"], ["3", "views"], ["?", "help"]];
const inField = [["Enter", "send"], ["Esc", "leave"]];

// listen calls what is named for a key: actions.next() and so on; views gets the key.
export function listen(actions) {
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]") || $("desk").hidden) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const found = table.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    actions[found[1]](event.key);
  });
}

export function help() {
  const lines = [...table.filter(([key]) => key !== "2" && key !== "3"), ...inField];
  $("keys").replaceChildren(...lines.flatMap(([key, name]) => [element("dt", {}, ...(name === "views" ? ["1", " ", "2", " ", "3"] : [key]).map(k => (k === " " ? k : element("kbd", {}, k)))),
    element("dd", {}, t(`key_${name}`))]));
  $("help").showModal();
}
