// A small line plot over time.
import { drawing, element } from "./dom.js";
import { ageText } from "./times.js";

const width = 300;
const height = 72;

/// A round number at or above the value.
function ceiling(value) {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * unit).find((top) => top >= value);
}

export class Plot {
  #series = [];
  #readout = element("output", { class: "value" });
  #left = element("span");
  #top = element("span");
  #lines;
  #cursor = drawing("line", { class: "cursor", y1: 0, y2: height, visibility: "hidden" });
  #svg;
  #now = 0;
  #span = 1;

  /// `format(value)` returns the text of a value. `names` are those of the series.
  constructor({ title, format, names }) {
    this.format = format;
    this.title = title;
    this.names = names;
    this.#lines = names.map((_, i) => [drawing("path", { class: `area s${i}` }), drawing("path", { class: `line s${i}` })]);
    this.#svg = drawing("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": title },
      drawing("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }), ...this.#lines.flat(), this.#cursor);
    const keys = names.length > 1 ? names.map((name, i) => element("span", { class: `mark s${i}`, text: name })) : [];
    this.node = element("figure", {},
      element("figcaption", {}, element("span", { text: title }), ...keys, this.#readout), this.#svg,
      element("div", { class: "scale quiet" }, this.#left, this.#top, element("span", { text: "now" })));
    this.#svg.addEventListener("pointermove", (event) => this.#point(event));
    this.#svg.addEventListener("pointerleave", () => this.#unpoint());
  }

  /// `series` are lists of {at, value}, as many as names. The right edge is `now`, the left edge is
  /// `span` earlier. `limit` is the top of the scale; without it, the scale fits the values.
  draw(series, now, span, limit) {
    this.#series = series;
    this.#now = now;
    this.#span = span;
    const values = series.flat().map((point) => point.value).filter((value) => value !== undefined);
    const top = limit ?? ceiling(Math.max(0, ...values));
    this.#left.textContent = ageText(span);
    this.#top.textContent = `scale to ${this.format(top)}`;
    for (const [i, points] of series.entries()) {
      const [area, line] = this.#lines[i];
      const path = this.#path(points, top);
      line.setAttribute("d", path.line);
      area.setAttribute("d", path.area);
    }
    this.#unpoint();
  }

  #x(at) { return width * (1 - (this.#now - at) / this.#span); }

  #path(points, top) {
    let line = "";
    let area = "";
    let run = [];
    const end = () => {
      if (run.length > 0) {
        const text = run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
        line += "M" + text;
        area += `M${run[0][0].toFixed(1)} ${height}L${text}L${run.at(-1)[0].toFixed(1)} ${height}Z`;
      }
      run = [];
    };
    for (const { at, value } of points) {
      if (value === undefined) end();
      else run.push([this.#x(at), height - 2 - (height - 4) * Math.min(1, value / top)]);
    }
    end();
    return { line, area };
  }

  #readOut(points, suffix) {
    const text = points.map((point) => (point?.value === undefined ? "–" : this.format(point.value))).join(" · ");
    this.#readout.textContent = text + suffix;
    return text;
  }

  #point(event) {
    const box = this.#svg.getBoundingClientRect();
    const at = this.#now - this.#span * (1 - (event.clientX - box.left) / box.width);
    const near = this.#series.map((points) =>
      points.reduce((best, point) => (!best || Math.abs(point.at - at) < Math.abs(best.at - at) ? point : best), null));
    if (!near[0]) return;
    const x = this.#x(near[0].at).toFixed(1);
    this.#cursor.setAttribute("x1", x);
    this.#cursor.setAttribute("x2", x);
    this.#cursor.setAttribute("visibility", "visible");
    this.#readOut(near, `, ${ageText(this.#now - near[0].at)} ago`);
  }

  #unpoint() {
    this.#cursor.setAttribute("visibility", "hidden");
    const text = this.#readOut(this.#series.map((points) => points.at(-1)), "");
    this.#svg.setAttribute("aria-label", `${this.title}: ${text}; over the last ${ageText(this.#span)}`);
  }
}
