// The chart of a query's result: which columns it has, and when it is drawn.
import { barChart, lineChart, seriesMax } from "./chart.js";
import { byId, element } from "./dom.js";
import { labelText, numberOf } from "./json.js";

const barsOfChoice = 60;  // with more rows, lines are chosen

/// The number that a chart shows: differences of greater or smaller ones would overflow.
function drawable(value) {
  const number = numberOf(value);
  if (number === undefined || Math.abs(number) >= 1e300) return undefined;
  return Math.abs(number) < 1e-300 ? 0 : number;
}

export class ResultChart {
  #kind = byId("chart-kind");
  #x = byId("chart-x");
  #figure = byId("chart");
  #wanted = {};      // {kind, x, y}: what the user has chosen, by the names of columns
  #columns = [];
  #rows = [];
  #width = 0;

  /// `changed({chart, x, y})` is called when the user chooses.
  constructor(changed) {
    this.changed = changed;
    byId("chart-form").addEventListener("change", () => this.#choose());
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - this.#width) < 2) return;
      this.#draw();
    }).observe(byId("sql-result"));
  }

  /// The choice of a former visit; null where there is none.
  configure({ kind, x, y }) {
    this.#wanted = { kind, x, y: y?.split("\n") ?? null };
  }

  show(columns, rows) {
    this.#columns = columns;
    this.#rows = rows;
    const isNumeric = (i) => rows.some((row) => numberOf(row[i]) !== undefined) &&
      rows.every((row) => row[i] === null || numberOf(row[i]) !== undefined);
    const numeric = columns.map((_, i) => i).filter(isNumeric);
    byId("chart-form").hidden = rows.length === 0 || numeric.length === 0;
    this.#x.replaceChildren(...columns.map((column, i) => element("option", { value: i, text: column })));
    const wantedX = columns.indexOf(this.#wanted.x);
    const text = columns.findIndex((_, i) => !numeric.includes(i));
    this.#x.value = String(wantedX >= 0 ? wantedX : Math.max(0, text));
    const wantedY = numeric.filter((i) => this.#wanted.y?.includes(columns[i]));
    const otherY = numeric.filter((i) => String(i) !== this.#x.value);
    const checked = wantedY.length > 0 ? wantedY : (otherY.length > 0 ? otherY : numeric).slice(0, 1);
    byId("chart-y").replaceChildren(element("legend", { text: "values" }), ...numeric.map((i) => {
      const box = element("input", { type: "checkbox", value: i });
      box.checked = checked.includes(i);
      return element("label", {}, box, columns[i]);
    }));
    // A number for each label of a group is worth a chart; rows of records are not.
    const isWorthIt = text >= 0 && rows.length >= 2 && rows.length <= barsOfChoice && !columns.includes("document");
    this.#kind.value = this.#wanted.kind ?? (isWorthIt ? "bar" : "none");
    this.#draw();
  }

  #choose() {
    const y = this.#checked().map((i) => this.#columns[i]);
    this.#wanted = { kind: this.#kind.value, x: this.#columns[Number(this.#x.value)], y };
    this.changed({ chart: this.#wanted.kind, x: this.#wanted.x, y: y.join("\n") });
    this.#draw();
  }

  #checked() {
    return [...byId("chart-y").querySelectorAll("input:checked")].map((box) => Number(box.value)).slice(0, seriesMax);
  }

  #draw() {
    const kind = this.#kind.value;
    const isDrawn = kind !== "none" && !byId("chart-form").hidden;
    for (const node of byId("chart-form").querySelectorAll(".of-chart")) node.hidden = kind === "none";
    this.#figure.hidden = !isDrawn;
    this.#width = byId("sql-result").clientWidth;
    if (!isDrawn || this.#width === 0) return;
    const x = Number(this.#x.value);
    const y = this.#checked();
    const data = {
      title: `${y.map((i) => this.#columns[i]).join(", ")} by ${this.#columns[x]}`,
      names: y.map((i) => this.#columns[i]),
      points: this.#rows.map((row) => ({ x: drawable(row[x]), label: row[x] === null ? "NULL" : labelText(row[x]), values: y.map((i) => drawable(row[i])) })),
    };
    this.#figure.replaceChildren(...(kind === "bar" ? barChart : lineChart)(data, this.#figure.clientWidth));
  }
}
