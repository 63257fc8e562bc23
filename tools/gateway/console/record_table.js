// A table of the records of a pattern, kept up to date: a row for each, with chosen columns.
import { atMostEvery, element, showProblem } from "./dom.js";
import { compareNaturally } from "./names.js";
import { countText } from "./times.js";
import { WatchedRecords } from "./watched_records.js";

const redrawMs = 200;  // a table of thousands of records takes some time
const rowsMax = 1000;
const rowsWithoutFilter = 8;

/// A column is {title, read, kind}: `read(row)` returns a text, or {text, href}. Kinds are "number",
/// "mono" and "wide" (left out on narrow screens). A row is {name, document, time}.
export class RecordTable {
  #pattern;
  #prefix;
  #columns;
  #noun;
  #order;
  #records = null;
  #isShared = false;
  #filter = element("input", { type: "search", placeholder: "Filter", spellcheck: "false", autocomplete: "off" });
  #count = element("span", { class: "quiet", role: "status" });
  #problem = element("p", { class: "notice", role: "status", hidden: true });
  #empty;
  #body = element("tbody");
  #frame;
  #draw = atMostEvery(redrawMs, () => this.#drawAll());

  /// `noun` is [singular, plural] of a row, `empty` the text without rows. `order` compares rows. The
  /// rows are the records of `pattern`, or those of a shared source whose names begin with `prefix`.
  constructor({ id, title, pattern, prefix = "", columns, noun, empty, order = (a, b) => compareNaturally(a.name, b.name) }) {
    this.#pattern = pattern;
    this.#prefix = prefix;
    this.#columns = columns;
    this.#noun = noun;
    this.#order = order;
    this.#empty = element("p", { class: "quiet empty", text: empty, hidden: true });
    this.#filter.setAttribute("aria-label", `Filter of ${noun[1]}`);
    this.#filter.addEventListener("input", this.#draw);
    const heads = columns.map(({ title: text, kind }) => element("th", { scope: "col", class: kind?.replace("mono", ""), text }));
    this.#frame = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      element("table", { id }, element("thead", {}, element("tr", {}, ...heads)), this.#body));
    this.node = element("section", { class: "listing", "aria-label": title },
      element("div", { class: "bar" }, element("h2", { text: title }), this.#count, this.#filter),
      this.#problem, this.#empty, this.#frame);
  }

  /// Shows the records of its pattern, or those of `shared`, whose owner calls refresh() and close().
  show(shared = null) {
    this.#isShared = shared !== null;
    this.#records = shared ?? new WatchedRecords(this.#pattern, {
      changed: () => this.#draw(),
      settled: () => this.#draw(),
      fail: (problem) => this.fail(problem),
    });
    this.#empty.hidden = true;
    this.#draw();
  }

  hide() {
    if (!this.#isShared) this.#records?.close();
    this.#records = null;
  }

  /// Draws again, because something has changed that the columns show.
  refresh() { this.#draw(); }

  /// Shows a problem above the rows, or none if `problem` is null.
  fail(problem) { showProblem(this.#problem, problem); }

  #drawAll() {
    if (!this.#records) return;
    const wanted = this.#filter.value.trim().toLowerCase();
    const all = [...this.#records.records].filter(([name]) => name.startsWith(this.#prefix));
    const rows = all.map(([name, { document, time }]) => ({ name, document: Object(document), time }))
      .sort(this.#order)
      .map((row) => this.#columns.map(({ read }) => read(row)))
      .filter((cells) => !wanted || cells.some((cell) => String(cell?.text ?? cell ?? "").toLowerCase().includes(wanted)));
    const shown = rows.slice(0, rowsMax);
    this.#count.textContent = `${countText(rows.length)} ${this.#noun[rows.length === 1 ? 0 : 1]}` +
      (rows.length > rowsMax ? `, the first ${countText(rowsMax)} are shown` : "");
    this.#body.replaceChildren(...shown.map((cells) => element("tr", {}, ...cells.map((cell, i) => this.#cell(cell, i)))));
    this.#filter.hidden = !wanted && rows.length <= rowsWithoutFilter;
    this.#frame.hidden = rows.length === 0;
    this.#empty.hidden = all.length > 0 || !this.#records.isSettled || !this.#problem.hidden;
  }

  #cell(cell, index) {
    const { kind } = this.#columns[index];
    if (cell?.href) return element("td", { class: kind }, element("a", { href: cell.href, text: cell.text }));
    const text = String(cell ?? "");
    return element("td", { class: kind, text, title: text.length > 40 ? text : undefined });
  }
}
