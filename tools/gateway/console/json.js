// Documents: parsed without loss, printed line by line, compared.

/// A number that JavaScript would write differently (9007199254740993, 1.0), as it was written.
class ExactNumber {
  constructor(source) { this.source = source; }
  toJSON() { return Number(this.source); }
  valueOf() { return Number(this.source); }
  toString() { return this.source; }
}

const keepExact = (key, value, context) =>
  typeof value === "number" && context && String(value) !== context.source ? new ExactNumber(context.source) : value;

export const parse = (text) => JSON.parse(text, keepExact);

const isList = Array.isArray;
const isTree = (value) => typeof value === "object" && value !== null && !(value instanceof ExactNumber);
const step = (key) => "/" + String(key).replaceAll("~", "~0").replaceAll("/", "~1");

function entriesOf(tree) {
  return isList(tree) ? tree.map((value, i) => [i, value]) : Object.entries(tree);
}

/// The number that a value stands for; undefined if it is not a number.
export function numberOf(value) {
  if (value instanceof ExactNumber) return Number(value.source);
  return typeof value === "number" ? value : undefined;
}

/// The value at a JSON Pointer (RFC 6901); undefined if there is none.
export function valueAt(document, pointer) {
  let value = document;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isTree(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/// A value as a label: strings without quotes.
export const labelText = (value) => (typeof value === "string" ? value : text(value));

function text(value) {
  if (value instanceof ExactNumber) return value.source;
  if (!isTree(value)) return JSON.stringify(value);
  const parts = entriesOf(value).map(([key, member]) =>
    isList(value) ? text(member) : JSON.stringify(key) + ":" + text(member));
  return isList(value) ? "[" + parts.join(",") + "]" : "{" + parts.join(",") + "}";
}

/// A document on indented lines, for editing.
export function indentedText(value, indent = "") {
  if (!isTree(value)) return text(value);
  const entries = entriesOf(value);
  const [open, close] = isList(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return open + close;
  const deeper = indent + "  ";
  const parts = entries.map(([key, member]) =>
    deeper + (isList(value) ? "" : JSON.stringify(key) + ": ") + indentedText(member, deeper));
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

/// At most `limit` characters of the text. Builds only as much text as needed.
export function preview(value, limit) {
  let out = "";
  const add = (part) => { out += part; return out.length < limit; };
  const put = (node) => {
    if (!isTree(node)) return add(typeof node === "string" ? JSON.stringify(node.slice(0, limit)) : text(node));
    add(isList(node) ? "[" : "{");
    let count = 0;
    for (const key in node) {
      if (count++ > 0) add(", ");
      if (!isList(node)) add(key + ": ");
      if (!put(node[key])) return false;
    }
    return add(isList(node) ? "]" : "}");
  };
  put(value);
  return out.length > limit ? out.slice(0, limit - 1) + "…" : out;
}

function kindOf(value) {
  if (value === null) return "null";
  return value instanceof ExactNumber ? "number" : typeof value;
}

/// Lines of a document printed in full: {pointer, depth, key, value, kind, comma}; at most `limit`,
/// and whether there are more.
export function lines(document, limit) {
  const out = [];
  let isCut = false;
  const put = (line) => {
    if (out.length < limit) out.push(line);
    else isCut = true;
    return !isCut;
  };
  const walk = (value, pointer, depth, key, comma) => {
    if (!isTree(value)) return put({ pointer, depth, key, value: text(value), kind: kindOf(value), comma });
    const [open, close] = isList(value) ? ["[", "]"] : ["{", "}"];
    const members = entriesOf(value);
    if (members.length === 0) return put({ pointer, depth, key, value: open + close, kind: "tree", comma });
    if (!put({ pointer, depth, key, value: open, kind: "tree", comma: "" })) return false;
    for (const [index, [name, member]] of members.entries()) {
      const after = index + 1 < members.length ? "," : "";
      if (!walk(member, pointer + step(name), depth + 1, isList(value) ? undefined : name, after)) return false;
    }
    return put({ pointer, depth, value: close, kind: "tree", comma });
  };
  walk(document, "", 0, undefined, "");
  return { lines: out, isCut };
}

/// The differences between two documents: {pointer, kind, from, to}, at most `limit`.
export function differences(before, after, limit) {
  const out = [];
  const walk = (from, to, pointer) => {
    if (out.length >= limit) return;
    if (from === undefined) out.push({ pointer, kind: "added", to });
    else if (to === undefined) out.push({ pointer, kind: "removed", from });
    else if (isTree(from) && isTree(to) && isList(from) === isList(to)) {
      for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
        const own = (tree) => (Object.hasOwn(tree, key) ? tree[key] : undefined);
        walk(own(from), own(to), pointer + step(key));
      }
    } else if (text(from) !== text(to)) out.push({ pointer, kind: "changed", from, to });
  };
  walk(before, after, "");
  return out;
}
