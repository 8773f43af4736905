// A catalogue by file: look at it, say what its columns are, check it, bring it in.
import { element } from "/static/elements.js";
import { money } from "/static/i18n.js";
import { get, upload } from "/console/static/api.js";
import { table } from "/console/static/table.js";
import { field } from "./articles.js";
import { quoted } from "./insights.js";
import { t } from "./words.js";

const beginning = 1 << 20; // bytes of the file that a preview is made of
const every = 1000; // ms between two looks at an import
const formats = ["csv", "jsonl", "merchant", "shopify", "icecat", "retail"];

export class Imports {
  constructor(sheet, failed) {
    Object.assign(this, { sheet, failed, columns: {} });
  }

  hide() { clearInterval(this.timer); }

  show() {
    this.hide();
    this.file = element("input", { id: "file", type: "file", onchange: () => this.chosen() });
    this.format = element("select", { id: "format", onchange: () => this.reread() }, ...formats.map(f => element("option", { value: f }, t(`format_${f}`))));
    this.currency = element("input", { id: "currency", maxlength: 3, size: 4, pattern: "[A-Z]{3}", onchange: () => this.preview() });
    this.stock = element("input", { id: "stock", type: "number", min: 0, onchange: () => this.preview() });
    this.catalogue = element("input", { id: "catalogue", maxlength: 80 });
    this.replace = element("input", { id: "replace", type: "checkbox" });
    this.seen = element("div", { id: "preview" });
    this.job = element("section", { id: "job", "aria-live": "polite" });
    this.check = element("button", { type: "button", disabled: true, onclick: () => this.send(true) }, t("check"));
    this.start = element("button", { type: "button", class: "strong", disabled: true, onclick: () => this.send(false) }, t("start"));
    this.sheet.replaceChildren(this.job, element("section", {}, element("p", { class: "soft" }, t("chooseFile")),
      element("div", { class: "fields" }, field(t("file"), this.file), field(t("format"), this.format), field(t("currency"), this.currency), field(t("stock"), this.stock), field(t("catalogue"), this.catalogue),
        element("label", { class: "tick" }, this.replace, element("span", {}, t("replace"))))),
    this.seen, element("p", {}, this.check, this.start));
    this.timer = setInterval(() => this.look(), every);
    this.look();
  }

  chosen() {
    const name = this.file.files[0]?.name.toLowerCase().replace(/\.gz$/, "") ?? "";
    if (name.endsWith(".jsonl")) this.format.value = "jsonl";
    else if (name.endsWith(".xml") || name.endsWith(".tsv")) this.format.value = "merchant";
    else if (name.endsWith(".csv")) this.format.value = "csv";
    this.reread();
  }

  reread() {
    this.columns = {};
    return this.preview();
  }

  asked(more = {}) {
    return new URLSearchParams({ name: this.file.files[0].name, format: this.format.value, currency: this.currency.value.toUpperCase(), stock: this.stock.value || "-1",
      catalogue: this.catalogue.value.trim(), ...(Object.keys(this.columns).length && { columns: JSON.stringify(this.columns) }), ...more });
  }

  async preview() {
    const file = this.file.files[0];
    if (!file) return;
    try {
      const seen = await upload(`admin/imports/preview?${this.asked({ whole: file.size <= beginning })}`, file.slice(0, beginning));
      this.check.disabled = this.start.disabled = Boolean(seen.problem);
      this.draw(seen);
    } catch (error) {
      this.failed(error);
    }
  }

  draw({ columns, rows, problem }) {
    const choose = column => element("select", { "aria-label": `${t("takenAs")}: ${column.name}`, onchange: event => { this.columns[column.name] = event.target.value; this.preview(); } },
      element("option", { value: "" }, t("passOver")), ...options(column, this.fields).map(f => element("option", { value: f, selected: f === column.field }, f)));
    this.seen.replaceChildren(problem ? element("p", { class: "problem", role: "alert" }, problem) : "",
      columns.length ? table([t("column"), t("takenAs"), t("sample")], columns.map(c => [c.name, choose(c), c.sample ?? ""])) : "",
      rows.length ? element("h2", {}, t("preview")) : "",
      rows.length ? table([t("line"), "SKU", t("product"), t("category"), t("price"), t("inStock"), t("problem")],
        rows.map(({ line, product: p, problem: why }) => [String(line), p.sku, p.title, p.category ?? "", p.price.currency ? money(p.price) : "", String(p.stock), why ? element("strong", { class: "problem" }, why) : ""])) : "");
  }

  async send(dry) {
    this.check.disabled = this.start.disabled = true;
    try {
      await upload(`admin/imports?${this.asked({ dry_run: dry, replace: this.replace.checked })}`, this.file.files[0]);
      await this.look();
    } catch (error) {
      this.failed(error);
    } finally {
      this.check.disabled = this.start.disabled = false;
    }
  }

  async look() {
    try {
      const { job, fields } = await get("admin/imports");
      this.fields = fields;
      this.tell(job);
    } catch (error) {
      if (error.status) this.failed(error);
    }
  }

  tell(job) {
    const now = JSON.stringify(job);
    if (!job || now === this.told) return;
    this.told = now;
    const { report } = job, errors = report.errors ?? [];
    this.job.replaceChildren(element("h2", {}, job.name || t("viewImports")), element("p", { class: "soft" }, t("jobBy", job.by, new Date(job.began).toLocaleString())),
      job.ended ? "" : element("progress", { max: job.total || 1, ...(job.total && { value: job.rows }) }),
      element("p", { id: "job-state" }, !job.ended ? t("jobRuns", job.name, t(`phase_${job.phase}`), job.rows, job.total) : job.problem ? job.problem : t(report.dry_run ? "jobChecked" : "jobDone", report)),
      errors.length ? table([t("line"), "SKU", t("problem")], errors.slice(0, 50).map(e => [String(e.line), e.sku ?? "", e.reason])) : "",
      errors.length ? element("a", { download: "errors.csv", href: `data:text/csv;charset=utf-8,${encodeURIComponent(["line,sku,reason", ...errors.map(e => [e.line, e.sku ?? "", e.reason].map(quoted).join(","))].join("\r\n"))}` }, t("saveErrors")) : "");
  }
}

// options are the fields that a column may be; an attribute keeps its own name.
function options(column, fields = []) {
  const own = `attributes.${column.name.toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
  return [...new Set([...fields, "titles.zh", "descriptions.zh", own, ...(column.field ? [column.field] : [])])];
}
