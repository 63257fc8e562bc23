#include "tools/kafka/sink/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/kafka/kafka/reachability.hpp"

namespace ringside::kafka {

Outbox::Outbox(const SinkOptions& options, SinkCounters& counters)
    : options_(options), counters_(counters) {}

Result<void> Outbox::open() {
    close();
    acknowledgements_ = Acknowledgements();
    is_going_back_ = false;
    newest_ = 0;
    Properties properties = options_.kafka;
    if (sends_singly_) properties.set("batch.num.messages", "1");
    auto made = Producer::create(
        std::move(properties), options_.topic,
        [this](std::uint64_t tag, const KafkaError* failure) { take_outcome(tag, failure); });
    if (!made) return made.error();
    producer_ = *std::move(made);
    opened_at_ = std::chrono::steady_clock::now();
    return {};
}

void Outbox::close() {
    producer_.reset();
    under_way_.set(0);
}

void Outbox::hear_kafka() noexcept {
    has_heard_kafka_ = true;
    doubts_kafka_ = false;
    unreachable_.clear();
}

void Outbox::probe(std::chrono::milliseconds patience) {
    const auto open_for = std::chrono::steady_clock::now() - opened_at_;
    if (!has_heard_kafka_ && open_for >= first_contact_patience) doubts_kafka_ = true;
    if (!producer_ || !doubts_kafka_) return;
    const auto answer = producer_->partitions(patience);
    // Any answer shows that Kafka is reachable, even an error of the topic. Outcomes show whether
    // the topic takes messages.
    if (answer || !answer.error().is_of_connection()) return hear_kafka();
    unreachable_ = KafkaError::of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN).text;
}

Result<void> Outbox::open_for_another_grid() {
    sends_singly_ = false;
    singly_up_to_ = 0;
    return open();
}

Result<bool> Outbox::add(OutgoingMessage message, Revision revision, Part part) {
    message.tag = part == Part::state ? acknowledgements_.add_of_state(revision)
                                      : acknowledgements_.add(revision);
    const std::size_t key_bytes = message.key ? message.key->size() : 0;
    const std::size_t value_bytes = message.value ? message.value->size() : 0;
    const auto refused = producer_->send(message);
    if (!refused) {
        newest_ = std::max(newest_, revision);
        ++counters_.messages;
        counters_.bytes += key_bytes + value_bytes;
        return true;
    }
    const bool is_full = Producer::is_queue_full(*refused);
    if (refused->kind == KafkaError::Kind::passing && !is_full) {
        // The topic is gone. The message remains under way, so nothing after it becomes complete.
        go_back(refused->text);
        return true;
    }
    acknowledgements_.settle(message.tag);
    if (is_full) return false;
    if (refused->kind == KafkaError::Kind::final) return refused->error();
    const std::string text =
        fmt::format("'{}' at revision {}, {} bytes: {}", message.key.value_or(""), revision,
                    value_bytes, refused->text);
    if (options_.on_too_large == TooLarge::stop) return too_large(text);
    leave_out(text);
    return true;
}

void Outbox::poll(std::chrono::milliseconds timeout) {
    log_.flush();
    if (!producer_) return;
    producer_->poll(timeout);
    if (auto trouble = producer_->take_trouble()) {
        trouble_ = trouble->text;
        doubts_kafka_ = doubts_kafka_ || trouble->is_of_connection();
        if (trouble->kind == KafkaError::Kind::final) final_ = trouble->error();
    }
    if (const auto fatal = producer_->fatal_error()) final_ = fatal->error();
    under_way_.set(pending());
}

bool Outbox::flush(std::chrono::milliseconds timeout) {
    constexpr auto slice = std::chrono::milliseconds(20);
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (producer_ && !is_empty() && !final_ && !is_going_back_) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        producer_->flush(slice);
        poll(std::chrono::milliseconds(0));
    }
    return is_empty();
}

Result<bool> Outbox::must_go_back(Revision position) {
    if (final_) return *final_;
    if (!sends_singly_ || is_going_back_ || position < singly_up_to_) return is_going_back_;
    // The oversized message is done, so batches can be used again.
    sends_singly_ = false;
    return true;
}

void Outbox::take_outcome(std::uint64_t tag, const KafkaError* failure) {
    if (failure == nullptr) {
        ++acknowledged_;
        hear_kafka();
        if (!trouble_.empty()) trouble_.clear();
        has_failed_ = false;
        return acknowledgements_.settle(tag);
    }
    if (is_going_back_) return;  // it will be sent again
    if (failure->kind == KafkaError::Kind::too_large) return take_too_large(tag, *failure);
    if (failure->kind == KafkaError::Kind::final) final_ = failure->error();
    go_back(failure->text);
}

void Outbox::go_back(const std::string& why) {
    trouble_ = why;
    has_failed_ = true;
    is_going_back_ = true;
}

void Outbox::take_too_large(std::uint64_t tag, const KafkaError& failure) {
    if (!sends_singly_) {
        sends_singly_ = true;
        singly_up_to_ = newest_;
        is_going_back_ = true;
        return;
    }
    const std::string text =
        fmt::format("message of revision {}: {}", acknowledgements_.revision(tag), failure.text);
    if (options_.on_too_large == TooLarge::stop) {
        final_ = too_large(text);
        is_going_back_ = true;
        return;
    }
    leave_out(text);
    acknowledgements_.settle(tag);
}

void Outbox::leave_out(const std::string& text) {
    ++counters_.too_large;
    log_.line(daemon::FoldedLog::Level::error,
              fmt::format("sink '{}' leaves out a message", options_.name), text);
}

Error Outbox::too_large(const std::string& text) const {
    return {Errc::document_too_large,
            text + "; raise the limit, or skip such messages with on_too_large = \"skip\""};
}

}  // namespace ringside::kafka
