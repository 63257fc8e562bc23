#include "shm/base/option_number.hpp"

#include <charconv>
#include <iomanip>
#include <sstream>

namespace ringside {

namespace {

template <class Number>
OptionCheck number_within(const char* kind, Number least, Number most) {
    return [kind, least, most](const std::string& text) -> std::string {
        Number number{};
        const char* const end = text.data() + text.size();
        const auto [parsed, failed] = std::from_chars(text.data(), end, number);
        const bool is_number = failed == std::errc() && parsed == end;
        if (is_number && number >= least && number <= most) return {};
        std::ostringstream wrong;
        wrong << std::setprecision(15);
        wrong << '\'' << text << "' is not a " << kind << " from " << least << " to " << most;
        return wrong.str();
    };
}

}  // namespace

OptionCheck whole_number(std::uint64_t least, std::uint64_t most) {
    return number_within("whole number", least, most);
}

OptionCheck decimal_number(double least, double most) {
    return number_within("number", least, most);
}

}  // namespace ringside
