#include "tools/kafka/mapping/conversion.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "shm/document/json.hpp"
#include "tools/kafka/mapping/field_value.hpp"
#include "tools/kafka/mapping/rfc3339.hpp"
#include "tools/kafka/mapping/unmappable.hpp"

namespace ringside::kafka {

namespace {

/// A value to be converted.
struct Source {
    const FieldValue& value;
    std::string_view name;

    template <class Type>
    [[nodiscard]] const Type* get() const noexcept {
        return std::get_if<Type>(&value);
    }
    [[nodiscard]] Error error(const char* what) const {
        return unmappable(std::string(name) + ": " + shown(value) + " is not a valid " + what);
    }
    [[nodiscard]] Error out_of_range() const {
        return {Errc::number_out_of_range, std::string(name) + ": " + shown(value)};
    }
};

/// Parses a whole text as a number. `result_out_of_range` if it is a number that does not fit.
template <class Number>
std::errc parse_number(std::string_view text, Number& number) noexcept {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ptr == end ? parsed.ec : std::errc::invalid_argument;
}

Result<void> integer_of_text(const Source& source, std::string_view text, const char* what,
                             DocumentBuilder& out) {
    std::int64_t number = 0;
    std::uint64_t large = 0;
    const std::errc failed = parse_number(text, number);
    if (failed == std::errc()) {
        out.integer(number);
    } else if (failed == std::errc::result_out_of_range) {
        if (parse_number(text, large) != std::errc()) return source.out_of_range();
        out.unsigned_integer(large);
    } else {
        return source.error(what);
    }
    return {};
}

Result<void> to_integer(const Source& source, DocumentBuilder& out) {
    if (const auto* text = source.get<std::string_view>()) {
        return integer_of_text(source, *text, "integer", out);
    }
    const auto* real = source.get<double>();
    if (real == nullptr) return source.error("integer");
    if (std::trunc(*real) != *real) return source.error("integer");
    if (*real < -0x1p63 || *real >= 0x1p64) return source.out_of_range();
    if (*real < 0x1p63) out.integer(static_cast<std::int64_t>(*real));
    else out.unsigned_integer(static_cast<std::uint64_t>(*real));
    return {};
}

/// Converts an integer to a real if the result is exact.
template <class Integer>
Result<void> exact_real(const Source& source, Integer integer, DocumentBuilder& out) {
    const auto real = static_cast<double>(integer);
    if (static_cast<long double>(real) != static_cast<long double>(integer)) {
        return source.out_of_range();
    }
    out.real(real);
    return {};
}

Result<void> to_number(const Source& source, DocumentBuilder& out) {
    if (const auto* number = source.get<std::int64_t>()) return exact_real(source, *number, out);
    if (const auto* large = source.get<std::uint64_t>()) return exact_real(source, *large, out);
    const auto* text = source.get<std::string_view>();
    if (text == nullptr) return source.error("number");
    double real = 0;
    const std::errc failed = parse_number(*text, real);
    if (failed == std::errc::result_out_of_range) {
        // A number too close to zero becomes zero, as in JSON.
        real = std::strtod(std::string(*text).c_str(), nullptr);
        if (!std::isfinite(real)) return source.out_of_range();
        out.real(real);
        return {};
    }
    if (failed != std::errc() || !std::isfinite(real)) return source.error("number");
    out.real(real);
    return {};
}

using Words = std::array<std::string_view, 4>;
constexpr Words true_words = {"true", "True", "TRUE", "1"};
constexpr Words false_words = {"false", "False", "FALSE", "0"};

bool has(const Words& words, std::string_view word) noexcept {
    return std::find(words.begin(), words.end(), word) != words.end();
}

Result<void> to_boolean(const Source& source, DocumentBuilder& out) {
    std::optional<bool> flag;
    if (const auto* number = source.get<std::int64_t>()) {
        if (*number == 0 || *number == 1) flag = *number == 1;
    } else if (const auto* text = source.get<std::string_view>()) {
        if (has(true_words, *text)) flag = true;
        else if (has(false_words, *text)) flag = false;
    }
    if (!flag) return source.error("boolean");
    out.boolean(*flag);
    return {};
}

Result<void> to_timestamp(const Source& source, DocumentBuilder& out) {
    constexpr const char* what = "time; use milliseconds, or RFC 3339";
    const auto* text = source.get<std::string_view>();
    if (text == nullptr) return source.error(what);
    if (const auto time = parse_rfc3339_ms(*text)) {
        out.integer(*time);
        return {};
    }
    return integer_of_text(source, *text, what, out);
}

Result<void> to_string(const Source& source, const Value& value, DocumentBuilder& out) {
    if (value.is_container()) return source.error("text");
    std::string text;
    if (!append_text(source.value, text)) text = to_json(value);
    out.string(text);
    return {};
}

/// Returns whether a value already has the type.
bool is_already(const Value& value, Conversion conversion) noexcept {
    switch (conversion) {
        case Conversion::integer:
        case Conversion::timestamp_ms: return value.is_integer();
        case Conversion::number: return value.is_real();
        case Conversion::boolean: return value.is_boolean();
        case Conversion::string: return value.is_string();
    }
    return false;
}

}  // namespace

Result<void> convert(const Value& value, Conversion conversion, std::string_view name,
                     DocumentBuilder& out) {
    if (value.is_null() || is_already(value, conversion)) {
        out.value(value);
        return {};
    }
    const FieldValue field = field_value_of(value);
    const Source source{field, name};
    switch (conversion) {
        case Conversion::integer: return to_integer(source, out);
        case Conversion::number: return to_number(source, out);
        case Conversion::boolean: return to_boolean(source, out);
        case Conversion::string: return to_string(source, value, out);
        case Conversion::timestamp_ms: return to_timestamp(source, out);
    }
    return {};
}

}  // namespace ringside::kafka
