// The first records whose names match a pattern, in order, kept up to date.
import { get, query } from "./api.js";
import { compare, indexOf } from "./names.js";
import { WatchStream } from "./watch_stream.js";

export const rowsMax = 500;
const lowWater = rowsMax / 2;
const patience = 1000;

/// Emits "list" (another list) and "change" (`detail`: the name that changed, came or went).
/// Lists and then watches from the revision of the list: of a large grid, only a page is read.
export class RecordList extends EventTarget {
  names = [];            // sorted
  records = new Map();   // {document, version, revision, time}
  hasMore = false;       // records behind the last name
  #stream;

  constructor(pattern, fail) {
    super();
    this.#stream = new WatchStream({
      begin: () => this.#list(pattern),
      change: (change) => this.#take(change),
      fail,
    });
  }

  close() { this.#stream.close(); }

  async #list(pattern) {
    const page = await get("/v1/records?" + query({ pattern, limit: rowsMax }));
    this.records = new Map(page.records.map(({ name, document, version, revision, updated }) =>
      [name, { document, version, revision, time: updated }]));
    this.names = [...this.records.keys()];
    this.hasMore = page.next !== undefined;
    this.dispatchEvent(new Event("list"));
    return { pattern, from: page.revision + 1 };
  }

  #take({ kind, name, document, version, revision, time }) {
    if (kind === "lagged") return this.#stream.restart(patience);
    if (kind === "event") return;
    if (kind === "remove" || kind === "expire") this.#drop(name);
    else if (!this.#put(name, { document, version, revision, time })) return;
    this.dispatchEvent(new CustomEvent("change", { detail: name }));
  }

  #drop(name) {
    if (!this.records.delete(name)) return;
    this.names.splice(indexOf(this.names, name), 1);
    if (this.hasMore && this.names.length < lowWater) this.#stream.restart(patience);
  }

  /// False: it is behind what is shown.
  #put(name, record) {
    if (!this.records.has(name)) {
      if (this.hasMore && compare(name, this.names.at(-1) ?? "") > 0) return false;
      this.names.splice(indexOf(this.names, name), 0, name);
    }
    this.records.set(name, record);
    if (this.names.length <= rowsMax) return true;
    this.hasMore = true;
    const last = this.names.pop();
    this.records.delete(last);
    if (last === name) return false;
    this.dispatchEvent(new CustomEvent("change", { detail: last }));
    return true;
  }
}
