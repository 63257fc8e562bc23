#include "tools/gateway/http/http_date.hpp"

#include <array>

namespace ringside::gateway {

namespace {

constexpr const char* current_format = "%a, %d %b %Y %H:%M:%S GMT";
/// The current format, that of RFC 850, and that of asctime(), which pads the day to two columns.
constexpr std::array formats = {current_format, "%A, %d-%b-%y %H:%M:%S GMT",
                                "%a %b %e %H:%M:%S %Y"};
constexpr std::size_t text_bytes_max = 48;

std::string in_format(const char* format, std::time_t time) {
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, text_bytes_max> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

std::string http_date(std::time_t time) { return in_format(current_format, time); }

std::optional<std::time_t> parse_http_date(std::string_view text) {
    if (text.size() > text_bytes_max) return std::nullopt;
    const std::string input(text);
    for (const char* format : formats) {
        std::tm parts{};
        const char* end = strptime(input.c_str(), format, &parts);
        if (end != input.c_str() + input.size()) continue;
        const std::time_t time = timegm(&parts);
        // strptime is lenient about blanks, case and the number of days in a month.
        if (in_format(format, time) == input) return time;
    }
    return std::nullopt;
}

}  // namespace ringside::gateway
