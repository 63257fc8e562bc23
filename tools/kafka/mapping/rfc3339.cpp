#include "tools/kafka/mapping/rfc3339.hpp"

#include <chrono>

namespace ringside::kafka {

namespace {

/// Parses a text from its front.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : left_(text) {}

    /// Reads exactly this many digits.
    std::optional<int> number(std::size_t digits) noexcept {
        if (left_.size() < digits) return std::nullopt;
        int value = 0;
        for (const char c : left_.substr(0, digits)) {
            if (!is_digit(c)) return std::nullopt;
            value = value * 10 + (c - '0');
        }
        left_.remove_prefix(digits);
        return value;
    }

    /// Reads one of some characters, or returns 0.
    char one_of(std::string_view characters) noexcept {
        if (left_.empty() || characters.find(left_.front()) == std::string_view::npos) return 0;
        const char c = left_.front();
        left_.remove_prefix(1);
        return c;
    }

    /// Reads the digits of a fraction as thousandths.
    std::optional<int> thousandths() noexcept {
        int value = 0;
        std::size_t digits = 0;
        for (; !left_.empty() && is_digit(left_.front()); ++digits) {
            if (digits < 3) value = value * 10 + (left_.front() - '0');
            left_.remove_prefix(1);
        }
        if (digits == 0) return std::nullopt;
        for (; digits < 3; ++digits) value *= 10;
        return value;
    }

    [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

private:
    static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

    std::string_view left_;
};

std::optional<std::chrono::sys_days> scan_date(Scanner& scanner) noexcept {
    const auto year = scanner.number(4);
    if (!year || scanner.one_of("-") == 0) return std::nullopt;
    const auto month = scanner.number(2);
    if (!month || scanner.one_of("-") == 0) return std::nullopt;
    const auto day = scanner.number(2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

std::optional<std::chrono::minutes> scan_hours_and_minutes(Scanner& scanner) noexcept {
    const auto hours = scanner.number(2);
    if (!hours || *hours > 23 || scanner.one_of(":") == 0) return std::nullopt;
    const auto minutes = scanner.number(2);
    if (!minutes || *minutes > 59) return std::nullopt;
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

std::optional<std::chrono::milliseconds> scan_time(Scanner& scanner) noexcept {
    const auto minutes = scan_hours_and_minutes(scanner);
    if (!minutes || scanner.one_of(":") == 0) return std::nullopt;
    const auto seconds = scanner.number(2);
    if (!seconds || *seconds > 60) return std::nullopt;  // 60 for a leap second
    std::optional<int> thousandths = 0;
    if (scanner.one_of(".") != 0) thousandths = scanner.thousandths();
    if (!thousandths) return std::nullopt;
    return *minutes + std::chrono::seconds(*seconds) + std::chrono::milliseconds(*thousandths);
}

std::optional<std::chrono::minutes> scan_offset(Scanner& scanner) noexcept {
    if (scanner.one_of("Zz") != 0) return std::chrono::minutes(0);
    const char sign = scanner.one_of("+-");
    if (sign == 0) return std::nullopt;
    const auto offset = scan_hours_and_minutes(scanner);
    if (!offset) return std::nullopt;
    return sign == '-' ? -*offset : *offset;
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept {
    Scanner scanner(text);
    const auto date = scan_date(scanner);
    if (!date || scanner.one_of("Tt ") == 0) return std::nullopt;
    const auto time = scan_time(scanner);
    if (!time) return std::nullopt;
    const auto offset = scan_offset(scanner);
    if (!offset || !scanner.at_end()) return std::nullopt;
    return std::chrono::milliseconds(date->time_since_epoch() + *time - *offset).count();
}

}  // namespace ringside::kafka
