// What a cell of a map shows of a record, as the user configures it.
import { labelText, preview, valueAt } from "./json.js";

const textMax = 60;

/// A function (name, document) that returns the text of a field. A field is a level of the name
/// (`3`; the first is 0), a JSON Pointer (`/sale/status`) or a member of the document (`status`).
function fieldReader(field) {
  if (/^\d+$/.test(field)) return (name) => name.split("/")[Number(field)] ?? "";
  const pointer = field.startsWith("/") ? field : "/" + field.replaceAll("~", "~0").replaceAll("/", "~1");
  return (name, document) => {
    const value = valueAt(document, pointer);
    if (value === undefined) return "";
    return typeof value === "object" && value !== null ? preview(value, textMax) : labelText(value).slice(0, textMax);
  };
}

/// The levels of names that have a wildcard in the pattern, without the last one. Levels behind
/// `**` can be anything: then all levels between the first wildcard and the last level count.
function groupReader(pattern) {
  const levels = pattern.split("/");
  const wild = levels.map((level, i) => (level.includes("*") ? i : -1)).filter((i) => i >= 0);
  if (levels.includes("**")) return (parts) => parts.slice(wild[0], -1).join("/");
  const grouping = wild.slice(0, -1);
  return (parts) => grouping.map((i) => parts[i] ?? "").join("/");
}

/// The letters at the beginning of a label that has digits: "A" of A12, "node" of node-3.
const lettersOf = (label) => /^\D+(?=\d)/.exec(label)?.[0].replace(/[^\p{L}]+$/u, "") ?? "";

/// A function (name, document) that returns {label, status, group}. Cells are grouped by the levels
/// of the name that the pattern leaves open. If there is only one, the letters that the label
/// begins with are the group: A1 and A2 are row A.
export function cellReader(pattern, label, status) {
  const groupOf = groupReader(pattern);
  const labelOf = label ? fieldReader(label) : (name) => name.slice(name.lastIndexOf("/") + 1);
  const statusOf = fieldReader(status);
  return (name, document) => {
    const text = labelOf(name, document) || "–";
    return { label: text, status: statusOf(name, document) || "none",
      group: groupOf(name.split("/")) || lettersOf(text) };
  };
}
