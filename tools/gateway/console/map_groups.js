// The cells of a map, in groups and in natural order.
import { element } from "./dom.js";
import { compare, compareNaturally, lowerBound } from "./names.js";
import { countText } from "./times.js";

const labelWidthMax = 14;

export class MapGroups {
  #root;
  #groups = new Map();    // by name: {node, body, counts, added, isChanged}
  #order = [];            // their names, sorted
  #buttons = new Map();   // by name of the record
  #cells = new Map();     // by name of the record: {label, status, group}
  #labelWidth = 0;

  /// `chosen(name)` is called with the name of the record whose cell was chosen.
  constructor(root, chosen) {
    this.#root = root;
    root.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) chosen(cell.dataset.name);
    });
    root.addEventListener("keydown", moveAmongCells);
    root.addEventListener("focusin", (event) => { if (event.target.matches(".cell")) enter(event.target); });
  }

  clear() {
    for (const all of [this.#groups, this.#buttons, this.#cells]) all.clear();
    this.#order = [];
    this.#labelWidth = 0;
    this.#root.replaceChildren();
  }

  put(name, cell, colour) {
    const before = this.#cells.get(name);
    let button = this.#buttons.get(name);
    if (button && (before.group !== cell.group || before.label !== cell.label)) {
      this.remove(name);
      button = undefined;
    }
    this.#cells.set(name, cell);
    const group = this.#group(cell.group);
    group.isChanged = true;
    if (!button) {
      button = element("button", { type: "button", tabindex: "-1", "data-name": name, "data-label": cell.label }, element("span", { text: cell.label }));
      this.#buttons.set(name, button);
      group.added.push(button);
    }
    const isAgain = button.classList.contains("flash-a");
    button.className = `cell c${colour}` + (before ? (isAgain ? " flash-b" : " flash-a") : "");
    button.dataset.status = cell.status;
    const title = `${cell.label}: ${cell.status} (${name})`;
    button.setAttribute("aria-label", title);
    button.title = title;
    this.#widen(cell.label.length);
  }

  remove(name) {
    const cell = this.#cells.get(name);
    if (!cell) return;
    const group = this.#groups.get(cell.group);
    group.isChanged = true;
    const button = this.#buttons.get(name);
    const isEntry = button.tabIndex === 0;
    button.remove();
    group.added = group.added.filter((other) => other !== button);
    this.#buttons.delete(name);
    this.#cells.delete(name);
    if (isEntry && group.body.firstElementChild) group.body.firstElementChild.tabIndex = 0;
  }

  /// Puts new cells in their places, and counts.
  draw() {
    for (const [name, group] of this.#groups) {
      if (!group.isChanged) continue;
      group.isChanged = false;
      if (group.added.length > 0) place(group);
      if (!group.body.hasChildNodes()) {
        group.node.remove();
        this.#groups.delete(name);
        this.#order.splice(this.#order.indexOf(name), 1);
        continue;
      }
      const counts = new Map();
      for (const { dataset } of group.body.children) counts.set(dataset.status, (counts.get(dataset.status) ?? 0) + 1);
      group.counts.textContent = [...counts].sort(([, a], [, b]) => b - a).slice(0, 4)
        .map(([status, count]) => `${countText(count)} ${status}`).join(" · ");
    }
  }

  #group(name) {
    let group = this.#groups.get(name);
    if (group) return group;
    const counts = element("span", { class: "quiet" });
    const title = name || "All";
    const body = element("div", { class: "cells", role: "group", "aria-label": `Records of ${title}` });
    const node = element("section", { "data-group": name, "aria-label": title },
      element("h3", {}, element("span", { text: title }), counts), body);
    group = { node, counts, body, added: [], isChanged: true };
    const index = lowerBound(this.#order.length, (i) => compareNaturally(this.#order[i], name));
    this.#root.insertBefore(node, this.#groups.get(this.#order[index])?.node ?? null);
    this.#order.splice(index, 0, name);
    this.#groups.set(name, group);
    return group;
  }

  /// All cells are as wide as the longest label, up to a limit.
  #widen(length) {
    const width = Math.min(labelWidthMax, Math.max(3, length));
    if (width <= this.#labelWidth) return;
    this.#labelWidth = width;
    this.#root.style.setProperty("--label", `${width}ch`);
  }
}

const byLabel = (a, b) => compareNaturally(a.dataset.label, b.dataset.label) || compare(a.dataset.name, b.dataset.name);

/// Merges the new cells of a group into those that are in order already.
function place(group) {
  const { body, added } = group;
  group.added = [];
  if (body.childElementCount < added.length) {
    const focused = document.activeElement;
    body.append(...[...body.children, ...added].sort(byLabel));
    if (body.contains(focused)) focused.focus();
  } else {
    for (const button of added) {
      const index = lowerBound(body.childElementCount, (i) => byLabel(body.children[i], button));
      body.insertBefore(button, body.children[index] ?? null);
    }
  }
  if (!body.querySelector("[tabindex='0']")) body.firstElementChild.tabIndex = 0;
}

/// One cell of a group is in the tab order.
function enter(cell) {
  for (const other of cell.parentElement.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  cell.tabIndex = 0;
}

function moveAmongCells(event) {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  const cells = [...cell.parentElement.children];
  const index = cells.indexOf(cell);
  const columns = Math.max(1, cells.findIndex((other) => other.offsetTop !== cells[0].offsetTop));
  const target = { ArrowRight: index + 1, ArrowLeft: index - 1, ArrowDown: index + columns, ArrowUp: index - columns,
    Home: 0, End: cells.length - 1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  cells[target]?.focus();
}
