// One record in full, and its last changes, each against the version before it.
import { byId, element, oncePerFrame, showProblem } from "./dom.js";
import { differences, lines, preview } from "./json.js";
import { timeText } from "./times.js";
import { WatchStream } from "./watch_stream.js";

const changesMax = 50;
const linesMax = 2000;
const differencesMax = 100;
const differencesShown = 6;

export class DocumentView {
  #article = byId("document");
  #history = byId("history");
  #stream = null;
  #name = null;
  #changes = [];      // newest first: {kind, version, revision, time, document, differences}
  #chosen = null;     // one of them; null: the newest, whichever that is
  #draw = oncePerFrame(() => this.#drawAll());

  constructor({ closed }) {
    byId("document-close").addEventListener("click", closed);
    this.#article.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      closed();
    });
    this.#history.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.#choose([...this.#history.children].indexOf(item));
    });
    this.#history.addEventListener("keydown", (event) => this.#key(event));
  }

  focus() { this.#article.focus(); }

  open(name) {
    this.close();
    if (name !== this.#name) this.#changes = [];
    this.#name = name;
    this.#chosen = null;
    this.#article.hidden = false;
    byId("document-name").textContent = name;
    this.#stream = new WatchStream({
      begin: () => ({ pattern: name, initial: true }),
      opened: () => this.#draw(),
      change: (change) => this.#take(change),
      fail: (problem) => showProblem(byId("document-problem"), problem),
    });
    this.#draw();
  }

  close() {
    this.#stream?.close();
    this.#stream = null;
    this.#article.hidden = true;
  }

  #take({ kind, document, version, revision, time }) {
    if (kind === "lagged") return;  // what it is now follows
    const before = this.#changes[0];
    if (kind === "current" && before && before.revision === revision) return;
    const isFirst = kind === "current" && !before;
    this.#changes.unshift({ kind, version, revision, time, document,
      differences: isFirst ? [] : differences(before?.document, document, differencesMax) });
    this.#changes.length = Math.min(this.#changes.length, changesMax);
    if (this.#chosen && !this.#changes.includes(this.#chosen)) this.#chosen = null;
    this.#draw();
  }

  #drawAll() {
    const shown = this.#chosen ?? this.#changes[0];
    const facts = byId("document-facts");
    byId("history-count").textContent = this.#changes.length > 0 ? `last ${this.#changes.length}` : "";
    if (!shown) {
      facts.textContent = this.#stream ? "There is no such record, so far." : "";
      byId("document-text").replaceChildren();
      return this.#history.replaceChildren();
    }
    const isGone = shown.document === undefined;
    facts.textContent = `${this.#chosen ? "was " : ""}version ${shown.version} · revision ${shown.revision} · ${timeText(shown.time)}` +
      (isGone ? ` · ${shown.kind === "expire" ? "expired" : "removed"}` : "");
    byId("document-text").replaceChildren(...(isGone ? [] : documentLines(shown)));
    this.#drawHistory(shown);
  }

  #drawHistory(shown) {
    const hadFocus = this.#history.contains(document.activeElement);
    this.#history.replaceChildren(...this.#changes.map((change) => historyItem(change, change === shown)));
    if (hadFocus) this.#history.querySelector("[aria-selected=true]")?.focus();
  }

  #choose(index) {
    this.#chosen = index > 0 ? this.#changes[index] : null;
    this.#drawAll();
    this.#history.children[index]?.focus();
  }

  #key(event) {
    const index = [...this.#history.children].indexOf(event.target.closest("li"));
    const target = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: this.#changes.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    if (target >= 0 && target < this.#changes.length) this.#choose(target);
  }
}

function documentLines(change) {
  const touched = new Map(change.differences.map((difference) => [difference.pointer, difference.kind]));
  const { lines: all, isCut } = lines(change.document, linesMax);
  // Of a subtree that came as a whole, every line is new.
  const mark = (pointer) => {
    for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
      if (touched.has(at)) return touched.get(at);
    }
    return touched.get("");
  };
  const out = all.map(({ pointer, depth, key, value, kind, comma }) =>
    element("div", { class: "line", "data-change": touched.size > 0 ? mark(pointer) : undefined, "data-pointer": pointer },
      element("span", { text: "  ".repeat(depth) }),
      ...(key === undefined ? [] : [element("span", { class: "key", text: JSON.stringify(key) }), element("span", { text: ": " })]),
      element("span", { class: kind, text: value }), comma));
  if (isCut) out.push(element("p", { class: "quiet", text: `There is more: these are the first ${linesMax} lines.` }));
  return out;
}

function historyItem(change, isShown) {
  const item = element("li", { role: "option", "aria-selected": String(isShown), tabindex: isShown ? "0" : "-1" },
    element("span", { class: "when", text: `v${change.version} · ${change.kind} · ${timeText(change.time)}` }));
  for (const { pointer, kind, from, to } of change.differences.slice(0, differencesShown)) {
    const line = element("span", { class: "difference" }, element("code", { text: pointer || "(all)" }));
    if (kind !== "added") line.append(element("del", { text: preview(from, 60) }));
    if (kind !== "removed") line.append(element("ins", { text: preview(to, 60) }));
    item.append(line);
  }
  const more = change.differences.length - differencesShown;
  if (more > 0) item.append(element("span", { class: "quiet", text: `and ${more} more` }));
  return item;
}
