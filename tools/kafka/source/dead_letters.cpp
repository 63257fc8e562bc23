#include "tools/kafka/source/dead_letters.hpp"

#include <spdlog/spdlog.h>

namespace ringside::kafka {

namespace {

/// How long it is waited for Kafka to take messages, before something else gets its turn.
constexpr std::chrono::seconds patience{5};
constexpr std::chrono::milliseconds slice{100};

}  // namespace

Result<std::unique_ptr<DeadLetters>> DeadLetters::create(const Properties& properties,
                                                         const std::string& topic,
                                                         std::stop_token stop) {
    std::unique_ptr<DeadLetters> made(new DeadLetters(std::move(stop)));
    auto producer = Producer::create(
        properties, topic, [letters = made.get()](std::uint64_t tag, const KafkaError* failure) {
            letters->learn(tag, failure);
        });
    if (!producer) return producer.error();
    made->producer_.emplace(*std::move(producer));
    return made;
}

void DeadLetters::learn(std::uint64_t tag, const KafkaError* failure) {
    const auto fate = fates_.find(tag);
    if (fate == fates_.end()) return;
    fate->second.is_under_way = false;
    if (failure != nullptr) fate->second.failure = *failure;
}

Result<void> DeadLetters::refuse(const MessageView& message, const Error& why) {
    const auto [entry, is_new] =
        tags_.try_emplace(Key(message.topic, message.partition, message.offset), last_tag_ + 1);
    bool is_too_large = false;
    if (!is_new) {
        // It was refused before, and something else has kept it from being done with since.
        const Fate& fate = fates_[entry->second];
        if (fate.is_under_way || !fate.failure) return {};
        is_too_large = fate.failure->kind == KafkaError::Kind::too_large;
        fates_.erase(entry->second);
        entry->second = last_tag_ + 1;
    }
    fates_[++last_tag_] = {};
    return send(message, why, last_tag_, is_too_large);
}

Result<void> DeadLetters::send(const MessageView& message, const Error& why, std::uint64_t tag,
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
        const bool can_wait = Producer::is_queue_full(*failure) && !stop_.stop_requested();
        if (!can_wait) {
            learn(tag, &*failure);  // `settle` says so
            return {};
        }
        producer_->poll(slice);
    }
    return {};
}

Result<void> DeadLetters::settle() {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!producer_->flush(slice)) {
        if (stop_.stop_requested() || std::chrono::steady_clock::now() > deadline) {
            const auto trouble = producer_->take_trouble();
            return Error(Errc::system_error,
                         "dead letters cannot be written: " +
                             (trouble ? trouble->text : "Kafka does not answer in time"));
        }
    }
    for (const auto& [tag, fate] : fates_) {
        if (!fate.failure) continue;
        const bool is_final = fate.failure->kind == KafkaError::Kind::final;
        return Error(is_final ? Errc::bad_configuration : Errc::system_error,
                     "dead letters cannot be written: " + fate.failure->text);
    }
    fates_.clear();
    tags_.clear();
    return {};
}

Result<void> Skipping::refuse(const MessageView& message, const Error& why) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_at_ < std::chrono::seconds(1)) {
        ++untold_;
        return {};
    }
    told_at_ = now;
    spdlog::warn("{} [{}] offset {} is left out: {} (and {} before it)", message.topic,
                 message.partition, message.offset, why.text(), untold_);
    untold_ = 0;
    return {};
}

Result<void> Stopping::refuse(const MessageView&, const Error& why) {
    return Error(why.code,
                 why.text() + "; there is no dead_letter_topic, and on_error is \"stop\"");
}

}  // namespace ringside::kafka
