#include "tools/kafka/source/source.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "tools/kafka/attach.hpp"
#include "tools/kafka/member.hpp"
#include "tools/kafka/source/dead_letters.hpp"

namespace ringside::kafka {

namespace {

/// How long to wait for Kafka while answers of the grid are outstanding, and while none are.
constexpr std::chrono::milliseconds wait_for_answers{5};
constexpr std::chrono::milliseconds wait_for_messages{100};
constexpr std::chrono::milliseconds no_wait{0};
/// Messages after which other work gets its turn.
constexpr int messages_at_a_time = 4096;
constexpr std::chrono::seconds leave_time{5};

}  // namespace

Source::Source(Client& client, const SourceOptions& options, std::stop_token stop)
    : client_(&client),
      options_(&options),
      stop_(std::move(stop)),
      gate_(client, options),
      state_name_(state_name(options.group, make_member())) {
    report_.pid = ::getpid();
}

Result<void> Source::run(const std::string& grid, const SourceOptions& options,
                         const std::stop_token& stop, const std::function<void()>& on_ready) {
    auto client = attach(grid, stop);
    if (!client) return stop.stop_requested() ? Result<void>() : client.error();
    Source source(*client, options, stop);
    if (auto started = source.start(); !started) return started;
    on_ready();
    auto followed = source.follow();
    source.end();
    return followed;
}

Result<void> Source::start() {
    if (!options_->dead_letter_topic.empty()) {
        auto letters = DeadLetters::create(options_->kafka, options_->dead_letter_topic, stop_);
        if (!letters) return letters.error();
        refusals_ = *std::move(letters);
    } else if (options_->on_error == OnError::skip) {
        refusals_ = std::make_unique<Skipping>();
    } else {
        refusals_ = std::make_unique<Stopping>();
    }
    ApplierOptions applying;
    applying.batch_messages = std::size_t(options_->batch_messages);
    applying.batch_bytes = std::size_t(options_->batch_bytes);
    applying.grade = options_->grade;
    applier_.emplace(*client_, applying, *refusals_, counters_,
                     [this](const PartitionFeed& feed) { return reposition(feed); });
    std::vector<std::string> topics;
    for (const TopicOptions& topic : options_->topics) {
        topics.push_back(topic.name);
        mappers_.emplace(&topic, Mapper(topic.mapping));
    }
    Consumer::Handlers handlers;
    handlers.assign = [this](std::span<TopicPartition> partitions) { assign(partitions); };
    handlers.revoke = [this](std::span<const TopicPartition> partitions, bool are_lost) {
        revoke(partitions, are_lost);
    };
    auto consumer = Consumer::create(options_->kafka, options_->group, topics, std::move(handlers));
    if (!consumer) return consumer.error();
    consumer_ = *std::move(consumer);
    return {};
}

Result<void> Source::follow() {
    while (!stop_.stop_requested()) {
        tick();
        if ((applier_->is_disturbed() || held_) && backoff_.is_over()) recover();
        if (!gate_.is_open()) open_gate();
        if (has_out_of_range_) settle_ranges();
        take_messages();
        if (const auto& failure = applier_->failure()) return *failure;
        if (fatal_) return *fatal_;
    }
    return {};
}

void Source::take_messages() {
    MessageHandle message = consumer_->poll(patience());
    for (int taken = 0; message != nullptr; message = consumer_->poll(no_wait)) {
        take(std::move(message));
        if (applier_->is_full()) wait_for_grid(applier_->finish());
        const bool is_over = applier_->is_disturbed() || applier_->failure() || fatal_;
        if (is_over || ++taken == messages_at_a_time) break;
    }
    applier_->submit();
    wait_for_grid(applier_->poll());
    under_way_.set(applier_->messages_under_way());
    if (const auto trouble = consumer_->take_trouble()) note_trouble(*trouble);
}

std::chrono::milliseconds Source::patience() const {
    if (applier_->pending() > 0) return wait_for_answers;
    if (!held_) return wait_for_messages;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(backoff_.next() - Clock::now());
    return std::clamp(left, std::chrono::milliseconds(1), wait_for_messages);
}

Source::Assigned* Source::find(const rd_kafka_message_t& message) {
    if (message.rkt == nullptr) return nullptr;
    const bool is_same = last_ != nullptr && message.rkt == last_topic_ &&
                         message.partition == last_->feed->partition;
    if (is_same) return last_;
    const auto found = assigned_.find(Key(rd_kafka_topic_name(message.rkt), message.partition));
    if (found == assigned_.end()) return nullptr;
    last_topic_ = message.rkt;
    return last_ = &found->second;
}

void Source::take(MessageHandle message) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return take_error(*message);
    Assigned* assigned = find(*message);
    if (assigned == nullptr) return;  // of a partition that was returned
    hear_kafka();
    applier_->take(assigned->feed, Consumer::keep(std::move(message)));
}

void Source::take_error(const rd_kafka_message_t& message) {
    Assigned* assigned = find(message);
    switch (message.err) {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            hear_kafka();
            if (assigned != nullptr) applier_->meet_end(assigned->feed, message.offset);
            return;
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            if (assigned == nullptr) return;
            assigned->out_of_range_since = Clock::now();
            has_out_of_range_ = true;
            return;
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
            spdlog::warn("consumer group removed this source because it did not poll in time");
            return;
        default: note_trouble(KafkaError::of(message.err, rd_kafka_message_errstr(&message)));
    }
}

void Source::end() {
    write_state(SourceState::ending);
    refusals_->flush_log();
    refusals_->set_in_haste(true);
    if (applier_->finish() && applier_->is_disturbed() && !applier_->failure()) {
        static_cast<void>(applier_->recover());  // the rest remains below the position
    }
    tell_kafka();
    if (!consumer_->close(leave_time))
        spdlog::warn("source did not leave the consumer group in time");
    // So that the source is not mistaken for a live one.
    const auto removed = client_->remove(state_name_);
    if (!removed && removed.error() != Errc::not_found) {
        spdlog::warn("record '{}' not deleted, expires later: {}", state_name_,
                     removed.error().text());
    }
}

}  // namespace ringside::kafka
