// One page of the records whose names match a pattern, kept up to date.
import { get, query } from "./api.js";
import { compare, indexOf } from "./names.js";
import { WatchStream } from "./watch_stream.js";

const refillDelay = 1000;

/// Emits "list" (other records), "change" (`detail`: the name that changed, came or went) and
/// "search" (`detail`: the name up to which a long search has come).
///
/// The page has the names behind `after`, at most `limit`. It is listed, and then watched from the
/// revision of the list: of a large grid no more than the page is ever held.
export class RecordPage extends EventTarget {
  names = [];            // sorted
  records = new Map();   // {document, version, revision, time}
  end = null;            // the name where the next page begins; null: this is the last page
  #pattern;
  #after;
  #limit;
  #search = new AbortController();
  #stream;

  constructor({ pattern, after, limit }, fail) {
    super();
    this.#pattern = pattern;
    this.#after = after;
    this.#limit = limit;
    this.#stream = new WatchStream({
      begin: () => this.#list(),
      change: (change) => this.#take(change),
      fail,
    });
  }

  get hasMore() { return this.end !== null; }

  close() {
    this.#search.abort();
    this.#stream.close();
  }

  async #list() {
    const { signal } = this.#search;
    const records = new Map();
    const path = (parameters) => "/v1/records?" + query({ pattern: this.#pattern, ...parameters });
    let page = await get(path({ after: this.#after || undefined, limit: this.#limit }), { signal });
    let end = this.#add(records, page);
    // A page of the gateway ends early when its search has taken a second.
    while (end !== null && records.size < this.#limit) {
      this.dispatchEvent(new CustomEvent("search", { detail: end }));
      page = await get(path({ after: end || undefined, limit: this.#limit - records.size, revision: page.revision }), { signal });
      end = this.#add(records, page) ?? null;
    }
    this.records = records;
    this.names = [...records.keys()];
    this.end = end;
    this.dispatchEvent(new Event("list"));
    return { pattern: this.#pattern, from: page.revision + 1 };
  }

  /// Returns the name behind which the next page begins, or null if there is none.
  #add(records, page) {
    for (const { name, document, version, revision, updated } of page.records) {
      records.set(name, { document, version, revision, time: updated });
    }
    return page.next === undefined ? null : new URLSearchParams(page.next.split("?")[1]).get("after");
  }

  #take({ kind, name, document, version, revision, time }) {
    if (kind === "lagged") return this.#stream.restart(refillDelay);
    if (kind === "event") return;
    if (kind === "remove" || kind === "expire") this.#drop(name);
    else if (!this.#put(name, { document, version, revision, time })) return;
    this.dispatchEvent(new CustomEvent("change", { detail: name }));
  }

  #drop(name) {
    if (!this.records.delete(name)) return;
    this.names.splice(indexOf(this.names, name), 1);
    if (this.hasMore && this.names.length <= this.#limit / 2) this.#stream.restart(refillDelay);
  }

  /// Returns false if the name is not of this page.
  #put(name, record) {
    if (!this.records.has(name)) {
      if (this.#after && compare(name, this.#after) <= 0) return false;
      if (this.hasMore && compare(name, this.end) > 0) return false;
      this.names.splice(indexOf(this.names, name), 0, name);
    }
    this.records.set(name, record);
    if (this.names.length <= this.#limit) return true;
    const last = this.names.pop();
    this.records.delete(last);
    this.end = this.names.at(-1);
    if (last === name) return false;
    this.dispatchEvent(new CustomEvent("change", { detail: last }));
    return true;
  }
}
