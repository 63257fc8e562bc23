// The rows of the list of records: drawing, selection and keys.
import { byId, element } from "./dom.js";
import { preview } from "./json.js";
import { timeText } from "./times.js";

const previewSize = 160;
const rowsOfScreen = 15;

export class RecordRows {
  #body = byId("records-rows");
  #rows = new Map();     // by name
  #selected = null;      // name of the row in the tab order

  /// `opened(name, isByKey)` is called when a row is chosen, `left` when Escape leaves the rows.
  constructor({ opened, left }) {
    this.opened = opened;
    this.left = left;
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (!row) return;
      this.#select(row.dataset.name);
      opened(row.dataset.name, false);
    });
    this.#body.addEventListener("focusin", (event) => this.#select(event.target.closest("tr").dataset.name));
    this.#body.addEventListener("keydown", (event) => this.#key(event));
  }

  get size() { return this.#rows.size; }

  /// Focuses the selected row. Returns false if there is no row.
  focus() {
    const row = this.#rows.get(this.#selected);
    row?.focus();
    return row !== undefined;
  }

  /// Marks the row of the record that is shown in full.
  mark(name) {
    for (const row of this.#body.querySelectorAll("[aria-selected=true]")) row.setAttribute("aria-selected", "false");
    this.#rows.get(name)?.setAttribute("aria-selected", "true");
  }

  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  showAll(names, records, marked) {
    const hadFocus = this.#body.contains(document.activeElement);
    const known = this.#rows;
    this.#rows = new Map();
    for (const name of names) {
      const row = known.get(name) ?? makeRow(name);
      this.#rows.set(name, fillRow(row, records.get(name)));
    }
    this.#body.replaceChildren(...this.#rows.values());
    this.mark(marked);
    this.#keepSelection(hadFocus);
  }

  showChanged(changed, names, records, marked) {
    let hasLostFocus = false;
    for (const name of changed) {
      const record = records.get(name);
      const row = this.#rows.get(name);
      if (!record) hasLostFocus = this.#removeRow(name) || hasLostFocus;
      else if (row) flash(fillRow(row, record));
      else this.#insertRow(name, record, names);
    }
    this.mark(marked);
    if (hasLostFocus || !this.#rows.has(this.#selected)) this.#keepSelection(hasLostFocus);
  }

  #insertRow(name, record, names) {
    const row = fillRow(makeRow(name), record);
    this.#rows.set(name, row);
    // The next name that has a row: other new names might not have a row yet.
    let next = null;
    for (let i = names.indexOf(name) + 1; i < names.length && !next; ++i) next = this.#rows.get(names[i]) ?? null;
    this.#body.insertBefore(row, next?.isConnected ? next : null);
    flash(row);
  }

  /// Returns whether the row had the focus.
  #removeRow(name) {
    const row = this.#rows.get(name);
    if (!row) return false;
    const hadFocus = row === document.activeElement;
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#rows.delete(name);
    if (this.#selected === name) this.#selected = neighbour?.dataset.name ?? null;
    return hadFocus;
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
    const moves = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + rowsOfScreen,
      PageUp: index - rowsOfScreen, Home: 0, End: rows.length - 1 };
    if (event.key in moves) rows[Math.min(Math.max(moves[event.key], 0), rows.length - 1)].focus();
    else if (event.key === "Enter" || event.key === " ") this.opened(row.dataset.name, true);
    else if (event.key === "Escape") this.left();
    else return;
    event.preventDefault();
  }
}

function makeRow(name) {
  return element("tr", { tabindex: "-1", "aria-selected": "false", "data-name": name },
    element("td", { text: name, class: "name", title: name }), element("td", { class: "number wide" }),
    element("td", { class: "number wide" }), element("td", { class: "preview" }));
}

function fillRow(row, record) {
  const [, version, updated, document] = row.children;
  version.textContent = record.version;
  updated.textContent = timeText(record.time);
  document.textContent = preview(record.document, previewSize);
  return row;
}

function flash(row) {
  // Alternates between two animations of the same appearance, so that each change begins one.
  row.className = row.className === "flash-a" ? "flash-b" : "flash-a";
}
