// The view of messages: publishes events, calls providers, and shows received events.
import { post, Problem, query } from "./api.js";
import { byId, element, oncePerFrame, showProblem, showText } from "./dom.js";
import { documentLines } from "./document_lines.js";
import { parse, preview } from "./json.js";
import * as place from "./place.js";
import { countText, timeText } from "./times.js";
import { WatchedRecords } from "./watched_records.js";
import { WatchStream } from "./watch_stream.js";

const eventsMax = 100;

export class MessagesView {
  #providers = null;
  #stream = null;
  #events = [];      // newest first
  #received = 0;
  #since = 0;
  #call = null;      // an AbortController
  #draw = oncePerFrame(() => this.#drawEvents());

  constructor() {
    byId("event-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#publish();
    });
    byId("call-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#makeCall();
    });
    byId("call-stop").addEventListener("click", () => this.#call?.abort());
    byId("listen-form").addEventListener("submit", (event) => {
      event.preventDefault();
      place.setParameters({ listen: byId("listen-pattern").value.trim() });
      this.#listen();
    });
    byId("listen-stop").addEventListener("click", () => {
      place.setParameters({ listen: null });
      this.#stopListening();
      byId("listen-start").focus();
    });
  }

  show() {
    for (const [parameter, id] of [["subject", "event-subject"], ["call", "call-name"], ["listen", "listen-pattern"]]) {
      const value = place.parameter(parameter);
      if (value !== null) byId(id).value = value;
    }
    this.#providers = new WatchedRecords("$sys/rpc/**", { changed: oncePerFrame(() => this.#drawProviders()), fail: () => {} });
    if (place.parameter("listen")) this.#listen();
  }

  hide() {
    this.#providers.close();
    this.#providers = null;
    this.#stopListening();
  }

  /// Names that can be called: patterns without wildcards.
  #drawProviders() {
    if (!this.#providers) return;
    const names = new Set([...this.#providers.records.values()].map(({ document }) => document.pattern).filter((name) => name && !name.includes("*")));
    byId("call-names").replaceChildren(...[...names].sort().map((name) => element("option", { value: name })));
  }

  async #publish() {
    const result = byId("event-result");
    const body = checkedText(byId("event-document").value, result);
    if (body === null) return;
    const subject = byId("event-subject").value.trim();
    try {
      const { revision } = await post("/v1/events?" + query({ subject }), body);
      showText(result, `Published at revision ${revision}, ${timeText(Date.now())}.`);
    } catch (problem) {
      showFailure(result, problem);
    }
  }

  async #makeCall() {
    const result = byId("call-result");
    const answer = byId("call-answer");
    const body = checkedText(byId("call-document").value, result);
    answer.hidden = true;
    if (body === null) return;
    this.#call?.abort();
    const call = new AbortController();
    this.#call = call;
    byId("call-stop").hidden = false;
    showText(result, "calling");
    const headers = { "Ringside-Timeout": byId("call-timeout").value.trim(),
      "Ringside-Idempotent": String(byId("call-idempotent").checked) };
    const began = performance.now();
    const show = (document) => {
      answer.replaceChildren(...documentLines(document));
      answer.hidden = false;
    };
    try {
      show(await post("/v1/rpc?" + query({ name: byId("call-name").value.trim() }), body, { headers, signal: call.signal }));
      showText(result, `Answered after ${countText(performance.now() - began)} ms.`);
    } catch (problem) {
      if (call !== this.#call) return;
      showFailure(result, problem);
      if (problem.body?.failure !== undefined) show(problem.body.failure);
    } finally {
      if (call === this.#call) byId("call-stop").hidden = true;
    }
  }

  #listen() {
    this.#stream?.close();
    const pattern = byId("listen-pattern").value.trim();
    this.#events = [];
    this.#received = 0;
    this.#since = Date.now();
    this.#stream = new WatchStream({
      begin: () => ({ pattern, events: true, changes: false }),
      opened: () => this.#draw(),
      change: (change) => {
        if (change.kind === "event") ++this.#received;
        else if (change.kind !== "lagged") return;
        this.#events.unshift(change);
        this.#events.length = Math.min(this.#events.length, eventsMax);
        this.#draw();
      },
      fail: (problem) => {
        showProblem(byId("listen-problem"), problem);
        if (problem) this.#stopListening();
      },
    });
    byId("listen-stop").hidden = false;
    byId("listen-status").textContent = "subscribing";
    byId("events").replaceChildren();
  }

  #stopListening() {
    this.#stream?.close();
    this.#stream = null;
    byId("listen-stop").hidden = true;
    byId("listen-status").textContent = "";
  }

  #drawEvents() {
    if (!this.#stream) return;
    const shown = this.#received > this.#events.length ? `, the last ${this.#events.length} are shown` : "";
    byId("listen-status").textContent =
      `subscribed since ${timeText(this.#since)} · ${countText(this.#received)} received${shown}`;
    byId("events").replaceChildren(...this.#events.map((event) => element("li", {},
      element("span", { class: "when", text: event.time ? timeText(event.time) : "" }),
      element("code", { text: event.name ?? "" }),
      element("span", { class: "preview", text: event.kind === "lagged" ? "events were missed here" : preview(event.document, 300) }))));
  }
}

/// The text if it is JSON. Otherwise shows why not, and returns null.
function checkedText(text, notice) {
  try {
    parse(text);
    return text;
  } catch (failure) {
    showText(notice, `The document is not JSON: ${failure.message}`, true);
    return null;
  }
}

function showFailure(notice, problem) {
  if (problem.name === "AbortError") return showText(notice, "Stopped. The provider might carry the call out nevertheless.");
  if (!(problem instanceof Problem)) throw problem;
  showText(notice, problem.reason, true);
}
