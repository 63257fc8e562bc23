// Records whose names match a pattern, kept up to date.
import { WatchStream } from "./watch_stream.js";

// Time without a record after which the state is considered complete. After `lagged` every existing
// record follows, and the stream does not mark the last one.
const quietMs = 1500;

/// `changed(name, record, change)` is called with each new state of a record, undefined if it is
/// gone. A record is {document, version, revision, time}. `settled` is called when the existing
/// records have probably all arrived. `fail` gets a problem, or null. If more than `limit` records
/// match, the stream ends with the first of them and `fail` says so.
export class WatchedRecords {
  #records = new Map();
  #unseen = null;  // names that were known before the state is sent again
  #timer = 0;
  #limit;
  #pattern;
  #stream;

  constructor(pattern, { changed, fail, settled = () => {}, limit = 10_000 }) {
    this.changed = changed;
    this.settled = settled;
    this.fail = fail;
    this.#limit = limit;
    this.#pattern = pattern;
    this.#stream = new WatchStream({
      begin: () => {
        this.#expectAll();
        return { pattern, initial: true };
      },
      opened: () => this.#wait(),
      change: (change) => this.#take(change),
      fail,
    });
  }

  isSettled = false;

  get records() { return this.#records; }

  close() {
    clearTimeout(this.#timer);
    this.#stream.close();
  }

  #expectAll() {
    clearTimeout(this.#timer);
    this.#unseen = new Set(this.#records.keys());
  }

  #wait() {
    clearTimeout(this.#timer);
    if (this.#unseen) this.#timer = setTimeout(() => this.#sweep(), quietMs);
  }

  #sweep() {
    const gone = this.#unseen ?? [];
    this.#unseen = null;
    for (const name of gone) this.#drop(name, { kind: "remove", name });
    this.isSettled = true;
    this.settled();
  }

  #drop(name, change) {
    if (this.#records.delete(name)) this.changed(name, undefined, change);
  }

  #take(change) {
    if (change.kind === "lagged") {
      this.#expectAll();
      return this.#wait();
    }
    this.#unseen?.delete(change.name);
    if (change.kind === "current") this.#wait();
    if (change.kind === "remove" || change.kind === "expire") return this.#drop(change.name, change);
    if (change.document === undefined) return;
    if (this.#records.size >= this.#limit && !this.#records.has(change.name)) return this.#overflow();
    const { document, version, revision, time } = change;
    const record = { document, version, revision, time };
    this.#records.set(change.name, record);
    this.changed(change.name, record, change);
  }

  #overflow() {
    this.close();
    this.fail({ message: `More than ${this.#limit} records match ${this.#pattern}. The first ${this.#limit} are shown, and not updated; choose a narrower pattern.` });
  }
}
