// The form that changes a record, or creates one. A change is bound to the version of the record
// that the user has seen: if another client changes the record meanwhile, nothing is overwritten.
import { Problem, recordPath, send } from "./api.js";
import { byId, showProblem, showText } from "./dom.js";
import { differenceItems } from "./document_lines.js";
import { differences, indentedText, parse } from "./json.js";
import { timeText } from "./times.js";

const textMax = 1 << 20;  // characters that a text field can show without delay
const differencesMax = 12;

export class DocumentEditor {
  #form = byId("editor");
  #text = byId("editor-text");
  #name = null;       // of the record; null: a new one
  #base = null;       // the version that the text is based on; without a document: no record
  #newest = null;     // the version that the grid has, as far as known
  #initial = "";
  #isSaving = false;

  /// `saved(name, isNew)` is called after a successful write, `cancelled` when the user cancels.
  constructor({ saved, cancelled }) {
    this.saved = saved;
    this.cancelled = cancelled;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
      else if (event.key === "Escape" && !this.isModified) cancelled();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    byId("editor-cancel").addEventListener("click", () => cancelled());
    byId("editor-keep").addEventListener("click", () => this.#rebase());
    byId("editor-discard").addEventListener("click", () => this.#discard());
  }

  get isOpen() { return !this.#form.hidden; }
  get isModified() { return this.#text.value !== this.#initial; }

  /// Shows why the form cannot be closed.
  remind() {
    showText(byId("editor-problem"), "Save or cancel this text first.", true);
    this.#text.focus();
  }

  /// Opens the form with the newest version of a record: {document, version, revision, time}.
  edit(name, version) {
    this.#open(name, version, indentedText(version.document));
    this.#text.focus();
  }

  create() {
    this.#open(null, { document: undefined }, "{\n  \n}");
    byId("editor-name").value = "";
    byId("editor-name").focus();
  }

  close() {
    this.#form.hidden = true;
  }

  /// Called with each new version of the record.
  notice(version) {
    this.#newest = version;
    if (this.isOpen && !this.#isSaving && version.revision !== this.#base.revision) this.#showConflict();
  }

  #open(name, version, text) {
    this.#name = name;
    this.#base = version;
    this.#newest = version;
    this.#form.hidden = false;
    this.#setText(text);
    const isNew = name === null;
    byId("editor-name-field").hidden = !isNew;
    byId("editor-name").disabled = !isNew;
    byId("editor-ttl").value = "";
    byId("editor-ttl-hint").textContent = isNew ? "(empty: none)" : "(empty: unchanged)";
    byId("editor-conflict").hidden = true;
    showProblem(byId("editor-problem"), null);
    if (this.#text.readOnly) showText(byId("editor-problem"), "The document is too large to be edited here.", true);
  }

  #setText(text) {
    this.#text.readOnly = text.length > textMax;
    this.#text.value = text.slice(0, textMax);
    this.#initial = this.#text.value;
  }

  async #save() {
    const problem = byId("editor-problem");
    showProblem(problem, null);
    if (this.#isSaving || this.#text.readOnly) return;
    try {
      parse(this.#text.value);
    } catch (failure) {
      return showText(problem, `The text is not JSON: ${failure.message}`, true);
    }
    const name = this.#name ?? byId("editor-name").value.trim();
    const isNew = this.#name === null;
    this.#isSaving = true;
    try {
      await send("PUT", recordPath(name, this.#parameters()), {
        body: this.#text.value, headers: { "Content-Type": "application/json" } });
      this.close();
      this.saved(name, isNew);
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      if (failure.status === 412 && isNew) return showText(problem, `A record '${name}' exists already. Choose another name.`, true);
      showText(problem, failure.reason, true);
      if (failure.status === 412 && this.#newest !== this.#base) this.#showConflict();
    } finally {
      this.#isSaving = false;
    }
  }

  /// The value at the pointer "" is the document: setting it keeps the time to live, which
  /// replacing the record would end.
  #parameters() {
    const ttl_ms = byId("editor-ttl").value.trim() || undefined;
    if (this.#base.document === undefined) return { if_absent: true, ttl_ms };
    return { pointer: "", if_revision: this.#base.revision, ttl_ms };
  }

  #showConflict() {
    const { document, version, time, kind } = this.#newest;
    const isGone = document === undefined;
    byId("editor-conflict-text").textContent = isGone
      ? `This record was ${kind === "expire" ? "removed because its time to live has ended" : "removed"} while you were editing. “Keep my text” creates it again when you save.`
      : `This record was changed while you were editing: it is now version ${version} (${timeText(time)}). “Keep my text” replaces that version when you save. It differs from the one you started with:`;
    const all = isGone ? [] : differences(this.#base.document, document, 100);
    byId("editor-differences").replaceChildren(...differenceItems(all, differencesMax, "li"));
    byId("editor-conflict").hidden = false;
  }

  #rebase() {
    this.#base = this.#newest;
    byId("editor-conflict").hidden = true;
    showProblem(byId("editor-problem"), null);
    this.#text.focus();
  }

  #discard() {
    if (this.#newest.document === undefined) return this.cancelled();
    this.edit(this.#name, this.#newest);
  }
}
