#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "shm/segment/segment.hpp"
#include "tools/metrics/histogram_copy.hpp"
#include "tools/ringside/top/broker_watch.hpp"
#include "tools/ringside/top/busy_prefixes.hpp"

namespace ringside::tools {

/// A session at one time.
struct TopSession {
    SessionId id = 0;
    std::uint64_t pid = 0;
    std::uint64_t opened_ns = 0;
    std::string role;
    std::string program;
    std::uint64_t pins = 0;
    std::uint64_t lag = 0;
    std::uint64_t requests = 0;
    double requests_per_s = 0;
};

/// The counters of a segment at one time.
struct TopSample {
    explicit TopSample(const shm::SegmentView& segment);

    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
    std::uint64_t commits = 0;
    std::uint64_t changes = 0;
    std::uint64_t refused = 0;
    std::uint64_t events = 0;
    std::uint64_t calls = 0;
    std::uint64_t busy_ns = 0;
    std::array<std::uint64_t, limits::refusal_codes> refused_by_code{};
    metrics::HistogramCopy turn;
    metrics::HistogramCopy commit;
    metrics::HistogramCopy batch;
    metrics::HistogramCopy sync;
    std::vector<TopSession> sessions;
};

/// Median and 99th percentile of an interval; 0 if nothing was counted.
struct Percentiles {
    double p50 = 0;
    double p99 = 0;
};

struct TopRefusal {
    std::string error;
    double per_s = 0;
};

struct TopPrefix {
    std::string prefix;
    double changes_per_s = 0;
};

/// The report of a Kafka source or sink.
struct TopKafka {
    std::string kind;  ///< source or sink
    std::string name;
    std::string member;
    std::string state;
    std::int64_t rate = 0;  ///< messages per second
    std::int64_t left = 0;  ///< lag of a source, revisions that a sink is behind
    std::int64_t lost = 0;  ///< dead letters, messages too large for Kafka
    std::string left_name;  ///< "lag" or "behind"
    std::string lost_name;  ///< "dead_letters" or "too_large"
};

/// The content of `ringside top` for an interval.
struct TopReport {
    std::string grid;
    BrokerState broker = BrokerState::serving;
    std::uint64_t broker_pid = 0;
    double heartbeat_age_s = 0;
    std::string store_failure;

    double commits_per_s = 0;
    double changes_per_s = 0;
    double refused_per_s = 0;
    double events_per_s = 0;
    double calls_per_s = 0;
    std::uint64_t calls_under_way = 0;
    double busy = 0;  ///< share of the engine's time, 0 to 1
    std::vector<TopRefusal> refusals;

    Percentiles commit_s;
    Percentiles turn_s;
    Percentiles sync_s;
    Percentiles batch;  ///< commits in a turn

    std::uint64_t records = 0;
    std::uint64_t providers = 0;
    std::uint64_t heap_bytes_used = 0;
    std::uint64_t heap_bytes = 0;
    std::uint64_t retired_bytes = 0;
    std::uint64_t ring_retained = 0;
    std::uint64_t ring_entries = 0;
    std::uint64_t revision = 0;
    std::uint64_t durable_lag = 0;
    std::uint64_t lag = 0;   ///< of the slowest watch, in changes
    std::uint64_t pins = 0;  ///< held by all sessions
    std::uint64_t pins_revoked = 0;

    std::vector<TopSession> sessions;
    std::vector<TopPrefix> prefixes;
    std::vector<TopKafka> kafka;
};

/// Reads the reports of Kafka sources and sinks, then all others, and compares two samples.
[[nodiscard]] TopReport make_report(const shm::Segment& segment, const BrokerWatch& broker,
                                    const TopSample& before, const TopSample& now,
                                    const std::vector<PrefixShare>& prefixes);

}  // namespace ringside::tools
