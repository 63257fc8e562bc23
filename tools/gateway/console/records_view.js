// The view of records: a live page of a list, and one record in full.
import { byId, oncePerFrame, showProblem } from "./dom.js";
import { DocumentView } from "./document_view.js";
import * as place from "./place.js";
import { RecordPage } from "./record_page.js";
import { RecordRows } from "./record_rows.js";
import { countText } from "./times.js";

const typingPause = 500;
const limits = [50, 100, 250, 500];

export class RecordsView {
  #field = byId("pattern");
  #size = byId("page-size");
  #changed = new Set();  // names to be drawn
  #page = null;
  #before = [];          // where the pages before this one begin
  #isVisible = false;
  #rows;
  #document;
  #draw = oncePerFrame(() => this.#drawChanged());

  constructor() {
    this.#document = new DocumentView({ closed: () => this.#closeDocument(), created: (name) => this.open(name) });
    this.#rows = new RecordRows({
      opened: (name, isByKey) => {
        this.open(name);
        if (isByKey) this.#document.focus();
      },
      left: () => this.#field.focus(),
    });
    let typing = 0;
    const typed = () => {
      clearTimeout(typing);
      this.#goTo({ pattern: this.#field.value.trim(), after: "" }, []);
    };
    byId("pattern-form").addEventListener("submit", (event) => {
      event.preventDefault();
      typed();
    });
    this.#field.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(typed, typingPause);
    });
    byId("record-new").addEventListener("click", () => {
      if (!this.#document.create()) return;
      this.#rows.mark(null);
      place.setParameters({ name: null });
    });
    this.#size.addEventListener("change", () => this.#goTo({ limit: this.#size.value, after: "" }, []));
    byId("page-first").addEventListener("click", () => this.#goTo({ after: "" }, []));
    byId("page-previous").addEventListener("click", () => this.#goTo({ after: this.#before.at(-1) ?? "" }, this.#before.slice(0, -1)));
    byId("page-next").addEventListener("click", () => {
      if (this.#page?.hasMore) this.#goTo({ after: this.#page.end }, [...this.#before, place.parameter("after") ?? ""]);
    });
  }

  show() {
    this.#isVisible = true;
    this.#field.value = place.parameter("pattern") || "**";
    this.#size.value = String(limits.find((limit) => String(limit) === place.parameter("limit")) ?? 100);
    this.#start();
    const name = place.parameter("name");
    if (name) this.#document.open(name);
    else this.#document.closeUnlessNew();
  }

  hide() {
    this.#isVisible = false;
    this.#page?.close();
    this.#page = null;
    this.#document.suspend();
  }

  /// Shows a record, which need not be in the list.
  open(name) {
    if (this.#isVisible && !this.#document.open(name)) return;
    place.setParameters({ name });
    this.#rows.mark(name);
  }

  #closeDocument() {
    place.setParameters({ name: null });
    this.#document.close();
    this.#rows.mark(null);
    if (!this.#rows.focus()) this.#field.focus();
  }

  #goTo(parameters, before) {
    this.#before = before;
    place.setParameters(parameters);
    if (!this.#isVisible) return;
    this.#start();
    byId("records-scroll").scrollTop = 0;
  }

  #start() {
    this.#page?.close();
    const page = new RecordPage({
      pattern: place.parameter("pattern") || "**",
      after: place.parameter("after") ?? "",
      limit: Number(this.#size.value),
    }, (problem) => {
      showProblem(byId("records-problem"), problem);
      if (!problem) return;
      this.#rows.clear();
      this.#showCount();
    });
    page.addEventListener("list", () => {
      if (page !== this.#page) return;
      this.#changed.clear();
      this.#rows.showAll(page.names, page.records, place.parameter("name"));
      this.#showCount();
    });
    page.addEventListener("search", (event) => {
      if (page === this.#page) byId("records-count").textContent = `searching, past ${event.detail}`;
    });
    page.addEventListener("change", (event) => {
      this.#changed.add(event.detail);
      this.#draw();
    });
    this.#page = page;
  }

  #drawChanged() {
    if (!this.#page) return;
    this.#rows.showChanged(this.#changed, this.#page.names, this.#page.records, place.parameter("name"));
    this.#changed.clear();
    this.#showCount();
  }

  #showCount() {
    const count = this.#rows.size;
    const hasMore = this.#page?.hasMore ?? false;
    const after = place.parameter("after");
    const parts = [`${countText(count)} ${count === 1 ? "record" : "records"}`];
    if (this.#before.length > 0) parts.push(`page ${this.#before.length + 1}`);
    else if (after) parts.push(`after ${after}`);
    if (hasMore) parts.push("more follow");
    byId("records-count").textContent = parts.join(" · ");
    byId("records-empty").hidden = count > 0 || !byId("records-problem").hidden;
    this.#enable("page-first", Boolean(after));
    this.#enable("page-previous", Boolean(after));
    this.#enable("page-next", hasMore);
  }

  /// A button that is disabled while it has the focus hands the focus to the rows.
  #enable(id, isEnabled) {
    const button = byId(id);
    if (!isEnabled && document.activeElement === button) this.#rows.focus();
    button.disabled = !isEnabled;
  }
}
