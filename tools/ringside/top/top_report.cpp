#include "tools/ringside/top/top_report.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "shm/ring/change_ring.hpp"
#include "shm/segment/statistics.hpp"
#include "tools/metrics/kafka_reports.hpp"
#include "tools/ringside/grid_state.hpp"

namespace ringside::tools {

namespace {

std::uint64_t word_of(const shm::Word& word) { return word.load(std::memory_order_relaxed); }
std::uint64_t word_of(const shm::HalfWord& word) { return word.load(std::memory_order_relaxed); }

/// Rates over the time between two samples.
class Rates {
public:
    Rates(const TopSample& before, const TopSample& now)
        : seconds_(std::max(1e-9, std::chrono::duration<double>(now.at - before.at).count())) {}

    /// A counter that has fallen was reset by another broker.
    [[nodiscard]] double per_second(std::uint64_t before, std::uint64_t now) const noexcept {
        return now < before ? 0 : static_cast<double>(now - before) / seconds_;
    }

private:
    double seconds_;
};

Percentiles percentiles_of(const metrics::HistogramCopy& before, const metrics::HistogramCopy& now,
                           double unit) {
    const metrics::HistogramCopy interval = now.since(before);
    return {interval.quantile(0.5) / unit, interval.quantile(0.99) / unit};
}

void append_kafka(const shm::SegmentView& segment, const char* kind, const char* left,
                  const char* lost, std::vector<TopKafka>& all) {
    for (const metrics::KafkaReport& report : metrics::kafka_reports(segment, kind)) {
        const Value value = report.record.value();
        const auto number = [&value](const char* key) { return value[key].as_int64().value_or(0); };
        all.push_back({kind, report.name, report.member, report.state(), number("rate"),
                       number(left), number(lost), left, lost});
    }
}

void compare_work(TopReport& report, const TopSample& before, const TopSample& now) {
    const Rates rates(before, now);
    report.commits_per_s = rates.per_second(before.commits, now.commits);
    report.changes_per_s = rates.per_second(before.changes, now.changes);
    report.refused_per_s = rates.per_second(before.refused, now.refused);
    report.events_per_s = rates.per_second(before.events, now.events);
    report.calls_per_s = rates.per_second(before.calls, now.calls);
    report.busy = std::min(1.0, rates.per_second(before.busy_ns, now.busy_ns) / 1e9);
    for (std::size_t code = 0; code < now.refused_by_code.size(); ++code) {
        const double per_s =
            rates.per_second(before.refused_by_code[code], now.refused_by_code[code]);
        if (per_s > 0)
            report.refusals.push_back({std::string(name(static_cast<Errc>(code))), per_s});
    }
    std::stable_sort(report.refusals.begin(), report.refusals.end(),
                     [](const auto& one, const auto& other) { return one.per_s > other.per_s; });
    report.commit_s = percentiles_of(before.commit, now.commit, 1e9);
    report.turn_s = percentiles_of(before.turn, now.turn, 1e9);
    report.sync_s = percentiles_of(before.sync, now.sync, 1e9);
    report.batch = percentiles_of(before.batch, now.batch, 1);
}

void compare_sessions(TopReport& report, const TopSample& before, const TopSample& now) {
    const Rates rates(before, now);
    std::map<std::pair<SessionId, std::uint64_t>, std::uint64_t> requests_before;
    for (const TopSession& one : before.sessions)
        requests_before[{one.id, one.opened_ns}] = one.requests;
    report.sessions = now.sessions;
    for (TopSession& one : report.sessions) {
        const auto known = requests_before.find({one.id, one.opened_ns});
        const std::uint64_t former = known == requests_before.end() ? 0 : known->second;
        one.requests_per_s = rates.per_second(former, one.requests);
        report.lag = std::max(report.lag, one.lag);
        report.pins += one.pins;
    }
}

void read_state(TopReport& report, const shm::SegmentView& segment) {
    const shm::Header& header = segment.header();
    const shm::Counters& counters = header.counters;
    report.grid = segment.identity().grid_name.data();
    report.broker_pid = word_of(header.broker.broker_pid);
    report.store_failure = header.store.failure();
    report.calls_under_way = word_of(counters.calls_under_way);
    report.records = word_of(counters.records);
    report.providers = word_of(counters.providers);
    report.heap_bytes_used = word_of(counters.heap_bytes_used);
    report.heap_bytes = segment.identity().heap.bytes;
    report.retired_bytes = word_of(counters.retired_bytes);
    report.pins_revoked = word_of(counters.pins_revoked);
    const shm::ChangeRingReader ring(segment);
    // Read the tail first: it only grows, and never passes a head that is read after it.
    const Position tail = ring.tail();
    report.ring_entries = ring.capacity();
    report.ring_retained = std::min(ring.head() - tail, ring.capacity());
    const std::uint64_t durable = word_of(header.broker.durable);
    report.revision = word_of(header.commit.published);
    report.durable_lag =
        header.store.is_followed() ? report.revision - std::min(durable, report.revision) : 0;
}

}  // namespace

TopSample::TopSample(const shm::SegmentView& segment) {
    const shm::Counters& counters = segment.header().counters;
    commits = word_of(counters.commits);
    changes = word_of(counters.changes);
    refused = word_of(counters.refused);
    events = word_of(counters.events);
    calls = word_of(counters.calls);
    busy_ns = word_of(counters.busy_ns);
    for (std::size_t code = 0; code < refused_by_code.size(); ++code)
        refused_by_code[code] = word_of(counters.refused_by_code[code]);
    const shm::Statistics& statistics = shm::statistics_of(segment);
    turn = metrics::HistogramCopy(statistics.turn_ns);
    commit = metrics::HistogramCopy(statistics.commit_ns);
    batch = metrics::HistogramCopy(statistics.commits_of_turn);
    sync = metrics::HistogramCopy(statistics.sync_ns);
    for_each_session(segment, [&](SessionId id, const shm::SessionEntry& entry) {
        const auto index = static_cast<std::size_t>(&entry - &segment.session(0));
        TopSession one;
        one.id = id;
        one.pid = word_of(entry.pid);
        one.opened_ns = word_of(entry.opened_ns);
        one.role = role_name(word_of(entry.role));
        one.program = std::string(entry.name.data(), strnlen(entry.name.data(), entry.name.size()));
        one.pins = word_of(statistics.pins[index]);
        one.lag = word_of(entry.lag);
        one.requests = word_of(entry.requests);
        sessions.push_back(std::move(one));
    });
}

TopReport make_report(const shm::Segment& segment, const BrokerWatch& broker,
                      const TopSample& before, const TopSample& now,
                      const std::vector<PrefixShare>& prefixes) {
    TopReport report;
    report.broker = broker.state();
    report.heartbeat_age_s = std::chrono::duration<double>(broker.heartbeat_age()).count();
    read_state(report, segment.view());
    compare_work(report, before, now);
    compare_sessions(report, before, now);
    for (const PrefixShare& one : prefixes)
        report.prefixes.push_back({one.prefix, one.share * report.changes_per_s});
    append_kafka(segment.view(), "source", "lag", "dead_letters", report.kafka);
    append_kafka(segment.view(), "sink", "behind", "too_large", report.kafka);
    return report;
}

}  // namespace ringside::tools
