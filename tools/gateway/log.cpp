#include "tools/gateway/log.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace ringside::gateway {

namespace {

constexpr const char* line_pattern = "%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v";

unsigned unsigned_of(char c) noexcept { return static_cast<unsigned char>(c); }

bool is_c0(char c) noexcept { return unsigned_of(c) < 0x20 || unsigned_of(c) == 0x7f; }

/// Whether a C1 control (U+0080 to U+009F, in UTF-8) begins at this byte.
bool is_c1(std::string_view text, std::size_t at) noexcept {
    return unsigned_of(text[at]) == 0xc2 && at + 1 < text.size() &&
           unsigned_of(text[at + 1]) < 0xa0;
}

bool is_clean(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_c0(text[i]) || is_c1(text, i)) return false;
    }
    return true;
}

/// Formats log lines with escaped messages.
class LineFormatter final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        if (is_clean(text)) return pattern_.format(message, out);
        const std::string safe = escaped(text);
        spdlog::details::log_msg changed = message;
        changed.payload = {safe.data(), safe.size()};
        pattern_.format(changed, out);
        message.color_range_start = changed.color_range_start;
        message.color_range_end = changed.color_range_end;
    }
    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<LineFormatter>();
    }

private:
    spdlog::pattern_formatter pattern_{line_pattern};
};

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') out += "\\n";
        else if (c == '\r') out += "\\r";
        else if (c == '\t') out += "\\t";
        else if (is_c0(c)) fmt::format_to(std::back_inserter(out), "\\x{:02x}", unsigned_of(c));
        else if (is_c1(text, i)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", unsigned_of(text[++i]));
        } else out += c;
    }
    return out;
}

Result<void> start_log(const Options& options) {
    try {
        auto logger = options.log_file.empty()
                          ? spdlog::stderr_color_mt("ringside")
                          : spdlog::basic_logger_mt("ringside", options.log_file);
        logger->set_formatter(std::make_unique<LineFormatter>());
        logger->set_level(spdlog::level::from_str(options.log_level));
        logger->flush_on(spdlog::level::info);
        spdlog::set_default_logger(std::move(logger));
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

}  // namespace ringside::gateway
