// The view of secondary indexes: their definitions, and the figures of all of them.
import { byId, element } from "./dom.js";
import { address } from "./place.js";
import { RecordTable } from "./record_table.js";
import { figure, stats } from "./stats.js";
import { bytesText, countText, timeText } from "./times.js";

const known = (value, format) => (value === undefined ? "–" : format(value));
const facts = [
  ["Ready", (m) => known(figure(m, "ringside_indexes", { state: "ready" }), countText)],
  ["Building", (m) => known(figure(m, "ringside_indexes", { state: "building" }), countText)],
  ["Suspended", (m) => known(figure(m, "ringside_indexes", { state: "suspended" }), countText)],
  ["Distinct values", (m) => known(figure(m, "ringside_index_values"), countText)],
  ["Entries", (m) => known(figure(m, "ringside_index_postings"), countText)],
  ["Memory", (m) => known(figure(m, "ringside_index_bytes"), bytesText)],
];

export class IndexesView {
  #isVisible = false;
  #values = facts.map(() => element("dd"));
  #table = new RecordTable({
    id: "indexes",
    title: "Secondary indexes",
    pattern: "$sys/index/**",
    noun: ["index", "indexes"],
    empty: "There is no index. `ringside index add 'event/*/seat/*' /status` makes one.",
    columns: [
      { title: "Pattern", kind: "mono", read: ({ document: { pattern } }) => ({ text: pattern ?? "", href: address("records", { pattern }) }) },
      { title: "Pointer", kind: "mono", read: ({ document }) => document.pointer || "(document)" },
      { title: "Defined", kind: "number", read: ({ time }) => timeText(time) },
    ],
  });

  constructor() {
    byId("panel-indexes").append(this.#table.node,
      element("dl", { class: "facts-grid" }, ...facts.map(([title], i) => element("div", {}, element("dt", { text: title }), this.#values[i]))));
    stats.addEventListener("sample", () => { if (this.#isVisible) this.#draw(); });
  }

  show() {
    this.#isVisible = true;
    this.#table.show();
    this.#draw();
  }

  hide() {
    this.#isVisible = false;
    this.#table.hide();
  }

  #draw() {
    if (!stats.newest) return;
    for (const [i, [, read]] of facts.entries()) this.#values[i].textContent = read(stats.newest.metrics);
  }
}
