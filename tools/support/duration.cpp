#include "tools/support/duration.hpp"

#include <charconv>
#include <cstdint>
#include <string>

#include "shm/base/limits.hpp"

namespace ringside::tools {

Result<std::chrono::milliseconds> read_duration(std::string_view text, Errc otherwise) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [unit_at, failed] = std::from_chars(text.data(), end, number);
    const std::string_view unit(unit_at, static_cast<std::size_t>(end - unit_at));
    std::uint64_t factor = 0;
    if (unit == "ms") factor = 1;
    else if (unit == "s") factor = 1000;
    else if (unit == "m") factor = 60'000;
    else if (unit == "h") factor = 3'600'000;
    else if (unit == "d") factor = 86'400'000;
    if (failed != std::errc() || factor == 0 || number > limits::ttl_ms_max / factor) {
        return Error(otherwise, "'" + std::string(text) +
                                    "' is not a duration; write 500ms, 30s, 5m, 2h or 1d");
    }
    if (number == 0) {
        return Error(otherwise, "'" + std::string(text) + "' is too short; use at least 1ms");
    }
    return std::chrono::milliseconds(number * factor);
}

}  // namespace ringside::tools
