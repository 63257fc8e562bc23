// The readiness of the gateway and its grid: polls /readyz, and shows a banner when it fails.
import { Problem } from "./api.js";
import { byId, element } from "./dom.js";

const interval = 2000;
const patience = 5000;

/// Emits "change" after each check, and "recovered" when the grid answers again.
class Health extends EventTarget {
  #wrong = null;      // the problem of /readyz
  #failure = null;    // the request that failed first
  #since = 0;
  #timer = 0;
  #isChecking = false;

  get problem() { return this.#wrong; }

  start() {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#check(); });
    this.#check();
  }

  /// Reports that a request has failed for a temporary reason: checks at once.
  report(problem) {
    this.#failure = problem;
    if (this.#wrong) this.#show();
    else this.#check();
  }

  async #check() {
    clearTimeout(this.#timer);
    if (this.#isChecking) return;
    this.#isChecking = true;
    const wrong = document.hidden ? this.#wrong : await this.#ask();
    this.#isChecking = false;
    const hasRecovered = this.#wrong && !wrong;
    if (wrong && !this.#wrong) this.#since = Date.now();
    this.#wrong = wrong;
    if (!wrong) this.#failure = null;
    this.#show();
    this.dispatchEvent(new Event("change"));
    if (hasRecovered) this.dispatchEvent(new Event("recovered"));
    this.#timer = setTimeout(() => this.#check(), wrong ? interval / 2 : interval);
  }

  async #ask() {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), patience);
    try {
      const response = await fetch("/readyz", { cache: "no-store", signal: limit.signal });
      return response.ok ? null : await Problem.of("GET /readyz", response);
    } catch {
      return new Problem("GET /readyz", 0, "", "");
    } finally {
      clearTimeout(timer);
    }
  }

  #show() {
    const state = this.#wrong ? "gone" : "live";
    byId("state").dataset.state = state;
    byId("state-text").textContent = state;
    const banner = byId("banner");
    if (!this.#wrong) return banner.replaceChildren();
    const title = this.#wrong.status === 0 ? "The gateway does not answer." : "The grid is not ready.";
    const said = [this.#wrong, this.#failure].filter(Boolean).map((problem) => problem.message);
    // An unchanged banner is not replaced, so that screen readers do not repeat it.
    const key = [title, ...said].join("\n");
    if (banner.dataset.key === key && banner.hasChildNodes()) return;
    banner.dataset.key = key;
    banner.replaceChildren(
      element("strong", { text: title }),
      element("ul", {}, ...[...new Set(said)].map((line) => element("li", { text: line }))),
      element("span", { text: `Since ${new Date(this.#since).toLocaleTimeString()}. This page shows the last known state, and continues when the grid answers.` }));
  }
}

export const health = new Health();
