// The view of figures: activity and content of grid and gateway.
import { byId, element, showProblem } from "./dom.js";
import { Plot } from "./plot.js";
import { figure, labelOf, levels, rates, stats, windowMs } from "./stats.js";
import { ageText, bytesText, countText, shortText } from "./times.js";

const spanMin = 60 * 1000;
const perSecond = (value) => (value > 0 && value < 10 ? value.toFixed(1) : shortText(value)) + "/s";
const sumOf = (...names) => (metrics) => names.reduce((sum, name) => sum + (figure(metrics, name) ?? NaN), 0);
const known = (value, format) => (value === undefined || Number.isNaN(value) ? "–" : format(value));

const plots = [
  { title: "Commits", format: perSecond, rates: ["ringside_commits_total"] },
  { title: "Requests to the gateway", format: perSecond, rates: ["ringside_gateway_requests_total"] },
  { title: "Watches of the gateway", format: shortText, levels: ["ringside_gateway_watches", "ringside_gateway_watches_behind"], names: ["all", "behind"] },
  { title: "Memory of the heap", format: bytesText, levels: ["ringside_heap_used_bytes"], limit: "ringside_heap_size_bytes" },
  { title: "Changes sent to watches", format: perSecond, rates: ["ringside_gateway_changes_sent_total"] },
  { title: "Events and calls", format: perSecond, rates: ["ringside_events_total", "ringside_calls_total"], names: ["events", "calls"] },
];

const facts = [
  ["Broker", (m) => (figure(m, "ringside_up") === 1 ? "up" : "down")],
  ["Revision", (m) => known(figure(m, "ringside_published_revision"), countText)],
  ["Records", (m) => known(figure(m, "ringside_records"), countText)],
  ["Sessions", (m) => known(figure(m, "ringside_sessions"), countText)],
  ["Slowest watch", (m) => known(figure(m, "ringside_watch_lag_changes"), (lag) => (lag === 0 ? "up to date" : `${countText(lag)} behind`))],
  ["Memory", (m) => known(figure(m, "ringside_heap_used_bytes"), (used) => `${bytesText(used)} of ${bytesText(figure(m, "ringside_heap_size_bytes"))}`)],
  ["Store", (m) => ({ none: "in memory only", working: `${countText(figure(m, "ringside_durable_lag_revisions") ?? 0)} behind`, failing: "failing" })[labelOf(m, "ringside_store_state", "state")] ?? "–"],
  ["Retained changes", (m) => known(figure(m, "ringside_change_ring_retained_entries"), countText)],
  ["Providers", (m) => known(figure(m, "ringside_providers"), countText)],
  ["Connections", (m) => known(figure(m, "ringside_gateway_connections"), countText)],
  ["Gateway up for", (m) => known(figure(m, "ringside_gateway_start_timestamp_seconds"), (at) => ageText(Date.now() - at * 1000))],
];

export class OverviewView {
  #isVisible = false;
  #plots = plots.map((plot) => new Plot({ ...plot, names: plot.names ?? [plot.title] }));
  #values = facts.map(() => element("dd"));

  constructor() {
    byId("plots").append(...this.#plots.map((plot) => plot.node));
    byId("facts").append(...facts.map(([title], i) => element("div", {}, element("dt", { text: title }), this.#values[i])));
    stats.addEventListener("sample", () => { if (this.#isVisible) this.#draw(); });
    stats.addEventListener("problem", (event) => showProblem(byId("overview-problem"), event.detail));
  }

  show() {
    this.#isVisible = true;
    this.#draw();
  }

  hide() { this.#isVisible = false; }

  #draw() {
    if (!stats.newest) return;
    const { at, metrics } = stats.newest;
    const span = Math.min(windowMs, Math.max(spanMin, at - stats.samples[0].at));
    for (const [i, [, read]] of facts.entries()) this.#values[i].textContent = read(metrics);
    for (const [i, plot] of plots.entries()) {
      const series = plot.rates
        ? plot.rates.map((name) => rates(stats.samples, sumOf(name)))
        : plot.levels.map((name) => levels(stats.samples, (m) => figure(m, name)));
      this.#plots[i].draw(series, at, span, plot.limit && figure(metrics, plot.limit));
    }
  }
}
