// Checks of the figures of grid and gateway: what is wrong, and what to do.
import { figure, labelOf } from "./stats.js";
import { bytesText, countText } from "./times.js";

const high = 0.8;
const full = 0.95;

const good = (text) => ({ state: "good", text });
const warning = (text, advice) => ({ state: "warning", text, advice });
const bad = (text, advice) => ({ state: "bad", text, advice });
const unknown = () => ({ state: "unknown", text: "The gateway does not offer this figure." });

function share(used, size, format, advice) {
  if (used === undefined || !(size > 0)) return unknown();
  const text = `${format(used)} of ${format(size)} (${Math.round((100 * used) / size)} %)`;
  return used >= full * size ? bad(text, advice) : used >= high * size ? warning(text, advice) : good(text);
}

/// The growth of a figure between two samples of metrics.
function grown(now, before, name) {
  const [newer, older] = [figure(now, name), figure(before, name)];
  return newer === undefined || older === undefined ? undefined : Math.max(0, newer - older);
}

function store(metrics) {
  const state = labelOf(metrics, "ringside_store_state", "state");
  const lag = figure(metrics, "ringside_durable_lag_revisions") ?? 0;
  if (state === "failing") return bad("The store is failing: the grid is read-only.", "The broker's log has the reason. Writes resume when the store works again.");
  if (state === "none") return good("This grid is in memory only: there is no store.");
  return state === "working" ? good(`The store works, ${countText(lag)} revisions behind.`) : unknown();
}

function slowWatches(metrics) {
  const lag = figure(metrics, "ringside_watch_lag_changes");
  const retained = figure(metrics, "ringside_change_ring_size_entries");
  if (lag === undefined || !retained) return unknown();
  const text = lag === 0 ? "All watches are up to date." : `The slowest watch is ${countText(lag)} changes behind, of ${countText(retained)} that the grid can retain.`;
  if (lag < retained / 2) return good(text);
  return warning(text, "A watch that falls further behind misses changes. `ringside sessions` shows whose it is.");
}

function refusals(metrics, before) {
  const count = grown(metrics, before, "ringside_refused_requests_total");
  if (count === undefined) return unknown();
  if (count === 0) return good("No request was refused in the last minutes.");
  const codes = (metrics.ringside_refusals_total?.samples ?? [])
    .map(({ labels, value }) => ({ code: labels.error ?? "", count: value - (before.ringside_refusals_total?.samples
      .find((other) => JSON.stringify(other.labels) === JSON.stringify(labels))?.value ?? 0) }))
    .filter((one) => one.count > 0).sort((a, b) => b.count - a.count).map((one) => `${one.code} ${countText(one.count)}`);
  const text = `${countText(count)} requests were refused in the last minutes${codes.length > 0 ? `: ${codes.slice(0, 5).join(", ")}` : ""}.`;
  const isGrave = codes.some((code) => /^(grid_full|read_only|store)/.test(code));
  return isGrave ? bad(text, "The grid is full or read-only.") : good(text);
}

function kafka(metrics, before) {
  const names = Object.keys(metrics).filter((name) => name.startsWith("ringside_kafka_"));
  if (names.length === 0) return good("No source or sink is connected.");
  const waiting = (figure(metrics, "ringside_kafka_source_waiting") ?? 0) + (figure(metrics, "ringside_kafka_sink_waiting") ?? 0);
  const letters = grown(metrics, before, "ringside_kafka_source_dead_letters_total") ?? 0;
  if (waiting > 0) return bad(waiting === 1 ? "A source or sink waits." : `${waiting} sources and sinks wait.`, "See the Kafka view for the reasons.");
  if (letters > 0) return warning(`${countText(letters)} messages became dead letters in the last minutes.`, "See the Kafka view for the source.");
  return good("All sources and sinks run.");
}

function indexes(metrics) {
  const suspended = figure(metrics, "ringside_indexes", { state: "suspended" });
  if (suspended === undefined) return unknown();
  return suspended > 0
    ? warning(`Suspended for lack of memory: ${suspended}. Queries run without these indexes.`, "Restart the broker with a larger --memory, or delete records.")
    : good("No index is suspended.");
}

function gatewayWork(metrics, before) {
  const refused = grown(metrics, before, "ringside_gateway_work_refused_total");
  if (refused === undefined) return unknown();
  if (refused === 0) return good("No query, list or transaction was refused in the last minutes.");
  return warning(`${countText(refused)} queries, lists or transactions were refused in the last minutes, because too many were waiting.`, "Start another gateway, or slow down its clients.");
}

/// {title, state, text, advice} for each check, the worst first. `before` are the metrics of some
/// minutes ago, `problem` is that of /readyz, or null.
export function checks(metrics, before, problem) {
  const heap = share(figure(metrics, "ringside_heap_used_bytes"), figure(metrics, "ringside_heap_size_bytes"), bytesText,
    "Delete records, or restart the broker with a larger --memory. Writes fail with grid_full when the memory is used up.");
  const connections = share(figure(metrics, "ringside_gateway_connections"), figure(metrics, "ringside_gateway_connections_limit"), countText,
    "Further connections are refused with 503. Raise --connections, or start another gateway.");
  const streams = share(figure(metrics, "ringside_gateway_streams_bytes"), figure(metrics, "ringside_gateway_streams_limit_bytes"), bytesText,
    "Clients read their streams too slowly. Beyond the limit, changes wait.");
  const behind = figure(metrics, "ringside_gateway_watches_behind") ?? 0;
  const all = {
    Gateway: problem ? bad(problem.message, "Check that broker and gateway run.")
      : figure(metrics, "ringside_gateway_draining") ? warning("The gateway is shutting down.", "Use another gateway.") : good("The gateway is ready."),
    Broker: figure(metrics, "ringside_up") === 1 ? good("The broker is up.")
      : bad("The broker does not answer. Reads continue, writes wait.", "Start the broker: it takes the grid over with its records."),
    Store: store(metrics),
    Memory: heap,
    Watches: slowWatches(metrics),
    "Clients of this gateway": behind > 0 ? warning(`${countText(behind)} watches do not keep up: they skip states.`, "Check the network and the clients.") : good("All clients keep up."),
    "Refused requests": refusals(metrics, before),
    Indexes: indexes(metrics),
    Kafka: kafka(metrics, before),
    "Connections of the gateway": connections,
    "Memory of streams": streams,
    "Work of the gateway": gatewayWork(metrics, before),
  };
  const rank = ["bad", "warning", "good", "unknown"];
  return Object.entries(all).map(([title, check]) => ({ title, ...check }))
    .sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state));
}
