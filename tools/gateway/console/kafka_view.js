// The view of Kafka: the sources and sinks of the grid, with their lag and their dead letters.
import { byId } from "./dom.js";
import { numberOf } from "./json.js";
import { RecordTable } from "./record_table.js";
import { ageText, countText } from "./times.js";

const tick = 2000;
const level = (name, index) => name.split("/")[index] ?? "";
const count = (member) => ({ document }) => {
  const number = numberOf(document[member]);
  return number === undefined ? "–" : countText(number);
};

/// `waiting: no broker answers (12 s)`
function state({ document }) {
  const [text, reason] = [document.state, document.reason].map((member) => (typeof member === "string" ? member : ""));
  const since = numberOf(document.since_ms);
  const isStuck = ["waiting", "held", "failed"].includes(text);
  return [text, reason && `: ${reason}`, isStuck && since ? ` (${ageText(Date.now() - since)})` : ""].filter(Boolean).join("");
}

export class KafkaView {
  #timer = 0;
  #tables = [
    new RecordTable({ id: "kafka-sources", title: "Sources: from Kafka to the grid", pattern: "kafka/*/@source/*", noun: ["source", "sources"],
      empty: "No source runs. `ringside-kafka` starts one.",
      columns: [
        { title: "Group", kind: "mono", read: ({ name }) => level(name, 1) },
        { title: "Member", kind: "mono wide", read: ({ name }) => level(name, 3) },
        { title: "State", kind: "text", read: state },
        { title: "Lag", kind: "number", read: count("lag") },
        { title: "Per second", kind: "number wide", read: count("rate") },
        { title: "Messages", kind: "number wide", read: count("messages") },
        { title: "Dead letters", kind: "number", read: count("dead_letters") },
        { title: "Retries", kind: "number wide", read: count("retries") },
        { title: "Partitions", kind: "number wide", read: ({ document: { partitions } }) => (Array.isArray(partitions) ? partitions.length : undefined) },
      ] }),
    new RecordTable({ id: "kafka-sinks", title: "Sinks: from the grid to Kafka", pattern: "kafka/*/@sink/*", noun: ["sink", "sinks"],
      empty: "No sink runs. `ringside-kafka` starts one.",
      columns: [
        { title: "Sink", kind: "mono", read: ({ name }) => level(name, 1) },
        { title: "Member", kind: "mono wide", read: ({ name }) => level(name, 3) },
        { title: "State", kind: "text", read: state },
        { title: "Behind", kind: "number", read: count("behind") },
        { title: "Pending", kind: "number", read: count("pending") },
        { title: "Per second", kind: "number wide", read: count("rate") },
        { title: "Messages", kind: "number wide", read: count("messages") },
        { title: "Retries", kind: "number wide", read: count("retries") },
        { title: "Too large", kind: "number wide", read: count("too_large") },
      ] }),
  ];

  constructor() { byId("panel-kafka").append(...this.#tables.map((table) => table.node)); }

  show() {
    for (const table of this.#tables) table.show();
    this.#timer = setInterval(() => { for (const table of this.#tables) table.refresh(); }, tick);
  }

  hide() {
    clearInterval(this.#timer);
    for (const table of this.#tables) table.hide();
  }
}
