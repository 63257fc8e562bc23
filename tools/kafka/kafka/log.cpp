#include "tools/kafka/kafka/log.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ringside::kafka {

namespace {

constexpr auto interval = std::chrono::seconds(10);

/// Decides which messages are logged. Thread safety: every member.
class LogLimiter {
public:
    /// Returns how many of that kind were omitted since the last logged one, or none to omit this
    /// one.
    std::optional<std::size_t> admit(const std::string& kind) {
        const auto now = std::chrono::steady_clock::now();
        const std::scoped_lock lock(mutex_);
        auto [entry, is_new] = kinds_.try_emplace(kind);
        if (!is_new && now < entry->second.next) {
            ++entry->second.left_out;
            return {};
        }
        entry->second.next = now + interval;
        return std::exchange(entry->second.left_out, 0);
    }

private:
    struct Kind {
        std::chrono::steady_clock::time_point next;
        std::size_t left_out = 0;
    };
    std::mutex mutex_;
    std::map<std::string, Kind> kinds_;  // librdkafka's own names of kinds: a few dozen
};

spdlog::level::level_enum level_of(int syslog_level) noexcept {
    if (syslog_level <= 3) return spdlog::level::err;
    if (syslog_level == 4) return spdlog::level::warn;
    return syslog_level == 7 ? spdlog::level::debug : spdlog::level::info;
}

void write_log(const rd_kafka_t*, int syslog_level, const char* kind, const char* text) {
    static LogLimiter limiter;
    if (std::string_view(kind) == "CONFWARN") return;
    const auto level = level_of(syslog_level);
    if (level == spdlog::level::debug) return spdlog::debug("kafka: {}: {}", kind, text);
    const auto left_out = limiter.admit(kind);
    if (!left_out) return;
    if (*left_out == 0) return spdlog::log(level, "kafka: {}", text);
    spdlog::log(level, "kafka: {} ({} similar messages suppressed)", text, *left_out);
}

}  // namespace

void log_to_spdlog(rd_kafka_conf_t& configuration) noexcept {
    rd_kafka_conf_set_log_cb(&configuration, write_log);
}

}  // namespace ringside::kafka
