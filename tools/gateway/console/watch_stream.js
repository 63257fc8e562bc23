// A stream of changes that is opened again when it breaks.
import { open, Problem, query } from "./api.js";
import { health } from "./health.js";
import { parse } from "./json.js";
import { token } from "./token.js";

const kinds = ["current", "put", "patch", "remove", "expire", "event", "lagged"];
const retryDelay = 1000;

/// After a lost connection, EventSource resumes where it was. After a response that is not a
/// stream it stops, and the stream is begun again here. `begin` returns the parameters each time,
/// or a promise of them. `opened` is called when the stream is open, `change` with each change, and
/// `fail` with a Problem that stays, or with null when there is none.
export class WatchStream {
  #source = null;
  #isClosed = false;
  #timer = 0;

  constructor({ begin, opened = () => {}, change, fail }) {
    this.begin = begin;
    this.opened = opened;
    this.change = change;
    this.fail = fail;
    this.#open();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  /// Begins again after `delay` ms.
  restart(delay = 0) {
    this.#source?.close();
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#open(), delay);
  }

  async #open() {
    try {
      const parameters = await this.begin();
      if (this.#isClosed) return;
      this.fail(null);
      this.#listen("/v1/watch?" + query(parameters));
    } catch (problem) {
      if (this.#isClosed && problem.name === "AbortError") return;
      if (!(problem instanceof Problem)) throw problem;
      this.#handle(problem);
    }
  }

  #listen(path) {
    const withToken = token() ? `${path}&${query({ access_token: token() })}` : path;
    const source = new EventSource(withToken);
    this.#source = source;
    source.addEventListener("open", () => { if (source === this.#source) this.opened(); }, { once: true });
    for (const kind of kinds) {
      source.addEventListener(kind, (event) => {
        if (source === this.#source && !this.#isClosed) this.change(parse(event.data));
      });
    }
    source.addEventListener("error", (event) => {
      if (this.#isClosed || source !== this.#source) return;
      if (event.data !== undefined) return this.#end(path, parse(event.data));
      if (source.readyState === EventSource.CLOSED) this.#diagnose(path);
      else health.report(new Problem("GET " + path, 0, "", ""));
    });
  }

  /// The gateway has ended the stream with a problem.
  #end(path, { status, code, detail }) {
    this.#source.close();
    this.#handle(new Problem("GET " + path, status ?? 0, code ?? "", detail ?? ""));
  }

  /// Repeats the request, because EventSource hides the response.
  async #diagnose(path) {
    const look = new AbortController();
    try {
      const response = await open(path, { signal: look.signal });
      const problem = response.ok ? null : await Problem.of("GET " + path, response);
      look.abort();
      if (problem) this.#handle(problem);
      else this.restart(retryDelay);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#handle(problem);
    }
  }

  #handle(problem) {
    if (this.#isClosed) return;
    if (!problem.isTemporary) return this.fail(problem);
    health.report(problem);
    this.restart(retryDelay);
  }
}
