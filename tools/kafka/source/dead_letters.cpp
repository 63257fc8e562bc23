#include "tools/kafka/source/dead_letters.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringside::kafka {

namespace {

/// How long to wait for Kafka to take messages before other work continues.
constexpr std::chrono::seconds broker_patience{5};
constexpr std::chrono::milliseconds slice{100};
constexpr std::chrono::milliseconds no_wait{0};

}  // namespace

void RefusalLog::line(const std::string& fate, const MessageView& message, const Error& why) {
    log_.line(daemon::FoldedLog::Level::warning, fate,
              fmt::format("{} [{}] offset {}: {}: {}", message.topic, message.partition,
                          message.offset, name(why.code), why.text()));
}

Result<std::unique_ptr<DeadLetters>> DeadLetters::create(const Properties& properties,
                                                         const std::string& topic,
                                                         std::stop_token stop) {
    std::unique_ptr<DeadLetters> made(new DeadLetters(topic, std::move(stop)));
    auto producer = Producer::create(
        properties, topic, [letters = made.get()](std::uint64_t tag, const KafkaError* failure) {
            letters->learn(tag, failure);
        });
    if (!producer) return producer.error();
    made->producer_.emplace(*std::move(producer));
    return made;
}

void DeadLetters::learn(std::uint64_t tag, const KafkaError* failure) {
    const auto found = fates_.find(tag);
    if (found == fates_.end()) return;
    Fate& fate = found->second;
    fate.is_under_way = false;
    fate.is_alone = fate.is_alone && tag == last_tag_;
    if (failure != nullptr) fate.failure = *failure;
}

Result<void> DeadLetters::refuse(const MessageView& message, const Error& why) {
    if (fates_.empty()) {
        // Errors from before the first message are not the reason why it is not written.
        producer_->poll(no_wait);
        static_cast<void>(producer_->take_trouble());
        trouble_.reset();
    }
    const auto [entry, is_new] = tags_.try_emplace(
        asked_.emplace_back(message.topic, message.partition, message.offset), last_tag_ + 1);
    bool is_too_large = false;
    bool is_to_be_alone = false;
    if (!is_new) {
        // It was refused before, and another failure has prevented its completion.
        const Fate& fate = fates_.at(entry->second);
        if (fate.is_under_way || !fate.failure) return {};
        const bool was_too_large = fate.failure->kind == KafkaError::Kind::too_large;
        is_too_large = was_too_large && fate.is_alone;
        is_to_be_alone = was_too_large && !fate.is_alone;
        if (is_to_be_alone && !wait()) return {};  // unchanged; `settle` returns the reason
        fates_.erase(entry->second);
        entry->second = last_tag_ + 1;
    }
    if (is_new) log_.line("dead letter to topic '" + topic_ + "'", message, why);
    fates_[++last_tag_] = {};
    send(message, why, last_tag_, is_too_large);
    if (is_to_be_alone) static_cast<void>(wait());  // if it fails, `settle` returns the reason
    return {};
}

void DeadLetters::send(const MessageView& message, const Error& why, std::uint64_t tag,
                       bool without_value) {
    const std::string partition = std::to_string(message.partition);
    const std::string offset = std::to_string(message.offset);
    const std::string timestamp = std::to_string(message.timestamp_ms);
    const std::string bytes = std::to_string(message.value.value_or("").size());
    const std::string detail =
        why.detail.empty() ? std::string(ringside::message(why.code)) : why.detail;
    headers_.assign(message.headers.begin(), message.headers.end());
    headers_.insert(headers_.end(), {{"ringside.error", name(why.code)},
                                     {"ringside.detail", detail},
                                     {"ringside.topic", message.topic},
                                     {"ringside.partition", partition},
                                     {"ringside.offset", offset},
                                     {"ringside.timestamp", timestamp}});
    if (without_value) headers_.push_back({"ringside.value_bytes", bytes});
    OutgoingMessage letter;
    letter.key = message.key;
    if (!without_value) letter.value = message.value;
    letter.headers = headers_;
    letter.tag = tag;
    for (auto failure = producer_->send(letter); failure; failure = producer_->send(letter)) {
        if (failure->kind == KafkaError::Kind::too_large && !without_value) {
            return send(message, why, tag, true);
        }
        const bool can_wait =
            Producer::is_queue_full(*failure) && !has_to_end() && Clock::now() < deadline();
        if (!can_wait) return learn(tag, &*failure);  // `settle` returns it
        producer_->poll(slice);
    }
    fates_[tag].is_alone = producer_->pending() == 1;
}

DeadLetters::Clock::time_point DeadLetters::deadline() {
    if (!deadline_) deadline_ = Clock::now() + broker_patience;
    return *deadline_;
}

/// Waits until nothing is under way. Returns false on timeout.
bool DeadLetters::wait() {
    while (Clock::now() < deadline()) {
        if (producer_->flush(slice)) return true;
        if (has_to_end()) deadline_ = Clock::now();
    }
    return producer_->flush(no_wait);
}

Result<void> DeadLetters::settle() {
    const bool is_told = wait();
    deadline_.reset();
    if (auto trouble = producer_->take_trouble()) trouble_ = std::move(trouble);
    if (!is_told) {
        asked_.clear();
        return Error(Errc::system_error,
                     "cannot write dead letters: " +
                         (trouble_ ? trouble_->text : "no answer from Kafka in time"));
    }
    const std::vector<Key> asked = std::exchange(asked_, {});
    for (const Key& key : asked) {
        const auto found = tags_.find(key);
        if (found == tags_.end()) continue;
        const Fate& fate = fates_.at(found->second);
        if (!fate.failure) continue;
        const bool is_final = fate.failure->kind == KafkaError::Kind::final;
        return Error(is_final ? Errc::bad_configuration : Errc::system_error,
                     "cannot write dead letters: " + fate.failure->text);
    }
    for (const Key& key : asked) {
        const auto found = tags_.find(key);
        if (found == tags_.end()) continue;
        fates_.erase(found->second);
        tags_.erase(found);
    }
    return {};
}

void DeadLetters::forget(const std::string& topic, std::int32_t partition) {
    const auto first = tags_.lower_bound(Key(topic, partition, 0));
    auto last = first;
    for (; last != tags_.end(); ++last) {
        const auto& [of_topic, of_partition, offset] = last->first;
        if (of_topic != topic || of_partition != partition) break;
        fates_.erase(last->second);
    }
    tags_.erase(first, last);
}

Result<void> Skipping::refuse(const MessageView& message, const Error& why) {
    log_.line("message skipped", message, why);
    return {};
}

Result<void> Stopping::refuse(const MessageView&, const Error& why) {
    return Error(why.code, why.text() + "; set dead_letter_topic, or on_error = \"skip\"");
}

}  // namespace ringside::kafka
