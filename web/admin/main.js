// The operators' page: joins the login and the views.
import { locale, toggleLanguage } from "/static/i18n.js";
import { Door } from "/console/static/login.js";
import { Articles } from "./articles.js";
import { Deliveries } from "./deliveries.js";
import { Experiments } from "./experiments.js";
import { Imports } from "./imports.js";
import { Insights } from "./insights.js";
import { Look } from "./look.js";
import { Playground } from "./playground.js";
import { Prices } from "./prices.js";
import { Rules } from "./rules.js";
import { Stock } from "./stock.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);
const failed = error => { if (error.status === 401) door.over(); else toast(error.message); };
const views = { insights: new Insights($("insights"), failed), experiments: new Experiments($("experiments"), failed), playground: new Playground($("playground"), failed), imports: new Imports($("imports"), failed), rules: new Rules($("rules"), { failed, toast }), stock: new Stock($("stock"), failed), prices: new Prices($("prices"), { failed, toast }), articles: new Articles($("articles"), { failed, toast }), look: new Look($("look"), { failed, toast }), deliveries: new Deliveries($("deliveries"), { failed, toast }) };
let view = location.hash.slice(1) in views ? location.hash.slice(1) : "insights";

const door = new Door(agent => {
  if (agent.role !== "admin") {
    door.show();
    $("login-error").textContent = t("notAdmin");
    return;
  }
  $("me").textContent = agent.name;
  show(view);
});

function show(name) {
  views[view].hide();
  view = name;
  history.replaceState(null, "", `#${name}`);
  for (const button of document.querySelectorAll("#views button")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  for (const sheet of document.querySelectorAll(".view")) sheet.hidden = sheet.id !== name;
  views[name].show();
}

let hiding;
function toast(text) {
  clearTimeout(hiding);
  $("toast").textContent = text;
  $("toast").hidden = false;
  hiding = setTimeout(() => { $("toast").hidden = true; }, 6000);
}

function label() {
  document.documentElement.lang = locale();
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
  $("language").textContent = t("other");
  $("language").lang = locale() === "en" ? "zh" : "en";
}

$("views").addEventListener("click", event => { if (event.target.dataset.view) show(event.target.dataset.view); });
$("logout").addEventListener("click", () => door.leave().catch(failed));
$("language").addEventListener("click", () => {
  toggleLanguage();
  label();
  if (!$("desk").hidden) show(view);
});
label();
door.look();
