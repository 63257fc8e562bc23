// The figures of grid and gateway, polled whichever view is shown.
import { get, Problem } from "./api.js";
import { health } from "./health.js";

const interval = 2000;
export const windowMs = 5 * 60 * 1000;

/// Emits "sample" after each sample, and "problem" (`detail`: the Problem, or null).
class Stats extends EventTarget {
  samples = [];  // {at, metrics}, oldest first, of the window
  #timer = 0;

  start() {
    health.addEventListener("recovered", () => this.#poll());
    document.addEventListener("visibilitychange", () => this.#poll());
    this.#poll();
  }

  get newest() { return this.samples.at(-1); }

  async #poll() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    this.#timer = setTimeout(() => this.#poll(), interval);
    try {
      const metrics = await get("/v1/stats");
      const at = Date.now();
      this.samples = this.samples.filter((sample) => sample.at > at - windowMs);
      this.samples.push({ at, metrics });
      this.#report(null);
      this.dispatchEvent(new Event("sample"));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.isTemporary) health.report(problem);
      else this.#report(problem);
    }
  }

  #report(problem) { this.dispatchEvent(new CustomEvent("problem", { detail: problem })); }
}

export const stats = new Stats();

/// The sum of a metric's samples with these labels, or undefined without such a metric.
export function figure(metrics, name, labels = {}) {
  const samples = metrics[name]?.samples.filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
  if (!samples) return undefined;
  return samples.reduce((sum, sample) => sum + Number(sample.value ?? sample.count ?? 0), 0);
}

/// The value of a label of the first sample that is not 0.
export function labelOf(metrics, name, label) {
  return metrics[name]?.samples.find((sample) => sample.value !== 0)?.labels[label];
}

/// {at, value} of a figure over time; the value is undefined where it was not known.
export const levels = (samples, read) => samples.map(({ at, metrics }) => ({ at, value: read(metrics) }));

/// The growth of a counter per second; undefined where the counter was reset.
export function rates(samples, read) {
  const out = [];
  for (let i = 1; i < samples.length; ++i) {
    const grown = read(samples[i].metrics) - read(samples[i - 1].metrics);
    const seconds = (samples[i].at - samples[i - 1].at) / 1000;
    out.push({ at: samples[i].at, value: grown >= 0 && seconds > 0 ? grown / seconds : undefined });
  }
  return out;
}
