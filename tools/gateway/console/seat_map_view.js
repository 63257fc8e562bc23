// The tab of seat maps: the seats of an event, by section, coloured by status.
//   event/1/A/seat/001   as ringside-onsale has them: section A
//   event/1/seat/A07     as ringside-seatmap has them: the letters are the section
import { get, query } from "./api.js";
import { byId, element, oncePerFrame, showProblem } from "./dom.js";
import { health } from "./health.js";
import { compare } from "./names.js";
import * as place from "./place.js";
import { countText } from "./times.js";
import { WatchedRecords } from "./watched_records.js";

const seatName = /^event\/([^/]+)\/(?:([^/]+)\/)?seat\/([^/]+)$/;
const seatPatterns = ["event/*/seat/*", "event/*/*/seat/*"];
const eventsMax = 200;
const known = ["available", "held", "sold"];
// `free` is what others call it.
const statusOf = (document) => {
  const status = String(document?.status ?? "unknown");
  return status === "free" ? "available" : status;
};
const styleOf = (status) => (known.includes(status) ? status : "other");
const number = (text) => Number(/\d+/.exec(text)?.[0] ?? 0);

/// {section, seat} of a record's name; null: it is no seat.
function parseSeat(name) {
  const parts = seatName.exec(name);
  if (!parts) return null;
  return { section: parts[2] ?? (/^\D*/.exec(parts[3])[0] || "–"), seat: parts[3] };
}

/// Events that have seats: one look for each, which begins behind the names of the one before it.
async function findEvents() {
  const events = new Set();
  for (const pattern of seatPatterns) {
    let after;
    for (let i = 0; i < eventsMax; ++i) {
      const page = await get("/v1/records?" + query({ pattern, limit: 1, documents: false, after }));
      if (page.records.length === 0) break;
      const [, event] = seatName.exec(page.records[0].name);
      events.add(event);
      after = `event/${event}/\u{10ffff}`;
    }
  }
  return [...events].sort((a, b) => number(a) - number(b) || compare(a, b));
}

export class SeatMapView {
  #choice = byId("event");
  #seats = null;
  #sections = new Map();   // by name: {node, body, counts, count of seats by status}
  #buttons = new Map();    // by record name
  #statuses = new Map();   // by record name
  #changed = new Set();
  #isVisible = false;
  #isLooking = false;
  #draw = oncePerFrame(() => this.#drawChanged());

  /// `openRecord(name)` shows a record in full.
  constructor(openRecord) {
    this.openRecord = openRecord;
    this.#choice.addEventListener("change", () => this.#watch());
    byId("events-again").addEventListener("click", () => this.#find());
    byId("sections").addEventListener("click", (event) => {
      const seat = event.target.closest(".seat");
      if (seat) this.openRecord(seat.dataset.name);
    });
    byId("sections").addEventListener("keydown", (event) => moveAmongSeats(event));
    byId("sections").addEventListener("focusin", (event) => { if (event.target.matches(".seat")) enter(event.target); });
    health.addEventListener("recovered", () => { if (this.#isVisible) this.#find(); });
  }

  show() {
    this.#isVisible = true;
    this.#find();
  }

  hide() {
    this.#isVisible = false;
    this.#seats?.close();
    this.#seats = null;
  }

  async #find() {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const events = await findEvents();
      showProblem(byId("seats-problem"), null);
      const chosen = this.#choice.value || place.parameter("event");
      this.#choice.replaceChildren(...events.map((event) => element("option", { value: event, text: event })));
      if (events.includes(chosen)) this.#choice.value = chosen;
      byId("seats-empty").hidden = events.length > 0;
      if (this.#isVisible) this.#watch();
    } catch (problem) {
      if (problem.isOfTheMoment) health.report(problem);
      else showProblem(byId("seats-problem"), problem);
    } finally {
      this.#isLooking = false;
    }
  }

  #watch() {
    const event = this.#choice.value;
    if (this.#seats && this.#seats.event === event) return;
    this.#seats?.close();
    this.#seats = null;
    for (const map of [this.#sections, this.#buttons, this.#statuses, this.#changed]) map.clear();
    byId("sections").replaceChildren();
    this.#drawCounts();
    if (!event) return;
    place.setParameter("event", event);
    this.#seats = new WatchedRecords(`event/${event}/**`, {
      changed: (name) => {
        this.#changed.add(name);
        this.#draw();
      },
      fail: (problem) => showProblem(byId("seats-problem"), problem),
    });
    this.#seats.event = event;
  }

  #drawChanged() {
    if (!this.#seats) return;
    const touched = new Set();
    for (const name of this.#changed) {
      const place = parseSeat(name);
      if (!place) continue;
      touched.add(place.section);
      const record = this.#seats.records.get(name);
      if (record) this.#put(name, place, record.document);
      else this.#remove(name, place);
    }
    this.#changed.clear();
    for (const section of touched) this.#drawSection(section);
    this.#drawCounts();
  }

  #put(name, { section, seat }, document) {
    const status = statusOf(document);
    let button = this.#buttons.get(name);
    if (!button) {
      button = element("button", { type: "button", class: "seat", tabindex: "-1", "data-name": name, "data-seat": seat },
        element("span", { text: seat }));
      this.#buttons.set(name, button);
      this.#insert(this.#section(section), button);
    } else if (this.#statuses.get(name) !== status) {
      button.classList.toggle("flash-b", !button.classList.toggle("flash-a"));
    }
    this.#statuses.set(name, status);
    button.dataset.status = styleOf(status);
    const price = document?.price === undefined ? "" : `, price ${document.price}`;
    const label = `${section} ${seat}: ${status}${price}`;
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  #remove(name, { section }) {
    const button = this.#buttons.get(name);
    if (!button) return;
    const isEntry = button.tabIndex === 0;
    button.remove();
    this.#buttons.delete(name);
    this.#statuses.delete(name);
    const body = this.#sections.get(section).body;
    if (isEntry && body.firstElementChild) body.firstElementChild.tabIndex = 0;
  }

  #section(name) {
    let section = this.#sections.get(name);
    if (section) return section;
    const counts = element("span", { class: "quiet" });
    const body = element("div", { class: "seats", role: "group", "aria-label": `Seats of section ${name}` });
    const node = element("section", { "data-section": name, "aria-label": `Section ${name}` },
      element("h3", {}, element("span", { text: name }), counts), body);
    section = { name, node, counts, body };
    this.#sections.set(name, section);
    const later = [...this.#sections.values()].filter((other) => compare(other.name, name) > 0)
      .sort((a, b) => compare(a.name, b.name))[0];
    byId("sections").insertBefore(node, later?.node ?? null);
    return section;
  }

  #insert({ body }, button) {
    // They come in order, but for those that are new.
    let before = null;
    for (let last = body.lastElementChild; last && compare(last.dataset.name, button.dataset.name) > 0;
      last = last.previousElementSibling) before = last;
    if (!body.hasChildNodes()) button.tabIndex = 0;
    body.insertBefore(button, before);
  }

  #drawSection(name) {
    const section = this.#sections.get(name);
    if (!section) return;
    const counts = countsOf([...section.body.children].map((seat) => this.#statuses.get(seat.dataset.name)));
    section.counts.textContent = [...counts].map(([status, count]) => `${countText(count)} ${status}`).join(" · ");
    if (section.body.hasChildNodes()) return;
    section.node.remove();
    this.#sections.delete(name);
  }

  #drawCounts() {
    const counts = countsOf([...this.#statuses.values()]);
    byId("seats-count").textContent = this.#statuses.size > 0 ? `${countText(this.#statuses.size)} seats` : "";
    byId("legend").replaceChildren(...[...counts].map(([status, count]) => element("li", { "data-status": status },
      element("span", { class: "seat", "data-status": styleOf(status), "aria-hidden": "true" }),
      element("span", { text: `${status} ` }), element("strong", { text: countText(count) }))));
  }
}

/// Those that every map has come first, also where there are none of them.
function countsOf(statuses) {
  const counts = new Map(statuses.length > 0 ? known.map((status) => [status, 0]) : []);
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/// One seat of a section is in the tab order.
function enter(seat) {
  for (const other of seat.parentElement.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  seat.tabIndex = 0;
}

function moveAmongSeats(event) {
  const seat = event.target.closest(".seat");
  if (!seat) return;
  const seats = [...seat.parentElement.children];
  const index = seats.indexOf(seat);
  const columns = Math.max(1, seats.findIndex((other) => other.offsetTop !== seats[0].offsetTop));
  const target = { ArrowRight: index + 1, ArrowLeft: index - 1, ArrowDown: index + columns, ArrowUp: index - columns,
    Home: 0, End: seats.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  seats[target]?.focus();
}
