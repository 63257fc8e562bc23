#include "tools/support/display_width.hpp"

#include <clocale>
#include <cwchar>

#include "shm/base/printable.hpp"
#include "shm/base/utf8.hpp"

namespace ringside::tools {

namespace {

/// Makes `wcwidth` know all characters in this thread, whatever the user's locale is.
class UnicodeLocale {
public:
    UnicodeLocale() : before_(uselocale(locale())) {}
    ~UnicodeLocale() { uselocale(before_); }
    UnicodeLocale(const UnicodeLocale&) = delete;
    UnicodeLocale& operator=(const UnicodeLocale&) = delete;

    [[nodiscard]] static bool is_available() { return locale() != nullptr; }

private:
    static locale_t locale() {
        static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return unicode;
    }
    locale_t before_;
};

/// Without such a locale, each character counts as one.
std::size_t width_of(char32_t c) {
    if (!UnicodeLocale::is_available() || (c & not_a_character) != 0) return 1;
    const int columns = wcwidth(static_cast<wchar_t>(c));
    return columns < 0 ? 0 : static_cast<std::size_t>(columns);
}

}  // namespace

std::size_t display_width(std::string_view text) {
    if (is_ascii(text)) return text.size();
    const UnicodeLocale locale;
    std::size_t columns = 0;
    while (!text.empty()) columns += width_of(take_character(text));
    return columns;
}

std::string_view clip_to_width(std::string_view text, std::size_t columns) {
    if (is_ascii(text)) return text.substr(0, columns);
    const UnicodeLocale locale;
    std::string_view rest = text;
    std::size_t taken = 0;
    while (!rest.empty()) {
        std::string_view after = rest;
        taken += width_of(take_character(after));
        if (taken > columns) break;
        rest = after;
    }
    return text.substr(0, text.size() - rest.size());
}

std::string pad_right(std::string_view text, std::size_t columns) {
    std::string padded(text);
    const std::size_t width = display_width(text);
    if (width < columns) padded.append(columns - width, ' ');
    return padded;
}

std::string pad_left(std::string_view text, std::size_t columns) {
    const std::size_t width = display_width(text);
    return std::string(width < columns ? columns - width : 0, ' ').append(text);
}

}  // namespace ringside::tools
