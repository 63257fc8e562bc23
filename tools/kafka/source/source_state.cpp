// The reports of a source: to the log, to the grid and to Kafka.

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "tools/kafka/kafka/reachability.hpp"
#include "tools/kafka/source/source.hpp"

namespace ringside::kafka {

namespace {

constexpr std::chrono::seconds state_interval{1};
constexpr std::chrono::seconds tell_kafka_interval{5};
/// Kafka repeats a persistent error within this time.
constexpr std::chrono::seconds trouble_silence{3};

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

void Source::note_trouble(const KafkaError& trouble) {
    // This may be one broker of several. That none is left is not always reported.
    if (trouble.code == RD_KAFKA_RESP_ERR__TRANSPORT) {
        doubts_kafka_ = true;
        return;
    }
    if (trouble.kind == KafkaError::Kind::final) {
        fatal_ = trouble.error();
        return;
    }
    if (!trouble_ || trouble_->code != trouble.code) spdlog::warn("Kafka: {}", trouble.text);
    trouble_ = trouble;
    trouble_at_ = Clock::now();
}

void Source::forget_trouble() {
    if (trouble_) spdlog::info("Kafka recovered");
    trouble_.reset();
    doubts_kafka_ = false;
}

bool Source::is_kafka_away() const noexcept {
    return doubts_kafka_ || (trouble_ && trouble_->is_of_connection());
}

/// Kafka has delivered something, so it is reachable. Other reported errors may persist.
void Source::hear_kafka() {
    doubts_kafka_ = false;
    has_heard_kafka_ = true;
    if (trouble_ && trouble_->is_of_connection()) forget_trouble();
}

/// Returns a current fault of the topics to be read, as Kafka reports it.
std::optional<KafkaError> Source::trouble_of_topics() {
    const auto found = consumer_->partitions(
        [this](const std::string& name) { return options_->topic(name) != nullptr; },
        probe_patience);
    if (!found) return found.error();
    for (const TopicOptions& topic : options_->topics) {
        const bool is_there = topic.is_expression() ||
                              std::any_of(found->begin(), found->end(), [&](const auto& partition) {
                                  return partition.topic == topic.name;
                              });
        if (!is_there) return KafkaError::of(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, topic.name);
    }
    return {};
}

/// Checks whether Kafka is reachable and still has errors, when no message shows it.
void Source::probe_kafka() {
    if (!has_heard_kafka_ && Clock::now() - started_at_ >= first_contact_patience)
        doubts_kafka_ = true;
    if (!is_kafka_away()) {
        const bool is_reported = trouble_ && told_at_ > trouble_at_;
        if (!is_reported || Clock::now() - trouble_at_ < trouble_silence) return;
        if (!trouble_of_topics()) forget_trouble();
        return;
    }
    const auto answer =
        consumer_->partitions([](const std::string&) { return false; }, probe_patience);
    if (answer) hear_kafka();
    else if (!trouble_) note_trouble(KafkaError::of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
}

void Source::tick() {
    const auto now = Clock::now();
    if (now - told_at_ >= state_interval) {
        refusals_->flush_log();
        probe_kafka();
        if (!held_) applier_->compare_positions();
        write_state();
    }
    if (now - told_kafka_at_ >= tell_kafka_interval) tell_kafka();
}

/// For tools that monitor Kafka's groups. The source never reads it.
void Source::tell_kafka() {
    told_kafka_at_ = Clock::now();
    if (is_kafka_away()) return;  // the client would wait for its answer, even during destruction
    std::vector<TopicPartition> moved;
    for (const auto& [key, assigned] : assigned_) {
        const auto& position = assigned.feed->applied;
        const auto told = told_kafka_.find(key);
        if (!position) continue;
        if (told != told_kafka_.end() && told->second == position->offset) continue;
        told_kafka_[key] = position->offset;
        moved.push_back({key.first, key.second, position->offset, false});
    }
    consumer_->commit(moved);
}

std::pair<SourceState, std::string> Source::state() const {
    if (held_) return {SourceState::held, reason_of(*held_)};
    if (trouble_) return {SourceState::waiting, trouble_->text};
    if (!was_assigned_) return {SourceState::joining, {}};
    if (assigned_.empty()) return {SourceState::standby, {}};
    if (!gate_.is_open()) return {SourceState::loading, {}};
    const bool is_caught_up =
        std::all_of(assigned_.begin(), assigned_.end(), [](const auto& entry) {
            return entry.second.feed->has_met_end && !entry.second.out_of_range_since;
        });
    return {is_caught_up ? SourceState::caught_up : SourceState::following, {}};
}

void Source::write_state(std::optional<SourceState> given) {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - told_at_).count();
    auto [state, reason] = this->state();
    if (given) state = *given;
    if (report_.since_ms == 0 || state != report_.state) report_.since_ms = now_ms();
    report_.state = state;
    report_.reason = std::move(reason);
    const auto more = double(counters_.messages - report_.counters.messages);
    report_.rate = std::uint64_t(std::llround(more / seconds));
    report_.counters = counters_;
    report_.partitions.clear();
    for (const auto& [key, assigned] : assigned_) {
        SourceReport::Partition partition{key.first, key.second};
        if (const auto& position = assigned.feed->applied) partition.offset = position->offset;
        if (const auto end = consumer_->end_of(key.first, key.second)) {
            partition.lag = std::max<std::int64_t>(0, *end - partition.offset.value_or(0));
        }
        report_.partitions.push_back(std::move(partition));
    }
    told_at_ = now;
    WriteOptions options;
    options.ttl = state_ttl;
    // If the grid takes nothing, the source is held, which the log reports.
    static_cast<void>(applier_->committer().put(state_name_, to_json(report_), options));
}

}  // namespace ringside::kafka
