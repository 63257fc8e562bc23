#include "broker/daemon/log_pattern.hpp"

#include <spdlog/pattern_formatter.h>
#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>
#include <string>

#include "shm/base/printable.hpp"
#include "shm/base/utf8.hpp"

namespace ringside::daemon {

namespace {

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// Formats the payload on one line, without characters that control a terminal: no message can
/// forge another one.
class OneLine final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        if (is_printable(text)) return append(text, out);
        append(printable(text), out);
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<OneLine>();
    }

private:
    static void append(std::string_view text, spdlog::memory_buf_t& out) {
        out.append(text.data(), text.data() + text.size());
    }
};

/// The payload as the inside of a JSON string.
class JsonText final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        const bool has_bytes = !is_utf8(text);
        for (const char c : text) {
            const bool is_beyond_ascii = static_cast<unsigned char>(c) >= 0x80;
            if (c == '"' || c == '\\') out.push_back('\\');
            if (is_control(c)) {
                std::array<char, 8> escape{};
                const int size = std::snprintf(escape.data(), escape.size(), "\\u%04x",
                                               unsigned{static_cast<unsigned char>(c)});
                out.append(escape.data(), escape.data() + size);
            } else {
                // Of text that is not UTF-8, JSON can carry the ASCII part only.
                out.push_back(has_bytes && is_beyond_ascii ? '?' : c);
            }
        }
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<JsonText>();
    }
};

/// The priority of syslog and of the journal.
class Priority final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        out.push_back(priority_of(message.level));
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return spdlog::details::make_unique<Priority>();
    }

private:
    static char priority_of(spdlog::level::level_enum level) noexcept {
        switch (level) {
            case spdlog::level::critical: return '2';
            case spdlog::level::err: return '3';
            case spdlog::level::warn: return '4';
            case spdlog::level::info: return '6';
            default: return '7';
        }
    }
};

}  // namespace

std::unique_ptr<spdlog::formatter> make_formatter(std::string_view format, LogTarget target) {
    std::string pattern = target == LogTarget::journal ? "<%*>" : "";
    if (format == "json") {
        pattern +=
            R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","program":"%n","pid":%P,"message":"%J"})";
    } else if (target == LogTarget::journal) {
        pattern += "%U";
    } else {
        pattern += "%Y-%m-%dT%H:%M:%S.%e%z %^%-7l%$ %U";
    }
    auto made = spdlog::details::make_unique<spdlog::pattern_formatter>();
    made->add_flag<Priority>('*').add_flag<JsonText>('J').add_flag<OneLine>('U').set_pattern(
        pattern);
    return made;
}

bool is_journal(int descriptor, const char* journal_stream) noexcept {
    std::uintmax_t device = 0;
    std::uintmax_t inode = 0;
    if (journal_stream == nullptr ||
        std::sscanf(journal_stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2) {
        return false;
    }
    struct stat there {};
    return fstat(descriptor, &there) == 0 && there.st_dev == device && there.st_ino == inode;
}

}  // namespace ringside::daemon
