// Quantiles of Prometheus histograms.

/// The samples of a histogram family by the text of their labels: {labels, buckets, count, sum}.
export function histogramSamples(metrics, name) {
  const family = metrics[name];
  if (family?.type !== "histogram") return new Map();
  return new Map(family.samples.map((sample) => [JSON.stringify(Object.entries(sample.labels).sort()), sample]));
}

/// The observations of `later` that are not in `earlier`. After a restart these are all of `later`.
export function difference(later, earlier) {
  if (!earlier || earlier.count > later.count) return later;
  const counts = new Map(earlier.buckets.map(({ le, count }) => [String(le), count]));
  return {
    ...later,
    buckets: later.buckets.map(({ le, count }) => ({ le, count: count - (counts.get(String(le)) ?? 0) })),
    count: later.count - earlier.count,
    sum: later.sum - earlier.sum,
  };
}

/// The value below which the share `q` of the observations lies, interpolated in its bucket like
/// PromQL's histogram_quantile. Undefined without observations. Above the last bound, that bound.
export function quantile({ buckets, count }, q) {
  if (!(count > 0) || buckets.length === 0) return undefined;
  const wanted = q * count;
  let below = 0;
  let from = 0;
  for (const { le, count: upTo } of buckets) {
    const bound = le === null ? Infinity : Number(le);
    if (upTo >= wanted && Number.isFinite(bound)) {
      return upTo > below ? from + ((bound - from) * (wanted - below)) / (upTo - below) : bound;
    }
    if (!Number.isFinite(bound)) break;
    below = upTo;
    from = bound;
  }
  return from;
}

/// Whether more than the share 1 - `q` of the observations lies above the last bound: then the
/// quantile is only known to be greater.
export function isBeyond({ buckets, count }, q) {
  const last = buckets.findLast(({ le }) => le !== null && Number.isFinite(Number(le)));
  return count > 0 && last !== undefined && last.count < q * count;
}
