// The view of providers: who answers which calls, who listens, and who provides which subjects.
import { byId, oncePerFrame } from "./dom.js";
import { address } from "./place.js";
import { RecordTable } from "./record_table.js";
import { WatchedRecords } from "./watched_records.js";

const limit = 20_000;
const sessionPrefix = "$sys/session/";
const providedPrefix = "$sys/provided/";

export class ProvidersView {
  #system = null;  // one stream for all tables: a browser opens few connections to one host
  #tables;

  constructor() {
    const session = ({ document }) => this.#system?.records.get(sessionPrefix + document.session)?.document ?? {};
    const owner = [
      { title: "Session", kind: "number", read: ({ document }) => document.session },
      { title: "Program", read: (row) => session(row).program },
      { title: "User", kind: "wide", read: (row) => session(row).user },
      { title: "Process", kind: "number wide", read: (row) => session(row).pid },
    ];
    const call = ({ document: { pattern } }) =>
      (pattern?.includes("*") ? pattern : { text: pattern, href: address("messages", { call: pattern }) });
    this.#tables = [
      new RecordTable({ id: "providers", title: "Providers of calls", prefix: "$sys/rpc/", noun: ["provider", "providers"],
        empty: "No session answers calls.", columns: [{ title: "Calls", kind: "mono", read: call }, ...owner] }),
      new RecordTable({ id: "listeners", title: "Listeners", prefix: "$sys/listen/", noun: ["listener", "listeners"],
        empty: "No session listens for what others watch.",
        columns: [{ title: "Pattern", kind: "mono", read: ({ document }) => document.pattern }, ...owner] }),
      new RecordTable({ id: "provided", title: "Provided subjects", prefix: providedPrefix, noun: ["subject", "subjects"],
        empty: "No watched subject is provided by a listener.",
        columns: [{ title: "Subject", kind: "mono", read: ({ name }) => subjectLink(name.slice(providedPrefix.length)) }, ...owner] }),
    ];
    byId("panel-providers").append(...this.#tables.map((table) => table.node));
  }

  show() {
    const draw = oncePerFrame(() => { for (const table of this.#tables) table.refresh(); });
    this.#system = new WatchedRecords("$sys/**", { limit, changed: draw, settled: draw, fail: (problem) => this.#tables[0].fail(problem) });
    for (const table of this.#tables) table.show(this.#system);
  }

  hide() {
    this.#system.close();
    for (const table of this.#tables) table.hide();
    this.#system = null;
  }
}

const subjectLink = (name) => ({ text: name, href: address("records", { pattern: name, name }) });
