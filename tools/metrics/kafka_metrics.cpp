#include "tools/metrics/kafka_metrics.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

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
     "Messages that were applied, filtered out or refused."},
    {"commits", "ringside_kafka_source_commits_total", "Transactions."},
    {"dead_letters", "ringside_kafka_source_dead_letters_total",
     "Messages that could not be applied."},
    {"duplicates", "ringside_kafka_source_duplicates_total",
     "Messages from below the position, dropped."},
    {"retries", "ringside_kafka_source_retries_total",
     "Attempts after the grid had refused a transaction."},
    {"resets", "ringside_kafka_source_resets_total",
     "Positions that were no longer in their partition."},
    {"lag", "ringside_kafka_source_lag_messages", "Messages that have not been applied yet.",
     MetricType::gauge},
}};

constexpr std::array<KafkaFigure, 6> sink_figures = {{
    {"messages", "ringside_kafka_sink_messages_total", "Messages handed to Kafka."},
    {"retries", "ringside_kafka_sink_retries_total", "Times that sending began again."},
    {"too_large", "ringside_kafka_sink_too_large_total",
     "Messages that Kafka did not take for their size, left out."},
    {"lagged", "ringside_kafka_sink_lagged_total", "Times that changes were missed."},
    {"behind", "ringside_kafka_sink_behind_revisions",
     "Revisions of which Kafka does not have everything yet.", MetricType::gauge},
    {"pending", "ringside_kafka_sink_pending_messages", "Messages not acknowledged by Kafka yet.",
     MetricType::gauge},
}};

/// A source or sink that runs.
struct KafkaMember {
    std::string name;  ///< of its group, or of the sink
    std::string member;
    bool is_waiting = false;
    std::vector<std::optional<std::uint64_t>> numbers;  ///< as the figures; none: not known
};

template <std::size_t count>
std::vector<KafkaMember> members_of(const Snapshot& snapshot, const std::string& kind,
                                    const std::array<KafkaFigure, count>& figures) {
    std::vector<KafkaMember> members;
    const auto scanned = snapshot.scan("kafka/*/@" + kind + "/*", [&](const RecordView& record) {
        const std::string name(record.name());
        const std::size_t begin = std::string_view("kafka/").size();
        const std::size_t end = name.find('/', begin);
        const Value state = record.document();
        const auto is = state["state"].as_string().value_or("");
        KafkaMember& member = members.emplace_back();
        member.name = name.substr(begin, end - begin);
        member.member = name.substr(name.rfind('/') + 1);
        member.is_waiting = is == "waiting" || is == "held" || is == "failed";
        for (const KafkaFigure& figure : figures) {
            const auto number = state[figure.member].as_int64();
            member.numbers.push_back(number && *number >= 0
                                         ? std::optional(static_cast<std::uint64_t>(*number))
                                         : std::nullopt);
        }
        return true;
    });
    if (!scanned) members.clear();
    return members;
}

template <std::size_t count>
void write_members(MetricsWriter& writer, const std::vector<KafkaMember>& members,
                   const char* label, const char* waiting_family,
                   const std::array<KafkaFigure, count>& figures) {
    if (members.empty()) return;
    writer.family(waiting_family, MetricType::gauge,
                  "1 while nothing goes on, because of Kafka or of the grid.");
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

void write_kafka_metrics(MetricsWriter& writer, const Snapshot& snapshot) {
    write_members(writer, members_of(snapshot, "source", source_figures), "group",
                  "ringside_kafka_source_waiting", source_figures);
    write_members(writer, members_of(snapshot, "sink", sink_figures), "sink",
                  "ringside_kafka_sink_waiting", sink_figures);
}

}  // namespace ringside::metrics
