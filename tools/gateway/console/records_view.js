// The tab of records: a live list, and one of them in full.
import { byId, element, oncePerFrame, showProblem } from "./dom.js";
import { DocumentView } from "./document_view.js";
import { preview } from "./json.js";
import * as place from "./place.js";
import { RecordList } from "./record_list.js";
import { timeText } from "./times.js";

const previewSize = 160;
const typingPause = 500;
const rowsOfPage = 15;

export class RecordsView {
  #body = byId("records-rows");
  #field = byId("pattern");
  #rows = new Map();     // by name
  #changed = new Set();  // names to be drawn
  #list = null;
  #selected = null;      // name of the row in the tab order
  #isVisible = false;
  #document;
  #draw = oncePerFrame(() => this.#drawChanged());

  constructor() {
    this.#document = new DocumentView({ closed: () => this.#closeDocument() });
    this.#field.value = place.parameter("pattern") || "**";
    this.#selected = place.parameter("name");
    let typing = 0;
    byId("pattern-form").addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(typing);
      this.#restart();
    });
    this.#field.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.#restart(), typingPause);
    });
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (!row) return;
      this.#select(row.dataset.name);
      this.open(row.dataset.name);
    });
    this.#body.addEventListener("focusin", (event) => this.#select(event.target.closest("tr").dataset.name));
    this.#body.addEventListener("keydown", (event) => this.#key(event));
  }

  show() {
    this.#isVisible = true;
    this.#start();
    const name = place.parameter("name");
    if (name) this.#document.open(name);
  }

  hide() {
    this.#isVisible = false;
    this.#list?.close();
    this.#list = null;
    this.#document.close();
  }

  /// Shows a record, which need not be in the list.
  open(name) {
    place.setParameter("name", name);
    this.#mark(name);
    if (this.#isVisible) this.#document.open(name);
  }

  #closeDocument() {
    place.setParameter("name", null);
    this.#document.close();
    this.#mark(null);
    (this.#rows.get(this.#selected) ?? this.#field).focus();
  }

  #mark(name) {
    for (const row of this.#body.querySelectorAll("[aria-selected=true]")) row.setAttribute("aria-selected", "false");
    this.#rows.get(name)?.setAttribute("aria-selected", "true");
  }

  #restart() {
    place.setParameter("pattern", this.#field.value.trim());
    if (this.#isVisible) this.#start();
  }

  #start() {
    this.#list?.close();
    const list = new RecordList(this.#field.value.trim() || "**", (problem) => {
      showProblem(byId("records-problem"), problem);
      if (problem) this.#clear();
    });
    list.addEventListener("list", () => { if (list === this.#list) this.#drawAll(); });
    list.addEventListener("change", (event) => {
      this.#changed.add(event.detail);
      this.#draw();
    });
    this.#list = list;
  }

  #clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#showCount(0);
  }

  #drawAll() {
    const focused = this.#body.contains(document.activeElement) ? this.#selected : null;
    this.#changed.clear();
    const known = this.#rows;
    this.#rows = new Map();
    for (const name of this.#list.names) {
      const row = known.get(name) ?? this.#makeRow(name);
      this.#fillRow(row, this.#list.records.get(name));
      this.#rows.set(name, row);
    }
    this.#body.replaceChildren(...this.#rows.values());
    this.#mark(place.parameter("name"));
    this.#keepSelection(focused !== null);
    this.#showCount(this.#rows.size);
  }

  #drawChanged() {
    if (!this.#list) return;
    let before = null;
    for (const name of this.#changed) {
      const record = this.#list.records.get(name);
      const row = this.#rows.get(name);
      if (!record) before = this.#removeRow(name) ?? before;
      else if (row) this.#flash(this.#fillRow(row, record));
      else this.#insertRow(name, record);
    }
    this.#changed.clear();
    if (before) this.#keepSelection(true);
    else if (!this.#rows.has(this.#selected)) this.#keepSelection(false);
    this.#showCount(this.#rows.size);
  }

  #makeRow(name) {
    const row = element("tr", { tabindex: "-1", "aria-selected": "false", "data-name": name },
      element("td", { text: name, class: "name", title: name }), element("td", { class: "number" }),
      element("td", { class: "number wide" }), element("td", { class: "preview" }));
    return row;
  }

  #fillRow(row, record) {
    const [, version, updated, document] = row.children;
    version.textContent = record.version;
    updated.textContent = timeText(record.time);
    document.textContent = preview(record.document, previewSize);
    return row;
  }

  #insertRow(name, record) {
    const row = this.#fillRow(this.#makeRow(name), record);
    if (name === place.parameter("name")) row.setAttribute("aria-selected", "true");
    this.#rows.set(name, row);
    // The next name that has a row: others that are new may not have theirs yet.
    const names = this.#list.names;
    let next = null;
    for (let i = names.indexOf(name) + 1; i < names.length && !next; ++i) next = this.#rows.get(names[i]) ?? null;
    this.#body.insertBefore(row, next);
    this.#flash(row);
  }

  /// The name of a neighbour, if the row had the focus.
  #removeRow(name) {
    const row = this.#rows.get(name);
    if (!row) return null;
    const hadFocus = row === document.activeElement;
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#rows.delete(name);
    if (this.#selected === name) this.#selected = neighbour?.dataset.name ?? null;
    return hadFocus ? name : null;
  }

  #flash(row) {
    // Another animation of the same looks, so that it begins again.
    row.className = row.className === "flash-a" ? "flash-b" : "flash-a";
  }

  #keepSelection(isFocused) {
    if (!this.#rows.has(this.#selected)) this.#selected = this.#body.firstElementChild?.dataset.name ?? null;
    const row = this.#rows.get(this.#selected);
    if (!row) return;
    row.tabIndex = 0;
    if (isFocused) row.focus();
  }

  #select(name) {
    const before = this.#rows.get(this.#selected);
    if (before) before.tabIndex = -1;
    this.#selected = name;
    this.#rows.get(name).tabIndex = 0;
  }

  #key(event) {
    const row = event.target.closest("tr");
    const rows = this.#body.rows;
    const index = row.sectionRowIndex;
    const moves = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + rowsOfPage,
      PageUp: index - rowsOfPage, Home: 0, End: rows.length - 1 };
    if (event.key in moves) {
      rows[Math.min(Math.max(moves[event.key], 0), rows.length - 1)].focus();
    } else if (event.key === "Enter" || event.key === " ") {
      this.open(row.dataset.name);
      this.#document.focus();
    } else if (event.key === "Escape") {
      this.#field.focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  #showCount(count) {
    byId("records-count").textContent = this.#list?.hasMore
      ? `the first ${count}; a narrower pattern shows others`
      : `${count} ${count === 1 ? "record" : "records"}`;
    byId("records-empty").hidden = count > 0 || !byId("records-problem").hidden;
  }
}

