// Records whose names match a pattern, kept up to date.
import { WatchStream } from "./watch_stream.js";

// After `lagged` every record that is there follows; which one is the last, the stream does not say.
const quiet = 1500;

/// `changed(name, record, change)`: a record is as it is now, or, undefined, gone. A record is
/// {document, version, revision, time}.
export class WatchedRecords {
  #records = new Map();
  #unseen = null;  // names that were there before the state is told again
  #timer = 0;
  #stream;

  constructor(pattern, { changed, fail }) {
    this.changed = changed;
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
    if (this.#unseen?.size > 0) this.#timer = setTimeout(() => this.#sweep(), quiet);
  }

  #sweep() {
    const gone = this.#unseen ?? [];
    this.#unseen = null;
    for (const name of gone) this.#drop(name, { kind: "remove", name });
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
    const { document, version, revision, time } = change;
    const record = { document, version, revision, time };
    this.#records.set(change.name, record);
    this.changed(change.name, record, change);
  }
}
