// A document printed line by line, with changed lines marked.
import { element } from "./dom.js";
import { lines, preview } from "./json.js";

const linesMax = 2000;

/// Elements for the lines of a document. `differences` are those from the version before.
export function documentLines(document, differences = []) {
  const touched = new Map(differences.map((difference) => [difference.pointer, difference.kind]));
  const { lines: all, isCut } = lines(document, linesMax);
  // Every line of a subtree that was replaced as a whole is changed.
  const mark = (pointer) => {
    for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
      if (touched.has(at)) return touched.get(at);
    }
    return touched.get("");
  };
  const out = all.map(({ pointer, depth, key, value, kind, comma }) =>
    element("div", { class: "line", "data-change": touched.size > 0 ? mark(pointer) : undefined, "data-pointer": pointer },
      element("span", { text: "  ".repeat(depth) }),
      ...(key === undefined ? [] : [element("span", { class: "key", text: JSON.stringify(key) }), element("span", { text: ": " })]),
      element("span", { class: kind, text: value }), comma));
  if (isCut) out.push(element("p", { class: "quiet", text: `The document is longer: these are its first ${linesMax} lines.` }));
  return out;
}

/// Elements for the first `shownMax` differences between two documents.
export function differenceItems(all, shownMax, tag) {
  const items = all.slice(0, shownMax).map(({ pointer, kind, from, to }) => {
    const item = element(tag, { class: "difference" }, element("code", { text: pointer || "(all)" }));
    if (kind !== "added") item.append(element("del", { text: preview(from, 60) }));
    if (kind !== "removed") item.append(element("ins", { text: preview(to, 60) }));
    return item;
  });
  if (all.length > shownMax) items.push(element(tag, { class: "quiet", text: `and ${all.length - shownMax} more` }));
  return items;
}
