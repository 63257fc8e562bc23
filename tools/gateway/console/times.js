// Times, durations and sizes as text.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/// The time, with its date if that is not today.
export function timeText(ms) {
  const then = new Date(ms);
  const text = clock.format(then);
  return then.toDateString() === new Date().toDateString() ? text : `${day.format(then)} ${text}`;
}

export function ageText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  for (const [size, unit] of units) if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${seconds} s`;
}

export const countText = (number) => whole.format(number);
export const shortText = (number) => (number < 10000 ? whole.format(number) : short.format(number));

export function bytesText(bytes) {
  let unit = 0;
  while (bytes >= 1024 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  return `${unit === 0 || bytes >= 100 ? whole.format(bytes) : bytes.toFixed(1)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/// A duration in seconds with three significant digits: 85 µs, 1.25 ms.
export function durationText(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const [scale, unit] = seconds < 1e-3 ? [1e6, "µs"] : seconds < 1 ? [1e3, "ms"] : [1, "s"];
  return `${Number((seconds * scale).toPrecision(3))} ${unit}`;
}
