#include "tools/kafka/mapping/field_value.hpp"

#include <array>
#include <charconv>

#include "shm/base/utf8.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/json.hpp"
#include "tools/kafka/mapping/mapping_limits.hpp"

namespace ringside::kafka {

namespace {

template <class Integer>
void append_integer(Integer number, std::string& out) {
    std::array<char, 24> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), written.ptr);
}

std::string shown_text(std::string_view text) {
    const bool is_cut = text.size() > mapping_limits::shown_bytes_max;
    std::size_t size = is_cut ? mapping_limits::shown_bytes_max : text.size();
    // Does not split a character.
    while (is_cut && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    const std::string_view beginning = text.substr(0, size);
    if (!is_utf8(beginning)) return "bytes that are not UTF-8";
    return "'" + std::string(beginning) + (is_cut ? "…'" : "'");
}

}  // namespace

FieldValue field_value_of(const Value& value) noexcept {
    switch (value.type()) {
        case ValueType::null: return {};
        case ValueType::boolean: return *value.as_bool();
        case ValueType::integer: return *value.as_int64();
        case ValueType::unsigned_integer: return *value.as_uint64();
        case ValueType::real: return *value.as_double();
        case ValueType::string: return *value.as_string();
        case ValueType::array:
        case ValueType::object: return value;
    }
    return {};
}

bool append_text(const FieldValue& value, std::string& out) {
    if (const auto* text = std::get_if<std::string_view>(&value)) out += *text;
    else if (const auto* number = std::get_if<std::int64_t>(&value)) append_integer(*number, out);
    else if (const auto* large = std::get_if<std::uint64_t>(&value)) append_integer(*large, out);
    else if (const auto* flag = std::get_if<bool>(&value)) out += *flag ? "true" : "false";
    else return false;
    return true;
}

std::string shown(const FieldValue& value) {
    if (!is_there(value)) return "nothing";
    if (const auto* text = std::get_if<std::string_view>(&value)) return shown_text(*text);
    if (const auto* container = std::get_if<Value>(&value)) {
        return container->is_object() ? "an object" : "an array";
    }
    std::string out;
    if (const auto* number = std::get_if<double>(&value)) {
        DocumentBuilder builder;
        builder.real(*number);
        if (const auto document = builder.finish()) append_json(Value::of(*document), out);
    } else {
        static_cast<void>(append_text(value, out));
    }
    return out;
}

}  // namespace ringside::kafka
