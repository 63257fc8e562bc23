// Charts of tables, drawn for a width in pixels: bars by label, and lines by number or time.
import { drawing, element } from "./dom.js";
import { tickText, timeAxis, valueAxis } from "./axis.js";

export const seriesMax = 6;
const barsMax = 60;
const characterWidth = 6.6;  // of the font of axes, about
const barHeight = 13;

const cut = (text, charactersMax) => (text.length > charactersMax ? text.slice(0, Math.max(1, charactersMax - 1)) + "…" : text);

function legend(names) {
  if (names.length < 2) return [];
  return [element("ul", { class: "series" }, ...names.map((name, i) =>
    element("li", {}, element("span", { class: `swatch s${i}`, "aria-hidden": "true" }), name)))];
}

const caption = (title, more = "") => element("figcaption", {}, title, more ? element("span", { class: "quiet", text: more }) : "");

const canvas = (width, height, title) => drawing("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });

const valuesOf = (points) => points.flatMap((point) => point.values).filter((value) => value !== undefined);

/// Horizontal bars: labels of any length stay readable on a narrow screen. `points` are
/// {label, values}, with a value for each of `names`, undefined where there is none.
export function barChart({ title, names, points }, width) {
  const shown = points.slice(0, barsMax);
  const values = valuesOf(shown);
  const left = Math.min(width * 0.38, 14 + characterWidth * Math.max(3, ...shown.map(({ label }) => label.length)));
  const right = 14 + characterWidth * Math.max(1, ...values.map((value) => tickText(value).length));
  const axis = valueAxis(Math.min(0, ...values), Math.max(0, ...values), width - left - right, left);
  const rowHeight = Math.max(1, names.length) * barHeight + 8;
  const height = shown.length * rowHeight + 24;
  const svg = canvas(width, height, `Bars: ${title}`);
  for (const { at, text } of axis.ticks) {
    svg.append(drawing("line", { class: "grid", x1: at, x2: at, y1: 0, y2: height - 20 }),
      tick(at, height - 6, text, width));
  }
  for (const [row, { label, values: ofRow }] of shown.entries()) {
    const top = row * rowHeight + 4;
    const name = drawing("text", { class: "label", x: left - 8, y: top + (rowHeight - 8) / 2 + 4, "text-anchor": "end" });
    name.textContent = cut(label, Math.floor((left - 12) / characterWidth));
    svg.append(name);
    for (const [i, value] of ofRow.entries()) {
      if (value === undefined) continue;
      const [from, to] = [axis.place(Math.min(0, value)), axis.place(Math.max(0, value))];
      const bar = drawing("rect", { class: `bar s${i}`, x: from, y: top + i * barHeight, width: Math.max(1, to - from), height: barHeight - 2 });
      const description = drawing("title");
      description.textContent = `${label}: ${names[i]} ${tickText(value)}`;
      bar.append(description);
      const text = drawing("text", { class: "tick", x: to + 4, y: top + i * barHeight + 9 });
      text.textContent = tickText(value);
      svg.append(bar, text);
    }
  }
  const more = points.length > shown.length ? `the first ${barsMax} of ${points.length} rows` : "";
  return [caption(title, more), ...legend(names), svg];
}

/// Lines over a number, a time (Unix time in ms) or, if the column has text, the number of the row.
export function lineChart({ title, names, points }, width) {
  const height = 260;
  const isNumeric = points.every(({ x }) => x !== undefined);
  const placed = points.map((point, i) => ({ ...point, at: isNumeric ? point.x : i }));
  if (isNumeric) placed.sort((a, b) => a.at - b.at);
  const values = valuesOf(placed);
  const tall = valueAxis(Math.min(0, ...values), Math.max(0, ...values), height - 40, 10, true);
  const left = 14 + characterWidth * Math.max(...tall.ticks.map(({ text }) => text.length));
  const xs = placed.map(({ at }) => at);
  const [from, to] = [Math.min(...xs), Math.max(...xs)];
  const wide = isTime(from, to) ? timeAxis(from, to, width - left - 20, left) : valueAxis(from, to, width - left - 20, left, false, true);
  const svg = canvas(width, height, `Lines: ${title}`);
  for (const { at, text } of tall.ticks) {
    const label = drawing("text", { class: "tick", x: left - 6, y: at + 4, "text-anchor": "end" });
    label.textContent = text;
    svg.append(drawing("line", { class: "grid", x1: left, x2: width - 14, y1: at, y2: at }), label);
  }
  if (isNumeric) for (const { at, text } of wide.ticks) svg.append(tick(at, height - 8, text, width));
  else svg.append(...endLabels(placed, left, width, height));
  for (let i = 0; i < names.length; ++i) {
    let path = "";
    let isOpen = false;
    for (const { at, values: ofPoint } of placed) {
      const value = ofPoint[i];
      if (value === undefined) {
        isOpen = false;
        continue;
      }
      path += `${isOpen ? "L" : "M"}${wide.place(at).toFixed(1)} ${tall.place(value).toFixed(1)}`;
      isOpen = true;
    }
    svg.append(drawing("path", { class: `line s${i}`, d: path }));
    if (placed.length <= 100) svg.append(...dots(placed, i, wide, tall, names[i]));
  }
  return [caption(title), ...legend(names), svg];
}

// Unix times in ms of the years 2001 to 2286.
const isTime = (from, to) => from > 1e12 && to < 1e13;

function tick(at, y, text, width) {
  const half = (text.length * characterWidth) / 2;
  const anchor = at + half > width ? "end" : at - half < 0 ? "start" : "middle";
  const node = drawing("text", { class: "tick", x: at, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

function endLabels(placed, left, width, height) {
  const room = Math.floor((width - left) / 2 / characterWidth) - 2;
  return [[placed[0], left, "start"], [placed.at(-1), width - 14, "end"]].map(([point, x, anchor]) => {
    const node = drawing("text", { class: "tick", x, y: height - 8, "text-anchor": anchor });
    node.textContent = cut(point.label, room);
    return node;
  });
}

function dots(placed, i, wide, tall, name) {
  return placed.filter(({ values }) => values[i] !== undefined).map(({ at, label, values }) => {
    const dot = drawing("circle", { class: `dot s${i}`, cx: wide.place(at).toFixed(1), cy: tall.place(values[i]).toFixed(1), r: 2.5 });
    const description = drawing("title");
    description.textContent = `${label}: ${name} ${tickText(values[i])}`;
    dot.append(description);
    return dot;
  });
}
