// Axes of charts: round ticks, and where a value lies.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 6, maximumSignificantDigits: 15 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

/// A number with separators of thousands; short from ten millions on.
export const tickText = (value) => (Math.abs(value) >= 1e7 ? compact : grouped).format(Number(value.toPrecision(6)));

const steps = [1, 2, 2.5, 5, 10];
const ticksMax = 50;

function stepFor(span, count) {
  const unit = 10 ** Math.floor(Math.log10(span / count));
  return unit * (steps.find((step) => step * unit >= span / count) ?? 10);
}

/// {ticks: [{at, text}], place(value)} for values from `from` to `to` on `size` pixels that begin
/// at `begin`. `isUpward`: greater values are further up. `isTight`: the axis ends at the values.
export function valueAxis(from, to, size, begin, isUpward = false, isTight = false) {
  if (!(to > from)) [from, to] = [isTight ? from - 0.5 : Math.min(0, from), to > 0 || isTight ? to + 0.5 : 1];
  const step = stepFor(to - from, Math.max(2, Math.floor(size / 80)));
  const low = isTight ? from : Math.floor(from / step) * step;
  const high = isTight ? to : Math.ceil(to / step) * step;
  const place = (value) => {
    const share = (value - low) / (high - low);
    return begin + size * (isUpward ? 1 - share : share);
  };
  const first = Math.ceil(low / step - 1e-9) * step;
  const count = Math.floor((high - first) / step + 1e-9) + 1;
  const ticks = [];
  // Beyond 2^53 the steps might be smaller than the distance of two numbers.
  for (let i = 0; i < Math.min(count, ticksMax); ++i) ticks.push({ at: place(first + i * step), text: tickText(first + i * step) });
  return { ticks, place };
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [second, 5 * second, 15 * second, minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour,
  day, 7 * day, 30 * day, 90 * day, 365 * day];

/// The same for Unix times in ms, with ticks at local times.
export function timeAxis(from, to, size, begin) {
  if (!(to > from)) to = from + second;
  const place = (value) => begin + (size * (value - from)) / (to - from);
  const wanted = (to - from) / Math.max(2, Math.floor(size / 110));
  const step = timeSteps.find((one) => one >= wanted) ?? timeSteps.at(-1) * Math.ceil(wanted / timeSteps.at(-1));
  const options = step >= day ? { year: "numeric", month: "2-digit", day: "2-digit" }
    : { hour: "2-digit", minute: "2-digit", second: step < minute ? "2-digit" : undefined, hourCycle: "h23" };
  const format = new Intl.DateTimeFormat(undefined, options);
  const offset = new Date(from).getTimezoneOffset() * minute;
  const ticks = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) {
    ticks.push({ at: place(at), text: format.format(at) });
  }
  return { ticks, place };
}
