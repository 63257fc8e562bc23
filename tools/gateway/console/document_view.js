// One record in full: its document, its last changes, and the forms that change it.
import { open, Problem, recordPath } from "./api.js";
import { byId, element, oncePerFrame, showProblem } from "./dom.js";
import { DeleteDialog } from "./delete_dialog.js";
import { DocumentEditor } from "./document_editor.js";
import { differenceItems, documentLines } from "./document_lines.js";
import { differences } from "./json.js";
import { timeText } from "./times.js";
import { WatchStream } from "./watch_stream.js";

const changesMax = 50;
const differencesMax = 100;
const differencesShown = 6;

export class DocumentView {
  #article = byId("document");
  #history = byId("history");
  #stream = null;
  #name = null;
  #changes = [];      // newest first: {kind, version, revision, time, document, differences}
  #chosen = null;     // one of them; null: always the newest
  #editor;
  #deletion = new DeleteDialog();
  #draw = oncePerFrame(() => this.#drawAll());

  /// `closed` is called when the user closes the record, `created(name)` when a record was made.
  constructor({ closed, created }) {
    this.#editor = new DocumentEditor({
      saved: (name, isNew) => (isNew ? created(name) : this.#endEdit()),
      cancelled: () => (this.#name === null ? closed() : this.#endEdit()),
    });
    byId("document-close").addEventListener("click", closed);
    byId("document-edit").addEventListener("click", () => this.#edit());
    byId("document-delete").addEventListener("click", () => this.#deletion.ask(this.#name, this.#changes[0]));
    this.#article.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#editor.isOpen) return;
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

  /// Shows a record. Returns false if the form has changes that are not saved: it stays.
  open(name) {
    if (name !== this.#name && !this.#mayLeave()) return false;
    this.suspend();
    if (name !== this.#name) {
      this.#editor.close();
      this.#changes = [];
    }
    this.#name = name;
    this.#chosen = null;
    this.#article.hidden = false;
    byId("document-name").textContent = name;
    this.#stream = new WatchStream({
      begin: () => ({ pattern: name, initial: true }),
      opened: () => this.#checkExistence(),
      change: (change) => this.#take(change),
      fail: (problem) => showProblem(byId("document-problem"), problem),
    });
    this.#drawAll();
    return true;
  }

  /// Opens the form for a new record. Returns false if another form has changes that are not saved.
  create() {
    if (!this.#mayLeave()) return false;
    this.close();
    this.#name = null;
    this.#changes = [];
    this.#article.hidden = false;
    showProblem(byId("document-problem"), null);
    byId("document-name").textContent = "New record";
    this.#editor.create();
    this.#drawAll();
    return true;
  }

  /// Ends the stream of changes. What is shown stays, and so does the text of a form.
  suspend() {
    this.#stream?.close();
    this.#stream = null;
    this.#deletion.close();
  }

  close() {
    this.suspend();
    this.#editor.close();
    this.#article.hidden = true;
  }

  /// Closes the record, but not the form for a new one.
  closeUnlessNew() {
    if (this.#name !== null || !this.#editor.isOpen) this.close();
  }

  #mayLeave() {
    if (!this.#editor.isOpen || !this.#editor.isModified) return true;
    this.#editor.remind();
    return false;
  }

  /// A stream does not report a record that was removed before the stream was opened.
  async #checkExistence() {
    this.#draw();
    const [name, newest] = [this.#name, this.#changes[0]];
    if (newest?.document === undefined) return;
    try {
      const response = await open(recordPath(name), { method: "HEAD" });
      if (response.status !== 404 || name !== this.#name || newest !== this.#changes[0]) return;
      this.#take({ kind: "missing", version: newest.version, revision: -1, time: Date.now() });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;  // the stream reports the same failure
    }
  }

  #edit() {
    this.#chosen = null;
    this.#editor.edit(this.#name, this.#changes[0]);
    this.#drawAll();
  }

  #endEdit() {
    this.#editor.close();
    this.#drawAll();
    byId("document-edit").focus();
  }

  #take({ kind, document, version, revision, time }) {
    if (kind === "lagged" || kind === "event") return;  // the current state follows
    const before = this.#changes[0];
    if (kind === "current" && before && before.revision === revision) return;
    const isFirst = kind === "current" && !before;
    const change = { kind, version, revision, time, document,
      differences: isFirst ? [] : differences(before?.document, document, differencesMax) };
    this.#changes.unshift(change);
    this.#changes.length = Math.min(this.#changes.length, changesMax);
    if (this.#chosen && !this.#changes.includes(this.#chosen)) this.#chosen = null;
    this.#editor.notice(change);
    this.#draw();
  }

  #drawAll() {
    const shown = this.#chosen ?? this.#changes[0];
    const isGone = !shown || shown.document === undefined;
    const isEdited = this.#editor.isOpen;
    const isNewestGone = this.#changes[0]?.document === undefined;
    const isOfGrid = this.#name?.startsWith("$") ?? false;  // such records cannot be written
    byId("document-edit").hidden = isEdited || isNewestGone || isOfGrid;
    byId("document-delete").hidden = isEdited || isNewestGone || isOfGrid;
    byId("document-close").hidden = isEdited;
    byId("document-text").hidden = isEdited || isGone;
    byId("history-title").hidden = this.#changes.length === 0;
    byId("history-count").textContent = `last ${this.#changes.length}`;
    byId("document-facts").textContent = this.#facts(shown);
    byId("document-text").replaceChildren(...(isGone ? [] : documentLines(shown.document, shown.differences)));
    this.#drawHistory(shown);
  }

  #facts(shown) {
    if (!shown) return this.#stream ? "There is no such record so far." : "";
    if (shown.kind === "missing") return `no longer exists; version ${shown.version} was the last one seen`;
    const fate = { expire: " · expired", remove: " · removed" }[shown.kind] ?? "";
    return `${this.#chosen ? "was " : ""}version ${shown.version} · revision ${shown.revision} · ${timeText(shown.time)}${fate}`;
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

function historyItem(change, isShown) {
  return element("li", { role: "option", "aria-selected": String(isShown), tabindex: isShown ? "0" : "-1" },
    element("span", { class: "when", text: `v${change.version} · ${change.kind} · ${timeText(change.time)}` }),
    ...differenceItems(change.differences, differencesShown, "span"));
}
