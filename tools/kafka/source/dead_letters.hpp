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

/// Log lines about messages that cannot be applied, which may be numerous.
/// Thread safety: one thread.
class RefusalLog {
public:
    ~RefusalLog() { log_.finish(); }

    /// `fate`: what happens to them; messages with the same fate share a line.
    void line(const std::string& fate, const MessageView& message, const Error& why);
    void flush() { log_.flush(); }

private:
    daemon::FoldedLog log_{daemon::FoldedLog::to_log()};
};

/// Writes refused messages unchanged to a topic, with headers that give the reason:
/// `ringside.error`, `.detail`, `.topic`, `.partition`, `.offset`, `.timestamp`. Each at least
/// once. A message that is too large for that topic is written without its value, and with its size
/// in `ringside.value_bytes`. Kafka refuses all messages of a batch together, so this applies only
/// to a message that was refused alone. The log gets a folded line about them.
class DeadLetters final : public Refusals {
public:
    /// Errors: those of `Producer::create`.
    static Result<std::unique_ptr<DeadLetters>> create(const Properties& properties,
                                                       const std::string& topic,
                                                       std::stop_token stop);

    [[nodiscard]] bool needs_headers() const noexcept override { return true; }
    Result<void> refuse(const MessageView& message, const Error& why) override;
    /// Errors: bad_configuration if an operator must act; system_error otherwise. All waits for
    /// Kafka since the last `settle` together take at most 5 s.
    Result<void> settle() override;
    void forget(const std::string& topic, std::int32_t partition) override;
    void flush_log() override { log_.flush(); }
    void set_in_haste(bool is_in_haste) override { is_in_haste_ = is_in_haste; }

private:
    using Clock = std::chrono::steady_clock;

    /// The state of a message that is not settled yet.
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
    std::vector<Key> asked_;  ///< refused since the last `settle`, which covers only these
    std::map<std::uint64_t, Fate> fates_;
    std::uint64_t last_tag_ = 0;
    std::vector<Header> headers_;
    bool is_in_haste_ = false;
    std::optional<Clock::time_point> deadline_;
    std::optional<KafkaError> trouble_;  ///< since the first unsettled message was refused
    std::optional<Producer> producer_;   ///< last: it reports outcomes while it is destroyed
};

/// Omits refused messages, with a folded line in the log.
class Skipping final : public Refusals {
public:
    Result<void> refuse(const MessageView& message, const Error& why) override;
    void flush_log() override { log_.flush(); }

private:
    RefusalLog log_;
};

/// Ends the source at the first refused message.
class Stopping final : public Refusals {
public:
    Result<void> refuse(const MessageView& message, const Error& why) override;
};

}  // namespace ringside::kafka
