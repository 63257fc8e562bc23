// Names of records.

/// In byte order, as the grid has them. JavaScript compares UTF-16, where what lies beyond 16 bits
/// comes before U+E000 and not after U+FFFF.
export function compare(a, b) {
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; ++i) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return place(x) - place(y);
  }
  return a.length - b.length;
}

const place = (unit) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/// Where `name` is, or would be, in sorted names.
export function indexOf(names, name) {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(names[middle], name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
