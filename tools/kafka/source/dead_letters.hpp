#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include "broker/daemon/folded_log.hpp"
#include "tools/kafka/kafka/producer.hpp"
#include "tools/kafka/source/refusal.hpp"

namespace ringside::kafka {

/// Log lines about messages that cannot be applied, of which any topic may have any number.
/// Thread safety: one thread.
class RefusalLog {
public:
    ~RefusalLog() { log_.finish(); }

    /// `fate`: what becomes of them, which folds their lines into one.
    void line(const std::string& fate, const MessageView& message, const Error& why);
    void flush() { log_.flush(); }

private:
    daemon::FoldedLog log_{daemon::FoldedLog::to_log()};
};

/// Writes messages that are refused to a topic, as they were, with headers that say why:
/// `ringside.error`, `.detail`, `.topic`, `.partition`, `.offset`, `.timestamp`. Each at least
/// once. One that is too large for that topic goes without its value, and with
/// `ringside.value_bytes`, the size that it had: as Kafka refuses those that it gets at a time
/// together, only where it was refused alone. The log gets a folded line about them.
class DeadLetters final : public Refusals {
public:
    /// Errors: those of `Producer::create`.
    static Result<std::unique_ptr<DeadLetters>> create(const Properties& properties,
                                                       const std::string& topic,
                                                       std::stop_token stop);

    [[nodiscard]] bool needs_headers() const noexcept override { return true; }
    Result<void> refuse(const MessageView& message, const Error& why) override;
    /// Errors: bad_configuration, for what somebody has to change; system_error for the others.
    /// From the first wait for Kafka since the last `settle` on, all of them take 5 s at most.
    Result<void> settle() override;
    void forget(const std::string& topic, std::int32_t partition) override;
    void flush_log() override { log_.flush(); }
    void set_in_haste(bool is_in_haste) override { is_in_haste_ = is_in_haste; }

private:
    using Clock = std::chrono::steady_clock;

    /// Of the messages in question, each of whose fate is not settled yet.
    struct Fate {
        bool is_under_way = true;
        bool is_alone = false;  ///< nothing else was under way at the same time
        std::optional<KafkaError> failure;
    };
    using Key = std::tuple<std::string, std::int32_t, std::int64_t>;

    DeadLetters(std::string topic, std::stop_token stop)
        : topic_(std::move(topic)), stop_(std::move(stop)) {}
    void send(const MessageView& message, const Error& why, std::uint64_t tag, bool without_value);
    bool wait();
    [[nodiscard]] bool has_to_end() const { return is_in_haste_ || stop_.stop_requested(); }
    Clock::time_point deadline();
    void learn(std::uint64_t tag, const KafkaError* failure);

    const std::string topic_;
    std::stop_token stop_;
    RefusalLog log_;
    std::map<Key, std::uint64_t> tags_;
    std::vector<Key> asked_;  ///< refused since the last `settle`, which is for those alone
    std::map<std::uint64_t, Fate> fates_;
    std::uint64_t last_tag_ = 0;
    std::vector<Header> headers_;
    bool is_in_haste_ = false;
    std::optional<Clock::time_point> deadline_;
    std::optional<KafkaError> trouble_;  ///< since the first of those in question was refused
    std::optional<Producer> producer_;   ///< last: it tells outcomes while it ends
};

/// Leaves messages that are refused out, with a folded line in the log.
class Skipping final : public Refusals {
public:
    Result<void> refuse(const MessageView& message, const Error& why) override;
    void flush_log() override { log_.flush(); }

private:
    RefusalLog log_;
};

/// Ends everything at the first message that is refused.
class Stopping final : public Refusals {
public:
    Result<void> refuse(const MessageView& message, const Error& why) override;
};

}  // namespace ringside::kafka
