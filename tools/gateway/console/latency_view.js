// The view of latency: quantiles of all histograms that the gateway offers, durations first.
import { byId, element, showProblem } from "./dom.js";
import { difference, histogramSamples, isBeyond, quantile } from "./histogram.js";
import { Plot } from "./plot.js";
import { stats, windowMs } from "./stats.js";
import { durationText, shortText } from "./times.js";

const isDuration = (family) => family.endsWith("_seconds");
const formatOf = (family) => (isDuration(family) ? durationText : (value) => shortText(Number(value.toPrecision(3))));
const spanMin = 60 * 1000;
const plotWindow = 5;  // samples that a point of a plot covers: quantiles of few observations jump
const plotsMax = 24;

export class LatencyView {
  #isVisible = false;
  #plots = new Map();  // by family and labels

  constructor() {
    stats.addEventListener("sample", () => { if (this.#isVisible) this.#draw(); });
    stats.addEventListener("problem", (event) => showProblem(byId("latency-problem"), event.detail));
  }

  show() {
    this.#isVisible = true;
    this.#draw();
  }

  hide() { this.#isVisible = false; }

  #draw() {
    if (!stats.newest) return;
    const { metrics } = stats.newest;
    const families = Object.keys(metrics).filter((name) => metrics[name].type === "histogram");
    // Durations first, and among them those of the grid.
    const rank = (name) => (isDuration(name) ? 0 : 2) + name.includes("_gateway_");
    families.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    const lines = families.flatMap((family) => [...histogramSamples(metrics, family)]
      .map(([key, sample]) => ({ family, key, sample, help: metrics[family].help })));
    byId("latency-empty").hidden = lines.length > 0;
    byId("latency-rows").replaceChildren(...lines.map((line) => this.#row(line)));
    this.#drawPlots(lines.slice(0, plotsMax));
  }

  #row({ family, key, sample, help }) {
    const format = formatOf(family);
    const first = stats.samples[0];
    const recent = difference(sample, histogramSamples(first.metrics, family).get(key));
    const seconds = (stats.newest.at - first.at) / 1000;
    const number = (text, more = "") => element("td", { class: "number " + more, text });
    return element("tr", { "data-family": family },
      element("th", { scope: "row", title: family }, title(family, sample.labels), element("span", { class: "quiet hint", text: help })),
      number(quantileText(recent, 0.5, format)), number(quantileText(recent, 0.99, format)),
      number(seconds > 0 ? (recent.count / seconds).toFixed(1) : "–", "wide"),
      number(quantileText(sample, 0.5, format), "wide"), number(quantileText(sample, 0.99, format), "wide"));
  }

  #drawPlots(lines) {
    const { at } = stats.newest;
    const span = Math.min(windowMs, Math.max(spanMin, at - stats.samples[0].at));
    const shown = new Set(lines.map(({ family, key }) => family + key));
    for (const [id, plot] of this.#plots) {
      if (shown.has(id)) continue;
      plot.node.remove();
      this.#plots.delete(id);
    }
    for (const { family, key, sample } of lines) {
      const id = family + key;
      let plot = this.#plots.get(id);
      if (!plot) {
        plot = new Plot({ title: title(family, sample.labels), format: formatOf(family), names: ["p50", "p99"] });
        this.#plots.set(id, plot);
        byId("latency-plots").append(plot.node);
      }
      plot.draw(quantilesOverTime(family, key), at, span);
    }
  }
}

function quantileText(sample, q, format) {
  const value = quantile(sample, q);
  return value === undefined ? "–" : (isBeyond(sample, q) ? "> " : "") + format(value);
}

/// Lists of {at, value} for p50 and p99.
function quantilesOverTime(family, key) {
  const states = stats.samples.map(({ at, metrics }) => ({ at, sample: histogramSamples(metrics, family).get(key) }));
  const points = states.slice(1).map(({ at, sample }, i) => {
    const before = states[Math.max(0, i + 1 - plotWindow)].sample;
    return { at, grown: sample && before ? difference(sample, before) : undefined };
  });
  return [0.5, 0.99].map((q) => points.map(({ at, grown }) => ({ at, value: grown && quantile(grown, q) })));
}

/// ringside_gateway_request_duration_seconds{method="GET"} is "gateway request, GET".
function title(family, labels) {
  const words = family.replace(/^ringside_/, "").replace(/_seconds$/, "").replace(/_duration$/, "").replaceAll("_", " ");
  return [words, ...Object.values(labels)].join(", ");
}
