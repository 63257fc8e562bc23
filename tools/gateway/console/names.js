// Order of names, and natural order of texts.

/// Byte order, as in the grid. JavaScript compares UTF-16 units, where characters beyond 16 bits
/// come before U+E000.
export function compare(a, b) {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; ++i) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

const rank = (unit) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

const collator = new Intl.Collator("en", { numeric: true });

/// Natural order: A2 before A10. Returns 0 only for equal texts.
export const compareNaturally = (a, b) => collator.compare(a, b) || compare(a, b);

/// The first of `size` sorted elements for which `compareAt(index)` is not negative, or `size`.
export function lowerBound(size, compareAt) {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareAt(middle) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/// The index of `name`, or its place, in sorted names.
export const indexOf = (names, name) => lowerBound(names.length, (i) => compare(names[i], name));
