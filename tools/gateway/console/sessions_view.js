// The view of sessions: the processes that are attached to the grid.
import { byId } from "./dom.js";
import { RecordTable } from "./record_table.js";
import { ageText } from "./times.js";

const prefix = "$sys/session/";
const tick = 5000;

export class SessionsView {
  #timer = 0;
  #table = new RecordTable({
    id: "sessions",
    title: "Sessions",
    pattern: prefix + "**",
    noun: ["session", "sessions"],
    empty: "No session has a record yet: a session gets one when it declares something or is two seconds old.",
    columns: [
      { title: "Session", kind: "number", read: ({ name }) => name.slice(prefix.length) },
      { title: "Program", read: ({ document }) => document.program },
      { title: "User", read: ({ document }) => document.user },
      { title: "Role", kind: "wide", read: ({ document }) => document.role },
      { title: "Process", kind: "number", read: ({ document }) => document.pid },
      { title: "User ID", kind: "number wide", read: ({ document }) => document.uid },
      { title: "Open for", kind: "number", read: ({ document }) => (document.opened_ms ? ageText(Date.now() - document.opened_ms) : "") },
    ],
  });

  constructor() { byId("panel-sessions").append(this.#table.node); }

  show() {
    this.#table.show();
    this.#timer = setInterval(() => this.#table.refresh(), tick);
  }

  hide() {
    clearInterval(this.#timer);
    this.#table.hide();
  }
}
