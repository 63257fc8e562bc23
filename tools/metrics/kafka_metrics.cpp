#include "tools/metrics/kafka_metrics.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tools/metrics/kafka_reports.hpp"

namespace ringside::metrics {

namespace {

/// A number that sources or sinks report, and the family that shows it.
struct KafkaFigure {
    const char* member;
    const char* family;
    const char* help;
    MetricType type = MetricType::counter;
};

constexpr std::array<KafkaFigure, 7> source_figures = {{
    {"messages", "ringside_kafka_source_messages_total",
     "Messages applied, filtered out or refused."},
    {"commits", "ringside_kafka_source_commits_total", "Transactions."},
    {"dead_letters", "ringside_kafka_source_dead_letters_total",
     "Messages refused because they could not be applied."},
    {"duplicates", "ringside_kafka_source_duplicates_total",
     "Messages dropped because they are before the position."},
    {"retries", "ringside_kafka_source_retries_total",
     "Retries after the grid refused a transaction."},
    {"resets", "ringside_kafka_source_resets_total",
     "Times that a position was no longer in its partition."},
    {"lag", "ringside_kafka_source_lag_messages", "Messages not applied yet.", MetricType::gauge},
}};

constexpr std::array<KafkaFigure, 6> sink_figures = {{
    {"messages", "ringside_kafka_sink_messages_total", "Messages sent to Kafka."},
    {"retries", "ringside_kafka_sink_retries_total", "Restarts of sending."},
    {"too_large", "ringside_kafka_sink_too_large_total",
     "Messages skipped because Kafka refused their size."},
    {"lagged", "ringside_kafka_sink_lagged_total", "Times that the sink missed changes."},
    {"behind", "ringside_kafka_sink_behind_revisions",
     "Revisions not fully acknowledged by Kafka yet.", MetricType::gauge},
    {"pending", "ringside_kafka_sink_pending_messages", "Messages not acknowledged by Kafka yet.",
     MetricType::gauge},
}};

/// A running source or sink.
struct KafkaMember {
    std::string name;  ///< of its group, or of the sink
    std::string member;
    bool is_waiting = false;
    std::vector<std::optional<std::uint64_t>> numbers;  ///< in order of the figures; none: unknown
};

template <std::size_t count>
std::vector<KafkaMember> members_of(const shm::SegmentView& segment, std::string_view kind,
                                    const std::array<KafkaFigure, count>& figures) {
    std::vector<KafkaMember> members;
    for (const KafkaReport& report : kafka_reports(segment, kind)) {
        const std::string state = report.state();
        const Value value = report.record.value();
        KafkaMember& member = members.emplace_back();
        member.name = report.name;
        member.member = report.member;
        member.is_waiting = state == "waiting" || state == "held" || state == "failed";
        for (const KafkaFigure& figure : figures) {
            const auto number = value[figure.member].as_int64();
            member.numbers.push_back(number && *number >= 0
                                         ? std::optional(static_cast<std::uint64_t>(*number))
                                         : std::nullopt);
        }
    }
    return members;
}

template <std::size_t count>
void write_members(MetricsWriter& writer, const std::vector<KafkaMember>& members,
                   const char* label, const char* waiting_family,
                   const std::array<KafkaFigure, count>& figures) {
    if (members.empty()) return;
    writer.family(waiting_family, MetricType::gauge,
                  "1 while the source or sink is stalled by Kafka or the grid.");
    for (const KafkaMember& one : members) {
        writer.sample({{label, one.name}, {"member", one.member}}, std::uint64_t{one.is_waiting});
    }
    for (std::size_t i = 0; i < count; ++i) {
        const bool is_known = std::any_of(members.begin(), members.end(),
                                          [i](const auto& one) { return one.numbers[i]; });
        if (!is_known) continue;
        writer.family(figures[i].family, figures[i].type, figures[i].help);
        for (const KafkaMember& one : members) {
            if (!one.numbers[i]) continue;
            writer.sample({{label, one.name}, {"member", one.member}}, *one.numbers[i]);
        }
    }
}

}  // namespace

void write_kafka_metrics(MetricsWriter& writer, const shm::SegmentView& segment) {
    write_members(writer, members_of(segment, "source", source_figures), "group",
                  "ringside_kafka_source_waiting", source_figures);
    write_members(writer, members_of(segment, "sink", sink_figures), "sink",
                  "ringside_kafka_sink_waiting", sink_figures);
}

}  // namespace ringside::metrics
