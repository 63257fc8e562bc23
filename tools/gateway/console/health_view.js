// The view of health: checks of grid and gateway, the worst first.
import { byId, element, showProblem } from "./dom.js";
import { health } from "./health.js";
import { checks } from "./health_checks.js";
import { stats } from "./stats.js";

const words = { good: "OK", warning: "Warning", bad: "Problem", unknown: "Unknown" };

export class HealthView {
  #isVisible = false;

  constructor() {
    const draw = () => { if (this.#isVisible) this.#draw(); };
    stats.addEventListener("sample", draw);
    health.addEventListener("change", draw);
    stats.addEventListener("problem", (event) => showProblem(byId("health-problem"), event.detail));
  }

  show() {
    this.#isVisible = true;
    this.#draw();
  }

  hide() { this.#isVisible = false; }

  #draw() {
    if (!stats.newest) return;
    const all = checks(stats.newest.metrics, stats.samples[0].metrics, health.problem);
    byId("checks").replaceChildren(...all.map(({ title, state, text, advice }) => element("li", { "data-check": title, "data-state": state },
      element("strong", { class: "verdict", text: words[state] }), element("span", { class: "title", text: title }),
      element("span", { text }), advice ? element("span", { class: "quiet", text: advice }) : "")));
  }
}
