// The view of maps: every record of a pattern is a cell, named by a label and coloured by a status.
import { byId, element, oncePerFrame, showProblem } from "./dom.js";
import { cellReader } from "./map_cells.js";
import { MapGroups } from "./map_groups.js";
import * as place from "./place.js";
import { countText } from "./times.js";
import { WatchedRecords } from "./watched_records.js";

const cellsMax = 20_000;
const coloursMax = 8;
const legendMax = 30;
const statusesMax = 1000;
// Statuses with fixed colours. Others get the remaining colours in the order of their appearance.
const usual = new Map([["available", 0], ["free", 0], ["held", 1], ["sold", 2]]);

export class MapView {
  #pattern = byId("map-pattern");
  #label = byId("map-label");
  #status = byId("map-status");
  #records = null;
  #read = null;            // makes a cell of a record
  #cells = new Map();      // by name: {label, status, group}
  #colours = new Map();    // by status
  #changed = new Set();
  #groups;
  #draw = oncePerFrame(() => this.#drawChanged());

  /// `openRecord(name)` shows a record in full.
  constructor(openRecord) {
    this.#groups = new MapGroups(byId("map-groups"), openRecord);
    byId("map-form").addEventListener("submit", (event) => {
      event.preventDefault();
      place.setParameters({ pattern: this.#pattern.value.trim(), label: this.#label.value.trim(), status: this.#status.value.trim() });
      this.#watch();
    });
  }

  show() {
    this.#pattern.value = place.parameter("pattern") ?? "";
    this.#label.value = place.parameter("label") ?? "";
    this.#status.value = place.parameter("status") ?? "";
    this.#watch();
  }

  hide() {
    this.#records?.close();
    this.#records = null;
  }

  #watch() {
    this.#records?.close();
    this.#records = null;
    for (const all of [this.#cells, this.#colours, this.#changed]) all.clear();
    this.#groups.clear();
    showProblem(byId("map-problem"), null);
    this.#drawCounts();
    const pattern = this.#pattern.value.trim();
    if (!pattern) return;
    this.#read = cellReader(pattern, this.#label.value.trim(), this.#status.value.trim() || "status");
    this.#records = new WatchedRecords(pattern, {
      limit: cellsMax,
      settled: () => this.#draw(),
      changed: (name) => {
        this.#changed.add(name);
        this.#draw();
      },
      fail: (problem) => showProblem(byId("map-problem"), problem),
    });
  }

  #drawChanged() {
    if (!this.#records) return;
    for (const name of this.#changed) {
      const record = this.#records.records.get(name);
      const before = this.#cells.get(name);
      if (!record) {
        this.#cells.delete(name);
        this.#groups.remove(name);
        continue;
      }
      const cell = this.#read(name, record.document);
      if (before && before.label === cell.label && before.status === cell.status && before.group === cell.group) continue;
      this.#cells.set(name, cell);
      this.#groups.put(name, cell, this.#colour(cell.status));
    }
    this.#changed.clear();
    this.#groups.draw();
    this.#drawCounts();
  }

  #colour(status) {
    if (usual.has(status)) return usual.get(status);
    // A field that changes all the time has no end of values.
    if (!this.#colours.has(status) && this.#colours.size >= statusesMax) this.#colours.clear();
    if (!this.#colours.has(status)) this.#colours.set(status, usual.size - 1 + (this.#colours.size % (coloursMax - usual.size + 1)));
    return this.#colours.get(status);
  }

  #drawCounts() {
    const counts = new Map();
    for (const { status } of this.#cells.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
    const ordered = [...counts].sort(([a, countA], [b, countB]) => this.#colour(a) - this.#colour(b) || countB - countA);
    byId("map-count").textContent = this.#cells.size > 0 ? `${countText(this.#cells.size)} records` : "";
    byId("map-empty").hidden = !this.#records?.isSettled || this.#cells.size > 0 || !byId("map-problem").hidden;
    byId("legend").replaceChildren(...ordered.slice(0, legendMax).map(([status, count]) => element("li", { "data-status": status },
      element("span", { class: `cell c${this.#colour(status)}`, "aria-hidden": "true" }),
      element("span", { text: `${status} ` }), element("strong", { text: countText(count) }))),
    ordered.length > legendMax ? element("li", { class: "quiet", text: `and ${countText(ordered.length - legendMax)} more` }) : "");
  }
}
