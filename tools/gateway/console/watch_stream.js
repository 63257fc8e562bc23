// A stream of changes that is opened again when it breaks.
import { open, Problem, query } from "./api.js";
import { health } from "./health.js";
import { parse } from "./json.js";
import { token } from "./token.js";

const kinds = ["current", "put", "patch", "remove", "expire", "event", "lagged"];
const again = 1000;

/// An EventSource goes on by itself after a connection was lost, from where it was. What it gives
/// up on (an answer that is no stream) is begun anew here: `begin` gives the parameters, each time,
/// or a promise of them; `opened` is called when that has come to something; `change` gets what is
/// told; `fail` gets a Problem that stays.
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

  /// Begins anew.
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
      if (!(problem instanceof Problem)) throw problem;
      this.#give(problem);
    }
  }

  #listen(path) {
    const withToken = token() ? `${path}&${query({ access_token: token() })}` : path;
    const source = new EventSource(withToken);
    this.#source = source;
    source.addEventListener("open", () => { if (source === this.#source) this.opened(); }, { once: true });
    for (const kind of kinds) {
      source.addEventListener(kind, (event) => { if (source === this.#source) this.change(parse(event.data)); });
    }
    source.addEventListener("error", (event) => {
      if (this.#isClosed || source !== this.#source) return;
      if (event.data !== undefined) return this.#refused(path, parse(event.data));
      if (source.readyState === EventSource.CLOSED) this.#diagnose(path);
      else health.report(new Problem("GET " + path, 0, "", ""));
    });
  }

  #refused(path, { status, code, detail }) {
    this.#source.close();
    this.#give(new Problem("GET " + path, status ?? 0, code ?? "", detail ?? ""));
  }

  /// EventSource does not say what the answer was.
  async #diagnose(path) {
    const look = new AbortController();
    try {
      const response = await open(path, { signal: look.signal });
      const problem = response.ok ? null : await Problem.of("GET " + path, response);
      look.abort();
      if (problem) this.#give(problem);
      else this.restart(again);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#give(problem);
    }
  }

  #give(problem) {
    if (this.#isClosed) return;
    if (!problem.isOfTheMoment) return this.fail(problem);
    health.report(problem);
    this.restart(again);
  }
}
