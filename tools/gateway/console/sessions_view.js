// The tab of sessions: who is attached to the grid.
import { byId, element, oncePerFrame, showProblem } from "./dom.js";
import { ageText, countText } from "./times.js";
import { WatchedRecords } from "./watched_records.js";

const prefix = "$sys/session/";
const tick = 5000;

export class SessionsView {
  #sessions = null;
  #timer = 0;
  #draw = oncePerFrame(() => this.#drawAll());

  show() {
    this.#sessions = new WatchedRecords(prefix + "**", {
      changed: () => this.#draw(),
      fail: (problem) => showProblem(byId("sessions-problem"), problem),
    });
    this.#timer = setInterval(this.#draw, tick);
    this.#draw();
  }

  hide() {
    clearInterval(this.#timer);
    this.#sessions.close();
    this.#sessions = null;
  }

  #drawAll() {
    if (!this.#sessions) return;
    const sessions = [...this.#sessions.records]
      .map(([name, { document }]) => [Number(name.slice(prefix.length)), document])
      .sort(([a], [b]) => a - b);
    byId("sessions-count").textContent = `${countText(sessions.length)} ${sessions.length === 1 ? "session" : "sessions"}`;
    byId("sessions-rows").replaceChildren(...sessions.map(([id, session]) => element("tr", {},
      element("td", { class: "number", text: id }),
      element("td", { text: session.program ?? "" }),
      element("td", { text: session.user ?? "" }),
      element("td", { text: session.role ?? "" }),
      element("td", { class: "number", text: session.pid ?? "" }),
      element("td", { class: "number wide", text: session.uid ?? "" }),
      element("td", { class: "number", text: session.opened_ms ? ageText(Date.now() - session.opened_ms) : "" }))));
  }
}
