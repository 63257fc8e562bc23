// The rows of a query's result, a part of them at a time.
import { byId, element } from "./dom.js";
import { labelText, numberOf } from "./json.js";
import { address } from "./place.js";

const rowsAtOnce = 200;
const textMax = 300;
const titleMax = 4000;

export class ResultTable {
  #columns = [];
  #rows = [];
  #shown = 0;

  constructor() {
    byId("sql-more").addEventListener("click", () => this.#showMore());
  }

  show(columns, rows) {
    this.#columns = columns;
    this.#rows = rows;
    this.#shown = 0;
    const isNumber = columns.map((_, i) => rows.some((row) => numberOf(row[i]) !== undefined));
    byId("sql-columns").replaceChildren(...columns.map((column, i) =>
      element("th", { scope: "col", class: isNumber[i] ? "number" : undefined, text: column })));
    byId("sql-rows").replaceChildren();
    byId("sql-scroll").scrollTop = 0;
    this.#showMore();
  }

  #showMore() {
    const next = this.#rows.slice(this.#shown, this.#shown + rowsAtOnce);
    byId("sql-rows").append(...next.map((row) => element("tr", {}, ...row.map((value, i) => this.#cell(value, i)))));
    this.#shown += next.length;
    const more = byId("sql-more");
    more.hidden = this.#shown >= this.#rows.length;
    more.textContent = `Show more rows (${this.#shown} of ${this.#rows.length})`;
  }

  #cell(value, index) {
    if (value === null) return element("td", { class: "quiet", text: "NULL" });
    if (numberOf(value) !== undefined) return element("td", { class: "number", text: labelText(value) });
    const text = labelText(value);
    const shown = text.length > textMax ? text.slice(0, textMax) + "…" : text;
    const isName = this.#columns[index] === "name" && text.length <= textMax;
    if (!isName) return element("td", { class: "value", text: shown, title: text.length > 40 ? text.slice(0, titleMax) : undefined });
    return element("td", { class: "value" }, element("a", { href: address("records", { pattern: text, name: text }), text }));
  }
}
